"""Post: one text of the corpus with its title, date and sources."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date as Date
from typing import Any, Literal, NamedTuple

from tipsearch.errors import SettingError

Kind = Literal["full", "teaser"]


class Source(NamedTuple):
    """Where a post was read: the lines `first` to `last` of the file `path`, from 1, inclusive."""

    path: str
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Post:
    """One post of the corpus.

    `title` is empty where the post has none. `text` is as written, with curly quotes, bullets and
    NBSPs. `kind` is "teaser" where only the excerpt is known. `sources` are all places where the
    post was seen, the best one first. Lists of categories and sources become tuples.

    Raises SettingError for what no index can keep, such as a time of day in the date or half of a
    surrogate pair in the text.
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
        if type(self.date) not in (Date, type(None)):  # an index keeps no time of day
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
        """The title; for a post without one, its first words in brackets."""
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
    """Whether it is a string that UTF-8 can encode: it has no half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


def _is_source(value: object) -> bool:
    if not isinstance(value, Source) or not _is_text(value.path):
        return False
    are_ints = type(value.first) is int and type(value.last) is int
    return are_ints and 0 <= value.first <= value.last < 1 << 31
