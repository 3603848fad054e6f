"""Topics of a corpus: the model is fitted, and its topics are numbered and labelled."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING, Literal

import numpy as np

from tipsearch.errors import CorpusError, SettingError
from tipsearch.explore.onethread import one_thread
from tipsearch.explore.topics import numbering
from tipsearch.explore.topics.choice import MAX_TOPICS, TopicModel, choose_number, fit
from tipsearch.explore.topics.coherence import Quality
from tipsearch.explore.topics.features import distinct
from tipsearch.explore.topics.labels import labels
from tipsearch.explore.topics.speech import MAX_LABEL_POSTS, Phrases, count_phrases
from tipsearch.explore.topics.topic import TYPICAL_POSTS, Topic
from tipsearch.explore.topics.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from tipsearch.explore.topics.corpus import Corpus

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


def find(
    corpus: Corpus, n: int | Literal["auto"], older: Topics | Mapping[str, int] | None
) -> Topics:
    """Return the topics of a corpus; `Index.topics` has the arguments.

    Raises SettingError, and CorpusError where no post has a term.
    """
    import scipy.optimize  # noqa: F401
    import sklearn.decomposition  # noqa: F401 - loaded first, or the thread limit would miss it

    with one_thread():  # sums by several threads have no fixed order
        if not corpus.counts.nnz:
            raise CorpusError(
                "no topics",
                "no post has a word but stop words" if len(corpus.ids) else "the index is empty",
                "index posts with text: tipsearch index SOURCE",
            )
        known = older.numbers if isinstance(older, Topics) else _check_numbers(older or {})
        previous = {id: known[id] for id in corpus.ids if id in known}
        last = max(known.values()) if previous else 0
        number, tried = _number_of_topics(corpus, n, len(set(previous.values())))
        start = numbering.previous_topics(corpus.ids, previous) if previous else None
        warm = start is not None and number == start.max() + 1
        model = fit(corpus, number, start if warm else None)
        return _topics(corpus, model, previous, last, tried)


def _check_numbers(older: object) -> Mapping[str, int]:
    """The topic number of each post, as int. Raises SettingError."""
    expected = "topics, or a mapping of ids to numbers from 1 on"
    if not isinstance(older, Mapping):
        raise SettingError("older", older, expected)
    for id, number in older.items():
        if isinstance(number, bool) or not hasattr(number, "__index__") or number < 1:
            raise SettingError("older", {id: number}, expected)
    return {id: index(number) for id, number in older.items()}


def _number_of_topics(corpus: Corpus, n: object, previous: int) -> tuple[int, tuple[Quality, ...]]:
    """How many topics to fit, and the qualities by which that was chosen. Raises SettingError."""
    if n == "auto":
        if previous:
            return distinct(corpus, previous), ()
        tried = choose_number(corpus, distinct(corpus, MAX_TOPICS))
        return tried[0].number, tuple(tried)
    number = index(n) if hasattr(n, "__index__") and not isinstance(n, bool) else 0
    if number < 1 or distinct(corpus, number) < number:
        most = f"{distinct(corpus, len(corpus.ids)):,}, which is how many posts with words differ"
        raise SettingError("the number of topics", n, f'"auto", or from 1 to {most}')
    return number, ()


def _topics(
    corpus: Corpus,
    model: TopicModel,
    previous: Mapping[str, int],
    last: int,
    tried: tuple[Quality, ...],
) -> Topics:
    """The topics with their numbers, labels and typical posts, in order of number."""
    numbers = numbering.numbers(corpus.ids, model.main, len(model.words), previous, last)
    order = np.argsort(numbers)
    shares = model.shares[:, order]
    typical = [_typical(model, topic) for topic in order]
    posts = [[corpus.post(row) for row in rows[:MAX_LABEL_POSTS]] for rows in typical]
    counted = count_phrases(posts, corpus.analyzer)
    stems = [[corpus.terms[column] for column in model.words[topic].columns] for topic in order]
    sizes = np.bincount(model.main)
    topics = [
        Topic(
            number=numbers[topic],
            label=label,
            words=_words(model.words[topic].weights, topic_stems, phrases),
            size=int(sizes[topic]),
            share=float(shares[:, place].mean()),
            coherence=model.words[topic].coherence,
            posts=tuple(corpus.ids[row] for row in typical[place][:TYPICAL_POSTS]),
        )
        for place, (topic, label, topic_stems, phrases) in enumerate(
            zip(order.tolist(), labels(counted, stems), stems, counted, strict=True)
        )
    ]
    main = np.argsort(order)[model.main]
    return Topics(topics, corpus, shares, main, model.fit, model.quality, tried)


def _typical(model: TopicModel, topic: int) -> list[int]:
    """The rows of the posts of a topic, by descending cosine with it."""
    rows = np.flatnonzero(model.main == topic)
    return [int(row) for row in rows[np.lexsort((rows, -model.cosines[rows, topic].round(12)))]]


def _words(
    weights: Sequence[float], stems: Sequence[str], phrases: Phrases
) -> tuple[tuple[str, float], ...]:
    return tuple(
        (phrases.surface(stem), weight) for stem, weight in zip(stems, weights, strict=True)
    )
