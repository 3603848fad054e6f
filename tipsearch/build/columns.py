"""Columns: many posts as tables of strings and arrays, as an index stores them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.analyzer import fold
from tipsearch.build import counting
from tipsearch.build.counting import Words
from tipsearch.corpus.dates import day
from tipsearch.store.records import TEASER, record
from tipsearch.store.strings import Table, encode, gather

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.analysis.analyzer import Analyzer


class Columns(NamedTuple):
    """The id, record, folded title, flags, day, categories and words of some posts, in any order.

    In `categories` text i has the categories of post i, each as one word. In `words` text 2i is the
    title of post i, and text 2i + 1 its text.
    """

    ids: list[str]
    records: Table
    titles: Table
    flags: npt.NDArray[np.uint8]
    days: npt.NDArray[np.int32]
    categories: Words
    words: Words


def columns(posts: Sequence[Any], analyzer: Analyzer) -> Columns:
    """The columns of posts, or of drafts that have an id; words are split but not tokenised.

    Raises SettingError on half of a surrogate pair, which is no character and has no bytes.
    """
    return Columns(
        [post.id for post in posts],
        encode([record(post) for post in posts]),
        encode([fold(post.title) for post in posts]),
        np.array([TEASER * (post.kind == "teaser") for post in posts], np.uint8),
        np.array([day(post.date) for post in posts], np.int32),
        _numbered([post.categories for post in posts]),
        counting.split([text for post in posts for text in (post.title, post.text)], analyzer),
    )


def _numbered(lists: Sequence[Sequence[str]]) -> Words:
    """Lists of strings as words, without splitting them."""
    numbers: dict[str, int] = {}
    places = [numbers.setdefault(string, len(numbers)) for strings in lists for string in strings]
    lengths = np.fromiter(map(len, lists), np.int32, len(lists))
    return Words([*numbers], np.array(places, np.int32), lengths)


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of all parts, one after the other."""
    parts = [part for part in parts if part.ids]
    if len(parts) == 1:
        return parts[0]
    return Columns(
        [id for part in parts for id in part.ids],
        _concatenated([part.records for part in parts]),
        _concatenated([part.titles for part in parts]),
        np.concatenate([np.zeros(0, np.uint8), *(part.flags for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.days for part in parts)]),
        counting.joined([part.categories for part in parts]),
        counting.joined([part.words for part in parts]),
    )


def without(full: Columns, left_out: npt.NDArray[np.bool_]) -> Columns:
    """The columns of the posts for which the mask `left_out` is False."""
    if not left_out.any():
        return full
    kept = np.flatnonzero(~left_out)
    return Columns(
        [full.ids[i] for i in kept.tolist()],
        gather([full.records], kept),
        gather([full.titles], kept),
        full.flags[kept],
        full.days[kept],
        _of_texts(full.categories, ~left_out),
        _of_texts(full.words, np.repeat(~left_out, 2)),
    )


def _of_texts(words: Words, texts: npt.NDArray[np.bool_]) -> Words:
    """The words of some texts, given by a mask; with only the forms that these have."""
    places = words.places[np.repeat(texts, words.lengths)]
    used = np.unique(places)
    number = np.zeros(len(words.forms), np.int32)
    number[used] = np.arange(len(used))
    return Words([words.forms[i] for i in used.tolist()], number[places], words.lengths[texts])


def _concatenated(tables: Sequence[Table]) -> Table:
    lengths = [np.zeros(0, np.int64), *(np.diff(table.offsets) for table in tables)]
    return Table.of(b"".join(table.blob for table in tables), np.concatenate(lengths))
