"""Signatures of strings: 64 bits each, by which spelling skips words at too great a distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.storage import Array
    from tipsearch.store.strings import Table

PREFIX = 32  # characters that a signature counts
CONTINUATION = 0xC0, 0x80  # a byte that continues a character in UTF-8: the mask, its bits


def signatures(table: Table) -> Array:
    r"""The signature of each string: uint64.

    A character is of class c if its code point is c modulo 32. Bit c is set if one of the first 32
    characters of the string is of class c, and bit 32 + c if two are.

    An insertion, deletion, substitution or swap puts at most one more character among the first
    32, and takes at most one from them. So of two strings at distance d, at most d bits are set
    only in the one, and at most d only in the other.

    >>> from tipsearch.store.strings import Table
    >>> [f"{bits:x}" for bits in signatures(Table.of(b"\nabba\n", np.array([1, 5]))).tolist()]
    ['0', '600000006']
    """
    data = np.frombuffer(table.blob, np.uint8)
    mask, continuing = CONTINUATION
    lasts = data != ord("\n")  # the last byte of each character: it holds the lowest bits
    lasts[:-1] &= data[1:] & mask != continuing
    firsts = np.append(0, np.cumsum(lasts))[table.offsets]
    letters = data[lasts] & 31
    lengths, firsts = np.diff(firsts), firsts[:-1]
    once, twice = np.zeros((2, len(lengths)), np.uint64)
    long = np.arange(len(lengths))
    for place in range(PREFIX):
        long = long[lengths[long] > place]
        bit = np.uint64(1) << letters[firsts[long] + place].astype(np.uint64)
        before = once[long]
        twice[long] |= before & bit
        once[long] = before | bit
    bits: Array = once | twice << np.uint64(32)
    return bits
