"""The values that tipsearch takes and gives: frozen, slotted, compared by content.

Small records are named tuples: making a dataclass costs a cold query most of a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tipsearch.errors import SettingError

Kind = Literal["full", "teaser"]
SNIPPET = 140  # characters


class Source(NamedTuple):
    """Where a post was read: the lines `first` to `last` (1-based, inclusive) of `path`."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post of the corpus, as it is shown (curly quotes, bullets and NBSPs kept).

    `kind` is "teaser" where only the excerpt of the post is known. `title` is empty where the
    post has none. `sources` lists every place where the post was seen, the best one first; lists
    of categories and sources become tuples. Raises SettingError for what no index can keep, such
    as a time of day in the date or half of a surrogate pair in the text.
    """

    id: str
    title: str
    text: str
    date: Date | None = None
    categories: tuple[str, ...] = ()
    kind: Kind = "full"
    url: str | None = None
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        for name in ("id", "title", "text", "url"):
            value = getattr(self, name)
            if not _is_text(value) and not (name == "url" and value is None):
                optional = " or None" if name == "url" else ""
                raise self._refused(name, value, f"a text{optional}, without half a character")
        if type(self.date) not in (Date, type(None)):  # a time of day would be lost
            raise self._refused("date", self.date, "a datetime.date or None")
        if self.kind not in ("full", "teaser"):
            raise self._refused("kind", self.kind, '"full" or "teaser"')
        for name, fits, items in (
            ("categories", _is_text, "texts"),
            ("sources", _is_source, "tipsearch.Source(path, first, last) with lines from 0 on"),
        ):
            values = getattr(self, name)
            if not isinstance(values, tuple | list) or not all(map(fits, values)):
                raise self._refused(name, values, f"a tuple of {items}")
            object.__setattr__(self, name, tuple(values))

    def _refused(self, name: str, value: object, expected: str) -> SettingError:
        of = f" of {self.id!r}" if name != "id" else " of a post"
        return SettingError(f"the {name}{of}", value, expected)

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


def _is_text(value: object) -> bool:
    """Whether it is a string of whole characters: half of a surrogate pair has no bytes."""
    if not isinstance(value, str):
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _is_source(value: object) -> bool:
    if not isinstance(value, Source) or not _is_text(value.path):
        return False
    whole = type(value.first) is int and type(value.last) is int
    return whole and 0 <= value.first <= value.last < 1 << 31


if TYPE_CHECKING:
    from typing import Protocol

    class Details(Protocol):
        """What an answer knows of its hits beyond rank, id and score."""

        def post(self, id: str) -> Post: ...
        def snippet(self, post: Post, width: int) -> str: ...
        def matched(self, id: str) -> tuple[str, ...]: ...
        def added(self, id: str) -> tuple[str, ...]: ...


class Hit:
    """One answer: `rank` counts from 1; a higher `score` is a better answer.

    `post` is the post of that `id`, `snippet` the stretch of its text that shows most of what
    matched, `matched` the words of the query that it has, and `added` those that feedback added
    and that it has. A hit that has neither means the like. Each is made when it is first asked
    for, since a ranking alone needs none.
    """

    __slots__ = ("_details", "_made", "id", "rank", "score")

    def __init__(self, rank: int, id: str, score: float, details: Details) -> None:
        self.rank, self.id, self.score = rank, id, score
        self._details = details
        self._made: dict[str, Any] | None = None  # of ten hits few are looked at by each who asks

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        made = self._made
        if made is None:
            made = self._made = {}
        if name not in made:
            made[name] = make()
        return made[name]

    @property
    def post(self) -> Post:
        """The post."""
        post: Post = self._once("post", lambda: self._details.post(self.id))
        return post

    @property
    def snippet(self) -> str:
        """About two lines of its text."""
        text: str = self._once("snippet", lambda: self.excerpt(SNIPPET))
        return text

    @property
    def matched(self) -> tuple[str, ...]:
        """The words of the query that the post has, or a word of the same stem, as typed."""
        words: tuple[str, ...] = self._once("matched", lambda: self._details.matched(self.id))
        return words

    @property
    def added(self) -> tuple[str, ...]:
        """The words that feedback added to the query and that the post has."""
        words: tuple[str, ...] = self._once("added", lambda: self._details.added(self.id))
        return words

    def excerpt(self, width: int) -> str:
        """About so many characters of its text that show most of what matched, on one line."""
        return self._details.snippet(self.post, width)

    def _value(self) -> tuple[Any, ...]:
        return self.rank, self.id, self.score, self.post, self.snippet

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and self._value() == other._value()

    def __hash__(self) -> int:
        return hash((self.rank, self.id, self.score))

    def __repr__(self) -> str:
        return f"Hit(rank={self.rank}, id={self.id!r}, score={self.score!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        kept = _Kept(self.post, self.snippet, self.matched, self.added)
        return Hit, (self.rank, self.id, self.score, kept)


class _Kept(NamedTuple):
    """The details of a hit that was pickled: all that can be asked for, made before."""

    of: Post
    text: str
    words: tuple[str, ...]
    more: tuple[str, ...]

    def post(self, id: str) -> Post:
        return self.of

    def snippet(self, post: Post, width: int) -> str:
        return self.text

    def matched(self, id: str) -> tuple[str, ...]:
        return self.words

    def added(self, id: str) -> tuple[str, ...]:
        return self.more


class ParsedQuery(NamedTuple):
    """What the index makes of a query.

    `terms` maps each term that the index knows to how often the query has it; `unknown` holds the
    words that no post has and `stopped` the stop words, in order, each once. `corrected` maps words
    that no post has to the known ones for which they are taken, and which count for less; they are
    not among the unknown. `years` maps each year in which there are posts to how often the query
    names it.
    """

    terms: dict[str, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    corrected: dict[str, str]
    years: dict[int, float]
