"""Weights of a whole corpus: the BM25 weight of each posting, and TF-IDF rows by scikit-learn."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.analysis.weighting import Weighting, bm25_idf, tfidf_idf

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import Reader

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]


POSTINGS_AT_ONCE = 1 << 20  # bounds the memory for the float64 weights


def bm25(
    rows: Array, counts: Array, frequencies: Array, lengths: Array, weighting: Weighting
) -> npt.NDArray[np.float32]:
    """The BM25 weight of each posting, as float32.

    weight = ln(1 + (N - df + 0.5) / (df + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * l))

    where tf is the count, df the number of the N posts that have the term, and l the length of the
    post over the mean (`relative_lengths`). Source: Robertson and Zaragoza, "The Probabilistic
    Relevance Framework: BM25 and Beyond", 2009; the 1 + keeps the logarithm from being negative.

    `rows` and `counts` are the postings in order of term, `frequencies[t]` of them for term t.
    `lengths` has the l of each post. Scores are sums of these float32 weights in float64, which has
    29 bits more; so a score hardly ever depends on the order of summation.
    """
    posts = len(lengths)
    idf = bm25_idf(frequencies, posts) * (weighting.k1 + 1)
    norms = weighting.k1 * (1 - weighting.b + weighting.b * lengths)
    result, starts = np.empty(len(rows), np.float32), np.append(0, np.cumsum(frequencies))
    cuts = np.unique(
        np.searchsorted(starts, np.arange(0, len(rows) + POSTINGS_AT_ONCE, POSTINGS_AT_ONCE))
    )
    for first, last in pairwise(cuts.clip(0, len(frequencies)).tolist()):
        items = slice(int(starts[first]), int(starts[last]))
        weights = norms[rows[items]] + counts[items]
        np.divide(counts[items], weights, out=weights)
        weights *= np.repeat(idf[first:last], frequencies[first:last])
        result[items] = weights
    return result


def scale(counts: Any, idfs: Floats) -> Floats:
    """1 / the length (L2) of each row of tf * idf: float64; 0 for a post without a term."""
    squares = idfs[counts.indices]
    squares *= counts.data
    squares *= squares
    rows = type(counts)((squares, counts.indices, counts.indptr), shape=counts.shape)
    lengths = np.sqrt(np.asarray(rows.sum(axis=1)).ravel())
    return np.asarray(np.divide(1.0, lengths, out=np.zeros(len(lengths)), where=lengths > 0))


def tfidf(counts: Any, idfs: Floats) -> Any:
    """The TF-IDF rows of a CSR matrix of counts, each of length 1, by scikit-learn (float64)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    transformer = TfidfTransformer()
    transformer.idf_ = idfs
    return transformer.transform(counts) if counts.shape[1] else counts.astype(np.float64)


def vectorizer(reader: Reader) -> Any:
    """The fitted scikit-learn TfidfVectorizer of an index, its idf values bit for bit."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vocabulary = {term: column for column, term in enumerate(reader.vocabulary)}
    restored = TfidfVectorizer(analyzer=reader.analyzer.analyze, vocabulary=vocabulary)
    restored.idf_ = tfidf_idf(reader.document_frequencies(), reader.posts)
    return restored


def matrix(reader: Reader) -> Any:
    """The TF-IDF rows of an index: CSR, float64, shape (posts, terms); not writeable."""
    rows = tfidf(reader.counts(), tfidf_idf(reader.document_frequencies(), reader.posts))
    rows.data.flags.writeable = False  # callers share one matrix
    return rows
