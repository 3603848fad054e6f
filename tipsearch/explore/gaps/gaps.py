"""Gaps: what is asked, by topic, that which is asked most in vain first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

from tipsearch.explore.gaps import tabular
from tipsearch.explore.gaps.gap import Asked, Gap
from tipsearch.views import html as markup
from tipsearch.views import tables

SAID = 3  # queries of each gap in a notebook
HEADS = ("gap", "label", "asked", "weak", "coverage", "such as")


class Gaps(Sequence[Gap]):
    """What was asked, in groups: first the one that is asked often and barely covered.

    In order of asked * (1 - coverage), then of label. Below a coverage of `threshold` an answer is
    weak. `wordless` are the queries that have no word but stop words, each with its count: they are
    in no group, and in no sum.
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
        """All queries, gap by gap."""
        return [asked for gap in self for asked in gap.queries]

    @property
    def asked(self) -> int:
        """How often something was asked."""
        return sum(gap.asked for gap in self)

    @property
    def weak(self) -> int:
        """How often it was answered weakly."""
        return sum(gap.weak for gap in self)

    @property
    def coverage(self) -> float:
        """The mean coverage of what was asked; 1 where nothing was."""
        return sum(gap.asked * gap.coverage for gap in self) / self.asked if self.asked else 1.0

    def to_json(self) -> list[dict[str, Any]]:
        """The gaps as JSON types."""
        return [gap.to_json() for gap in self]

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each query, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `gap` (its place, from 1), `label`, `query`, `count`, `coverage`, `weak`, and `post`,
        `title` and `score` of the best post, which are missing where there is none.
        """
        tables.library(arrow=arrow)
        return tabular.of_queries(self).given(arrow)

    def _repr_html_(self) -> str:
        """A table with a row for each of the first 50; what people ask is escaped."""
        if not self:
            return markup.paragraph("Nothing was asked.")
        shown = [_cells(place, gap) for place, gap in enumerate(self[: markup.SHOWN], 1)]
        more = f", {len(self) - len(shown):,} more of them" if len(self) > len(shown) else ""
        told = f"{len(self):,} gaps{more}; of {self.asked:,} asked {self.weak:,} weakly answered"
        told += f", mean coverage {self.coverage:.2f}"
        return markup.table(HEADS, shown) + markup.paragraph(told)


def _cells(place: int, gap: Gap) -> tuple[str, ...]:
    said = " · ".join(asked.query for asked in gap.queries[:SAID])
    weak = f"{gap.weak:,}\xa0({100 * gap.weak_share:.0f}\xa0%)"  # on one line
    return str(place), gap.label, f"{gap.asked:,}", weak, f"{gap.coverage:.2f}", said
