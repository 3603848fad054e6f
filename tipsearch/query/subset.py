"""Subsets of posts: hits, posts, ids, tables, masks and functions to rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import PostNotFound, SettingError
from tipsearch.query.lookup import find_row

if TYPE_CHECKING:
    from tipsearch.corpus.post import Post
    from tipsearch.store.reader import Reader

    Subset = Iterable[Any] | Callable[[Post], object]

# What SettingError names as expected.
ACCEPTED = "hits, posts or ids in a list, a table with ids, a mask, or a function of a post"


def rows_of_subset(reader: Reader, subset: Subset) -> list[int]:
    """The rows of a subset of posts, each once, in the order given.

    `subset` is an iterable of titles, ids, or objects with an `id`, such as hits; a table with a
    column `id`; a mask of one value a post; or a function of a post. Raises SettingError for
    another type and for a subset without a post, PostNotFound and AmbiguousTitle.
    """
    if callable(subset):
        rows = [row for row in range(reader.posts) if subset(reader.post(row))]
    elif isinstance(subset, str) or not (
        isinstance(subset, Iterable) or hasattr(subset, "columns")
    ):
        raise SettingError("subset", subset, ACCEPTED)
    else:
        items = _items(subset)
        is_mask = all(item is None or isinstance(item, bool | np.bool_) for item in items)
        if items and is_mask:
            rows = _masked(items, reader.posts)
        else:
            rows = [_row_of(reader, item) for item in items]
    if not rows:
        raise SettingError("subset", "no post", "one post at least: widen what selects them")
    return list(dict.fromkeys(rows))


def _items(subset: Any) -> list[Any]:
    """The values of a list, of a column, or of the column `id` of a table, as Python objects."""
    if hasattr(subset, "columns"):  # a DataFrame, or an Arrow table
        if "id" not in [*getattr(subset, "column_names", subset.columns)]:
            raise SettingError("subset", "a table without a column id", ACCEPTED)
        subset = subset["id"]
    if hasattr(subset, "to_pylist"):
        return [*subset.to_pylist()]
    if str(getattr(subset, "dtype", "")) == "boolean":
        return [*subset.fillna(False)]
    return [*subset]


def _masked(mask: list[Any], posts: int) -> list[int]:
    """The rows where the mask is true. Raises SettingError unless it has one value a post."""
    if len(mask) != posts:
        raise SettingError("subset", f"a mask of {len(mask):,}", f"one of {posts:,} posts")
    return [row for row, taken in enumerate(mask) if taken]


def _row_of(reader: Reader, item: object) -> int:
    """The row of a post, given by title or id, or as an object with an `id`."""
    if isinstance(item, str):
        return find_row(reader, item)
    id = getattr(item, "id", None)
    if not isinstance(id, str):
        raise SettingError("subset", item, ACCEPTED)
    if (row := reader.ids.find(id)) < 0:
        raise PostNotFound(id, ())
    return row
