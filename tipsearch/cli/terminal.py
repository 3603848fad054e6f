"""Plain text for people: results at the width of the terminal, with matches in colour."""

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

MIN_WIDTH, MAX_WIDTH = 40, 100  # columns
FACET_VALUES = 10
MIN_HEADLINE = 12  # columns
SIMILAR = "~"  # behind the score of a hit without a word of the query
# Control sequences and characters, and marks that change the direction of writing.
CONTROLS = re.compile(
    r"\x1b\[[0-9;?]*[A-Za-z]"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)


def width() -> int:
    """The columns to fill: those of the terminal, from 40 to 100; 80 without a terminal."""
    return max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size((80, 24)).columns))


def height() -> int | None:
    """The lines of the terminal; None if standard output is none."""
    return shutil.get_terminal_size((80, 24)).lines if sys.stdout.isatty() else None


def colours() -> bool:
    """Whether to colour: standard output is a terminal, not a dumb one, and NO_COLOR is not set."""
    plain_only = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    return sys.stdout.isatty() and not plain_only


def hits(
    results: Sequence[Hit],
    spans: Spans | None = None,
    room: int | None = None,
    *,
    explain: bool = False,
) -> Iterator[str]:
    """The lines that show hits: one with title, date and score, and one with the snippet.

    With `explain`, a third one says why the post was found. For the hits of a query, `spans` gives
    the places to mark in a line, and a hit without a word of the query has SIMILAR behind its
    score. `room` is the number of lines to fill. If all titles and reasons fit but not all
    snippets, the last hits have no snippet.
    """
    snippets = len(results)
    others = len(results) * (2 if explain else 1)
    if room is not None and others <= room < others + snippets:
        snippets = room - others
    for hit in results:
        number = f"{hit.rank:>{len(str(len(results)))}}. "
        right = f"  {hit.post.date or ''!s:>10}  {hit.score:6.3f}"
        columns = width() - len(number) - len(right) - len(SIMILAR)
        title = _cut(" ".join(hit.post.label.split()), columns).ljust(columns)
        similar = SIMILAR if spans and is_similar(hit) else ""
        yield number + _marked(title, spans or _no_spans, bold=True) + right + similar
        if hit.rank <= snippets:
            columns = width() - len(number)
            snippet = _cut(" ".join(hit.excerpt(columns - 2).split()), columns)
            yield from [" " * len(number) + _marked(snippet, spans or _no_spans)] if snippet else []
        if explain:
            yield " " * len(number) + _cut(f"Why: {hit.why}", width() - len(number))


def facet(name: str, counts: Mapping[str, int]) -> Iterator[str]:
    """The values of a facet with their counts, at most FACET_VALUES of them."""
    shown = [f"{plain(value)} {count:,}" for value, count in counts.items()][:FACET_VALUES]
    if len(counts) > FACET_VALUES:
        shown.append(f"and {len(counts) - FACET_VALUES:,} more")
    yield from paragraph(f"{name}: ", ", ".join(shown) or "none")


def is_similar(hit: Hit) -> bool:
    """Whether a hit has no word of the query and was found by its meaning or by feedback."""
    return hit.score > 0 and not hit.matched


def _no_spans(_: str) -> Sequence[tuple[int, int]]:
    return ()


def _cut(text: str, columns: int) -> str:
    """The text cut to so many columns, between words if it can be, with "…" at the end."""
    shown = CONTROLS.sub("", text.replace("\xa0", " "))
    if len(shown) <= columns:
        return shown
    end = shown.rfind(" ", columns // 2, columns)
    return shown[: end if end > 0 else columns - 1].rstrip(" ,;:–-") + "…"


def headline(head: str, text: str, facts: str) -> Iterator[str]:
    """A text in bold after `head`, with `facts` at the right of its first line.

    The facts stand below the text if they leave less than MIN_HEADLINE columns for it.
    """
    columns = width() - len(head) - len(facts) - 2
    at_right = columns >= MIN_HEADLINE
    first, *more = _wrap(" ".join(text.split()), columns if at_right else width() - len(head))
    shown = first.ljust(columns) if at_right else first
    yield head + _marked(shown, _no_spans, bold=True) + (f"  {facts}" if at_right else "")
    yield from (" " * len(head) + _marked(line, _no_spans, bold=True) for line in more)
    if not at_right:
        yield from paragraph(" " * len(head), facts)


def paragraph(head: str, text: str) -> Iterator[str]:
    """A text after `head`, such as a dash; further lines are indented by the width of that."""
    first, *more = _wrap(" ".join(text.split()), width() - len(head))
    yield head + first
    yield from (" " * len(head) + line for line in more)


def post(shown: Post) -> Iterator[str]:
    """The lines that show a whole post; its text is wrapped on a terminal only."""
    yield from (_marked(line, _no_spans, bold=True) for line in _wrap(shown.label, width()))
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
    """Id and title of each post; the title stands below the id if a line is too short for both."""
    for offered in posts:
        id, title = plain(f"  {offered.id}"), plain(f"  {offered.label}")
        if len(id + title) <= width():
            yield id + title
        else:
            yield id
            yield from (f"    {line}" for line in _wrap(title.strip(), width() - 4))


def plain(text: str) -> str:
    """A text on one line, without control characters."""
    return CONTROLS.sub("", " ".join(text.split("\n")))


def table(rows: Sequence[tuple[object, object]]) -> Iterator[str]:
    """Pairs as two columns, the first one right-aligned; whole numbers have commas at thousands."""
    cells = [f"{cell:,}" if isinstance(cell, int) else str(cell) for cell, _ in rows]
    column = max(map(len, cells))
    yield from (f"{cell:>{column}}  {row[1]}" for cell, row in zip(cells, rows, strict=True))


def grid(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of cells as columns: the first one left-aligned, the others right-aligned."""
    shown = [[plain(cell) for cell in row] for row in rows]
    first, *others = (max(map(len, column)) for column in zip(*shown, strict=True))
    for row in shown:
        cells = zip(row[1:], others, strict=True)
        yield "  ".join([row[0].ljust(first), *(cell.rjust(column) for cell, column in cells)])


def facts(named: Mapping[str, Any]) -> Iterator[str]:
    """Names and values, one a line; the values are aligned and wrapped."""
    column = max(map(len, named)) + 2
    for name, value in named.items():
        shown = f"{value:,}" if isinstance(value, int) else str(value)
        first, *more = _wrap(shown, width() - column)
        yield f"{name}:".ljust(column) + first
        yield from (" " * column + line for line in more)


def _wrap(text: str, columns: int) -> list[str]:
    """One or more lines of at most so many columns; a no-break space counts as a space."""
    shown = CONTROLS.sub("", text.replace("\xa0", " "))
    bullet = re.match(r"[•*-] ", shown)
    indent = " " * len(bullet.group()) if bullet else ""
    lines = textwrap.wrap(shown, columns, subsequent_indent=indent, break_on_hyphens=False)
    return lines or [""]


def _marked(line: str, spans: Spans, bold: bool = False) -> str:
    """The line with the spans in red, if the output takes colours."""
    if not colours():
        return line
    pieces, done = [], 0
    for start, end in spans(line):
        pieces.append(typer.style(line[done:start], bold=bold))
        pieces.append(typer.style(line[start:end], bold=True, fg="red"))
        done = end
    pieces.append(typer.style(line[done:], bold=bold))
    return "".join(pieces)
