"""The table of gaps, with a row for each query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipsearch.views.tables import Column, Kind, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tipsearch.explore.gaps.gap import Gap

COLUMN_KINDS: dict[str, Kind] = {
    "query": "text", "count": "int", "coverage": "float", "weak": "bool", "post": "text",
    "title": "text", "score": "float",
}  # fmt: skip


def of_queries(gaps: Sequence[Gap]) -> Table:
    """Return a table with a row for each query of each gap, in order; `gap` counts from 1."""
    rows = [(place, gap, asked) for place, gap in enumerate(gaps, 1) for asked in gap.queries]

    def values(name: str) -> list[Any]:
        return [getattr(asked, name) for _, _, asked in rows]

    return Table(
        {
            "gap": Column("int", [place for place, _, _ in rows]),
            "label": Column("text", [gap.label for _, gap, _ in rows]),
            **{name: Column(kind, values(name)) for name, kind in COLUMN_KINDS.items()},
        }
    )
