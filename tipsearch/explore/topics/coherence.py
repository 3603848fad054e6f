"""Quality of topics: coherence (NPMI), diversity and evenness."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


def npmi(presence: Any, columns: Sequence[int] | Numbers) -> Floats:
    """Return the NPMI of each two of some terms: float64 from -1 to 1, shape (columns, columns).

    NPMI(x, y) = ln(p(x, y) / (p(x) p(y))) / -ln p(x, y), where p is the share of the posts that
    have a term, or both. It is -1 for terms that share no post, and 1 for terms in every post.
    Bouma, "Normalized (Pointwise) Mutual Information in Collocation Extraction", 2009. `presence`
    is which post has which term: CSC of 0 and 1, shape (posts, terms).
    """
    chosen = presence[:, columns]
    both = np.asarray((chosen.T @ chosen).todense(), dtype=np.float64) / presence.shape[0]
    single = both.diagonal()
    with np.errstate(divide="ignore", invalid="ignore"):
        values = np.log(both / np.outer(single, single)) / -np.log(both)
    values[both == 0] = -1
    values[both >= 1] = 1
    return np.asarray(values)


def coherence(pairs: Floats) -> float:
    """Return the mean NPMI of the pairs of a topic's words, given their matrix; 0 for one word.

    Lau, Newman and Baldwin, "Machine Reading Tea Leaves", EACL 2014.
    """
    above = pairs[np.triu_indices(len(pairs), 1)]
    return float(above.mean()) if len(above) else 0.0


def diversity(words: Sequence[Sequence[Any]]) -> float:
    """Return the share of distinct words among the words of all topics; 1 where none is in two.

    Dieng, Ruiz and Blei, "Topic Modeling in Embedding Spaces", TACL 2020.

    >>> diversity([["phone", "call"], ["phone", "angry"]])
    0.75
    """
    all_words = [word for topic in words for word in topic]
    return len(set(all_words)) / len(all_words) if all_words else 1.0


def evenness(sizes: Sequence[int]) -> float:
    """Return the entropy of the sizes of topics over the greatest possible one, from 0 to 1.

    Pielou, "The Measurement of Diversity in Different Types of Biological Collections", 1966.

    >>> evenness([5, 5]), evenness([7]), round(evenness([9, 1]), 3)
    (1.0, 1.0, 0.469)
    """
    if len(sizes) < 2:
        return 1.0
    shares = np.array([size for size in sizes if size]) / sum(sizes)
    return float(-(shares @ np.log(shares)) / np.log(len(sizes)))


class Quality(NamedTuple):
    """The quality of a model of `number` topics.

    `coherence` is the mean over topics, from -1 to 1. `score`, from 0 to 1, is (1 + coherence) / 2
    * diversity * evenness. Dieng, Ruiz and Blei, "Topic Modeling in Embedding Spaces", TACL 2020,
    multiply coherence by diversity; coherence is shifted here because it is below 0 for very short
    posts, where lower diversity would score higher. Evenness penalises one topic for nearly all
    posts.
    """

    number: int
    coherence: float
    diversity: float
    evenness: float
    score: float

    @classmethod
    def of(cls, number: int, coherence: float, diversity: float, evenness: float) -> Quality:
        """Return the quality with its score.

        >>> round(Quality.of(7, 0.5, 0.8, 0.9).score, 12)
        0.54
        """
        score = (1 + coherence) / 2 * diversity * evenness
        return cls(number, coherence, diversity, evenness, score)
