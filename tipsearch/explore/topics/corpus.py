"""What do topics need to know of an index? Its posts as counts, weights and embeddings."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy.typing as npt

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.post import Post
    from tipsearch.store.storage import Generation

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


def corpus_of(
    generation: Generation,
    counts: Any,
    tfidf: Any,
    ids: Iterable[str],
    terms: Sequence[str],
    analyzer: Analyzer,
    post: Callable[[int], Post],
) -> Corpus:
    """The corpus of an index, given the matrices of its posts."""
    presence = counts.astype(np.float64)
    presence.data[:] = 1.0
    vectors = _vectors(generation) if generation.facts["embedding"] else None
    matrices = counts, tfidf, presence.tocsc()
    return Corpus([*ids], terms, *matrices, usable(terms), vectors, analyzer, post)


def _vectors(generation: Generation) -> npt.NDArray[Any]:
    from tipsearch.ranking.dense.search import Vectors

    arrays = generation.arrays
    kept = Vectors(*(arrays[name] for name in Vectors.ARRAYS))
    pool = kept.of(np.arange(generation.facts["posts"]))
    return np.asarray(pool.codes * pool.scale[:, None])


def usable(terms: Sequence[str]) -> Numbers:
    """The columns whose terms can stand for a topic: two letters at least, not a number."""
    fit = [i for i, term in enumerate(terms) if sum(map(str.isalpha, term)) > 1]
    return np.array(fit, np.int64)
