"""What the topics are about: the weightiest words of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import colour, names_of, picture, rows, short, topic_name

WORDS = 10
COLUMNS = 3
WIDTH, STEP, EXTENT = 180, 17, 112  # pixels; the last one is the room for words
LONGEST, LONGEST_HEADING = 22, 28


class TopicWords(NamedTuple):
    """A topic: its number, label, number of posts, and words with their weights."""

    number: int
    label: str
    size: int
    words: Sequence[tuple[str, float]]


def term_bars(topics: Sequence[TopicWords], *, title: str = "Words of the topics") -> Picture:
    """A small chart for each topic: its ten weightiest words, the weightiest on top.

    Each has a scale of its own: a topic of two posts has few words and so weighty ones, beside
    which the words of a large one could not be told apart. Raises ExtraMissing.
    """
    alt = altair()
    charts = [
        _chart(alt, topic, place, place >= len(topics) - COLUMNS)
        for place, topic in enumerate(topics)
    ]
    return picture(
        alt,
        alt.concat(*charts, columns=COLUMNS, spacing=20, align="each"),
        title,
        "The ten weightiest words of each topic; each chart has a scale of its own.",
    )


def _chart(alt: Any, topic: TopicWords, place: int, last: bool) -> Any:
    best = sorted(topic.words, key=lambda pair: -pair[1])[:WORDS]
    most = float(best[0][1]) if best else 1.0
    values = [
        {"place": rank, "word": short(word, LONGEST), "weight": float(weight)}
        for rank, (word, weight) in enumerate(best)
    ]
    heading = alt.TitleParams(
        text=topic_name(topic.number, topic.label, LONGEST_HEADING),
        subtitle=f"{topic.size:,} post{'' if topic.size == 1 else 's'}",
        fontSize=13, subtitleFontSize=12, subtitlePadding=2, offset=6,
    )  # fmt: skip
    return (
        alt.Chart(rows(alt, values), title=heading)
        .mark_bar(color=colour(place))
        .encode(
            x=alt.X("weight:Q", title="Weight" if last else None, scale=alt.Scale(domain=[0, most]))
            .axis(tickCount=3),
            y=alt.Y("place:O", title=None)
            .axis(
                labelExpr=names_of(values, "word"), ticks=False, domain=False,
                labelLimit=EXTENT, minExtent=EXTENT, maxExtent=EXTENT,
            ),
            tooltip=[
                alt.Tooltip("word:N", title="Word"),
                alt.Tooltip("weight:Q", title="Weight", format=".3~r"),
            ],
        )
        .properties(width=WIDTH, height=STEP * max(len(values), 1))
    )  # fmt: skip
