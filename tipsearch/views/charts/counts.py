"""Bar charts of counts by year or category, and histograms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import SettingError
from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import (
    COLOURS,
    INK,
    LONGEST_TOOLTIP,
    NUMBER,
    label_expression,
    picture,
    rows,
    short,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT, BAR_HEIGHT = 640, 260, 24  # pixels
LONGEST_CATEGORY, CATEGORY_WIDTH = 40, 280  # characters, and pixels
MAX_NUMBERED_BARS = 30  # of more bars, counts are only in the tooltips
MAX_YEAR_LABELS = 16  # on the axis
MAX_YEARS = 2_000


def bars(
    values: Iterable[tuple[int | str, float]], *, title: str, x_title: str, y_title: str
) -> Picture:
    """Return a bar chart of pairs of a name and a number, such as posts per year or per category.

    Names that are whole numbers, such as years, are in order along x, and missing ones between
    them are bars of 0. Other names are along y in the order given; `x_title` is then the title of
    the numbers. Raises ExtraMissing, and SettingError for years 2,000 or more apart.
    """
    pairs = list(values)
    if pairs and all(isinstance(name, int) for name, _ in pairs):
        return _vertical_bars(pairs, title, x_title, y_title)
    return _horizontal_bars([(str(name), value) for name, value in pairs], title, x_title, y_title)


def _vertical_bars(
    pairs: Sequence[tuple[Any, float]], title: str, x_title: str, y_title: str
) -> Picture:
    alt = altair()
    numbers = dict(pairs)
    first, last = min(numbers), max(numbers)
    if last - first >= MAX_YEARS:
        raise SettingError("values", (first, last), f"numbers less than {MAX_YEARS} apart")
    names = range(first, last + 1)
    data = [{"name": name, "number": float(numbers.get(name, 0))} for name in names]
    step = -(-len(names) // MAX_YEAR_LABELS)
    chart = alt.Chart(rows(alt, data)).encode(
        x=alt.X("name:O", title=x_title).axis(values=list(names)[::step], labelAngle=0),
        y=alt.Y("number:Q", title=y_title).axis(tickCount=5, format=NUMBER),
        tooltip=_tooltip(alt, x_title, y_title),
    )
    marks = chart.mark_bar(color=COLOURS[0])
    if len(data) <= MAX_NUMBERED_BARS:
        numbers_above = chart.mark_text(dy=-8, fontSize=12, color=INK)
        marks += numbers_above.encode(text=alt.Text("number:Q", format=NUMBER))
    return picture(alt, marks.properties(width=WIDTH, height=HEIGHT), title)


def _horizontal_bars(
    pairs: Sequence[tuple[str, float]], title: str, x_title: str, y_title: str
) -> Picture:
    alt = altair()
    data = [
        {"place": place, "name": short(name, LONGEST_CATEGORY, "(none)"), "number": float(number)}
        for place, (name, number) in enumerate(pairs)
    ]
    chart = alt.Chart(rows(alt, data)).encode(
        x=alt.X("number:Q", title=x_title).axis(tickCount=5, format=NUMBER),
        y=alt.Y("place:O", title=y_title).axis(
            labelExpr=label_expression(data, "name"), ticks=False, maxExtent=CATEGORY_WIDTH
        ),
        tooltip=_tooltip(alt, y_title, x_title),
    )
    numbers = chart.mark_text(align="left", dx=5, fontSize=12, color=INK)
    numbers = numbers.encode(text=alt.Text("number:Q", format=NUMBER))
    marks = chart.mark_bar(color=COLOURS[0]) + numbers
    return picture(alt, marks.properties(width=WIDTH, height=alt.Step(BAR_HEIGHT)), title)


def _tooltip(alt: Any, name: str, number: str) -> list[Any]:
    titles = short(name, LONGEST_TOOLTIP), short(number, LONGEST_TOOLTIP)
    return [
        alt.Tooltip("name:N", title=titles[0]),
        alt.Tooltip("number:Q", title=titles[1], format=NUMBER),
    ]


def histogram(
    values: Iterable[float], *, title: str, x_title: str, y_title: str = "Posts", bins: int = 20
) -> Picture:
    """Return a histogram with about `bins` intervals of equal width, and a line at the median.

    Raises ExtraMissing, and SettingError for a number that is not finite or for less than one
    interval.
    """
    alt = altair()
    numbers = np.asarray(list(values), np.float64)
    if bins < 1 or not np.isfinite(numbers).all():
        raise SettingError("values", f"{len(numbers)} in {bins} bins", "finite, in at least one")
    edges = _edges(numbers, bins)
    counts = np.histogram(numbers, edges)[0]
    data = [
        {"from": float(start), "to": float(end), "number": int(count)}
        for start, end, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]
    chart = alt.Chart(rows(alt, data)).mark_bar(color=COLOURS[0], stroke="white")
    marks = chart.encode(
        x=alt.X("from:Q", title=x_title, bin="binned").axis(format=NUMBER),
        x2="to:Q",
        y=alt.Y("number:Q", title=y_title).axis(tickCount=5),
        tooltip=[
            alt.Tooltip("from:Q", title="From", format=NUMBER),
            alt.Tooltip("to:Q", title="to below", format=NUMBER),
            alt.Tooltip("number:Q", title=y_title),
        ],
    )
    subtitle = f"{len(numbers):,} value{'' if len(numbers) == 1 else 's'}"
    if len(numbers):
        median = float(np.median(numbers))
        line = alt.Chart(rows(alt, [{"from": median}]))
        marks += line.mark_rule(color=COLOURS[1], strokeWidth=2).encode(x="from:Q")
        subtitle = f"{subtitle}; the line is the median, {median:,g}"
    return picture(alt, marks.properties(width=WIDTH, height=HEIGHT), title, subtitle)


def _edges(numbers: Floats, bins: int) -> Floats:
    """The edges of about `bins` intervals, whose width is 1, 2 or 5 times a power of ten."""
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0.0, 1.0)
    rough = (high - low) / bins or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(power * step for step in (1, 2, 5, 10) if power * step >= rough * (1 - 1e-9))
    first, last = np.floor(low / width), np.floor(high / width) + 1
    return np.asarray(np.arange(first, last + 1) * width)
