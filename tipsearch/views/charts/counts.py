"""How many of what: bars for each year or category, and the spread of a number."""

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
    names_of,
    picture,
    rows,
    short,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT, STEP = 640, 260, 24  # pixels
LONGEST, EXTENT = 40, 280  # characters of a category, and pixels that they may take
NUMBERED = 30  # bars that have their count written beside them
SHOWN = 16  # years that the axis names
LARGEST = 2_000


def bars(
    values: Iterable[tuple[int | str, float]], *, title: str, x_title: str, y_title: str
) -> Picture:
    """A bar for each pair of a name and a number, such as posts per year or per category.

    Whole numbers, such as years, stand in order along x, and those between that are missing show
    as zero. Texts stand in the order given along y, which leaves them room, so there `x_title`
    is that of the numbers. Raises ExtraMissing, and SettingError for years that are too far apart.
    """
    pairs = list(values)
    if pairs and all(isinstance(name, int) for name, _ in pairs):
        return _upright(pairs, title, x_title, y_title)
    return _lying([(str(name), value) for name, value in pairs], title, x_title, y_title)


def _upright(pairs: Sequence[tuple[Any, float]], title: str, x_title: str, y_title: str) -> Picture:
    alt = altair()
    numbers = dict(pairs)
    first, last = min(numbers), max(numbers)
    if last - first >= LARGEST:
        raise SettingError("values", (first, last), f"numbers less than {LARGEST} apart")
    names = range(first, last + 1)
    data = [{"name": name, "number": float(numbers.get(name, 0))} for name in names]
    step = -(-len(names) // SHOWN)
    chart = alt.Chart(rows(alt, data)).encode(
        x=alt.X("name:O", title=x_title).axis(values=list(names)[::step], labelAngle=0),
        y=alt.Y("number:Q", title=y_title).axis(tickCount=5, format=NUMBER),
        tooltip=_tooltip(alt, x_title, y_title),
    )
    marks = chart.mark_bar(color=COLOURS[0])
    if len(data) <= NUMBERED:
        numbers_above = chart.mark_text(dy=-8, fontSize=12, color=INK)
        marks += numbers_above.encode(text=alt.Text("number:Q", format=NUMBER))
    return picture(alt, marks.properties(width=WIDTH, height=HEIGHT), title)


def _lying(pairs: Sequence[tuple[str, float]], title: str, x_title: str, y_title: str) -> Picture:
    alt = altair()
    data = [
        {"place": place, "name": short(name, LONGEST, "(none)"), "number": float(number)}
        for place, (name, number) in enumerate(pairs)
    ]
    chart = alt.Chart(rows(alt, data)).encode(
        x=alt.X("number:Q", title=x_title).axis(tickCount=5, format=NUMBER),
        y=alt.Y("place:O", title=y_title).axis(
            labelExpr=names_of(data, "name"), ticks=False, maxExtent=EXTENT
        ),
        tooltip=_tooltip(alt, y_title, x_title),
    )
    beside = chart.mark_text(align="left", dx=5, fontSize=12, color=INK)
    beside = beside.encode(text=alt.Text("number:Q", format=NUMBER))
    marks = chart.mark_bar(color=COLOURS[0]) + beside
    return picture(alt, marks.properties(width=WIDTH, height=alt.Step(STEP)), title)


def _tooltip(alt: Any, name: str, number: str) -> list[Any]:
    titles = short(name, LONGEST_TOOLTIP), short(number, LONGEST_TOOLTIP)
    return [
        alt.Tooltip("name:N", title=titles[0]),
        alt.Tooltip("number:Q", title=titles[1], format=NUMBER),
    ]


def histogram(
    values: Iterable[float], *, title: str, x_title: str, y_title: str = "Posts", bins: int = 20
) -> Picture:
    """How many of the numbers fall into each of about `bins` intervals of one width.

    The line is the median. Raises ExtraMissing, and SettingError for a number that is not finite
    or for less than one interval.
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
    said = f"{len(numbers):,} value{'' if len(numbers) == 1 else 's'}"
    if len(numbers):
        middle = float(np.median(numbers))
        line = alt.Chart(rows(alt, [{"from": middle}]))
        marks += line.mark_rule(color=COLOURS[1], strokeWidth=2).encode(x="from:Q")
        said = f"{said}; the line is the median, {middle:,g}"
    return picture(alt, marks.properties(width=WIDTH, height=HEIGHT), title, said)


def _edges(numbers: Floats, bins: int) -> Floats:
    """The edges of about so many intervals, whose width is 1, 2 or 5 times a power of ten."""
    low, high = (numbers.min(), numbers.max()) if len(numbers) else (0.0, 1.0)
    rough = (high - low) / bins or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    width = next(power * step for step in (1, 2, 5, 10) if power * step >= rough * (1 - 1e-9))
    first, last = np.floor(low / width), np.floor(high / width) + 1
    return np.asarray(np.arange(first, last + 1) * width)
