"""Which post does a person mean who gives an id, a title or a part of one?"""

from collections.abc import Callable

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.dates import span
from tipsearch.store.strings import Strings

NEAREST = 3


def candidates(
    wanted: str,
    ids: Strings,
    titles: Strings,
    title_of: Callable[[int], str],
    within: Callable[[int, int], list[int]],
) -> list[int]:
    """The rows that fit `wanted` best, ascending; several where several fit equally well.

    In this order: the exact id; the exact title; an id or a title without case, quotes and dashes;
    a date, such as 2014-02-04 or 2014-02; the title without the spaces, for who leaves out a dash
    and what it stood for; a part of a title; a part without the spaces. `titles` are folded,
    `title_of` gives the one of a row, `within` the rows from one day to another.
    """
    wanted = wanted.strip()
    if (row := ids.find(wanted)) >= 0:
        return [row]
    folded = fold(wanted)
    if not folded:
        return []
    same = titles.equal_to(folded)
    exact = [row for row in same if title_of(row).strip() == wanted]
    if exact:
        return exact
    same = sorted({*same, *ids.lower().equal_to(wanted.lower())})
    if same:
        return same
    days = span(wanted) if "-" in wanted else None
    if days and (rows := within(*days)):
        return rows
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
