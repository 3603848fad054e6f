"""TF-IDF: the best rows by the cosine with a query or with another row, exactly."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting
from tipsearch.ranking.terms import Best, Factors, TermScore, sum_scores, term_scores
from tipsearch.ranking.topk.postings import Postings

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Scores
    from tipsearch.ranking.topk.engine import Engine
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array


class TfIdf:
    """Cosines of TF-IDF rows of length 1. Scores are rounded to 12 places, so that equal ones tie.

    A query or a row is given as factors: its weight of each term times the term's idf.
    """

    def __init__(self, reader: Reader, engine: Engine) -> None:
        self._reader, self._engine = reader, engine

    @cached_property
    def postings(self) -> Postings:
        """The postings with the weights of TF-IDF rows of length 1, each over its term's idf."""
        return Postings(self._reader.postings("tfidf"))

    def top(self, factors: Factors, limit: int) -> Best:
        """The `limit` best rows by cosine, then by row."""
        return self._engine.top(self.postings, self.postings.plan(factors.items()), limit)

    def scores(self, factors: Factors, rows: Array) -> Scores:
        """The cosines of some ascending rows, float64, to the bit those of `top`."""
        return sum_scores(self.postings, factors, rows).round(12)

    def term_scores(self, factors: Factors, row: int) -> list[TermScore]:
        """What each term that a row has adds to its cosine, in the order of adding."""
        return term_scores(self.postings, factors, row)

    def of_query(self, terms: Factors) -> Factors:
        """The factors of a query, given how often it has each term."""
        numbers = sorted(terms)
        idf = self._idf(np.array(numbers, np.int64))
        weights = np.array([terms[number] for number in numbers]) * idf
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        return dict(zip(numbers, (weights * idf / length).tolist(), strict=True))

    def of_row(self, row: int) -> Factors:
        """The factors of a post."""
        terms, counts = self._reader.row(row)
        idf = self._idf(terms)
        factors = counts * idf * idf * self._reader.row_scale(row)
        return dict(zip(terms.tolist(), factors.tolist(), strict=True))

    def _idf(self, terms: Array) -> Array:
        return weighting.idf(self._reader.document_frequencies(terms), self._reader.posts)
