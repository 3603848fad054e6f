"""Phrases in streams of tokens, against a reader of them in plain Python."""

from itertools import chain
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.query.phrases import WIDTHS, Streams, posts_with

WORDS, SEPARATOR = 4, 4  # the words are 0 to 3, the marker of n tokens is 3 + n


class Compound(NamedTuple):
    """Some words and the one word that they also are."""

    parts: tuple[int, ...]
    whole: int


Text = list[int | Compound]
WORD = st.integers(0, WORDS - 1)
PARTS = st.lists(WORD, min_size=2, max_size=4).map(tuple)
TEXTS = st.lists(st.one_of(WORD, WORD, WORD, st.builds(Compound, PARTS, WORD)), max_size=12)
POSTS = st.lists(st.tuples(TEXTS, st.one_of(TEXTS, TEXTS.map(lambda text: text * 30))), max_size=9)
PHRASES = st.lists(WORD, min_size=1, max_size=4)


def _stream(text: Text) -> list[int]:
    stream: list[int] = []
    for part in text:
        if isinstance(part, Compound):
            stream += [*part.parts, SEPARATOR + len(part.parts) - 1, part.whole]
        else:
            stream.append(part)
    return stream


def _streams(posts: list[tuple[Text, Text]]) -> Streams:
    streams = [[*_stream(title), SEPARATOR, *_stream(text)] for title, text in posts]
    offsets = np.cumsum([0, *map(len, streams)]).astype(np.int32)
    return Streams(offsets, np.array(list(chain(*streams)), np.int32), SEPARATOR)


def _read(text: Text, joined: bool) -> list[int]:
    """A text in one of its readings."""
    read: list[int] = []
    for part in text:
        if isinstance(part, Compound):
            read += [part.whole] if joined else part.parts
        else:
            read.append(part)
    return read


def _holds(text: Text, split: list[int], joined: list[int]) -> bool:
    """Whether either reading of the text has the same reading of the phrase, word by word."""
    return any(
        phrase == read[at : at + len(phrase)]
        for phrase, read in ((split, _read(text, False)), (joined, _read(text, True)))
        for at in range(len(read))
    )


@given(POSTS, PHRASES, st.none() | PHRASES, st.data())
def test_the_rows_are_those_of_plain_python(
    posts: list[tuple[Text, Text]], split: list[int], other: list[int] | None, data: st.DataObject
) -> None:
    """Those rows are found whose title or text has the phrase, out of any rows that are given."""
    joined = split if other is None else other
    rows = [row for row in range(len(posts)) if data.draw(st.booleans())]
    for title in (True, False):
        expected = [
            row
            for row in rows
            if any(_holds(text, split, joined) for text in posts[row][: 1 if title else 2])
        ]
        found = posts_with(
            _streams(posts), np.array(rows, int), split, joined, title=title
        ).nonzero()[0]
        assert found.tolist() == expected


def test_a_compound_is_read_in_two_ways() -> None:
    """Of "0 1-2 3", where 1-2 is also 0, the split reading is 0 1 2 3 and the joined is 0 0 3."""
    streams = _streams([([], [0, Compound((1, 2), 0), 3])])
    for split, joined, fits in (
        ([1, 2], [1, 2], True),
        ([0, 1, 2, 3], [3, 3], True),
        ([3, 3], [0, 0, 3], True),
        ([0, 0], [1, 2], False),  # each in the other reading
        ([2, 0], [2, 0], False),  # next to each other in no reading
    ):
        assert (
            posts_with(streams, np.arange(1), split, joined, title=False).nonzero()[0].tolist()
            == [0] * fits
        )


def test_a_phrase_stays_in_its_post_and_its_part() -> None:
    """Words at the end of the title and the start of the text are no phrase, nor of two posts."""
    streams = _streams([([0], [1, 2]), ([3], [0])])
    for phrase in ([0, 1], [2, 3]):
        assert (
            posts_with(streams, np.arange(2), phrase, phrase, title=False).nonzero()[0].tolist()
            == []
        )
    assert posts_with(streams, np.arange(2), [0], [0], title=True).nonzero()[0].tolist() == [0]
    assert posts_with(streams, np.arange(2), [0], [0], title=False).nonzero()[0].tolist() == [0, 1]


@pytest.mark.parametrize("length", [n + d for n in WIDTHS for d in (-2, -1, 0, 1)])
def test_the_last_words_of_posts_of_any_length(length: int) -> None:
    """The end of a post is found, whether it fills its window, is longer, or is the last of all."""
    text: Text = [*[0] * length, 1]
    streams = _streams([([2], text)] * 3)
    for phrase, rows in (([0, 1], [0, 1, 2]), ([1, 2], []), ([2, 0], [])):
        assert (
            posts_with(streams, np.arange(3), phrase, phrase, title=False).nonzero()[0].tolist()
            == rows
        )
