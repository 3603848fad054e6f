"""How good are the words of topics? Coherence and diversity, as the field measures them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]


def npmi(presence: Any, columns: Sequence[int] | Numbers) -> Floats:
    """How much likelier two words are in one post than by chance, from -1 to 1, for each pair.

    NPMI(x, y) = ln(p(x, y) / (p(x) p(y))) / -ln p(x, y), where p is the share of the posts that
    have a word, or both; -1 for two that never meet, 1 for two that are in every post. Bouma,
    "Normalized (Pointwise) Mutual Information in Collocation Extraction", 2009. `presence` is a
    CSC matrix of 0 and 1, shape (posts, terms); the answer has the shape (columns, columns).
    """
    chosen = presence[:, columns]
    both = np.asarray((chosen.T @ chosen).todense(), dtype=np.float64) / presence.shape[0]
    single = both.diagonal()
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(both / np.outer(single, single)) / -np.log(both)
    found[both == 0] = -1
    found[both >= 1] = 1
    return np.asarray(found)


def coherence(pairs: Floats) -> float:
    """The mean of the NPMI of a topic's words, as `npmi` gives them; 0 for a single word.

    Lau, Newman and Baldwin, "Machine Reading Tea Leaves", EACL 2014.
    """
    above = pairs[np.triu_indices(len(pairs), 1)]
    return float(above.mean()) if len(above) else 0.0


def diversity(words: Sequence[Sequence[Any]]) -> float:
    """The share of different words among all words of some topics; 1 where none is in two.

    Dieng, Ruiz and Blei, "Topic Modeling in Embedding Spaces", TACL 2020.

    >>> diversity([["phone", "call"], ["phone", "angry"]])
    0.75
    """
    every = [word for topic in words for word in topic]
    return len(set(every)) / len(every) if every else 1.0


def evenness(sizes: Sequence[int]) -> float:
    """How evenly posts are spread over topics: their entropy over the greatest that it can be.

    Pielou, "The Measurement of Diversity in Different Types of Biological Collections", 1966.

    >>> evenness([5, 5]), evenness([7]), round(evenness([9, 1]), 3)
    (1.0, 1.0, 0.469)
    """
    if len(sizes) < 2:
        return 1.0
    shares = np.array([size for size in sizes if size]) / sum(sizes)
    return float(-(shares @ np.log(shares)) / np.log(len(sizes)))


class Quality(NamedTuple):
    """How good `number` topics are: the mean coherence of their words, diversity, evenness.

    `score` is (1 + coherence) / 2 * diversity * evenness, from 0 to 1. Dieng, Ruiz and Blei, "Topic
    Modeling in Embedding Spaces", TACL 2020, multiply the first two as they are; of very short
    posts, whose coherence is below 0, that would call fewer words the better ones. The third is
    against one topic for nearly all.
    """

    number: int
    coherence: float
    diversity: float
    evenness: float
    score: float

    @classmethod
    def of(cls, number: int, coherence: float, diversity: float, evenness: float) -> Quality:
        """The quality, with its score.

        >>> round(Quality.of(7, 0.5, 0.8, 0.9).score, 12)
        0.54
        """
        score = (1 + coherence) / 2 * diversity * evenness
        return cls(number, coherence, diversity, evenness, score)
