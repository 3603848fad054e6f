"""Search: the best rows for an analyzed query, or for a post, by any ranking."""

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
from tipsearch.ranking.worth import required_coverage
from tipsearch.store.ranking import Ranking

if TYPE_CHECKING:
    from tipsearch.query.vocabulary import AnalyzedQuery, Vocabulary
    from tipsearch.ranking.hybrid import Hybrid, PreparedQuery
    from tipsearch.ranking.terms import Best, Factors, TermScore
    from tipsearch.store.reader import Reader


class RankedRows(NamedTuple):
    """The best rows with their scores; the factors of the query, those by feedback among them."""

    best: Best
    factors: Factors


class ScoreParts(NamedTuple):
    """The parts of a score: `share` times the sum of the scores of `terms`, plus `semantic`.

    `semantic` is the part by embeddings, and `cosine` that of the embeddings.
    """

    score: float
    terms: list[TermScore]
    share: float = 1.0
    cosine: float = 0.0
    semantic: float = 0.0


class Search:
    """All rankings of an index over its rows; `ranking` is the index's own.

    Raises IndexCorrupt where the index has settings that cannot be used.
    """

    def __init__(self, reader: Reader, vocabulary: Vocabulary, kernel: str) -> None:
        self._reader, self._vocabulary = reader, vocabulary
        try:
            self.ranking = Ranking.from_json(dict(reader.ranking))
        except (SettingError, TypeError, ValueError) as error:
            raise reader.damaged(str(error)) from error
        engine = Engine(kernel)
        self.bm25, self.tfidf = Bm25(reader, engine), TfIdf(reader, engine)
        self._model_checked = False  # that it is the one that made the embeddings

    def skip_checks(self) -> None:
        """Skip the checks of postings; `verify` has run."""
        self.bm25.postings.skip_checks = self.tfidf.postings.skip_checks = True

    def query(self, query: AnalyzedQuery, limit: int, ranking: Ranking) -> RankedRows:
        """The `limit` best rows for a query; none where all its words are stop words."""
        factors = query.factors
        if not factors and not query.unknown:
            return RankedRows([], factors)
        if ranking.name == "hybrid":
            prepared = self._prepared(query, ranking)
            return RankedRows(self._hybrid.top(prepared, ranking, limit), prepared.factors)
        if ranking.name == "tfidf":
            return RankedRows(self.tfidf.top(self.tfidf.of_query(query.terms), limit), factors)
        factors = self._with_feedback(factors, ranking)
        return RankedRows(self.bm25.top(factors, limit), factors)

    def _with_feedback(self, factors: Factors, ranking: Ranking) -> Factors:
        """The factors, by "feedback" expanded with terms of the best posts of a first search."""
        if ranking.name != "feedback" or not ranking.feedback or not ranking.feedback_posts:
            return factors
        best = self.bm25.top(factors, ranking.feedback_posts)
        return expand_query(factors, best, ranking, ranking.feedback_terms, self._reader)

    def related(self, row: int, limit: int, ranking: Ranking) -> Best:
        """The `limit` best rows for a post, without its own: by cosine, or by `Hybrid.related`."""
        if ranking.name == "hybrid":
            return self._hybrid.related(row, limit)
        best = self.tfidf.top(self.tfidf.of_row(row), limit + 1)
        return [(other, score) for other, score in best if other != row][:limit]

    def explain(self, query: AnalyzedQuery, row: int, ranking: Ranking) -> ScoreParts:
        """The parts of the score of any row, also of one that is not among the best."""
        if ranking.name == "hybrid" and (query.factors or query.unknown):
            prepared, post = self._prepared(query, ranking), self._hybrid.of(row)
            (score,) = self._hybrid.scores(prepared, ranking, post)
            (lexical,), (cosine,) = self._hybrid.parts(prepared, post)
            share = float(lexical / prepared.bound) if prepared.bound else 1.0
            parts = self.bm25.term_scores(prepared.factors, row)
            semantic = ranking.semantic_weight * max(cosine, 0.0)
            return ScoreParts(float(score), parts, share, float(cosine), float(semantic))
        if ranking.name == "tfidf":
            parts = self.tfidf.term_scores(self.tfidf.of_query(query.terms), row)
            return ScoreParts(round(terms.total(parts), 12), parts)
        parts = self.bm25.term_scores(self._with_feedback(query.factors, ranking), row)
        return ScoreParts(terms.total(parts), parts)

    def coverage(self, query: AnalyzedQuery, row: int, ranking: Ranking) -> float:
        """How much of a query a row covers, from 0 to 1: see `ranking.coverage`."""
        share = self.bm25.share_of_bound(query.factors, query.unknown_count, row)
        by_meaning = ranking.name == "hybrid"
        return coverage(share, self._hybrid.cosine(query.words, row) if by_meaning else None)

    def required_coverage(self, query: AnalyzedQuery) -> float:
        """The coverage below which the answer to a query is weak: see `ranking.worth`."""
        bound = self.bm25.upper_bound(query.factors, query.unknown_count)
        return required_coverage(bound, self._reader.mean_terms)

    def _prepared(self, query: AnalyzedQuery, ranking: Ranking) -> PreparedQuery:
        return self._hybrid.prepare(query.factors, query.words, query.unknown_count, ranking)

    def usable(self, ranking: str | Ranking | None, *, of_post: bool = False) -> Ranking:
        """The ranking asked for, or the index's own where it is None; `of_post` for `related`.

        Raises SettingError where the index has no embeddings for "hybrid", ExtraMissing where the
        model is not installed. Where the index's own ranking lacks the model, "feedback" takes its
        place, with one warning.
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
        """Raise SettingError without embeddings, ExtraMissing without a model that is needed."""
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
