"""The cosine of the TF-IDF rows of each two posts, as a square table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipsearch.errors import SettingError
from tipsearch.query.subset import rows_of_subset
from tipsearch.views.tables import Square

if TYPE_CHECKING:
    from tipsearch.query.subset import Subset
    from tipsearch.store.reader import Reader

COMPARED = 5_000  # posts: their similarities take 200 MB


def similarity(reader: Reader, matrix: Any, subset: Subset | None) -> Square:
    """The cosines of all posts, or of some, rounded to 12 places; `matrix` has the TF-IDF rows.

    Raises SettingError for more than COMPARED posts.
    """
    rows = [*range(reader.posts)] if subset is None else rows_of_subset(reader, subset)
    if len(rows) > COMPARED:
        expected = f"{COMPARED:,} at most: give some, or ask `related` for what is nearest"
        raise SettingError("subset", f"{len(rows):,} posts", expected)
    chosen = matrix[rows]
    cosines = (chosen @ chosen.T).toarray().round(12)
    return Square([reader.ids[row] for row in rows], cosines)
