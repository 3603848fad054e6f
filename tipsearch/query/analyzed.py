"""Analyzed query: a query in the numbers of an index, as the rankings take it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from tipsearch.query.grammar import Filter

if TYPE_CHECKING:
    from tipsearch.query.grammar import Group, Query


class AnalyzedQuery(NamedTuple):
    """A query in numbers: `terms` maps the number of each term to its count in the query.

    `unknown` are the words that no post has and `stopped` the stop words, each once, in order.
    `words` are all words, in order, and `compounds` the joined words of some of them that posts
    have. `corrected` maps words that no post has to the known word or words that replace them, also
    in `words`. `years` maps each year that has posts to its count; a year may also be a term.
    `synonyms` maps words of the query to the synonyms that were added to it, and `synonym_terms`
    the number of each term that these added, also in `terms`, to the words.

    `language` is the parsed text where it has operators, None for plain words; `phrases` are the
    texts of the phrases in it, and `only_in_phrases` the terms that are in no other part of it.
    `prefixes` maps each prefix, as typed with its "*", to the terms that score. `titled` are the
    rows of the posts whose title the query is, ascending.
    """

    terms: Mapping[int, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    words: tuple[str, ...]
    corrected: Mapping[str, str] = MappingProxyType({})
    years: Mapping[int, float] = MappingProxyType({})
    compounds: tuple[str, ...] = ()
    synonyms: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    synonym_terms: Mapping[int, str] = MappingProxyType({})
    language: Query | None = None
    phrases: tuple[str, ...] = ()
    only_in_phrases: frozenset[int] = frozenset()
    prefixes: Mapping[str, frozenset[int]] = MappingProxyType({})
    titled: tuple[int, ...] = ()

    @property
    def tree(self) -> Group | None:
        """The tree of a query with operators."""
        return self.language.tree if self.language else None

    @property
    def by_date(self) -> bool:
        """Whether the newest posts are asked for first."""
        return self.language is not None and self.language.sort == "date"

    @property
    def has_words(self) -> bool:
        """Whether it has a word but stop words, or a year."""
        return bool(self.terms or self.unknown or self.years)

    @property
    def may_match_without_score(self) -> bool:
        """Whether a post may fulfil it that has none of its terms.

        That needs more than filters, exclusions and plain words: phrases of stop words,
        alternatives, rare words of a prefix, or years, which some rankings do not know.
        """
        if self.tree is None:
            return False
        filters = all(isinstance(node, Filter) for node in self.tree.required)
        return not filters or bool(self.prefixes) or bool(self.years)

    def variants(self, text: str, words: Sequence[str]) -> list[str]:
        """A text of the query that is these words: itself or as corrected, and its synonyms."""
        corrected = " ".join(self.corrected.get(word, word) for word in words)
        own = text if self.corrected.keys().isdisjoint(words) else corrected
        return [own, *self.synonyms.get(corrected, ())]

    def joined(self, other: AnalyzedQuery) -> AnalyzedQuery:
        """This query and the words of another one, which has no corrections and no synonyms."""
        return self._replace(
            terms=_sum(self.terms, other.terms),
            unknown=(*dict.fromkeys((*self.unknown, *other.unknown)),),
            stopped=(*dict.fromkeys((*self.stopped, *other.stopped)),),
            words=(*self.words, *other.words),
            compounds=(*self.compounds, *other.compounds),
            years=_sum(self.years, other.years),
        )

    @property
    def unknown_count(self) -> int:
        """The number of its words that no post has, repeated words included."""
        return sum(map(set(self.unknown).__contains__, self.words))

    @property
    def factors(self) -> Mapping[int, float]:
        """The count of each term, by its number, and of each year, by -year."""
        if not self.years:
            return self.terms
        return {**self.terms, **{-year: count for year, count in self.years.items()}}

    @property
    def own_factors(self) -> Mapping[int, float]:
        """The factors without those of synonyms."""
        if not self.synonym_terms:
            return self.factors
        return {term: f for term, f in self.factors.items() if term not in self.synonym_terms}


def _sum(one: Mapping[int, float], two: Mapping[int, float]) -> dict[int, float]:
    """The counts of both."""
    return dict(one) | {key: one.get(key, 0) + count for key, count in two.items()}


NO_QUERY = AnalyzedQuery({}, (), (), ())  # of an answer that has no query: related posts
