"""From a text, or from a post, to the rows that answer it best, by the ranking asked for."""

from __future__ import annotations

import warnings
from functools import cache, cached_property
from typing import TYPE_CHECKING, NamedTuple

from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.query.vocabulary import Named, Vocabulary
from tipsearch.ranking.lexical import Lexical

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tipsearch.build.weights import Weighting
    from tipsearch.query.spelling import Spelling
    from tipsearch.ranking.hybrid import Hybrid, Question
    from tipsearch.ranking.lexical import Best, Factors, Portion
    from tipsearch.ranking.settings import Ranking
    from tipsearch.store.storage import Generation


class Found(NamedTuple):
    """The best rows with their scores, and how much of each term, or -year, was asked for."""

    best: Best
    factors: Factors


class Account(NamedTuple):
    """Why a row has its score: the sum of its portions, each times `share`, and of `semantic`."""

    score: float
    portions: list[Portion]
    share: float = 1.0
    cosine: float = 0.0
    semantic: float = 0.0


class Search:
    """The rankings of an index over its rows; `ranking` is its own."""

    def __init__(
        self,
        generation: Generation,
        vocabulary: Vocabulary,
        weighting: Weighting,
        ranking: Ranking,
        kernel: str,
    ) -> None:
        self._generation, self._vocabulary = generation, vocabulary
        self.lexical = Lexical(generation, weighting, kernel)
        self.ranking = ranking
        self._trusted = False  # whether the model is known to be the one that made the vectors

    def parse(self, text: str, *, exact: bool) -> Named:
        """What a text names; what no post has is taken for the nearest word, unless `exact`."""
        named = self._vocabulary.parse(text, self.lexical.of_year)
        return (
            named
            if exact or not named.unknown
            else self._vocabulary.corrected(named, self._spelling)
        )

    @cached_property
    def _spelling(self) -> Spelling:
        arrays = self._generation.arrays
        return self._vocabulary.spelling(arrays["forms.frequency"], arrays["forms.signatures"])

    def query(self, named: Named, limit: int, ranking: Ranking) -> Found:
        """The best rows for what a query names; none for one without a word but stop words."""
        asked = named.factors
        if not asked and not named.unknown:
            return Found([], asked)
        if ranking.name == "hybrid":
            question = self._question(named, ranking)
            return Found(self._hybrid.best(question, ranking, limit), question.factors)
        if ranking.name == "tfidf":
            return Found(self.lexical.nearest(self.lexical.of_words(named.terms), limit), asked)
        factors = self.lexical.wanted(asked, ranking)
        return Found(self.lexical.best(factors, limit), factors)

    def related(self, row: int, limit: int, ranking: Ranking) -> Best:
        """The rows nearest to a post, never its own."""
        if ranking.name == "hybrid":
            return self._hybrid.related(row, limit)
        best = self.lexical.nearest(self.lexical.of_row(row), limit + 1)
        return [(other, score) for other, score in best if other != row][:limit]

    def explain(self, named: Named, row: int, ranking: Ranking) -> Account:
        """Why a row has the score that it has, whether or not it is among the best."""
        lexical = self.lexical
        if ranking.name == "hybrid" and (named.factors or named.unknown):
            question, post = self._question(named, ranking), self._hybrid.of(row)
            (score,) = self._hybrid.scores(question, ranking, post)
            (whole,), (cosine,) = self._hybrid.parts(question, post)
            share = float(whole / question.most) if question.most else 1.0
            portions = lexical.portions(question.factors, row, lexical.bm25)
            semantic = ranking.semantic_weight * max(cosine, 0.0)
            return Account(float(score), portions, share, float(cosine), float(semantic))
        if ranking.name == "tfidf":
            asked = dict(lexical.of_words(named.terms))
            portions = lexical.portions(asked, row, lexical.cosine)
            return Account(round(_sum(portions), 12), portions)
        portions = lexical.portions(lexical.wanted(named.factors, ranking), row, lexical.bm25)
        return Account(_sum(portions), portions)

    def coverage(self, named: Named, row: int, ranking: Ranking) -> float:
        """How well a row answers a query, from 0 to 1: by words, and by meaning if that ranks."""
        from tipsearch.ranking.coverage import coverage

        share = self.lexical.share(named.factors, _unknown(named), row)
        meant = ranking.name == "hybrid"
        return coverage(share, self._hybrid.cosine(named.words, row) if meant else None)

    def _question(self, named: Named, ranking: Ranking) -> Question:
        return self._hybrid.question(named.factors, named.words, _unknown(named), ranking)

    def usable(self, ranking: str | Ranking | None, *, of_post: bool = False) -> Ranking:
        """The ranking that is asked for, or the index's own; `of_post` for a query that is a post.

        Raises SettingError or ExtraMissing where it cannot be had. Where it is the index's own
        that cannot, a warning says so, once, and it is "feedback".
        """
        if ranking is None:
            return self.ranking if of_post else self._own
        if isinstance(ranking, str):
            ranking = self.ranking.named(ranking)
        if ranking.name == "hybrid":
            self._require_model(of_post)
        return ranking

    @cached_property
    def _own(self) -> Ranking:
        if self.ranking.name == "hybrid":
            try:
                self._require_model(False)
            except ExtraMissing as error:
                warnings.warn(f"ranking by words alone: {error}", stacklevel=5)
                return self.ranking.named("feedback")
        return self.ranking

    def _require_model(self, of_post: bool) -> None:
        """Raise where the index has no vectors, or the model that made them is needed and gone."""
        from tipsearch.analysis.embedding import model

        told = self._generation.facts["embedding"]
        if told is None:
            raise SettingError(
                "ranking", "hybrid", "feedback, bm25 or tfidf for this index, which has no "
                "vectors: make it anew with: tipsearch index --ranking hybrid SOURCE"
            )  # fmt: skip
        if of_post or self._trusted:
            return
        model.load(told["sha256"])
        self._trusted = True

    @cached_property
    def _hybrid(self) -> Hybrid:
        from tipsearch.analysis.embedding import model
        from tipsearch.ranking.dense.encoder import Encoder
        from tipsearch.ranking.dense.search import Vectors
        from tipsearch.ranking.hybrid import Hybrid

        arrays = self._generation.arrays
        vectors = Vectors(*(arrays[name] for name in Vectors.ARRAYS))
        kept = arrays["pieces.offsets"], arrays["pieces.ids"]
        encoder = Encoder(*kept, self._vocabulary.place, cache(model.load))
        return Hybrid(self.lexical, vectors, encoder)


def _unknown(named: Named) -> int:
    """How many of the words of a query no post has."""
    return sum(map(set(named.unknown).__contains__, named.words))


def _sum(portions: Iterable[Portion]) -> float:
    """One by one, as the query adds: newer Pythons' sum() rounds less."""
    score = 0.0
    for portion in portions:
        score += portion.factor * portion.weight
    return score
