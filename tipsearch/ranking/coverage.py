"""How well does a post answer a query, on a scale that means the same for every query?"""

from __future__ import annotations

from math import sqrt

WEAK = 0.53
POOR = 0.4  # below it an answer is so weak that whoever asked is told


def coverage(share: float, cosine: float | None) -> float:
    """From 0, nothing of the query is in the post, to 1; below `WEAK` the answer is a weak one.

    coverage = sqrt(L / M), and with embeddings (sqrt(L / M) + C) / 2

    where L is the BM25 score that the post has by the query's own words, without feedback, M the
    most that any post could have, and C the cosine of the embeddings, or 0 where it is negative.
    `share` is L / M, the bounded lexical score of Bruch, Gai and Ingber, "An Analysis of Fusion
    Functions for Hybrid Retrieval", ACM TOIS 2023; words that no post has count in M. The root,
    and the mean, are ours: they put both rankings on one scale, so that one threshold serves.

    Measured by `python -m tests.benchmarks.gaps` on four collections without the posts that are
    relevant to half of the queries: AUC 0.727 by words and 0.772 with embeddings, where the share
    of the query's idf weight that the post has gives 0.699, its mean with C 0.757, C alone 0.751,
    and 1 - (1 - L / M) (1 - C), on a scale of its own, 0.778. `WEAK` is where, of both rankings,
    gaps found exceed false alarms most: 65 % and 38 % by words, 67 % and 29 % with embeddings.

    >>> coverage(0.25, None), coverage(0.25, 0.8), coverage(0.25, -0.3)
    (0.5, 0.65, 0.25)
    """
    lexical = sqrt(min(max(share, 0.0), 1.0))
    return lexical if cosine is None else (lexical + min(max(cosine, 0.0), 1.0)) / 2
