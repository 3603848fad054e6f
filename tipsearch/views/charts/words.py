"""Bar charts of the words of topics, by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import colour, label_expression, picture, rows, short, topic_name

BARS_PER_TOPIC = 10
COLUMNS = 3
WIDTH, WORD_HEIGHT, WORD_WIDTH = 180, 17, 112  # pixels
LONGEST_WORD, LONGEST_HEADING = 22, 28


class TopicWords(NamedTuple):
    """A topic: its number, label, number of posts, and words with their weights."""

    number: int
    label: str
    size: int
    words: Sequence[tuple[str, float]]


def term_bars(topics: Sequence[TopicWords], *, title: str = "Words of the topics") -> Picture:
    """Return a small chart for each topic, of its ten words of greatest weight, the greatest first.

    Each chart has its own scale: the words of a small topic have such weights that those of a
    large one would look equal beside them. Raises ExtraMissing.
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
    best = sorted(topic.words, key=lambda pair: -pair[1])[:BARS_PER_TOPIC]
    scale = alt.Scale(domain=[0, float(best[0][1]) if best else 1.0])
    values = [
        {"place": rank, "word": short(word, LONGEST_WORD), "weight": float(weight)}
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
            x=alt.X("weight:Q", title="Weight" if last else None, scale=scale)
            .axis(tickCount=3),
            y=alt.Y("place:O", title=None)
            .axis(
                labelExpr=label_expression(values, "word"), ticks=False, domain=False,
                labelLimit=WORD_WIDTH, minExtent=WORD_WIDTH, maxExtent=WORD_WIDTH,
            ),
            tooltip=[
                alt.Tooltip("word:N", title="Word"),
                alt.Tooltip("weight:Q", title="Weight", format=".3~r"),
            ],
        )
        .properties(width=WIDTH, height=WORD_HEIGHT * max(len(values), 1))
    )  # fmt: skip
