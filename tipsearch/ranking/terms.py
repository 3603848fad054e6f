"""Term scores: what rankings by words have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.topk.postings import Postings
    from tipsearch.store.storage import Array

    Scores = npt.NDArray[np.float64]

Best = list[tuple[int, float]]  # rows and their scores, the best first
Factors = Mapping[int, float]  # the weight of each term in a query, by number; of a year by -year


class TermScore(NamedTuple):
    """What a term, or a year, adds to the score of a row: `factor` times `weight`."""

    term: int
    factor: float
    document_frequency: int
    weight: float


def sum_scores(postings: Postings, factors: Factors, rows: Array) -> Scores:
    """The scores of some ascending rows, float64, added up in the order of the kernels."""
    scores = np.zeros(len(rows))
    for term, factor in postings.order(factors.items()):
        places, weights = postings.of_rows(term, rows)
        scores[places] += factor * weights
    return scores


def term_scores(postings: Postings, factors: Factors, row: int) -> list[TermScore]:
    """What each term that a row has adds to its score, in the order of the kernels."""
    found = (
        TermScore(term, factor, postings.document_frequency(term), postings.weight(term, row))
        for term, factor in postings.order(factors.items())
    )
    return [score for score in found if score.weight]


def total(scores: Iterable[TermScore]) -> float:
    """The sum of some term scores, one by one as a kernel adds: sum() of newer Pythons differs."""
    result = 0.0
    for score in scores:
        result += score.factor * score.weight
    return result


def rows_of(best: Best) -> Array:
    """The rows of a ranking, ascending (int64)."""
    return np.sort(np.array([row for row, _ in best], np.int64))
