"""The company of a word: the posts that have it together with the finished words of a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

if TYPE_CHECKING:
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

SAMPLE = 1000  # posts in which the other words are counted, at most


class Postings(Protocol):
    """The posts of each term."""

    def rows_of(self, number: int) -> Array:
        """The rows of the posts that have a term, ascending."""

    def weights_in(self, number: int, rows: Array) -> tuple[Array, Array]:
        """Those of some ascending rows that have a term, as places, and its weights in them."""


class Company:
    """The posts that have all of some terms; all posts where there is no term."""

    def __init__(self, reader: Reader, postings: Postings, terms: Sequence[int]) -> None:
        self._reader, self._postings, self._terms = reader, postings, terms

    @cached_property
    def rows(self) -> Array | None:
        """The rows of the posts, ascending; None for all posts."""
        if not self._terms:
            return None
        rows, *others = sorted(map(self._postings.rows_of, self._terms), key=len)
        for other in others:
            rows = rows[self._mask(other)[rows]]
        return rows

    def _mask(self, rows: Array) -> Array:
        mask = np.zeros(self._reader.posts, bool)
        mask[rows] = True
        return mask

    @cached_property
    def mask(self) -> Array | None:
        """Whether each row is one of them; None for all posts."""
        return None if self.rows is None else self._mask(self.rows)

    @cached_property
    def step(self) -> int:
        """1 where words are counted in all of the posts, n where they are in every n-th."""
        return 1 if self.rows is None else max(1, -(-len(self.rows) // SAMPLE))

    @cached_property
    def counts(self) -> Array | None:
        """How many of every `step`-th of the posts have each term; None for all or no posts."""
        if self.rows is None or not len(self.rows):
            return None
        terms = self._reader.terms_of(self.rows[:: self.step])
        return np.bincount(terms, minlength=len(self._reader.terms))


class Context(NamedTuple):
    """The finished words of a text.

    `known` are those that some post has, by the number of their term. `corrections` maps others to
    the word that takes their place. `company` has the posts with all known words.
    """

    known: dict[int, str]
    corrections: dict[str, str]
    company: Company
