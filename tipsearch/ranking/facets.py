"""Facets: how many of some posts each category, year and kind has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus.dates import NO_DATE
from tipsearch.errors import SettingError

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Mask
    from tipsearch.store.reader import Reader

FACETS = ("category", "year", "kind")


def check_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of facets, all where none is named. Raises SettingError for another name."""
    for name in names:
        if name not in FACETS:
            raise SettingError("facet", name, f"one of {', '.join(FACETS)}")
    return names or FACETS


def count(reader: Reader, name: str, posts: Mask) -> dict[str, int]:
    """How many of some posts have each value of a facet; values without a post are left out.

    `posts` is a mask of all rows. Categories and kinds come by count, then by name; years from the
    newest on. A post counts for each of its categories; one without a date has no year.
    """
    if name == "year":
        return _years(reader, posts)
    counts = _categories(reader, posts) if name == "category" else _kinds(reader, posts)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _categories(reader: Reader, posts: Mask) -> dict[str, int]:
    pointers, rows = reader.category_rows
    if not len(rows):
        return {}
    counts = np.add.reduceat(posts[rows], pointers[:-1], dtype=np.int64)
    return {reader.categories[i]: int(counts[i]) for i in np.flatnonzero(counts).tolist()}


def _kinds(reader: Reader, posts: Mask) -> dict[str, int]:
    teasers = int(np.count_nonzero(reader.is_teaser[posts]))
    counts = {"full": int(np.count_nonzero(posts)) - teasers, "teaser": teasers}
    return {kind: number for kind, number in counts.items() if number}


def _years(reader: Reader, posts: Mask) -> dict[str, int]:
    days = reader.days.days[posts]
    dated = days[days != NO_DATE].astype("M8[D]")
    years = dated.astype("M8[Y]").astype(np.int64) + 1970
    if not len(years):
        return {}
    first = int(years.min())
    counts = np.bincount(years - first)
    return {f"{first + i:04}": int(counts[i]) for i in np.flatnonzero(counts)[::-1].tolist()}
