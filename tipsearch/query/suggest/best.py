"""The greatest of many values, of which a few are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

STEP = 16  # of so many values one is looked at first


def greatest(values: Array, count: int) -> Array:
    """The places of the `count` greatest values, greatest first, then by place.

    >>> greatest(np.array([1, 3, 2, 3, 3]), 2).tolist()
    [1, 3]
    """
    places = np.arange(len(values))
    # The n-th greatest of some values is at most the n-th greatest of all.
    for step in (STEP, 1):
        some = values[places[::step]]
        if len(some) > count:
            least = np.partition(some, len(some) - count)[len(some) - count]
            places = places[values[places] >= least]
    places = places[::-1]  # sorted from last to first, equal values are in order of place
    best: Array = places[np.argsort(values[places], kind="stable")][::-1][:count]
    return best
