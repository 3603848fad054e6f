"""Into which cells does a large corpus fall? k-means, the same for the same posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.embedding.vectors import COARSE, Embedded, quantised

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

SMALL = 20_000  # posts: fewer are searched whole
SAMPLE = 16_384
ROUNDS = 8
PIECE = 1 << 16


def cells(vectors: Embedded) -> tuple[Embedded, dict[str, Array]]:
    """The vectors as they are stored, and the arrays of the cells in which they lie.

    `cells.rows` has the row at each place, `cells.places` the place of each row, `cells.starts`
    the first place of each cell and the end of the last, `cells.centroids` float32 numbers. A
    small corpus has none, and lies by row. Every so-many-th post is in the sample that tells the
    centroids, so the outcome depends on nothing but the vectors.
    """
    posts, none = len(vectors.scale), np.zeros(0, np.int32)
    if posts < SMALL:
        arrays = dict.fromkeys(("cells.rows", "cells.places", "cells.starts"), none)
        return vectors, {**arrays, "cells.centroids": none.astype(np.float32)}
    centroids = _centroids(vectors, int(np.sqrt(posts)))
    of_rows = np.empty(posts, np.int32)
    for at in range(0, posts, PIECE):
        rows = np.arange(at, min(at + PIECE, posts))
        of_rows[rows] = _nearest(vectors.codes[rows, :COARSE], centroids)
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
    """The centres of so many cells, in their coarse dimensions."""
    rows = np.arange(SAMPLE) * len(vectors.scale) // SAMPLE
    sample = vectors.codes[rows, :COARSE]
    units = (sample * vectors.scale[rows, None]).astype(np.float64)
    centroids = quantised(units[np.arange(count) * SAMPLE // count])
    for _ in range(ROUNDS):
        sums = np.zeros((count, COARSE))
        np.add.at(sums, _nearest(sample, centroids), units)
        moved, empty = quantised(sums), ~sums.any(axis=1)
        moved.codes[empty], moved.scale[empty] = centroids.codes[empty], centroids.scale[empty]
        centroids = moved
    return centroids


def _nearest(coarse: Array, centroids: Embedded) -> Array:
    """The number of the centroid nearest to each of some rows of codes.

    Their products are whole numbers, so each computer has the same, however it adds them up.
    """
    likeness = coarse.astype(np.float32) @ centroids.codes.T.astype(np.float32)
    likeness *= centroids.scale
    return np.asarray(likeness.argmax(axis=1))
