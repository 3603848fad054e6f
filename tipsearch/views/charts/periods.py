"""Charts of topics over time, with a bar for each period."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from tipsearch.errors import SettingError
from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import NUMBER, colour, picture, rows, short, topic_name

COLUMNS, WIDTH, HEIGHT = 3, 220, 84  # pixels of each chart
LONGEST_TREND_HEADING = 36
MAX_PERIOD_LABELS = 6  # on the axis, about
MAX_PERIODS = 2_000  # with more, a date is wrong
Y_TITLES = {"posts": "Posts", "share": "Mean share"}
SUBTITLES = {
    "posts": "Posts of each topic; all charts have the same scale.",
    "share": "How much of each topic is in a post of the time, in the mean; all on the same scale.",
}


class Cell(NamedTuple):
    """A topic in a period: a year (2014), quarter ("2014-Q1") or month ("2014-03").

    `posts` is the number of posts of the period with this main topic, `share` the mean of its
    shares in all posts of the period, from 0 to 1.
    """

    period: int | str
    topic: int
    label: str
    posts: float
    share: float


def over_time(
    cells: Sequence[Cell],
    *,
    measure: Literal["posts", "share"] = "posts",
    title: str = "Topics over time",
) -> Picture:
    """Return a small chart for each topic, in order of number, with a bar for each period.

    Periods without a cell between the first and the last are bars of 0. Raises ExtraMissing,
    and SettingError for another `measure`, or for two kinds of periods.
    """
    if measure not in Y_TITLES:
        raise SettingError("measure", measure, "'posts' or 'share'")
    alt = altair()
    topics = sorted({(cell.topic, cell.label) for cell in cells})
    periods = fill_periods(cell.period for cell in cells)
    by_key = {(str(cell.period), cell.topic, cell.label): cell for cell in cells}
    highest = max((getattr(cell, measure) for cell in cells), default=0) or 1
    number_format = ".0%" if measure == "share" else NUMBER
    step = -(-len(periods) // MAX_PERIOD_LABELS)
    charts = []
    for place, topic in enumerate(topics):
        first, last = place % COLUMNS == 0, place >= len(topics) - COLUMNS
        values = [_row(by_key.get((period, *topic)), period) for period in periods]
        charts.append(
            alt.Chart(rows(alt, values))
            .mark_bar(color=colour(place))
            .encode(
                x=alt.X("period:O", title=_period_kind(periods) if last else None, sort=None)
                .scale(paddingInner=0.15)
                .axis(values=periods[::step], labelAngle=0, labelOverlap=True),
                y=alt.Y(f"{measure}:Q", title=Y_TITLES[measure] if first else None)
                .scale(domain=[0, float(highest)])
                .axis(format=number_format, tickCount=3),
                tooltip=[
                    alt.Tooltip("period:O", title=_period_kind(periods)),
                    alt.Tooltip("posts:Q", title="Posts", format=NUMBER),
                    alt.Tooltip("share:Q", title="Mean share", format=".0%"),
                ],
            )
            .properties(width=WIDTH, height=HEIGHT, title=_heading(alt, topic))
        )
    chart = alt.concat(*charts, columns=COLUMNS, spacing=20, align="each")
    return picture(alt, chart, title, SUBTITLES[measure])


def _period_kind(periods: Sequence[str]) -> str:
    return {4: "Year", 7: "Quarter" if "Q" in periods[0] else "Month"}[len(periods[0])]


def _heading(alt: Any, topic: tuple[int, str]) -> Any:
    return alt.TitleParams(text=topic_name(*topic, LONGEST_TREND_HEADING), fontSize=13, offset=6)


def _row(cell: Cell | None, period: str) -> dict[str, Any]:
    posts, share = (float(cell.posts), float(cell.share)) if cell else (0.0, 0.0)
    return {"period": short(period), "posts": posts, "share": share}


def fill_periods(periods: Iterable[int | str]) -> list[str]:
    """Return all periods from the first to the last of those given.

    Raises SettingError where they are not all years, all quarters or all months.
    """
    names = sorted({str(period) for period in periods})
    if not names:
        return []
    for pattern, per_year, template in (
        (r"(\d{4})()", 1, "{year}"),
        (r"(\d{4})-Q([1-4])", 4, "{year}-Q{part}"),
        (r"(\d{4})-(0[1-9]|1[0-2])", 12, "{year}-{part:02}"),
    ):
        matches = [re.fullmatch(pattern, name, re.ASCII) for name in names]
        if all(matches):
            ends = (matches[0], matches[-1])
            first, last = (int(m[1]) * per_year + int(m[2] or 1) - 1 for m in ends if m)
            if last - first >= MAX_PERIODS:
                apart = f"periods less than {MAX_PERIODS:,} apart: look for a wrong date"
                raise SettingError("periods", f"{names[0]} to {names[-1]}", apart)
            return [
                template.format(year=f"{number // per_year:04}", part=number % per_year + 1)
                for number in range(first, last + 1)
            ]
    raise SettingError("period", names[0], "a year, quarter or month, as all others are")
