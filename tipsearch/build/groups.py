"""Which stretches of a file of lines were there before, wherever they stood in it?

A file is cut into groups of some 16 lines where the lines themselves say so, so that a change in
one line changes the group that it is in and no other (content-defined chunking, as rsync and its
like do it). A digest of each group tells whether an older file had the same lines.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

DIGEST = 16  # bytes of a digest
_STRETCH = 1 << 24
_MULTIPLIER = np.uint32(0x85EBCA6B)  # of MurmurHash3


class Groups(NamedTuple):
    """The groups of a file in order: where each ends, its number of lines, its digest."""

    ends: Ints
    lines: Ints
    digests: list[bytes]


def groups(data: bytes | bytearray) -> Groups:
    """The groups of the lines of `data`, which end with a newline each, but for the last."""
    characters = np.frombuffer(data, np.uint8)
    found = [
        np.flatnonzero(characters[at : at + _STRETCH] == ord("\n")) + at + 1
        for at in range(0, len(data), _STRETCH)
    ]
    ends = np.concatenate([np.zeros(0, np.int64), *found])
    if len(data) and (not len(ends) or ends[-1] < len(data)):
        ends = np.append(ends, len(data))
    starts_of_lines = np.append(0, ends[:-1])[: len(ends)]
    lengths = ends - starts_of_lines
    key = lengths.astype(np.uint32)
    for eighth in (2, 4, 6, 8):  # the last one stands before the `"}` of a post
        places = starts_of_lines + np.maximum(lengths - 4, 0) * eighth // 8
        key = (key ^ (key >> np.uint32(15))) * _MULTIPLIER + characters[places]
    last = np.flatnonzero((key * _MULTIPLIER) >> np.uint32(28) == 0)
    if len(ends) and (not len(last) or last[-1] < len(ends) - 1):
        last = np.append(last, len(ends) - 1)
    group_ends = ends[last]
    starts = np.append(0, group_ends[:-1]).tolist()
    digests = [
        hashlib.sha256(data[start:end]).digest()[:DIGEST]
        for start, end in zip(starts, group_ends.tolist(), strict=False)
    ]
    return Groups(group_ends, np.diff(last, prepend=-1), digests)
