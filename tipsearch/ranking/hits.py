"""Hits: the answer to one query as a list of hits, which notebooks show as an HTML table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsIndex, overload

from tipsearch.query.parsed import ParsedQuery
from tipsearch.ranking.facets import check_names
from tipsearch.ranking.hit import Hit

HEADS = ("rank", "title", "date", "score", "snippet")


if TYPE_CHECKING:
    from typing import Protocol

    class AnswerDetails(Protocol):
        """The source of the properties of an answer as a whole."""

        @property
        def parsed(self) -> ParsedQuery | None: ...
        @property
        def total(self) -> int: ...
        @property
        def coverage(self) -> float: ...
        @property
        def weak(self) -> bool: ...
        @property
        def reason(self) -> str: ...
        @property
        def added_words(self) -> tuple[str, ...]: ...
        @property
        def milliseconds(self) -> float: ...
        def facet(self, name: str) -> dict[str, int]: ...


class Hits(list[Hit]):
    """The hits of a query, best first: a list, equal to any list of the same hits; a slice is Hits.

    `parsed` is the parsed query, None for related posts. `total` is the number of posts that have a
    word of the query, which may be more or fewer than the hits. `coverage` is how much of the query
    the best hit covers, from 0 to 1, `weak` whether that is so little that a person should be told,
    and `reason` why, in words. `corrections` are the corrected words, `added` those by feedback.
    `milliseconds` is the time of the search.
    """

    __slots__ = ("_answer",)

    def __init__(self, hits: Iterable[Hit] = (), answer: AnswerDetails | None = None) -> None:
        super().__init__(hits)
        self._answer = answer or _StoredAnswer(None, len(self), 1.0, False, "", (), 0.0, {})

    def __reduce__(self) -> tuple[Any, ...]:
        stored = _StoredAnswer(
            self.parsed, self.total, self.coverage, self.weak, self.reason, self.added,
            self.milliseconds, self.facets(),
        )  # fmt: skip
        return Hits, ([*self], stored)

    @property
    def parsed(self) -> ParsedQuery | None:
        """The parsed query; None for related posts."""
        return self._answer.parsed

    @property
    def corrections(self) -> dict[str, str]:
        """The words that no post has, each with the known word or words that replaced it."""
        return self.parsed.corrected if self.parsed else {}

    @property
    def added(self) -> tuple[str, ...]:
        """The words that feedback added to the query, each as its most frequent form."""
        return self._answer.added_words

    @property
    def milliseconds(self) -> float:
        """The time of the search in milliseconds, from the text of the query to ranked posts."""
        return self._answer.milliseconds

    @property
    def total(self) -> int:
        """The number of posts that have a word of the query."""
        return self._answer.total

    @property
    def coverage(self) -> float:
        """How much of the query the best hit covers, from 0 to 1: see `ranking.coverage`.

        0 where there is no hit, 1 for related posts.
        """
        return self._answer.coverage

    @property
    def weak(self) -> bool:
        """Whether the answer is a poor one: see `ranking.worth`."""
        return self._answer.weak

    @property
    def reason(self) -> str:
        """Why the answer is weak, such as 'no post has both "refund" and "hotel"'; "" if not."""
        return self._answer.reason

    def facets(self, *names: str) -> dict[str, dict[str, int]]:
        """How many posts have each value of the facets of these names, or of all facets.

        The facets are "category", "year" and "kind". Counted are all posts that `total` counts, not
        the hits alone. A filter on a facet narrows the other facets, but not its own, so that its
        other values can be chosen. Empty for related posts. Raises SettingError for another name.
        """
        return {name: self._answer.facet(name) for name in check_names(names)}

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

        The columns are `rank`, `id`, `score`, `title`, `date`, `kind`, `categories` and `matched`
        (lists), and `snippet`.
        """
        from tipsearch.views import tables

        tables.load_library(arrow=arrow)
        return tables.of_hits(self).export(arrow)

    def _repr_html_(self) -> str:
        """An HTML table of the first `html.SHOWN` hits, in which texts of posts are escaped."""
        from tipsearch.views import html as markup

        if not self:
            return markup.paragraph("No post was found.")
        shown = markup.table(HEADS, map(_cells, self[: markup.MAX_ROWS]), {"date"})
        more = len(self) - markup.MAX_ROWS
        return shown + (markup.paragraph(f"… and {more:,} more") if more > 0 else "")


class _StoredAnswer(NamedTuple):
    """The properties of a pickled answer, or of hits that come from no index."""

    parsed: ParsedQuery | None
    total: int
    coverage: float
    weak: bool
    reason: str
    added_words: tuple[str, ...]
    milliseconds: float
    facets: dict[str, dict[str, int]]

    def facet(self, name: str) -> dict[str, int]:
        return self.facets.get(name, {})


def _cells(hit: Hit) -> tuple[str, ...]:
    from tipsearch.views.html import link

    post = hit.post
    title, date = link(post.label, post.url or ""), str(post.date or "")
    return str(hit.rank), title, date, f"{hit.score:.3f}", hit.snippet
