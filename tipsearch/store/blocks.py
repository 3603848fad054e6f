"""What is the most that a term can weigh among 32 posts that lie in a row?

A frequent term has one byte for each block of posts: its greatest weight there, rounded up to a
255th of its greatest anywhere. A rarer one is in few blocks, and its postings tell as fast.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

SHIFT = 5
SIZE = 1 << SHIFT
GROUP = 16  # blocks
LEVELS = 255
RARE = 256  # a term in fewer than one of this many posts is rare


def count(posts: int) -> int:
    """How many blocks so many posts have."""
    return -(-posts // SIZE)


def frequent_terms(frequencies: Array, posts: int) -> Array:
    """The terms (int32, ascending) that have block maxima, given the document frequencies."""
    return np.flatnonzero(frequencies >= max(posts / RARE, SIZE)).astype(np.int32)


def block_maxima(
    rows: Array, weights: Any, indptr: Array, terms: Array, posts: int
) -> npt.NDArray[np.uint8]:
    """The bytes of the frequent `terms`, one after the other, `count(posts)` for each."""
    table = np.zeros((len(terms), count(posts)), np.uint8)
    for levels, (start, end) in zip(table, _stretches(indptr, terms), strict=True):
        blocks, most = by_block(rows[start:end], weights[start:end])
        levels[blocks] = np.ceil(most * (LEVELS / most.max()) - 1e-9).clip(1, LEVELS)
    return table.ravel()


def groups(posts: int) -> int:
    """How many groups of blocks so many posts have."""
    return -(-count(posts) // GROUP)


def group_starts(rows: Array, indptr: Array, terms: Array, posts: int) -> npt.NDArray[np.int32]:
    """How many postings of each frequent term come before each group, and after the last."""
    firsts = np.arange(groups(posts) + 1) * (GROUP * SIZE)
    found = [np.searchsorted(rows[start:end], firsts) for start, end in _stretches(indptr, terms)]
    return np.concatenate([np.zeros(0), *found]).astype(np.int32)


def by_block(rows: Array, weights: Array) -> tuple[Array, Array]:
    """The blocks of some ascending rows, each once, and the greatest of the weights in each."""
    blocks = rows >> SHIFT
    starts = np.flatnonzero(np.diff(blocks, prepend=-1))
    return blocks[starts], np.maximum.reduceat(weights, starts)


def _stretches(indptr: Array, terms: Array) -> Iterator[tuple[int, int]]:
    return zip(indptr[terms].tolist(), indptr[terms + 1].tolist(), strict=True)
