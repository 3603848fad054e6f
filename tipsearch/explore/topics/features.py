"""What is a post, to a topic model? Its TF-IDF row and, where there is one, its embedding."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from tipsearch.explore.topics.corpus import Corpus

    Numbers = npt.NDArray[np.int64]

EVERY = slice(None)
AT_ONCE = 10_000  # posts: their features take about 40 MB


def features(corpus: Corpus, rows: Numbers | slice = EVERY) -> Any:
    """Some posts as rows without a negative number (CSR, float64).

    Its TF-IDF row, and beside it the positive and the negative half of its embedding of length 1:
    two posts have as much in common there as their embeddings agree.
    """
    from scipy.sparse import csr_matrix, hstack

    if corpus.vectors is None:
        return corpus.tfidf[rows]
    vectors = corpus.vectors[rows].astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1.0)[:, None]
    halves = [csr_matrix(np.maximum(half, 0)) for half in (vectors, -vectors)]
    return hstack([corpus.tfidf[rows], *halves], format="csr")


def stretches(posts: int) -> Iterator[slice]:
    """All rows, some at once."""
    return (slice(start, start + AT_ONCE) for start in range(0, posts, AT_ONCE))


def distinct(corpus: Corpus, enough: int) -> int:
    """How many posts that have a feature differ from each other; `enough` where there are more."""
    found: set[tuple[bytes, bytes]] = set()
    for stretch in stretches(len(corpus.ids)):
        rows = features(corpus, stretch)
        for start, end in pairwise(rows.indptr.tolist()):
            if end > start:
                found.add((rows.indices[start:end].tobytes(), rows.data[start:end].tobytes()))
                if len(found) >= enough:
                    return enough
    return len(found)
