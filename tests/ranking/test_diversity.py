"""Diverse order: MMR by its definition, copies apart, and scores that stay those of the ranking."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import CORPORA, QUERIES
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.ranking.diversity import BALANCE, candidates, diverse
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.terms import Best

LIMITS = st.integers(1, 12)


def _pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in hits]


def _mmr(index: Index, ranked: list[Hit], limit: int) -> list[tuple[str, float]]:
    """Maximal marginal relevance from its formula, with the cosines of the whole matrix."""
    rows = {post.id: row for row, post in enumerate(index)}
    cosines = (index.matrix @ index.matrix.T).toarray()
    left, chosen = list(enumerate(ranked)), list[Hit]()

    def margin(item: tuple[int, Hit]) -> float:
        place, hit = item
        like = max((cosines[rows[hit.id], rows[other.id]] for other in chosen), default=0.0)
        relevance = 1 - place / len(ranked)
        return float(np.round(BALANCE * relevance - (1 - BALANCE) * like, 12))

    while left and len(chosen) < limit:
        best = max(left, key=margin)  # of equals the first
        left.remove(best)
        chosen.append(best[1])
    return _pairs(chosen)


@settings(max_examples=80)
@given(CORPORA, QUERIES, LIMITS, st.sampled_from(["bm25", "feedback", "tfidf"]))
def test_the_order_is_that_of_the_formula(
    posts: list[Post], query: str, limit: int, name: str
) -> None:
    """Query and related give what a greedy MMR over all cosines gives of the ranked posts."""
    built = Index.build(posts, ranking=name)
    ranked = built.query(query, candidates(limit), exact=True)
    found = built.query(query, limit, exact=True, diverse=True)
    assert _pairs(found) == _mmr(built, ranked, limit)
    id = posts[0].id
    nearest = built.related(id, candidates(limit))
    assert _pairs(built.related(id, limit, diverse=True)) == _mmr(built, nearest, limit)


@pytest.mark.semantic
@settings(max_examples=20)
@given(CORPORA, QUERIES, LIMITS)
def test_by_meaning_too(posts: list[Post], query: str, limit: int) -> None:
    """The rankings by meaning are put in order in the same way."""
    built = Index.build(posts, ranking="hybrid")
    ranked = built.query(query, candidates(limit), exact=True)
    found = built.query(query, limit, exact=True, diverse=True)
    assert _pairs(found) == _mmr(built, ranked, limit)


def test_copies_do_not_stand_together(index: Index) -> None:
    """Where each hit has a copy, the plain order has them in pairs, and the diverse one none."""
    posts = [*index]
    copies = [Post(f"{post.id}+", post.title, post.text, post.date) for post in posts]
    built = Index.build([*posts, *copies], ranking="bm25")
    for query in ("angry customer on the phone", "service recovery", "employee"):
        plain = [hit.id.rstrip("+") for hit in built.query(query)]
        assert any(one == other for one, other in pairwise(plain))
        mixed = [hit.id.rstrip("+") for hit in built.query(query, diverse=True)]
        assert not any(one == other for one, other in pairwise(mixed))
        assert len(set(mixed)) > len(set(plain))


def test_scores_stay_those_of_the_ranking(index: Index) -> None:
    """The best hit is first, each hit has its own score, and ranks count from 1."""
    scores = dict(_pairs(index.query("customer service", len(index))))
    found = index.query("customer service", diverse=True)
    assert found[0].id == max(scores, key=lambda id: scores[id])
    assert all(scores[hit.id] == hit.score for hit in found)
    assert [hit.rank for hit in found] == [*range(1, 11)]
    assert index.query("zzzz", diverse=True, exact=True) == []


def test_the_tail_stays_as_it_is() -> None:
    """Rows without a vector follow in the order of their scores, and the limit cuts them."""
    best: Best = [(7, 5.0), (3, 4.0), (9, 3.0), (4, 2.0), (1, 1.0)]
    same = np.array([1]), np.array([1.0])
    other = np.array([2]), np.array([1.0])
    assert diverse(best, [same, same, other], 5) == [best[0], best[2], best[1], *best[3:]]
    assert diverse(best, [same, same, other], 4) == [best[0], best[2], best[1], best[3]]
    assert diverse(best, [same, same, other], 1) == best[:1]
    assert diverse([], [], 3) == []


def test_the_number_of_candidates() -> None:
    """Five for each hit, 50 at least, and 1,000 at most unless more hits are wanted."""
    assert [candidates(n) for n in (1, 10, 20, 200, 999, 5_000)] == [
        50, 50, 100, 1_000, 1_000, 5_000,
    ]  # fmt: skip
