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


def coherence(presence: Any, columns: Sequence[int]) -> float:
    """The mean NPMI of the pairs of a topic's words; 0 for a single word.

    Lau, Newman and Baldwin, "Machine Reading Tea Leaves", EACL 2014.
    """
    pairs = npmi(presence, columns)[np.triu_indices(len(columns), 1)]
    return float(pairs.mean()) if len(pairs) else 0.0


def diversity(words: Sequence[Sequence[Any]]) -> float:
    """The share of different words among all words of some topics; 1 where none is in two.

    Dieng, Ruiz and Blei, "Topic Modeling in Embedding Spaces", TACL 2020.

    >>> diversity([["phone", "call"], ["phone", "angry"]])
    0.75
    """
    every = [word for topic in words for word in topic]
    return len(set(every)) / len(every) if every else 1.0


class Quality(NamedTuple):
    """How good the words of `number` topics are: their mean coherence (NPMI) and diversity."""

    number: int
    coherence: float
    diversity: float

    @property
    def score(self) -> float:
        """(1 + coherence) / 2 * diversity, from 0 to 1; the number of topics is where it is most.

        Dieng, Ruiz and Blei, "Topic Modeling in Embedding Spaces", TACL 2020, multiply the two as
        they are; of very short posts that would call fewer words the better ones.
        """
        return (1 + self.coherence) / 2 * self.diversity
