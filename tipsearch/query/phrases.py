"""Phrases: the posts that have some tokens next to each other, found in the streams of posts.

The stream of a post has all its tokens in order: those of the title, a separator, those of the
text. After a compound such as "e-mail" come a marker, which says of how many tokens the compound
is, and the compound as one token. So a stream has two readings. The split reading has the parts of
each compound, the joined reading has the compound in their place. A phrase has two readings too,
and fits a post if it is in the post as read in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.storage import Array

    Rows = npt.NDArray[np.int64]

WIDTHS = (16, 32, 64, 256)  # of windows, in tokens
CHUNK = 1 << 16  # tokens looked at at once: they stay in the cache


class Streams(NamedTuple):
    """The tokens of all posts: those of row i are `tokens[offsets[i]:offsets[i + 1]]`.

    The number `separator` stands between title and text, once in each post; lower ones are words.
    `separator + n - 1` marks a compound of n tokens: the n before it, which the next one joins.
    """

    offsets: Array
    tokens: Array
    separator: int


def rows_with(
    streams: Streams, rows: Array, split: Sequence[int], joined: Sequence[int], *, title: bool
) -> Array:
    """Those of some ascending rows whose posts have a phrase, in the title alone if `title`.

    `split` and `joined` are the two readings of the phrase, each of at least one word. Both are
    often the same. A phrase never goes on from the title to the text.
    """
    starts = streams.offsets[rows].astype(np.int64)
    lengths = streams.offsets[rows + 1] - starts
    found, left = np.zeros(len(rows), np.bool_), np.ones(len(rows), np.bool_)
    phrases = [split] if list(split) == list(joined) else [split, joined]
    least = 0
    for width in WIDTHS:
        fits = (lengths > least) & (lengths <= width) & (starts <= len(streams.tokens) - width)
        for some in _chunks(np.flatnonzero(fits), CHUNK // width):
            window = _Windows(streams, starts[some], lengths[some], width)
            for phrase in phrases:
                found[some[window.having(phrase, title=title)]] = True
            left[some] = window.has_compound
        least = width
    found &= ~left
    for some in _chunks(np.flatnonzero(left), CHUNK // WIDTHS[0]):
        raw = _gathered(streams, starts[some], lengths[some])
        for phrase, join in ((split, False), (joined, True)):
            reading = _Reading(*raw, streams.separator, join=join)
            found[some[reading.having(phrase, title=title)]] = True
    kept: Array = rows[found]
    return kept


def any_in_title(streams: Streams, rows: Array, tokens: Sequence[int]) -> npt.NDArray[np.bool_]:
    """Whether the title of the post of each of some ascending rows has one of some tokens."""
    wanted = np.zeros(streams.separator, np.bool_)
    wanted[[*tokens]] = True
    starts = streams.offsets[rows].astype(np.int64)
    lengths, found = streams.offsets[rows + 1] - starts, np.zeros(len(rows), np.bool_)
    for some in _chunks(np.arange(len(rows)), CHUNK // WIDTHS[0]):
        stream, posts = _gathered(streams, starts[some], lengths[some])
        separators = np.flatnonzero(stream == streams.separator)
        in_title = np.arange(len(stream)) < separators[posts]
        words = np.flatnonzero(in_title & (stream < streams.separator))
        found[some[posts[words[wanted[stream[words]]]]]] = True
    return found


def _chunks(places: Rows, size: int) -> Iterator[Rows]:
    return (places[at : at + size] for at in range(0, len(places), size))


def _places(tokens: Array, phrase: Sequence[int]) -> Rows:
    """Where a phrase starts in some tokens."""
    count = max(len(tokens) - len(phrase) + 1, 0)
    equal = tokens[:count] == phrase[0]
    for at, token in enumerate(phrase[1:], 1):
        equal &= tokens[at : at + count] == token
    return np.flatnonzero(equal)


def _gathered(streams: Streams, starts: Rows, lengths: Rows) -> tuple[Array, Rows]:
    """The tokens of some posts, one post after the other, and which of the posts each is of."""
    posts = np.repeat(np.arange(len(starts)), lengths)
    shifts = starts - np.cumsum(lengths) + lengths
    return streams.tokens[np.arange(len(posts)) + shifts[posts]], posts


class _Windows:
    """The streams of some posts, as they are, in windows of equal width.

    A window goes on into the next post where its own is shorter. To copy windows is several times
    as fast as to gather tokens.
    """

    def __init__(self, streams: Streams, starts: Rows, lengths: Rows, width: int) -> None:
        tokens, self._width, self._lengths = streams.tokens, width, lengths
        windows: Array = np.ndarray(
            len(tokens) - width + 1,
            f"V{tokens.itemsize * width}",
            tokens,
            strides=(tokens.itemsize,),
        )
        self._tokens = windows[starts].view(tokens.dtype)
        self._separator = streams.separator
        self.has_compound = np.zeros(len(starts), np.bool_)
        posts, at = np.divmod(np.flatnonzero(self._tokens > streams.separator), width)
        self.has_compound[posts[at < lengths[posts]]] = True

    def having(self, phrase: Sequence[int], *, title: bool) -> Rows:
        """Which of the posts have the phrase. The compounds in them are not understood."""
        places = _places(self._tokens, phrase)
        posts, at = np.divmod(places, self._width)
        ends = self._lengths
        if title:
            ends = np.full(len(ends), self._width)
            separators = np.flatnonzero(self._tokens == self._separator)[::-1]
            ends[separators // self._width] = separators % self._width  # the first one stays
        return posts[at + len(phrase) <= ends[posts]]


class _Reading:
    """The tokens of some posts in one reading, one post after the other."""

    def __init__(self, tokens: Array, posts: Rows, separator: int, *, join: bool) -> None:
        markers = np.flatnonzero(tokens > separator)
        kept = np.ones(len(tokens), np.bool_)
        kept[markers] = False
        if join:
            parts = tokens[markers] - separator + 1
            for back in range(1, int(parts.max(initial=0)) + 1):
                kept[markers[parts >= back] - back] = False
        else:
            kept[markers + 1] = False
        self._tokens, self._posts = tokens[kept], posts[kept]
        self._separators = np.flatnonzero(self._tokens == separator)

    def having(self, phrase: Sequence[int], *, title: bool) -> Rows:
        """Which of the posts have the phrase."""
        places = _places(self._tokens, phrase)
        posts = self._posts[places]
        places = places[posts == self._posts[places + len(phrase) - 1]]
        if title:
            places = places[places < self._separators[self._posts[places]]]
        found: Rows = self._posts[places]
        return found
