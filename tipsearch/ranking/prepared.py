"""Prepared rankings: a query by one ranking, ready to find the best rows and to score any row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from tipsearch.ranking import terms
from tipsearch.ranking.terms import ScoreParts

if TYPE_CHECKING:
    from tipsearch.ranking.bm25 import Bm25
    from tipsearch.ranking.hybrid import Hybrid, PreparedQuery
    from tipsearch.ranking.terms import Best, Factors, Mask, Scores
    from tipsearch.ranking.tfidf import TfIdf
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.storage import Array


class Prepared(Protocol):
    """A query by one ranking."""

    @property
    def factors(self) -> Factors:
        """The factors of the terms of the query, and of those by feedback."""

    @property
    def bound(self) -> float:
        """A score that no row exceeds."""

    def top(self, limit: int) -> Best:
        """The `limit` best allowed rows, by score, then by row."""

    def scores(self, rows: Array) -> Scores:
        """The scores of some ascending rows, float64."""

    def parts(self, row: int) -> ScoreParts:
        """The parts of the score of a row."""


@dataclass(frozen=True, slots=True)
class ByBm25:
    """BM25 with the factors of a query, those by feedback among them."""

    bm25: Bm25
    factors: Factors
    allowed: Mask | None

    @property
    def bound(self) -> float:
        """The upper bound of BM25."""
        return self.bm25.upper_bound(self.factors, 0)

    def top(self, limit: int) -> Best:
        """The `limit` best allowed rows."""
        return self.bm25.top(self.factors, limit, self.allowed)

    def scores(self, rows: Array) -> Scores:
        """The scores of some ascending rows."""
        return self.bm25.scores(self.factors, rows)

    def parts(self, row: int) -> ScoreParts:
        """The parts of the score of a row."""
        parts = self.bm25.term_scores(self.factors, row)
        return ScoreParts(terms.total(parts), parts)


@dataclass(frozen=True, slots=True)
class ByTfIdf:
    """The cosine of TF-IDF rows; `weighted` has the factors times idf."""

    tfidf: TfIdf
    factors: Factors
    weighted: Factors
    allowed: Mask | None
    bound: float = 1.0

    def top(self, limit: int) -> Best:
        """The `limit` best allowed rows."""
        return self.tfidf.top(self.weighted, limit, self.allowed)

    def scores(self, rows: Array) -> Scores:
        """The scores of some ascending rows."""
        return self.tfidf.scores(self.weighted, rows)

    def parts(self, row: int) -> ScoreParts:
        """The parts of the score of a row."""
        parts = self.tfidf.term_scores(self.weighted, row)
        return ScoreParts(round(terms.total(parts), 12), parts)


@dataclass(frozen=True, slots=True)
class ByHybrid:
    """BM25 fused with the cosine of embeddings."""

    hybrid: Hybrid
    query: PreparedQuery
    ranking: Ranking

    @property
    def factors(self) -> Factors:
        """The factors, those by feedback among them."""
        return self.query.factors

    @property
    def bound(self) -> float:
        """The upper bound of BM25, and what a cosine of 1 adds."""
        return self.query.bound + self.ranking.semantic_weight

    def top(self, limit: int) -> Best:
        """The `limit` best allowed rows."""
        return self.hybrid.top(self.query, self.ranking, limit)

    def scores(self, rows: Array) -> Scores:
        """The scores of some ascending rows."""
        return self.hybrid.scores(self.query, self.ranking, self.hybrid.of(rows))

    def parts(self, row: int) -> ScoreParts:
        """The parts of the score of a row."""
        return self.hybrid.score_parts(self.query, self.ranking, row)
