"""The values that tipsearch takes and gives: frozen, slotted, compared by content.

Small records are named tuples: making a dataclass costs a cold query most of a millisecond.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Literal, NamedTuple

Kind = Literal["full", "teaser"]


class Source(NamedTuple):
    """Where a post was read: the lines `first` to `last` (1-based, inclusive) of `path`."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post of the corpus, as it is shown (curly quotes, bullets and NBSPs kept).

    `kind` is "teaser" where only the excerpt of the post is known. `title` is empty where the
    post has none. `sources` lists every place where the post was seen, the best one first.
    """

    id: str
    title: str
    text: str
    date: Date | None = None
    categories: tuple[str, ...] = ()
    kind: Kind = "full"
    url: str | None = None
    sources: tuple[Source, ...] = ()

    @property
    def label(self) -> str:
        """The title, or for a post without one its first words in brackets."""
        if self.title.strip():
            return self.title
        words = self.text.split()
        return f"[{' '.join(words[:8]) or 'no text'}{'…' if len(words) > 8 else ''}]"

    def to_json(self) -> dict[str, Any]:
        """The post as JSON types; `from_json` takes it back."""
        return {
            "id": self.id,
            "title": self.title,
            "text": self.text,
            "date": self.date.isoformat() if self.date else None,
            "categories": list(self.categories),
            "kind": self.kind,
            "url": self.url,
            "sources": [[source.path, source.first, source.last] for source in self.sources],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Post:
        """The post that `to_json` wrote."""
        return cls(
            id=data["id"],
            title=data["title"],
            text=data["text"],
            date=Date.fromisoformat(data["date"]) if data["date"] else None,
            categories=tuple(data["categories"]),
            kind=data["kind"],
            url=data["url"],
            sources=tuple(Source(*source) for source in data["sources"]),
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer: `rank` counts from 1; a higher `score` is a better answer.

    `snippet` is the stretch of the post's text that shows most of what matched.
    """

    rank: int
    score: float
    post: Post
    snippet: str


class ParsedQuery(NamedTuple):
    """What the index makes of a query.

    `terms` maps each term that the index knows to how often the query has it; `unknown` holds the
    words that no post has and `stopped` the stop words, both as typed, in order, each once.
    """

    terms: dict[str, int]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
