"""Completed titles: those that start with a text, and those that have all its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from tipsearch.query.suggest.best import greatest
from tipsearch.query.suggest.mistakes import mistake
from tipsearch.store.prefixes import Prefixes

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader

SAME_TITLE = 4  # posts of one title, as a first guess


class Titles:
    """The titles of the posts, folded (`analysis.analyzer.fold`), by prefix."""

    def __init__(self, reader: Reader) -> None:
        self._titles = reader.titles
        self._prefixes = Prefixes(reader.titles, reader.title_order)
        self._days = reader.days.days[self._prefixes.order]

    def starting_with(self, folded: str, limit: int) -> list[int]:
        """The rows of the best `limit` titles that start with a folded text, each title once.

        The title that is the text comes first, then the newest, then by title.
        """
        start, end = self._prefixes.span(folded)
        _, end_of_equal = self._prefixes.equal_to(folded)
        taken = 0
        while True:
            taken = SAME_TITLE * max(limit, taken)
            rows = [*self._newest(start, end_of_equal, taken), *self._newest(start, end, taken)]
            found = self.distinct(rows, limit)
            if len(found) == limit or taken >= end - start:
                return found

    def _newest(self, start: int, end: int, count: int) -> list[int]:
        """The rows of the newest posts of those with the titles from one place to another."""
        rows: list[int] = self._prefixes.order[
            start + greatest(self._days[start:end], count)
        ].tolist()
        return rows

    def distinct(self, rows: Iterable[int], limit: int) -> list[int]:
        """The first row of each of the first `limit` titles."""
        found: dict[str, int] = {}
        for row in rows:
            if len(found) == limit:
                break
            found.setdefault(self._titles[row], row)
        return [*found.values()]

    def having(
        self, rows: Iterable[int], words: Sequence[str], prefix: str, *, mistaken: bool
    ) -> dict[int, str]:
        """Those of some rows whose title has all words, and another that starts with the prefix.

        With `mistaken` that one may start with the prefix but for one mistake. Without a prefix
        (""), the words are enough. Each row has the word that starts so, or "".
        """
        found = {}
        for row in rows:
            of_title = self._titles[row].split()
            others = [word for word in of_title if word not in words]
            if set(words) <= {*of_title}:
                fits = (word for word in others if word.startswith(prefix))
                near = (word for word in others if mistaken and mistake(prefix, word))
                word = next(chain(fits, near), None) if prefix else ""
                if word is not None:
                    found[row] = word
        return found
