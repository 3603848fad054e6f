"""Query analysis: the terms and years of the index that a query names, with corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Sized
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.compounds import MAX_PARTS, joined
from tipsearch.corpus.dates import span
from tipsearch.errors import EmptyQueryError, SettingError
from tipsearch.query.parsed import ParsedQuery

if TYPE_CHECKING:
    from tipsearch.query.spelling import Spelling
    from tipsearch.store.reader import Reader

CACHED_WORDS = 1 << 16  # words whose term is kept in memory
DISCOUNT = 0.75  # factor of the count of a corrected word for each of its mistakes
# Count of each part of a compound ("e-mail") and of its joined word, where posts have that.
COMPOUND = 0.5
ADJACENT = 0.25  # count of the joined word of words next to each other ("e mail")


class AnalyzedQuery(NamedTuple):
    """A query in numbers: `terms` maps the number of each term to its count in the query.

    `unknown` are the words that no post has and `stopped` the stop words, each once, in order.
    `words` are all words, in order, and `compounds` the joined words of some of them that posts
    have. `corrected` maps words that no post has to the known word or words that replace them, also
    in `words`. `years` maps each year that has posts to its count; a year may also be a term.
    """

    terms: Mapping[int, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    words: tuple[str, ...]
    corrected: Mapping[str, str] = MappingProxyType({})
    years: Mapping[int, float] = MappingProxyType({})
    compounds: tuple[str, ...] = ()

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


NO_QUERY = AnalyzedQuery({}, (), (), ())  # of an answer that has no query: related posts


class Vocabulary:
    """The terms of an index and their surface forms: analyzes queries, and shows terms as words."""

    def __init__(self, reader: Reader) -> None:
        self.analyzer, self._terms = reader.analyzer, reader.terms
        self._reader = reader
        self._forms, self._table = reader.forms.strings, reader.forms
        self._stop_words = frozenset(reader.analyzer.stop_words)
        self._numbers: dict[str, int] = {}  # a cache: word to number of its term, or -1

    def parse(self, text: str, *, exact: bool = False) -> AnalyzedQuery:
        """Analyze a query. Words that no post has are corrected, unless `exact`.

        Raises EmptyQueryError for white space, and SettingError for what is not a string.
        """
        query = self._analyzed(text)
        return query if exact or not query.unknown else self._corrected(query)

    def _analyzed(self, text: str) -> AnalyzedQuery:
        """The analyzed query, without corrections."""
        if not isinstance(text, str):
            raise SettingError("a query", text, "a text")
        if not text.strip():
            raise EmptyQueryError
        terms: dict[int, float] = {}
        years: dict[int, int] = {}
        unknown: dict[str, None] = {}
        stopped: dict[str, None] = {}
        words, compounds = self._counted(self.analyzer.sequence(text))
        for word, count in words:
            number = self._number(word)
            if len(word) == 4 and (year := _year(word)) and len(self._rows(year)):
                years[year] = years.get(year, 0) + 1
            elif word in self._stop_words:
                stopped[word] = None
            elif number < 0 and count == 1:
                unknown[word] = None
            if number >= 0:
                terms[number] = terms.get(number, 0) + count
        for word, count in compounds:
            number = self._number(word)
            terms[number] = terms.get(number, 0) + count
        return AnalyzedQuery(
            terms,
            tuple(unknown),
            tuple(stopped),
            tuple(word for word, _ in words),
            years=years,
            compounds=tuple(dict.fromkeys(word for word, _ in compounds)),
        )

    def _counted(
        self, sequence: Sequence[tuple[str, int]]
    ) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
        """The words of a query, and the joined words that posts have, all with their counts.

        `sequence` is that of the analyzer. A word that counts 1 is in no such compound. Words next
        to each other, of which the first is no stop word, are joined as with hyphens between them.
        They count 1 as they are; where posts lack one of them, the joined word counts 1 instead.
        """
        words, compounds = list[tuple[str, float]](), list[tuple[str, float]]()
        found = set[tuple[int, int]]()
        for word, parts in sequence:
            if parts == 1:
                words.append((word, 1))
                continue
            found.add((len(words) - parts, len(words)))
            if self._number(word) >= 0:
                compounds.append((word, COMPOUND))
                words[-parts:] = [(part, COMPOUND) for part, _ in words[-parts:]]
        texts = [word for word, _ in words]
        for start, first in enumerate(texts):
            if first in self._stop_words:
                continue
            for end in range(start + 2, min(start + MAX_PARTS, len(texts)) + 1):
                word = joined(texts[start:end], self._stop_words)
                if not word or (start, end) in found or self._forms.find(word) < 0:
                    continue
                lacking = [
                    place
                    for place in range(start, end)
                    if texts[place] not in self._stop_words and self._number(texts[place]) < 0
                ]
                compounds.append((word, 1 if lacking else ADJACENT))
                for place in lacking:
                    words[place] = texts[place], COMPOUND
        return words, compounds

    def _corrected(self, query: AnalyzedQuery) -> AnalyzedQuery:
        """The query with each unknown word replaced by the nearest known one, at a DISCOUNT."""
        from tipsearch.query.spelling import STOPPED

        terms, unknown, stopped = dict(query.terms), dict.fromkeys(query.unknown), [*query.stopped]
        corrected: dict[str, str] = {}
        counts = Counter(query.words)
        for word in query.unknown:
            nearest = self.spelling.nearest(word, 1)
            if nearest and nearest[0].term == STOPPED:
                stopped.append(nearest[0].form)
                corrected[word] = nearest[0].form
            else:
                parts = () if nearest else self.spelling.parts(word) or ()
                forms = [(part, self._number(part), 1) for part in parts]
                forms += [(form, term, distance) for form, term, distance, _ in nearest]
                for _, term, distance in forms:
                    terms[term] = terms.get(term, 0) + DISCOUNT**distance * counts[word]
                if not forms:
                    continue
                corrected[word] = " ".join(form for form, _, _ in forms)
            del unknown[word]
        words = [part for word in query.words for part in corrected.get(word, word).split()]
        return AnalyzedQuery(
            terms, (*unknown,), (*dict.fromkeys(stopped),), (*words,), corrected, query.years,
            query.compounds,
        )  # fmt: skip

    def place(self, word: str) -> int:
        """The place of a word among the forms followed by the stop words, or -1."""
        if word in self._stop_words:
            return len(self._forms) + self.analyzer.stop_words.index(word)
        return self._forms.find(word)

    def as_parsed(self, query: AnalyzedQuery) -> ParsedQuery:
        """The query as shown to users: terms instead of their numbers."""
        terms = {self._terms[term]: weight for term, weight in query.terms.items()}
        corrected, years = dict(query.corrected), dict(query.years)
        return ParsedQuery(terms, query.unknown, query.stopped, corrected, years)

    def shown(self, number: int) -> str:
        """The text of a term, given its number, or of a year, given as -year."""
        return self._terms[number] if number >= 0 else f"{-number:04}"

    def terms(self, terms: Iterable[str]) -> list[int]:
        """The number of each term, or -1 if no post has it."""
        return [self._terms.find(term) for term in terms]

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of the term of each word, or -1 for a stop word or if no post has it."""
        return list(map(self._number, words))

    def words(self, terms: Sequence[int]) -> list[str]:
        """The most frequent surface form of each term; of equals the first by code point."""
        of_forms, frequency = self._table.terms.whole(), self._table.frequency.whole()
        places = np.flatnonzero(np.isin(of_forms, terms))
        forms = self._forms.several(places)
        ranked = zip((-frequency[places]).tolist(), forms, of_forms[places].tolist(), strict=True)
        best = {term: form for _, form, term in sorted(ranked, reverse=True)}
        return [best.get(term, self._terms[term]) for term in terms]

    def forms_of(self, terms: set[int]) -> FormsOfTerms:
        """The surface forms of some terms."""
        return FormsOfTerms(self, terms)

    @cached_property
    def spelling(self) -> Spelling:
        """The corrections of words that no post has."""
        from tipsearch.query.spelling import Spelling  # few queries need it

        return Spelling(self.analyzer, self._terms, self._table)

    def _rows(self, year: int) -> Sized:
        """The rows of the posts of a year."""
        return self._reader.rows_between(*(span(f"{year:04}") or (0, -1)))

    def _number(self, word: str) -> int:
        """The number of the term of a word, or -1 for a stop word or if no post has it."""
        number = self._numbers.get(word)
        if number is None:
            if len(self._numbers) >= CACHED_WORDS:
                self._numbers.clear()
            number = -1 if word in self._stop_words else self._look_up(word)
            self._numbers[word] = number
        return number

    def _look_up(self, word: str) -> int:
        """The number of the term of a word, or -1: by its form, else by its stem."""
        form = self._forms.find(word)
        if form < 0:
            return self._terms.find(self.analyzer.term(word))
        number = int(self._table.terms[form : form + 1][0])
        self._table.terms.fail_unless(0 <= number < len(self._terms), "a number is out of range")
        return number


def _year(word: str) -> int:
    """The year that a word is, or 0."""
    return int(word) if len(word) == 4 and word.isascii() and word.isdigit() else 0


class FormsOfTerms:
    """The surface forms of some terms, as a container: `form in forms`."""

    def __init__(self, vocabulary: Vocabulary, terms: set[int]) -> None:
        self._vocabulary, self._terms = vocabulary, terms

    def __contains__(self, form: object) -> bool:
        return self._vocabulary._number(str(form)) in self._terms

    def __bool__(self) -> bool:
        return bool(self._terms)
