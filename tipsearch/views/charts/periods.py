"""Topics over time: how much was written about each, period by period."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from tipsearch.errors import SettingError
from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import NUMBER, colour, picture, rows, short, topic_name

COLUMNS, WIDTH, HEIGHT = 3, 220, 84  # pixels of each chart
LONGEST = 36
SHOWN = 6  # about how many periods the axis names
LARGEST = 2_000  # periods: beyond them a date is wrong
Y_TITLES = {"posts": "Posts", "share": "Mean share"}
SUBTITLES = {
    "posts": "Posts of each topic; all charts have the same scale.",
    "share": "How much of each topic is in a post of the time, in the mean; all on the same scale.",
}


class Cell(NamedTuple):
    """A topic in a period: a year (2014), quarter ("2014-Q1") or month ("2014-03").

    `posts` is how many posts it has there, `share` the mean of its shares in all posts of that
    time, 0 to 1.
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
    """A small chart for each topic, in order of its number: a bar for each period.

    A period between the first and the last that has no cell shows as zero. Raises ExtraMissing,
    and SettingError for another `measure`, or for two kinds of periods.
    """
    if measure not in Y_TITLES:
        raise SettingError("measure", measure, "'posts' or 'share'")
    alt = altair()
    topics = sorted({(cell.topic, cell.label) for cell in cells})
    periods = filled(cell.period for cell in cells)
    found = {(str(cell.period), cell.topic, cell.label): cell for cell in cells}
    most = max((getattr(cell, measure) for cell in cells), default=0) or 1
    form = ".0%" if measure == "share" else NUMBER
    step = -(-len(periods) // SHOWN)
    charts = []
    for place, topic in enumerate(topics):
        first, last = place % COLUMNS == 0, place >= len(topics) - COLUMNS
        values = [_row(found.get((period, *topic)), period) for period in periods]
        charts.append(
            alt.Chart(rows(alt, values))
            .mark_bar(color=colour(place))
            .encode(
                x=alt.X("period:O", title=_kind(periods) if last else None, sort=None)
                .scale(paddingInner=0.15)
                .axis(values=periods[::step], labelAngle=0, labelOverlap=True),
                y=alt.Y(f"{measure}:Q", title=Y_TITLES[measure] if first else None)
                .scale(domain=[0, float(most)])
                .axis(format=form, tickCount=3),
                tooltip=[
                    alt.Tooltip("period:O", title=_kind(periods)),
                    alt.Tooltip("posts:Q", title="Posts", format=NUMBER),
                    alt.Tooltip("share:Q", title="Mean share", format=".0%"),
                ],
            )
            .properties(width=WIDTH, height=HEIGHT, title=_heading(alt, topic))
        )
    together = alt.concat(*charts, columns=COLUMNS, spacing=20, align="each")
    return picture(alt, together, title, SUBTITLES[measure])


def _kind(periods: Sequence[str]) -> str:
    return {4: "Year", 7: "Quarter" if "Q" in periods[0] else "Month"}[len(periods[0])]


def _heading(alt: Any, topic: tuple[int, str]) -> Any:
    return alt.TitleParams(text=topic_name(*topic, LONGEST), fontSize=13, offset=6)


def _row(cell: Cell | None, period: str) -> dict[str, Any]:
    posts, share = (float(cell.posts), float(cell.share)) if cell else (0.0, 0.0)
    return {"period": short(period), "posts": posts, "share": share}


def filled(periods: Iterable[int | str]) -> list[str]:
    """The periods from the first to the last, those between that are missing too.

    Raises SettingError where they are not all years, all quarters or all months.
    """
    names = sorted({str(period) for period in periods})
    if not names:
        return []
    for form, count, written in (
        (r"(\d{4})()", 1, "{year}"),
        (r"(\d{4})-Q([1-4])", 4, "{year}-Q{part}"),
        (r"(\d{4})-(0[1-9]|1[0-2])", 12, "{year}-{part:02}"),
    ):
        found = [re.fullmatch(form, name, re.ASCII) for name in names]
        if all(found):
            ends = (found[0], found[-1])
            first, last = (int(m[1]) * count + int(m[2] or 1) - 1 for m in ends if m)
            if last - first >= LARGEST:
                apart = f"periods less than {LARGEST:,} apart: look for a wrong date"
                raise SettingError("periods", f"{names[0]} to {names[-1]}", apart)
            return [
                written.format(year=f"{number // count:04}", part=number % count + 1)
                for number in range(first, last + 1)
            ]
    raise SettingError("period", names[0], "a year, quarter or month, as all others are")
