"""Numbers of topics that stay the same between runs: new topics are matched to previous ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Numbers = npt.NDArray[np.int64]


def previous_topics(ids: Sequence[str], older: Mapping[str, int]) -> Numbers:
    """Return the previous topic of each post: int64, shape (posts,).

    It is the rank of its number among the numbers in `older`, from 0; -1 for a post without one.
    """
    places = {number: place for place, number in enumerate(sorted(set(older.values())))}
    return np.array([places[older[id]] if id in older else -1 for id in ids], np.int64)


def numbers(
    ids: Sequence[str], main: Numbers, n: int, older: Mapping[str, int], last: int = 0
) -> list[int]:
    """Return a number for each of `n` topics, given the main topic of each post.

    `older` has the previous number of posts by id, `last` the greatest number given so far. Topics
    are assigned previous numbers so that the most posts keep theirs (Kuhn, "The Hungarian Method",
    1955). The others get new numbers after all of these, the largest topic first.

    >>> numbers(["a", "b", "c", "d"], np.array([0, 0, 1, 2]), 3, {"b": 7, "c": 4})
    [7, 4, 8]
    """
    from scipy.optimize import linear_sum_assignment

    known = sorted(set(older.values()))
    before, sizes = previous_topics(ids, older), np.bincount(main, minlength=n)
    shared = np.zeros((n, len(known)), np.int64)
    np.add.at(shared, (main[before >= 0], before[before >= 0]), 1)
    assigned = dict.fromkeys(range(n), 0)
    for topic, place in zip(*linear_sum_assignment(-shared), strict=True):
        if shared[topic, place]:
            assigned[int(topic)] = known[place]
    greatest = max([last, *known])
    for topic in sorted(range(n), key=lambda topic: (-sizes[topic], topic)):
        if not assigned[topic]:
            greatest += 1
            assigned[topic] = greatest
    return [*assigned.values()]
