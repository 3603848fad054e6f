"""Which post does a person mean who gives an id, a title or a part of one?"""

from tipsearch.lexicon import Strings
from tipsearch.text import fold

NEAREST = 3


def candidates(wanted: str, ids: Strings, titles: Strings) -> list[int]:
    """The rows that fit `wanted` best: by id, by folded title, or else by a part of one.

    `titles` are folded. Empty where nothing fits, several rows where several fit equally well.
    """
    wanted = wanted.strip()
    for id in (wanted, wanted.lower()):
        if (row := ids.find(id)) >= 0:
            return [row]
    folded = fold(wanted)
    if not folded:
        return []
    return titles.equal_to(folded) or titles.containing(folded)


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
