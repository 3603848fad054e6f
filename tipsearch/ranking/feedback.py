"""Pseudo-relevance feedback: the terms of the best posts of a first search join the query."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Best, Factors
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

STEP = 4096  # factors are multiples of 1/4096: so few bits that sums of float32 weights are exact


def expand_query(
    factors: Factors, best: Best, ranking: Ranking, terms: int, reader: Reader
) -> Factors:
    """The query with feedback: the `terms` weightiest terms of the `best` posts join it.

    Rocchio's formula ("Relevance feedback in information retrieval", 1971) with BM25 weights: the
    mean of the posts' rows, in which a post of score s is weighted by (s / best score) **
    `feedback_focus`. Only terms that two posts have are taken. The query's own terms keep 1 -
    `feedback` of their factors, at least one STEP; the others share the rest by their mean weight.
    """
    if not best or not ranking.feedback:
        return factors
    found, weights = _mean_row(best, ranking.feedback_focus, reader)
    chosen = np.lexsort((found, -weights))[:terms]
    chosen = chosen[weights[chosen] > 0]
    if not len(chosen):
        return factors
    expanded = {term: (1 - ranking.feedback) * factor for term, factor in factors.items()}
    share = weights[chosen] * (ranking.feedback * sum(factors.values()) / weights[chosen].sum())
    for term, part in zip(found[chosen].tolist(), share.tolist(), strict=True):
        expanded[term] = expanded.get(term, 0.0) + part
    steps = {
        term: max(round(factor * STEP), int(term in factors)) for term, factor in expanded.items()
    }
    return {term: count / STEP for term, count in steps.items() if count}


def _mean_row(best: Best, focus: float, reader: Reader) -> tuple[Array, Array]:
    """The terms of some posts and their weights in the weighted mean of the posts' BM25 rows."""
    shares = (np.array([score for _, score in best]) / best[0][1]) ** focus
    rows = [reader.row(row) for row, _ in best]
    sums = np.array([counts.sum() for _, counts in rows])
    teasers = reader.teasers(np.array([row for row, _ in best]))
    lengths = weighting.relative_lengths(sums, teasers, reader.lengths, reader.posts)
    terms, places = np.unique(np.concatenate([row[0] for row in rows]), return_inverse=True)
    sizes = [len(row[0]) for row in rows]
    frequencies = reader.document_frequencies(terms)
    weights = weighting.bm25_of(
        np.concatenate([row[1] for row in rows]),
        frequencies[places],
        np.repeat(lengths, sizes),
        reader.posts,
        reader.weighting,
    )
    mean = np.bincount(places, weights * np.repeat(shares, sizes), len(terms))
    mean[frequencies < 2] = 0
    return terms, mean
