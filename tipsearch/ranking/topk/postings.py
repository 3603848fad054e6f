"""Which posts have a term, with what weight, and what is the most that it can add to a score?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.store import blocks

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import PostingLists
    from tipsearch.store.storage import Array

REMEMBERED = 1 << 16
HEAVIEST = 1e12  # far above all weights; sums of such stay within a float32


class Term(NamedTuple):
    """Where the postings of a term lie, the most that one of them weighs, and its block maxima.

    `slot` is the place of the term among those that have block maxima, -1 if it has none.
    """

    start: int
    end: int
    most: float
    slot: int


class Plan(NamedTuple):
    """A query, as the kernels take it: its terms in order of falling bound, then of number.

    A post's score is the sum, in this order, of `factors[i]` times the post's weight of term i;
    `bounds[i]` is no less than the most that term i adds to one. All arrays have one entry a term:
    starts, ends and slots int64, factors and bounds float64.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    factors: npt.NDArray[np.float64]
    bounds: npt.NDArray[np.float64]


class Postings:
    """Term-major weights: term t is in the posts `rows[indptr[t]:indptr[t+1]]` (ascending).

    `values` lies beside `rows`. The weight of a posting, which is positive, is its value, or if
    there is a `scale` (float64, one for each post), its value times that of its post; sums of such
    are rounded to 12 places, so that equal ones tie. What is used of it is checked first: a row
    out of range would make a kernel write outside its memory.
    """

    def __init__(self, lists: PostingLists) -> None:
        self._lists = lists
        self.posts, self.blocks = lists.posts, blocks.count(lists.posts)
        self._groups = blocks.groups(lists.posts)
        self.rows, self.values = lists.rows.data, lists.values.data
        self.block_max, self.starts = lists.block_max.data, lists.starts.data
        scale = lists.scale
        self.scale: Array = np.zeros(0) if scale is None else scale.whole()
        if scale is not None and lists.posts:  # NaN fails too
            fits = self.scale.min() >= 0 and self.scale.max() <= 1
            scale.fail_unless(bool(fits), "a number is out of range")
        self._at = lists.indptr.data.data
        self.skip_checks = False  # `verify` has run
        self._slots = {term: slot for slot, term in enumerate(lists.frequent.whole().tolist())}
        self._terms: dict[int, Term] = {}

    def term(self, number: int) -> Term:
        """What is known of a term, its postings checked."""
        term = self._terms.get(number)  # another thread may clear them at any moment
        if term is None:
            if len(self._terms) >= REMEMBERED:
                self._terms.clear()
            self._terms[number] = term = self._look_up(number)
        return term

    def _look_up(self, number: int) -> Term:
        self._lists.indptr.ensure(number, number + 2)
        start, end, slot = self._at[number], self._at[number + 1], self._slots.get(number, -1)
        if not self.skip_checks:
            self._check(start, end, slot)
        return Term(start, end, self._most(start, end), slot)

    def _check(self, start: int, end: int, slot: int) -> None:
        """Check the postings of a term, which are from `start` to `end`."""
        self._lists.indptr.fail_unless(
            0 <= start < end <= len(self.rows), "a pointer is out of range"
        )
        rows = self._lists.rows[start:end]
        inside = rows[0] >= 0 and rows[-1] < self.posts and bool(np.all(rows[1:] > rows[:-1]))
        self._lists.rows.fail_unless(inside, "a number is out of range")
        self._lists.values.ensure(start, end)
        if slot >= 0:
            self._lists.block_max.ensure(slot * self.blocks, (slot + 1) * self.blocks)
            width = self._groups + 1
            starts = self._lists.starts[slot * width : (slot + 1) * width]
            fits = starts[0] == 0 and starts[-1] == end - start and np.all(np.diff(starts) >= 0)
            self._lists.starts.fail_unless(bool(fits), "a place is out of range")
        weights = self.weights(slice(start, end))
        # NaN fails too: with such a weight, no bound is one.
        fits = weights.min() > 0 and weights.max() <= HEAVIEST
        self._lists.values.fail_unless(bool(fits), "a weight is out of range")

    def weights(self, places: Any) -> npt.NDArray[np.float64]:
        """The weights of the postings at these places (a slice or numbers), as float64."""
        values: npt.NDArray[np.float64] = self.values[places].astype(np.float64)
        if len(self.scale):
            values *= self.scale[self.rows[places]]
        return values

    def _most(self, start: int, end: int) -> float:
        """The greatest weight of some postings."""
        if len(self.scale):
            return float(self.weights(slice(start, end)).max())
        return float(self.values[start] if end == start + 1 else self.values[start:end].max())

    def document_frequency(self, number: int) -> int:
        """In how many posts the term is."""
        term = self.term(number)
        return term.end - term.start

    def rows_of(self, number: int) -> Array:
        """The rows of the posts that have the term, ascending."""
        term = self.term(number)
        rows: Array = self.rows[term.start : term.end]
        return rows

    def weight(self, number: int, row: int) -> float:
        """The weight of the term in the post, 0.0 where it is not in it."""
        start, end, _, _ = self.term(number)
        at = start + int(np.searchsorted(self.rows[start:end], row))
        return float(self.weights(slice(at, at + 1))[0]) if self._has(at, end, row) else 0.0

    def of_rows(self, number: int, rows: Array) -> tuple[Array, npt.NDArray[np.float64]]:
        """Which of some ascending rows have the term, by their places, and its weights in these."""
        start, end, _, _ = self.term(number)
        having = self.rows[start:end]
        if len(rows) == self.posts:
            return having, self.weights(slice(start, end))
        if len(having) < len(rows):
            places = np.searchsorted(rows, having)
            found = np.flatnonzero(rows[np.minimum(places, len(rows) - 1)] == having)
            return places[found], self.weights(start + found)
        at = np.searchsorted(having, rows)
        places = np.flatnonzero(having[np.minimum(at, len(having) - 1)] == rows)
        return places, self.weights(start + at[places])

    def _has(self, at: int, end: int, row: int) -> bool:
        return at < end and bool(self.rows[at] == row)

    def plan(self, factors: Iterable[tuple[int, float]]) -> Plan:
        """The plan of a query: pairs of a term, each once, and its positive factor."""
        terms = [(self.term(number), number, float(factor)) for number, factor in factors]
        terms.sort(key=lambda term: (-term[0].most * term[2], term[1]))
        # Bounds are added up in float32, one rounding for each term.
        slack = 1 + 1e-6 * (10 + len(terms))
        return Plan(
            np.array([term.start for term, _, _ in terms], np.int64),
            np.array([term.end for term, _, _ in terms], np.int64),
            np.array([term.slot for term, _, _ in terms], np.int64),
            np.array([factor for _, _, factor in terms], np.float64),
            np.array([slack * factor * term.most for term, _, factor in terms], np.float64),
        )

    def order(self, factors: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
        """The terms and factors in the order in which a score adds them up."""
        return sorted(factors, key=lambda term: (-self.term(term[0]).most * term[1], term[0]))
