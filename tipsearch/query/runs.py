"""Runs: the words in the runs of characters between white space, with a cache of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer

CACHED_RUNS = 1 << 16
LONGEST_CACHED = 40  # characters; a text without spaces is one run, which no other text repeats
OUTER = ".,;:!?()[]\"'“”‘’…"  # none of them is a part of a word at its start or end


class Token(NamedTuple):
    """A word of a run, and its offsets in the run.

    Where normalising changes the length of the run, they are those of the whole run.
    """

    start: int
    end: int
    word: str


class Readings(NamedTuple):
    """The words of a run in its two readings: see `query.phrases`."""

    split: list[Token]
    joined: list[Token]


class Runs(dict[str, tuple[str, ...]]):
    """Maps a run to its words, in order; a run is analysed when it is first looked up.

    A run is a string without white space. Its words are those of `Analyzer.sequence`: tokens, stop
    words included, and joined words.
    """

    def __init__(self, analyzer: Analyzer) -> None:
        super().__init__()
        self._analyzer = analyzer
        self._readings: dict[str, Readings] = {}  # a cache of `readings`

    def __missing__(self, run: str) -> tuple[str, ...]:
        words = words_of(run, self._analyzer)
        if len(run) <= LONGEST_CACHED:
            if len(self) >= CACHED_RUNS:
                self.clear()
            self[run] = words
        return words

    def readings(self, run: str) -> Readings:
        """The words of a run with their offsets."""
        readings = self._readings.get(run)
        if readings is None:
            readings = readings_of(run, self._analyzer)
            if len(run) <= LONGEST_CACHED:
                if len(self._readings) >= CACHED_RUNS:
                    self._readings.clear()
                self._readings[run] = readings
        return readings


def readings_of(run: str, analyzer: Analyzer) -> Readings:
    """The words of a run with their offsets: those of `analyzer.spans` and of joined words."""
    split = [Token(*span) for span in analyzer.spans(run)]
    joined, parts_of_run = list[Token](), iter(split)
    for word, parts in analyzer.sequence(run):
        if parts == 1:
            joined.append(next(parts_of_run))
        else:
            joined[-parts:] = [Token(joined[-parts].start, joined[-1].end, word)]
    return Readings(split, joined)


def words_of(run: str, analyzer: Analyzer) -> tuple[str, ...]:
    """The words of a run: those of `analyzer.sequence`, faster where it is plain letters."""
    word = run.strip(OUTER)
    if word.isascii() and word.isalpha():
        return (word.lower(),)
    return tuple(word for word, _ in analyzer.sequence(run))
