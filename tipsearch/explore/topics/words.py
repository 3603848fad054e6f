"""Which words say what a topic is about? Those that are its own, and that go together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.explore.topics.coherence import coherence, npmi

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

WORDS = 10
POOL = 50  # of a topic's weightiest words the ten are chosen
TOGETHER = 0.8  # how much it counts that words go together, beside their weight
FEWEST = 5  # words of a topic, if need be rare ones, or those of another
SPREAD = 0.1  # of the posts of a topic have each of its words


class Words(NamedTuple):
    """The words of a topic: columns of the matrix, their weights, which descend, and coherence."""

    columns: list[int]
    weights: list[float]
    coherence: float


def class_tfidf(counts: Any, main: Numbers, n: int) -> Floats:
    """The weight of each term in each topic, shape (topics, terms): class-based TF-IDF.

    tf * ln(1 + A / f): tf is the share of the term among the words of the posts whose main topic
    it is, f its count in all posts and A the mean number of words in a topic. Grootendorst,
    "BERTopic", 2022.
    """
    found = np.asarray((_members(main, n) @ counts).todense(), dtype=np.float64)
    lengths, totals = found.sum(axis=1), found.sum(axis=0)
    found /= np.where(lengths > 0, lengths, 1.0)[:, None]
    found *= np.log1p(lengths.mean() / np.where(totals > 0, totals, 1.0))
    return found


def _members(main: Numbers, n: int) -> Any:
    """Which posts have which main topic: CSR of 0 and 1, shape (topics, posts)."""
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(main)), (main, np.arange(len(main)))), shape=(n, len(main)))


def choose(weights: Floats, main: Numbers, presence: Any, usable: Numbers) -> list[Words]:
    """The words of each topic, ten or fewer.

    A word belongs to the topic in which it weighs most, and is listed if a tenth of the posts of
    that have it. Where these are less than five, rarer ones and then those of other topics join
    them. After the weightiest one, each next has the greatest w^0.2 * c^0.8 of its weight w and the
    mean c of (1 + NPMI) / 2 with those before. `usable` are the columns that may be a word.
    """
    owners = weights[:, usable].argmax(axis=0)
    spread = np.asarray((_members(main, len(weights)) @ presence).todense())[:, usable]
    found = []
    for topic, posts in enumerate(np.bincount(main, minlength=len(weights)).tolist()):
        own = owners == topic
        twice = own & (spread[topic] >= min(2, posts))
        often = twice & (spread[topic] >= SPREAD * posts)
        pool = usable[_ranked(weights[topic, usable], often, twice)]
        found.append(_together(pool, weights[topic, pool], presence))
    return found


def _ranked(weights: Floats, often: Any, twice: Any) -> Numbers:
    """The words worth considering, the best first: its own in enough posts, or five of any kind."""
    worth = np.flatnonzero(weights > 0)
    order = np.lexsort((worth, -weights[worth], ~twice[worth], ~often[worth]))
    return np.asarray(worth[order][: min(max(int(often[worth].sum()), FEWEST), POOL)])


def _together(pool: Numbers, weights: Floats, presence: Any) -> Words:
    if not len(pool):
        return Words([], [], 0.0)
    pairs = npmi(presence, pool)
    likeness = (pairs + 1) / 2
    strength = (weights / weights.max()) ** (1 - TOGETHER)
    chosen = [int(weights.argmax())]
    while len(chosen) < min(WORDS, len(pool)):
        score = strength * likeness[:, chosen].mean(axis=1) ** TOGETHER
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    chosen.sort(key=lambda place: -weights[place])
    columns, ordered = pool[chosen].tolist(), weights[chosen].tolist()
    return Words(columns, ordered, coherence(pairs[np.ix_(chosen, chosen)]))
