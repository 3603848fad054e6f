"""Phrases: which posts have some tokens next to each other, by their streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.store.ranges import places_of

if TYPE_CHECKING:
    from tipsearch.store.storage import Array
    from tipsearch.store.streams import Codes

ROWS_AT_ONCE = 1 << 16


def matching(
    offsets: Array, tokens: Array, codes: Codes, rows: Array, wanted: Sequence[int],
    joined: bool, title: bool,
) -> Array:  # fmt: skip
    found = []
    for at in range(0, len(rows), ROWS_AT_ONCE):
        some = rows[at : at + ROWS_AT_ONCE]
        stream = tokens[places_of(offsets, some)]
        owner = np.repeat(some, offsets[some + 1] - offsets[some])
        keep = _reading(stream, codes, joined)
        if title:
            seps = np.cumsum(stream == codes.separator)
            starts = np.repeat(
                np.cumsum(offsets[some + 1] - offsets[some]) - (offsets[some + 1] - offsets[some]),
                offsets[some + 1] - offsets[some],
            )
            before = seps - np.where(starts > 0, seps[starts - 1], 0)
            keep &= before == 0
        stream, owner = stream[keep], owner[keep]
        n = len(wanted)
        if len(stream) < n:
            continue
        hit = owner[: len(owner) - n + 1] == owner[n - 1 :]
        for i, token in enumerate(wanted):
            hit &= stream[i : len(stream) - n + 1 + i] == token
        found.append(np.unique(owner[: len(owner) - n + 1][hit]))
    return np.concatenate([np.zeros(0, np.int64), *found])


def _reading(stream: Array, codes: Codes, joined: bool) -> Array:
    keep = stream <= codes.separator
    for place in np.flatnonzero(~keep).tolist():
        if joined:
            parts = int(stream[place]) - codes.separator + 1
            keep[place - parts : place] = False
        else:
            keep[place + 1] = False
    return keep
