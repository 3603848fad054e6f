"""Into which cells does a large corpus fall? k-means, the same for the same posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.semantic.vectors import COARSE

if TYPE_CHECKING:
    from tipsearch.semantic.embedding import Embedded
    from tipsearch.storage import Array

SMALL = 20_000  # posts: fewer are searched whole
SAMPLE = 16_384
ROUNDS = 8
PIECE = 1 << 16


def cells(vectors: Embedded) -> dict[str, Array]:
    """The arrays of the cells: rows by cell, where each cell starts, and the centroids (float32).

    For a small corpus there are none. Every so-many-th post is in the sample, so the outcome
    depends on nothing but the vectors.
    """
    table, scale = vectors
    posts = len(scale)
    if posts < SMALL:
        return {
            "cells.rows": np.zeros(0, np.int32),
            "cells.starts": np.zeros(0, np.int32),
            "cells.centroids": np.zeros(0, np.float32),
        }
    count = int(np.sqrt(posts))
    sample = _coarse(table, scale, np.arange(SAMPLE) * posts // SAMPLE)
    centroids = sample[np.arange(count) * SAMPLE // count]
    for _ in range(ROUNDS):
        nearest = (sample @ centroids.T).argmax(axis=1)
        sums = np.zeros_like(centroids)
        np.add.at(sums, nearest, sample)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        centroids = np.where(lengths > 0, sums / np.maximum(lengths, 1e-9), centroids)
    of_posts = np.empty(posts, np.int32)
    for at in range(0, posts, PIECE):
        rows = np.arange(at, min(at + PIECE, posts))
        of_posts[rows] = (_coarse(table, scale, rows) @ centroids.T).argmax(axis=1)
    order = np.argsort(of_posts, kind="stable").astype(np.int32)
    starts = np.searchsorted(of_posts[order], np.arange(count + 1)).astype(np.int32)
    return {
        "cells.rows": order,
        "cells.starts": starts,
        "cells.centroids": centroids.astype(np.float32).ravel(),
    }


def _coarse(table: Array, scale: Array, rows: Array) -> Array:
    """The first dimensions of some rows, float32."""
    return np.asarray(table[rows, :COARSE] * scale[rows, None], np.float32)
