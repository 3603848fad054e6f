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
    Mask = npt.NDArray[np.bool_]
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

    def nearest(self, query: Floats, limit: int, allowed: Mask | None = None) -> Candidates:
        """The candidates for a vector: all posts, or where there are cells about `limit`.

        These are the best allowed posts of the scanned cells by their product with the vector in
        the first COARSE_DIMENSIONS numbers. Posts that tie with the last stay. So many cells are
        scanned that SCANNED allowed posts are in them, or all allowed posts. `allowed` is a mask of
        all rows, None where all are allowed. Without cells it is not looked at.
        """
        if not self.in_cells:
            return self._whole
        codes = quantised(query).codes[:COARSE_DIMENSIONS].astype(np.float32)
        starts, centroids = self._cells
        order, sizes = np.argsort(-(centroids @ codes), kind="stable"), np.diff(starts)
        if allowed is not None:
            allowed = allowed[self._all_rows]  # by place
            before = np.append(0, np.cumsum(allowed))
            sizes = before[starts[1:]] - before[starts[:-1]]
        enough = int(np.searchsorted(np.cumsum(sizes[order]), SCANNED)) + 1
        scanned = order[:enough][sizes[order[:enough]] > 0]
        ranges = [(int(starts[cell]), int(starts[cell + 1])) for cell in scanned]
        for start, end in ranges:
            self._codes.ensure(start * DIMENSIONS, end * DIMENSIONS)
        places = np.concatenate([np.zeros(0, np.int64), *(np.arange(*ends) for ends in ranges)])
        table = self._codes.data.reshape(-1, DIMENSIONS)[:, :COARSE_DIMENSIONS]
        if allowed is None:  # slices are copied faster than single rows
            coarse = np.concatenate([table[start:end] for start, end in ranges])
        else:
            places = places[allowed[places]]
            coarse = table[places]
        coarse, scale = coarse.astype(np.float32), self._checked(self._scale.take(places))
        estimates = (coarse @ codes).astype(np.float64) * scale
        best = contenders(places, np.asarray(estimates), limit)[0]
        rows = self._rows.take(best).astype(np.int64)
        inside = not len(rows) or (rows.min() >= 0 and rows.max() < self._posts)
        self._rows.fail_unless(bool(inside), "a number is out of range")
        order = np.argsort(rows)
        codes = self._codes.take(best[order], DIMENSIONS).astype(np.float32)
        return Candidates(rows[order], codes, self._scale.take(best[order]))

    @cached_property
    def _all_rows(self) -> Array:
        """The row at each place."""
        rows = self._rows.whole()
        inside = not len(rows) or (rows.min() >= 0 and rows.max() < self._posts)
        self._rows.fail_unless(bool(inside), "a number is out of range")
        return rows

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
