"""How many topics are there? As many as have the best words."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.explore.topics.coherence import Quality, diversity, evenness
from tipsearch.explore.topics.factors import factorise, weigh
from tipsearch.explore.topics.features import features, stretches
from tipsearch.explore.topics.words import Words, choose, class_tfidf

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.explore.topics.corpus import Corpus

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

FEWEST, MOST, STEP = 10, 50, 1.25
CLOSE = 0.005  # scores that differ by less are equal
FITTED = 8_000  # posts, evenly spaced, tell the topics of more
COMPARED = 4_000  # and these how many there are


class Found(NamedTuple):
    """Topics without names, with the words of each.

    `shares` says how much of each is in a post, shape (posts, topics), in rows that sum to 1,
    `main` of which a post has most, `like` how like they are, and `fit` how well they fit the post.
    """

    shares: Floats
    main: Numbers
    like: Floats
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
    weights, like, fits = (np.concatenate(part) for part in zip(*parts, strict=True))
    told = weights.any(axis=1)
    kept = np.unique(weights[told].argmax(axis=1)) if told.any() else np.array([0])
    found, like = shares(weights[:, kept]), like[:, kept]
    main = found.argmax(axis=1)
    importance = class_tfidf(corpus.counts, main, len(kept))
    words = choose(importance, main, corpus.presence, corpus.usable)
    quality = Quality.of(
        n,
        float(np.mean([topic.coherence for topic in words])),
        diversity([topic.columns for topic in words]),
        evenness(np.bincount(main).tolist()),
    )
    return Found(found, main, like, fits, words, quality)


def shares(weights: Floats) -> Floats:
    """The weights of each post as shares of 1; for a post without any, the mean of the others'."""
    sums = weights.sum(axis=1, keepdims=True)
    found: Floats = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    told = sums[:, 0] > 0
    found[~told] = found[told].mean(axis=0) if told.any() else 1 / weights.shape[1]
    return found


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
    return sorted(tried, key=lambda quality: (-min(quality.score + CLOSE, best), quality.number))


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


def spaced(posts: int, most: int) -> Numbers:
    """At most so many rows, evenly spaced."""
    return np.arange(posts) if posts <= most else np.linspace(0, posts - 1, most).astype(np.int64)
