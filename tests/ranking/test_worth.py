"""Worth of answers: which are weak, and the reason in words, rule by rule."""

import pickle
from itertools import pairwise
from math import log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import CORPORA, QUERIES
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.ranking.worth import LEVEL, SLOPE, reason, required_coverage

FILLER = [Post(f"filler{i}", "", f"word{i} other{i} thing{i}") for i in range(20)]
POSTS = [
    Post("a", "", "refund policy letter stamp"),
    Post("b", "", "hotel breakfast letter stamp"),
    Post("c", "", "hotel parking fee garage"),
    Post("d", "", "phone phone phone"),
    *FILLER,
]


@pytest.fixture(scope="module")
def by_words() -> Index:
    """The posts, by words without feedback."""
    return Index.build(POSTS, ranking="bm25")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("refund", ""),
        ("the refunds of a policy", ""),  # all words, in other forms
        ("xyzzy", 'no post has "xyzzy"'),
        ("refund xyzzy", 'no post has "xyzzy"'),
        ("xyzzy qwert refund", 'no post has "xyzzy" or "qwert"'),
        ("refund hotel", 'no post has both "refund" and "hotel"'),
        ("hotel refund", 'no post has both "hotel" and "refund"'),
        ("the of", "the query has no word"),
    ],
)
def test_the_reason_names_what_is_missing(by_words: Index, query: str, expected: str) -> None:
    """An answer with all words is not weak; of others the reason names the words, as typed."""
    hits = by_words.query(query, exact=True)
    assert hits.reason == expected
    assert hits.weak == bool(expected)


def test_the_best_post_lacks_a_word_that_goes_with_the_others() -> None:
    """Where some post has both rarest words, the reason speaks of the best post alone."""
    texts = [" ".join(f"w{post}x{i}" for i in range(100)) for post in range(28)]
    both = Post("both", "", "refund hotel " + " ".join(texts[:6]))
    best = Post("best", "", "refund policy " + texts[6])
    fillers = [Post(f"filler{i}", "", f"policy {text}") for i, text in enumerate(texts[7:])]
    hits = Index.build([both, best, *fillers], ranking="bm25").query("refund policy hotel")
    assert (hits[0].id, hits[0].matched) == ("best", ("refund", "policy"))
    assert hits.reason == 'the best post lacks "hotel"'


def test_a_year_counts_as_a_word_of_its_posts() -> None:
    """A post of the year has that word of the query, though its text does not."""
    from datetime import date

    posts = [Post("a", "", "refund", date(2015, 1, 1)), Post("b", "", "in 2015"), *FILLER]
    hits = Index.build(posts, ranking="bm25").query("refund 2015")
    assert hits[0].id == "a"
    assert (hits.weak, hits.reason) == (False, "")


@pytest.mark.semantic
def test_hits_by_meaning_alone_are_said_to_be_such() -> None:
    """Where no post has the word, the hits only mean something like it."""
    posts = [Post("a", "", "The furious caller shouted."), Post("b", "", "A parking garage.")]
    index = Index.build(posts, ranking="hybrid")
    hits = index.query("angry", exact=True)
    assert hits
    assert hits.weak
    assert hits.reason == 'no post has "angry"; these mean something like it'


def test_long_reasons_are_cut() -> None:
    """Ten words at most, each of at most 40 letters."""
    words = ["x" * 50, *(f"word{i}" for i in range(11))]
    told = reason(words, [], None, by_meaning=False)
    assert told.startswith(f'no post has "{"x" * 40}…", "word0"')
    assert told.endswith('"word8" or 2 more')


def test_required_coverage_by_hand() -> None:
    """LEVEL where M is T; less for a greater M, more for a greater T."""
    assert required_coverage(40, 40) == LEVEL
    assert required_coverage(20, 40) == pytest.approx(LEVEL + SLOPE * log(2))
    needed = [required_coverage(bound, 40) for bound in (1, 5, 20, 80, 300)]
    assert all(more > less for more, less in pairwise(needed))
    needed = [required_coverage(40, terms) for terms in (1, 5, 20, 80, 300)]
    assert all(less < more for less, more in pairwise(needed))


@settings(max_examples=60)
@given(CORPORA, QUERIES, st.integers(1, 4))
def test_weak_is_a_rule_of_the_best_post(posts: list[Post], query: str, limit: int) -> None:
    """An answer is weak if and only if it has a reason, whatever the limit.

    It is not weak if the best post has all words, or covers as much as is required.
    """
    index = Index.build(posts, ranking="feedback")
    hits = index.query(query, limit, exact=True)
    assert hits.weak == bool(hits.reason)
    every = index.query(query, len(posts), exact=True)
    assert (every.weak, every.reason) == (hits.weak, hits.reason)
    if hits:
        parsed = index.parse(query, exact=True)
        stems = {index.analyzer.term(word) for word in hits[0].matched}
        complete = not parsed.unknown and set(parsed.terms) <= stems
        search, analyzed = index._searcher.search, index._searcher.vocabulary.parse(query)
        enough = hits.coverage >= search.required_coverage(analyzed)
        assert complete <= (not hits.weak)
        assert parsed.unknown or (enough <= (not hits.weak))
    else:
        assert hits.weak
    again = pickle.loads(pickle.dumps(hits))
    assert (again.weak, again.reason) == (hits.weak, hits.reason)


@settings(max_examples=60)
@given(CORPORA, QUERIES)
def test_reasons_are_true(posts: list[Post], query: str) -> None:
    """Words said to be in no post, or in no post together, are so: by brute force."""
    index = Index.build(posts, ranking="bm25")
    told = index.query(query, exact=True).reason
    words = told.split('"')[1::2]
    having = [set(index.analyzer.analyze(f"{post.title}\n{post.text}")) for post in posts]
    stems = {index.analyzer.term(word) for word in words}
    if told.startswith("no post has both"):
        assert not any(stems <= terms for terms in having)
    elif told.startswith("no post has"):
        assert not any(stems & terms for terms in having)
    elif told.startswith("the best post lacks"):
        best = index.query(query, 1, exact=True)[0].post
        assert not stems & set(index.analyzer.analyze(f"{best.title}\n{best.text}"))
