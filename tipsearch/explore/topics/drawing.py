"""How do topics look? The pictures of them, from what they hold."""

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
    """Each post on a plane, coloured by its main topic."""
    points = []
    for (x, y), post, place, row in zip(
        project(features(corpus)).tolist(), posts, main.tolist(), shares.tolist(), strict=True
    ):
        topic, shown = topics[place], (post.label, post.date)
        points.append(pictures.MapPoint(x, y, *shown, topic.number, topic.label, row[place]))
    return pictures.corpus_map(points)


def trends(cells: Table, undated: int, measure: Literal["posts", "share"]) -> Picture:
    """A small chart for each topic, a bar for each period of a table of topics over time."""
    columns = (
        cells.columns[name].values for name in ("period", "topic", "label", "posts", "share")
    )
    rows = [pictures.Cell(*row) for row in zip(*columns, strict=True)]
    left_out = f", without {undated:,} undated" if undated else ""
    return pictures.over_time(rows, measure=measure, title=f"Topics over time{left_out}")


def word_bars(topics: Sequence[Topic]) -> Picture:
    """A small chart for each topic: its words by weight."""
    return pictures.term_bars(
        [
            pictures.TopicWords(topic.number, topic.label, topic.size, topic.words)
            for topic in topics
        ]
    )
