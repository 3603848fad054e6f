"""Spelling correction: the surface forms of the corpus nearest to an unknown word.

Distance is optimal string alignment: the least number of letters left out, inserted, replaced, or
swapped with their neighbour. Not all forms, of which there may be 500,000, are compared: signatures
of 64 bits exclude almost all others, and none within the distance searched (`store.signatures`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.store.signatures import signatures
from tipsearch.store.strings import Table

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.store.reader import Forms
    from tipsearch.store.storage import Array
    from tipsearch.store.strings import Strings

CORRECTIONS = 3  # that `nearest` gives by default
MIN_LETTERS, MAX_LETTERS = 3, 64  # letters of a word that is corrected
ONE_MISTAKE_FROM, TWO_MISTAKES_FROM = 5, 9  # letters of a word that may have one mistake, and two
MIN_PART = 3  # letters, at least, of each half of a word that lacks a space
STOPPED = -1  # the term of a stop word
CHUNK = 1 << 14  # signatures compared at once: one array for all takes longer to allocate


class Correction(NamedTuple):
    """A surface form that may correct a word, the number of its term, and their distance.

    `distance` is the number of mistakes; a different first letter counts as one more. `frequency`
    is the count of the form in all posts, or 0 where they have only other forms of its term. A stop
    word has the term STOPPED and frequency 0.
    """

    form: str
    term: int
    distance: int
    frequency: int


def max_mistakes(word: str, form: str = "") -> int:
    """The number of mistakes that a word may have, by the longer of its length and that of `form`.

    0 for a word with a digit, such as a code, and for a short one, which has many close neighbours.

    >>> max_mistakes("brag", "bag"), max_mistakes("angy", "angry")
    (0, 1)
    >>> max_mistakes("defensve", "defensive")
    2
    >>> [max_mistakes(word) for word in ("mp3player", "a" * 65)]
    [0, 0]
    """
    if len(word) > MAX_LETTERS or _has_digit(word):
        return 0
    length = max(len(word), len(form))
    return (length >= ONE_MISTAKE_FROM) + (length >= TWO_MISTAKES_FROM)


class Spelling:
    """Finds the surface forms of a corpus that are nearest to a word that it does not have."""

    def __init__(self, analyzer: Analyzer, terms: Strings, forms: Forms) -> None:
        self._analyzer, self._stop_words = analyzer, sorted(set(analyzer.stop_words))
        self._terms, self._forms, self._form_terms = terms, forms.strings, forms.terms
        self._frequency, self._signatures = forms.frequency, forms.signatures

    def nearest(self, word: str, limit: int = CORRECTIONS) -> list[Correction]:
        """The forms nearest to a word, which is normalised, all at one distance, best first.

        Forms of the same first letter come first, then the more frequent, then by code point. Only
        the first form of each term is given, for `limit` terms. The list is empty where the word or
        its stem is known, or the word has a digit. The distance is 1 where the longer of word and
        form has 5 to 8 letters, and up to 2 from 9 letters on; a different first letter counts as
        one more.

        A stop word at distance 1 is the only correction in two cases: where no form is at distance
        1, and where the mistake is plain, as in "teh" or "becase": two letters are swapped, or the
        stop word has at least 4 letters and one is missing or too many. A rare form instead would
        find posts that nobody asked for; a stop word is ignored.
        """
        if not MIN_LETTERS <= len(word) <= MAX_LETTERS or _has_digit(word) or self._known(word):
            return []
        max_distance = (len(word) + 1 >= ONE_MISTAKE_FROM) + (len(word) + 2 >= TWO_MISTAKES_FROM)
        matches, distance = list[tuple[int, str]](), 1  # places and forms
        if max_distance:
            places, bounds = self._candidates(word, max_distance)
            matches = self._within(word, places[bounds <= 1], 1)
        if (
            stop := self._stop_word(word, bool(matches) or len(word) < ONE_MISTAKE_FROM)
        ) is not None:
            return [Correction(stop, STOPPED, 1, 0)]
        if not matches and max_distance > 1:
            matches, distance = self._within(word, places, max_distance), max_distance
        return [
            Correction(form, term, distance, frequency)
            for form, term, frequency in islice(self._ranked(word, matches), limit)
        ]

    def parts(self, word: str) -> tuple[str, str] | None:
        """The two forms of at least 3 letters whose concatenation is the word, or None.

        Of several pairs the one whose rarer form is the most frequent, then of the longest first
        form. The first form may also be "e", as in "e-mail", or a number, as in "5min".
        """
        if len(word) > MAX_LETTERS:
            return None
        digits = len(word) - len(word.lstrip("0123456789"))
        if digits:
            cuts = [] if _has_digit(word[digits:]) or digits == len(word) else [digits]
        elif _has_digit(word):
            return None
        else:
            cuts = [*range(MIN_PART, len(word) - MIN_PART + 1)]
            if word.startswith("e") and len(word) > MIN_PART:
                cuts.insert(0, 1)
        result = []
        for cut in cuts:
            places = [self._forms.find(part) for part in (word[:cut], word[cut:])]
            if min(places) >= 0:
                result.append((min(map(self._frequency_of, places)), cut))
        if not result:
            return None
        cut = max(result)[1]
        return word[:cut], word[cut:]

    def _known(self, word: str) -> bool:
        """Whether the word is a form or a stop word, or its stem is a term."""
        if word in self._stop_words or self._forms.find(word) >= 0:
            return True
        return self._terms.find(self._analyzer.term(word)) >= 0

    def _candidates(self, word: str, max_distance: int) -> tuple[Array, Array]:
        """The places of the forms that may be within a distance, and a lower bound for each."""
        own, others = signatures(_table(word))[0], self._signatures.whole()
        result = []
        for start in range(0, len(others) + 1, CHUNK):
            differing = np.bitwise_count(others[start : start + CHUNK] ^ own)
            result.append(start + np.flatnonzero(differing <= 2 * max_distance))
        places = np.concatenate(result)
        others = others[places]
        more, less = np.bitwise_count(others & ~own), np.bitwise_count(own & ~others)
        bounds = np.maximum(more, less)
        return places[bounds <= max_distance], bounds[bounds <= max_distance]

    def _within(self, word: str, places: Array, max_distance: int) -> list[tuple[int, str]]:
        """The places and forms, among some places, of forms without a digit within a distance."""
        forms = self._forms.several(places)
        apart = distances(word, forms, max_distance)
        result = []
        for i in np.flatnonzero(apart <= max_distance).tolist():
            # Few people mistype the first letter, so that counts as one more.
            mistakes = int(apart[i]) + (forms[i][:1] != word[0])
            if mistakes <= min(max_distance, max_mistakes(word, forms[i])) and not _has_digit(
                forms[i]
            ):
                result.append((int(places[i]), forms[i]))
        return result

    def _stop_word(self, word: str, has_rival: bool) -> str | None:
        """The stop word that corrects a word, or None.

        With `has_rival`, as where a form is at distance 1, only a plain mistake is corrected.
        """
        matches = np.flatnonzero(distances(word, self._stop_words, 1) <= 1).tolist()
        plain = [stop for stop in (self._stop_words[i] for i in matches) if _is_plain(word, stop)]
        chosen = plain or ([] if has_rival else [self._stop_words[i] for i in matches])
        return min(chosen, key=lambda stop: (*_rank(word, stop), stop), default=None)

    def _ranked(
        self, word: str, matches: Sequence[tuple[int, str]]
    ) -> Iterator[tuple[str, int, int]]:
        """Each form with its term and frequency, best first, each term once."""
        seen = set()
        for same in (True, False):  # lazily: terms beyond the limit are never looked up
            group = [(place, form) for place, form in matches if (form[0] == word[0]) is same]
            ranked = sorted((-self._frequency_of(place), form, place) for place, form in group)
            for frequency, form, place in ranked:
                term = int(self._form_terms[place : place + 1][0])
                self._form_terms.fail_unless(
                    0 <= term < len(self._terms), "a number is out of range"
                )
                if term not in seen:
                    seen.add(term)
                    yield form, term, -frequency

    def _frequency_of(self, place: int) -> int:
        """The count of a form in all posts. Raises IndexCorrupt."""
        frequency = int(self._frequency[place : place + 1][0])
        self._frequency.fail_unless(frequency > 0, "a form is never there")
        return frequency


def distances(word: str, others: Sequence[str], max_distance: int) -> Array:
    """The optimal string alignment distance of a word to each of some others: uint8.

    `max_distance` + 1 stands for all greater distances. The distance is Levenshtein's, with a swap
    of two neighbours as one mistake. It is computed for all others at once, in the band of
    diagonals that matters. rapidfuzz gives the same, but its import takes 8 ms.
    """
    beyond, width, number = max_distance + 1, len(word) + max_distance, len(others)
    if not number:
        return np.zeros(0, np.uint8)
    lengths = np.fromiter(map(len, others), np.int64, number)
    letters = np.array(others, f"<U{width}").view("<u4").reshape(number, width).T.copy()
    codes = [ord(letter) for letter in word]
    # above[j]: distance of the letters of the word so far to the first j letters of each other.
    above = np.repeat(np.minimum(np.arange(width + 1), beyond).astype(np.uint8)[:, None], number, 1)
    previous = above
    for i, code in enumerate(codes, 1):
        row = np.full_like(above, beyond)
        row[0] = min(i, beyond)
        for j in range(max(1, i - max_distance), min(width, i + max_distance) + 1):
            cell = np.minimum(np.minimum(row[j - 1], above[j]) + 1,
                              above[j - 1] + (letters[j - 1] != code))  # fmt: skip
            if i > 1 and j > 1:
                other = (letters[j - 2] != code) | (letters[j - 1] != codes[i - 2])
                cell = np.minimum(cell, previous[j - 2] + 1 + other * np.uint8(beyond))
            row[j] = np.minimum(cell, beyond)
        previous, above = above, row
    result: Array = np.full(number, beyond, np.uint8)
    fits = np.flatnonzero(abs(lengths - len(word)) <= max_distance)
    result[fits] = above[lengths[fits], fits]
    return result


def _table(word: str) -> Table:
    """A string table of one word, as `signatures` takes it."""
    data = word.encode(errors="surrogatepass") + b"\n"
    return Table.of(data, np.array([len(data)]))


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _is_plain(word: str, stop: str) -> bool:
    """Whether a word at distance 1 from a stop word is plainly a mistyped one."""
    if len(word) == len(stop):
        return sorted(word) == sorted(stop)
    return len(stop) >= 4


def _rank(word: str, stop: str) -> tuple[bool, bool]:
    """Sort key of stop words: first those of the same letters, then of the same first letter."""
    return sorted(word) != sorted(stop), word[0] != stop[0]
