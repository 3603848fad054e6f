"""Prefixes: the strings of a table that start with given bytes, as a range of their order.

The first 8 bytes of each string, in that order, are one array of numbers. A prefix of up to 8 bytes
is found by two binary searches in it, and many prefixes are found at once. A longer prefix takes
one more binary search, among the strings that share its first 8 bytes.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.store.storage import Checked
from tipsearch.store.strings import prefix_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.storage import Array
    from tipsearch.store.strings import Strings, Table

    Keys = npt.NDArray[np.uint64]

KEY = 8  # bytes of a string that its key holds
# A key has each byte plus 1, and 0 beyond the end. No byte of UTF-8 is 255.
_PLUS_ONE = bytes((byte + 1) % 256 for byte in range(256))
_ONES = np.uint64(0x0101010101010101)


class Prefixes:
    """The strings of a table in order of their bytes: string `order[i]` is at place i.

    Without an `order`, such as `strings.prefix_order` gives, it is computed. Raises IndexCorrupt
    where the order is a wrong one.
    """

    def __init__(self, strings: Strings, order: Checked[Array] | None = None) -> None:
        self._table = strings.lines()
        order = order or Checked(prefix_order(self._table))
        self.order = order.whole()
        fits = len(order) == len(strings) and (
            not len(order) or (self.order.min() >= 0 and self.order.max() < len(strings))
        )
        order.fail_unless(bool(fits), "a number is out of range")
        self._keys = _keys(self._table, self.order)
        in_order = bool(np.all(self._keys[1:] >= self._keys[:-1]))
        order.fail_unless(in_order, "its strings are not in order")

    def string(self, place: int) -> str:
        """The string at a place."""
        return str(self._bytes(place), "utf-8")

    def _bytes(self, place: int) -> bytes:
        number = self.order[place]
        start, end = self._table.offsets[number], self._table.offsets[number + 1]
        return bytes(self._table.blob[start : end - 1])

    def span(self, prefix: str) -> tuple[int, int]:
        """The first place of the strings that start with a prefix (not empty), and the end."""
        data = prefix.encode(errors="surrogatepass")
        starts, ends = self.spans([data])
        start, end = int(starts[0]), int(ends[0])
        if len(data) > KEY:

            def head(place: int) -> bytes:
                return self._bytes(place)[: len(data)]

            places = range(len(self.order))
            start = bisect_left(places, data, start, end, key=head)
            end = bisect_right(places, data, start, end, key=head)
        return start, end

    def equal_to(self, string: str) -> tuple[int, int]:
        """The first place of the strings that are this one (not empty), and the end."""
        start, end = self.span(string)
        data = string.encode(errors="surrogatepass")
        return start, bisect_right(range(len(self.order)), data, start, end, key=self._bytes)

    def spans(self, prefixes: Sequence[bytes]) -> tuple[Array, Array]:
        """The first place and the end for the first 8 bytes of each prefix (none is empty)."""
        heads = b"".join([prefix[:KEY].ljust(KEY, b"\xff") for prefix in prefixes])
        firsts = np.frombuffer(heads.translate(_PLUS_ONE), ">u8").astype(np.uint64)
        lengths = np.fromiter(map(len, prefixes), np.int64, len(prefixes))
        unused = (8 * (KEY - np.minimum(lengths, KEY))).astype(np.uint64)
        steps = np.uint64(1) << unused
        return np.searchsorted(self._keys, firsts), np.searchsorted(self._keys, firsts + steps)


def _keys(table: Table, order: Array) -> Keys:
    """The keys of the strings in this order."""
    starts, ends = table.offsets[order].astype(np.int64), table.offsets[order + 1] - 1
    # Every 8 bytes in sequence, as one number that starts at each byte.
    data = b"".join((table.blob, bytes(KEY)))
    windows = np.ndarray(len(data) - KEY + 1, ">u8", data, strides=(1,))
    unused = (8 * (KEY - np.minimum(ends - starts, KEY))).astype(np.uint64)
    mask = (~np.uint64(0) >> unused) << unused
    keys: Keys = (windows[starts].astype(np.uint64) + _ONES) & mask
    return keys
