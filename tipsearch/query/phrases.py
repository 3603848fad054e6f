"""Phrases: the posts that have some tokens next to each other, found in the streams of posts.

The stream of a post has all its tokens in order: those of the title, a separator, those of the
text. After a compound such as "e-mail" come a marker, which says of how many tokens the compound
is, and the compound as one token. So a stream has two readings. The split reading has the parts of
each compound, the joined reading has the compound in their place. A phrase has two readings too,
and fits a post if it is in the post as read in the same way.

A phrase is followed from each place of its first token to the next token of the reading. All places
are followed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.store.streams import MAX_PARTS

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.storage import Array

    Places = npt.NDArray[np.int64]
    Mask = npt.NDArray[np.bool_]

WIDTHS = (16, 32, 64, 256)  # of windows, in tokens
CHUNK = 1 << 16  # tokens looked at at once: they stay in the cache
MANY = 8  # candidates that are more than one post of so many: all streams are scanned instead


class Streams:
    """The tokens of all posts: those of row i are `tokens[offsets[i]:offsets[i + 1]]`.

    The number `separator` stands between title and text, once in each post; lower ones are words.
    `separator + n - 1` marks a compound of n tokens: the n before it, which the next one joins.
    """

    def __init__(self, offsets: Array, tokens: Array, separator: int) -> None:
        self.offsets, self.tokens, self.separator = offsets, tokens, separator

    @cached_property
    def _joined_words(self) -> tuple[Array, Array]:
        """All joined words, ascending, and the row of each."""
        places = np.flatnonzero(self.tokens > self.separator) + 1
        words = self.tokens[places]
        order = np.argsort(words, kind="stable")
        return words[order], self.posts_of(places)[order].astype(np.int32)

    def posts_joining(self, tokens: Sequence[int]) -> Array:
        """The rows of the posts that have one of some tokens as a joined word, ascending."""
        words, posts = self._joined_words
        wanted = np.array([(token, token + 1) for token in set(tokens)], words.dtype)
        ends = np.searchsorted(words, wanted)
        found = np.sort(np.concatenate([posts[start:end] for start, end in ends]))
        return found[np.diff(found, prepend=-1) > 0]

    def posts_of(self, places: Places) -> Places:
        """The row of the post of each of some places."""
        # Of another type they would be compared with a copy of all offsets.
        return np.searchsorted(self.offsets, places.astype(self.offsets.dtype), side="right") - 1


def posts_with(
    streams: Streams, rows: Array, split: Sequence[int], joined: Sequence[int], *, title: bool
) -> Mask:
    """Which posts, of some ascending rows, have a phrase, in the title alone if `title`.

    `split` and `joined` are the two readings of the phrase, each of at least one word. Both are
    often the same. A phrase never goes on from the title to the text. The mask is of all rows.
    """
    found = np.zeros(len(streams.offsets) - 1, np.bool_)
    found[_follow(streams, rows, split, False, title)] = True
    if list(split) == list(joined):
        # Else than in the split reading it can only be found where it has a joined word.
        joining = streams.posts_joining(joined)
        rows = joining[_are_among(joining, rows)]
    found[_follow(streams, rows, joined, True, title)] = True
    return found


def _follow(streams: Streams, rows: Array, phrase: Sequence[int], join: bool, title: bool) -> Array:
    """Those of some ascending rows whose posts have a phrase in one reading, in any order."""
    if not len(rows):
        return rows
    reading, scan = _Reading(streams, join), len(rows) * MANY >= len(streams.offsets)
    if scan:
        second = phrase[1] if len(phrase) > 1 and not join else None
        places = _all_places(streams, phrase[0], second)
    else:
        places = _places(streams, rows, phrase[0])
    places = places[reading.has(places)]
    starts = places
    for token in phrase[1:]:
        places = reading.following(places)
        same = reading.tokens[places] == token
        starts, places = starts[same], places[same]
    posts = streams.posts_of(starts)
    inside = places < streams.offsets[posts + 1]
    if title:
        inside &= places < _title_ends(streams, posts)
    posts = posts[inside]
    return posts[_are_among(posts, rows)] if scan else posts


def _are_among(posts: Array, rows: Array) -> Mask:
    """Whether each of some posts is one of some ascending rows."""
    if not len(rows):
        return np.zeros(len(posts), np.bool_)
    return np.equal(rows.take(np.searchsorted(rows, posts), mode="clip"), posts)


def any_in_title(streams: Streams, rows: Array, tokens: Sequence[int]) -> Mask:
    """Whether the title of the post of each of some ascending rows has one of some tokens."""
    wanted = np.zeros(streams.separator, np.bool_)
    wanted[[*tokens]] = True
    lengths = _title_ends(streams, rows) - streams.offsets[rows]
    titles = streams.tokens[_ranges(streams.offsets[rows], lengths)]
    words = titles < streams.separator
    titles[~words] = 0
    found = np.zeros(len(rows), np.bool_)
    found[np.repeat(np.arange(len(rows)), lengths)[wanted[titles] & words]] = True
    return found


class _Reading:
    """The places of the tokens of all posts in one reading."""

    def __init__(self, streams: Streams, join: bool) -> None:
        self.tokens, self._separator, self._join = streams.tokens, streams.separator, join

    def has(self, places: Places) -> Mask:
        """Whether the reading has the token at each of some places, which are of words."""
        if not self._join:
            return ~self._is_marker(places - 1)
        kept = np.ones(len(places), np.bool_)
        for distance in range(1, MAX_PARTS + 1):  # to the marker of a compound of so many parts
            kept &= self._marked(places + distance) < distance
        return kept

    def following(self, places: Places) -> Places:
        """The place of the next token in the reading; of a word of any post at the very end."""
        following = places + 1
        if not self._join:
            following += 2 * self._is_marker(following)
        else:
            for parts in range(2, MAX_PARTS + 1):
                at_compound = self._marked(places + 1 + parts) == parts
                following += (parts + 1) * at_compound
        return np.minimum(following, len(self.tokens) - 1)

    def _marked(self, places: Places) -> Array:
        """The number of parts that the marker at each place says; less than 1 for other tokens."""
        tokens = self.tokens.take(places, mode="clip").astype(np.int64)
        tokens -= self._separator - 1
        tokens[(tokens < 2) | (places >= len(self.tokens))] = 0
        return tokens

    def _is_marker(self, places: Places) -> Mask:
        return (places >= 0) & (self.tokens.take(places, mode="clip") > self._separator)


def _all_places(streams: Streams, token: int, following: int | None) -> Places:
    """The places of a token in all streams; where `following` is one or a marker comes next."""
    found, tokens = [np.zeros(0, np.int64)], streams.tokens
    for first in range(0, len(tokens), CHUNK):
        chunk = tokens[first : first + CHUNK + 1]
        equal = chunk[:CHUNK] == token
        if following is not None:
            after = chunk[1:]
            equal = equal[: len(after)] & ((after == following) | (after > streams.separator))
        found.append(np.flatnonzero(equal) + first)
    return np.concatenate(found)


def _places(streams: Streams, rows: Array, token: int) -> Places:
    """The places of a token in the streams of some ascending rows."""
    offsets, tokens = streams.offsets, streams.tokens
    starts = offsets[rows].astype(np.int64)
    lengths = offsets[rows + 1] - starts
    found, least = [np.zeros(0, np.int64)], 0
    for width in WIDTHS:
        fits = (lengths > least) & (lengths <= width) & (starts <= len(tokens) - width)
        found += _in_windows(tokens, starts[fits], lengths[fits], width, token)
        lengths[fits] = 0
        least = width
    rest = lengths > 0
    places = _ranges(starts[rest], lengths[rest])
    found.append(places[tokens[places] == token])
    return np.concatenate(found)


def _in_windows(
    tokens: Array, starts: Places, lengths: Array, width: int, token: int
) -> Iterator[Places]:
    """The places of a token in the first `lengths` of `width` tokens from each start on.

    To copy windows of equal width is several times as fast as to gather tokens.
    """
    itemsize = tokens.itemsize
    windows: Array = np.ndarray(
        max(len(tokens) - width + 1, 0), f"V{itemsize * width}", tokens, strides=(itemsize,)
    )
    for first in range(0, len(starts), CHUNK // width):
        some = slice(first, first + CHUNK // width)
        copied = windows[starts[some]].view(tokens.dtype)
        posts, at = np.divmod(np.flatnonzero(copied == token), width)
        inside = at < lengths[some][posts]
        yield starts[some][posts[inside]] + at[inside]


def _title_ends(streams: Streams, rows: Array) -> Places:
    """The place of the separator of each of some rows."""
    ends, left = streams.offsets[rows].astype(np.int64), np.arange(len(rows))
    while len(left):  # as often as the longest title has tokens
        left = left[streams.tokens[ends[left]] != streams.separator]
        ends[left] += 1
    return ends


def _ranges(starts: Array, lengths: Array) -> Places:
    """The places of ranges of these lengths, one after the other."""
    pointers = np.append(0, np.cumsum(lengths))
    places: Places = np.arange(int(pointers[-1])) + np.repeat(starts - pointers[:-1], lengths)
    return places
