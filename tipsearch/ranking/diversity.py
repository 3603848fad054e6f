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

RELEVANCE = 0.5  # lambda of MMR
LEAST_CANDIDATES, MOST_CANDIDATES = 50, 1_000


def candidates(limit: int) -> int:
    """The number of best posts to rank by score, of which `limit` are wanted in diverse order."""
    return max(limit, min(max(5 * limit, LEAST_CANDIDATES), MOST_CANDIDATES))


def diverse(best: Best, vectors: Sequence[Vector], limit: int) -> Best:
    """The `limit` rows that MMR chooses one by one among the `best`, with their own scores.

    `vectors` are the TF-IDF rows of the first ones of `best`; the rest stays at the end as it is.
    The next row is that of the greatest

        lambda · score / best score - (1 - lambda) · greatest cosine with a row chosen before

    with lambda = RELEVANCE; of equals the first in `best`. By a lambda of 1/2 a copy of a chosen
    row has at most 0, so it comes after every row whose relevance exceeds its likeness.
    """
    if not best:
        return best
    relevance = np.array([score for _, score in best[: len(vectors)]]) / best[0][1]
    sizes = [len(terms) for terms, _ in vectors]
    _, columns = np.unique(np.concatenate([terms for terms, _ in vectors]), return_inverse=True)
    weights = np.concatenate([weights for _, weights in vectors])
    owners, starts = np.repeat(np.arange(len(sizes)), sizes), np.append(0, np.cumsum(sizes))
    likeness, order = np.zeros(len(sizes)), list[int]()
    for _ in range(min(limit, len(sizes))):
        margin = (RELEVANCE * relevance - (1 - RELEVANCE) * likeness).round(12)
        margin[order] = -np.inf
        chosen = int(np.argmax(margin))
        order.append(chosen)
        own = slice(starts[chosen], starts[chosen + 1])
        dense = np.zeros(columns.max(initial=-1) + 1)
        dense[columns[own]] = weights[own]
        cosines = np.bincount(owners, weights * dense[columns], len(sizes))
        np.maximum(likeness, cosines, out=likeness)
    return [*(best[place] for place in order), *best[len(vectors) :]][:limit]
