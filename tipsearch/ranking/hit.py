"""A hit: one post of an answer, with its rank and score."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from tipsearch.corpus.post import Post

SNIPPET = 140  # characters

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
