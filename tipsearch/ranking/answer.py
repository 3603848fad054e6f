"""An answer: what is known of the hits of one query, and of the query as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from tipsearch.query.vocabulary import NOTHING, AnalyzedQuery
from tipsearch.ranking.coverage import POOR
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.hits import Hits
from tipsearch.ranking.snippet import matches, snippet

if TYPE_CHECKING:
    from tipsearch.corpus.post import Post
    from tipsearch.query.parsed import ParsedQuery
    from tipsearch.query.vocabulary import Forms, Vocabulary
    from tipsearch.ranking.search import Search
    from tipsearch.ranking.terms import Best, Factors
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader


class Answer:
    """What can be asked of an answer and of its hits, which share it. Each is made when asked."""

    def __init__(
        self,
        reader: Reader,
        vocabulary: Vocabulary,
        search: Search,
        ranking: Ranking,
        best: Best,
        query: AnalyzedQuery = NOTHING,
        factors: Factors = NOTHING.factors,
    ) -> None:
        self._reader, self._vocabulary, self._search = reader, vocabulary, search
        self._ranking, self._best = ranking, best
        self._query, self._factors = query, factors

    def hits(self) -> Hits:
        """The hits, the best first."""
        ids, ranked = self._reader.ids, enumerate(self._best, start=1)
        hits = (Hit(rank, ids[row], score, self) for rank, (row, score) in ranked)
        return Hits(hits, self if self._query is not NOTHING else None)

    # --- of the whole

    @cached_property
    def parsed(self) -> ParsedQuery:
        return self._vocabulary.told(self._query)

    @cached_property
    def total(self) -> int:
        return self._search.bm25.count_matching(self._query.factors)

    @cached_property
    def coverage(self) -> float:
        if not self._best:
            return 0.0
        return self._search.coverage(self._query, self._best[0][0], self._ranking)

    @cached_property
    def weak(self) -> bool:
        if not self._best:
            return True
        asked = self._query.factors
        matching = self._search.bm25.matching(asked, self._best[0][0])
        complete = len(matching) == len(asked) and not self._query.unknown
        return not complete and self.coverage < POOR

    # --- of a hit

    def post(self, id: str) -> Post:
        return self._reader.post(self._reader.row_of(id))

    def snippet(self, post: Post, width: int) -> str:
        spans = matches(post.text, self._forms, self._reader.analyzer)
        return snippet(post.text, spans, width)

    @cached_property
    def _forms(self) -> Forms:
        return self._vocabulary.forms_of(set(self._query.terms))

    def matched(self, id: str) -> tuple[str, ...]:
        words = list(dict.fromkeys(self._query.words))
        numbers = self._vocabulary.numbers(words)
        had = self._search.bm25.matching(self._query.factors, self._reader.row_of(id))
        return tuple(
            word
            for word, number in zip(words, numbers, strict=True)
            if number in had or (word.isdecimal() and -int(word) in had)
        )

    def added(self, id: str) -> tuple[str, ...]:
        terms: Iterable[int] = self._factors.keys() - self._query.factors.keys()
        had = sorted(self._search.bm25.matching(terms, self._reader.row_of(id)))
        return tuple(self._vocabulary.words(had)) if had else ()


def matcher(vocabulary: Vocabulary, query: ParsedQuery) -> Callable[[str], list[tuple[int, int]]]:
    """A function that gives start and end of each word of a text that matches the query."""
    forms = vocabulary.forms_of(set(vocabulary.terms(query.terms)))
    analyzer = vocabulary.analyzer
    return lambda text: [span[:2] for span in matches(text, forms, analyzer)]
