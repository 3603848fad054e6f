"""How do answers look to a person? Plain text at the width of the terminal, matches marked."""

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import typer

from tipsearch.corpus.post import Post
from tipsearch.ranking.hit import Hit

Spans = Callable[[str], Sequence[tuple[int, int]]]

NARROW, WIDE = 40, 100
ROOM = 12  # columns, the least for a headline
SIMILAR = "~"
# What a terminal would obey: controls, and marks that turn the direction of what follows.
CONTROLS = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def width() -> int:
    """The columns to fill: those of the terminal within reason, 80 where there is none."""
    return max(NARROW, min(WIDE, shutil.get_terminal_size((80, 24)).columns))


def height() -> int | None:
    """The lines that the terminal shows; None where the output goes elsewhere."""
    return shutil.get_terminal_size((80, 24)).lines if sys.stdout.isatty() else None


def colours() -> bool:
    """Whether standard output is a terminal that takes colours, and nobody asked for none."""
    dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    return sys.stdout.isatty() and not dumb


def hits(
    found: Sequence[Hit], spans: Spans | None = None, lines: int | None = None
) -> Iterator[str]:
    """The lines that show hits, two each.

    Where they are those of a query, `spans` gives the places to mark in a line, and a hit without a
    word of it has SIMILAR behind its score. `lines` is how many there is room for: where all titles
    fit, but not all snippets, the last hits have none.
    """
    shown = len(found)
    if lines is not None and len(found) <= lines < 2 * len(found):
        shown = lines - len(found)
    for hit in found:
        number = f"{hit.rank:>{len(str(len(found)))}}. "
        right = f"  {hit.post.date or ''!s:>10}  {hit.score:6.3f}"
        columns = width() - len(number) - len(right) - len(SIMILAR)
        title = _cut(" ".join(hit.post.label.split()), columns).ljust(columns)
        similar = SIMILAR if spans and not hit.matched else ""
        yield number + _marked(title, spans or _none, bold=True) + right + similar
        if hit.rank <= shown:
            room = width() - len(number)
            snippet = _cut(" ".join(hit.excerpt(room - 2).split()), room)
            yield from [" " * len(number) + _marked(snippet, spans or _none)] if snippet else []


def _none(_: str) -> Sequence[tuple[int, int]]:
    """No place to mark."""
    return ()


def _cut(text: str, columns: int) -> str:
    """The text on one line of so many columns, "…" for what has no room."""
    shown = CONTROLS.sub("", text.replace("\xa0", " "))
    if len(shown) <= columns:
        return shown
    end = shown.rfind(" ", columns // 2, columns)
    return shown[: end if end > 0 else columns - 1].rstrip(" ,;:–-") + "…"


def headline(head: str, text: str, facts: str) -> Iterator[str]:
    """A text in bold after a number, and facts about it at the right of its first line.

    They are below it where they would leave it no room.
    """
    columns = width() - len(head) - len(facts) - 2
    beside = columns >= ROOM
    first, *more = _wrap(" ".join(text.split()), columns if beside else width() - len(head))
    shown = first.ljust(columns) if beside else first
    yield head + _marked(shown, _none, bold=True) + (f"  {facts}" if beside else "")
    yield from (" " * len(head) + _marked(line, _none, bold=True) for line in more)
    if not beside:
        yield from entry(" " * len(head), facts)


def entry(head: str, text: str) -> Iterator[str]:
    """A text after a head such as a dash, wrapped below itself."""
    first, *more = _wrap(" ".join(text.split()), width() - len(head))
    yield head + first
    yield from (" " * len(head) + line for line in more)


def post(shown: Post) -> Iterator[str]:
    """The lines that show a whole post; wrapped on a terminal, as they are elsewhere."""
    yield from (_marked(line, _none, bold=True) for line in _wrap(shown.label, width()))
    facts = (str(shown.date or "no date"), shown.kind, ", ".join(shown.categories))
    yield from _wrap(" · ".join(filter(None, facts)), width())
    yield plain(f"id: {shown.id}")
    if shown.url:
        yield plain(f"url: {shown.url}")
    for source in shown.sources:
        yield from _wrap(f"from: {source.path}, lines {source.first} to {source.last}", width())
    yield ""
    for line in shown.text.split("\n"):
        yield from _wrap(line, width()) if sys.stdout.isatty() else [CONTROLS.sub("", line)]
    if shown.kind == "teaser":
        yield ""
        yield "(The source holds only this excerpt.)"


def choices(posts: Iterable[Post]) -> Iterator[str]:
    """The lines that offer posts to choose from: id and title, below it where both do not fit."""
    for offered in posts:
        id, title = plain(f"  {offered.id}"), plain(f"  {offered.label}")
        if len(id + title) <= width():
            yield id + title
        else:
            yield id
            yield from (f"    {line}" for line in _wrap(title.strip(), width() - 4))


def plain(text: str) -> str:
    """A text on one line, without what a terminal would obey."""
    return CONTROLS.sub("", " ".join(text.split("\n")))


def table(rows: Sequence[tuple[object, object]]) -> Iterator[str]:
    """Pairs as two columns: the first to the right, numbers with a mark at the thousands."""
    cells = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell, _ in rows]
    column = max(map(len, cells))
    yield from (f"{cell:>{column}}  {row[1]}" for cell, row in zip(cells, rows, strict=True))


def grid(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as columns: the first to the left, the others to the right."""
    shown = [[plain(cell) for cell in row] for row in rows]
    first, *others = (max(map(len, column)) for column in zip(*shown, strict=True))
    for row in shown:
        cells = zip(row[1:], others, strict=True)
        yield "  ".join([row[0].ljust(first), *(cell.rjust(column) for cell, column in cells)])


def facts(named: Mapping[str, Any]) -> Iterator[str]:
    """Names and values, a line each, the values aligned and wrapped."""
    column = max(map(len, named)) + 2
    for name, value in named.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        first, *more = _wrap(shown, width() - column)
        yield f"{name}:".ljust(column) + first
        yield from (" " * column + line for line in more)


def _wrap(text: str, columns: int) -> list[str]:
    """Lines of at most so many columns, and at least one; NBSPs may break like spaces."""
    shown = CONTROLS.sub("", text.replace("\xa0", " "))
    bullet = re.match(r"[•*-] ", shown)
    indent = " " * len(bullet.group()) if bullet else ""
    lines = textwrap.wrap(shown, columns, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [""]


def _marked(line: str, spans: Spans, bold: bool = False) -> str:
    """The line with the spans in colour, where the output takes it."""
    if not colours():
        return line
    pieces, done = [], 0
    for start, end in spans(line):
        pieces.append(typer.style(line[done:start], bold=bold))
        pieces.append(typer.style(line[start:end], bold=True, fg="red"))
        done = end
    pieces.append(typer.style(line[done:], bold=bold))
    return "".join(pieces)
