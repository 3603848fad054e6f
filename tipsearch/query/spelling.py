"""Which words of the corpus may a person have meant who typed one that it doesn't know?

Nearest are those at the smallest optimal string alignment distance: so many letters left out, put
in, put for another, or swapped with their neighbour. A table of 500,000 forms is not compared one
by one: a signature of 64 bits a form tells nearly all of them from the word, and never one that is
near.
"""

from __future__ import annotations

import re
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

LIMIT = 3
SHORTEST, ONE_FROM, TWO_FROM, LONGEST = 3, 5, 9, 64  # letters: so many mistakes are looked for
PART, STOPPED = 3, -1
_ISE = re.compile("is(?=(?:e[drs]?|ers|ing|ations?)$)")
STRIDE = 1 << 14  # signatures that are looked at together: to make room for all takes longer


class Correction(NamedTuple):
    """A surface form that may have been meant, the number of its term, and how near it is.

    `distance` is the number of mistakes, another first letter counting as one more.
    `frequency` is how often all posts have it, and 0 where they have other forms of its term. A
    stop word has the term STOPPED and frequency 0.
    """

    form: str
    term: int
    distance: int
    frequency: int


def reach(word: str, meant: str = "") -> int:
    """How many mistakes a word may have, by its length or that of the one that is meant.

    None in codes and numbers; and most short words are near to another that is as good.

    >>> [reach(*pair) for pair in (("brag", "bag"), ("angy", "angry"), ("defensve", "defensive"))]
    [0, 1, 2]
    >>> [reach(word) for word in ("mp3player", "a" * 65)]
    [0, 0]
    """
    if len(word) > LONGEST or _has_digit(word):
        return 0
    length = max(len(word), len(meant))
    return (length >= ONE_FROM) + (length >= TWO_FROM)


class Spelling:
    """The surface forms of a corpus, to be asked for those nearest to a word that is not there."""

    def __init__(self, analyzer: Analyzer, terms: Strings, forms: Forms) -> None:
        self._analyzer, self._stop_words = analyzer, sorted(set(analyzer.stop_words))
        self._terms, self._forms, self._form_terms = terms, forms.strings, forms.terms
        self._frequency, self._signatures = forms.frequency, forms.signatures

    def nearest(self, word: str, limit: int = LIMIT) -> list[Correction]:
        """The forms nearest to a word as the analyzer gives it, all at one distance, best first.

        First come those that begin as the word does, then the more frequent, then by code point;
        of the forms of a term only the first, and `limit` terms. None where the word or its stem
        is known, or it has a digit. Where the longer of the two has 5 to 8 letters they are at
        distance 1, from 9 on up to 2; another first letter counts as one more.

        A stop word at distance 1 is the only answer where no form is as near, and where it is as
        plain as in "teh" or "becase": two of its letters are swapped, or it has at least 4 and one
        is missing or too many. To take such a word for a rare one would bring what nobody meant;
        taken for a stop word, it is passed over.

        A word in "-ise" whose stem is known in "-ize" is that, though no post has just this form.
        """
        if not SHORTEST <= len(word) <= LONGEST or _has_digit(word) or self._known(word):
            return []
        american = _ISE.sub("iz", word)
        if american != word and (term := self._terms.find(self._analyzer.term(american))) >= 0:
            place = self._forms.find(american)
            return [Correction(american, term, 1, self._often(place) if place >= 0 else 0)]
        most = (len(word) + 1 >= ONE_FROM) + (len(word) + 2 >= TWO_FROM)
        near, distance = list[tuple[int, str]](), 1
        if most:
            places, bounds = self._alike(word, most)
            near = self._within(word, places[bounds <= 1], 1)
        if (stop := self._stop_word(word, bool(near) or len(word) < ONE_FROM)) is not None:
            return [Correction(stop, STOPPED, 1, 0)]
        if not near and most > 1:
            near, distance = self._within(word, places, most), most
        return [
            Correction(form, term, distance, often)
            for form, term, often in islice(self._ranked(word, near), limit)
        ]

    def parts(self, word: str) -> tuple[str, str] | None:
        """The two forms, of at least 3 letters each, that give the word without a space, or None.

        Those whose rarer one is the most frequent, then those of the longest first part. The "e" of
        "e-mail" and its like may be the first.
        """
        if _has_digit(word) or len(word) > LONGEST:
            return None
        found = []
        for cut in (*[1] * word.startswith("e"), *range(PART, len(word) - PART + 1)):
            if len(word) - cut < PART:
                continue
            places = [self._forms.find(part) for part in (word[:cut], word[cut:])]
            if min(places) >= 0:
                found.append((min(map(self._often, places)), cut))
        if not found:
            return None
        cut = max(found)[1]
        return word[:cut], word[cut:]

    def _known(self, word: str) -> bool:
        if word in self._stop_words or self._forms.find(word) >= 0:
            return True
        return self._terms.find(self._analyzer.term(word)) >= 0

    def _alike(self, word: str, most: int) -> tuple[Array, Array]:
        """The places of all forms that may be within `most`, and from what distance on each."""
        mine, theirs = signatures(_table(word))[0], self._signatures.whole()
        found = []
        for start in range(0, len(theirs) + 1, STRIDE):
            differing = np.bitwise_count(theirs[start : start + STRIDE] ^ mine)
            found.append(start + np.flatnonzero(differing <= 2 * most))
        places = np.concatenate(found)
        theirs = theirs[places]
        more, less = np.bitwise_count(theirs & ~mine), np.bitwise_count(mine & ~theirs)
        bounds = np.maximum(more, less)
        return places[bounds <= most], bounds[bounds <= most]

    def _within(self, word: str, places: Array, most: int) -> list[tuple[int, str]]:
        """Of these places those of forms without a digit within `most`, and the forms."""
        forms = self._forms.several(places)
        far = distances(word, forms, most)
        found = []
        for i in np.flatnonzero(far <= most).tolist():
            # Few people mistype how a word begins, so that is one more.
            mistakes = int(far[i]) + (forms[i][:1] != word[0])
            if mistakes <= min(most, reach(word, forms[i])) and not _has_digit(forms[i]):
                found.append((int(places[i]), forms[i]))
        return found

    def _stop_word(self, word: str, rivalled: bool) -> str | None:
        """The stop word that was meant, given whether there are forms at distance 1."""
        near = np.flatnonzero(distances(word, self._stop_words, 1) <= 1).tolist()
        plain = [stop for stop in (self._stop_words[i] for i in near) if _plain(word, stop)]
        meant = plain or ([] if rivalled else [self._stop_words[i] for i in near])
        return min(meant, key=lambda stop: (*_unlike(word, stop), stop), default=None)

    def _ranked(self, word: str, near: Sequence[tuple[int, str]]) -> Iterator[tuple[str, int, int]]:
        """The form, its term and its frequency, the best first, each term once."""
        seen = set()
        for same in (True, False):  # what comes too late is never looked up
            group = [(place, form) for place, form in near if (form[0] == word[0]) is same]
            ranked = sorted((-self._often(place), form, place) for place, form in group)
            for often, form, place in ranked:
                term = int(self._form_terms[place : place + 1][0])
                self._form_terms.fail_unless(
                    0 <= term < len(self._terms), "a number is out of range"
                )
                if term not in seen:
                    seen.add(term)
                    yield form, term, -often

    def _often(self, place: int) -> int:
        often = int(self._frequency[place : place + 1][0])
        self._frequency.fail_unless(often > 0, "a form is never there")
        return often


def distances(word: str, others: Sequence[str], most: int) -> Array:
    """The optimal string alignment distance of a word to each of some others, up to `most`.

    uint8; `most` + 1 stands for all greater ones. It is Levenshtein's, a swap of two neighbours
    counting as one; computed for all others at once, along the diagonals that matter. (What
    rapidfuzz gives; but the import of that alone takes 8 ms.)
    """
    far, width, number = most + 1, len(word) + most, len(others)
    if not number:
        return np.zeros(0, np.uint8)
    lengths = np.fromiter(map(len, others), np.int64, number)
    letters = np.array(others, f"<U{width}").view("<u4").reshape(number, width).T.copy()
    codes = [ord(letter) for letter in word]
    # above[j]: of the word's letters so far, to the first j of each of the others.
    above = np.repeat(np.minimum(np.arange(width + 1), far).astype(np.uint8)[:, None], number, 1)
    before = above
    for i, code in enumerate(codes, 1):
        row = np.full_like(above, far)
        row[0] = min(i, far)
        for j in range(max(1, i - most), min(width, i + most) + 1):
            cell = np.minimum(np.minimum(row[j - 1], above[j]) + 1,
                              above[j - 1] + (letters[j - 1] != code))  # fmt: skip
            if i > 1 and j > 1:
                other = (letters[j - 2] != code) | (letters[j - 1] != codes[i - 2])
                cell = np.minimum(cell, before[j - 2] + 1 + other * np.uint8(far))
            row[j] = np.minimum(cell, far)
        before, above = above, row
    found: Array = np.full(number, far, np.uint8)
    fits = np.flatnonzero(abs(lengths - len(word)) <= most)
    found[fits] = above[lengths[fits], fits]
    return found


def _table(word: str) -> Table:
    data = word.encode(errors="surrogatepass") + b"\n"
    return Table.of(data, np.array([len(data)]))


def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _plain(word: str, stop: str) -> bool:
    """Whether a word at distance 1 of a stop word is hardly anything but that, mistyped."""
    if len(word) == len(stop):
        return sorted(word) == sorted(stop)
    return len(stop) >= 4


def _unlike(word: str, stop: str) -> tuple[bool, bool]:
    """What makes a stop word less likely: that not only its order is wrong, or how it begins."""
    return sorted(word) != sorted(stop), word[0] != stop[0]
