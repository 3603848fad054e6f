"""Search: the best rows for an analyzed query, or for a post, by any ranking."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.ranking.bm25 import Bm25
from tipsearch.ranking.coverage import coverage
from tipsearch.ranking.feedback import expand_query
from tipsearch.ranking.matching import Matcher
from tipsearch.ranking.prepared import ByBm25, ByHybrid, ByTfIdf
from tipsearch.ranking.terms import ScoreParts, total
from tipsearch.ranking.tfidf import TfIdf
from tipsearch.ranking.topk.engine import Engine
from tipsearch.ranking.worth import required_coverage
from tipsearch.store.ranking import Ranking

if TYPE_CHECKING:
    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.ranking.hybrid import Hybrid
    from tipsearch.ranking.prepared import Prepared
    from tipsearch.ranking.terms import Best, Factors, Mask
    from tipsearch.store.reader import Reader


class RankedRows(NamedTuple):
    """The best rows with their scores; the factors of the query, those by feedback among them.

    `prepared` is the query as it was ranked. `related_to` is the row that the others are related
    to, None for a query.
    """

    best: Best
    factors: Factors
    prepared: Prepared | None = None
    related_to: int | None = None


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
        self.matcher = Matcher(reader, vocabulary, self.bm25)
        self._model_checked = False  # that it is the one that made the embeddings

    def skip_checks(self) -> None:
        """Skip the checks of postings; `verify` has run."""
        self.bm25.postings.skip_checks = self.tfidf.postings.skip_checks = True

    def query(self, query: AnalyzedQuery, limit: int, ranking: Ranking) -> RankedRows:
        """The `limit` best rows for a query.

        Posts whose title the query is come first, and alone where all its words are stop words. Of
        the posts that fulfil it without a word that scores, the newest fill the answer up, by their
        score, which is mostly 0. A query that says so, and one without words, is answered by date,
        the newest post first.
        """
        if not query.has_words and not query.titled:
            rows = self._newest(query, limit)
            return RankedRows([(row, 0.0) for row in rows], query.factors)
        allowed = self.matcher.allowed(query)
        prepared = self._prepared(query, ranking, allowed)
        if query.by_date:
            rows = self._newest(query, limit)
            scores = dict(self._scored(prepared, sorted(rows)))
            return RankedRows([(row, scores[row]) for row in rows], prepared.factors, prepared)
        best = prepared.top(limit) if query.has_words else []
        if query.titled:
            best = self._titled_first(prepared, query, best)[:limit]
        if len(best) < limit and query.may_match_without_score:
            all_found = allowed is not None and len(best) == np.count_nonzero(allowed)
            best = best if all_found else self._filled_up(prepared, query, best, limit)
        return RankedRows(best, prepared.factors, prepared)

    def _prepared(
        self, query: AnalyzedQuery, ranking: Ranking, allowed: Mask | None = None
    ) -> Prepared:
        """The query by a ranking. By "feedback" terms of the best posts of a first search join."""
        factors = query.factors
        if ranking.name == "hybrid":
            words = query.words if query.has_words else ()
            details = factors, words, query.unknown_count, ranking, allowed
            return ByHybrid(self._hybrid, self._hybrid.prepare(*details), ranking)
        if ranking.name == "tfidf":
            return ByTfIdf(self.tfidf, factors, self.tfidf.of_query(query.terms), allowed)
        if ranking.name == "feedback" and ranking.feedback and ranking.feedback_posts:
            best = self.bm25.top(factors, ranking.feedback_posts, allowed)
            factors = expand_query(factors, best, ranking, ranking.feedback_terms, self._reader)
        return ByBm25(self.bm25, factors, allowed)

    def _newest(self, query: AnalyzedQuery, limit: int) -> list[int]:
        """The `limit` newest posts that fulfil a query, by date, then by row."""
        return self._reader.days.newest_of(self.matcher.matching(query), limit)

    def _filled_up(self, prepared: Prepared, query: AnalyzedQuery, best: Best, limit: int) -> Best:
        """All rows that score, and the newest others that fulfil a query; equal scores by date."""
        found = {row for row, _ in best}
        rest = [row for row in self._newest(query, limit) if row not in found]
        rest = rest[: limit - len(best)]
        scores = dict(self._scored(prepared, sorted(rest)))
        return sorted([*best, *((row, scores[row]) for row in rest)], key=lambda pair: -pair[1])

    def _titled_first(self, prepared: Prepared, query: AnalyzedQuery, best: Best) -> Best:
        """Some best rows, and before them the posts whose title the query is.

        These get the bound of the score on top, which puts them before all others.
        """
        scores, wanted = dict(best), set(query.titled)
        if missing := sorted(wanted - scores.keys()):
            scores.update(self._scored(prepared, missing))
        bound = prepared.bound
        titled = [(row, scores[row] + bound) for row in query.titled]
        titled.sort(key=lambda pair: (-pair[1], pair[0]))
        return titled + [pair for pair in best if pair[0] not in wanted]

    @staticmethod
    def _scored(prepared: Prepared, rows: Sequence[int]) -> list[tuple[int, float]]:
        """Some ascending rows with their scores."""
        scores = prepared.scores(np.array(rows, np.int64))
        return list(zip(rows, scores.tolist(), strict=True))

    def related(self, row: int, limit: int, ranking: Ranking) -> Best:
        """The `limit` best rows for a post, without its own: by cosine, or by `Hybrid.related`."""
        if ranking.name == "hybrid":
            return self._hybrid.related(row, limit)
        best = self.tfidf.top(self.tfidf.of_row(row), limit + 1)
        return [(other, score) for other, score in best if other != row][:limit]

    def diverse(self, best: Best, limit: int) -> Best:
        """The `limit` of the best rows in diverse order: see `ranking.diversity`."""
        from tipsearch.ranking.diversity import MOST_CANDIDATES, diverse

        vectors = [self.tfidf.vector(row) for row, _ in best[:MOST_CANDIDATES]]
        return diverse(best, vectors, limit)

    def explain(
        self, query: AnalyzedQuery, row: int, ranking: Ranking, prepared: Prepared | None = None
    ) -> ScoreParts:
        """The parts of the score of any row, also of one that is not among the best.

        `prepared` is what `query` returned for the same query, where it has been asked.
        """
        prepared = prepared or self._prepared(query, ranking, self.matcher.allowed(query))
        parts = prepared.parts(row)
        if row not in query.titled:
            return parts
        return parts._replace(score=parts.score + prepared.bound, title=prepared.bound)

    def explain_related(self, row: int, other: int, ranking: Ranking) -> ScoreParts:
        """The parts of the score of a row as related to another one."""
        parts = self.tfidf.term_scores(self.tfidf.of_row(row), other)
        score = round(total(parts), 12)
        if ranking.name != "hybrid":
            return ScoreParts(score, parts)
        cosine, semantic = self._hybrid.related_part(row, other)
        return ScoreParts(round(score + semantic, 12), parts, 1.0, cosine, semantic)

    def coverage(self, query: AnalyzedQuery, row: int, ranking: Ranking) -> float:
        """How much of a query a row covers, from 0 to 1: see `ranking.coverage`."""
        unknown, own = query.unknown_count, query.own_factors
        share = self.bm25.share_of_bound(query.factors, unknown, row, own)
        by_meaning = ranking.name == "hybrid"
        return coverage(share, self._hybrid.cosine(query.words, row) if by_meaning else None)

    def required_coverage(self, query: AnalyzedQuery) -> float:
        """The coverage below which the answer to a query is weak: see `ranking.worth`."""
        bound = self.bm25.upper_bound(query.factors, query.unknown_count)
        return required_coverage(bound, self._reader.mean_terms)

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
