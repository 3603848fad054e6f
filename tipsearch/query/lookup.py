"""Look-up of posts by id, title, part of a title, or date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.dates import span
from tipsearch.errors import AmbiguousTitle, PostNotFound, SettingError

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader
    from tipsearch.store.strings import Strings

SUGGESTED_TITLES = 3  # where no title fits
LISTED_POSTS = 10  # posts that AmbiguousTitle names


def find_row(reader: Reader, title_or_id: str) -> int:
    """The row of the post that fits a title, an id, part of a title, or a date.

    Raises AmbiguousTitle where several posts fit, PostNotFound with the nearest titles where none
    does, and SettingError where it is not a string.
    """
    if not isinstance(title_or_id, str):
        raise SettingError("a title or id", title_or_id, "a text")
    rows = candidates(reader, title_or_id)
    if len(rows) == 1:
        return rows[0]
    if rows:
        listed = [reader.post(row) for row in rows[:LISTED_POSTS]]
        raise AmbiguousTitle(title_or_id, listed, len(rows))
    raise PostNotFound(
        title_or_id, [reader.post(row) for row in nearest(title_or_id, reader.titles)]
    )


def candidates(reader: Reader, title_or_id: str) -> list[int]:
    """The rows that fit `title_or_id`, ascending: those of the first of these rules that finds any.

    The id; the title; the folded title or the id in lower case; the date, such as 2014-02-04 or
    2014-02; the title without spaces; part of a title; part of a title without spaces.
    """
    ids, titles = reader.ids, reader.titles
    title_or_id = title_or_id.strip()
    if (row := ids.find(title_or_id)) >= 0:
        return [row]
    folded = fold(title_or_id)
    if not folded:
        return []
    same = titles.equal_to(folded)
    exact = [row for row in same if reader.post(row).title.strip() == title_or_id]
    if exact:
        return exact
    same = sorted({*same, *ids.lower().equal_to(title_or_id.lower())})
    if same:
        return same
    days = span(title_or_id) if "-" in title_or_id else None
    if days and len(rows := reader.rows_between(*days)):
        return [int(row) for row in rows]
    unspaced_titles, unspaced = titles.without_spaces(), folded.replace(" ", "")
    return (
        unspaced_titles.equal_to(unspaced)
        or titles.containing(folded)
        or unspaced_titles.containing(unspaced)
    )


def nearest(title_or_id: str, titles: Strings, limit: int = SUGGESTED_TITLES) -> list[int]:
    """The rows of the `limit` titles most similar to `title_or_id`, most similar first.

    Titles are matches by the similarity of their best part, and then sorted by the sum of that and
    the similarity of the whole, with words in any order: a title of one short word is similar to a
    part of any text.
    """
    from rapidfuzz import fuzz, process  # slow to import, and only a failed look-up needs it

    folded = fold(title_or_id)
    if not any(map(str.isalnum, folded)):
        return []
    matches = process.extract(folded, list(titles), scorer=fuzz.partial_ratio, limit=10 * limit)
    matches.sort(key=lambda match: -match[1] - fuzz.token_sort_ratio(folded, match[0]))
    return [row for _, _, row in matches[:limit]]
