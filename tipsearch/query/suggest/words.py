"""Completed words: the surface forms of a corpus that start with a prefix, the commonest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.query.suggest.best import greatest
from tipsearch.query.suggest.mistakes import mistake, variants
from tipsearch.store.prefixes import KEY, Prefixes

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

ALPHABET = 32  # the most frequent letters: those that a mistake may have replaced
VERIFIED = 100  # forms that are compared with a long prefix that has a mistake
COMMONEST = 10_000  # forms from which the letters are taken
FORMS_OF_TERM = 8  # surface forms of a term that start alike, as a first guess


class Completion(NamedTuple):
    """A surface form, the number of its term, and how many posts have the term."""

    form: str
    term: int
    posts: int


class Words:
    """The surface forms by prefix. More posts come first, then more frequent forms, then by bytes.

    `_posts` is the document frequency of the term of the form at each place, `_weight` that and the
    frequency of the form in one number.
    """

    def __init__(self, reader: Reader) -> None:
        forms = reader.forms
        self._prefixes = Prefixes(forms.strings, forms.order)
        order, terms, frequency = self._prefixes.order, forms.terms.whole(), forms.frequency
        inside = not len(terms) or (terms.min() >= 0 and terms.max() < len(reader.terms))
        forms.terms.fail_unless(bool(inside), "a number is out of range")
        self._terms = terms[order]
        self._posts = reader.document_frequencies()[self._terms].astype(np.int64)
        self._weight = (self._posts << 32) + frequency.whole()[order]

    def starting_with(
        self, prefix: str, limit: int, together: Array | None = None
    ) -> list[Completion]:
        """The best `limit` forms that start with a prefix, one a term.

        `together` has for each term how many of some posts have it. If any form that starts with
        the prefix is in these posts, the forms that are there in most of them are the best.
        """
        start, end = self._prefixes.span(prefix)
        return self._best(np.arange(start, end), limit, together)

    def mistaken(self, prefix: str, limit: int, together: Array | None = None) -> list[Completion]:
        """The best `limit` forms, as above, that start with the prefix but for one mistake in it.

        From 8 bytes on, only the VERIFIED commonest forms of those whose first 8 bytes fit are
        compared.
        """
        data = [
            variant.encode(errors="surrogatepass") for variant in variants(prefix, self._letters)
        ]
        places = _union(*self._prefixes.spans(data))
        start, end = self._prefixes.span(prefix)
        places = places[(places < start) | (places >= end)]
        if max(map(len, data), default=0) > KEY:
            places = places[greatest(self._weight[places], VERIFIED)]
            fits = [mistake(prefix, self._prefixes.string(place)) is not None for place in places]
            places = np.sort(places[np.array(fits, bool)])
        return self._best(places, limit, together)

    @cached_property
    def most_posts(self) -> int:
        """The number of posts that have the commonest word."""
        return int(self._posts.max(initial=0))

    @cached_property
    def _letters(self) -> list[str]:
        """The most frequent letters of the commonest forms."""
        commonest = map(self._prefixes.string, greatest(self._weight, COMMONEST).tolist())
        counts = Counter(filter(str.isalpha, "".join(commonest)))
        return [letter for letter, _ in counts.most_common(ALPHABET)]

    def _best(self, places: Array, limit: int, together: Array | None) -> list[Completion]:
        """The best of the forms at some ascending places, one a term."""
        if together is not None and len(places):
            shared = together[self._terms[places]]
            if shared.any():
                places, shared = places[shared > 0], shared[shared > 0]
                ranked = places[np.lexsort((-self._weight[places], -shared))]
                return self._one_a_term(ranked, limit)
        taken = 0
        while True:
            taken = FORMS_OF_TERM * max(limit, taken)
            found = self._one_a_term(places[greatest(self._weight[places], taken)], limit)
            if len(found) == limit or taken >= len(places):
                return found

    def _one_a_term(self, places: Sequence[int] | Array, limit: int) -> list[Completion]:
        """The first form of each of the first `limit` terms."""
        found: dict[int, int] = {}
        for place in places:
            if len(found) == limit:
                break
            found.setdefault(int(self._terms[place]), int(place))
        return [
            Completion(self._prefixes.string(place), term, int(self._posts[place]))
            for term, place in found.items()
        ]


def _union(starts: Array, ends: Array) -> Array:
    """The places in any of some ranges, ascending; of two that meet, one holds the other."""
    widest = np.lexsort((-ends, starts))
    starts, ends = starts[widest], ends[widest]
    before = np.maximum.accumulate(np.append(0, ends[:-1]))
    outer = ends > before
    starts, lengths = starts[outer], ends[outer] - starts[outer]
    firsts = np.cumsum(lengths) - lengths
    places: Array = np.repeat(starts - firsts, lengths) + np.arange(lengths.sum())
    return places
