"""Postings: the posts of each term, their weights and block maxima; plans of queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.store import blocks

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import PostingLists
    from tipsearch.store.storage import Array

    Mask = npt.NDArray[np.bool_]  # of rows: shape (posts,)

CACHED_TERMS = 1 << 16  # terms whose facts are kept in memory
SEARCHED = 32  # a list so many times as long as another is searched, not gone through
MAX_WEIGHT = 1e12  # far above any real weight; sums of such weights stay finite in float32


class Term(NamedTuple):
    """A term: its postings are from `start` to `end`, the greatest weight is `max_weight`.

    `slot` is the place of the term among those that have block maxima, -1 if it has none.
    """

    start: int
    end: int
    max_weight: float
    slot: int


class Plan(NamedTuple):
    """A query as the kernels take it: its terms by descending upper bound, then by number.

    The score of a post is the sum, in this order, of `factors[i]` times the weight of term i in the
    post. `bounds[i]` is an upper bound of what term i adds to a score. All arrays have one entry a
    term: starts, ends and slots are int64, factors and bounds float64.
    """

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int64]
    factors: npt.NDArray[np.float64]
    bounds: npt.NDArray[np.float64]


class Postings:
    """The postings of all terms, checked: term t is in the posts `rows[indptr[t]:indptr[t + 1]]`.

    Rows ascend, and `values[i]` belongs to `rows[i]`. The weight of a posting is positive. It is
    its value, or where there is a `scale` (float64, one entry a post), its value times the scale of
    its post. Scores of scaled weights are rounded to 12 places, so that equal ones tie.

    The postings of a term are checked when it is first used, since a row out of range would make a
    kernel write outside its memory. Raises IndexCorrupt.
    """

    def __init__(self, lists: PostingLists) -> None:
        self._lists = lists
        self.posts, self.blocks = lists.posts, blocks.count(lists.posts)
        self._groups = blocks.group_count(lists.posts)
        self.rows, self.values = lists.rows.data, lists.values.data
        self.block_max, self.starts = lists.block_max.data, lists.starts.data
        scale = lists.scale
        self.scale: Array = np.zeros(0) if scale is None else scale.whole()
        if scale is not None and lists.posts:  # NaN fails too
            fits = self.scale.min() >= 0 and self.scale.max() <= 1
            scale.fail_unless(bool(fits), "a number is out of range")
        self._indptr = lists.indptr.data.data
        self.skip_checks = False  # `verify` has run
        self._slots = {term: slot for slot, term in enumerate(lists.frequent.whole().tolist())}
        self._terms: dict[int, Term] = {}

    def term(self, number: int) -> Term:
        """The postings of a term, checked."""
        term = self._terms.get(number)  # one access: another thread may clear the cache
        if term is None:
            if len(self._terms) >= CACHED_TERMS:
                self._terms.clear()
            self._terms[number] = term = self._look_up(number)
        return term

    def _look_up(self, number: int) -> Term:
        self._lists.indptr.ensure(number, number + 2)
        start, end, slot = (
            self._indptr[number],
            self._indptr[number + 1],
            self._slots.get(number, -1),
        )
        if not self.skip_checks:
            self._check(start, end, slot)
        return Term(start, end, self._max_weight(start, end), slot)

    def _check(self, start: int, end: int, slot: int) -> None:
        """Raise IndexCorrupt unless the postings from `start` to `end` are those of a term."""
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
        # NaN fails too: no bound holds for it.
        fits = weights.min() > 0 and weights.max() <= MAX_WEIGHT
        self._lists.values.fail_unless(bool(fits), "a weight is out of range")

    def weights(self, places: Any) -> npt.NDArray[np.float64]:
        """The weights (float64) of the postings at some places: a slice or an array of numbers."""
        values: npt.NDArray[np.float64] = self.values[places].astype(np.float64)
        if len(self.scale):
            values *= self.scale[self.rows[places]]
        return values

    def _max_weight(self, start: int, end: int) -> float:
        """The greatest weight of some postings."""
        if len(self.scale):
            return float(self.weights(slice(start, end)).max())
        return float(self.values[start] if end == start + 1 else self.values[start:end].max())

    def document_frequency(self, number: int) -> int:
        """The number of posts that have the term."""
        term = self.term(number)
        return term.end - term.start

    def rows_of(self, number: int) -> Array:
        """The rows of the posts that have the term, ascending."""
        term = self.term(number)
        rows: Array = self.rows[term.start : term.end]
        return rows

    def mask(self, numbers: Iterable[int]) -> Mask:
        """Which rows have at least one of some terms."""
        found = np.zeros(self.posts, np.bool_)
        for number in numbers:
            found[self.rows_of(number)] = True
        return found

    def rows_of_all(self, numbers: Iterable[int]) -> Array:
        """The rows that have all of some terms, at least one, ascending."""
        rarest, *others = sorted(map(self.rows_of, numbers), key=len)
        for rows in others:
            rarest = _common(rarest, rows, self.posts)
        return rarest

    def weight(self, number: int, row: int) -> float:
        """The weight of the term in the post, or 0.0 if the post does not have it."""
        start, end, _, _ = self.term(number)
        at = start + int(np.searchsorted(self.rows[start:end], row))
        return float(self.weights(slice(at, at + 1))[0]) if self._has(at, end, row) else 0.0

    def weights_in(self, number: int, rows: Array) -> tuple[Array, npt.NDArray[np.float64]]:
        """Those of some ascending rows that have the term, as places, and its weights in them."""
        start, end, _, _ = self.term(number)
        term_rows = self.rows[start:end]
        if len(rows) == self.posts:
            return term_rows, self.weights(slice(start, end))
        if len(term_rows) < len(rows):
            places = np.searchsorted(rows, term_rows)
            found = np.flatnonzero(rows[np.minimum(places, len(rows) - 1)] == term_rows)
            return places[found], self.weights(start + found)
        at = np.searchsorted(term_rows, rows)
        places = np.flatnonzero(term_rows[np.minimum(at, len(term_rows) - 1)] == rows)
        return places, self.weights(start + at[places])

    def _has(self, at: int, end: int, row: int) -> bool:
        return at < end and bool(self.rows[at] == row)

    def plan(self, factors: Iterable[tuple[int, float]]) -> Plan:
        """The plan of a query: pairs of a term, each once, and its factor, which is positive."""
        terms = [(self.term(number), number, float(factor)) for number, factor in factors]
        terms.sort(key=lambda term: (-term[0].max_weight * term[2], term[1]))
        # Kernels add bounds up in float32, which rounds once a term: the slack keeps them bounds.
        slack = 1 + 1e-6 * (10 + len(terms))
        return Plan(
            np.array([term.start for term, _, _ in terms], np.int64),
            np.array([term.end for term, _, _ in terms], np.int64),
            np.array([term.slot for term, _, _ in terms], np.int64),
            np.array([factor for _, _, factor in terms], np.float64),
            np.array([slack * factor * term.max_weight for term, _, factor in terms], np.float64),
        )

    def order(self, factors: Iterable[tuple[int, float]]) -> list[tuple[int, float]]:
        """The pairs of term and factor in the order of `plan`, in which a score adds them up."""
        return sorted(factors, key=lambda term: (-self.term(term[0]).max_weight * term[1], term[0]))


def _common(few: Array, many: Array, posts: int) -> Array:
    """The rows of both of two lists, ascending. `few` is not the longer one."""
    if SEARCHED * len(few) < len(many):
        places = np.searchsorted(many, few)
        places[places == len(many)] = 0
        kept = many[places] == few
    else:
        found = np.zeros(posts, np.bool_)
        found[many] = True
        kept = found[few]
    common: Array = few[kept]
    return common
