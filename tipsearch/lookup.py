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
    """The rows of the titles most like `wanted`, the most similar first."""
    from rapidfuzz import fuzz, process  # only a look-up that failed needs it

    found = process.extract(fold(wanted), list(titles), scorer=fuzz.WRatio, limit=limit)
    return [row for _, _, row in found]
