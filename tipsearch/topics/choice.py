"""How many topics are there? As many as have the best words."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.topics.coherence import Quality, coherence, diversity, evenness
from tipsearch.topics.factors import factorise, weigh
from tipsearch.topics.features import features, stretches
from tipsearch.topics.words import Words, choose, class_tfidf, usable

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.topics.corpus import Corpus

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

FEWEST, MOST, STEP = 10, 50, 1.25
CLOSE = 0.005  # scores that differ by less are equal
FITTED = 8_000  # posts, evenly spaced, tell the topics of more
COMPARED = 4_000  # and these how many there are


class Found(NamedTuple):
    """Topics without names: features (topics, features), and each one's words.

    `weights` says how much of each is in a post, shape (posts, topics), `fit` how well they fit it.
    """

    topics: Floats
    weights: Floats
    fit: Floats
    words: list[Words]
    quality: Quality


def fit(corpus: Corpus, n: int, start: Numbers | None = None) -> Found:
    """`n` topics of the posts, or fewer where some of them are the main topic of no post."""
    learnt = spaced(len(corpus.ids), FITTED)
    if start is not None:  # a topic that no post begins in would have no place
        learnt = np.union1d(learnt, np.unique(start, return_index=True)[1])
    topics = factorise(features(corpus, learnt), n, None if start is None else start[learnt])
    parts = [weigh(features(corpus, rows), topics) for rows in stretches(len(corpus.ids))]
    weights, likeness = (np.concatenate(part) for part in zip(*parts, strict=True))
    kept = np.unique(main(weights))
    topics, weights = topics[kept], weights[:, kept]
    of_post = main(weights)
    words = _words(corpus, of_post, len(kept))
    quality = _quality(corpus, words, np.bincount(of_post).tolist(), n)
    return Found(topics, weights, likeness, words, quality)


def choose_number(corpus: Corpus, most: int) -> list[Quality]:
    """The quality of the topics of each number that is worth a try, the best by score first.

    From half the square root of the number of posts, or 10 where that is less, to twice the root,
    at most 50 and `most`; each a quarter greater than the last. Of those that come within 0.005 of
    the best the fewest.
    """
    few = spaced(len(corpus.ids), COMPARED)
    if len(few) < len(corpus.ids):
        corpus = corpus.some(few)
    tried = [fit(corpus, n).quality for n in candidates(len(few), most)]
    best = max(quality.score for quality in tried)
    return sorted(
        tried, key=lambda quality: (min(quality.score + CLOSE, best) * -1, quality.number)
    )


def candidates(posts: int, most: int) -> list[int]:
    """The numbers worth a try.

    >>> candidates(56, 50), candidates(1, 1)
    ([4, 5, 6, 8, 10, 12, 15], [1])
    """
    number: float = min(FEWEST, ceil(sqrt(posts) / 2), most)
    last = min(MOST, ceil(2 * sqrt(posts)), most)
    found = []
    while number <= last:
        found.append(int(number))
        number = max(found[-1] + 1, round(number * STEP))
    return found


def main(weights: Floats) -> Numbers:
    """The topic that each post has most of; for one that has none, that of the most posts."""
    found = weights.argmax(axis=1)
    without = ~weights.any(axis=1)
    if without.any() and not without.all():
        found[without] = np.bincount(found[~without]).argmax()
    return np.asarray(found)


def spaced(posts: int, most: int) -> Numbers:
    """At most so many rows, evenly spaced."""
    return np.arange(posts) if posts <= most else np.linspace(0, posts - 1, most).astype(np.int64)


def _words(corpus: Corpus, main: Numbers, n: int) -> list[Words]:
    return choose(class_tfidf(corpus.counts, main, n), main, corpus.presence, usable(corpus.terms))


def _quality(corpus: Corpus, words: list[Words], sizes: list[int], n: int) -> Quality:
    each = [coherence(corpus.presence, topic.columns) for topic in words]
    varied = diversity([topic.columns for topic in words])
    return Quality.of(n, float(np.mean(each)), varied, evenness(sizes))
