"""Dense search: the posts whose embeddings have the greatest cosine with that of a query.

In a large index the embeddings lie in cells, each around a centroid. A search scans only the cells
whose centroids have the greatest product with the query (an inverted file: Sivic and Zisserman,
"Video Google", 2003). A small index has no cells and is scanned as a whole.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import COARSE_DIMENSIONS, quantised
from tipsearch.ranking.topk.selection import contenders

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import Embeddings
    from tipsearch.store.storage import Array

    Floats = npt.NDArray[np.float64]
    Singles = npt.NDArray[np.float32]

SCANNED = 8_000  # posts at least, in the best cells


class Candidates(NamedTuple):
    """Posts to be scored: their rows, ascending, their codes and their scale.

    `codes` are float32, shape (posts, DIMENSIONS); `scale` float32, one entry a post.
    """

    rows: Array
    codes: Singles
    scale: Array

    def cosines(self, query: Floats) -> Floats:
        """The cosine of each post with a vector (float64, shape (DIMENSIONS,)): float64."""
        codes, scale = quantised(query)
        # Products are whole numbers below 2^24, exact in float32: the same on each computer.
        products: Floats = (self.codes @ codes.astype(np.float32)).astype(np.float64)
        products *= self.scale.astype(np.float64) * float(scale)
        return products

    def merged(self, others: Candidates) -> Candidates:
        """These posts and others, by row."""
        rows = np.append(self.rows, others.rows)
        order = np.argsort(rows)
        codes = np.concatenate([self.codes, others.codes])[order]
        return Candidates(rows[order], codes, np.append(self.scale, others.scale)[order])


class DenseSearch:
    """Search in the embeddings of an index, by cell if there are cells, else by row.

    Each part is checked when it is first used. Raises IndexCorrupt.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._codes, self._scale = embeddings.codes, embeddings.scale
        self._rows, self._places = embeddings.rows, embeddings.places
        self._starts, self._centroids = embeddings.starts, embeddings.centroids
        self._posts = len(embeddings.scale)
        self.in_cells = len(embeddings.starts) > 0

    def of(self, rows: Array) -> Candidates:
        """The posts of some ascending rows."""
        if not self.in_cells:
            return Candidates(rows, self._whole.codes[rows], self._whole.scale[rows])
        places = self._places.take(rows).astype(np.int64)
        inside = not len(places) or (places.min() >= 0 and places.max() < self._posts)
        self._places.fail_unless(bool(inside), "a number is out of range")
        table = self._codes.take(places, DIMENSIONS).astype(np.float32)
        return Candidates(rows, table, self._checked(self._scale.take(places)))

    def nearest(self, query: Floats, limit: int) -> Candidates:
        """The candidates for a vector: all posts, or where there are cells about `limit`.

        These are the best posts of the scanned cells by their product with the vector in the first
        COARSE_DIMENSIONS numbers. Posts that tie with the last stay.
        """
        if not self.in_cells:
            return self._whole
        codes = quantised(query).codes[:COARSE_DIMENSIONS].astype(np.float32)
        starts, centroids = self._cells
        order = np.argsort(-(centroids @ codes), kind="stable")
        enough = int(np.searchsorted(np.cumsum(np.diff(starts)[order]), SCANNED)) + 1
        ranges = [(int(starts[cell]), int(starts[cell + 1])) for cell in order[:enough]]
        for start, end in ranges:
            self._codes.ensure(start * DIMENSIONS, end * DIMENSIONS)
        places = np.concatenate([np.arange(start, end) for start, end in ranges])
        table = self._codes.data.reshape(-1, DIMENSIONS)[:, :COARSE_DIMENSIONS]
        coarse = np.concatenate([table[start:end] for start, end in ranges]).astype(np.float32)
        scale = self._checked(np.concatenate([self._scale[start:end] for start, end in ranges]))
        estimates = (coarse @ codes).astype(np.float64) * scale
        best = contenders(places, np.asarray(estimates), limit)[0]
        rows = self._rows.take(best).astype(np.int64)
        inside = not len(rows) or (rows.min() >= 0 and rows.max() < self._posts)
        self._rows.fail_unless(bool(inside), "a number is out of range")
        order = np.argsort(rows)
        codes = self._codes.take(best[order], DIMENSIONS).astype(np.float32)
        return Candidates(rows[order], codes, self._scale.take(best[order]))

    @cached_property
    def _whole(self) -> Candidates:
        table = self._codes.whole().astype(np.float32).reshape(-1, DIMENSIONS)
        return Candidates(np.arange(self._posts), table, self._checked(self._scale.whole()))

    def _checked(self, scale: Array) -> Array:
        """The scale. Raises IndexCorrupt where an entry is not from 0 to 1."""
        fits = not len(scale) or (scale.min() >= 0 and scale.max() <= 1)  # NaN fails too
        self._scale.fail_unless(bool(fits), "a number is out of range")
        return scale

    @cached_property
    def _cells(self) -> _Cells:
        starts = self._starts.whole().astype(np.int64)
        fits = starts[0] == 0 and starts[-1] == self._posts and bool(np.all(np.diff(starts) >= 0))
        self._starts.fail_unless(fits, "it does not ascend")
        centroids = self._centroids.whole().reshape(-1, COARSE_DIMENSIONS)
        # NaN fails too; sums of bounded entries stay finite.
        bounded = bool(np.all(np.abs(centroids) <= 1))
        self._centroids.fail_unless(bounded, "a number is out of range")
        return _Cells(starts, centroids)


class _Cells(NamedTuple):
    """The place where each cell starts and the last ends, and the centroids of the cells.

    `centroids` is float32 of shape (cells, COARSE_DIMENSIONS).
    """

    starts: Array
    centroids: Array
