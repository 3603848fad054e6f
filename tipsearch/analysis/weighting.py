"""Term weighting: the settings and the formulas of BM25 and TF-IDF.

All results are float64. `build.weights` applies the formulas to a whole corpus.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.errors import SettingError

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]
    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Weighting:
    """Settings of BM25 and TF-IDF, kept in the manifest of an index.

    `k1` and `b` are those of BM25. A word of the title counts as `title_weight` words of the text,
    for both. Raises SettingError for a value out of range.
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
        """The weighting that `to_json` wrote. Raises SettingError for other keys or values."""
        names = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or data.keys() != names:
            raise SettingError("weighting", data, f"the settings {sorted(names)}")
        return cls(**data)


def bm25_idf(frequencies: Array, posts: int) -> Floats:
    """BM25's inverse document frequency: ln(1 + (N - df + 0.5) / (df + 0.5)), N posts.

    `frequencies` are the document frequencies df.
    """
    return np.asarray(np.log1p((posts - frequencies + 0.5) / (frequencies + 0.5)))


def bm25_weights(
    counts: Array, frequencies: Array, lengths: Array, posts: int, weighting: Weighting
) -> Floats:
    """The BM25 weight of each pair of a term and a post: idf (k1 + 1) c / (c + k1 (1 - b + b l)).

    An item of each array is of one pair: `counts` the count c of the term in the post,
    `frequencies` the document frequency of the term, `lengths` the l of `relative_lengths`.
    """
    norms = weighting.k1 * (1 - weighting.b + weighting.b * lengths)
    factors = bm25_idf(frequencies, posts) * (weighting.k1 + 1)
    return np.asarray(factors * counts / (counts + norms))


def relative_lengths(lengths: Array, teasers: Array, sums: Sequence[int], posts: int) -> Floats:
    """The length of each post over the mean length of its kind.

    A teaser is compared with teasers, so that it gains nothing by being short. `lengths` are sums
    of counts. `teasers` is the mask of posts that are teasers. `sums` are of the whole corpus: the
    sum of the lengths of full posts, the number of teasers, and the sum of their lengths.
    """
    of_full, count, of_teasers = sums
    means = np.array([of_full / max(posts - count, 1) or 1.0, of_teasers / max(count, 1) or 1.0])
    return np.asarray(lengths / means[teasers.astype(np.int8)])


def tfidf_idf(frequencies: Array, posts: int) -> Floats:
    """The inverse document frequency of TF-IDF: ln((1 + N) / (1 + df)) + 1, N posts.

    `frequencies` are the document frequencies df. The bits are those of scikit-learn's
    TfidfTransformer.
    """
    return np.asarray(np.log((1.0 + posts) / (1.0 + frequencies)) + 1.0)
