"""Words of topics, chosen by class-based TF-IDF and coherence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.explore.topics.coherence import coherence, npmi

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

MAX_WORDS = 10
MAX_CANDIDATES = 50  # the words of greatest weight, from which ten are chosen
COHERENCE_EXPONENT = 0.8  # of the coherence in the score of a word; the weight has the rest to 1
MIN_WORDS = 5  # of a topic, if need be rare words, or words of another topic
MIN_WORD_SHARE = 0.1  # of the posts of a topic have each of its words


class Words(NamedTuple):
    """The words of a topic: columns of the counts, their descending weights, and mean NPMI."""

    columns: list[int]
    weights: list[float]
    coherence: float


def class_tfidf(counts: Any, main: Numbers, n: int) -> Floats:
    """Return the class-based TF-IDF of each term in each topic: float64, shape (n, terms).

    It is tf * ln(1 + A / f), where tf is the share of the term among the words of the topic's
    posts, f its count in all posts, and A the mean number of words in a topic (Grootendorst,
    "BERTopic", 2022). `counts` is CSR of shape (posts, terms), `main` the main topic of each post.
    """
    weights = np.asarray((_members(main, n) @ counts).todense(), dtype=np.float64)
    lengths, totals = weights.sum(axis=1), weights.sum(axis=0)
    weights /= np.where(lengths > 0, lengths, 1.0)[:, None]
    weights *= np.log1p(lengths.mean() / np.where(totals > 0, totals, 1.0))
    return weights


def _members(main: Numbers, n: int) -> Any:
    """Whether a topic is the main topic of a post: CSR of 0 and 1, shape (n, posts)."""
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(main)), (main, np.arange(len(main)))), shape=(n, len(main)))


def choose(weights: Floats, main: Numbers, presence: Any, usable: Numbers) -> list[Words]:
    """Return up to ten words for each topic.

    `weights` are the class-based TF-IDF, shape (topics, terms); `main` is the main topic of each
    post; `presence` is which post has which term, CSC of 0 and 1; `usable` are the columns that may
    be words.

    A word belongs to the topic in which its weight is greatest, and is a candidate if a tenth of
    the topic's posts have it. Topics with fewer than five candidates get rarer words too, and then
    words of other topics. The first word chosen has the greatest weight; each next one has the
    greatest w^0.2 * c^0.8 of its weight w and the mean c of (1 + NPMI) / 2 with those chosen.
    """
    owners = weights[:, usable].argmax(axis=0)
    post_counts = np.asarray((_members(main, len(weights)) @ presence).todense())[:, usable]
    chosen = []
    for topic, posts in enumerate(np.bincount(main, minlength=len(weights)).tolist()):
        own = owners == topic
        repeated = own & (post_counts[topic] >= min(2, posts))
        frequent = repeated & (post_counts[topic] >= MIN_WORD_SHARE * posts)
        columns = usable[_candidates(weights[topic, usable], frequent, repeated)]
        chosen.append(_select(columns, weights[topic, columns], presence))
    return chosen


def _candidates(weights: Floats, frequent: Any, repeated: Any) -> Numbers:
    """The candidates of a topic, the best first: its frequent words, or five of any kind."""
    positive = np.flatnonzero(weights > 0)
    order = np.lexsort((positive, -weights[positive], ~repeated[positive], ~frequent[positive]))
    number = min(max(int(frequent[positive].sum()), MIN_WORDS), MAX_CANDIDATES)
    return np.asarray(positive[order][:number])


def _select(candidates: Numbers, weights: Floats, presence: Any) -> Words:
    """Up to ten of the candidates, chosen greedily by weight and coherence."""
    if not len(candidates):
        return Words([], [], 0.0)
    pairs = npmi(presence, candidates)
    similarity = (pairs + 1) / 2
    scaled = (weights / weights.max()) ** (1 - COHERENCE_EXPONENT)
    chosen = [int(weights.argmax())]
    while len(chosen) < min(MAX_WORDS, len(candidates)):
        score = scaled * similarity[:, chosen].mean(axis=1) ** COHERENCE_EXPONENT
        score[chosen] = -1
        chosen.append(int(score.argmax()))
    chosen.sort(key=lambda place: -weights[place])
    columns, descending = candidates[chosen].tolist(), weights[chosen].tolist()
    return Words(columns, descending, coherence(pairs[np.ix_(chosen, chosen)]))
