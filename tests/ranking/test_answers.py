"""What answers promise: a post with a word of the query is a hit, and is told from the others."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import tipsearch
from tests.strategies import CORPORA, QUERIES
from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.post import Post
from tipsearch.index import Index

NAMES = ("bm25", "feedback", "hybrid")
few = settings(max_examples=40)


@pytest.fixture(scope="module")
def hybrid(seeds: Path) -> Index:
    """An index of the seeds with vectors."""
    return Index.build(tipsearch.read(seeds)[0], ranking="hybrid")


# --- each word finds its posts


@pytest.mark.semantic
@pytest.mark.parametrize("name", NAMES)
def test_each_word_of_the_seeds_finds_all_its_posts(hybrid: Index, name: str) -> None:
    """Asked for a word, an index gives each post that has it, whatever meaning says against it."""
    having: dict[str, set[str]] = {}
    for post in hybrid:
        for word in hybrid.analyzer.tokens(f"{post.title}\n{post.text}"):
            having.setdefault(word, set()).add(post.id)
    words = [word for word in having if word not in hybrid.analyzer.stop_words]
    assert len(words) > 1_400
    lost = {}
    for word in words:
        hits = hybrid.query(word, len(hybrid), ranking=name)
        if not having[word] <= {hit.id for hit in hits if hit.matched == (word,)}:
            lost[word] = having[word]
    assert lost == {}


@pytest.mark.semantic
@few
@given(CORPORA, QUERIES, st.sampled_from(NAMES))
def test_a_post_with_a_word_of_the_query_is_a_hit(posts: list[Post], query: str, name: str) -> None:
    """By each ranking all posts that have a word of the query are hits, with a score above 0.

    Plain BM25 has no others; `total` counts them.
    """
    built = Index.build(posts, ranking="hybrid")
    terms = set(built.analyzer.analyze(query))
    # Stop words that are a title find its post, which has no word of the query.
    assume(terms or fold(query) not in {fold(post.title) for post in posts})
    having = {
        post.id
        for post in posts
        if terms & set(built.analyzer.analyze(f"{post.title}\n{post.text}"))
    }
    hits = built.query(query, len(posts), ranking=name, exact=True)
    assert having <= {hit.id for hit in hits}
    assert all(hit.score > 0 for hit in hits)
    assert {hit.id for hit in hits if hit.matched} == having
    assert hits.total == len(having)
    if name == "bm25":
        assert {hit.id for hit in hits} == having


@pytest.mark.semantic
def test_what_a_hit_has_is_told(hybrid: Index) -> None:
    """`matched` are words as typed or as corrected, `added` those of feedback; meaning has none."""
    hits = hybrid.query("angry custmer on the phone", len(hybrid))
    for hit in hits:
        text = f"{hit.post.title}\n{hit.post.text}"
        terms = set(hybrid.analyzer.analyze(text))
        assert set(hit.matched) <= {"angry", "customer", "phone"}
        assert set(map(hybrid.analyzer.term, hit.matched)) == terms & {"angri", "custom", "phone"}
        assert set(map(hybrid.analyzer.term, hit.added)) <= terms
        why = hybrid.explain("angry custmer on the phone", hit.id)
        added = {part.term for part in why.parts if not part.in_query}
        assert set(map(hybrid.analyzer.term, hit.added)) == added
    assert any(not hit.matched for hit in hits)
    assert any(hit.added for hit in hits)
    assert not any(hit.added for hit in hybrid.query("angry customer", ranking="bm25"))


@pytest.mark.semantic
@few
@given(CORPORA, QUERIES)
def test_the_share_of_a_bound_is_at_most_one(posts: list[Post], query: str) -> None:
    """With feedback or without, no post scores more by words than the bound M of the query."""
    built = Index.build(posts, ranking="hybrid")
    search, analyzed = built._searcher.search, built._searcher.vocabulary.parse(query, exact=True)
    if not analyzed.factors:
        return
    prepared = search._prepared(analyzed, built.ranking)
    lexical = search.bm25.scores(prepared.factors, np.arange(len(posts)))
    bound = search.bm25.upper_bound(prepared.factors, analyzed.unknown_count)
    assert lexical.max() <= bound * (1 + 1e-6)


# --- years and dates


YEARS = [
    Post("a", "Plan for 2015", "What comes in 2015.", date(2014, 12, 31)),
    Post("b", "Refunds", "Pay back.", date(2015, 1, 1)),
    Post("c", "Refunds again", "Pay back in 2015.", date(2016, 2, 29)),
    Post("d", "No day", "Nothing."),
]


@pytest.mark.parametrize("name", ["bm25", "feedback"])
def test_a_year_means_its_posts_too(name: str) -> None:
    """A year finds the posts of that year and those that speak of it; `matched` has it."""
    built = Index.build(YEARS, ranking=name)
    hits = built.query("2015")
    assert {hit.id for hit in hits if hit.matched == ("2015",)} == {"a", "b", "c"}
    assert hits.total == 3
    assert built.query("refunds 2015")[0].id in {"b", "c"}
    assert built.parse("2015 and 1999").years == {2015: 1}
    assert built.parse("2015 and 1999").unknown == ("1999",)
    assert [hit.id for hit in built.query("2014", ranking="bm25")] == ["a"]


@few
@given(CORPORA, QUERIES, st.integers(1, 4))
def test_a_query_with_a_year_is_exact(posts: list[Post], query: str, limit: int) -> None:
    """The best few of a query that names years are those of all; parts sum to the score."""
    years = sorted({post.date.year for post in posts if post.date and post.date.year > 999})
    text = " ".join([query, *(f"{year:04}" for year in years[:2])])
    built = Index.build(posts)
    for name in ("bm25", "feedback"):
        every = built.query(text, len(posts), ranking=name, exact=True)
        best = built.query(text, limit, ranking=name, exact=True)
        assert [(h.id, h.score) for h in best] == [(h.id, h.score) for h in every[:limit]]
        for hit in every:
            assert built.explain(text, hit.id, ranking=name, exact=True).score == hit.score
        if name == "bm25":
            dated = {post.id for post in posts if post.date and post.date.year in years[:2]}
            assert dated <= {hit.id for hit in every}


def test_a_post_is_looked_up_by_its_date(index: Index) -> None:
    """A day or a month names the post of it; several are listed, and none is not found."""
    assert index.post("2014-02-04").title == "Fix Fast to Reduce Stress"
    assert index.post(" 2014-02 ").id == index.post("2014-02-04").id
    with pytest.raises(tipsearch.TipsearchError, match="posts fit '2025-03'"):
        index.post("2025-03")
    for none in ("2014-02-05", "2014-02-30", "1066-10"):
        with pytest.raises(tipsearch.TipsearchError, match="no post has the id, title or date"):
            index.post(none)
    titled = Index.build([Post("a", "2014-02-04", ""), Post("b", "", "", date(2014, 2, 4))])
    assert titled.post("2014-02-04").id == "a"  # a title comes before a date


# --- corrections


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("thier", "their"), ("teh", "the"), ("custmer", "customer")],
)
def test_what_was_meant_is_found(index: Index, typed: str, meant: str) -> None:
    """A letter swapped in a stop word, and one left out, are understood."""
    assert index.parse(typed).corrected == {typed: meant}
    if meant not in index.analyzer.stop_words:
        assert index.query(typed)


# --- known failures of a trainer


@pytest.mark.semantic
def test_an_answer_that_covers_little_is_weak(hybrid: Index) -> None:
    """Where no post is about it, the answer says so; where one is, it does not."""
    for query in ("how to motivate my staff", "email etiquette", "recipe for chocolate cake"):
        assert hybrid.query(query).weak, query
    for query in ("empathy", "customer retention", "dealing with rude customers"):
        assert not hybrid.query(query).weak, query
    apart = hybrid.query("angry customer on the phone").reason
    assert apart == 'no post has both "angry" and "phone"'
    assert hybrid.query("xyzzy", exact=True, ranking="bm25").weak
    assert not hybrid.related("2014-02-04-fix-fast-to-reduce-stress").weak
