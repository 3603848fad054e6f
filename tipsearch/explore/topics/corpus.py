"""The input of the topic model: term counts, TF-IDF rows and embeddings of the posts."""

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
    """The posts to model, one a row.

    `counts`, `tfidf` and `presence` are sparse matrices of shape (posts, terms): CSR of counts, CSR
    of weights with rows of length 1, and CSC of 0 and 1. `usable` are the columns of the terms that
    may be words of a topic: int64. `vectors` are the embeddings, shape (posts, dimensions), or
    None. `post` loads the post of a row.
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
        """Return the label of a post, by its id."""
        return self.post(bisect_left(self.ids, id)).label

    def subset(self, rows: Numbers) -> Corpus:
        """Return the corpus of some rows."""
        return self._replace(
            ids=[self.ids[row] for row in rows.tolist()],
            counts=self.counts[rows],
            tfidf=self.tfidf[rows],
            vectors=None if self.vectors is None else self.vectors[rows],
            post=lambda row: self.post(int(rows[row])),
            presence=self.presence[rows],
        )


def corpus_of(reader: Reader, tfidf: Any) -> Corpus:
    """Return the corpus of an index; `tfidf` are its TF-IDF rows, CSR of shape (posts, terms)."""
    counts = reader.counts()
    presence = counts.astype(np.float64)
    presence.data[:] = 1.0
    vectors, terms = _embeddings(reader) if reader.embedding else None, reader.vocabulary
    matrices = counts, tfidf, presence.tocsc()
    return Corpus(
        [*reader.ids], terms, *matrices, usable(terms), vectors, reader.analyzer, reader.post
    )


def _embeddings(reader: Reader) -> npt.NDArray[Any]:
    """The embeddings of all posts: float64, shape (posts, dimensions), rows of length 1."""
    from tipsearch.ranking.dense.search import DenseSearch

    posts = DenseSearch(reader.embeddings).of(np.arange(reader.posts))
    return np.asarray(posts.codes * posts.scale[:, None])


def usable(terms: Sequence[str]) -> Numbers:
    """Return the columns of the terms that have two letters or more: int64."""
    columns = [i for i, term in enumerate(terms) if sum(map(str.isalpha, term)) > 1]
    return np.array(columns, np.int64)
