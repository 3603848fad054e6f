"""Gaps: the gaps of a query log in order, as tables, JSON and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from tipsearch.explore.gaps import tabular
from tipsearch.explore.gaps.gap import Asked, Gap
from tipsearch.views import html as markup
from tipsearch.views import tables

EXAMPLE_QUERIES = 3  # of each gap in a notebook
HEADS = ("gap", "label", "asked", "weak", "coverage", "such as")


class Gaps(Sequence[Gap]):
    """The gaps of a query log, by descending asked * (1 - coverage), then by label.

    An answer with a coverage below `threshold` is weak. `wordless` has the queries of stop words
    only, each with its count; they are in no gap and in no sum.
    """

    def __init__(
        self, gaps: Sequence[Gap], threshold: float, wordless: Sequence[tuple[str, int]]
    ) -> None:
        self._gaps = tuple(sorted(gaps, key=lambda gap: (-gap.size, gap.label)))
        self.threshold, self.wordless = threshold, tuple(wordless)

    @overload
    def __getitem__(self, place: int) -> Gap: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Gap, ...]: ...
    def __getitem__(self, place: int | slice) -> Gap | tuple[Gap, ...]:
        return self._gaps[place]

    def __len__(self) -> int:
        return len(self._gaps)

    def __iter__(self) -> Iterator[Gap]:
        return iter(self._gaps)

    def __repr__(self) -> str:
        named = "; ".join(f"{gap.label} {gap.weak:,}/{gap.asked:,}" for gap in self)
        return f"<{len(self)} gaps, weak/asked {self.weak:,}/{self.asked:,}: {named}>"

    @property
    def queries(self) -> list[Asked]:
        """All queries, in order of their gaps."""
        return [asked for gap in self for asked in gap.queries]

    @property
    def asked(self) -> int:
        """The number of askings: the sum of the counts of all queries."""
        return sum(gap.asked for gap in self)

    @property
    def weak(self) -> int:
        """The number of askings with a weak answer."""
        return sum(gap.weak for gap in self)

    @property
    def coverage(self) -> float:
        """The mean coverage, weighted by the counts; 1 where nothing was asked."""
        return sum(gap.asked * gap.coverage for gap in self) / self.asked if self.asked else 1.0

    def to_json(self) -> list[dict[str, Any]]:
        """Return the gaps as a list of dicts of JSON types."""
        return [gap.to_json() for gap in self]

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each query.

        Columns: `gap` (its place, from 1), `label`, `query`, `count`, `coverage`, `weak`, and
        `post`, `title` and `score` of the best hit, missing where there is none. Raises
        ExtraMissing.
        """
        tables.load_library(arrow=arrow)
        return tabular.of_queries(self).export(arrow)

    def _repr_html_(self) -> str:
        """An HTML table with a row for each of the first 50 gaps; queries are escaped."""
        if not self:
            return markup.paragraph("Nothing was asked.")
        shown = [_cells(place, gap) for place, gap in enumerate(self[: markup.MAX_ROWS], 1)]
        more = f", {len(self) - len(shown):,} more of them" if len(self) > len(shown) else ""
        summary = f"{len(self):,} gaps{more}; of {self.asked:,} asked {self.weak:,} weakly answered"
        summary += f", mean coverage {self.coverage:.2f}"
        return markup.table(HEADS, shown) + markup.paragraph(summary)


def _cells(place: int, gap: Gap) -> tuple[str, ...]:
    examples = " · ".join(asked.query for asked in gap.queries[:EXAMPLE_QUERIES])
    weak = f"{gap.weak:,}\xa0({100 * gap.weak_share:.0f}\xa0%)"  # no line break
    return str(place), gap.label, f"{gap.asked:,}", weak, f"{gap.coverage:.2f}", examples
