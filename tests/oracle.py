"""The rankings once more, straight from their descriptions: dictionaries and plain numpy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.analyzer import Analyzer, fold
from tipsearch.analysis.weighting import Weighting
from tipsearch.corpus.post import Post
from tipsearch.store.ranking import Ranking

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

SETTING = Weighting()
LEADERS, LIKE = 3, 0.15


def terms(post: Post) -> list[str]:
    """A post's terms as they are weighed: those of the title as often as the settings say."""
    analyzer = Analyzer()
    return SETTING.title_weight * analyzer.analyze(post.title) + analyzer.analyze(post.text)


def ranked(scores: Mapping[str, float]) -> list[tuple[str, float]]:
    """Ids and scores above 0, by score, then by id."""
    positive = [(id, score) for id, score in scores.items() if score > 0]
    return sorted(positive, key=lambda pair: (-pair[1], pair[0]))


def query_counts(text: str, known: Container[str]) -> dict[str, float]:
    """The count of each term of a query; `known` terms are those that posts have.

    The parts of a compound and its joined word count a half where posts have the joined word.
    """
    analyzer, counted = Analyzer(), list[tuple[str, float]]()
    for token, parts in analyzer.sequence(text):
        if parts == 1:
            counted.append((token, 1.0))
        elif analyzer.term(token) in known:
            at = len(counted) - parts
            counted[at:] = [(part, 0.5) for part, _ in counted[at:]] + [(token, 0.5)]
    counts: dict[str, float] = {}
    for token, count in counted:
        if token not in analyzer.stop_words:
            counts[analyzer.term(token)] = counts.get(analyzer.term(token), 0) + count
    return {term: count for term, count in counts.items() if term in known}


def is_title(query: str, posts: Iterable[Post]) -> bool:
    """Whether a query is the title of a post, which then comes before all others."""
    return any(fold(post.title) == fold(query) for post in posts)


class Words:
    """BM25 over some posts, with feedback; a length is one among those of its kind."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self._counts = {post.id: Counter(terms(post)) for post in posts}
        self._df = Counter(term for count in self._counts.values() for term in count)
        self._kinds = {post.id: post.kind for post in posts}
        self._mean = {}
        for kind in set(self._kinds.values()):
            lengths = [self._counts[id].total() for id, k in self._kinds.items() if k == kind]
            self._mean[kind] = sum(lengths) / len(lengths) or 1.0

    def idf(self, term: str) -> float:
        having = self._df[term]
        return math.log(1 + (len(self._counts) - having + 0.5) / (having + 0.5))

    def weight(self, id: str, term: str) -> float:
        """What a term weighs in a post by BM25."""
        count = self._counts[id]
        norm = 1 - SETTING.b + SETTING.b * count.total() / self._mean[self._kinds[id]]
        return (
            self.idf(term) * count[term] * (SETTING.k1 + 1) / (count[term] + SETTING.k1 * norm)
            if count[term]
            else 0.0
        )

    def scores(self, factors: Mapping[str, float]) -> dict[str, float]:
        """The score of each post, of weights as float32."""
        return {
            id: sum(f * float(np.float32(self.weight(id, term))) for term, f in factors.items())
            for id in self._counts
        }

    def most(self, query: Mapping[str, float], unknown: int) -> float:
        """The score of a post that has every word of a query without end."""
        weights = [f * self.idf(term) for term, f in query.items()]
        return (sum(weights) + unknown * self.idf("")) * (SETTING.k1 + 1)

    def widened(
        self, query: Mapping[str, float], best: Sequence[tuple[str, float]], ranking: Ranking
    ) -> dict[str, float]:
        """The factors of a query, with the feedback of its best posts."""
        best = best[: ranking.feedback_posts]
        if not ranking.feedback or not query or not best:
            return dict(query)
        mean: dict[str, float] = {}
        for id, score in best:
            for term in self._counts[id]:
                share = (score / best[0][1]) ** ranking.feedback_focus
                mean[term] = mean.get(term, 0.0) + share * self.weight(id, term)
        shared = {term: weight for term, weight in mean.items() if self._df[term] > 1}
        chosen = ranked(shared)[: ranking.feedback_terms]
        if not chosen:
            return dict(query)
        whole = sum(weight for _, weight in chosen)
        factors = {term: (1 - ranking.feedback) * f for term, f in query.items()}
        for term, weight in chosen:
            added = ranking.feedback * sum(query.values()) * weight / whole
            factors[term] = factors.get(term, 0.0) + added
        rounded = {term: round(factor * 4096) / 4096 for term, factor in factors.items()}
        for term in query:  # what was asked for stays
            rounded[term] = max(rounded[term], 1 / 4096)
        return {term: factor for term, factor in rounded.items() if factor}

    def query(self, text: str, ranking: Ranking) -> list[tuple[str, float]]:
        """The ids and scores of all hits."""
        query = self.asked(text)
        if ranking.name == "bm25":
            return ranked(self.scores(query))
        first = ranked(self.scores(query))
        return ranked(self.scores(self.widened(query, first, ranking)))

    def asked(self, text: str) -> dict[str, float]:
        """The terms of a query that a post has, and how often it says them."""
        return query_counts(text, self._df)


class Meaning:
    """The ranking by words and meaning, given a vector of whole numbers for each post."""

    def __init__(self, posts: Sequence[Post], vectors: Mapping[str, Floats]) -> None:
        self._words = Words(posts)
        self._vectors = {id: _unit(vector) for id, vector in vectors.items()}

    def query(self, text: str, vector: Floats, ranking: Ranking) -> list[tuple[str, float]]:
        """The ids and scores of all hits; `vector` is that of the text."""
        asked = self._words.asked(text)
        stop_words = Analyzer().stop_words
        words = [word for word in Analyzer().tokens(text) if word not in stop_words]
        if not words:
            return []
        unknown = sum(Analyzer().term(word) not in asked for word in words)
        vector = _unit(vector)

        def scores(factors: Mapping[str, float], direction: Floats) -> list[tuple[str, float]]:
            whole, of_words = _unit(_whole(direction)), self._words.scores(factors)
            cosines = {id: float(vector @ whole) for id, vector in self._vectors.items()}
            most = self._words.most(factors, unknown)
            return ranked({
                id: s * (s / most if most else s) + ranking.semantic_weight * max(cosines[id], 0)
                for id, s in of_words.items()
                if s or cosines[id] >= LIKE
            })  # fmt: skip

        first = scores(asked, vector)
        if not first:
            return []
        shares = {id: (s / first[0][1]) ** ranking.feedback_focus for id, s in first[:LEADERS]}
        pull = sum(share * self._vectors[id] for id, share in shares.items()) / sum(shares.values())
        half = replace(ranking, feedback_terms=ranking.feedback_terms // 2)
        return scores(
            self._words.widened(asked, first, half),
            _unit(vector + ranking.semantic_feedback * pull),
        )


def _unit(vector: Floats) -> Floats:
    length = float(np.linalg.norm(vector))
    return vector / length if length else vector


def _whole(vector: Floats) -> Floats:
    """In the same direction, with whole numbers from -127 to 127."""
    most = float(np.abs(vector).max())
    return np.rint(vector * 127 / most) if most else vector
