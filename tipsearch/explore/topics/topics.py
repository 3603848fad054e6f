"""Topics: what they are called, which posts are about them, and how much."""

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

SUCH = 2  # posts that stand for a topic in a notebook
HEADS = ("topic", "label", "posts", "share", "words", "such as")


class Topics(Sequence[Topic]):
    """The topics of an index's posts, in order of number.

    `shares` says how much of each topic is in each post: float64, shape (posts, topics), rows in
    order of id that sum to 1. `main` is the place among the topics of the one that a post has most
    of, `fit` from 0 to 1 how well its topics sum up to the post; where that is 0, it has nothing
    that topics are made of, and its shares are those of the whole. `quality` is that of the words,
    `tried` that of each number of topics that was tried, the best first.
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
        named = "; ".join(f"{topic.number} {topic.label}" for topic in self)
        return f"<{len(self)} topics of {len(self.main):,} posts: {named}>"

    @property
    def coherence(self) -> float:
        """The mean coherence of the topics."""
        return self.quality.coherence

    @property
    def diversity(self) -> float:
        """The share of different words among all words of the topics."""
        return self.quality.diversity

    @property
    def numbers(self) -> dict[str, int]:
        """The number of the main topic of each post, by id: what `older` takes."""
        of_place = [topic.number for topic in self]
        return {
            id: of_place[place]
            for id, place in zip(self._corpus.ids, self.main.tolist(), strict=True)
        }

    def topic(self, number: int) -> Topic:
        """The topic of a number. Raises SettingError."""
        for topic in self:
            if topic.number == number:
                return topic
        known = ", ".join(str(topic.number) for topic in self)
        raise SettingError("topic", number, f"one of {known}")

    def posts(self, number: int) -> list[Post]:
        """The posts whose main topic it is, the most of it first. Raises SettingError."""
        place = self._topics.index(self.topic(number))
        rows = np.flatnonzero(self.main == place)
        order = np.lexsort((rows, -self.shares[rows, place].round(12)))
        return [self._corpus.post(int(row)) for row in rows[order]]

    def __iter__(self) -> Iterator[Topic]:
        return iter(self._topics)

    # --- as tables

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each topic, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `topic` (its number), `label`, `size`, `share`, `coherence`, `words` (lists), and `posts`,
        the ids of the posts most like it.
        """
        tables.library(arrow=arrow)
        return tabular.of_topics(self).given(arrow)

    def of_posts(self, *, arrow: bool = False) -> Any:
        """A row for each post, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `id`, `title`, `date`; `topic` and `label` of its main topic, its `share` of that, the
        `fit`; and for each topic the share of it, as `topic_1` and so on.
        """
        tables.library(arrow=arrow)
        return tabular.of_posts(self, self._every, self.shares, self.main, self.fit).given(arrow)

    def over_time(self, by: Period = "year", *, arrow: bool = False) -> Any:
        """A row for each topic in each year or month from the first to the last.

        `period` ("2014", "2014-02"), `topic`, `label`; `posts`, how many of that time have it as
        their main topic, and `share`, the mean of its shares in the posts of that time. Those
        without a date are left out: `undated` counts them. Raises SettingError, ExtraMissing, and
        CorpusError where no post has a date.
        """
        tables.library(arrow=arrow)
        return self._over_time(by).given(arrow)

    # --- as pictures

    def map(self) -> Picture:
        """The posts on a plane, the like near each other, coloured by topic. Raises ExtraMissing.

        To hover over a post shows its title; `projection.project` says where it stands, and why.
        """
        return drawing.corpus_map(self, self._corpus, self._every, self.main, self.shares)

    def trends(self, by: Period = "year", measure: Literal["posts", "share"] = "posts") -> Picture:
        """The topics over time: a small chart of each, a bar for each year or month.

        Raises SettingError, ExtraMissing, and CorpusError where no post has a date.
        """
        return drawing.trends(self._over_time(by), self.undated, measure)

    def word_bars(self) -> Picture:
        """The words of each topic by their weight. Raises ExtraMissing."""
        return drawing.word_bars(self)

    def _over_time(self, by: Period) -> tables.Table:
        dates = [post.date for post in self._every]
        return tabular.over_time(self, dates, self.main, self.shares, by)

    @property
    def undated(self) -> int:
        """How many posts have no date."""
        return sum(post.date is None for post in self._every)

    @cached_property
    def _every(self) -> list[Post]:
        return [self._corpus.post(row) for row in range(len(self.main))]

    # --- as JSON and HTML

    def to_json(self) -> list[dict[str, Any]]:
        """The topics as JSON types; `posts` are the ids of all whose main topic each is."""
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
        """A table with a row for each topic; what posts say is escaped."""
        noun = "topic" if len(self) == 1 else "topics"
        told = f"{len(self):,} {noun} of {len(self.main):,} posts, "
        told += f"coherence {self.coherence:.2f}, diversity {self.diversity:.2f}"
        return markup.table(HEADS, map(self._cells, self)) + markup.paragraph(told)

    def _cells(self, topic: Topic) -> tuple[str, ...]:
        words = ", ".join(word for word, _ in topic.words)
        titles = " · ".join(self._corpus.label(id) for id in topic.posts[:SUCH])
        share = f"{100 * topic.share:.0f}\xa0%"
        return str(topic.number), topic.label, f"{topic.size:,}", share, words, titles
