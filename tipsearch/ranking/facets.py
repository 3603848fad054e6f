"""Facets: how many of some posts each category, year and kind has."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

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
    taken, ranges = posts[rows], pairwise(pointers.tolist())
    counts = [int(np.count_nonzero(taken[start:end])) for start, end in ranges]
    return {reader.categories[i]: number for i, number in enumerate(counts) if number}


def _kinds(reader: Reader, posts: Mask) -> dict[str, int]:
    teasers = int(np.count_nonzero(reader.is_teaser & posts))
    counts = {"full": int(np.count_nonzero(posts)) - teasers, "teaser": teasers}
    return {kind: number for kind, number in counts.items() if number}


def _years(reader: Reader, posts: Mask) -> dict[str, int]:
    counts = np.bincount(reader.days.years[np.flatnonzero(posts)])
    found = np.flatnonzero(counts)[::-1].tolist()
    return {f"{year:04}": int(counts[year]) for year in found if year}
