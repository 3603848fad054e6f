"""Hybrid ranking: BM25 fused with the cosine of embeddings.

The score is L² / M + w · max(C, 0). L is the BM25 score of the query, M its upper bound, which no
post can exceed, and C the cosine of the embeddings. L and M are of the same query, words that
feedback added among them, so L / M is from 0 to 1. Through the square, a post that has one of five
words counts for little beside one that means the same; where C is negative it counts as 0, so a
post that has a word of the query always has a score above 0. A convex combination whose lexical
part is bounded by theory, as in Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid
Retrieval", ACM TOIS 2023; the square is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.embedding.vectors import unit
from tipsearch.ranking.lexical import Best, Factors, rows_of
from tipsearch.ranking.topk.selection import contenders, in_order

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.dense.encoder import Encoder
    from tipsearch.ranking.dense.search import Pool, Vectors
    from tipsearch.ranking.lexical import Lexical, Scores
    from tipsearch.ranking.settings import Ranking
    from tipsearch.store.storage import Array

    Floats = npt.NDArray[np.float64]

CANDIDATES = 100  # of each kind that are scored in full, where not all posts are
LIKE = 0.15  # the least cosine of a post that has no word of the query
LEADERS = 3  # posts that pull the embedding of the query
RELATED_WEIGHT, RELATED_POWER = 0.2, 4


class Question(NamedTuple):
    """A query as it is put to the posts: its terms, their bound M, and its vector of length 1.

    `pool` has the posts that are worth a look for their meaning.
    """

    factors: Factors
    most: float
    vector: npt.NDArray[np.float64]
    pool: Pool


class Hybrid:
    """Ranks by words and by meaning: `vectors` are those of posts, `encoder` makes a query's."""

    def __init__(self, lexical: Lexical, vectors: Vectors, encoder: Encoder) -> None:
        self._lexical, self._vectors, self._encoder = lexical, vectors, encoder

    def question(
        self, named: Factors, words: Sequence[str], unknown: int, ranking: Ranking
    ) -> Question:
        """The query of these terms and words, with the feedback of its first answers.

        `unknown` is how many of its words no post has.
        """
        vector, most = self._encoder.vector(words), self._lexical.most(named, unknown)
        pool = self._vectors.near(vector, CANDIDATES)
        first = Question(named, most, vector, pool)
        best = self.best(first, ranking, max(ranking.feedback_posts, LEADERS))
        if not best:
            return first
        scores = np.array([score for _, score in best[:LEADERS]])
        shares = (scores / scores[0]) ** ranking.feedback_focus
        leaders = self._vectors.of(np.array([row for row, _ in best[:LEADERS]]))
        pull = shares @ (leaders.codes * leaders.scale[:, None].astype(np.float64)) / shares.sum()
        # Half the terms do as well where meaning does the rest, in less time.
        terms = ranking.feedback_terms // 2
        factors = self._lexical.widened(named, best[: ranking.feedback_posts], ranking, terms)
        most = self._lexical.most(factors, unknown)
        return Question(factors, most, unit(vector + ranking.semantic_feedback * pull), pool)

    def best(self, question: Question, ranking: Ranking, limit: int) -> Best:
        """The best rows with their scores, which are positive, by score, then by row.

        A row is found that has a term of the query, or whose cosine is LIKE at least.
        """
        best = partial(self._lexical.best, question.factors)
        pool = self._pool(question.pool, best, limit)
        lexical, cosines = self.parts(question, pool)
        scores = _fused(lexical, cosines, question, ranking)
        found = (lexical > 0) | (cosines >= LIKE)
        return _top(pool.rows[found], scores[found], limit)

    def scores(self, question: Question, ranking: Ranking, pool: Pool) -> Scores:
        """The scores of some posts, whose rows ascend."""
        return _fused(*self.parts(question, pool), question, ranking)

    def parts(self, question: Question, pool: Pool) -> tuple[Scores, Scores]:
        """The BM25 scores and the cosines of some posts, whose rows ascend."""
        lexical = self._lexical.scores(question.factors, pool.rows)
        return lexical, pool.cosines(question.vector)

    def cosine(self, words: Sequence[str], row: int) -> float:
        """The cosine of the embeddings of a text and of a post, without feedback."""
        return float(self.of(row).cosines(self._encoder.vector(words))[0])

    def of(self, row: int) -> Pool:
        """One post."""
        return self._vectors.of(np.array([row]))

    def related(self, row: int, limit: int) -> Best:
        """The posts nearest to a post by words and meaning, never itself.

        The score is the cosine of TF-IDF rows and 0.2 times the fourth power of the embeddings'.
        """
        factors, own = self._lexical.of_row(row), self.of(row)
        vector = own.codes[0].astype(np.float64)
        best = partial(self._lexical.nearest, factors)
        near = self._vectors.near(vector, max(CANDIDATES, limit + 1))
        pool = self._pool(near, best, limit + 1)
        cosines = pool.cosines(vector).clip(0)
        scores = self._lexical.cosines(factors, pool.rows) + RELATED_WEIGHT * cosines**RELATED_POWER
        scores = scores.round(12)
        found = (scores > 0) & (pool.rows != row)
        return _top(pool.rows[found], scores[found], limit)

    def _pool(self, near: Pool, lexical: Callable[[int], Best], limit: int) -> Pool:
        """All posts, or of a large index those nearest by meaning and those best by words.

        For any limit below CANDIDATES they are the same, so that a larger one only adds.
        """
        if not self._vectors.in_cells:
            return near
        best = rows_of(lexical(max(CANDIDATES, limit)))
        places = np.searchsorted(near.rows, best).clip(max=len(near.rows) - 1)
        return near.with_others(self._vectors.of(best[near.rows[places] != best]))


def _fused(lexical: Scores, cosines: Scores, question: Question, ranking: Ranking) -> Scores:
    shares = lexical / question.most if question.most else lexical
    return lexical * shares + ranking.semantic_weight * cosines.clip(0)


def _top(rows: Array, scores: Scores, limit: int) -> Best:
    return in_order(*contenders(rows, scores, limit)[:2], limit)
