"""What do topics need to know of an index? Its posts as counts, weights and embeddings."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.post import Post
    from tipsearch.store.reader import Reader

    Numbers = npt.NDArray[np.int64]


class Corpus(NamedTuple):
    """The posts that topics are sought in, row by row.

    `counts` and `tfidf` are CSR matrices of shape (posts, terms), the latter with rows of length
    1, and `presence` is which post has which term, CSC of 0 and 1. `usable` are the columns whose
    terms can stand for a topic. `vectors` are embeddings, shape
    (posts, dimensions), or None; `post` loads that of a row.
    """

    ids: Sequence[str]
    terms: Sequence[str]
    counts: Any
    tfidf: Any
    presence: Any
    usable: Numbers
    vectors: npt.NDArray[Any] | None
    analyzer: Analyzer
    post: Callable[[int], Post]

    def label(self, id: str) -> str:
        """What to call the post of an id."""
        return self.post(bisect_left(self.ids, id)).label

    def some(self, rows: Numbers) -> Corpus:
        """The corpus of these rows."""
        return self._replace(
            ids=[self.ids[row] for row in rows.tolist()],
            counts=self.counts[rows],
            tfidf=self.tfidf[rows],
            vectors=None if self.vectors is None else self.vectors[rows],
            post=lambda row: self.post(int(rows[row])),
            presence=self.presence[rows],
        )


def corpus_of(reader: Reader, tfidf: Any) -> Corpus:
    """The corpus of an index, given its TF-IDF rows."""
    counts = reader.counts()
    presence = counts.astype(np.float64)
    presence.data[:] = 1.0
    vectors, terms = _embeddings(reader) if reader.embedding else None, reader.vocabulary
    matrices = counts, tfidf, presence.tocsc()
    return Corpus(
        [*reader.ids], terms, *matrices, usable(terms), vectors, reader.analyzer, reader.post
    )


def _embeddings(reader: Reader) -> npt.NDArray[Any]:
    """The embeddings of all posts, float64, rows of length 1."""
    from tipsearch.ranking.dense.search import DenseSearch

    posts = DenseSearch(reader.embeddings).of(np.arange(reader.posts))
    return np.asarray(posts.codes * posts.scale[:, None])


def usable(terms: Sequence[str]) -> Numbers:
    """The columns whose terms can stand for a topic: two letters at least, not a number."""
    fit = [i for i, term in enumerate(terms) if sum(map(str.isalpha, term)) > 1]
    return np.array(fit, np.int64)
