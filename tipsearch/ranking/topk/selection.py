"""Which are the best k, and in what order where scores are equal?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

UNIT = 1e-12  # of a score that is rounded

if TYPE_CHECKING:
    import numpy.typing as npt

    Rows = npt.NDArray[np.integer[Any]]
    Scores = npt.NDArray[np.float64]


def contenders(rows: Rows, scores: Scores, k: int) -> tuple[Rows, Scores, float]:
    """What of it can be among the k best, in any order, and the score that these have at least.

    All that ties with the last one stays: a partition alone would break ties at random. The score
    is 0.0 while there are fewer than k.
    """
    if len(rows) < k:
        return rows, scores, 0.0
    threshold = float(np.partition(scores, len(scores) - k)[len(scores) - k])
    kept = scores >= threshold
    return rows[kept], scores[kept], threshold


def in_order(rows: Rows, scores: Scores, k: int) -> list[tuple[int, float]]:
    """The k best pairs of row and score: by score, highest first, then by row."""
    order = np.lexsort((rows, -scores))[:k]
    return list(zip(rows[order].tolist(), scores[order].tolist(), strict=True))
