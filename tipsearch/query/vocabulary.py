"""Query analysis: the terms and years of the index that a query names, with corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence, Sized
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting
from tipsearch.analysis.analyzer import fold
from tipsearch.analysis.compounds import MAX_LENGTH, MAX_PARTS, joined
from tipsearch.corpus.dates import span
from tipsearch.query.analyzed import AnalyzedQuery
from tipsearch.query.parsed import ParsedQuery

if TYPE_CHECKING:
    from tipsearch.analysis.weighting import Floats
    from tipsearch.query.runs import Runs
    from tipsearch.query.spelling import Spelling
    from tipsearch.query.synonyms import QuerySynonyms
    from tipsearch.store.prefixes import Prefixes
    from tipsearch.store.reader import Reader

CACHED_WORDS = 1 << 16  # words whose term is kept in memory
DISCOUNT = 0.75  # factor of the count of a corrected word for each of its mistakes
# Count of each part of a compound ("e-mail") and of its joined word, where posts have that.
COMPOUND = 0.5
ADJACENT = 0.25  # count of the joined word of words next to each other ("e mail")


class Vocabulary:
    """The terms of an index and their surface forms: analyzes queries, and shows terms as words."""

    def __init__(self, reader: Reader) -> None:
        self.analyzer, self._terms = reader.analyzer, reader.terms
        self._reader = reader
        self._forms, self._table = reader.forms.strings, reader.forms
        self._stop_words = frozenset(reader.analyzer.stop_words)
        self._numbers: dict[str, int] = {}  # a cache: word to number of its term, or -1
        self._forms_of: dict[int, list[str]] = {}  # a cache: the forms of a term

    def parse(self, text: str, *, exact: bool = False) -> AnalyzedQuery:
        """Analyze a query. Unless `exact`, words are corrected, and synonyms added.

        Words that no post has are corrected, but for those that have synonyms which posts have.
        """
        query = self._analyzed(text)
        if exact:
            return query
        if query.unknown:
            query = self._corrected(
                query, self.synonyms.known(query.words) if self.synonyms else ()
            )
        return self.synonyms.added_to(query) if self.synonyms else query

    def _analyzed(self, text: str) -> AnalyzedQuery:
        """The analyzed query, without corrections."""
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
        for start, first in enumerate(texts[:-1]):
            if first in self._stop_words:
                continue
            length = len(first)
            for end in range(start + 2, min(start + MAX_PARTS, len(texts)) + 1):
                length += len(texts[end - 1])
                if length > MAX_LENGTH:
                    break
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

    def _corrected(self, query: AnalyzedQuery, kept: Container[str]) -> AnalyzedQuery:
        """The query with each unknown word replaced by the nearest known one, at a DISCOUNT.

        The words `kept` stay as they are.
        """
        from tipsearch.query.spelling import STOPPED

        terms, unknown, stopped = dict(query.terms), dict.fromkeys(query.unknown), [*query.stopped]
        corrected: dict[str, str] = {}
        counts = Counter(query.words)
        for word in (word for word in query.unknown if word not in kept):
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
        return query._replace(
            terms=terms,
            unknown=(*unknown,),
            stopped=(*dict.fromkeys(stopped),),
            words=(*words,),
            corrected=corrected,
        )

    def idf(self, words: Sequence[str]) -> Floats:
        """BM25's idf of each word but stop words; 0 posts have a word that is unknown."""
        words = [word for word in words if word not in self._stop_words]
        numbers = np.array(self.numbers(words), np.int64)
        frequencies = np.zeros(len(numbers), np.int64)
        known = numbers >= 0
        frequencies[known] = self._reader.document_frequencies(numbers[known])
        return weighting.bm25_idf(frequencies, self._reader.posts)

    def are_stopped(self, words: Iterable[str]) -> bool:
        """Whether all of some words are stop words."""
        return self._stop_words.issuperset(words)

    def factors_of(self, word: str) -> list[int]:
        """The number of the term of a word, and -year where it is a year that posts are of."""
        number = self._number(word)
        found = [number] if number >= 0 else []
        return found + [-year for year in [_year(word)] if year and len(self._rows(year))]

    def readings(self, text: str) -> tuple[list[int], list[int]]:
        """The tokens of a text as in the stream of a post; -1 for a word that no post has.

        In the first list a compound is its parts, in the second it is its joined word.
        """
        codes, split, joined = self._reader.codes, list[int](), list[int]()
        for word, parts in self.analyzer.sequence(text):
            number = self._number(word)
            if word in self._stop_words:
                number = codes.stop_word(self.analyzer.stop_words.index(word))
            if parts > 1:
                del joined[-parts:]
            else:
                split.append(number)
            joined.append(number)
        return split, joined

    @property
    def categories(self) -> list[str]:
        """The names of the categories, sorted."""
        return [*self._reader.categories]

    def categories_named(self, name: str) -> list[int]:
        """The numbers of the categories of a name, without regard to case and punctuation."""
        return self._categories.get(fold(name), [])

    @cached_property
    def _categories(self) -> dict[str, list[int]]:
        """The numbers of the categories of each folded name."""
        numbers: dict[str, list[int]] = {}
        for number, name in enumerate(self._reader.categories):
            numbers.setdefault(fold(name), []).append(number)
        return numbers

    def terms_with_prefix(self, text: str) -> list[int]:
        """The terms of the surface forms that start with the last word of a text, ascending.

        Of a text that ends with a compound this is the joined word: "e-mail" is the prefix "email".
        """
        words = self.analyzer.sequence(text)
        if not words:
            return []
        start, end = self._prefixes.span(words[-1][0])
        terms = self._table.terms.take(self._prefixes.order[start:end])
        inside = not len(terms) or (terms.min() >= 0 and terms.max() < len(self._terms))
        self._table.terms.fail_unless(bool(inside), "a number is out of range")
        found: list[int] = np.unique(terms).tolist()
        return found

    @cached_property
    def _prefixes(self) -> Prefixes:
        """The surface forms by prefix."""
        from tipsearch.store.prefixes import Prefixes  # few queries need it

        return Prefixes(self._forms, self._table.order)

    def place(self, word: str) -> int:
        """The place of a word among the forms followed by the stop words, or -1."""
        if word in self._stop_words:
            return len(self._forms) + self.analyzer.stop_words.index(word)
        return self._forms.find(word)

    def as_parsed(self, query: AnalyzedQuery) -> ParsedQuery:
        """The query as shown to users: terms instead of their numbers."""
        terms = {self._terms[term]: weight for term, weight in query.terms.items()}
        corrected, years = dict(query.corrected), dict(query.years)
        return ParsedQuery(
            terms, query.unknown, query.stopped, corrected, years, dict(query.synonyms),
            query.phrases, self._understood(query), query.language is not None,
        )  # fmt: skip

    def _understood(self, query: AnalyzedQuery) -> str:
        """What a query asks for, in words."""
        if query.language:
            from tipsearch.query.wording import in_words  # few queries need it

            return in_words(query.language)
        words = ", ".join(dict.fromkeys(w for w in query.words if w not in query.stopped))
        if not query.titled:
            return words or "nothing"
        title = self._reader.post(query.titled[0]).title
        return f'the post titled "{title}"' + (f"; {words}" if words else "")

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

    def forms_of(self, terms: Iterable[int]) -> dict[str, int]:
        """The surface forms of some terms, each with the number of its term."""
        return {form: term for term in terms for form in self._forms_of_term(term)}

    def _forms_of_term(self, term: int) -> list[str]:
        forms = self._forms_of.get(term)
        if forms is None:
            if len(self._forms_of) >= CACHED_WORDS:
                self._forms_of.clear()
            forms = self._forms.several(np.flatnonzero(self._table.terms.whole() == term))
            self._forms_of[term] = forms
        return forms

    @cached_property
    def runs(self) -> Runs:
        """The words in runs of characters between white space."""
        from tipsearch.query.runs import Runs  # a ranking alone needs none

        return Runs(self.analyzer)

    def words_in(self, texts: Iterable[str]) -> dict[int, str]:
        """Each term as some texts write it most often; of equals the first.

        A joined word is written as a compound is ("e-mail"), or as one word.
        """
        counts, words = Counter[tuple[str, str]](), self.analyzer.pattern().findall
        for text in map(self.analyzer.normalise, texts):
            counts.update((word, word) for word in words(text))
            compounds = self.analyzer.joined_spans(text)
            counts.update((text[start:end], word) for start, end, word in compounds)
        ranked = sorted(counts, key=lambda pair: (-counts[pair], pair), reverse=True)
        numbers = self.numbers(word for _, word in ranked)
        return dict(zip(numbers, (written for written, _ in ranked), strict=True))

    @cached_property
    def spelling(self) -> Spelling:
        """The corrections of words that no post has."""
        from tipsearch.query.spelling import Spelling  # few queries need it

        return Spelling(self.analyzer, self._terms, self._table)

    @cached_property
    def synonyms(self) -> QuerySynonyms | None:
        """What adds the synonyms of the index to queries; None if it has none."""
        if not self._reader.synonyms:
            return None
        from tipsearch.query.synonyms import QuerySynonyms, Synonyms  # few indexes have any

        return QuerySynonyms(Synonyms(self._reader.synonyms, self.analyzer), self)

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
