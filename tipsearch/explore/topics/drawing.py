"""Charts of topics: the map of the posts, the trends over time, and the words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from tipsearch.explore.projection import project
from tipsearch.explore.topics.features import features
from tipsearch.views import charts as pictures

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    from tipsearch.corpus.post import Post
    from tipsearch.explore.topics.corpus import Corpus
    from tipsearch.explore.topics.topic import Topic
    from tipsearch.views.charts import Picture
    from tipsearch.views.tables import Table


def corpus_map(
    topics: Sequence[Topic],
    corpus: Corpus,
    posts: Sequence[Post],
    main: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64],
) -> Picture:
    """Return a map of the posts, coloured by main topic; `main` and `shares` as in `Topics`."""
    points = []
    for (x, y), post, place, row in zip(
        project(features(corpus)).tolist(), posts, main.tolist(), shares.tolist(), strict=True
    ):
        topic = topics[place]
        points.append(
            pictures.MapPoint(x, y, post.label, post.date, topic.number, topic.label, row[place])
        )
    return pictures.corpus_map(points)


def trends(cells: Table, undated: int, measure: Literal["posts", "share"]) -> Picture:
    """Return a bar chart over time for each topic, given the table of `tabular.over_time`."""
    columns = (
        cells.columns[name].values for name in ("period", "topic", "label", "posts", "share")
    )
    rows = [pictures.Cell(*row) for row in zip(*columns, strict=True)]
    left_out = f", without {undated:,} undated" if undated else ""
    return pictures.over_time(rows, measure=measure, title=f"Topics over time{left_out}")


def word_bars(topics: Sequence[Topic]) -> Picture:
    """Return a bar chart for each topic, of the weights of its words."""
    return pictures.term_bars(
        [
            pictures.TopicWords(topic.number, topic.label, topic.size, topic.words)
            for topic in topics
        ]
    )
