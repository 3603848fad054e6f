"""Tables of topics: by topic, by post, and by topic and period."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

import numpy as np

from tipsearch.errors import CorpusError, SettingError
from tipsearch.views.tables import Column, Table

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date as Date

    import numpy.typing as npt

    from tipsearch.corpus.post import Post
    from tipsearch.explore.topics.topic import Topic

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

Period = Literal["year", "month"]


def of_topics(topics: Sequence[Topic]) -> Table:
    """Return a table with a row for each topic."""
    return Table(
        {
            "topic": Column("int", [topic.number for topic in topics]),
            "label": Column("text", [topic.label for topic in topics]),
            "size": Column("int", [topic.size for topic in topics]),
            "share": Column("float", [topic.share for topic in topics]),
            "coherence": Column("float", [topic.coherence for topic in topics]),
            "words": Column("texts", [[word for word, _ in topic.words] for topic in topics]),
            "posts": Column("texts", [[*topic.posts] for topic in topics]),
        }
    )


def of_posts(
    topics: Sequence[Topic], posts: Sequence[Post], shares: Floats, main: Numbers, fit: Floats
) -> Table:
    """Return a table with a row for each post: its main topic, and the share of each topic."""
    places = main.tolist()
    return Table(
        {
            "id": Column("text", [post.id for post in posts]),
            "title": Column("text", [post.title for post in posts]),
            "date": Column("date", [post.date for post in posts]),
            "topic": Column("int", [topics[place].number for place in places]),
            "label": Column("text", [topics[place].label for place in places]),
            "share": Column("float", shares[np.arange(len(places)), main]),
            "fit": Column("float", fit),
            **{
                f"topic_{topic.number}": Column("float", shares[:, place])
                for place, topic in enumerate(topics)
            },
        }
    )


def over_time(
    topics: Sequence[Topic],
    dates: Sequence[Date | None],
    main: Numbers,
    shares: Floats,
    by: Period,
) -> Table:
    """Return a table with a row for each topic in each year or month from first to last.

    Posts without a date are left out. Raises SettingError, and CorpusError where none has a date.
    """
    if by not in {"year", "month"}:
        raise SettingError("by", by, '"year" or "month"')
    periods = {row: _period_number(date, by) for row, date in enumerate(dates) if date}
    if not periods:
        raise CorpusError(
            "no topics over time", "no post has a date",
            'index posts with one: in JSON Lines it is "date": "2014-02-04"',
        )  # fmt: skip
    all_periods = range(min(periods.values()), max(periods.values()) + 1)
    totals = Counter(periods.values())
    counts = Counter((period, int(main[row])) for row, period in periods.items())
    sums = {period: np.zeros(len(topics)) for period in all_periods}
    for row, period in periods.items():
        sums[period] += shares[row]
    cells = [(period, place) for period in all_periods for place in range(len(topics))]
    return Table(
        {
            "period": Column("text", [_format_period(period, by) for period, _ in cells]),
            "topic": Column("int", [topics[place].number for _, place in cells]),
            "label": Column("text", [topics[place].label for _, place in cells]),
            "posts": Column("int", [counts[cell] for cell in cells]),
            "share": Column(
                "float",
                [sums[period][place] / max(totals[period], 1) for period, place in cells],
            ),
        }
    )


def _period_number(date: Date, by: Period) -> int:
    """The year, or the number of months since the year 0."""
    return date.year if by == "year" else date.year * 12 + date.month - 1


def _format_period(period: int, by: Period) -> str:
    return f"{period:04}" if by == "year" else f"{period // 12:04}-{period % 12 + 1:02}"
