"""Suggestion: one completion of a typed text, and the reason for it in words."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple


class Suggestion(NamedTuple):
    """A completed text. `kind` is "word" where its last word was completed, or "title".

    `why` is the reason in words, such as "12 posts" or "starts with the text". `posts` is the
    number of posts that have the completed word, together with the words before it if any post has
    all of them; 1 for a title. `id` is that of the post of a title, else None.
    """

    text: str
    kind: Literal["word", "title"]
    why: str
    posts: int
    id: str | None = None


class Suggestions(list[Suggestion]):
    """The suggestions for a text: completed words, best first, and then titles, best first."""

    __slots__ = ()

    @property
    def words(self) -> list[str]:
        """The texts whose last word was completed."""
        return [suggestion.text for suggestion in self if suggestion.kind == "word"]

    @property
    def titles(self) -> list[str]:
        """The titles."""
        return [suggestion.text for suggestion in self if suggestion.kind == "title"]

    def to_json(self) -> list[dict[str, Any]]:
        """The suggestions as JSON types; `id` for titles alone."""
        return [
            {name: value for name, value in suggestion._asdict().items() if value is not None}
            for suggestion in self
        ]
