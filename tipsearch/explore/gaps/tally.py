"""Which different queries were asked, and how often?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.querylog import MOST
from tipsearch.errors import EmptyQueryError, SettingError

KINDS = "texts in a list, or with how often each was asked, from 1 to 10^12, in pairs or a mapping"


def tally(queries: Iterable[str | tuple[str, int]] | Mapping[str, int]) -> list[tuple[str, int]]:
    """The different queries, in an order of their own, each with how often it was asked.

    Those that `fold` makes equal are one, in the spelling that is asked most. Raises SettingError,
    and EmptyQueryError where one is white space.

    >>> tally(["refunds?", "Call back", ("refunds", 2), "Refunds"])
    [('Call back', 1), ('refunds', 4)]
    """
    if isinstance(queries, str | bytes) or not isinstance(queries, Iterable):
        raise SettingError("queries", queries, KINDS)
    if isinstance(queries, Mapping):
        queries = queries.items()
    ways: dict[str, Counter[str]] = {}
    for item in queries:
        text, count = _pair(item)
        ways.setdefault(fold(text), Counter())[text] += count
    return [
        (min(spelt, key=lambda text: (-spelt[text], text)), spelt.total())
        for _, spelt in sorted(ways.items())
    ]


def _pair(item: Any) -> tuple[str, int]:
    text, count = item if isinstance(item, tuple) and len(item) == 2 else (item, 1)
    if not isinstance(text, str):
        raise SettingError("queries", item, KINDS)
    if not hasattr(count, "__index__") or isinstance(count, bool) or not 1 <= count <= MOST:
        raise SettingError("queries", item, KINDS)
    if not text.strip():
        raise EmptyQueryError
    try:
        text.encode()
    except UnicodeEncodeError:
        raise SettingError("queries", text, "texts without half of a surrogate pair") from None
    return " ".join(text.split()), int(count)
