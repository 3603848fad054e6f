"""Which are the best k, and in what order where scores are equal?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tipsearch.retrieval.postings import Rows, Scores


def top_k(rows: Rows, scores: Scores, k: int) -> list[tuple[int, float]]:
    """The k best pairs of row and score: by score, highest first, then by row.

    `rows` ascend and lie beside `scores`. Only what was scored is ranked, and all that ties with
    the last one takes part in the sort: a partition alone would break ties at random. So the
    first k of k + 1 are those of k.
    """
    if len(rows) > k:
        bar = np.partition(scores, len(scores) - k)[len(scores) - k]
        kept = np.flatnonzero(scores >= bar)
        rows, scores = rows[kept], scores[kept]
    order = np.argsort(-scores, kind="stable")[:k]
    return [(int(rows[i]), float(scores[i])) for i in order]
