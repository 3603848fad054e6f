"""Which posts are about what a query is about? Cosines of embeddings, and the greatest of them.

In a large index the posts lie in cells, each around a centroid; a search looks into the cells
whose centroids are nearest to the query, and no others (an inverted file: Sivic and Zisserman,
"Video Google", 2003). A small one is searched whole.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.semantic.embedding import quantised
from tipsearch.semantic.model import DIMENSIONS

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.storage import Array, Checked

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]

COARSE = 64  # the first dimensions, which this model orders by weight, tell which cell
LOOKED_AT = 6_000  # posts, in the nearest cells


class Pool(NamedTuple):
    """Posts that are worth a look: their rows, codes (float32) and scale."""

    rows: Array
    codes: Singles
    scale: Array

    def cosines(self, query: Floats) -> Floats:
        """The cosine of each to a vector (float64, DIMENSIONS)."""
        codes, scale = quantised(query)
        # The products are whole numbers below 2^24: exact, so the same on each computer.
        return (
            (self.codes @ codes.astype(np.float32)) * self.scale.astype(np.float64) * float(scale)
        )


class Vectors:
    """The vectors of an index's posts; what is used of them is checked first.

    They lie by cell, if there are any, else by row.
    """

    ARRAYS = (
        "vectors.codes", "vectors.scale", "cells.rows", "cells.places", "cells.starts",
        "cells.centroids",
    )  # fmt: skip

    def __init__(
        self,
        codes: Checked[Array],
        scale: Checked[Array],
        *cells: Checked[Array],
    ) -> None:
        self._codes, self._scale = codes, scale
        self._rows, self._places, self._starts, self._centroids = cells
        self._posts = len(scale)
        self.in_cells = len(self._starts) > 0

    def of(self, rows: Array) -> Pool:
        """These rows."""
        if not self.in_cells:
            return Pool(rows, self._whole.codes[rows], self._whole.scale[rows])
        places = self._places.take(rows)
        inside = not len(places) or (places.min() >= 0 and places.max() < self._posts)
        self._places.require(bool(inside), "a number is out of range")
        codes = [self._codes[at * DIMENSIONS : (at + 1) * DIMENSIONS] for at in places.tolist()]
        table = np.array(codes, np.float32).reshape(-1, DIMENSIONS)
        return Pool(rows, table, self._scale.take(places))

    def near(self, query: Floats) -> Pool:
        """The rows that are worth a look for a vector: all, or those of its cells."""
        if not self.in_cells:
            return self._whole
        codes = quantised(query).codes[:COARSE].astype(np.float32)
        order = np.argsort(-(self._cells.centroids @ codes), kind="stable")
        sizes = np.diff(self._cells.starts)[order]
        enough = int(np.searchsorted(np.cumsum(sizes), LOOKED_AT)) + 1
        starts = self._cells.starts
        places = [(starts[cell], starts[cell + 1]) for cell in order[:enough].tolist()]
        rows = np.concatenate([self._rows[start:end] for start, end in places])
        inside = not len(rows) or (rows.min() >= 0 and rows.max() < self._posts)
        self._rows.require(bool(inside), "a number is out of range")
        table = np.empty((len(rows), DIMENSIONS), np.float32)
        at = 0
        for start, end in places:
            codes = self._codes[start * DIMENSIONS : end * DIMENSIONS]
            table[at : at + end - start] = codes.reshape(-1, DIMENSIONS)
            at += end - start
        scale = np.concatenate([self._scale[start:end] for start, end in places])
        return Pool(rows.astype(np.int64), table, scale)

    @cached_property
    def _whole(self) -> Pool:
        table = self._codes.whole().astype(np.float32).reshape(-1, DIMENSIONS)
        return Pool(np.arange(self._posts), table, self._scale.whole())

    @cached_property
    def _cells(self) -> _Cells:
        starts = self._starts.whole().astype(np.int64)
        fits = starts[0] == 0 and starts[-1] == self._posts and bool(np.all(np.diff(starts) >= 0))
        self._starts.require(fits, "it does not ascend")
        return _Cells(starts, self._centroids.whole().reshape(-1, COARSE))


class _Cells(NamedTuple):
    """Where each cell starts, and the last one ends; float32 centroids, shape (cells, COARSE)."""

    starts: Array
    centroids: Array
