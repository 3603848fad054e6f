"""The greatest of many values, of which a few are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.storage import Array


def greatest(values: Array, count: int) -> Array:
    """The places of the `count` greatest values, greatest first, then by place.

    >>> greatest(np.array([1, 3, 2, 3, 3]), 2).tolist()
    [1, 3]
    """
    places = np.arange(len(values))
    if 0 < count < len(values):
        least = np.partition(values, len(values) - count)[len(values) - count]
        above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)
        places = np.append(above, equal[: count - len(above)])
    return places[np.lexsort((places, -values[places]))][:count]
