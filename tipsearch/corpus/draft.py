"""One sighting of a post in a file, before it is known which sightings are the same post."""

from dataclasses import dataclass, field
from datetime import date as Date
from typing import NamedTuple

from tipsearch.corpus.post import Kind


class Draft(NamedTuple):
    """A post as one file shows it; `lines` are the numbers (1-based) of the lines it is made of.

    `id` is None where the format gives none. `caption` is what was cut from the front of the text,
    in the line `caption_line`.
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
    """What one file holds: its drafts, and the kind or the refusal of each line outside them.

    `boilerplate` maps line numbers to kinds and `refused` to reasons. Non-blank lines in neither,
    and in no draft, were not recognised.
    """

    drafts: tuple[Draft, ...] = ()
    boilerplate: dict[int, str] = field(default_factory=dict)
    refused: dict[int, str] = field(default_factory=dict)
