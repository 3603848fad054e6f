"""Selection of the k best rows; rows of equal score are ordered by row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

UNIT = 1e-12  # the step of rounded scores
FEW = 4  # allowed rows of a block, in the mean of those that have one: fewer do not help to prune
SAMPLED = 16  # one block of so many is looked at to tell whether few rows are allowed

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.integer[Any]]
    Scores = npt.NDArray[np.float64]


def contenders(rows: Rows, scores: Scores, k: int) -> tuple[Rows, Scores, float]:
    """The rows that can be among the k best, their scores, and the k-th best score (the threshold).

    In any order. All rows that tie with the k-th stay, so there may be more than k: a partition
    alone would break ties at random. The threshold is 0.0 while there are fewer than k rows.
    """
    if len(rows) < k:
        return rows, scores, 0.0
    threshold = float(np.partition(scores, len(scores) - k)[len(scores) - k])
    kept = scores >= threshold
    return rows[kept], scores[kept], threshold


def in_order(rows: Rows, scores: Scores, k: int) -> list[tuple[int, float]]:
    """The k best pairs of row and score, by descending score, then by row."""
    order = np.lexsort((rows, -scores))[:k]
    return list(zip(rows[order].tolist(), scores[order].tolist(), strict=True))
