"""Search: from a parsed query, or from a post, to the best rows by the ranking asked for."""

from __future__ import annotations

import warnings
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.ranking import terms
from tipsearch.ranking.bm25 import Bm25
from tipsearch.ranking.coverage import coverage
from tipsearch.ranking.feedback import expand_query
from tipsearch.ranking.tfidf import TfIdf
from tipsearch.ranking.topk.engine import Engine
from tipsearch.store.ranking import Ranking

if TYPE_CHECKING:
    from tipsearch.query.vocabulary import AnalyzedQuery, Vocabulary
    from tipsearch.ranking.hybrid import Hybrid, PreparedQuery
    from tipsearch.ranking.terms import Best, Factors, TermScore
    from tipsearch.store.reader import Reader


class Found(NamedTuple):
    """The best rows with their scores, and the factors of the query, feedback among them."""

    best: Best
    factors: Factors


class Account(NamedTuple):
    """Why a row has its score: the sum of `terms`, each times `share`, and of `semantic`."""

    score: float
    terms: list[TermScore]
    share: float = 1.0
    cosine: float = 0.0
    semantic: float = 0.0


class Search:
    """All rankings of an index over its rows; `ranking` is the index's own.

    Raises IndexCorrupt where its settings cannot be used.
    """

    def __init__(self, reader: Reader, vocabulary: Vocabulary, kernel: str) -> None:
        self._reader, self._vocabulary = reader, vocabulary
        try:
            self.ranking = Ranking.from_json(dict(reader.ranking))
        except (SettingError, TypeError, ValueError) as error:
            raise reader.damaged(str(error)) from error
        engine = Engine(kernel)
        self.bm25, self.tfidf = Bm25(reader, engine), TfIdf(reader, engine)
        self._model_checked = False  # whether the model is the one that made the embeddings

    def skip_checks(self) -> None:
        """Check no postings again: `verify` has checked all."""
        self.bm25.postings.skip_checks = self.tfidf.postings.skip_checks = True

    def query(self, query: AnalyzedQuery, limit: int, ranking: Ranking) -> Found:
        """The best rows for a query; none for one that has no word but stop words."""
        factors = query.factors
        if not factors and not query.unknown:
            return Found([], factors)
        if ranking.name == "hybrid":
            prepared = self._prepared(query, ranking)
            return Found(self._hybrid.top(prepared, ranking, limit), prepared.factors)
        if ranking.name == "tfidf":
            return Found(self.tfidf.top(self.tfidf.of_query(query.terms), limit), factors)
        factors = self._with_feedback(factors, ranking)
        return Found(self.bm25.top(factors, limit), factors)

    def _with_feedback(self, factors: Factors, ranking: Ranking) -> Factors:
        """The factors as they are, or by "feedback" with the terms of a first search."""
        if ranking.name != "feedback" or not ranking.feedback or not ranking.feedback_posts:
            return factors
        best = self.bm25.top(factors, ranking.feedback_posts)
        return expand_query(factors, best, ranking, ranking.feedback_terms, self._reader)

    def related(self, row: int, limit: int, ranking: Ranking) -> Best:
        """The rows nearest to a post, never its own."""
        if ranking.name == "hybrid":
            return self._hybrid.related(row, limit)
        best = self.tfidf.top(self.tfidf.of_row(row), limit + 1)
        return [(other, score) for other, score in best if other != row][:limit]

    def explain(self, query: AnalyzedQuery, row: int, ranking: Ranking) -> Account:
        """Why a row has the score that it has, whether or not it is among the best."""
        if ranking.name == "hybrid" and (query.factors or query.unknown):
            prepared, post = self._prepared(query, ranking), self._hybrid.of(row)
            (score,) = self._hybrid.scores(prepared, ranking, post)
            (lexical,), (cosine,) = self._hybrid.parts(prepared, post)
            share = float(lexical / prepared.bound) if prepared.bound else 1.0
            parts = self.bm25.term_scores(prepared.factors, row)
            semantic = ranking.semantic_weight * max(cosine, 0.0)
            return Account(float(score), parts, share, float(cosine), float(semantic))
        if ranking.name == "tfidf":
            parts = self.tfidf.term_scores(self.tfidf.of_query(query.terms), row)
            return Account(round(terms.total(parts), 12), parts)
        parts = self.bm25.term_scores(self._with_feedback(query.factors, ranking), row)
        return Account(terms.total(parts), parts)

    def coverage(self, query: AnalyzedQuery, row: int, ranking: Ranking) -> float:
        """How much of a query a row covers, from 0 to 1: see `ranking.coverage`."""
        share = self.bm25.share_of_bound(query.factors, query.unknown_count, row)
        by_meaning = ranking.name == "hybrid"
        return coverage(share, self._hybrid.cosine(query.words, row) if by_meaning else None)

    def _prepared(self, query: AnalyzedQuery, ranking: Ranking) -> PreparedQuery:
        return self._hybrid.prepare(query.factors, query.words, query.unknown_count, ranking)

    def usable(self, ranking: str | Ranking | None, *, of_post: bool = False) -> Ranking:
        """The ranking that is asked for, or the index's own; `of_post` for `related`.

        Raises SettingError or ExtraMissing where it cannot be had. Where it is the index's own
        that cannot, a warning says so, once, and it is "feedback".
        """
        if ranking is None:
            return self.ranking if of_post else self._own
        if isinstance(ranking, str):
            ranking = self.ranking.named(ranking)
        if ranking.name == "hybrid":
            self._check_embeddings(of_post)
        return ranking

    @cached_property
    def _own(self) -> Ranking:
        if self.ranking.name == "hybrid":
            try:
                self._check_embeddings(False)
            except ExtraMissing as error:
                warnings.warn(f"ranking by words alone: {error}", stacklevel=6)
                return self.ranking.named("feedback")
        return self.ranking

    def _check_embeddings(self, of_post: bool) -> None:
        """Raise where the index has no embeddings, or the model is needed and is not there."""
        from tipsearch.analysis.embedding import model

        embedding = self._reader.embedding
        if embedding is None:
            expected = "feedback, bm25 or tfidf for this index, which has no vectors: make it anew"
            expected += " with: tipsearch index --ranking hybrid SOURCE"
            raise SettingError("ranking", "hybrid", expected)
        if not of_post and not self._model_checked:
            model.load(embedding["sha256"])
            self._model_checked = True

    @cached_property
    def _hybrid(self) -> Hybrid:
        from tipsearch.analysis.embedding import model
        from tipsearch.ranking.dense.encoder import Encoder
        from tipsearch.ranking.dense.search import DenseSearch
        from tipsearch.ranking.hybrid import Hybrid

        reader = self._reader
        encoder = Encoder(reader.pieces, self._vocabulary.place, cache(model.load))
        return Hybrid(reader, self.bm25, self.tfidf, DenseSearch(reader.embeddings), encoder)
