"""Block maxima: the greatest weight of a term in each block of 32 posts, as one byte.

The byte is 255 * (greatest weight in the block) / (greatest weight in all posts), rounded up. Only
frequent terms have block maxima: a rare term is in few blocks, and its postings are read as fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SHIFT = 5
SIZE = 1 << SHIFT  # posts of a block
GROUP = 16  # blocks of a group
LEVELS = 255  # the byte of the greatest weight of a term
RARE = 256  # a term in fewer than one of this many posts is rare


def count(posts: int) -> int:
    """The number of blocks of so many posts."""
    return -(-posts // SIZE)


def frequent_terms(frequencies: Array, posts: int) -> Array:
    """The terms that have block maxima, given all document frequencies: int32, ascending."""
    return np.flatnonzero(frequencies >= max(posts / RARE, SIZE)).astype(np.int32)


def block_maxima(
    rows: Array, weights: Any, indptr: Array, terms: Array, posts: int
) -> npt.NDArray[np.uint8]:
    """The block maxima of `terms`: uint8, `count(posts)` for each term, one term after the other.

    Term t is in the posts `rows[indptr[t]:indptr[t + 1]]`, ascending, with the `weights` beside
    them. The byte is computed in the type of the weights, so that of float32 weights may be too
    low by a relative error of some 1e-7; who uses it as a bound adds that.
    """
    table = np.zeros((len(terms), count(posts)), np.uint8)
    for block_max, (start, end) in zip(table, _ranges(indptr, terms), strict=True):
        blocks, maxima = by_block(rows[start:end], weights[start:end])
        block_max[blocks] = np.ceil(maxima * (LEVELS / maxima.max()) - 1e-9).clip(1, LEVELS)
    return table.ravel()


def group_count(posts: int) -> int:
    """The number of groups of blocks of so many posts."""
    return -(-count(posts) // GROUP)


def group_starts(rows: Array, indptr: Array, terms: Array, posts: int) -> npt.NDArray[np.int32]:
    """How many postings of each of the `terms` come before each group of blocks, and in all.

    int32, `group_count(posts) + 1` for each term, one term after the other.
    """
    firsts = np.arange(group_count(posts) + 1) * (GROUP * SIZE)
    starts = [np.searchsorted(rows[start:end], firsts) for start, end in _ranges(indptr, terms)]
    return np.concatenate([np.zeros(0), *starts]).astype(np.int32)


def by_block(rows: Array, weights: Array) -> tuple[Array, Array]:
    """The blocks that some ascending rows are in, each once, and the greatest weight in each."""
    blocks = rows >> SHIFT
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    return blocks[starts], np.maximum.reduceat(weights, starts)


def _ranges(indptr: Array, terms: Array) -> Iterator[tuple[int, int]]:
    return zip(indptr[terms].tolist(), indptr[terms + 1].tolist(), strict=True)
