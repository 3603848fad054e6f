"""Term scores: the part of each term in a score, for the rankings by words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.ranking.topk.selection import contenders, in_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.topk.postings import Postings
    from tipsearch.store.storage import Array

    Scores = npt.NDArray[np.float64]
    Mask = npt.NDArray[np.bool_]

FEW_ROWS = 2_000
Best = list[tuple[int, float]]  # rows and their scores, best first
Factors = Mapping[int, float]  # of each term in a query, by its number; of a year, by -year


class TermScore(NamedTuple):
    """The part of a term in the score of a row: `factor` times `weight`. A year is -year."""

    term: int
    factor: float
    document_frequency: int
    weight: float


class ScoreParts(NamedTuple):
    """The parts of a score: `share` times the sum of the scores of `terms`, `semantic`, `title`.

    `semantic` is the part by embeddings, and `cosine` that of the embeddings. `title` is what a
    post gets whose title the query is.
    """

    score: float
    terms: list[TermScore]
    share: float = 1.0
    cosine: float = 0.0
    semantic: float = 0.0
    title: float = 0.0


def sum_scores(postings: Postings, factors: Factors, rows: Array) -> Scores:
    """The scores of some ascending rows (float64), added up in the order of the kernels."""
    scores = np.zeros(len(rows))
    for term, factor in postings.order(factors.items()):
        places, weights = postings.weights_in(term, rows)
        scores[places] += factor * weights
    return scores


def term_scores(postings: Postings, factors: Factors, row: int) -> list[TermScore]:
    """The scores of the terms that a row has, in the order of the kernels."""
    found = (
        TermScore(term, factor, postings.document_frequency(term), postings.weight(term, row))
        for term, factor in postings.order(factors.items())
    )
    return [score for score in found if score.weight]


def total(scores: Iterable[TermScore]) -> float:
    """The sum of some term scores, added one by one as in a kernel; `sum` may round otherwise."""
    result = 0.0
    for score in scores:
        result += score.factor * score.weight
    return result


def few_rows(allowed: Mask | None) -> Array | None:
    """The allowed rows, if they are so few that to score each is faster than to search."""
    if allowed is None or np.count_nonzero(allowed) > FEW_ROWS:
        return None
    return np.flatnonzero(allowed)


def best_of(rows: Array, scores: Scores, limit: int) -> Best:
    """The `limit` best of some rows that have a score above 0, by score, then by row."""
    found = scores > 0
    return in_order(*contenders(rows[found], scores[found], limit)[:2], limit)


def rows_of(best: Best) -> Array:
    """The rows of some ranked rows: int64, ascending."""
    return np.sort(np.array([row for row, _ in best], np.int64))
