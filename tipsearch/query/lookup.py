"""Look-up of posts by id, title, part of a title, or date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.dates import span
from tipsearch.errors import AmbiguousTitle, PostNotFound, SettingError

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader
    from tipsearch.store.strings import Strings

NEAREST = 3
LISTED = 10


def find_row(reader: Reader, wanted: str) -> int:
    """The row of the post that a person names. Raises SettingError for what is no text.

    Raises AmbiguousTitle where several posts fit, and PostNotFound with the nearest titles.
    """
    if not isinstance(wanted, str):
        raise SettingError("a title or id", wanted, "a text")
    rows = candidates(reader, wanted)
    if len(rows) == 1:
        return rows[0]
    if rows:
        listed = [reader.post(row) for row in rows[:LISTED]]
        raise AmbiguousTitle(wanted, listed, len(rows))
    raise PostNotFound(wanted, [reader.post(row) for row in nearest(wanted, reader.titles)])


def candidates(reader: Reader, wanted: str) -> list[int]:
    """The rows that fit `wanted` best, ascending; several where several fit equally well.

    In this order: the exact id; the exact title; an id or a title without case, quotes and dashes;
    a date, such as 2014-02-04 or 2014-02; the title without its spaces; a part of a title; a part
    without its spaces.
    """
    ids, titles = reader.ids, reader.titles
    wanted = wanted.strip()
    if (row := ids.find(wanted)) >= 0:
        return [row]
    folded = fold(wanted)
    if not folded:
        return []
    same = titles.equal_to(folded)
    exact = [row for row in same if reader.post(row).title.strip() == wanted]
    if exact:
        return exact
    same = sorted({*same, *ids.lower().equal_to(wanted.lower())})
    if same:
        return same
    days = span(wanted) if "-" in wanted else None
    if days and len(rows := reader.rows_between(*days)):
        return [int(row) for row in rows]
    bare, unspaced = titles.without_spaces(), folded.replace(" ", "")
    return bare.equal_to(unspaced) or titles.containing(folded) or bare.containing(unspaced)


def nearest(wanted: str, titles: Strings, limit: int = NEAREST) -> list[int]:
    """The rows of the titles most like `wanted`, the most similar first.

    Titles with a part like it are found first, then those also like it as a whole, whatever the
    order of the words, lead: a title of one short word is a part of everything.
    """
    from rapidfuzz import fuzz, process  # only a look-up that failed needs it

    folded = fold(wanted)
    if not any(map(str.isalnum, folded)):
        return []
    found = process.extract(folded, list(titles), scorer=fuzz.partial_ratio, limit=10 * limit)
    found.sort(key=lambda match: -match[1] - fuzz.token_sort_ratio(folded, match[0]))
    return [row for _, _, row in found[:limit]]
