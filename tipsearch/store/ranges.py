"""Ranges: lists of numbers of many rows in one array, with pointers, as in a CSR matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.integer[Any]]


def places_of(pointers: Numbers, rows: Numbers) -> Numbers:
    """The places of the items of some rows, one row after the other: int64.

    Row i has the items at `pointers[i]` to `pointers[i + 1]`.

    >>> places_of(np.array([0, 2, 2, 5]), np.array([2, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    starts = pointers[rows].astype(np.int64)
    lengths = pointers[rows + np.int64(1)] - starts
    ends = np.cumsum(lengths)
    places: Numbers = np.repeat(starts - (ends - lengths), lengths)
    places += np.arange(len(places))
    return places
