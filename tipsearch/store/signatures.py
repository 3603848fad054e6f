"""Signatures of strings: 64 bits that tell which strings cannot be near to each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.storage import Array
    from tipsearch.store.strings import Table

PREFIX = 32  # characters that a signature counts
FOLLOWS = 0xC0, 0x80  # these bits of a byte are those where it goes on with a character in UTF-8


def signatures(table: Table) -> Array:
    r"""64 bits of each string: which characters it has (by code point modulo 32), and which twice.

    Bit c says that one of the first 32 characters is of class c, and bit 32 + c that two are. An
    insertion, deletion, substitution or swap puts at most one character more among the first 32,
    and takes at most one from them. So of two strings at distance d at most d bits are in the one
    alone, and at most d in the other alone.

    >>> from tipsearch.store.strings import Table
    >>> [f"{bits:x}" for bits in signatures(Table.of(b"\nabba\n", np.array([1, 5]))).tolist()]
    ['0', '600000006']
    """
    data = np.frombuffer(table.blob, np.uint8)
    mask, following = FOLLOWS
    lasts = data != ord("\n")  # the last byte of each character: it holds the lowest bits
    lasts[:-1] &= data[1:] & mask != following
    firsts = np.append(0, np.cumsum(lasts))[table.offsets]
    letters = data[lasts] & 31
    lengths, firsts = np.diff(firsts), firsts[:-1]
    once, twice = np.zeros((2, len(lengths)), np.uint64)
    long = np.arange(len(lengths))
    for place in range(PREFIX):
        long = long[lengths[long] > place]
        bit = np.uint64(1) << letters[firsts[long] + place].astype(np.uint64)
        had = once[long]
        twice[long] |= had & bit
        once[long] = had | bit
    found: Array = once | twice << np.uint64(32)
    return found
