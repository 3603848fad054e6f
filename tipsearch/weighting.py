"""How much does a term weigh in a post? Counts to weights, and a fitted vectorizer restored.

Two weightings share one sparsity pattern: TF-IDF rows of unit length for related posts, and BM25
for queries, where title words count more. This is the only file that knows scikit-learn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


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
            if not isinstance(value, kinds) or not least <= value <= most:
                raise SettingError(f"weighting.{name}", value, expected)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON types; `from_json` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Weighting:
        """The weighting that `to_json` wrote; SettingError on a key that it does not know."""
        for key in data.keys() - {field.name for field in fields(cls)}:
            raise SettingError("weighting", key, "a setting of this version's weighting")
        return cls(**data)


def field_counts(titles: Any, texts: Any, weighting: Weighting) -> Any:
    """Counts of both fields in one CSR matrix: a title word counts `title_weight` times."""
    counts = (texts + weighting.title_weight * titles).tocsr()
    counts.sort_indices()
    return counts


def bm25(counts: Any, weighting: Weighting) -> npt.NDArray[np.float32]:
    """The BM25 weight of each stored count, in the order of `counts.data`, as float32.

    weight = ln(1 + (N - df + 0.5) / (df + 0.5)) * tf * (k1 + 1) / (tf + k1 * (1 - b + b * l / L))

    where tf is the count, df the number of the N posts that have the term, l the sum of the post's
    counts and L the mean of l (Robertson and Zaragoza, "The Probabilistic Relevance Framework",
    2009, with the logarithm that cannot be negative). Sums of float32 weights in float64 have 29
    bits to spare, so that a score hardly ever depends on the order in which it is summed.
    """
    posts, terms = counts.shape
    frequency = np.bincount(counts.indices, minlength=terms)
    idf = np.log1p((posts - frequency + 0.5) / (frequency + 0.5))
    lengths = np.asarray(counts.sum(axis=1), dtype=np.float64).ravel()
    mean = lengths.mean() or 1.0
    norms = weighting.k1 * (1 - weighting.b + weighting.b * lengths / mean)
    tf = counts.data.astype(np.float64)
    rows = np.repeat(np.arange(posts), np.diff(counts.indptr))
    weights = idf[counts.indices] * tf * (weighting.k1 + 1) / (tf + norms[rows])
    return np.asarray(weights, dtype=np.float32)


def tfidf(counts: Any) -> tuple[Floats, Floats]:
    """The TF-IDF weight of each stored count, in the order of `counts.data`, and the idf by term.

    scikit-learn's TfidfTransformer: tf * idf, where tf is the count and
    idf = ln((1 + N) / (1 + df)) + 1, and each row divided by its length (L2).
    """
    if counts.shape[1] == 0:  # a corpus without a word has nothing to fit
        return np.zeros(0), np.zeros(0)
    from sklearn.feature_extraction.text import TfidfTransformer

    transformer = TfidfTransformer()
    rows = transformer.fit_transform(counts.astype(np.float64))
    return np.asarray(rows.data), np.asarray(transformer.idf_)


def vectorizer(terms: list[str], idf: Floats, analyze: Callable[[str], list[str]]) -> Any:
    """A fitted scikit-learn TfidfVectorizer with these terms and idf values, bit for bit."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vocabulary = {term: column for column, term in enumerate(terms)}
    restored = TfidfVectorizer(analyzer=analyze, vocabulary=vocabulary)
    restored.idf_ = idf
    return restored
