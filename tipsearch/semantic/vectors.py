"""Which posts are about what a query is about? Cosines of embeddings, and the greatest of them.

In a large index the posts lie in cells, each around a centroid; a search looks into the cells
whose centroids are nearest to the query, and no others (Sivic and Zisserman, "Video Google", 2003;
an inverted file). A small one is searched whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.semantic.embedding import quantised
from tipsearch.semantic.model import DIMENSIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.storage import Array, Checked

    Floats = npt.NDArray[np.float64]

COARSE = 64  # the first dimensions, which this model orders by weight, tell which cell
LOOKED_AT = 12_000  # posts, in the nearest cells
PIECE = 4096  # rows: a few megabytes of float32


class Vectors:
    """The vectors of an index's posts; what is used of them is checked first."""

    ARRAYS = ("vectors.codes", "vectors.scale", "cells.rows", "cells.starts", "cells.centroids")

    def __init__(
        self,
        codes: Checked[Array],
        scale: Checked[Array],
        rows: Checked[Array],
        starts: Checked[Array],
        centroids: Checked[Array],
    ) -> None:
        self._codes, self._scale = codes, scale
        self._rows, self._starts, self._centroids = rows, starts, centroids
        self._posts = len(scale)

    def __len__(self) -> int:
        return self._posts

    def cosines(self, query: Floats, rows: Array) -> Floats:
        """The cosine of each of these rows to a vector (float64, DIMENSIONS)."""
        codes, scale = quantised(query)
        asked, found = codes.astype(np.float32), np.zeros(len(rows))
        table = self._codes.data.reshape(-1, DIMENSIONS)
        for at in range(0, len(rows), PIECE):
            some = rows[at : at + PIECE]
            self._ensure(some)
            found[at : at + PIECE] = table[some].astype(np.float32) @ asked
        # In float64: the products are whole numbers, and the same on each computer.
        return found * self._scale.take(rows) * float(scale)

    def of_rows(self, rows: Array) -> Floats:
        """The vectors of some rows, each of length 1 (0 for a post without a word)."""
        self._ensure(rows)
        codes = self._codes.data.reshape(-1, DIMENSIONS)[rows]
        return codes * self._scale.take(rows).astype(np.float64)[:, None]

    def near(self, query: Floats) -> Array:
        """The rows (ascending) that are worth a look for a vector: all, or those of its cells."""
        if not len(self._centroids):
            return np.arange(self._posts)
        codes = quantised(query)[0][:COARSE].astype(np.float32)
        centroids = self._centroids.whole().reshape(-1, COARSE)
        starts = self._starts.whole()
        order = np.argsort(-(centroids @ codes), kind="stable")
        sizes = np.diff(starts)[order]
        enough = int(np.searchsorted(np.cumsum(sizes), LOOKED_AT)) + 1
        found = [self._rows[starts[cell] : starts[cell + 1]] for cell in order[:enough].tolist()]
        rows = np.sort(np.concatenate(found)).astype(np.int64)
        inside = not len(rows) or (rows[0] >= 0 and rows[-1] < self._posts)
        self._rows.require(bool(inside), "a number is out of range")
        return rows

    def _ensure(self, rows: Array) -> None:
        for block in np.unique(rows * DIMENSIONS >> 14).tolist():
            self._codes.ensure(block << 14, min((block + 1) << 14, len(self._codes)))
