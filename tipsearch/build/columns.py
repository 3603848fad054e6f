"""Posts as an index stores them, many at once: lines and numbers instead of objects."""

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
    """Some posts in any order: the id, record, folded title, flags and day of each.

    Text 2i of `words` is the title of post i, 2i + 1 its text.
    """

    ids: list[str]
    records: Table
    titles: Table
    flags: npt.NDArray[np.uint8]
    days: npt.NDArray[np.int32]
    words: Words


def columns(posts: Sequence[Any], analyzer: Analyzer) -> Columns:
    """The columns of posts, or of drafts that have an id; the words are still to be tokenised.

    Raises SettingError on half of a surrogate pair, which is no character and has no bytes.
    """
    return Columns(
        [post.id for post in posts],
        encode([record(post) for post in posts]),
        encode([fold(post.title) for post in posts]),
        np.array([TEASER * (post.kind == "teaser") for post in posts], np.uint8),
        np.array([day(post.date) for post in posts], np.int32),
        counting.split([text for post in posts for text in (post.title, post.text)], analyzer),
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of several parts as one."""
    parts = [part for part in parts if part.ids]
    if len(parts) == 1:
        return parts[0]
    return Columns(
        [id for part in parts for id in part.ids],
        _chained([part.records for part in parts]),
        _chained([part.titles for part in parts]),
        np.concatenate([np.zeros(0, np.uint8), *(part.flags for part in parts)]),
        np.concatenate([np.zeros(0, np.int32), *(part.days for part in parts)]),
        counting.joined([part.words for part in parts]),
    )


def without(whole: Columns, left_out: npt.NDArray[np.bool_]) -> Columns:
    """The columns of the posts for which the mask `left_out` is False."""
    if not left_out.any():
        return whole
    kept, words = np.flatnonzero(~left_out), whole.words
    texts = np.repeat(~left_out, 2)
    places = words.places[np.repeat(texts, words.lengths)]
    used = np.unique(places)
    number = np.zeros(len(words.forms), np.int32)
    number[used] = np.arange(len(used))
    return Columns(
        [whole.ids[i] for i in kept.tolist()],
        gather([whole.records], kept),
        gather([whole.titles], kept),
        whole.flags[kept],
        whole.days[kept],
        Words([words.forms[i] for i in used.tolist()], number[places], words.lengths[texts]),
    )


def _chained(tables: Sequence[Table]) -> Table:
    lengths = [np.zeros(0, np.int64), *(np.diff(table.offsets) for table in tables)]
    return Table.of(b"".join(table.blob for table in tables), np.concatenate(lengths))
