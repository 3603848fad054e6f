"""How much does a term weigh in a post? Counts to weights, and a fitted vectorizer restored.

Two weightings share the counts: TF-IDF rows of unit length for related posts, and BM25 for
queries, where title words count more. This is the only file that knows scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]


AT_ONCE = 1 << 20  # postings: for all of a million posts the memory is wanted elsewhere


@dataclass(frozen=True, slots=True)
class Weighting:
    """Settings of both weightings; a value, kept in the manifest of an index.

    A word of the title counts as `title_weight` words of the text. `k1` and `b` are BM25's.
    """

    k1: float = 1.5
    b: float = 0.75
    title_weight: int = 3

    def __post_init__(self) -> None:
        for name, kinds, least, most, expected in (
            ("k1", (int, float), 0, 1e6, "a number from 0 to a million"),
            ("b", (int, float), 0, 1, "a number from 0 to 1"),
            ("title_weight", int, 1, 1000, "a whole number from 1 to 1000"),
        ):
            value = getattr(self, name)
            number = isinstance(value, kinds) and not isinstance(value, bool)
            if not number or not least <= value <= most:
                raise SettingError(f"weighting.{name}", value, expected)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON types; `from_json` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Weighting:
        """The weighting that `to_json` wrote; SettingError where it is not just those settings."""
        names = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or data.keys() != names:
            raise SettingError("weighting", data, f"the settings {sorted(names)}")
        return cls(**data)


def bm25(
    rows: Array, counts: Array, frequencies: Array, lengths: Array, weighting: Weighting
) -> npt.NDArray[np.float32]:
    """The BM25 weight of each posting, as float32.

    weight = ln(1 + (N - df + 0.5) / (df + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * l))

    where tf is the count, df the number of the N posts that have the term, and l the length of the
    post as `relative_lengths` has it (Robertson and Zaragoza, "The Probabilistic Relevance
    Framework", 2009, with the logarithm that cannot be negative). `rows` and `counts` lie beside
    each other in order of term, `frequencies[t]` of them for term t; `lengths` has the l of each
    post. Sums of float32 weights in float64 have 29 bits to spare, so that a score hardly ever
    depends on the order in which it is summed.
    """
    posts = len(lengths)
    idf = bm25_idf(frequencies, posts) * (weighting.k1 + 1)
    norms = weighting.k1 * (1 - weighting.b + weighting.b * lengths)
    result, starts = np.empty(len(rows), np.float32), np.append(0, np.cumsum(frequencies))
    cuts = np.unique(np.searchsorted(starts, np.arange(0, len(rows) + AT_ONCE, AT_ONCE)))
    for first, last in pairwise(cuts.clip(0, len(frequencies)).tolist()):
        stretch = slice(int(starts[first]), int(starts[last]))
        weights = norms[rows[stretch]] + counts[stretch]
        np.divide(counts[stretch], weights, out=weights)
        weights *= np.repeat(idf[first:last], frequencies[first:last])
        result[stretch] = weights
    return result


def bm25_idf(frequencies: Array, posts: int) -> Floats:
    """BM25's inverse document frequency of each term."""
    return np.asarray(np.log1p((posts - frequencies + 0.5) / (frequencies + 0.5)))


def bm25_of(
    counts: Array, frequencies: Array, lengths: Array, posts: int, weighting: Weighting
) -> Floats:
    """The BM25 weights of some pairs of a term and a post, in float64; an item for each pair."""
    norms = weighting.k1 * (1 - weighting.b + weighting.b * lengths)
    factors = bm25_idf(frequencies, posts) * (weighting.k1 + 1)
    return np.asarray(factors * counts / (counts + norms))


def relative_lengths(lengths: Array, teasers: Array, sums: Sequence[int], posts: int) -> Floats:
    """The length of each post over the mean of its kind.

    An excerpt is neither favoured for being short nor punished for what it leaves out: its like
    are the other excerpts. `lengths` are sums of counts, `teasers` a mask, `sums` the lengths of
    all full posts, how many teasers there are and their lengths.
    """
    of_full, count, of_teasers = sums
    means = np.array([of_full / max(posts - count, 1) or 1.0, of_teasers / max(count, 1) or 1.0])
    return np.asarray(lengths / means[teasers.astype(np.int8)])


def idf(frequencies: Array, posts: int) -> Floats:
    """The inverse document frequency of each term, ln((1 + N) / (1 + df)) + 1.

    That of scikit-learn's TfidfTransformer, to the bit.
    """
    return np.asarray(np.log((1.0 + posts) / (1.0 + frequencies)) + 1.0)


def scale(counts: Any, idf: Floats) -> Floats:
    """One over the length (L2) of each TF-IDF row, tf * idf; 0 for a post without a term."""
    squares = idf[counts.indices]
    squares *= counts.data
    squares *= squares
    rows = type(counts)((squares, counts.indices, counts.indptr), shape=counts.shape)
    lengths = np.sqrt(np.asarray(rows.sum(axis=1)).ravel())
    return np.asarray(np.divide(1.0, lengths, out=np.zeros(len(lengths)), where=lengths > 0))


def tfidf(counts: Any, idf: Floats) -> Any:
    """The TF-IDF rows of a CSR matrix of counts, each of length 1, by scikit-learn (float64)."""
    from sklearn.feature_extraction.text import TfidfTransformer

    transformer = TfidfTransformer()
    transformer.idf_ = idf
    return transformer.transform(counts) if counts.shape[1] else counts.astype(np.float64)


def vectorizer(terms: list[str], idf: Floats, analyze: Callable[[str], list[str]]) -> Any:
    """A fitted scikit-learn TfidfVectorizer with these terms and idf values, bit for bit."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vocabulary = {term: column for column, term in enumerate(terms)}
    restored = TfidfVectorizer(analyzer=analyze, vocabulary=vocabulary)
    restored.idf_ = idf
    return restored
