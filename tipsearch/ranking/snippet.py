"""Snippets: the passage of a text that has the most of a query, and the words to mark in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from tipsearch.query.runs import readings_of

if TYPE_CHECKING:
    from tipsearch.query.vocabulary import Vocabulary

Spans = list[tuple[int, int]]

# What ends a sentence, up to the start of the next one: a newline, or a mark, closing quotes and
# brackets, and white space. No sentence ends at "Mr. Smith" or at "so… it was".
SENTENCE_END = r"[.!?…\n](?:(?<=\n)|(?<! [MDS][rst]\.)(?<! Mrs\.)[\"”’')\]]*[ \n](?![a-z]))"


class Found(NamedTuple):
    """A word or a phrase of the query in a text.

    It starts at the offset `start` of the run numbered `first` and ends at the offset `end` of the
    run numbered `last`. Runs are what `str.split` gives. `group` is the number of the term, or
    -1 - the number of the phrase in the query.
    """

    first: int
    start: int
    last: int
    end: int
    group: int


Find = Callable[[Sequence[str]], Sequence[Found]]


class Match(NamedTuple):
    """A word or a phrase of the query at the offsets `start` to `end` of a text.

    A window shows it if it holds the offsets `begin` to `stop`, with the marks around the words.
    """

    begin: int
    stop: int
    start: int
    end: int
    group: int


class Window(NamedTuple):
    """The part of a text from `start` to `end`, and whether it cuts a sentence at these."""

    start: int
    end: int
    cut_before: bool
    cut_after: bool


class Marker:
    """Finds the words and phrases of one query in texts of posts.

    A word, or a compound as one word, matches if its term is among the numbers `terms`. A phrase,
    given as its text, matches words that follow each other in a text and have its terms, in either
    of the readings that `query.phrases` explains; a stop word matches itself alone.
    """

    def __init__(
        self, vocabulary: Vocabulary, terms: Iterable[int], phrases: Iterable[str] = ()
    ) -> None:
        self._runs = vocabulary.runs
        self._terms = vocabulary.forms_of(terms)
        self._phrases = [
            [[_alike(vocabulary, token.word) for token in reading] for reading in readings]
            for readings in (readings_of(phrase, vocabulary.analyzer) for phrase in phrases)
        ]
        firsts = (words[0] for readings in self._phrases for words in readings if words)
        self._firsts = frozenset(self._terms).union(*firsts)

    def find(self, runs: Sequence[str]) -> list[Found]:
        """The words and phrases of the query in a text, given what `str.split` makes of it."""
        unrelated = self._firsts.isdisjoint
        places = [
            i for i, words in enumerate(map(self._runs.__getitem__, runs)) if not unrelated(words)
        ]
        found = set()
        for i in places:
            for reading, tokens in enumerate(self._runs.readings(runs[i])):
                for at, (start, end, word) in enumerate(tokens):
                    if word in self._terms:
                        found.add(Found(i, start, i, end, self._terms[word]))
                    for number, readings in enumerate(self._phrases):
                        if last := self._end(runs, i, at, reading, readings[reading]):
                            found.add(Found(i, start, *last, -1 - number))
        return sorted(found)

    def spans(self, text: str) -> Spans:
        """Start and end of each word or phrase of the query in `text`: see `ranking.snippet`."""
        return spans(text, self.find)

    def snippet(self, text: str, width: int) -> tuple[str, Spans]:
        """The best passage of `text` and its spans: see `ranking.snippet`."""
        return snippet(text, width, self.find)

    def _end(
        self, runs: Sequence[str], run: int, at: int, reading: int, phrase: Sequence[Container[str]]
    ) -> tuple[int, int] | None:
        """The run and the offset in it where a phrase ends that starts at token `at` of a run.

        None if it is not there in this reading of the text.
        """
        end = None
        tokens = self._runs.readings(runs[run])[reading]
        for forms in phrase:
            while at == len(tokens):
                run += 1
                if run == len(runs):
                    return None
                at, tokens = 0, self._runs.readings(runs[run])[reading]
            if tokens[at].word not in forms:
                return None
            end = run, tokens[at].end
            at += 1
        return end


def _alike(vocabulary: Vocabulary, word: str) -> frozenset[str]:
    """The words of the same term; a stop word or one that no post has is alone."""
    (term,) = vocabulary.numbers([word])
    return frozenset(vocabulary.forms_of([term]) if term >= 0 else ()) | {word}


def spans(text: str, find: Find) -> Spans:
    """The offsets in `text` of what `find` finds in it, in order; what overlaps is one span."""
    runs = text.split()
    found = find(runs)
    if not found:
        return []
    starts, at = [], 0
    for run in runs:
        at = text.index(run, at)
        starts.append(at)
        at += len(run)
    return _merged((starts[f.first] + f.start, starts[f.last] + f.end) for f in found)


def snippet(text: str, width: int, find: Find) -> tuple[str, Spans]:
    """A passage of `text` of up to `width` characters on one line, and the spans to mark in it.

    It is the best window (see `best_window`) of the text with one space for white space. "…" is
    added where it cuts a sentence. A phrase that is longer is marked up to the end.
    """
    runs: list[str] = []
    paragraphs = []
    for paragraph in text.split("\n"):
        if of_paragraph := paragraph.split():
            runs += of_paragraph
            paragraphs.append(" ".join(of_paragraph))
    line = "\n".join(paragraphs)
    matches = list(_matches(runs, find(runs), width))
    start, end, cut_before, cut_after = best_window(line, matches, width)
    shown = line[start:end].replace("\n", " ")
    shift = cut_before - start
    marked = _merged(
        (match.start + shift, min(match.end, end) + shift)
        for match in matches
        if start <= match.start < end and (match.end <= end or match.group < 0)
    )
    return f"{'…' if cut_before else ''}{shown}{'…' if cut_after else ''}", marked


def _matches(runs: Sequence[str], found: Iterable[Found], width: int) -> Iterator[Match]:
    """The matches in the text that joins `runs` with one character between them."""
    begin = done = 0
    for first, start, last, end, group in found:
        if first > done:
            begin += len(" ".join(runs[done:first])) + 1
            done = first
        stop = begin + len(" ".join(runs[first : last + 1]))
        at, to = begin + start, stop - len(runs[last]) + end
        if stop - begin > width:  # it does not fit with the marks around it
            begin_shown, stop = at, min(to, at + width)
        else:
            begin_shown = begin
        yield Match(begin_shown, stop, at, to, group)


def best_window(text: str, matches: Sequence[Match], width: int) -> Window:
    """The part of `text` of up to `width` characters that is the best to show.

    It has the most phrases, then the most different terms of any. Among those it is one that starts
    at a sentence, then one of the most matches, then the first. It starts at the nearest
    sentence before its matches, or has about as much text before as after them. It ends at a
    sentence if that leaves out no match and less than half of `width`, or else at a word.
    """
    if len(text) <= width:
        return Window(0, len(text), False, False)
    sentences = [0, *(end.end() for end in re.finditer(SENTENCE_END, text))]
    start = begin = stop = _best_start(len(text), matches, sentences, width)
    for match in matches:  # the last one of the window is from `begin` to `stop`
        if start <= match.begin and stop < match.stop <= start + width:
            begin, stop = match.begin, match.stop
    if start not in sentences:
        before = max((start + width - stop) // 2, start + width - len(text))
        start = text.find(" ", max(start - before - 1, 0), start) + 1 or start
    limit = start + width
    if limit >= len(text):
        return Window(start, len(text), start not in sentences, False)
    middle = start + width // 2
    for sentence in reversed(sentences):
        if max(middle, stop) < sentence <= limit + 1:
            return Window(start, sentence - 1, start not in sentences, False)
    space = max(text.rfind(" ", start, limit + 1), text.rfind("\n", start, limit + 1))
    end = space if space > max(start, begin) else limit
    return Window(start, end, start not in sentences, True)


def _best_start(length: int, matches: Sequence[Match], sentences: Sequence[int], width: int) -> int:
    """The start of the best window of a text of this length: a sentence or a match."""
    if not matches:
        return 0
    starting, ending = sorted(matches), sorted(matches, key=attrgetter("stop"))
    of_sentences = set(sentences)
    phrase_worth = 1 + len(matches)  # more than that of all terms
    count: dict[int, int] = {}
    worth = begun = ended = best = 0
    best_value = (0, False, 0, 0, 0)
    for start in sorted(of_sentences.union(match.begin for match in matches)):
        while ended < len(ending) and ending[ended].stop <= start + width:
            group = ending[ended].group
            count[group] = count.get(group, 0) + 1
            if count[group] == 1:
                worth += 1 if group >= 0 else phrase_worth
            ended += 1
        while begun < len(starting) and starting[begun].begin < start:
            group = starting[begun].group
            count[group] -= 1
            if not count[group]:
                worth -= 1 if group >= 0 else phrase_worth
            begun += 1
        if worth < best_value[0] or begun == len(starting):
            continue
        near = min(start, 2 * (length - width) - start)  # a start near the end wastes room
        value = (worth, start in of_sentences, ended - begun, -starting[begun].begin, near)
        if value > best_value:
            best, best_value = start, value
    return best


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """The spans in order, those that overlap made one."""
    merged: Spans = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
