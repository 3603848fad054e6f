"""Snippets: the passage of a text that has the most words of a query."""

import re
from collections.abc import Container, Sequence

from tipsearch.analysis.analyzer import Analyzer


def matches(text: str, forms: Container[str], analyzer: Analyzer) -> list[tuple[int, int, str]]:
    """Start, end and surface form of each word of `text` that is one of `forms`."""
    return list(analyzer.spans(text, forms)) if forms else []


def snippet(text: str, spans: Sequence[tuple[int, int, str]], width: int) -> str:
    """A passage of `text` of about `width` characters, on one line, cut between words.

    It is the passage of the most distinct forms among `spans`, then of the most spans, then the
    first. `spans` are as `matches` returns them. "…" stands where the text is cut.
    """
    start = 0
    if spans and spans[-1][1] > width:
        start = _start(text, _best(spans, width), width)
    end = len(text) if start + width >= len(text) else text.rfind(" ", start, start + width + 1)
    if end <= start:
        end = start + width
    body = re.sub(r"[ \t\n\r\f\v]+", " ", text[start:end]).strip()
    return f"{'…' if start else ''}{body}{'…' if end < len(text) and body else ''}"


def _best(spans: Sequence[tuple[int, int, str]], width: int) -> tuple[int, int]:
    """Start and end of the best run of spans that fits in three quarters of `width`."""
    best, best_count, first = (spans[0][0], spans[0][1]), (0, 0), 0
    inside: dict[str, int] = {}
    for last, (_, end, form) in enumerate(spans):
        inside[form] = inside.get(form, 0) + 1
        while first < last and end - spans[first][0] > width - width // 4:
            left_out = spans[first][2]
            inside[left_out] -= 1
            if not inside[left_out]:
                del inside[left_out]
            first += 1
        if (len(inside), last - first) > best_count:
            best_count, best = (len(inside), last - first), (spans[first][0], end)
    return best


def _start(text: str, best: tuple[int, int], width: int) -> int:
    """The start of the passage before `best`: that of a sentence, or else of a word."""
    earliest = max(0, best[1] - width, best[0] - width // 2)
    if earliest == 0:
        return 0
    for mark in (". ", "! ", "? ", "\n", "\xa0"):
        at = text.rfind(mark, earliest, best[0])
        if at != -1:
            return at + len(mark)
    at = text.find(" ", earliest, best[0])
    return at + 1 if at != -1 else best[0]
