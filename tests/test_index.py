"""The index: its answers against other implementations, and the rules that they keep."""

import datetime
import math
import random
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from tests.oracle import is_title, query_counts
from tests.strategies import CORPORA, QUERIES
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.weighting import Weighting
from tipsearch.corpus.post import Post, Source
from tipsearch.errors import (
    AmbiguousTitle,
    DuplicateIdError,
    EmptyQueryError,
    PostNotFound,
    SettingError,
)
from tipsearch.index import Index
from tipsearch.ranking.hit import Hit
from tipsearch.store.ranking import Ranking

PLAIN = Ranking(feedback=0)
FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"


def _terms(post: Post) -> list[str]:
    """A post's terms as they are weighed: those of the title as often as the settings say."""
    analyzer = Analyzer()
    return Weighting().title_weight * analyzer.analyze(post.title) + analyzer.analyze(post.text)


def _pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.post.id, hit.score) for hit in hits]


# --- oracles


def test_rows_are_those_of_scikit_learn(index: Index) -> None:
    """`terms` and `matrix` are scikit-learn's TfidfVectorizer over the same analysis.

    To the last bits only: it sums a row's squares in the order in which it first saw the words.
    """
    vectorizer = TfidfVectorizer(analyzer=_terms)
    matrix = vectorizer.fit_transform(index)
    assert index.terms == list(vectorizer.get_feature_names_out())
    assert abs(index.matrix - matrix).max() < 1e-15


def test_related_equals_nearest_neighbours(index: Index) -> None:
    """For every post, the ranking is that of scikit-learn's exact cosine neighbours."""
    posts = list(index)
    matrix = TfidfVectorizer(analyzer=_terms).fit_transform(posts)
    neighbours = NearestNeighbors(n_neighbors=len(posts), metric="cosine", algorithm="brute")
    distances, rows = neighbours.fit(matrix).kneighbors(matrix)
    for i, post in enumerate(posts):
        expected = {
            posts[row].id: 1 - distance
            for row, distance in zip(rows[i], distances[i], strict=True)
            if row != i and distance < 1 - 1e-12
        }
        found = dict(_pairs(index.related(post.id, limit=len(posts))))
        assert found == pytest.approx(expected, abs=1e-9)
        assert list(found) == sorted(found, key=lambda id: (-found[id], id))


def _bm25_by_hand(posts: list[Post], query: str) -> dict[str, float]:
    """BM25 straight from the formula, with dictionaries."""
    setting = Weighting()
    counts = {post.id: Counter(_terms(post)) for post in posts}
    lengths = {id: count.total() for id, count in counts.items()}
    mean = sum(lengths.values()) / len(posts) or 1
    scores: dict[str, float] = {}
    for term, factor in query_counts(query, set().union(*counts.values())).items():
        having = [id for id, count in counts.items() if count[term]]
        idf = math.log(1 + (len(posts) - len(having) + 0.5) / (len(having) + 0.5))
        for id in having:
            norm = setting.k1 * (1 - setting.b + setting.b * lengths[id] / mean)
            tf = counts[id][term]
            scores[id] = scores.get(id, 0) + factor * idf * tf * (setting.k1 + 1) / (tf + norm)
    return scores


@given(CORPORA, QUERIES)
def test_query_is_bm25(posts: list[Post], query: str) -> None:
    """Scores are BM25 as the formula says, to the precision of the stored float32 weights."""
    assume(not is_title(query, posts))
    hits = Index.build(posts).query(query, limit=len(posts), ranking=PLAIN)
    assert dict(_pairs(hits)) == pytest.approx(_bm25_by_hand(posts, query), rel=1e-5)


def test_bm25_of_three_posts_by_hand() -> None:
    """Two posts of three have the word, one of them in the title, which counts three words."""
    built = Index.build(
        [Post("a", "refund", "please wait"), Post("b", "", "refund please"), Post("c", "", "hello")]
    )
    idf = math.log(1 + 1.5 / 2.5)
    mean = (5 + 2 + 1) / 3
    a = idf * 3 * 2.5 / (3 + 1.5 * (0.25 + 0.75 * 5 / mean))
    b = idf * 1 * 2.5 / (1 + 1.5 * (0.25 + 0.75 * 2 / mean))
    assert [hit.post.id for hit in built.query("refunds", ranking=PLAIN)] == ["a", "b"]
    assert [hit.score for hit in built.query("refunds", ranking=PLAIN)] == pytest.approx([a, b])


def test_vectorizer_is_restored(index: Index) -> None:
    """The restored vectorizer gives new texts the rows that the fitted one gives them."""
    fitted = TfidfVectorizer(analyzer=_terms).fit(index)
    text = "An angry customer calls about the website"
    one = index.vectorizer().transform([text])
    other = fitted.transform([Post("", "", text)])
    assert one.nnz > 2
    assert (one != other).nnz == 0


# --- rules


@given(CORPORA, QUERIES)
def test_any_order_of_posts_gives_the_same_answers(posts: list[Post], query: str) -> None:
    """The order in which posts are given changes no answer and no bit of a score."""
    shuffled = random.Random(1).sample(posts, len(posts))
    one, other = Index.build(posts), Index.build(shuffled)
    assert one.query(query) == other.query(query)
    assert all(one.related(post.id) == other.related(post.id) for post in posts)


@given(CORPORA, QUERIES)
def test_a_larger_limit_only_adds(posts: list[Post], query: str) -> None:
    """The first k of limit k + 1 are those of limit k, for query and related."""
    built = Index.build(posts)
    for limit in range(1, len(posts)):
        assert built.query(query, limit) == built.query(query, limit + 1)[:limit]
        related = built.related(posts[0].id, limit + 1)
        assert built.related(posts[0].id, limit) == related[:limit]


@given(CORPORA, QUERIES)
def test_scores_stay_in_bounds_and_ties_in_order(posts: list[Post], query: str) -> None:
    """Scores are positive and fall; equal ones are in order of id; a cosine is at most 1."""
    built = Index.build(posts)
    cosines = [built.related(post.id, len(posts)) for post in posts]
    for hits in (built.query(query, len(posts)), *cosines):
        assert [(-hit.score, hit.post.id) for hit in hits] == sorted(
            (-hit.score, hit.post.id) for hit in hits
        )
        # A title of stop words alone is found, and scores nothing.
        assert all(hit.score > 0 for hit in hits) or not built.parse(query).terms
        assert [hit.rank for hit in hits] == list(range(1, len(hits) + 1))
    for post, hits in zip(posts, cosines, strict=True):
        assert all(hit.score <= 1 and hit.post.id != post.id for hit in hits)


@given(CORPORA, QUERIES)
def test_explanation_sums_to_the_score(posts: list[Post], query: str) -> None:
    """For each post, the parts of its explanation sum to the score that the query gave it."""
    built = Index.build(posts)
    scores = dict(_pairs(built.query(query, len(posts))))
    for post in posts:
        explained = built.explain(query, post.id)
        assert explained.score == scores.get(post.id, 0.0)
        parts = [*(part.score for part in explained.parts), explained.title]
        assert math.fsum(parts) == explained.score
        assert all(part.score == part.factor * part.weight for part in explained.parts)


@settings(max_examples=25)
@given(CORPORA, QUERIES)
def test_save_and_open_change_nothing(posts: list[Post], query: str) -> None:
    """An opened index has the posts and gives the answers of the one that was saved."""
    built = Index.build(posts)
    with tempfile.TemporaryDirectory() as folder:
        built.save(folder)
        opened = Index.open(folder)
        assert list(opened) == list(built) == sorted(posts, key=lambda post: post.id)
        assert opened.query(query) == built.query(query)
        assert opened.related(posts[0].id) == built.related(posts[0].id)
        assert (opened.matrix != built.matrix).nnz == 0


def test_title_words_count_more() -> None:
    """Of two posts with the same words, the one with the query's word in its title is first."""
    built = Index.build([Post("1", "lobby", "patience"), Post("2", "patience", "lobby")])
    assert [hit.post.id for hit in built.query("patience")] == ["2", "1"]


@pytest.mark.parametrize(
    ("query", "unknown", "stopped"),
    [
        ("the of and", (), ("the", "of", "and")),
        ("xyzzy Plugh xyzzy", ("xyzzy", "plugh"), ()),
        ("😀 … –", (), ()),
        ("1066 and 9999", ("1066", "9999"), ("and",)),
    ],
)
def test_nothing_matches_is_no_error(
    index: Index, query: str, unknown: tuple[str, ...], stopped: tuple[str, ...]
) -> None:
    """Stop words, unknown words and emoji match nothing, and `parse` says why."""
    assert index.query(query) == []
    assert index.parse(query)[:7] == ({}, unknown, stopped, {}, {}, {}, ())


@pytest.mark.parametrize("query", ["", " \t\n", "\xa0"])
def test_empty_query_is_an_error(index: Index, query: str) -> None:
    """A query of nothing or white space is refused."""
    with pytest.raises(EmptyQueryError):
        index.query(query)


def test_ten_thousand_words(index: Index) -> None:
    """A query of 10,000 words, most of them unknown, ranks as the known ones do."""
    query = "angry phone " + " ".join(f"word{i}" for i in range(10_000))
    assert _pairs(index.query(query)) == _pairs(index.query("angry phone"))


@pytest.mark.parametrize("limit", [0, -1, 2.5, "5", None, True])
def test_limit_is_at_least_one(index: Index, limit: Any) -> None:
    """A limit that is no whole number from one on is refused by query and related."""
    with pytest.raises(SettingError):
        index.query("angry", limit)
    with pytest.raises(SettingError):
        index.related(FIX_FAST, limit)


def test_posts_without_a_word() -> None:
    """A corpus without a single term can be built, saved, opened and asked."""
    built = Index.build([Post("a", "", "😀"), Post("b", "…", "the of")])
    with tempfile.TemporaryDirectory() as folder:
        built.save(folder)
        opened = Index.open(folder)
    assert opened.query("anything") == []
    assert opened.related("a") == []
    assert opened.matrix.shape == (2, 0)


def test_what_cannot_be_built() -> None:
    """Two posts with one id, and impossible settings are refused."""
    with pytest.raises(DuplicateIdError, match="'a'"):
        Index.build([Post("a", "", "x"), Post("a", "", "y")])
    for setting in (
        {"b": 2}, {"k1": math.inf}, {"k1": math.nan}, {"title_weight": 2.5},
        {"k1": True}, {"b": False}, {"title_weight": True},
    ):  # fmt: skip
        with pytest.raises(SettingError, match=rf"weighting\.{next(iter(setting))}"):
            Weighting(**setting)
    with pytest.raises(SettingError, match=r"posts\[1\] cannot be .*: it must be a tipsearch.Post"):
        Index.build([Post("a", "", "x"), {"id": "b", "text": "y"}])  # type: ignore[list-item]
    for sources in ({"a.txt": None}, {Path("a.txt"): "0"}):
        with pytest.raises(SettingError, match="sources"):
            Index.build([], sources=sources)  # type: ignore[arg-type]
    for jobs in (0, -1, 2.5, "2", True):
        with pytest.raises(SettingError, match="jobs"):
            Index.build([], jobs=jobs)  # type: ignore[arg-type]


WRONG: list[dict[str, Any]] = [
    {"id": 1}, {"id": None}, {"title": None}, {"title": b"bytes"}, {"text": 5},
    {"text": "half \ud800 a pair"}, {"id": "\udfff"}, {"url": 5}, {"url": "\ud800"},
    {"date": "2014-02-04"}, {"date": datetime.datetime(2024, 1, 1, 12)},
    {"kind": "odd"}, {"kind": None}, {"kind": ["full"]},
    {"categories": "news"}, {"categories": (5,)}, {"categories": None}, {"categories": {"a"}},
    {"sources": "a.txt"}, {"sources": [("a.txt", 1, 2)]}, {"sources": [Source("a.txt", 2, 1)]},
    {"sources": [Source("a.txt", -1, 1)]}, {"sources": [Source("a.txt", True, 1)]},
    {"sources": [Source("a.txt", 0, 1 << 31)]}, {"sources": [Source(5, 1, 1)]},  # type: ignore[arg-type]
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_post_is_checked_when_it_is_made(wrong: dict[str, Any]) -> None:
    """What no index could give back is no post; the error names the field and the post."""
    (name,) = wrong
    with pytest.raises(SettingError, match=f"the {name} of (a post|'a')"):
        Post(**{"id": "a", "title": "", "text": "", **wrong})


def test_lists_in_a_post_become_tuples() -> None:
    """Categories and sources may be given as lists."""
    post = Post("a", "", "", categories=["x", "y"], sources=[Source("a.txt", 1, 2)])  # type: ignore[arg-type]
    assert post.categories == ("x", "y")
    assert post == Post("a", "", "", categories=("x", "y"), sources=(Source("a.txt", 1, 2),))


def test_twins_tie() -> None:
    """Posts with the same text are related with cosine 1, in order of id."""
    built = Index.build([Post(id, "", "fix it fast, call back soon") for id in "cabd"])
    assert _pairs(built.related("b")) == [("a", 1.0), ("c", 1.0), ("d", 1.0)]


# --- look-ups


@pytest.mark.parametrize(
    "wanted",
    [
        FIX_FAST,
        FIX_FAST.upper(),
        "Fix Fast to Reduce Stress",
        "  fix fast TO reduce “stress” ",
        "Fix – Fast",
        "reduce stress",
    ],
)
def test_a_post_is_found_by_id_title_or_part(index: Index, wanted: str) -> None:
    """Exact first, then without case, quotes and dashes, then a unique part of a title."""
    assert index.post(wanted).id == FIX_FAST


def test_exact_title_wins_over_parts_and_spellings() -> None:
    """A title as typed wins over one that differs in case, and both over longer titles."""
    built = Index.build(
        [Post("1", "Patience", ""), Post("2", "patience", "x"), Post("3", "Patience is", "")]
    )
    assert built.post("Patience").id == "1"
    assert built.post("patience").id == "2"
    with pytest.raises(AmbiguousTitle) as error:
        built.post("PATIENCE")
    assert [post.id for post in error.value.candidates] == ["1", "2"]
    assert built.post("patience is").id == "3"


def test_each_title_is_found_as_people_type_it(index: Index) -> None:
    """Each seed's title is found without case, quotes and dashes, whatever took their place."""
    for post in index:
        for marks in ("", " ", "-"):
            typed = re.sub("[-–—‘’“”…]", marks, post.title).swapcase()
            assert index.post(typed) == post, typed


def test_exact_wins_over_folded_for_ids_and_titles() -> None:
    """An exact id wins, then an exact title, then both without case; two that fit are listed."""
    built = Index.build(
        [Post("fix fast", "Other", ""), Post("9", "Fix Fast", ""), Post("MED-10", "Follow-up", "")]
    )
    assert built.post("fix fast").id == "fix fast"
    assert built.post("Fix Fast").id == "9"
    assert built.post("med-10").id == built.post("followup").id == "MED-10"
    with pytest.raises(AmbiguousTitle):
        built.post("FIX FAST")
    many = [Post(str(n), "Same Title", "") for n in range(1500)]
    assert Index.build([*many, Post("x", "same title", "")]).post("same title").id == "x"


def test_several_that_fit_are_listed(index: Index) -> None:
    """A part that several titles have is an error that lists them, in order of id."""
    with pytest.raises(AmbiguousTitle, match="fit 'patience'") as error:
        index.related("patience")
    assert [post.title for post in error.value.candidates] == [
        "Patience is…",
        "When Patience Begets Patience",
    ]
    assert error.value.count == 2


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ("Fix Fats to Reduce", "Fix Fast to Reduce Stress"),
        ("stress reduced by fixing fast", "Fix Fast to Reduce Stress"),
        ("empaty roadmap", "The Empathy Roadmap"),
        ("the jerk customers", "When Customers are…Jerks"),
    ],
)
def test_where_none_fits_the_nearest_are_offered(index: Index, wanted: str, first: str) -> None:
    """A title that none fits is an error that offers the most similar ones, the best first."""
    with pytest.raises(PostNotFound) as error:
        index.post(wanted)
    assert len(error.value.nearest) == 3
    assert error.value.nearest[0].title == first


@pytest.mark.parametrize("wanted", ["", " ", "…"])
def test_a_title_of_nothing_is_no_title(index: Index, wanted: str) -> None:
    """What has neither letter nor digit fits no post, and no title is near it."""
    with pytest.raises(PostNotFound, match="try a few words"):
        index.post(wanted)


@given(CORPORA)
def test_every_post_is_found_by_its_id(posts: list[Post]) -> None:
    """Each id gives its own post, whatever titles the others have."""
    built = Index.build(posts)
    assert all(built.post(post.id) == post for post in posts)


def test_memory_is_read_only(index: Index) -> None:
    """A notebook gets the index's own memory, and cannot write an open index through it."""
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        opened = Index.open(folder)
    with pytest.raises(ValueError, match="read-only"):
        opened.matrix.data[0] = 1
    assert isinstance(opened.matrix.data, np.ndarray)
