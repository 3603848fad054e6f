"""Synonyms: what the words of a query are also called, by the synonym file of an index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.synonymfile import SynonymRule

    Words = tuple[str, ...]

SYNONYM_DISCOUNT = 0.5  # factor of the count of a synonym
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
            stems_of = [(self._stems(words), words) for words in map(self._words, targets)]
            for stems in map(self._stems, map(self._words, sources)):
                known = self._synonyms.setdefault(stems, {})
                for other, words in stems_of:
                    if other != stems:
                        known.setdefault(other, words)
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

    def _words(self, entry: str) -> Words:
        return tuple(self._analyzer.tokens(entry))

    def _stems(self, words: Sequence[str]) -> Words:
        stop_words, stem = self._stop_words, self._analyzer.term
        return tuple(word if word in stop_words else stem(word) for word in words)
