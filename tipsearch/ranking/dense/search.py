"""Which posts are about what a query is about? Cosines of embeddings, and the greatest of them.

In a large index the posts lie in cells, each around a centroid; a search looks into the cells
whose centroids are nearest to the query, and no others (an inverted file: Sivic and Zisserman,
"Video Google", 2003). A small one is searched whole.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import COARSE, quantised
from tipsearch.ranking.topk.selection import contenders

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import Embeddings
    from tipsearch.store.storage import Array

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]

LOOKED_AT = 8_000  # posts, in the nearest cells


class Candidates(NamedTuple):
    """Posts that are worth a look: their rows, codes (float32) and scale."""

    rows: Array
    codes: Singles
    scale: Array

    def cosines(self, query: Floats) -> Floats:
        """The cosine of each to a vector (float64, DIMENSIONS)."""
        codes, scale = quantised(query)
        # The products are whole numbers below 2^24: exact, so the same on each computer.
        found: Floats = (self.codes @ codes.astype(np.float32)).astype(np.float64)
        found *= self.scale.astype(np.float64) * float(scale)
        return found

    def with_others(self, more: Candidates) -> Candidates:
        """These and others, by row."""
        rows = np.append(self.rows, more.rows)
        order = np.argsort(rows)
        codes = np.concatenate([self.codes, more.codes])[order]
        return Candidates(rows[order], codes, np.append(self.scale, more.scale)[order])


class DenseSearch:
    """The vectors of an index's posts; what is used of them is checked first.

    They lie by cell, if there are any, else by row.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._codes, self._scale = embeddings.codes, embeddings.scale
        self._rows, self._places = embeddings.rows, embeddings.places
        self._starts, self._centroids = embeddings.starts, embeddings.centroids
        self._posts = len(embeddings.scale)
        self.in_cells = len(embeddings.starts) > 0

    def of(self, rows: Array) -> Candidates:
        """These rows."""
        if not self.in_cells:
            return Candidates(rows, self._whole.codes[rows], self._whole.scale[rows])
        places = self._places.take(rows).astype(np.int64)
        inside = not len(places) or (places.min() >= 0 and places.max() < self._posts)
        self._places.fail_unless(bool(inside), "a number is out of range")
        table = self._codes.take(places, DIMENSIONS).astype(np.float32)
        return Candidates(rows, table, self._lengths(self._scale.take(places)))

    def near(self, query: Floats, limit: int) -> Candidates:
        """The posts that are worth a look for a vector: all, or the best `limit` of its cells.

        Which of these are the best, the coarse dimensions tell.
        """
        if not self.in_cells:
            return self._whole
        codes = quantised(query).codes[:COARSE].astype(np.float32)
        starts, centroids = self._cells
        order = np.argsort(-(centroids @ codes), kind="stable")
        enough = int(np.searchsorted(np.cumsum(np.diff(starts)[order]), LOOKED_AT)) + 1
        stretches = [(int(starts[cell]), int(starts[cell + 1])) for cell in order[:enough]]
        for start, end in stretches:
            self._codes.ensure(start * DIMENSIONS, end * DIMENSIONS)
        places = np.concatenate([np.arange(start, end) for start, end in stretches])
        table = self._codes.data.reshape(-1, DIMENSIONS)[:, :COARSE]
        coarse = np.concatenate([table[start:end] for start, end in stretches]).astype(np.float32)
        scale = self._lengths(np.concatenate([self._scale[start:end] for start, end in stretches]))
        likeness = (coarse @ codes).astype(np.float64) * scale
        best = contenders(places, np.asarray(likeness), limit)[0]
        rows = self._rows.take(best).astype(np.int64)
        inside = not len(rows) or (rows.min() >= 0 and rows.max() < self._posts)
        self._rows.fail_unless(bool(inside), "a number is out of range")
        order = np.argsort(rows)
        codes = self._codes.take(best[order], DIMENSIONS).astype(np.float32)
        return Candidates(rows[order], codes, self._scale.take(best[order]))

    @cached_property
    def _whole(self) -> Candidates:
        table = self._codes.whole().astype(np.float32).reshape(-1, DIMENSIONS)
        return Candidates(np.arange(self._posts), table, self._lengths(self._scale.whole()))

    def _lengths(self, scale: Array) -> Array:
        """The same scale, or IndexCorrupt where a number of it is none."""
        fits = not len(scale) or (scale.min() >= 0 and scale.max() <= 1)  # NaN fails too
        self._scale.fail_unless(bool(fits), "a number is out of range")
        return scale

    @cached_property
    def _cells(self) -> _Cells:
        starts = self._starts.whole().astype(np.int64)
        fits = starts[0] == 0 and starts[-1] == self._posts and bool(np.all(np.diff(starts) >= 0))
        self._starts.fail_unless(fits, "it does not ascend")
        centroids = self._centroids.whole().reshape(-1, COARSE)
        # Of finite numbers as large as these can be, no sum is infinite.
        bounded = bool(np.all(np.abs(centroids) <= 1))
        self._centroids.fail_unless(bounded, "a number is out of range")
        return _Cells(starts, centroids)


class _Cells(NamedTuple):
    """Where each cell starts, and the last one ends; float32 centroids, shape (cells, COARSE)."""

    starts: Array
    centroids: Array
