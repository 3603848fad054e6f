"""Wording: a parsed query in plain words, which shows how it was understood."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date as Date
from itertools import groupby

from tipsearch.corpus.dates import EPOCH
from tipsearch.query.grammar import AnyOf, Category, Dates, Group, Kind, Node, Phrase, Query, Word

MAX_SHOWN = 20  # members of one list
MAX_LENGTH = 80  # characters of one text
_KINDS = {"full": "full posts", "teaser": "teasers"}


def in_words(query: Query) -> str:
    """What a query asks for, in words.

    >>> from tipsearch.query.grammar import parse
    >>> in_words(parse('angry "on the phone" -refund after:2020 sort:date'))
    'angry; with "on the phone"; from 2020-01-01 on; without refund; newest first'
    >>> in_words(parse('title:patience OR (calm AND listen)'))
    'with patience in the title, or (with calm and listen)'
    """
    clauses = [*_clauses_of(query.tree)]
    if query.sort == "date":
        clauses.append("newest first")
    return "; ".join(clauses) or "nothing"


def _clauses_of(group: Group) -> Iterable[str]:
    """The clauses of a group: words that rank, conditions, exclusions."""
    if group.optional:
        yield _listed([_content(node) for node in group.optional], ", ")
    yield from _clauses(group.required, " and ")
    yield from _clauses(group.excluded, " or ", excluded=True)


def _clauses(nodes: Sequence[Node], last: str, *, excluded: bool = False) -> list[str]:
    """The clauses of some nodes. Neighbours with the same words around them share one clause."""
    clauses: list[str] = []
    for (before, after, shared), members in groupby(nodes, lambda node: _frame(node, excluded)):
        contents = [_content(node) for node in members]
        groups = [_listed(contents, last)] if shared else contents
        clauses.extend(before + group + after for group in groups)
    return clauses


def _frame(node: Node, excluded: bool) -> tuple[str, str, bool]:
    """The words before and after the content of a node, and whether neighbours may share them."""
    if isinstance(node, Word | Phrase):
        return "without " if excluded else "with ", " in the title" if node.title else "", True
    if isinstance(node, Category):
        return "not in the category " if excluded else "in the category ", "", True
    if isinstance(node, Kind):
        return "no " if excluded else "only ", "", True
    return "not " if excluded else "", "", isinstance(node, Dates)


def _content(node: Node) -> str:
    """A node without the words around it."""
    match node:
        case Word(text, prefix):
            content = f"words starting with {_shown(text)}" if prefix else _shown(text)
        case Phrase(text):
            content = f'"{_shown(text)}"'
        case Category(name):
            content = _shown(name)
        case Kind(kind):
            content = _KINDS[kind]
        case Dates():
            content = _period(node)
        case Group():
            content = f"({'; '.join(_clauses_of(node))})"
        case AnyOf(parts):
            content = _listed(_clauses(parts, " or "), ", or ")
    return content


def _period(dates: Dates) -> str:
    """The days of a filter: "from 2020-01-01 on", "up to 2020-12-31", "on 2020-02-03"."""
    first, last = (
        None if day is None else Date.fromordinal(day + EPOCH).isoformat()
        for day in (dates.first, dates.last)
    )
    if first is None:
        return f"up to {last}"
    if last is None:
        return f"from {first} on"
    return f"on {first}" if first == last else f"from {first} to {last}"


def _listed(texts: list[str], last: str, between: str = ", ") -> str:
    """Texts in one list, with `last` before the last one; of a long list only the first ones."""
    if len(texts) > MAX_SHOWN:
        texts = [*texts[:MAX_SHOWN], f"{len(texts) - MAX_SHOWN:,} more"]
    return last.join([between.join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def _shown(text: str) -> str:
    """A text on one line, without punctuation around it and controls, cut if it is long."""
    text = "".join(char if char.isprintable() else " " for char in text[: 4 * MAX_LENGTH])
    text = " ".join(text.split()).strip(",.;:!?…").strip()
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH].rstrip() + "…"
