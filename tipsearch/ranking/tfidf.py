"""TF-IDF ranking: the exact best rows by cosine with a query or with another row."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting
from tipsearch.ranking.terms import (
    Best,
    Factors,
    TermScore,
    best_of,
    few_rows,
    sum_scores,
    term_scores,
)
from tipsearch.ranking.topk.postings import Postings

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Scores
    from tipsearch.ranking.topk.engine import Engine
    from tipsearch.ranking.topk.postings import Mask
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array


class TfIdf:
    """Cosines of TF-IDF vectors. Scores are rounded to 12 places, so that equal ones tie.

    A query or a row is given as factors: for each term its weight in the vector of length 1, times
    the idf of the term, since the postings have weights without it.
    """

    def __init__(self, reader: Reader, engine: Engine) -> None:
        self._reader, self._engine = reader, engine

    @cached_property
    def postings(self) -> Postings:
        """The postings; a weight is the count of the term divided by the length of the row."""
        return Postings(self._reader.postings("tfidf"))

    def top(self, factors: Factors, limit: int, allowed: Mask | None = None) -> Best:
        """The `limit` best rows by cosine, then by row; only allowed ones where there is a mask."""
        if (few := few_rows(allowed)) is not None:
            return best_of(few, self.scores(factors, few), limit)
        plan = self.postings.plan(factors.items())
        return self._engine.top(self.postings, plan, limit, allowed)

    def scores(self, factors: Factors, rows: Array) -> Scores:
        """The cosines of some ascending rows, float64, equal to those of `top` in each bit."""
        return sum_scores(self.postings, factors, rows).round(12)

    def term_scores(self, factors: Factors, row: int) -> list[TermScore]:
        """The scores of the terms that a row has, in the order in which they add up."""
        return term_scores(self.postings, factors, row)

    def of_query(self, terms: Factors) -> Factors:
        """The factors of a query. `terms` maps its terms to their counts."""
        numbers = sorted(terms)
        idf = self._idf(np.array(numbers, np.int64))
        weights = np.array([terms[number] for number in numbers]) * idf
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        return dict(zip(numbers, (weights * idf / length).tolist(), strict=True))

    def of_row(self, row: int) -> Factors:
        """The factors of the post of a row."""
        terms, counts = self._reader.row(row)
        idf = self._idf(terms)
        factors = counts * idf * idf * self._reader.row_scale(row)
        return dict(zip(terms.tolist(), factors.tolist(), strict=True))

    def vector(self, row: int) -> tuple[Array, Scores]:
        """The terms of the post of a row, ascending, and their weights in its vector."""
        terms, counts = self._reader.row(row)
        return terms, counts * self._idf(terms) * self._reader.row_scale(row)

    def _idf(self, terms: Array) -> Array:
        return weighting.tfidf_idf(self._reader.document_frequencies(terms), self._reader.posts)
