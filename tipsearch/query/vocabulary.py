"""Which terms of the index does a text name?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.errors import EmptyQueryError, SettingError

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.query.spelling import Spelling
    from tipsearch.store.storage import Array, Checked
    from tipsearch.store.strings import HashedStrings, Strings

REMEMBERED = 1 << 16
DISCOUNT = 0.75  # of a word's weight for each mistake that it would have
STOPPED = -1  # `spelling` gives it as the term of a stop word


class Named(NamedTuple):
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
    def factors(self) -> Mapping[int, float]:
        """How much of each term it has, by number, and of each year, by -year."""
        if not self.years:
            return self.terms
        return {**self.terms, **{-year: often for year, often in self.years.items()}}


NOTHING = Named({}, (), (), ())


class Vocabulary:
    """The terms, and the surface forms that stand for them; form i for term `form_terms[i]`."""

    def __init__(
        self, analyzer: Analyzer, terms: Strings, forms: HashedStrings, form_terms: Checked[Array]
    ) -> None:
        self._analyzer, self._terms = analyzer, terms
        self._forms, self._form_terms = forms, form_terms
        self._stop_words = frozenset(analyzer.stop_words)
        self._numbers: dict[str, int] = {}  # of the words that were asked for

    def parse(self, text: str, of_year: Callable[[int], Sized]) -> Named:
        """What a text names; `of_year` gives the posts of a year.

        Raises EmptyQueryError where it is white space, and SettingError where it is no text.
        """
        if not isinstance(text, str):
            raise SettingError("a query", text, "a text")
        if not text.strip():
            raise EmptyQueryError
        terms: dict[int, int] = {}
        years: dict[int, int] = {}
        unknown: dict[str, None] = {}
        stopped: dict[str, None] = {}
        words = self._analyzer.tokens(text)
        for word in words:
            number = self._number(word)
            if len(word) == 4 and (year := _year(word)) and len(of_year(year)):
                years[year] = years.get(year, 0) + 1
            elif number < 0:
                (stopped if word in self._stop_words else unknown)[word] = None
            if number >= 0:
                terms[number] = terms.get(number, 0) + 1
        return Named(terms, tuple(unknown), tuple(stopped), tuple(words), years=years)

    def corrected(self, named: Named, spelling: Spelling) -> Named:
        """The same with each unknown word taken for the nearest known one, at a discount."""
        terms, unknown, stopped = dict(named.terms), dict.fromkeys(named.unknown), [*named.stopped]
        meant: dict[str, str] = {}
        said = Counter(named.words)
        for word in named.unknown:
            near = spelling.nearest(word, 1)
            if near and near[0].term == STOPPED:
                stopped.append(near[0].form)
                meant[word] = near[0].form
            else:
                parts = () if near else spelling.parts(word) or ()
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
        return Named(terms, (*unknown,), (*dict.fromkeys(stopped),), (*words,), meant, named.years)

    def place(self, word: str) -> int:
        """Where a word is among the forms, or beyond them among the stop words; -1 for no place."""
        if word in self._stop_words:
            return len(self._forms) + self._analyzer.stop_words.index(word)
        return self._forms.find(word)

    def term(self, number: int) -> str:
        """The term of a number."""
        return self._terms[number]

    def numbers(self, words: Iterable[str]) -> list[int]:
        """The number of each word's term; -1 for a stop word and for one that no post has."""
        return list(map(self._number, words))

    def words(self, terms: Sequence[int], frequency: Checked[Array]) -> list[str]:
        """The most frequent surface form of each of some terms; the first by code point of equals.

        `frequency` is how often each form is in all posts.
        """
        of_forms, often = self._form_terms.whole(), frequency.whole()
        places = np.flatnonzero(np.isin(of_forms, terms))
        forms = self._forms.several(places)
        ranked = zip((-often[places]).tolist(), forms, of_forms[places].tolist(), strict=True)
        best = {term: form for _, form, term in sorted(ranked, reverse=True)}
        return [best.get(term, self._terms[term]) for term in terms]

    def forms_of(self, terms: set[int]) -> Forms:
        """The surface forms of some terms."""
        return Forms(self, terms)

    def spelling(self, frequency: Checked[Array], signatures: Checked[Array]) -> Spelling:
        """What corrects words that no post has, given the frequency and signature of each form."""
        from tipsearch.query.spelling import Spelling  # few queries have such a word

        return Spelling(
            self._analyzer, self._terms, self._forms, self._form_terms, frequency, signatures
        )

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
            return self._terms.find(self._analyzer.term(word))
        number = int(self._form_terms[form : form + 1][0])
        self._form_terms.require(0 <= number < len(self._terms), "a number is out of range")
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
