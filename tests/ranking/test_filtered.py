"""Answers among the allowed rows alone, and the masks that they come from, against brute force."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ranking.test_retrieval import (
    QUICK,
    Array,
    Kernel,
    Made,
    _brute_force,
    _made,
    corpora,
    kernel,  # noqa: F401
    questions,
)
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.ranking.bm25 import Bm25
from tipsearch.ranking.tfidf import TfIdf
from tipsearch.ranking.topk.engine import KERNELS, Engine

SHARES = st.sampled_from([0.0, 0.002, 0.02, 0.1, 0.3, 0.7, 1.0])


@st.composite
def masks(draw: st.DrawFn, posts: int) -> Array:
    """Rows here and there, or only those of a run, of the last block, or a single one."""
    random = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    allowed: Array = random.random(posts) < draw(SHARES)
    kind, rows = draw(st.sampled_from("anywhere run last one".split())), np.arange(posts)
    if kind == "run":
        first, last = sorted(random.integers(posts, size=2))
        allowed |= (rows >= first) & (rows <= last)
    elif kind == "last":
        allowed = rows >= (posts - 1) // 32 * 32
    elif kind == "one":
        allowed = rows == random.integers(posts)
    return allowed


def _allowed(hits: list[tuple[int, float]], allowed: Array) -> list[tuple[int, float]]:
    return [(row, score) for row, score in hits if allowed[row]]


@QUICK
@given(data=st.data())
def test_a_filtered_answer_is_the_full_one_without_the_others(
    kernel: Kernel,  # noqa: F811
    data: st.DataObject,
) -> None:
    """The rows, their order and every bit of the scores are those of a full sum and sort."""
    made = data.draw(corpora(kernel.most))
    factors, allowed = data.draw(questions(made)), data.draw(masks(made.posts))
    plan = made.postings.plan(factors)
    expected = _allowed(_brute_force(made, factors, made.posts), allowed)
    for k in (1, data.draw(st.integers(2, 40)), 700, made.posts + 10**12):
        assert kernel.top(made.postings, plan, k, allowed) == expected[:k]


def test_masks_of_all_none_and_the_last_block(kernel: Kernel) -> None:  # noqa: F811
    """1,001 posts that all tie: the k first allowed ones, as many as there are."""
    made = _made([np.arange(1001)], [np.ones(1001, np.float32)], 1001, None)
    plan, rows = made.postings.plan([(0, 1.0)]), np.arange(1001)
    for allowed in (rows >= 0, rows < 0, rows >= 992, rows == 1000, rows % 2 == 1, rows % 100 == 7):
        for k in (1, 9, 10, 600, 1002):
            expected = [(row, 1.0) for row in rows[allowed].tolist()[:k]]
            assert kernel.top(made.postings, plan, k, allowed) == expected


def test_a_mask_that_may_not_be_written_to_is_taken(kernel: Kernel) -> None:  # noqa: F811
    """A mask is only read, and stays as it was: writeable or not."""
    made = _made([np.arange(99)], [np.ones(99, np.float32)], 99, None)
    plan, allowed = made.postings.plan([(0, 1.0)]), np.arange(99) % 50 == 3
    for writeable in (True, False):
        allowed.flags.writeable = writeable
        assert kernel.top(made.postings, plan, 9, allowed) == [(3, 1.0), (53, 1.0)]
        assert allowed.flags.writeable == writeable


@QUICK
@given(corpora(), st.data())
def test_rows_of_any_and_of_all_terms(made: Made, data: st.DataObject) -> None:
    """They are the union and the intersection of the rows of the terms."""
    terms = data.draw(st.lists(st.integers(0, len(made.terms) - 1), min_size=1, unique=True))
    of_each = [set(made.terms[term][0].tolist()) for term in terms]
    assert set(np.flatnonzero(made.postings.mask(terms))) == set().union(*of_each)
    assert made.postings.rows_of_all(terms).tolist() == sorted(set.intersection(*of_each))
    assert not made.postings.mask([]).any()


# --- through the rankings


@pytest.fixture(scope="module")
def dated() -> Index:
    """400 posts of a few words, each of one of three years."""
    words = "angry phone refund patience customer".split()
    random = np.random.Generator(np.random.PCG64(3))
    return Index.build(
        [
            Post(f"{n:03}", "", " ".join(random.choice(words, 3)), date(2010 + n % 3, 1, 2))
            for n in range(400)
        ]
    )


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.parametrize("years", [[], [2011], [2011, 2012]])
@pytest.mark.parametrize("words", [[], ["angri"], ["angri", "phone", "refund"]])
def test_rankings_pass_the_mask_on(
    dated: Index, name: str, years: Sequence[int], words: Sequence[str]
) -> None:
    """BM25, with years or without, and TF-IDF give their own full answer without the others."""
    if name == "numba":
        pytest.importorskip("numba")
    reader, engine = dated._reader, Engine(name)
    terms = [dated.terms.index(word) for word in words]
    bm25, tfidf = Bm25(reader, engine), TfIdf(reader, engine)
    factors = {**dict.fromkeys(terms, 1.0), **{-year: 2.0 for year in years}}
    cosines = tfidf.of_query(dict.fromkeys(terms, 1.0))
    rows = np.arange(400)
    for allowed in (rows % 7 == 1, rows > 200, rows % 2 == 0, rows < 0):
        for k in (1, 10, 500):
            found = bm25.top(factors, k, allowed)
            assert found == _allowed(bm25.top(factors, 400), allowed)[:k]
            found = tfidf.top(cosines, k, allowed)
            assert found == _allowed(tfidf.top(cosines, 400), allowed)[:k]


def test_the_mask_of_words_and_years(dated: Index) -> None:
    """A row is in the mask if it has one of the words or is of one of the years."""
    term, bm25 = dated.terms.index("refund"), Bm25(dated._reader, Engine("numpy"))
    refunds = np.array(["refund" in post.text for post in dated])
    of_2011 = np.arange(400) % 3 == 1
    assert 0 < refunds.sum() < 400
    assert np.array_equal(bm25.mask([term]), refunds)
    assert np.array_equal(bm25.mask([term, -2011]), refunds | of_2011)
    assert not bm25.mask([]).any()
