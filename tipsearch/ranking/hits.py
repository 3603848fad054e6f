"""How do answers look in a notebook? A list of hits that shows itself as a small HTML table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, overload

from tipsearch.query.parsed import ParsedQuery
from tipsearch.ranking.hit import Hit

HEADS = ("rank", "title", "date", "score", "snippet")


if TYPE_CHECKING:
    from typing import Protocol

    class Answer(Protocol):
        """What is known of an answer as a whole."""

        @property
        def parsed(self) -> ParsedQuery | None: ...
        @property
        def total(self) -> int: ...
        @property
        def coverage(self) -> float: ...
        @property
        def weak(self) -> bool: ...


class Hits(list[Hit]):
    """Hits, the best first: a list, equal to any other of the same hits; a slice is one too.

    `parsed` is what the index made of the query, None where there was none; `total` how many posts
    have a word of it, which may be more or fewer than the hits; `coverage` how much of it the best
    hit covers, from 0 to 1; and `weak` whether that is so little that a person should be told.
    """

    __slots__ = ("_answer",)

    def __init__(self, hits: Iterable[Hit] = (), answer: Answer | None = None) -> None:
        super().__init__(hits)
        self._answer = answer or Told(None, len(self), 1.0, False)

    def __reduce__(self) -> tuple[Any, ...]:
        return Hits, ([*self], Told(self.parsed, self.total, self.coverage, self.weak))

    @property
    def parsed(self) -> ParsedQuery | None:
        """What the index made of the query."""
        return self._answer.parsed

    @property
    def total(self) -> int:
        """How many posts have a word of the query."""
        return self._answer.total

    @property
    def coverage(self) -> float:
        """How much of the query the best hit covers, from 0 to 1, as `coverage.coverage` has it.

        0 where there is no hit, 1 where there was no query.
        """
        return self._answer.coverage

    @property
    def weak(self) -> bool:
        """Whether the best hit lacks a word, and covers less of the query than `coverage.POOR`."""
        return self._answer.weak

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Hit: ...
    @overload
    def __getitem__(self, place: slice[Any, Any, Any], /) -> Hits: ...
    def __getitem__(self, place: SupportsIndex | slice[Any, Any, Any], /) -> Hit | Hits:
        if isinstance(place, slice):
            return Hits(super().__getitem__(place), self._answer)
        return super().__getitem__(place)

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each hit, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `rank`, `id`, `score`, `title`, `date`, `kind`, `categories` and `matched` (lists),
        `snippet`.
        """
        from tipsearch.views import tables

        tables.library(arrow=arrow)
        return tables.of_hits(self).given(arrow)

    def _repr_html_(self) -> str:
        """A table of the first 50, in the notebook's own colours; what posts say is escaped."""
        from tipsearch.views import html as markup

        if not self:
            return markup.paragraph("No post was found.")
        shown = markup.table(HEADS, map(_cells, self[: markup.SHOWN]), {"date"})
        more = len(self) - markup.SHOWN
        return shown + (markup.paragraph(f"… and {more:,} more") if more > 0 else "")


class Told(NamedTuple):
    """What was known of an answer whose index is not there any more."""

    parsed: ParsedQuery | None
    total: int
    coverage: float
    weak: bool


def _cells(hit: Hit) -> tuple[str, ...]:
    from tipsearch.views.html import link

    post = hit.post
    title, date = link(post.label, post.url or ""), str(post.date or "")
    return str(hit.rank), title, date, f"{hit.score:.3f}", hit.snippet
