"""Lacking words: what a post lacks of a query, by the rarity of the words."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.ranking.bm25 import Bm25


class LackingWords:
    """The words of a query that some posts have, and those of them that the post of a row lacks."""

    def __init__(
        self, query: AnalyzedQuery, row: int | None, vocabulary: Vocabulary, bm25: Bm25
    ) -> None:
        self._query, self._row = query, row
        self._vocabulary, self._bm25 = vocabulary, bm25

    @cached_property
    def known(self) -> dict[str, frozenset[int]]:
        """The term of each word of the query that some post has, with the year that it is.

        Of words of one stem the first is kept.
        """
        words = list(dict.fromkeys(self._query.words))
        found: dict[frozenset[int], str] = {}
        for word, number in zip(words, self._vocabulary.numbers(words), strict=True):
            year = -int(word) if len(word) == 4 and word.isdecimal() else 0
            terms = frozenset({number, year or number} & self._query.factors.keys())
            if terms:
                found.setdefault(terms, word)
        return {word: terms for terms, word in found.items()}

    @cached_property
    def words(self) -> list[str]:
        """The words that the post lacks, the rarest first; none without a post.

        A part of a compound is not lacking if the post has the joined word.
        """
        if self._row is None:
            return []
        matching = self._bm25.matching(self._query.factors, self._row)
        compounds = self._query.compounds
        numbers = zip(compounds, self._vocabulary.numbers(compounds), strict=True)
        joined = [compound for compound, number in numbers if number in matching]
        return self._by_rarity(
            word
            for word, terms in self.known.items()
            if not terms & matching and not any(word in compound for compound in joined)
        )

    @property
    def apart(self) -> tuple[str, str] | None:
        """The rarest word that the post lacks and the rarest other, if no post has both."""
        if not self.words or len(self.known) == 1:
            return None
        rarest = self.words[0]
        other = self._by_rarity(word for word in self.known if word != rarest)[0]
        if self._bm25.share_a_row(self.known[rarest], self.known[other]):
            return None
        first, second = (word for word in self.known if word in {rarest, other})
        return first, second

    def _by_rarity(self, words: Iterable[str]) -> list[str]:
        """Words by the number of posts that have them, ascending."""
        rows_of, terms = self._bm25.rows_of, self.known
        return sorted(words, key=lambda word: len(rows_of(terms[word])))
