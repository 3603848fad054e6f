"""Fitting a topic model, and choosing the number of topics by the quality of their words."""

from __future__ import annotations

from math import ceil, sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.explore.topics.coherence import Quality, diversity, evenness
from tipsearch.explore.topics.factors import factorise, weigh
from tipsearch.explore.topics.features import batches, features
from tipsearch.explore.topics.words import Words, choose, class_tfidf

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.explore.topics.corpus import Corpus

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

MAX_FIRST_NUMBER, MAX_TOPICS, GROWTH = 10, 50, 1.25  # of the numbers of topics tried
SCORE_TOLERANCE = 0.005  # scores that differ by less are equal
MAX_FITTED_POSTS = 8_000  # a larger corpus is fitted on a sample
MAX_CHOICE_POSTS = 4_000  # a larger corpus chooses the number of topics on a sample


class TopicModel(NamedTuple):
    """A fitted topic model, without labels.

    `shares` are those of the topics in each post: float64, shape (posts, topics), rows that sum to
    1. `main` is the column of the greatest share: int64, shape (posts,). `cosines` are those of
    posts and topics: float64, shape (posts, topics). `fit` is the cosine of a post and its weighted
    sum of topics: float64, shape (posts,).
    """

    shares: Floats
    main: Numbers
    cosines: Floats
    fit: Floats
    words: list[Words]
    quality: Quality


def fit(corpus: Corpus, n: int, start: Numbers | None = None) -> TopicModel:
    """Fit a model of `n` topics; topics that are the main topic of no post are left out.

    `start` has the topic in which each post begins, -1 for none; see `factorise`.
    """
    sample = spaced(len(corpus.ids), MAX_FITTED_POSTS)
    if start is not None:  # each topic to go on from needs a post in the sample
        sample = np.union1d(sample, np.unique(start, return_index=True)[1])
    topics = factorise(features(corpus, sample), n, None if start is None else start[sample])
    parts = [weigh(features(corpus, rows), topics) for rows in batches(len(corpus.ids))]
    weights, cosines, fits = (np.concatenate(part) for part in zip(*parts, strict=True))
    weighted = weights.any(axis=1)
    kept = np.unique(weights[weighted].argmax(axis=1)) if weighted.any() else np.array([0])
    topic_shares = shares(weights[:, kept])
    main = topic_shares.argmax(axis=1)
    importance = class_tfidf(corpus.counts, main, len(kept))
    words = choose(importance, main, corpus.presence, corpus.usable)
    quality = Quality.of(
        n,
        float(np.mean([topic.coherence for topic in words])),
        diversity([topic.columns for topic in words]),
        evenness(np.bincount(main).tolist()),
    )
    return TopicModel(topic_shares, main, cosines[:, kept], fits, words, quality)


def shares(weights: Floats) -> Floats:
    """Return the weights of each post over their sum; a post without weights gets the mean."""
    sums = weights.sum(axis=1, keepdims=True)
    normed: Floats = np.divide(weights, sums, out=np.zeros_like(weights), where=sums > 0)
    weighted = sums[:, 0] > 0
    mean = normed[weighted].mean(axis=0) if weighted.any() else 1 / weights.shape[1]
    normed[~weighted] = mean
    return normed


def choose_number(corpus: Corpus, most: int) -> list[Quality]:
    """Return the quality of a model with each candidate number of topics, the best score first.

    No candidate is above `most`. Scores within 0.005 of the best count as equal to it, and of equal
    scores the fewest topics come first. A corpus of more than 4,000 posts is sampled.
    """
    sample = spaced(len(corpus.ids), MAX_CHOICE_POSTS)
    if len(sample) < len(corpus.ids):
        corpus = corpus.subset(sample)
    tried = [fit(corpus, n).quality for n in candidates(len(sample), most)]
    best = max(quality.score for quality in tried)

    def order(quality: Quality) -> tuple[float, int]:
        return -min(quality.score + SCORE_TOLERANCE, best), quality.number

    return sorted(tried, key=order)


def candidates(posts: int, most: int) -> list[int]:
    """Return the numbers of topics to try, ascending, each a quarter greater than the last.

    The first is half the square root of the number of posts, at most 10; the last is at most twice
    the root and at most 50. None is above `most`.

    >>> candidates(56, 50), candidates(1, 1)
    ([4, 5, 6, 8, 10, 12, 15], [1])
    """
    number: float = min(MAX_FIRST_NUMBER, ceil(sqrt(posts) / 2), most)
    last = min(MAX_TOPICS, ceil(2 * sqrt(posts)), most)
    tried = []
    while number <= last:
        tried.append(int(number))
        number = max(tried[-1] + 1, round(number * GROWTH))
    return tried


def spaced(posts: int, most: int) -> Numbers:
    """Return all rows, or `most` evenly spaced ones where there are more: int64."""
    return np.arange(posts) if posts <= most else np.linspace(0, posts - 1, most).astype(np.int64)
