"""Categories: their names, and the posts of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.store.strings import pointers

if TYPE_CHECKING:
    from tipsearch.build.counting import Words
    from tipsearch.store.storage import Array


class Categories(NamedTuple):
    """The `names` of all categories, sorted, and the posts of each.

    Category i has the posts `rows[indptr[i]:indptr[i + 1]]`, ascending.
    """

    names: list[str]
    indptr: Array
    rows: Array


NO_CATEGORIES = Categories([], np.zeros(1, np.int32), np.zeros(0, np.int32))


def merge(old: Categories, old_posts: int, new: Words, kept: Array) -> Categories:
    """The categories of an index whose row i is row `kept[i]` of the old one.

    Numbers from `old_posts` on are new posts, whose categories are those of `new`.
    """
    rows_of_new = old_posts + np.repeat(np.arange(len(new.lengths)), new.lengths)
    numbers = np.append(
        np.repeat(np.arange(len(old.names)), np.diff(old.indptr)), len(old.names) + new.places
    )
    row_in_index = np.full(old_posts + len(new.lengths), -1, np.int64)
    row_in_index[kept] = np.arange(len(kept))
    rows = row_in_index[np.append(old.rows, rows_of_new)]
    numbers, rows = numbers[rows >= 0], rows[rows >= 0]
    names = [*old.names, *new.forms]
    used = np.unique(numbers).tolist()
    sorted_names = sorted({names[number] for number in used})
    places = {name: place for place, name in enumerate(sorted_names)}
    place_of = np.zeros(len(names), np.int64)
    place_of[used] = [places[names[number]] for number in used]
    # A post that names a category twice is in it once.
    pairs = np.unique(place_of[numbers] * max(len(kept), 1) + rows)
    of_pairs, rows = np.divmod(pairs, max(len(kept), 1))
    counts = np.bincount(of_pairs, minlength=len(sorted_names))
    return Categories(sorted_names, pointers(counts), rows.astype(np.int32))
