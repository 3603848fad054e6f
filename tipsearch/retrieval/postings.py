"""Which posts have these terms, and with what score?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    import numpy.typing as npt

    Rows = npt.NDArray[np.integer[Any]]
    Scores = npt.NDArray[np.float64]


class Postings(NamedTuple):
    """Term-major weights: term t is in the posts `rows[indptr[t]:indptr[t+1]]` (ascending).

    `weights` lies beside `rows` and is positive; there are `posts` posts.
    """

    indptr: Rows
    rows: Rows
    weights: npt.NDArray[np.floating[Any]]
    posts: int

    def document_frequency(self, term: int) -> int:
        """In how many posts the term is."""
        return int(self.indptr[term + 1] - self.indptr[term])

    def weight(self, term: int, row: int) -> float:
        """The weight of the term in the post, 0.0 where it is not in it."""
        start, end = int(self.indptr[term]), int(self.indptr[term + 1])
        at = start + int(np.searchsorted(self.rows[start:end], row))
        return float(self.weights[at]) if at < end and self.rows[at] == row else 0.0

    def score(self, factors: Iterable[tuple[int, float]]) -> tuple[Rows, Scores]:
        """The posts that have any of the terms, ascending, and the sum of factor times weight.

        `factors` are pairs of a term and a positive number. They are summed in the order given,
        in float64, so equal input gives equal scores to the last bit.
        """
        totals = np.zeros(self.posts)
        for term, factor in factors:
            start, end = int(self.indptr[term]), int(self.indptr[term + 1])
            totals[self.rows[start:end]] += factor * self.weights[start:end].astype(np.float64)
        rows = np.flatnonzero(totals)
        return rows, totals[rows]
