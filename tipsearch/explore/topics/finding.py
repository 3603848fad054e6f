"""From posts to their topics: found, numbered and named."""

from __future__ import annotations

from collections.abc import Mapping
from operator import index
from typing import TYPE_CHECKING, Literal

import numpy as np

from tipsearch.errors import CorpusError, SettingError
from tipsearch.explore.onethread import one_thread
from tipsearch.explore.topics import numbering
from tipsearch.explore.topics.choice import MOST, Found, choose_number, fit
from tipsearch.explore.topics.coherence import Quality
from tipsearch.explore.topics.features import distinct
from tipsearch.explore.topics.labels import labels
from tipsearch.explore.topics.speech import LISTENED, Speech, listen
from tipsearch.explore.topics.topic import SHOWN, Topic
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
    """The topics of the posts; see `Index.topics`."""
    import scipy.optimize  # noqa: F401
    import sklearn.decomposition  # noqa: F401 - the limits hold for what is loaded by then

    with one_thread():  # several threads add up in any order, never twice to the bit
        if not corpus.counts.nnz:
            raise CorpusError(
                "no topics",
                "no post has a word but stop words" if len(corpus.ids) else "the index is empty",
                "index posts with text: tipsearch index SOURCE",
            )
        known = older.numbers if isinstance(older, Topics) else _checked(older or {})
        before = {id: known[id] for id in corpus.ids if id in known}
        last = max(known.values()) if before else 0
        number, tried = _number(corpus, n, len(set(before.values())))
        start = numbering.begin(corpus.ids, before) if before else None
        goes_on = start is not None and number == start.max() + 1
        found = fit(corpus, number, start if goes_on else None)
        return _named(corpus, found, before, last, tried)


def _checked(older: object) -> Mapping[str, int]:
    """The number of the topic of each post, as whole numbers. Raises SettingError."""
    expected = "topics, or a mapping of ids to numbers from 1 on"
    if not isinstance(older, Mapping):
        raise SettingError("older", older, expected)
    for id, number in older.items():
        if isinstance(number, bool) or not hasattr(number, "__index__") or number < 1:
            raise SettingError("older", {id: number}, expected)
    return {id: index(number) for id, number in older.items()}


def _number(corpus: Corpus, n: object, before: int) -> tuple[int, tuple[Quality, ...]]:
    """How many topics to look for, and what was tried to find that out."""
    if n == "auto":
        if before:
            return distinct(corpus, before), ()
        tried = choose_number(corpus, distinct(corpus, MOST))
        return tried[0].number, tuple(tried)
    number = index(n) if hasattr(n, "__index__") and not isinstance(n, bool) else 0
    if number < 1 or distinct(corpus, number) < number:
        most = f"{distinct(corpus, len(corpus.ids)):,}, which is how many posts with words differ"
        raise SettingError("the number of topics", n, f'"auto", or from 1 to {most}')
    return number, ()


def _named(
    corpus: Corpus,
    found: Found,
    before: Mapping[str, int],
    last: int,
    tried: tuple[Quality, ...],
) -> Topics:
    """The topics with their numbers, names and posts, in order of number."""
    numbers = numbering.numbers(corpus.ids, found.main, len(found.words), before, last)
    order = np.argsort(numbers)
    shares = found.shares[:, order]
    typical = [_typical(found, topic) for topic in order]
    heard = listen([[corpus.post(row) for row in some[:LISTENED]] for some in typical],
                   corpus.analyzer)  # fmt: skip
    stems = [[corpus.terms[column] for column in found.words[topic].columns] for topic in order]
    sizes = np.bincount(found.main)
    topics = [
        Topic(
            number=numbers[topic],
            label=label,
            words=_words(found.words[topic].weights, said, speech),
            size=int(sizes[topic]),
            share=float(shares[:, place].mean()),
            coherence=found.words[topic].coherence,
            posts=tuple(corpus.ids[row] for row in typical[place][:SHOWN]),
        )
        for place, (topic, label, said, speech) in enumerate(
            zip(order.tolist(), labels(heard, stems), stems, heard, strict=True)
        )
    ]
    places = np.argsort(order)[found.main]
    return Topics(topics, corpus, shares, places, found.fit, found.quality, tried)


def _typical(found: Found, topic: int) -> list[int]:
    """The rows of the posts of a topic, the most like it first."""
    rows = np.flatnonzero(found.main == topic)
    return [int(row) for row in rows[np.lexsort((rows, -found.like[rows, topic].round(12)))]]


def _words(
    weights: Sequence[float], stems: Sequence[str], speech: Speech
) -> tuple[tuple[str, float], ...]:
    return tuple(
        (speech.written(stem), weight) for stem, weight in zip(stems, weights, strict=True)
    )
