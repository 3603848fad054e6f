"""The kernel compiled by numba: the answers of the one in numpy, some four times as fast.

The same algorithm, block by block: a wave of the most promising blocks sets the threshold, then the
others follow in order of rows, each only if its bound reaches the threshold. Within a block the terms
are added in the plan's order, and the rest is skipped once it cannot lift a post to the threshold.

The many arguments are on purpose: a tuple of arrays costs a count of references at each look, a
sixth of a query.
"""

# ruff: noqa: PLR0913, PLR0917

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from tipsearch.ranking.topk.selection import UNIT, in_order
from tipsearch.store.blocks import GROUP, LEVELS, SHIFT, SIZE

if TYPE_CHECKING:
    from tipsearch.ranking.topk.postings import Plan, Postings

FIRST_WAVE = 16
DENSE = 2  # of so many promising blocks on, a group is scored in one go
SCORED = np.float32(-1)
SMALLEST = np.float32(1e-30)


def _compiled(function: Callable[..., Any]) -> Any:
    """The function as machine code, kept for the next process where there is a folder for it."""
    compiler: Any = numba.njit
    try:
        return compiler(nogil=True, cache=True)(function)
    except RuntimeError:
        return compiler(nogil=True)(function)


def top(postings: Postings, plan: Plan, k: int) -> list[tuple[int, float]]:
    """The k best rows with their scores, by score, then by row; only such as have a term."""
    k = min(k, postings.posts, int((plan.ends - plan.starts).sum()))
    if not k:
        return []
    scores, rows = _search(
        postings.rows, postings.values, postings.scale, postings.block_max, postings.blocks,
        postings.starts, plan.starts, plan.ends, plan.slots, plan.factors, plan.bounds, k,
    )  # fmt: skip
    return in_order(rows, scores, k)


@_compiled
def _worse(score: float, row: int, other: float, other_row: int) -> bool:
    return score < other or (score == other and row > other_row)


@_compiled
def _push(heap: Any, rows: Any, size: int, score: float, row: int) -> int:
    """Take a post into the heap, whose first is the worst; return how many it holds."""
    if size < len(heap):
        at = size
        while at > 0:
            parent = (at - 1) >> 1
            if not _worse(score, row, heap[parent], rows[parent]):
                break
            heap[at], rows[at] = heap[parent], rows[parent]
            at = parent
        heap[at], rows[at] = score, row
        return size + 1
    if _worse(heap[0], rows[0], score, row):
        at = 0
        while 2 * at + 1 < size:
            child = 2 * at + 1
            other = child + 1
            if other < size and _worse(heap[other], rows[other], heap[child], rows[child]):
                child = other
            if not _worse(heap[child], rows[child], score, row):
                break
            heap[at], rows[at] = heap[child], rows[child]
            at = child
        heap[at], rows[at] = score, row
    return size


@_compiled
def _threshold(heap: Any, size: int, scale: Any) -> float:
    """What a sum has to reach to be among the best: less than the worst if rounding can lift it."""
    if size < len(heap):
        return 0.0
    return float(heap[0] - UNIT) if len(scale) else float(heap[0])


@_compiled
def _gallop(rows: Any, at: int, end: int, wanted: int) -> int:
    """The first place from `at` to `end` whose row is at least `wanted`."""
    if at >= end or rows[at] >= wanted:
        return at
    step = 1
    while at + step < end and rows[at + step] < wanted:
        at += step
        step *= 2
    low, high = at + 1, min(at + step, end)
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < wanted:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def _bounds(
    rows: Any, values: Any, scale: Any, block_max: Any, blocks: int,
    starts: Any, ends: Any, slots: Any, factors: Any, bounds: Any,
) -> Any:  # fmt: skip
    """The most that a post of each block can score (float32), in whole groups of blocks."""
    total = np.zeros(-(-blocks // GROUP) * GROUP, np.float32)
    for term in range(len(starts)):
        if slots[term] >= 0:
            unit = np.float32(bounds[term] / LEVELS)
            row = block_max[slots[term] * blocks : (slots[term] + 1) * blocks]
            for block in range(blocks):
                total[block] += unit * np.float32(row[block])
        else:
            factor = factors[term] * (1 + 1e-6 * (10 + len(starts)))  # as the bounds have it
            last, best = -1, 0.0
            for at in range(starts[term], ends[term]):
                block, weight = rows[at] >> SHIFT, float(values[at])
                if len(scale):
                    weight *= scale[rows[at]]
                if block != last:
                    if last >= 0:
                        total[last] += np.float32(factor * best)
                    last, best = block, weight
                elif weight > best:
                    best = weight
            total[last] += np.float32(factor * best)
    return total


@_compiled
def _best_groups(groups: Any, count: int) -> Any:
    """The places of the `count` greatest of some numbers, ascending; only of such above zero."""
    best, places, size = np.zeros(count, np.float32), np.zeros(count, np.int64), 0
    for group in range(len(groups)):
        value = groups[group]
        if value > 0 and (size < count or value > best[count - 1]):
            if size < count:
                size += 1
            at = size - 1
            while at > 0 and best[at - 1] < value:
                best[at], places[at] = best[at - 1], places[at - 1]
                at -= 1
            best[at], places[at] = value, group
    return np.sort(places[:size])


@_compiled
def _score(
    block: int, count: int, rows: Any, values: Any, scale: Any, block_max: Any, blocks: int,
    groups: Any, starts: Any, cursors: Any, ends: Any, slots: Any, factors: Any, bounds: Any,
    total: Any, sums: Any, rest: Any, heap: Any, best: Any, size: int,
) -> int:  # fmt: skip
    """Take the posts of some blocks that are good enough into the heap; return how many it holds.

    `groups` are the starts of groups of the frequent terms; the `cursors` of the others stand at or
    before the first block and are moved on; `sums` and `rest` are scratch;
    `total` tells of the blocks that were scored before.
    """
    first, posts, left = block << SHIFT, count << SHIFT, 0.0
    for term in range(len(ends) - 1, -1, -1):
        rest[term] = left
        if count == 1 and slots[term] >= 0:
            left += bounds[term] * block_max[slots[term] * blocks + block] / LEVELS
        else:
            left += bounds[term]
    width = -(-blocks // GROUP)
    threshold = _threshold(heap, size, scale)
    sums[:posts] = 0.0
    most = 0.0
    for term in range(len(ends)):
        if count == 1 and slots[term] >= 0 and block_max[slots[term] * blocks + block] == 0:
            continue
        at, end = cursors[term], ends[term]
        if slots[term] >= 0:
            at = starts[term] + groups[slots[term] * (width + 1) + block // GROUP]
        at = _gallop(rows, at, end, first)
        while at < end and rows[at] - first < posts:
            weight = float(values[at])
            if len(scale):
                weight *= scale[rows[at]]
            post = rows[at] - first
            weight = sums[post] + factors[term] * weight
            sums[post] = weight
            most = max(most, weight)
            at += 1
        cursors[term] = at
        if (most + rest[term]) * (1 + 1e-9) < threshold:
            return size
    for post in range(posts):
        new = total[block + (post >> SHIFT)] != SCORED
        if sums[post] > 0.0 and sums[post] * (1 + 1e-9) >= threshold and new:
            score = np.rint(sums[post] * 1e12) / 1e12 if len(scale) else sums[post]
            if score > 0.0:
                size = _push(heap, best, size, score, first + post)
    return size


@_compiled
def _search(
    rows: Any, values: Any, scale: Any, block_max: Any, blocks: int, groups: Any,
    starts: Any, ends: Any, slots: Any, factors: Any, bounds: Any, k: int,
) -> tuple[Any, Any]:  # fmt: skip
    """The k best scores and their rows, in no order."""
    total = _bounds(rows, values, scale, block_max, blocks, starts, ends, slots, factors, bounds)
    best_of = np.zeros(len(total) // GROUP, np.float32)
    for group in range(len(best_of)):
        for block in range(group * GROUP, (group + 1) * GROUP):
            best_of[group] = max(best_of[group], total[block])
    heap, best, size = np.empty(k), np.empty(k, np.int64), 0
    sums, rest, cursors = np.empty(GROUP * SIZE), np.empty(len(starts)), starts.copy()
    chosen = _best_groups(best_of, min(len(best_of), max(FIRST_WAVE, min(k, 8 * FIRST_WAVE))))
    todo = np.empty(GROUP, np.int64)
    for wave in range(2):
        cursors[:] = starts
        for place in range(len(best_of) if wave else len(chosen)):
            threshold = max(np.float32(_threshold(heap, size, scale)), SMALLEST)
            group, count, jobs = place if wave else chosen[place], 1, 0
            if best_of[group] < threshold:
                continue
            if wave:
                for block in range(group * GROUP, (group + 1) * GROUP):
                    if total[block] >= threshold:
                        todo[jobs] = block
                        jobs += 1
                if jobs >= DENSE:
                    todo[0], count, jobs = group * GROUP, GROUP, 1
            else:
                of_group = total[group * GROUP : (group + 1) * GROUP]
                todo[0], jobs = group * GROUP + np.argmax(of_group), 1
            for job in range(jobs):
                size = _score(
                    todo[job], count, rows, values, scale, block_max, blocks, groups, starts,
                    cursors, ends, slots, factors, bounds, total, sums, rest, heap, best, size,
                )  # fmt: skip
                if not wave:
                    total[todo[job]] = SCORED
    return heap[:size], best[:size]
