"""Topics of a corpus: their labels, their posts and shares, as tables, charts, JSON and HTML."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, overload

import numpy as np

from tipsearch.errors import SettingError
from tipsearch.explore.topics import drawing, tabular
from tipsearch.explore.topics.topic import Topic
from tipsearch.views import html as markup
from tipsearch.views import tables

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.corpus.post import Post
    from tipsearch.explore.topics.coherence import Quality
    from tipsearch.explore.topics.corpus import Corpus
    from tipsearch.explore.topics.tabular import Period
    from tipsearch.views.charts import Picture

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

EXAMPLE_POSTS = 2  # of each topic in a notebook
HEADS = ("topic", "label", "posts", "share", "words", "such as")


class Topics(Sequence[Topic]):
    """The topics of an index, in order of number.

    `shares` are those of the topics in each post: float64, shape (posts, topics), rows in order of
    id that sum to 1. `main` is the column of the greatest share: int64, shape (posts,). `fit`, from
    0 to 1, is the cosine of a post and its weighted sum of topics: float64, shape (posts,). A post
    with fit 0 has no feature of a topic; its shares are the mean of the others'. `quality` is that
    of the model, and `tried` those of the numbers of topics that were tried, the best first.
    """

    def __init__(
        self,
        topics: Sequence[Topic],
        corpus: Corpus,
        shares: Floats,
        main: Numbers,
        fit: Floats,
        quality: Quality,
        tried: tuple[Quality, ...],
    ) -> None:
        self._topics, self._corpus = tuple(topics), corpus
        self.shares, self.main, self.fit = shares, main, fit
        self.quality, self.tried = quality, tried
        for array in (shares, main, fit):
            array.flags.writeable = False

    @overload
    def __getitem__(self, place: int) -> Topic: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Topic, ...]: ...
    def __getitem__(self, place: int | slice) -> Topic | tuple[Topic, ...]:
        return self._topics[place]

    def __len__(self) -> int:
        return len(self._topics)

    def __repr__(self) -> str:
        listed = "; ".join(f"{topic.number} {topic.label}" for topic in self)
        return f"<{len(self)} topics of {len(self.main):,} posts: {listed}>"

    @property
    def coherence(self) -> float:
        """The mean coherence of the topics, from -1 to 1."""
        return self.quality.coherence

    @property
    def diversity(self) -> float:
        """The share of distinct words among the words of all topics."""
        return self.quality.diversity

    @property
    def numbers(self) -> dict[str, int]:
        """The number of the main topic of each post by id, for `Index.topics(older=...)`."""
        of_place = [topic.number for topic in self]
        return {
            id: of_place[place]
            for id, place in zip(self._corpus.ids, self.main.tolist(), strict=True)
        }

    def topic(self, number: int) -> Topic:
        """Return the topic with this number. Raises SettingError for an unknown number."""
        for topic in self:
            if topic.number == number:
                return topic
        known = ", ".join(str(topic.number) for topic in self)
        raise SettingError("topic", number, f"one of {known}")

    def posts(self, number: int) -> list[Post]:
        """Return the posts of a main topic, by descending share. Raises SettingError."""
        place = self._topics.index(self.topic(number))
        rows = np.flatnonzero(self.main == place)
        order = np.lexsort((rows, -self.shares[rows, place].round(12)))
        return [self._corpus.post(int(row)) for row in rows[order]]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics)

    # --- tables

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each topic.

        Columns: `topic` (its number), `label`, `size`, `share`, `coherence`, `words` (lists), and
        `posts`, the ids of its typical posts. Raises ExtraMissing.
        """
        tables.load_library(arrow=arrow)
        return tabular.of_topics(self).export(arrow)

    def of_posts(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each post.

        Columns: `id`, `title`, `date`; `topic`, `label` and `share` of its main topic; `fit`; and
        the share of each topic as `topic_1` and so on. Raises ExtraMissing.
        """
        tables.load_library(arrow=arrow)
        table = tabular.of_posts(self, self._all_posts, self.shares, self.main, self.fit)
        return table.export(arrow)

    def over_time(self, by: Period = "year", *, arrow: bool = False) -> Any:
        """Return a table with a row for each topic in each year or month from first to last.

        Columns: `period` ("2014", "2014-02"), `topic`, `label`; `posts`, the number of posts of the
        period with this main topic; and `share`, the mean of its shares in the posts of the period.
        Posts without a date are left out; `undated` counts them. It is a pandas DataFrame or a
        pyarrow Table. Raises SettingError, ExtraMissing, and CorpusError where no post has a date.
        """
        tables.load_library(arrow=arrow)
        return self._over_time(by).export(arrow)

    # --- charts

    def map(self) -> Picture:
        """Return a map of the posts, coloured by main topic, with similar posts near each other.

        Hovering over a post shows its title. `projection.project` has the method. Raises
        ExtraMissing.
        """
        return drawing.corpus_map(self, self._corpus, self._all_posts, self.main, self.shares)

    def trends(self, by: Period = "year", measure: Literal["posts", "share"] = "posts") -> Picture:
        """Return a chart over time for each topic, with a bar for each year or month.

        Raises SettingError, ExtraMissing, and CorpusError where no post has a date.
        """
        return drawing.trends(self._over_time(by), self.undated, measure)

    def word_bars(self) -> Picture:
        """Return a bar chart for each topic, of the weights of its words. Raises ExtraMissing."""
        return drawing.word_bars(self)

    def _over_time(self, by: Period) -> tables.Table:
        dates = [post.date for post in self._all_posts]
        return tabular.over_time(self, dates, self.main, self.shares, by)

    @property
    def undated(self) -> int:
        """The number of posts without a date."""
        return sum(post.date is None for post in self._all_posts)

    @cached_property
    def _all_posts(self) -> list[Post]:
        return [self._corpus.post(row) for row in range(len(self.main))]

    # --- JSON and HTML

    def to_json(self) -> list[dict[str, Any]]:
        """Return the topics as a list of dicts of JSON types.

        `typical` are the ids of typical posts, `posts` of all posts with this main topic.
        """
        members = [np.flatnonzero(self.main == place).tolist() for place in range(len(self))]
        return [
            {
                "topic": topic.number,
                "label": topic.label,
                "size": topic.size,
                "share": topic.share,
                "coherence": topic.coherence,
                "words": [[word, weight] for word, weight in topic.words],
                "typical": list(topic.posts),
                "posts": [self._corpus.ids[row] for row in rows],
            }
            for topic, rows in zip(self, members, strict=True)
        ]

    def _repr_html_(self) -> str:
        """An HTML table with a row for each topic; the text of posts is escaped."""
        noun = "topic" if len(self) == 1 else "topics"
        summary = f"{len(self):,} {noun} of {len(self.main):,} posts, "
        summary += f"coherence {self.coherence:.2f}, diversity {self.diversity:.2f}"
        return markup.table(HEADS, map(self._cells, self)) + markup.paragraph(summary)

    def _cells(self, topic: Topic) -> tuple[str, ...]:
        words = ", ".join(word for word, _ in topic.words)
        titles = " · ".join(self._corpus.label(id) for id in topic.posts[:EXAMPLE_POSTS])
        share = f"{100 * topic.share:.0f}\xa0%"
        return str(topic.number), topic.label, f"{topic.size:,}", share, words, titles
