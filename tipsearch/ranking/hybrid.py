"""Hybrid ranking: BM25 fused with the cosine of embeddings.

The score is L² / M + w · max(C, 0). L is the BM25 score of the query, M its upper bound, which no
post can exceed, and C the cosine of the embeddings. L and M are of the same query, words that
feedback added among them, so L / M is from 0 to 1. The square makes a post that has one of five
words of the query count for little against a post of great cosine. A negative C counts as 0, so a
post that has a word of the query has a score above 0. Such a combination, whose lexical part is
divided by a bound from theory, is of Bruch, Gai and Ingber, "An Analysis of Fusion Functions for
Hybrid Retrieval", ACM TOIS 2023; the square is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.embedding.vectors import unit
from tipsearch.ranking.feedback import expand_query
from tipsearch.ranking.terms import Best, Factors, ScoreParts, rows_of
from tipsearch.ranking.topk.selection import contenders, in_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.bm25 import Bm25
    from tipsearch.ranking.dense.encoder import Encoder
    from tipsearch.ranking.dense.search import Candidates, DenseSearch
    from tipsearch.ranking.terms import Mask, Scores
    from tipsearch.ranking.tfidf import TfIdf
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

CANDIDATES = 100  # posts by words, and by embedding, that are scored where not all are
LEAST_COSINE = 0.15  # of a hit without a term of the query
LEADERS = 3  # best posts whose embeddings are added to that of the query
RELATED_WEIGHT, RELATED_POWER = 0.2, 4  # of the cosine of embeddings in `related`


class PreparedQuery(NamedTuple):
    """A query ready to be scored: its factors, their upper bound M, and its vector.

    The vector is float64, shape (DIMENSIONS,), of length 1. `nearest` are the best posts by
    embedding, of those that are `allowed` (a mask of all rows; None allows all).
    """

    factors: Factors
    bound: float
    vector: npt.NDArray[np.float64]
    nearest: Candidates
    allowed: Mask | None


class Hybrid:
    """Ranks by BM25 and by embeddings; `encoder` makes the embedding of a query."""

    def __init__(
        self, reader: Reader, bm25: Bm25, tfidf: TfIdf, dense: DenseSearch, encoder: Encoder
    ) -> None:
        self._reader, self._bm25, self._tfidf = reader, bm25, tfidf
        self._dense, self._encoder = dense, encoder

    def prepare(
        self,
        factors: Factors,
        words: Sequence[str],
        unknown: int,
        ranking: Ranking,
        allowed: Mask | None = None,
    ) -> PreparedQuery:
        """The query of these factors and words, with the feedback of a first search.

        Both searches find only rows that are `allowed`.
        `unknown` is the number of its words that no post has. Half of `feedback_terms` join its
        terms. `semantic_feedback` times the mean embedding of the LEADERS is added to its own.
        """
        vector = self._encoder.vector(words)
        nearest = self._dense.nearest(vector, CANDIDATES, allowed)
        bound = self._bm25.upper_bound(factors, unknown)
        first = PreparedQuery(factors, bound, vector, nearest, allowed)
        best = self.top(first, ranking, max(ranking.feedback_posts, LEADERS))
        if not best:
            return first
        # Together with embeddings, half the terms rank as well, in less time.
        terms, posts = ranking.feedback_terms // 2, best[: ranking.feedback_posts]
        expanded = expand_query(factors, posts, ranking, terms, self._reader)
        bound = self._bm25.upper_bound(expanded, unknown)
        pull = ranking.semantic_feedback * self._mean_embedding(best[:LEADERS], ranking)
        return PreparedQuery(expanded, bound, unit(vector + pull), nearest, allowed)

    def _mean_embedding(self, best: Best, ranking: Ranking) -> npt.NDArray[np.float64]:
        """The weighted mean of the embeddings of some posts, as feedback weights them."""
        scores = np.array([score for _, score in best])
        shares = (scores / scores[0]) ** ranking.feedback_focus
        posts = self._dense.of(np.array([row for row, _ in best]))
        units = posts.codes * posts.scale[:, None].astype(np.float64)
        return np.asarray(shares @ units / shares.sum())

    def top(self, query: PreparedQuery, ranking: Ranking, limit: int) -> Best:
        """The `limit` best allowed rows, by score, then by row.

        A row is a hit if it has a term of the query or a cosine of at least LEAST_COSINE.
        """
        by_words = partial(self._bm25.top, query.factors, allowed=query.allowed)
        posts = self._candidates(query.nearest, by_words, limit)
        lexical, cosines = self.parts(query, posts)
        scores = _fused(lexical, cosines, query, ranking)
        hits = (lexical > 0) | (cosines >= LEAST_COSINE)
        if query.allowed is not None:
            hits &= query.allowed[posts.rows]
        return _best(posts.rows[hits], scores[hits], limit)

    def scores(self, query: PreparedQuery, ranking: Ranking, posts: Candidates) -> Scores:
        """The scores of some posts, float64."""
        return _fused(*self.parts(query, posts), query, ranking)

    def parts(self, query: PreparedQuery, posts: Candidates) -> tuple[Scores, Scores]:
        """The BM25 scores and the cosines of some posts, float64."""
        return self._bm25.scores(query.factors, posts.rows), posts.cosines(query.vector)

    def cosine(self, words: Sequence[str], row: int) -> float:
        """The cosine of the embeddings of a text and of a post, without feedback."""
        return float(self.of(np.array([row])).cosines(self._encoder.vector(words))[0])

    def score_parts(self, query: PreparedQuery, ranking: Ranking, row: int) -> ScoreParts:
        """The parts of the score of a row."""
        post = self.of(np.array([row]))
        (score,), ((lexical,), (cosine,)) = (
            self.scores(query, ranking, post),
            self.parts(query, post),
        )
        share = float(lexical / query.bound) if query.bound else 1.0
        semantic = ranking.semantic_weight * max(cosine, 0.0)
        terms = self._bm25.term_scores(query.factors, row)
        return ScoreParts(float(score), terms, share, float(cosine), float(semantic))

    def of(self, rows: Array) -> Candidates:
        """The posts of some ascending rows, to be scored."""
        return self._dense.of(rows)

    def related(self, row: int, limit: int) -> Best:
        """The posts nearest to a post by words and embeddings, never itself.

        The score is the cosine of TF-IDF rows plus RELATED_WEIGHT times the fourth power of that of
        the embeddings, rounded to 12 places.
        """
        factors, own = self._tfidf.of_row(row), self.of(np.array([row]))
        vector = own.codes[0].astype(np.float64)
        nearest = self._dense.nearest(vector, max(CANDIDATES, limit + 1))
        posts = self._candidates(nearest, partial(self._tfidf.top, factors), limit + 1)
        cosines = posts.cosines(vector).clip(0)
        scores = self._tfidf.scores(factors, posts.rows) + RELATED_WEIGHT * cosines**RELATED_POWER
        scores = scores.round(12)
        hits = (scores > 0) & (posts.rows != row)
        return _best(posts.rows[hits], scores[hits], limit)

    def related_part(self, row: int, other: int) -> tuple[float, float]:
        """The cosine of the embeddings of two posts, and what it adds to the score by `related`."""
        vector = self.of(np.array([row])).codes[0].astype(np.float64)
        cosines = self.of(np.array([other])).cosines(vector)
        added = RELATED_WEIGHT * cosines.clip(0) ** RELATED_POWER
        return float(cosines[0]), float(added[0])

    def _candidates(self, nearest: Candidates, top: Callable[..., Best], limit: int) -> Candidates:
        """The posts to score: all, or where there are cells those best by embedding or by words.

        They are the same for each limit up to CANDIDATES, so that a larger limit only adds hits.
        """
        if not self._dense.in_cells:
            return nearest
        best = rows_of(top(limit=max(CANDIDATES, limit)))
        missing = ~np.isin(best, nearest.rows, assume_unique=True)
        return nearest.merged(self._dense.of(best[missing]))


def _fused(lexical: Scores, cosines: Scores, query: PreparedQuery, ranking: Ranking) -> Scores:
    """L² / M + w · max(C, 0): see the module."""
    shares = lexical / query.bound if query.bound else lexical
    return lexical * shares + ranking.semantic_weight * cosines.clip(0)


def _best(rows: Array, scores: Scores, limit: int) -> Best:
    return in_order(*contenders(rows, scores, limit)[:2], limit)
