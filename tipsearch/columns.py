"""Posts as an index stores them, many at once: lines and numbers instead of objects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch import counting
from tipsearch.counting import Tokens
from tipsearch.lexicon import Table, encode
from tipsearch.records import record
from tipsearch.text import fold

if TYPE_CHECKING:
    from tipsearch.text import Analyzer


class Columns(NamedTuple):
    """Some posts in any order: the id, the record and the folded title of each.

    Text 2i of `tokens` is the title of post i, 2i + 1 its text.
    """

    ids: list[str]
    records: Table
    titles: Table
    tokens: Tokens


def columns(posts: Sequence[Any], analyzer: Analyzer, *, with_nltk: bool) -> Columns:
    """The columns of posts, or of drafts that have an id.

    Raises SettingError on half of a surrogate pair, which is no character and has no bytes.
    """
    texts = [text for post in posts for text in (post.title, post.text)]
    return Columns(
        [post.id for post in posts],
        encode([record(post) for post in posts]),
        encode([fold(post.title) for post in posts]),
        counting.tokens(texts, analyzer, with_nltk=with_nltk),
    )


def joined(parts: Sequence[Columns]) -> Columns:
    """The columns of several parts as one."""
    return Columns(
        [id for part in parts for id in part.ids],
        _chained([part.records for part in parts]),
        _chained([part.titles for part in parts]),
        counting.joined([part.tokens for part in parts]),
    )


def _chained(tables: Sequence[Table]) -> Table:
    lengths = [np.zeros(0, np.int64), *(np.diff(table.offsets) for table in tables)]
    return Table.of(b"".join(table.blob for table in tables), np.concatenate(lengths))
