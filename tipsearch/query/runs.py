"""Runs: the words in the runs of characters between white space, with a cache of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer

CACHED_RUNS = 1 << 16
LONGEST_CACHED = 40  # characters; a text without spaces is one run, which no other text repeats
OUTER = ".,;:!?()[]\"'“”‘’…"  # none of them is a part of a word at its start or end


class Token(NamedTuple):
    """A word of a run: it follows the words that end at `place` or before, and ends at `after`.

    `start` and `end` are its offsets in the run. They equal `place` and `after`, unless normalising
    changes the length of the run: then they are those of the whole run.
    """

    place: int
    after: int
    start: int
    end: int
    word: str


class Runs(dict[str, tuple[str, ...]]):
    """Maps a run to its words, in order; a run is analysed when it is first looked up.

    A run is a string without white space. Its words are tokens, stop words included.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__()
        self._analyzer = analyzer
        self._tokens: dict[str, list[Token]] = {}  # a cache of `tokens`

    def __missing__(self, run: str) -> tuple[str, ...]:
        words = words_of(run, self._analyzer)
        if len(run) <= LONGEST_CACHED:
            if len(self) >= CACHED_RUNS:
                self.clear()
            self[run] = words
        return words

    def tokens(self, run: str) -> list[Token]:
        """The words of a run with their offsets."""
        tokens = self._tokens.get(run)
        if tokens is None:
            tokens = tokens_of(run, self._analyzer)
            if len(run) <= LONGEST_CACHED:
                if len(self._tokens) >= CACHED_RUNS:
                    self._tokens.clear()
                self._tokens[run] = tokens
        return tokens


def tokens_of(run: str, analyzer: Analyzer) -> list[Token]:
    """The words of a run with their offsets, by `analyzer.spans`."""
    spans = list(analyzer.spans(run, _EVERY_WORD))
    if len({(start, end) for start, end, _ in spans}) < len(spans):  # the whole run each
        return [Token(i, i + 1, *span) for i, span in enumerate(spans)]
    return [Token(start, end, start, end, word) for start, end, word in spans]


def words_of(run: str, analyzer: Analyzer) -> tuple[str, ...]:
    """The words of a run: those of `analyzer.spans`, faster where it is plain letters."""
    word = run.strip(OUTER)
    if word.isascii() and word.isalpha():
        return (word.lower(),)
    return tuple(word for _, _, word in analyzer.spans(run, _EVERY_WORD))


class _EveryWord:
    """A container of every word."""

    def __contains__(self, word: object) -> bool:
        return True


_EVERY_WORD = _EveryWord()
