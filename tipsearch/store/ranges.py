"""Ranges: lists of numbers of many rows in one array, with pointers, as in a CSR matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Numbers = npt.NDArray[np.integer[Any]]


def places_of(pointers: Numbers, rows: Numbers) -> Numbers:
    """The places of the items of some rows, one row after the other: int32 or int64.

    Row i has the items at `pointers[i]` to `pointers[i + 1]`.

    >>> places_of(np.array([0, 2, 2, 5]), np.array([2, 0])).tolist()
    [2, 3, 4, 0, 1]
    """
    starts = pointers[rows]
    lengths = pointers[rows + np.int64(1)] - starts
    ends = np.cumsum(lengths, dtype=np.int64)
    total = int(ends[-1]) if len(ends) else 0
    small = max(total, int(pointers[-1])) < 1 << 31
    shifts = starts - (ends - lengths)
    places: Numbers = np.repeat(shifts.astype(np.int32 if small else np.int64), lengths)
    places += np.arange(len(places), dtype=places.dtype)
    return places
