"""Synonyms: what the words of a query are also called, by the synonym file of an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.synonymfile import SynonymRule
    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.vocabulary import Vocabulary

    Words = tuple[str, ...]

# Factor of the count of a synonym. With hand-written groups on six collections, means over the
# queries that have one, nDCG@10 and Recall@100 (`python -m tests.benchmarks.synonyms`):
#
#     factor    bm25             feedback         hybrid
#     none      0.615  0.754     0.640  0.784     0.661  0.809
#     0.25      0.614  0.767     0.638  0.790     0.662  0.810
#     0.5       0.613  0.768     0.639  0.791     0.663  0.810
#     0.75      0.604  0.769     0.636  0.791     0.662  0.810
#     1         0.590  0.769     0.620  0.790     0.658  0.809
SYNONYM_DISCOUNT = 0.5
# Counts are multiples of 1 / 4096: so few bits that sums of float32 weights are exact.
RESOLUTION = 4096


class Expansion(NamedTuple):
    """Neighbouring words of a query, `words[start:end]`, and their synonyms, each as its words."""

    start: int
    end: int
    alternatives: tuple[Words, ...]


class Synonyms:
    """The synonyms of some rules, matched by stem; a stop word matches only itself."""

    def __init__(self, rules: Sequence[SynonymRule], analyzer: Analyzer) -> None:
        self._analyzer, self._stop_words = analyzer, frozenset(analyzer.stop_words)
        # The stems of a source to its synonyms, each with its stems, so that it is there once.
        self._synonyms: dict[Words, dict[Words, Words]] = {}
        for sources, targets in rules:
            words_of = {entry: tuple(analyzer.tokens(entry)) for entry in sources + targets}
            stems_of = {entry: self._stems(words) for entry, words in words_of.items()}
            for source in sources:
                known = self._synonyms.setdefault(stems_of[source], {})
                for target in targets:
                    if stems_of[target] != stems_of[source]:
                        known.setdefault(stems_of[target], words_of[target])
        self._longest = max(map(len, self._synonyms), default=0)

    def of(self, words: Sequence[str]) -> list[Expansion]:
        """The synonyms of the words of a query, which are normalised and in order.

        From each word on the longest source is taken, and a word is part of one only.
        """
        stems, found, start = self._stems(words), list[Expansion](), 0
        while start < len(words):
            for end in range(min(start + self._longest, len(words)), start, -1):
                if others := self._synonyms.get(stems[start:end]):
                    found.append(Expansion(start, end, (*others.values(),)))
                    start = end - 1
                    break
            start += 1
        return found

    def _stems(self, words: Sequence[str]) -> Words:
        stop_words, stem = self._stop_words, self._analyzer.term
        return tuple(word if word in stop_words else stem(word) for word in words)


class QuerySynonyms:
    """Adds synonyms to queries."""

    def __init__(self, synonyms: Synonyms, vocabulary: Vocabulary) -> None:
        self._synonyms, self._vocabulary = synonyms, vocabulary

    def of(self, words: Sequence[str]) -> list[Expansion]:
        """The synonyms of the words of a query, but for those of which no post has a word."""
        numbers = self._vocabulary.numbers
        found = [
            expansion._replace(
                alternatives=tuple(w for w in expansion.alternatives if max(numbers(w)) >= 0)
            )
            for expansion in self._synonyms.of(words)
        ]
        return [expansion for expansion in found if expansion.alternatives]

    def known(self, words: Sequence[str]) -> set[str]:
        """The words of a query that have synonyms, which are thus no mistakes."""
        return {word for start, end, _ in self.of(words) for word in words[start:end]}

    def added_to(self, query: AnalyzedQuery) -> AnalyzedQuery:
        """The query with the terms of synonyms that it does not have, each once.

        A synonym counts SYNONYM_DISCOUNT times as much as the words that it stands for. One that is
        rarer than these counts less, so that it adds at most that share of their weight to a post.
        The words of a synonym share its count.
        """
        numbers, idf_of = self._vocabulary.numbers, self._vocabulary.idf
        terms, synonym_terms = dict(query.terms), dict[int, str]()
        synonyms: dict[str, Words] = {}
        for start, end, alternatives in self.of(query.words):
            words = query.words[start:end]
            count = min([1.0, *(query.terms.get(term, 1) for term in numbers(words))])
            typed, weight = " ".join(words), idf_of(words).sum()
            names = []
            for alternative in alternatives:
                idf = idf_of(alternative)
                share = count * SYNONYM_DISCOUNT * min(1.0, weight / idf.mean()) / len(idf)
                share = max(round(share * RESOLUTION), 1) / RESOLUTION
                new = sorted({*numbers(alternative)} - {-1, *query.terms})
                for term in new:
                    terms[term] = max(share, terms.get(term, 0.0))
                    synonym_terms.setdefault(term, typed)
                names += [" ".join(alternative)] * bool(new)
            if names:
                synonyms[typed] = (*names,)
        return query._replace(terms=terms, synonyms=synonyms, synonym_terms=synonym_terms)
