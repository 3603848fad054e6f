"""Dates of posts: the rows of a period, by an order of all rows with the newest post first."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus.dates import NO_DATE

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

WIDE = 4  # a period with more than one of so many posts is found faster by comparing all days


def newest(days: Array) -> Array:
    """All rows, the newest post first, posts of one day by row, posts without a date last: int32.

    `days` has the date of each post, as `corpus.dates` has it.

    >>> newest(np.array([3, -(2**31), 9, 3], np.int32)).tolist()
    [2, 0, 3, 1]
    """
    # The complement reverses the order, and cannot overflow as the negative can.
    return np.argsort(~days, kind="stable").astype(np.int32)


class Days:
    """The `days` of all posts, and all rows in the order of `newest`."""

    def __init__(self, days: Array, order: Array) -> None:
        self.days, self.newest = days, order

    @cached_property
    def years(self) -> Array:
        """The year of each post: int16; 0 without a date."""
        years = self.days.astype("M8[D]").astype("M8[Y]").astype(np.int64) + 1970
        return np.where(self.days == NO_DATE, 0, years).astype(np.int16)

    def between(self, first: int, last: int) -> Array:
        """The rows of the posts dated from `first` to `last`, in days, in order of `newest`."""
        return self.newest[self._place(last) : self._place(first - 1)]

    def mask(self, first: int, last: int) -> Array:
        """Whether each post is dated from `first` to `last`: bool."""
        rows = self.between(first, last)
        if len(rows) * WIDE > len(self.days):
            return (self.days >= first) & (self.days <= last)
        mask = np.zeros(len(self.days), bool)
        mask[rows] = True
        return mask

    def newest_of(self, mask: Array, limit: int) -> list[int]:
        """The first `limit` rows of a mask in the order of `newest`."""
        rows = np.flatnonzero(mask)
        if len(rows) * WIDE < len(mask):
            rows = rows[newest(self.days[rows])]
        else:
            rows = self.newest[mask[self.newest]]
        found: list[int] = rows[:limit].tolist()
        return found

    def _place(self, day: int) -> int:
        """The number of posts that are dated after a day."""
        days, order = self.days, self.newest
        return bisect_left(range(len(order)), -day, key=lambda place: -int(days[order[place]]))
