"""The style of charts: colours, shapes, fonts, and how texts are shortened."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tipsearch.views.charts.picture import Picture

# The "muted" scheme of P. Tol for the colour-blind, its light colours last.
COLOURS = (
    "#332288", "#CC6677", "#44AA99", "#882255", "#999933", "#88CCEE", "#117733", "#AA4499",
    "#DDCC77",
)  # fmt: skip
# Nine colours are as many as one can tell apart; further topics get another shape.
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
INK, LIGHT = "#222222", "#BBBBBB"
NO_TOPIC = "no topic"
NUMBER = ",.2~f"  # in the notation of D3
ZERO_WIDTH_JOINER = "\u200d"
LONGEST_LABEL, LONGEST_TOOLTIP = 34, 110

FONT = {"labelFontSize": 12, "titleFontSize": 13, "labelColor": INK, "titleColor": INK}
CONFIG: dict[str, Any] = {
    "background": "white",  # readable in a dark notebook too
    "font": "sans-serif",
    "axis": {
        **FONT,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "labelPadding": 5,
        "labelLimit": 260,
        "gridColor": "#EBEBEB",
        "domainColor": "#999999",
        "tickColor": "#999999",
    },
    "legend": {
        **FONT,
        "labelLimit": 300,
        "symbolLimit": 0,
        "symbolSize": 90,
        "rowPadding": 3,
        "padding": 8,
    },
    "header": {"labelFontSize": 13, "labelFontWeight": "bold", "labelColor": INK, "title": None},
    "title": {
        "anchor": "start",
        "fontSize": 17,
        "color": INK,
        "subtitleFontSize": 13,
        "subtitleColor": "#555555",
        "subtitlePadding": 6,
        "offset": 14,
    },
    "view": {"stroke": None},
}


def short(text: str, longest: int = LONGEST_LABEL, empty: str = "(no title)") -> str:
    """Return the text on one line, cut at `longest` characters with an ellipsis, or `empty`."""
    # Characters that are not printable become spaces, except for the one that joins emoji.
    marks = (mark if mark.isprintable() or mark == ZERO_WIDTH_JOINER else " " for mark in text)
    words = " ".join("".join(marks).split())
    if len(words) > longest:
        words = words[: longest - 1].rstrip() + "…"
    return words or empty


def topic_name(number: int, label: str, longest: int = LONGEST_LABEL) -> str:
    """Return the name of a topic on axes and in legends; its number makes it unique."""
    return f"{number}  {short(label, longest, '(no words)')}"


def colour(place: int) -> str:
    """Return the colour of the topic at a place in the order of topics."""
    return COLOURS[place % len(COLOURS)]


def shape(place: int) -> str:
    """Return the shape of the topic at a place; it changes after each round of colours."""
    return SHAPES[place // len(COLOURS) % len(SHAPES)]


def label_expression(values: Sequence[dict[str, Any]], field: str) -> str:
    """Return the Vega expression that labels an axis of row numbers with a field of the rows.

    Row numbers keep texts apart that are equal once shortened. JSON keeps texts from being code.
    """
    return f"{json.dumps([value[field] for value in values])}[datum.value]"


def rows(alt: Any, values: Iterable[dict[str, Any]]) -> Any:
    """Return rows of JSON values as the data of a chart, without Altair's limit on their number."""
    return alt.InlineData(values=list(values))


def picture(alt: Any, chart: Any, title: str, subtitle: str = "") -> Picture:
    """Return the chart as a picture, with its title and the common style."""
    lines = [subtitle] if subtitle else []
    heading = alt.TitleParams(text=short(title, LONGEST_TOOLTIP), subtitle=lines)
    return Picture(chart.properties(title=heading).configure(**CONFIG))
