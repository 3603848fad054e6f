"""Which posts are about what a query says, in its words or in others?

The score is L · L / M + w · C: the BM25 score L times the share of M that it is, M being that of a
post which has all words of the query without end, and the cosine C of the embeddings times a
weight w. So a post that has but one of five words counts for little beside one that means the
same. A convex combination with the lexical part bounded by theory, as Bruch, Gai and Ingber, "An
Analysis of Fusion Functions for Hybrid Retrieval", ACM TOIS 2023, have it; the square is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.lexical import Best, rows_of
from tipsearch.retrieval.topk import contenders, in_order
from tipsearch.semantic.embedding import unit

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.lexical import Lexical, Scores, Wanted
    from tipsearch.ranking import Ranking
    from tipsearch.semantic.query import Encoder
    from tipsearch.semantic.vectors import Vectors
    from tipsearch.storage import Array

CANDIDATES = 200  # of each kind that are scored in full, where not all posts are
LEADERS = 3  # posts that pull the embedding of the query
RELATED_WEIGHT, RELATED_POWER = 0.3, 4


class Question(NamedTuple):
    """A query as it is put to the posts: its terms, their bound M, and its vector of length 1."""

    wanted: Wanted
    most: float
    vector: npt.NDArray[np.float64]


class Hybrid:
    """Ranks by words and by meaning: `vectors` are those of posts, `encoder` makes a query's."""

    def __init__(self, lexical: Lexical, vectors: Vectors, encoder: Encoder) -> None:
        self._lexical, self._vectors, self._encoder = lexical, vectors, encoder

    def question(
        self, named: Mapping[int, float], words: Sequence[str], unknown: int, ranking: Ranking
    ) -> Question:
        """The query of these terms and words, with the feedback of its first answers.

        `unknown` is how many of its words no post has.
        """
        first = Question(
            self._lexical.widened(named, [], ranking),
            self._lexical.most(named, unknown),
            self._encoder.vector(words),
        )
        best = self.best(first, ranking, max(ranking.feedback_posts, LEADERS))
        best = [(row, score) for row, score in best if score > 0]
        if not best:
            return first
        scores = np.array([score for _, score in best[:LEADERS]])
        shares = (scores / scores[0]) ** ranking.feedback_focus
        leaders = self._vectors.of_rows(np.array([row for row, _ in best[:LEADERS]]))
        pull = ranking.semantic_feedback * (shares @ leaders) / shares.sum()
        wanted = self._lexical.widened(named, best[: ranking.feedback_posts], ranking)
        return Question(wanted, first.most, unit(first.vector + pull))

    def best(self, question: Question, ranking: Ranking, limit: int) -> Best:
        """The best rows with their scores, by score, then by row."""
        rows = self._candidates(question, limit)
        scores = self.scores(question, ranking, rows)
        return in_order(*contenders(rows, scores, limit)[:2], limit)

    def scores(self, question: Question, ranking: Ranking, rows: Array) -> Scores:
        """The scores of some rows (ascending)."""
        lexical, cosines = self.parts(question, rows)
        shares = lexical / question.most if question.most else lexical
        return lexical * shares + ranking.semantic_weight * cosines

    def parts(self, question: Question, rows: Array) -> tuple[Scores, Scores]:
        """The BM25 score and the cosine of some rows (ascending)."""
        lexical = self._lexical.scores(question.wanted.factors, rows)
        return lexical, self._vectors.cosines(question.vector, rows)

    def related(self, row: int, limit: int) -> Best:
        """The posts nearest to a post by words and meaning, never itself.

        The score is the cosine of TF-IDF rows and 0.3 times the fourth power of the embeddings'.
        """
        factors = self._lexical.of_row(row)
        (vector,) = self._vectors.of_rows(np.array([row]))
        rows = self._vectors.near(vector)
        if len(rows) < len(self._vectors):
            near = rows_of(self._nearest(vector, rows, CANDIDATES + limit))
            lexical = rows_of(self._lexical.nearest(factors, CANDIDATES + limit))
            rows = np.union1d(near, lexical)
        rows = rows[rows != row]
        cosines = self._vectors.cosines(vector, rows).clip(0)
        scores = self._lexical.cosines(factors, rows) + RELATED_WEIGHT * cosines**RELATED_POWER
        scores = scores.round(12)
        found = scores > 0
        return in_order(*contenders(rows[found], scores[found], limit)[:2], limit)

    def _candidates(self, question: Question, limit: int) -> Array:
        """All rows, or of a large index those best by words and those nearest by meaning."""
        rows = self._vectors.near(question.vector)
        if len(rows) == len(self._vectors):
            return rows
        near = rows_of(self._nearest(question.vector, rows, CANDIDATES + limit))
        if not question.wanted.factors:
            return near
        best = self._lexical.best(question.wanted.factors, CANDIDATES + limit)
        return np.union1d(near, rows_of(best))

    def _nearest(self, vector: npt.NDArray[np.float64], rows: Array, limit: int) -> Best:
        cosines = self._vectors.cosines(vector, rows)
        return in_order(*contenders(rows, cosines, limit)[:2], limit)
