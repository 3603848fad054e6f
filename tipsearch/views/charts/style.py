"""How pictures look: one palette, one typeface, and what becomes of the users' own text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tipsearch.views.charts.picture import Picture

# The "muted" scheme that P. Tol made for the colour-blind; the light ones stand late.
COLOURS = (
    "#332288", "#CC6677", "#44AA99", "#882255", "#999933", "#88CCEE", "#117733", "#AA4499",
    "#DDCC77",
)  # fmt: skip
# Nine colours are as many as one can tell apart: what comes after has another shape.
SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down")
INK, LIGHT = "#222222", "#BBBBBB"
NO_TOPIC = "no topic"
NUMBER = ",.2~f"  # in the notation of D3
JOINER = "\u200d"
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
    """The text on one line, cut at `longest` characters with an ellipsis; `empty` for none."""
    # What is not printable, halves of surrogate pairs too, is a space; not so what joins emoji.
    marks = (mark if mark.isprintable() or mark == JOINER else " " for mark in text)
    words = " ".join("".join(marks).split())
    if len(words) > longest:
        words = words[: longest - 1].rstrip() + "…"
    return words or empty


def topic_name(number: int, label: str, longest: int = LONGEST_LABEL) -> str:
    """A topic as axes and legends name it: its number makes it one of its kind."""
    return f"{number}  {short(label, longest, '(no words)')}"


def colour(place: int) -> str:
    """The colour of the topic at a place of the order of topics."""
    return COLOURS[place % len(COLOURS)]


def shape(place: int) -> str:
    """The shape of the topic at a place: another one after each round of colours."""
    return SHAPES[place // len(COLOURS) % len(SHAPES)]


def names_of(values: Sequence[dict[str, Any]], field: str) -> str:
    """A Vega expression for the labels of an axis of places: what `field` is there.

    The places keep two texts apart that look alike once they are short. As JSON, no text is code.
    """
    return f"{json.dumps([value[field] for value in values])}[datum.value]"


def rows(alt: Any, values: Iterable[dict[str, Any]]) -> Any:
    """Rows of JSON values as the data of a chart, as many as there are."""
    return alt.InlineData(values=list(values))


def picture(alt: Any, chart: Any, title: str, subtitle: str = "") -> Picture:
    """The finished picture, with its title and in the style of all."""
    above = [subtitle] if subtitle else []
    heading = alt.TitleParams(text=short(title, LONGEST_TOOLTIP), subtitle=above)
    return Picture(chart.properties(title=heading).configure(**CONFIG))
