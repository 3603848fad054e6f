"""Similarity matrix: the cosine of the TF-IDF rows of each two posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipsearch.errors import SettingError
from tipsearch.query.subset import rows_of_subset
from tipsearch.views.tables import Square

if TYPE_CHECKING:
    from tipsearch.query.subset import Subset
    from tipsearch.store.reader import Reader

MAX_COMPARED_POSTS = 5_000  # their matrix takes 200 MB


def similarity(reader: Reader, matrix: Any, subset: Subset | None) -> Square:
    """Return the cosines of all posts, or of a subset in its order, rounded to 12 places.

    `matrix` has the TF-IDF rows of the index: CSR, shape (posts, terms), rows of length 1. Raises
    SettingError for more than MAX_COMPARED_POSTS posts.
    """
    rows = [*range(reader.posts)] if subset is None else rows_of_subset(reader, subset)
    if len(rows) > MAX_COMPARED_POSTS:
        expected = (
            f"{MAX_COMPARED_POSTS:,} at most: give some, or ask `related` for what is nearest"
        )
        raise SettingError("subset", f"{len(rows):,} posts", expected)
    chosen = matrix[rows]
    cosines = (chosen @ chosen.T).toarray().round(12)
    return Square([reader.ids[row] for row in rows], cosines)
