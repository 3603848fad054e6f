"""Hit: one post of an answer, with its rank and score."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tipsearch.corpus.post import Post
from tipsearch.ranking.snippet import Found, Spans, snippet, spans

SNIPPET = 140  # characters

if TYPE_CHECKING:
    from typing import Protocol

    from tipsearch.ranking.explanation import Explanation

    class Details(Protocol):
        """The source of all that a hit has beyond rank, id and score."""

        def post(self, id: str) -> Post: ...
        def matched(self, id: str) -> tuple[str, ...]: ...
        def added(self, id: str) -> tuple[str, ...]: ...
        def find(self, runs: Sequence[str]) -> list[Found]: ...
        def explain(self, id: str) -> Explanation: ...


class Hit:
    """A post found: its `rank`, from 1, its `id` and its `score`; the higher, the better.

    `post` is the post of that `id`; `snippet` the passage of its text with the most words of the
    query; `matched` the words of the query that it has; `added` the words by feedback that it has.
    A hit that has neither was found by its embedding. `why` are the reasons in plain words, and
    `explanation` the parts of the score. Each is computed when it is first used, since a ranking
    alone needs none.
    """

    __slots__ = ("_details", "_made", "id", "rank", "score")

    def __init__(self, rank: int, id: str, score: float, details: Details) -> None:
        self.rank, self.id, self.score = rank, id, score
        self._details = details
        self._made: dict[str, Any] | None = None  # None saves memory: few hits are looked at

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        """The value of a property, made when it is first used."""
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
        """The best passage of its text of up to SNIPPET characters: see `ranking.snippet`."""
        return self._passage[0]

    @property
    def _passage(self) -> tuple[str, Spans]:
        """The snippet and its spans."""
        passage: tuple[str, Spans] = self._once("passage", lambda: self._cut(SNIPPET))
        return passage

    def _cut(self, width: int) -> tuple[str, Spans]:
        return snippet(self.post.text, width, self._details.find)

    @property
    def matched(self) -> tuple[str, ...]:
        """The words of the query, as corrected, and of synonyms, that the post has, or is dated."""
        words: tuple[str, ...] = self._once("matched", lambda: self._details.matched(self.id))
        return words

    @property
    def added(self) -> tuple[str, ...]:
        """The words that feedback added to the query and that the post has."""
        words: tuple[str, ...] = self._once("added", lambda: self._details.added(self.id))
        return words

    @property
    def explanation(self) -> Explanation:
        """The parts of its score: see `Index.explain` and `Index.explain_related`."""
        parts: Explanation = self._once("explanation", lambda: self._details.explain(self.id))
        return parts

    @property
    def why(self) -> str:
        """The reasons in plain words: see `Explanation.why`."""
        return self.explanation.why

    @property
    def title_spans(self) -> Spans:
        """Start and end of each word or phrase of the query in the title, in code points."""
        places: Spans
        places = self._once("title_spans", lambda: spans(self.post.title, self._details.find))
        return places

    @property
    def snippet_spans(self) -> Spans:
        """Start and end of each word or phrase of the query in the snippet, in code points."""
        return self._passage[1]

    def excerpt(self, width: int) -> str:
        """The best passage of its text of up to `width` characters, as `snippet` is."""
        return self._cut(width)[0]

    def _value(self) -> tuple[Any, ...]:
        return self.rank, self.id, self.score, self.post, self.snippet

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Hit) and self._value() == other._value()

    def __hash__(self) -> int:
        return hash((self.rank, self.id, self.score))

    def __repr__(self) -> str:
        return f"Hit(rank={self.rank}, id={self.id!r}, score={self.score!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        texts = self.post.text.split(), self.post.title.split()
        found = {" ".join(runs): self._details.find(runs) for runs in texts}
        stored = _StoredDetails(self.post, self.matched, self.added, found, self.explanation)
        return Hit, (self.rank, self.id, self.score, stored)


class _StoredDetails(NamedTuple):
    """The details of a pickled hit, computed before it was pickled."""

    of: Post
    words: tuple[str, ...]
    more: tuple[str, ...]
    found: dict[str, list[Found]]
    parts: Explanation

    def post(self, id: str) -> Post:
        return self.of

    def matched(self, id: str) -> tuple[str, ...]:
        return self.words

    def added(self, id: str) -> tuple[str, ...]:
        return self.more

    def find(self, runs: Sequence[str]) -> list[Found]:
        return self.found[" ".join(runs)]

    def explain(self, id: str) -> Explanation:
        return self.parts
