"""Groups of lines: content-defined chunks of a file, by which unchanged lines are recognised.

A line ends a group if a hash of some of its bytes is small, which one line in 16 is. So a change
in a line changes its group and the next at most, wherever the lines stand in the file. The digest
of a group tells whether an earlier state of a file had the same lines.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int64]

DIGEST = 16  # bytes of a digest
_BYTES_AT_ONCE = 1 << 24
_MULTIPLIER = np.uint32(0x85EBCA6B)  # of MurmurHash3


class Groups(NamedTuple):
    """The groups of a file in order: the byte where each ends, its number of lines, its digest."""

    ends: Ints
    lines: Ints
    digests: list[bytes]


def groups(data: bytes | bytearray) -> Groups:
    """The groups of the lines of `data`; the last line may lack its newline.

    The hash is that of `index/README.md`: of the length of a line and four of its bytes.
    """
    characters = np.frombuffer(data, np.uint8)
    newlines = [
        np.flatnonzero(characters[at : at + _BYTES_AT_ONCE] == ord("\n")) + at + 1
        for at in range(0, len(data), _BYTES_AT_ONCE)
    ]
    ends = np.concatenate([np.zeros(0, np.int64), *newlines])
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
