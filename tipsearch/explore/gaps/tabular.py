"""Gaps as a table: a row for each query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipsearch.views.tables import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tipsearch.explore.gaps.gap import Gap

KINDS: dict[str, Kind] = {
    "query": "text", "count": "whole", "coverage": "real", "weak": "truth", "post": "text",
    "title": "text", "score": "real",
}  # fmt: skip


def of_queries(gaps: Sequence[Gap]) -> Table:
    """A row for each query of each gap, in their order; `gap` counts from 1."""
    rows = [(place, gap, asked) for place, gap in enumerate(gaps, 1) for asked in gap.queries]

    def values(name: str) -> list[Any]:
        return [getattr(asked, name) for _, _, asked in rows]

    return Table(
        {
            "gap": Column("whole", [place for place, _, _ in rows]),
            "label": Column("text", [gap.label for _, gap, _ in rows]),
            **{name: Column(kind, values(name)) for name, kind in KINDS.items()},
        }
    )
