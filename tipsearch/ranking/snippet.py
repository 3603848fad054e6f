"""Which stretch of a post shows best why it was found?"""

import re
from collections.abc import Container, Sequence

from tipsearch.analysis.analyzer import Analyzer


def matches(text: str, forms: Container[str], analyzer: Analyzer) -> list[tuple[int, int, str]]:
    """Start, end and surface form of each word of `text` that is one of `forms`."""
    return list(analyzer.spans(text, forms)) if forms else []


def snippet(text: str, spans: Sequence[tuple[int, int, str]], width: int) -> str:
    """About `width` characters of `text` around most of `spans`, on one line, cut between words.

    The best stretch has the most different forms, then the most words found, then comes first.
    "…" stands where the text goes on.
    """
    start = 0
    if spans and spans[-1][1] > width:
        start = _lead_in(text, _best(spans, width), width)
    end = len(text) if start + width >= len(text) else text.rfind(" ", start, start + width + 1)
    if end <= start:
        end = start + width
    body = re.sub(r"[ \t\n\r\f\v]+", " ", text[start:end]).strip()
    return f"{'…' if start else ''}{body}{'…' if end < len(text) and body else ''}"


def _best(spans: Sequence[tuple[int, int, str]], width: int) -> tuple[int, int]:
    """Start and end of the run of spans that fits in `width` and has most to show."""
    best, worth, first = (spans[0][0], spans[0][1]), (0, 0), 0
    inside: dict[str, int] = {}
    for last, (_, end, form) in enumerate(spans):
        inside[form] = inside.get(form, 0) + 1
        while first < last and end - spans[first][0] > width - width // 4:
            dropped = spans[first][2]
            inside[dropped] -= 1
            if not inside[dropped]:
                del inside[dropped]
            first += 1
        if (len(inside), last - first) > worth:
            worth, best = (len(inside), last - first), (spans[first][0], end)
    return best


def _lead_in(text: str, best: tuple[int, int], width: int) -> int:
    """Where to start so that `best` is shown with what leads up to it: a sentence, or a word."""
    earliest = max(0, best[1] - width, best[0] - width // 2)
    if earliest == 0:
        return 0
    for mark in (". ", "! ", "? ", "\n", "\xa0"):
        at = text.rfind(mark, earliest, best[0])
        if at != -1:
            return at + len(mark)
    at = text.find(" ", earliest, best[0])
    return at + 1 if at != -1 else best[0]
