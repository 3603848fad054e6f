"""What is a post, to a topic model? Its TF-IDF row and, where there is one, its embedding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tipsearch.topics.corpus import Corpus


def features(corpus: Corpus) -> Any:
    """The posts as rows without a negative number (CSR, float64).

    Its TF-IDF row, and beside it the positive and the negative half of its embedding of length 1:
    two posts have as much in common there as their embeddings agree.
    """
    from scipy.sparse import csr_matrix, hstack

    if corpus.vectors is None:
        return corpus.tfidf
    vectors = corpus.vectors.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1.0)[:, None]
    halves = [csr_matrix(np.maximum(half, 0)) for half in (vectors, -vectors)]
    return hstack([corpus.tfidf, *halves], format="csr")


def distinct(rows: Any) -> int:
    """How many rows that are not empty differ from each other."""
    stretches = zip(rows.indptr[:-1].tolist(), rows.indptr[1:].tolist(), strict=True)
    return len({
        (rows.indices[start:end].tobytes(), rows.data[start:end].tobytes())
        for start, end in stretches
        if end > start
    })  # fmt: skip
