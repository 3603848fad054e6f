"""Which terms of the index does a text name?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Sized
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.corpus.dates import span
from tipsearch.errors import EmptyQueryError, SettingError
from tipsearch.query.parsed import ParsedQuery

if TYPE_CHECKING:
    from tipsearch.query.spelling import Spelling
    from tipsearch.store.reader import Reader

REMEMBERED = 1 << 16
DISCOUNT = 0.75  # of a word's weight for each mistake that it would have
STOPPED = -1  # `spelling` gives it as the term of a stop word


class AnalyzedQuery(NamedTuple):
    """How much a text has of each term, by its number; and its other words, each once, in order.

    `words` are all of them, as often as they come, in order. `corrected` maps words that no post
    has to those for which they are taken, and which then stand for them in all else. `years` are
    those in which there are posts; a year may also be a word that posts have.
    """

    terms: Mapping[int, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    words: tuple[str, ...]
    corrected: Mapping[str, str] = MappingProxyType({})
    years: Mapping[int, float] = MappingProxyType({})

    @property
    def unknown_count(self) -> int:
        """How many of its words no post has, each as often as it comes."""
        return sum(map(set(self.unknown).__contains__, self.words))

    @property
    def factors(self) -> Mapping[int, float]:
        """How much of each term it has, by number, and of each year, by -year."""
        if not self.years:
            return self.terms
        return {**self.terms, **{-year: often for year, often in self.years.items()}}


NOTHING = AnalyzedQuery({}, (), (), ())


class Vocabulary:
    """The terms, and the surface forms that stand for them; form i for term `form_terms[i]`."""

    def __init__(self, reader: Reader) -> None:
        self.analyzer, self._terms = reader.analyzer, reader.terms
        self._reader = reader
        self._forms, self._table = reader.forms.strings, reader.forms
        self._stop_words = frozenset(reader.analyzer.stop_words)
        self._numbers: dict[str, int] = {}  # of the words that were asked for

    def parse(self, text: str, *, exact: bool = False) -> AnalyzedQuery:
        """The analysis of a query. A word that no post has is corrected, unless `exact`.

        Raises EmptyQueryError where it is white space, and SettingError where it is no text.
        """
        query = self._analyzed(text)
        return query if exact or not query.unknown else self._corrected(query)

    def _analyzed(self, text: str) -> AnalyzedQuery:
        if not isinstance(text, str):
            raise SettingError("a query", text, "a text")
        if not text.strip():
            raise EmptyQueryError
        terms: dict[int, int] = {}
        years: dict[int, int] = {}
        unknown: dict[str, None] = {}
        stopped: dict[str, None] = {}
        words = self.analyzer.tokens(text)
        for word in words:
            number = self._number(word)
            if len(word) == 4 and (year := _year(word)) and len(self._rows(year)):
                years[year] = years.get(year, 0) + 1
            elif number < 0:
                (stopped if word in self._stop_words else unknown)[word] = None
            if number >= 0:
                terms[number] = terms.get(number, 0) + 1
        return AnalyzedQuery(terms, tuple(unknown), tuple(stopped), tuple(words), years=years)

    def _corrected(self, named: AnalyzedQuery) -> AnalyzedQuery:
        """The same with each unknown word taken for the nearest known one, at a discount."""
        terms, unknown, stopped = dict(named.terms), dict.fromkeys(named.unknown), [*named.stopped]
        meant: dict[str, str] = {}
        said = Counter(named.words)
        for word in named.unknown:
            near = self.spelling.nearest(word, 1)
            if near and near[0].term == STOPPED:
                stopped.append(near[0].form)
                meant[word] = near[0].form
            else:
                parts = () if near else self.spelling.parts(word) or ()
                found = [(part, self._number(part), 1) for part in parts]
                found += [(form, term, distance) for form, term, distance, _ in near]
                for _, term, distance in found:
                    share = DISCOUNT**distance * said[word]
                    terms[term] = terms.get(term, 0) + share
                if not found:
                    continue
                meant[word] = " ".join(form for form, _, _ in found)
            del unknown[word]
        words = [part for word in named.words for part in meant.get(word, word).split()]
        return AnalyzedQuery(
            terms, (*unknown,), (*dict.fromkeys(stopped),), (*words,), meant, named.years
        )

    def place(self, word: str) -> int:
        """Where a word is among the forms, or beyond them among the stop words; -1 for no place."""
        if word in self._stop_words:
            return len(self._forms) + self.analyzer.stop_words.index(word)
        return self._forms.find(word)

    def told(self, query: AnalyzedQuery) -> ParsedQuery:
        """What a caller is told of a query: words and terms instead of numbers."""
        terms = {self._terms[term]: weight for term, weight in query.terms.items()}
        corrected, years = dict(query.corrected), dict(query.years)
        return ParsedQuery(terms, query.unknown, query.stopped, corrected, years)

    def shown(self, number: int) -> str:
        """The term of a number, or the year of -year."""
        return self._terms[number] if number >= 0 else f"{-number:04}"

    def terms(self, terms: Iterable[str]) -> list[int]:
        """The number of each term; -1 for one that no post has."""
        return [self._terms.find(term) for term in terms]

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of each word's term; -1 for a stop word and for one that no post has."""
        return list(map(self._number, words))

    def words(self, terms: Sequence[int]) -> list[str]:
        """The most frequent surface form of each of some terms; of equals the first."""
        of_forms, often = self._table.terms.whole(), self._table.frequency.whole()
        places = np.flatnonzero(np.isin(of_forms, terms))
        forms = self._forms.several(places)
        ranked = zip((-often[places]).tolist(), forms, of_forms[places].tolist(), strict=True)
        best = {term: form for _, form, term in sorted(ranked, reverse=True)}
        return [best.get(term, self._terms[term]) for term in terms]

    def forms_of(self, terms: set[int]) -> Forms:
        """The surface forms of some terms."""
        return Forms(self, terms)

    @cached_property
    def spelling(self) -> Spelling:
        """What corrects words that no post has."""
        from tipsearch.query.spelling import Spelling  # few queries have such a word

        return Spelling(self.analyzer, self._terms, self._table)

    def _rows(self, year: int) -> Sized:
        return self._reader.rows_between(*(span(f"{year:04}") or (0, -1)))

    def _number(self, word: str) -> int:
        """The number of a word's term; -1 for a stop word and for one that no post has."""
        number = self._numbers.get(word)
        if number is None:
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            number = -1 if word in self._stop_words else self._look_up(word)
            self._numbers[word] = number
        return number

    def _look_up(self, word: str) -> int:
        """The number of a word's term, or -1: by its surface form, or by stemming a new one."""
        form = self._forms.find(word)
        if form < 0:
            return self._terms.find(self.analyzer.term(word))
        number = int(self._table.terms[form : form + 1][0])
        self._table.terms.fail_unless(0 <= number < len(self._terms), "a number is out of range")
        return number


def _year(word: str) -> int:
    """The year that a word is, 0 where it is none."""
    return int(word) if len(word) == 4 and word.isascii() and word.isdigit() else 0


class Forms:
    """The surface forms that stand for some terms, to be asked whether one is among them."""

    def __init__(self, vocabulary: Vocabulary, terms: set[int]) -> None:
        self._vocabulary, self._terms = vocabulary, terms

    def __contains__(self, form: object) -> bool:
        return self._vocabulary._number(str(form)) in self._terms

    def __bool__(self) -> bool:
        return bool(self._terms)
