"""BM25 ranking: the exact best rows for weighted terms, and the scores of given rows.

A query may also name years. A year counts as a term that each post of that year has once, and that
adds nothing to the length of a post.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting
from tipsearch.corpus.dates import span
from tipsearch.ranking.terms import (
    Best,
    Factors,
    TermScore,
    best_of,
    few_rows,
    rows_of,
    sum_scores,
    term_scores,
)
from tipsearch.ranking.topk.postings import Postings
from tipsearch.ranking.topk.selection import in_order

if TYPE_CHECKING:
    from tipsearch.ranking.terms import Scores
    from tipsearch.ranking.topk.engine import Engine
    from tipsearch.ranking.topk.postings import Mask
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

NO_ROWS = np.zeros(0, np.int64)


class Bm25:
    """BM25 over the postings of an index. `analysis.weighting` has the formula."""

    def __init__(self, reader: Reader, engine: Engine) -> None:
        self._reader, self._engine = reader, engine

    @cached_property
    def postings(self) -> Postings:
        """The postings with their BM25 weights."""
        return Postings(self._reader.postings("bm25"))

    def top(self, factors: Factors, limit: int, allowed: Mask | None = None) -> Best:
        """The `limit` best rows by the sum of factor times weight, then by row.

        Only rows that have a term or are of a year; where there is a mask, only allowed ones.
        """
        if (few := few_rows(allowed)) is not None:
            return best_of(few, self.scores(factors, few), limit)
        terms = sorted(factors.items())
        years = [-term for term, _ in terms if term < 0] if terms and terms[0][0] < 0 else []
        terms = terms[len(years) :]
        plan = self.postings.plan(terms)
        best = self._engine.top(self.postings, plan, limit, allowed) if terms else []
        if not years:
            return best
        # A row among the best is of one of the years, or among the best by terms alone.
        dated = [self.rows_of_year(year) for year in years]
        rows = np.unique(np.concatenate([rows_of(best), *dated]))
        if allowed is not None:
            rows = rows[allowed[rows]]
        return in_order(rows, self.scores(factors, rows), limit)

    def scores(self, factors: Factors, rows: Array) -> Scores:
        """The scores of some ascending rows, float64, equal to those of `top` in each bit."""
        terms = {term: factor for term, factor in factors.items() if term >= 0}
        scores = sum_scores(self.postings, terms, rows)
        for year, factor in _years(factors):
            of_year = np.isin(rows, self.rows_of_year(year), assume_unique=True)
            scores[of_year] += factor * self._year_weight(year)
        return scores

    def term_scores(self, factors: Factors, row: int) -> list[TermScore]:
        """The scores of the terms and years that a row has, in the order in which they add up."""
        terms = {term: factor for term, factor in factors.items() if term >= 0}
        found = term_scores(self.postings, terms, row)
        for year, factor in _years(factors):
            rows = self.rows_of_year(year)
            if row in rows:
                found.append(TermScore(-year, factor, len(rows), self._year_weight(year)))
        return found

    def upper_bound(self, factors: Factors, unknown: int) -> float:
        """Upper bound of the score of a query over all possible posts.

        The sum of factor * idf * (k1 + 1) over the terms, since the weight of a term approaches
        idf * (k1 + 1) as its count grows; and of factor * idf over the years. Each of the
        `unknown` words counts as a term of document frequency 0.
        """
        terms = [term for term in factors if term >= 0]
        frequencies = np.append(self._frequencies(terms), 0)
        asked = np.array([*(factors[term] for term in terms), unknown])
        idf = weighting.bm25_idf(frequencies, self._reader.posts)
        of_years = sum(factor * self._year_weight(year) for year, factor in _years(factors))
        return float((idf * asked).sum() * (self._reader.weighting.k1 + 1) + of_years)

    def share_of_bound(
        self, factors: Factors, unknown: int, row: int, own: Factors | None = None
    ) -> float:
        """The score of a row divided by the upper bound of the query, from 0 to 1.

        Where `own` is given the bound is that of these factors, those without synonyms: a post need
        not have a word and its synonyms. The share may then exceed 1.
        """
        bound = self.upper_bound(factors if own is None else own, unknown)
        return float(self.scores(factors, np.array([row]))[0]) / bound if bound else 0.0

    def matching(self, terms: Iterable[int], row: int) -> set[int]:
        """Those of some terms, and years as -year, that a row has."""
        return {
            term
            for term in terms
            if (self.postings.weight(term, row) if term >= 0 else row in self.rows_of_year(-term))
        }

    def rows_of(self, terms: Iterable[int]) -> Array:
        """The rows that have at least one of some terms, or of some years as -year; ascending."""
        rows = [self._rows_of(term) for term in terms]
        return rows[0] if len(rows) == 1 else np.unique(np.concatenate([NO_ROWS, *rows]))

    def share_a_row(self, first: Collection[int], second: Collection[int]) -> bool:
        """Whether some row has one of the `first` terms and one of the `second`; see `mask`."""
        return bool((self.mask(first) & self.mask(second)).any())

    def _rows_of(self, term: int) -> Array:
        return self.postings.rows_of(term) if term >= 0 else self.rows_of_year(-term)

    def mask(self, terms: Collection[int]) -> Mask:
        """Which rows have at least one of some terms, or are of one of some years as -year."""
        found = self.postings.mask(term for term in terms if term >= 0)
        for term in terms:
            if term < 0:
                found[self.rows_of_year(-term)] = True
        return found

    def rows_of_year(self, year: int) -> Array:
        """The rows of the posts of a year, ascending."""
        first, last = span(f"{year:04}") or (0, -1)
        return self._reader.rows_between(first, last)

    def _year_weight(self, year: int) -> float:
        """The weight of a year in each post of it: its inverse document frequency."""
        frequency = np.array(len(self.rows_of_year(year)))
        return float(weighting.bm25_idf(frequency, self._reader.posts))

    def _frequencies(self, terms: list[int]) -> Array:
        return self._reader.document_frequencies(np.array(terms, np.int64))


def _years(factors: Factors) -> list[tuple[int, float]]:
    """The years of a query with their factors, ascending."""
    if not factors or min(factors) >= 0:
        return []
    return [(-term, factor) for term, factor in sorted(factors.items(), reverse=True) if term < 0]
