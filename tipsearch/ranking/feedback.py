"""Pseudo-relevance feedback: query expansion with the terms of the best posts (Rocchio)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Best, Factors
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

# Factors are multiples of 1 / 4096: so few bits that sums of float32 weights are exact.
RESOLUTION = 4096


def expand_query(
    factors: Factors, best: Best, ranking: Ranking, terms: int, reader: Reader
) -> Factors:
    """The factors of a query expanded with the `terms` weightiest terms of the `best` posts.

    Rocchio's formula ("Relevance feedback in information retrieval", 1971) with BM25 weights. A
    feedback post is weighted by (its score / the best score) ** `feedback_focus`, and a term by the
    mean of its weights in these posts. Only terms that two posts of the index have are taken. The
    query's own terms keep 1 - `feedback` of their factors, at least 1 / RESOLUTION. `feedback`
    times the sum of the factors is shared among the terms taken, in proportion to their means.
    """
    if not best or not ranking.feedback:
        return factors
    terms_found, weights = _summed_weights(best, ranking.feedback_focus, reader)
    chosen = np.lexsort((terms_found, -weights))[:terms]
    chosen = chosen[weights[chosen] > 0]
    if not len(chosen):
        return factors
    expanded = {term: (1 - ranking.feedback) * factor for term, factor in factors.items()}
    share = weights[chosen] * (ranking.feedback * sum(factors.values()) / weights[chosen].sum())
    for term, added in zip(terms_found[chosen].tolist(), share.tolist(), strict=True):
        expanded[term] = expanded.get(term, 0.0) + added
    steps = {
        term: max(round(factor * RESOLUTION), int(term in factors))
        for term, factor in expanded.items()
    }
    return {term: count / RESOLUTION for term, count in steps.items() if count}


def _summed_weights(best: Best, focus: float, reader: Reader) -> tuple[Array, Array]:
    """The terms of some posts (ascending), and the weighted sum of their BM25 weights in these.

    The weight is 0 for a term that only one post of the index has.
    """
    shares = (np.array([score for _, score in best]) / best[0][1]) ** focus
    rows = [reader.row(row) for row, _ in best]
    sums = np.array([counts.sum() for _, counts in rows])
    teasers = reader.teasers(np.array([row for row, _ in best]))
    lengths = weighting.relative_lengths(sums, teasers, reader.lengths, reader.posts)
    terms, places = np.unique(np.concatenate([row[0] for row in rows]), return_inverse=True)
    sizes = [len(row[0]) for row in rows]
    frequencies = reader.document_frequencies(terms)
    weights = weighting.bm25_weights(
        np.concatenate([row[1] for row in rows]),
        frequencies[places],
        np.repeat(lengths, sizes),
        reader.posts,
        reader.weighting,
    )
    mean = np.bincount(places, weights * np.repeat(shares, sizes), len(terms))
    mean[frequencies < 2] = 0
    return terms, mean
