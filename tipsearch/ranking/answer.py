"""Answer: the details of the hits of one query, and of the query, each computed on first use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.query.analyzed import NO_QUERY, AnalyzedQuery
from tipsearch.ranking.facets import count as count_facet
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.hits import Hits
from tipsearch.ranking.lacking import LackingWords
from tipsearch.ranking.snippet import Found, Marker
from tipsearch.ranking.worth import reason

if TYPE_CHECKING:
    from tipsearch.corpus.post import Post
    from tipsearch.query.parsed import ParsedQuery
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.ranking.explanation import Explanation
    from tipsearch.ranking.search import RankedRows, Search
    from tipsearch.ranking.terms import Mask
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader


class Answer:
    """The source of the details of an answer and of its hits, which share it.

    Related posts have no query. `milliseconds` is the time of the search.
    """

    def __init__(
        self,
        reader: Reader,
        vocabulary: Vocabulary,
        search: Search,
        ranking: Ranking,
        ranked: RankedRows,
        query: AnalyzedQuery = NO_QUERY,
        milliseconds: float = 0.0,
    ) -> None:
        self._reader, self._vocabulary, self._search = reader, vocabulary, search
        self._ranking, self._ranked = ranking, ranked
        self._best, self._factors = ranked.best, ranked.factors
        self._query, self.milliseconds = query, milliseconds

    def hits(self) -> Hits:
        """The hits, best first."""
        ids, ranked = self._reader.ids, enumerate(self._best, start=1)
        hits = (Hit(rank, ids[row], score, self) for rank, (row, score) in ranked)
        return Hits(hits, self if self._query is not NO_QUERY else None)

    # --- of the answer as a whole

    @cached_property
    def parsed(self) -> ParsedQuery:
        """The parsed query."""
        return self._vocabulary.as_parsed(self._query)

    @cached_property
    def total(self) -> int:
        """The number of posts that fulfil the query by words: see `ranking.matching`."""
        return int(np.count_nonzero(self._matching))

    @cached_property
    def _matching(self) -> Mask:
        return self._search.matcher.matching(self._query)

    def facet(self, name: str) -> dict[str, int]:
        """How many of these posts have each value of a facet; its own filters do not count."""
        if self._query is NO_QUERY:
            return {}
        matcher = self._search.matcher
        narrowed = matcher.is_narrowed(self._query, name)
        posts = matcher.matching(self._query, name) if narrowed else self._matching
        return count_facet(self._reader, name, posts)

    @cached_property
    def coverage(self) -> float:
        """How much of the query the best hit covers, from 0 to 1; 0.0 without a hit."""
        if not self._best:
            return 0.0
        return self._search.coverage(self._query, self._best[0][0], self._ranking)

    @cached_property
    def weak(self) -> bool:
        """Whether the answer is a poor one: see `ranking.worth`."""
        if not self._best:
            return True
        complete = not self._lacking.words and not self._query.unknown
        return not complete and self.coverage < self._search.required_coverage(self._query)

    @cached_property
    def reason(self) -> str:
        """Why the answer is weak, in words; "" if it is not."""
        if not self.weak:
            return ""
        if not self._best and not self._query.unknown:
            asked = self._query.factors or self._search.matcher.allowed(self._query) is not None
            return "no post matches" if asked else "the query has no word"
        lacking = self._lacking
        by_meaning = bool(self._best) and self._best[0][1] > 0 and not self._has_word
        return reason(self._query.unknown, lacking.words, lacking.apart, by_meaning=by_meaning)

    @property
    def _has_word(self) -> bool:
        """Whether the best post has a word of the query, or one that starts as the query says."""
        return bool(self._search.bm25.matching(self._query.factors, self._best[0][0]))

    @cached_property
    def _lacking(self) -> LackingWords:
        """The words of the query that the best post lacks."""
        row = self._best[0][0] if self._best else None
        return LackingWords(self._query, row, self._vocabulary, self._search.bm25)

    @property
    def _expansion(self) -> set[int]:
        """The terms that feedback added."""
        return set(self._factors) - set(self._query.factors)

    @cached_property
    def added_words(self) -> tuple[str, ...]:
        """The words that feedback added to the query."""
        terms = sorted(self._expansion)
        return tuple(self._vocabulary.words(terms)) if terms else ()

    # --- of a hit

    def post(self, id: str) -> Post:
        """The post of an id."""
        return self._reader.post(self._reader.row_of(id))

    def find(self, runs: Sequence[str]) -> list[Found]:
        """The words and phrases of the query, as corrected, in the runs of a text.

        Words that feedback added are not among them.
        """
        return self._marker.find(runs)

    @cached_property
    def _marker(self) -> Marker:
        terms = set(self._query.terms) - self._query.only_in_phrases
        return Marker(self._vocabulary, terms, self._query.phrases)

    def matched(self, id: str) -> tuple[str, ...]:
        """The words of the query, as corrected, and of synonyms, that a post has, or is dated.

        A prefix, such as "cust*", is one of them if the post has a word that starts so.
        """
        synonyms = " ".join(chain.from_iterable(self._query.synonyms.values())).split()
        words = list(dict.fromkeys([*self._query.words, *self._query.compounds, *synonyms]))
        numbers = self._vocabulary.numbers(words)
        matching = self._search.bm25.matching(self._query.factors, self._reader.row_of(id))
        found = [
            word
            for word, number in zip(words, numbers, strict=True)
            if number in matching or (word.isdecimal() and -int(word) in matching)
        ]
        prefixes = self._query.prefixes.items()
        return (*found, *(prefix for prefix, terms in prefixes if terms & matching))

    def added(self, id: str) -> tuple[str, ...]:
        """The words that feedback added to the query and that the post has."""
        matching = sorted(self._search.bm25.matching(self._expansion, self._reader.row_of(id)))
        return tuple(self._vocabulary.words(matching)) if matching else ()

    def explain(self, id: str) -> Explanation:
        """The parts of the score of a hit."""
        from tipsearch.ranking.explanation import explanation

        row, reader, related_to = self._reader.row_of(id), self._reader, self._ranked.related_to
        if related_to is None:
            parts = self._search.explain(self._query, row, self._ranking, self._ranked.prepared)
            return explanation(self._vocabulary, reader.post(row), parts, self._query)
        parts = self._search.explain_related(related_to, row, self._ranking)
        post, other = reader.post(row), reader.post(related_to)
        return explanation(self._vocabulary, post, parts, related_to=other)
