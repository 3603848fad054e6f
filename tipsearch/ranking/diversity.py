"""Diversity: the best posts in an order in which like posts do not stand together.

The order is by maximal marginal relevance: Carbonell and Goldstein, "The Use of MMR,
Diversity-Based Reranking for Reordering Documents and Producing Summaries", SIGIR 1998.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tipsearch.ranking.terms import Best, Scores
    from tipsearch.store.storage import Array

    Vector = tuple[Array, Scores]  # terms, each once, and their weights, of length 1

# Lambda of MMR. On MED, Cranfield, CISI nDCG@10 by feedback is 0.735, 0.564, 0.421 in order of
# score; by 0.7 it is 0.709, 0.512, 0.397, and the mean cosine between hits is 12 % less (30 % by
# 0.5, with nDCG@10 of 0.648, 0.428, 0.370).
BALANCE = 0.7
LEAST_CANDIDATES, MOST_CANDIDATES = 50, 1_000


def candidates(limit: int) -> int:
    """The number of best posts to rank by score, of which `limit` are wanted in diverse order."""
    return max(limit, min(max(5 * limit, LEAST_CANDIDATES), MOST_CANDIDATES))


def diverse(best: Best, vectors: Sequence[Vector], limit: int) -> Best:
    """The `limit` rows that MMR chooses one by one among the `best`, with their own scores.

    `vectors` are the TF-IDF rows of the n first ones of `best`; the rest stays at the end as it is.
    The next row is that of the greatest

        lambda · relevance - (1 - lambda) · greatest cosine with a row chosen before

    with lambda = BALANCE; of equals the first in `best`. The relevance of the i-th row, from 0, is
    1 - i / n: scores of different rankings have different scales, and one outstanding score would
    make all others count for nothing. A copy of a chosen row so falls back by 3 n / 7 places.
    """
    if not best:
        return best
    sizes = [len(terms) for terms, _ in vectors]
    relevance = 1 - np.arange(len(sizes)) / len(sizes)
    _, columns = np.unique(np.concatenate([terms for terms, _ in vectors]), return_inverse=True)
    weights = np.concatenate([weights for _, weights in vectors])
    owners, starts = np.repeat(np.arange(len(sizes)), sizes), np.append(0, np.cumsum(sizes))
    likeness, order = np.zeros(len(sizes)), list[int]()
    for _ in range(min(limit, len(sizes))):
        margin = (BALANCE * relevance - (1 - BALANCE) * likeness).round(12)
        margin[order] = -np.inf
        chosen = int(np.argmax(margin))
        order.append(chosen)
        own = slice(starts[chosen], starts[chosen + 1])
        dense = np.zeros(columns.max(initial=-1) + 1)
        dense[columns[own]] = weights[own]
        cosines = np.bincount(owners, weights * dense[columns], len(sizes))
        np.maximum(likeness, cosines, out=likeness)
    return [*(best[place] for place in order), *best[len(vectors) :]][:limit]
