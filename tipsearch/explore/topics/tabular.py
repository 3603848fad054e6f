"""Topics as tables: a row for each topic, for each post, or for each topic in each year."""

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
    """A row for each topic."""
    return Table(
        {
            "topic": Column("whole", [topic.number for topic in topics]),
            "label": Column("text", [topic.label for topic in topics]),
            "size": Column("whole", [topic.size for topic in topics]),
            "share": Column("real", [topic.share for topic in topics]),
            "coherence": Column("real", [topic.coherence for topic in topics]),
            "words": Column("texts", [[word for word, _ in topic.words] for topic in topics]),
            "posts": Column("texts", [[*topic.posts] for topic in topics]),
        }
    )


def of_posts(
    topics: Sequence[Topic], posts: Sequence[Post], shares: Floats, main: Numbers, fit: Floats
) -> Table:
    """A row for each post: its main topic, and its share of each topic."""
    places = main.tolist()
    return Table(
        {
            "id": Column("text", [post.id for post in posts]),
            "title": Column("text", [post.title for post in posts]),
            "date": Column("date", [post.date for post in posts]),
            "topic": Column("whole", [topics[place].number for place in places]),
            "label": Column("text", [topics[place].label for place in places]),
            "share": Column("real", shares[np.arange(len(places)), main]),
            "fit": Column("real", fit),
            **{
                f"topic_{topic.number}": Column("real", shares[:, place])
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
    """A row for each topic in each year or month from the first to the last.

    Raises SettingError, and CorpusError where no post has a date.
    """
    if by not in {"year", "month"}:
        raise SettingError("by", by, '"year" or "month"')
    periods = {row: _period(date, by) for row, date in enumerate(dates) if date}
    if not periods:
        raise CorpusError(
            "no topics over time", "no post has a date",
            'index posts with one: in JSON Lines it is "date": "2014-02-04"',
        )  # fmt: skip
    every = range(min(periods.values()), max(periods.values()) + 1)
    totals = Counter(periods.values())
    counts = Counter((period, int(main[row])) for row, period in periods.items())
    sums = {period: np.zeros(len(topics)) for period in every}
    for row, period in periods.items():
        sums[period] += shares[row]
    cells = [(period, place) for period in every for place in range(len(topics))]
    return Table(
        {
            "period": Column("text", [_written(period, by) for period, _ in cells]),
            "topic": Column("whole", [topics[place].number for _, place in cells]),
            "label": Column("text", [topics[place].label for _, place in cells]),
            "posts": Column("whole", [counts[cell] for cell in cells]),
            "share": Column(
                "real",
                [sums[period][place] / max(totals[period], 1) for period, place in cells],
            ),
        }
    )


def _period(date: Date, by: Period) -> int:
    """Its number: of the year, or of the month since the year 0."""
    return date.year if by == "year" else date.year * 12 + date.month - 1


def _written(period: int, by: Period) -> str:
    return f"{period:04}" if by == "year" else f"{period // 12:04}-{period % 12 + 1:02}"
