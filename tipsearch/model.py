"""The values that tipsearch takes and gives: frozen, slotted, compared by content.

Small records are named tuples: making a dataclass costs a cold query most of a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable
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
        """The post as JSON types."""
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


class Hit:
    """One answer: `rank` counts from 1; a higher `score` is a better answer.

    `post` is the post of that `id`, and `snippet` the stretch of its text that shows most of what
    matched; each is made when it is first asked for, since a ranking alone needs neither.
    """

    __slots__ = ("_load", "_post", "_shorten", "_snippet", "id", "rank", "score")

    def __init__(
        self,
        rank: int,
        id: str,
        score: float,
        load: Callable[[str], Post],
        shorten: Callable[[Post], str],
    ) -> None:
        self.rank, self.id, self.score = rank, id, score
        self._load, self._shorten = load, shorten
        self._post: Post | None = None
        self._snippet: str | None = None

    @property
    def post(self) -> Post:
        """The post."""
        if self._post is None:
            self._post = self._load(self.id)
        return self._post

    @property
    def snippet(self) -> str:
        """About two lines of its text."""
        if self._snippet is None:
            self._snippet = self._shorten(self.post)
        return self._snippet

    def _value(self) -> tuple[Any, ...]:
        return self.rank, self.id, self.score, self.post, self.snippet

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and self._value() == other._value()

    def __hash__(self) -> int:
        return hash((self.rank, self.id, self.score))

    def __repr__(self) -> str:
        return f"Hit(rank={self.rank}, id={self.id!r}, score={self.score!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _hit, self._value()


def _hit(rank: int, id: str, score: float, post: Post, snippet: str) -> Hit:
    """A hit that has all it can be asked for."""
    return Hit(rank, id, score, lambda _: post, lambda _: snippet)


class ParsedQuery(NamedTuple):
    """What the index makes of a query.

    `terms` maps each term that the index knows to how often the query has it; `unknown` holds the
    words that no post has and `stopped` the stop words, both as typed, in order, each once.
    `corrected` maps words that no post has to the known ones for which they are taken, and which
    count for less; they are not among the unknown.
    """

    terms: dict[str, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    corrected: dict[str, str]
