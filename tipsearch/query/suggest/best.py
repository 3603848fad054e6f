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
    places = _chosen(values, count)[::-1]  # from last to first: ties end in order of place
    best: Array = places[np.argsort(values[places], kind="stable")][::-1]
    return best


def _chosen(values: Array, count: int) -> Array:
    """The places that `greatest` gives, ascending."""
    if len(values) <= count:
        return np.arange(len(values))
    sample = values[::STEP]
    some = sample if len(sample) > count else values
    # The n-th greatest of some values is at most the n-th greatest of all.
    least = np.partition(some, len(some) - count)[len(some) - count]
    above = np.flatnonzero(values > least)
    if len(above) > count:
        return above[_chosen(values[above], count)]
    equal = np.flatnonzero(values == least)
    return np.sort(np.append(above, equal[: count - len(above)]))
