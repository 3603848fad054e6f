"""Tally of a query log: the distinct queries and their counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.querylog import MAX_COUNT
from tipsearch.errors import EmptyQueryError, SettingError

EXPECTED = (
    "texts in a list, or with how often each was asked, from 1 to 10^12, in pairs or a mapping"
)


def tally(queries: Iterable[str | tuple[str, int]] | Mapping[str, int]) -> list[tuple[str, int]]:
    """Return the distinct queries with their counts, sorted by their folded text.

    `queries` are texts, pairs of a text and its count, or a mapping of texts to counts. Queries
    that `fold` makes equal are one, in their most frequent spelling. Raises SettingError, and
    EmptyQueryError for a query of white space.

    >>> tally(["refunds?", "Call back", ("refunds", 2), "Refunds"])
    [('Call back', 1), ('refunds', 4)]
    """
    if isinstance(queries, str | bytes) or not isinstance(queries, Iterable):
        raise SettingError("queries", queries, EXPECTED)
    if isinstance(queries, Mapping):
        queries = queries.items()
    spellings: dict[str, Counter[str]] = {}
    for item in queries:
        text, count = _pair(item)
        spellings.setdefault(fold(text), Counter())[text] += count
    return [
        (min(counts, key=lambda text: (-counts[text], text)), counts.total())
        for _, counts in sorted(spellings.items())
    ]


def _pair(item: Any) -> tuple[str, int]:
    """The checked text and count of an item."""
    text, count = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
    if not isinstance(text, str):
        raise SettingError("queries", item, EXPECTED)
    if not hasattr(count, "__index__") or isinstance(count, bool) or not 1 <= count <= MAX_COUNT:
        raise SettingError("queries", item, EXPECTED)
    if not text.strip():
        raise EmptyQueryError
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingError("queries", text, "texts without half of a surrogate pair") from None
    return " ".join(text.split()), int(count)
