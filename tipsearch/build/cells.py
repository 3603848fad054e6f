"""Cells: groups of posts near each other by embedding, by deterministic k-means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.embedding.vectors import COARSE_DIMENSIONS, Embedded, quantised

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

SMALL = 20_000  # posts: of fewer, all are compared with a query
SAMPLE = 16_384  # posts from which the centroids are computed
ROUNDS = 8
ROWS_AT_ONCE = 1 << 16


def cells(vectors: Embedded) -> tuple[Embedded, dict[str, Array]]:
    """The vectors in the order in which they are stored, and the arrays of the cells.

    There are floor(sqrt(posts)) cells. `cells.rows` (int32) has the row at each place,
    `cells.places` (int32) the place of each row, `cells.starts` (int32) the first place of each
    cell and the end of the last, `cells.centroids` (float32) COARSE_DIMENSIONS numbers for each
    cell. A corpus of fewer than SMALL posts has no cells, and its vectors stay in order of row. The
    sample has posts at equal distances, so the outcome depends on the vectors alone.
    """
    posts, empty = len(vectors.scale), np.zeros(0, np.int32)
    if posts < SMALL:
        arrays = dict.fromkeys(("cells.rows", "cells.places", "cells.starts"), empty)
        return vectors, {**arrays, "cells.centroids": empty.astype(np.float32)}
    centroids = _centroids(vectors, int(np.sqrt(posts)))
    of_rows = np.empty(posts, np.int32)
    for at in range(0, posts, ROWS_AT_ONCE):
        rows = np.arange(at, min(at + ROWS_AT_ONCE, posts))
        of_rows[rows] = _nearest(vectors.codes[rows, :COARSE_DIMENSIONS], centroids)
    order = np.argsort(of_rows, kind="stable").astype(np.int32)
    places = np.empty(posts, np.int32)
    places[order] = np.arange(posts, dtype=np.int32)
    starts = np.searchsorted(of_rows[order], np.arange(len(centroids.scale) + 1)).astype(np.int32)
    return Embedded(vectors.codes[order], vectors.scale[order]), {
        "cells.rows": order,
        "cells.places": places,
        "cells.starts": starts,
        "cells.centroids": (centroids.codes * centroids.scale[:, None]).ravel(),
    }


def _centroids(vectors: Embedded, count: int) -> Embedded:
    """The centroids of so many cells, in the first COARSE_DIMENSIONS numbers of a vector."""
    rows = np.arange(SAMPLE) * len(vectors.scale) // SAMPLE
    sample = vectors.codes[rows, :COARSE_DIMENSIONS]
    units = (sample * vectors.scale[rows, None]).astype(np.float64)
    centroids = quantised(units[np.arange(count) * SAMPLE // count])
    for _ in range(ROUNDS):
        sums = np.zeros((count, COARSE_DIMENSIONS))
        np.add.at(sums, _nearest(sample, centroids), units)
        moved, empty = quantised(sums), ~sums.any(axis=1)
        moved.codes[empty], moved.scale[empty] = centroids.codes[empty], centroids.scale[empty]
        centroids = moved
    return centroids


def _nearest(coarse: Array, centroids: Embedded) -> Array:
    """The number of the nearest centroid, by cosine, of each row of codes.

    The sums of products are whole numbers that float32 holds, so every computer has the same.
    """
    similarity = coarse.astype(np.float32) @ centroids.codes.T.astype(np.float32)
    similarity *= centroids.scale
    return np.asarray(similarity.argmax(axis=1))
