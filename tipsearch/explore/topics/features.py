"""Features of posts for the topic model: TF-IDF rows and, where there are any, embeddings."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from tipsearch.explore.topics.corpus import Corpus

    Numbers = npt.NDArray[np.int64]

ALL_ROWS = slice(None)
FEATURE_BATCH = 10_000  # posts: their features take about 40 MB


def features(corpus: Corpus, rows: Numbers | slice = ALL_ROWS) -> Any:
    """Return the features of posts, all 0 or more: CSR, float64, shape (posts, features).

    A row is the TF-IDF row, followed by the positive and the negated negative parts of the
    embedding of length 1: NMF takes no negative numbers.
    """
    from scipy.sparse import csr_matrix, hstack

    if corpus.vectors is None:
        return corpus.tfidf[rows]
    vectors = corpus.vectors[rows].astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1.0)[:, None]
    halves = [csr_matrix(np.maximum(half, 0)) for half in (vectors, -vectors)]
    return hstack([corpus.tfidf[rows], *halves], format="csr")


def batches(posts: int) -> Iterator[slice]:
    """Yield slices of 10,000 rows that cover all posts."""
    return (slice(first, first + FEATURE_BATCH) for first in range(0, posts, FEATURE_BATCH))


def distinct(corpus: Corpus, enough: int) -> int:
    """Return the number of distinct rows of features that are not zero, at most `enough`."""
    seen: set[tuple[bytes, bytes]] = set()
    for batch in batches(len(corpus.ids)):
        rows = features(corpus, batch)
        for start, end in pairwise(rows.indptr.tolist()):
            if end > start:
                seen.add((rows.indices[start:end].tobytes(), rows.data[start:end].tobytes()))
                if len(seen) >= enough:
                    return enough
    return len(seen)
