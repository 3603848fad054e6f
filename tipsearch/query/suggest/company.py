"""The company of a word: the posts that have it together with the finished words of a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

SAMPLE = 1000  # posts in which the other words are counted, at most


class Company:
    """The posts that have all of some terms, and how many of them have another term.

    `rows_of` gives the rows of the posts that have a term, ascending.
    """

    def __init__(
        self, reader: Reader, rows_of: Callable[[int], Array], terms: Sequence[int]
    ) -> None:
        self._reader, self._rows_of, self._terms = reader, rows_of, terms

    @cached_property
    def _rows(self) -> Array:
        """The rows of the posts, ascending."""
        shortest, *others = sorted(map(self._rows_of, self._terms), key=len)
        for other in others:
            shortest = shortest[self._mask(other)[shortest]]
        return shortest

    def _mask(self, rows: Array) -> Array:
        mask = np.zeros(self._reader.posts, bool)
        mask[rows] = True
        return mask

    @cached_property
    def _of_rows(self) -> Array:
        return self._mask(self._rows)

    @cached_property
    def counts(self) -> Array | None:
        """How many of at most SAMPLE of the posts have each term; None if there is no post."""
        if not self._terms or not len(self._rows):
            return None
        sample = self._rows[:: -(-len(self._rows) // SAMPLE)]
        return np.bincount(self._reader.terms_of(sample), minlength=len(self._reader.terms))

    def count(self, term: int) -> int:
        """How many of the posts have a term."""
        if not self._terms or not len(self._rows):
            return 0
        return int(np.count_nonzero(self._of_rows[self._rows_of(term)]))


class Context(NamedTuple):
    """The finished words of a text.

    `known` are those that some post has, by the number of their term. `corrections` maps others to
    the word that takes their place. `company` has the posts with all known words.
    """

    known: dict[int, str]
    corrections: dict[str, str]
    company: Company
