"""The greatest of many values, of which a few are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

STEP = 16  # of so many values one is looked at first


def greatest(values: Array, count: int) -> Array:
    """The places of the `count` greatest values, greatest first, then by place.

    >>> greatest(np.array([1, 3, 2, 3, 3]), 2).tolist()
    [1, 3]
    """
    # The n-th greatest of some values is at most the n-th greatest of all.
    places = np.flatnonzero(values >= _least(values[::STEP], count))
    places = places[values[places] >= _least(values[places], count)]
    best: Array = places[np.argsort(-values[places], kind="stable")][:count]
    return best


def _least(values: Array, count: int) -> Any:
    """The `count`-th greatest value; the least one where there are fewer values."""
    place = max(0, len(values) - count)
    return np.partition(values, place)[place] if len(values) else 0
