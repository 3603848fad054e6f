"""Sightings: the places (file and lines) where posts were seen, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.errors import SettingError
from tipsearch.store.strings import pointers

if TYPE_CHECKING:
    from tipsearch.corpus.post import Post
    from tipsearch.store.storage import Array


class Sightings(NamedTuple):
    """The sightings of some posts, one after the other; post i has the next `sizes[i]` of them.

    A sighting is the line `first`, and the `more` lines after it, of the file `names[path]`.
    """

    names: Sequence[str]
    sizes: Array
    path: Array
    first: Array
    more: Array

    def take(self, posts: Array) -> Sightings:
        """The sightings of these posts, in the order given."""
        sizes = self.sizes[posts]
        starts = (np.cumsum(self.sizes) - self.sizes)[posts]
        ends = pointers(sizes)
        places = np.repeat(starts - ends[:-1], sizes) + np.arange(ends[-1])
        return Sightings(
            self.names, sizes, self.path[places], self.first[places], self.more[places]
        )

    def tidy(self) -> Sightings:
        """The same sightings, with only the names that are used, sorted."""
        used = np.unique(self.path).tolist()
        names = sorted({self.names[path] for path in used})
        number = {name: n for n, name in enumerate(names)}
        numbers = np.zeros(len(self.names), np.int32)
        numbers[used] = [number[self.names[path]] for path in used]
        return self._replace(names=names, path=numbers[self.path])


def of_posts(posts: Sequence[Post]) -> Sightings:
    """The sightings in `Post.sources`. Raises SettingError for impossible line numbers."""
    places = [source for post in posts for source in post.sources]
    for place in places:
        if not 0 <= place.first <= place.last < 1 << 31:
            raise SettingError("the lines of a source", place, "numbers from 0 on, first and last")
    numbers = {path: n for n, path in enumerate(dict.fromkeys(place.path for place in places))}
    return Sightings(
        list(numbers),
        np.array([len(post.sources) for post in posts], np.int32),
        np.array([numbers[place.path] for place in places], np.int32),
        np.array([place.first for place in places], np.int32),
        np.array([place.last - place.first for place in places], np.int32),
    )


def of_lines(name: str, lines: Array) -> Sightings:
    """The sightings of posts that are one line each of one file."""
    zeros = np.zeros(len(lines), np.int32)
    return Sightings([name], zeros + 1, zeros, lines.astype(np.int32), zeros)


def joined(parts: Sequence[Sightings]) -> Sightings:
    """The sightings of all parts, one after the other."""
    names = list(dict.fromkeys(name for part in parts for name in part.names))
    number = {name: n for n, name in enumerate(names)}
    empty = [np.zeros(0, np.int32)]
    renumbered = [np.array([number[name] for name in part.names], np.int32) for part in parts]
    return Sightings(
        names,
        np.concatenate([*empty, *(part.sizes for part in parts)]),
        np.concatenate(
            [*empty, *(n[part.path] for n, part in zip(renumbered, parts, strict=True))]
        ),
        np.concatenate([*empty, *(part.first for part in parts)]),
        np.concatenate([*empty, *(part.more for part in parts)]),
    )
