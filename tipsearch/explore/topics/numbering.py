"""Which of the new topics is which of the old ones? Numbers stay with the posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]


def begin(ids: Sequence[str], older: Mapping[str, int]) -> Numbers:
    """The place of each post's older number among all of them, -1 for a post that had none."""
    places = {number: place for place, number in enumerate(sorted(set(older.values())))}
    return np.array([places[older[id]] if id in older else -1 for id in ids], np.int64)


def numbers(
    ids: Sequence[str], main: Numbers, n: int, older: Mapping[str, int], last: int = 0
) -> list[int]:
    """A number for each of `n` topics, given the main topic of each post.

    A topic takes the older number with which it shares most posts, so that in all as many posts as
    can be keep theirs (Kuhn, "The Hungarian Method", 1955). The others go on counting after those
    and `last`, the greatest ever given, the ones of the most posts first.

    >>> numbers(["a", "b", "c", "d"], np.array([0, 0, 1, 2]), 3, {"b": 7, "c": 4})
    [7, 4, 8]
    """
    from scipy.optimize import linear_sum_assignment

    known = sorted(set(older.values()))
    begun, sizes = begin(ids, older), np.bincount(main, minlength=n)
    shared = np.zeros((n, len(known)), np.int64)
    np.add.at(shared, (main[begun >= 0], begun[begun >= 0]), 1)
    found = dict.fromkeys(range(n), 0)
    for topic, place in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[topic, place]:
            found[int(topic)] = known[place]
    after = max([last, *known])
    for topic in sorted(range(n), key=lambda topic: (-sizes[topic], topic)):
        if not found[topic]:
            after += 1
            found[topic] = after
    return [*found.values()]
