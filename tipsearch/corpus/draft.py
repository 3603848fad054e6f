"""Drafts: what a reader finds in one file, before `dedupe` makes posts of them."""

from dataclasses import dataclass, field
from datetime import date as Date
from typing import NamedTuple

from tipsearch.corpus.post import Kind


class Draft(NamedTuple):
    """A post as one place of a file has it.

    `lines` are the numbers of its lines, from 1. `id` is None where the format has none. `caption`
    is the image caption that was cut off the start of the text, in the line `caption_line`.
    """

    title: str
    text: str
    date: Date | None
    kind: Kind
    lines: tuple[int, ...]
    categories: tuple[str, ...] = ()
    id: str | None = None
    url: str | None = None
    caption: str = ""
    caption_line: int = 0


@dataclass(frozen=True, slots=True)
class Page:
    """The drafts of one file, and what its other lines are.

    `boilerplate` maps the numbers of lines to their kinds, `refused` to reasons. A line that is not
    blank, in neither of the two and in no draft, was not recognised.
    """

    drafts: tuple[Draft, ...] = ()
    boilerplate: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
