"""The map of a corpus: a point for each post, coloured by topic, similar posts near each other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from typing import Any, NamedTuple

import numpy as np

from tipsearch.views.charts.frame import Frame
from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import (
    LIGHT,
    LONGEST_TOOLTIP,
    NO_TOPIC,
    colour,
    picture,
    rows,
    shape,
    short,
    topic_name,
)

LONGEST_MAP_LABEL, LONGEST_CROWDED_LABEL = 26, 12  # characters
CROWDED_TOPICS = 24  # of more topics, labels are shorter
LEGEND_ROWS = 26
MEDOID_SAMPLE = 500  # about how many points of a topic its medoid is found among
SUBTITLE = "Posts near each other are alike in words and meaning; the directions mean nothing."


class MapPoint(NamedTuple):
    """A post on the map, with the number and label of its main topic and that topic's share.

    `topic` is None for a post without a topic.
    """

    x: float
    y: float
    title: str
    date: Date | None
    topic: int | None
    label: str
    share: float


def corpus_map(points: Sequence[MapPoint], *, title: str = "Map of the corpus") -> Picture:
    """Return a map of posts at the coordinates of `projection.project`, coloured by topic.

    Hovering over a point shows title, date, topic and share. A click on a topic in the legend dims
    the others. Shift and the mouse wheel zoom. After nine topics the colours repeat with another
    shape. Raises ExtraMissing.
    """
    alt = altair()
    topics = sorted({(point.topic, point.label) for point in points if point.topic is not None})
    frame = Frame([(point.x, point.y) for point in points])
    chosen = alt.selection_point(name="topic", fields=["topic"], bind="legend")
    names = [topic_name(*topic) for topic in topics]
    marks = (
        alt.Chart(rows(alt, map(_row, points)))
        .mark_point(filled=True, stroke="white", strokeWidth=0.6, size=_size(len(points)))
        .encode(
            **frame.axes(alt),
            **_topic_encodings(alt, names, any(point.topic is None for point in points)),
            opacity=alt.condition(chosen, alt.value(0.9), alt.value(0.07)),
            tooltip=[
                alt.Tooltip("title:N", title="Title"),
                alt.Tooltip("date:N", title="Date"),
                alt.Tooltip("topic:N", title="Topic"),
                alt.Tooltip("share:Q", title="Share of topic", format=".0%"),
            ],
        )
        .add_params(chosen, frame.zoom(alt))
    )
    chart = alt.layer(marks, *frame.labels(alt, _labels(points, topics)))
    return picture(alt, frame.sized(chart), title, SUBTITLE)


def _topic_encodings(alt: Any, names: list[str], rest: bool) -> dict[str, Any]:
    """The encodings of colour and shape, with one legend; posts without a topic are grey."""
    places = range(len(names))
    colours, shapes = [colour(place) for place in places], [shape(place) for place in places]
    if rest:
        names, colours, shapes = [*names, NO_TOPIC], [*colours, LIGHT], [*shapes, "circle"]
    columns = 1 + (len(names) - 1) // LEGEND_ROWS
    legend = alt.Legend(title="Topic (click to highlight)", columns=columns)
    return {
        "color": alt.Color("topic:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
        "shape": alt.Shape("topic:N", scale=alt.Scale(domain=names, range=shapes), legend=legend),
    }


def _row(point: MapPoint) -> dict[str, Any]:
    return {
        "x": float(point.x),
        "y": float(point.y),
        "title": short(point.title, LONGEST_TOOLTIP),
        "date": point.date.isoformat() if point.date else "undated",
        "topic": NO_TOPIC if point.topic is None else topic_name(point.topic, point.label),
        "share": float(point.share),
    }


def _size(posts: int) -> float:
    """The area of a point in square pixels: the more posts, the smaller."""
    return min(90.0, max(10.0, 45_000.0 / max(posts, 1)))


def _labels(
    points: Sequence[MapPoint], topics: Sequence[tuple[int, str]]
) -> list[tuple[float, float, str]]:
    """The label of each topic, at the medoid of its posts."""
    by_topic: dict[tuple[int | None, str], list[MapPoint]] = {topic: [] for topic in topics}
    for point in points:
        by_topic.get((point.topic, point.label), []).append(point)
    longest = LONGEST_MAP_LABEL if len(topics) <= CROWDED_TOPICS else LONGEST_CROWDED_LABEL
    return [
        (*_medoid(members), topic_name(number, label, longest))
        for (number, label), members in zip(topics, by_topic.values(), strict=True)
    ]


def _medoid(points: Sequence[MapPoint]) -> tuple[float, float]:
    """The point with the least sum of distances to the others, among a sample of them."""
    step = 1 + len(points) // MEDOID_SAMPLE
    sample = np.array([(point.x, point.y) for point in points[::step]])
    sums = np.sqrt(((sample[:, None] - sample[None]) ** 2).sum(axis=2)).sum(axis=1)
    x, y = sample[sums.argmin()].tolist()
    return x, y
