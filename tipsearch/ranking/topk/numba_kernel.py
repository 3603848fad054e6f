"""The numba kernel: the results of the numpy kernel, about four times as fast.

Block-Max Pruning, as in `numpy_kernel`, block by block. A first wave scores the blocks of the
greatest bounds and so sets the threshold. A second wave goes through all blocks in order of rows
and skips each whose bound is below the threshold. Within a block the terms are added in the order
of the plan; the others are skipped once they cannot lift a post of it to the threshold.

Where rows are masked, a block without an allowed row is left out, and a row that is not allowed
weighs nothing. Where few rows are allowed, no bound is high enough to prune much, and the postings
of the allowed rows are added up instead.

Functions take many arguments on purpose: an array in a tuple costs reference counting at each
access, a sixth of the time of a query.
"""

# ruff: noqa: PLR0912, PLR0913, PLR0917

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from tipsearch.ranking.topk.selection import FEW, SAMPLED, UNIT, in_order
from tipsearch.store.blocks import GROUP, LEVELS, SHIFT, SIZE

if TYPE_CHECKING:
    from tipsearch.ranking.topk.postings import Mask, Plan, Postings

WINDOW = 1 << 13  # rows whose sums are kept while all postings are added up
FIRST_WAVE = 16  # blocks, each the best of its group
WHOLE_GROUP_FROM = 2  # from so many blocks on, their group is scored as one
SCORED = np.float32(-1)  # the bound of a block that has been scored
EVERY = np.zeros(0, np.bool_)  # the mask that allows all rows
SMALLEST = np.float32(1e-30)  # the least threshold: skips blocks without a posting


def _compiled(function: Callable[..., Any]) -> Any:
    """The function compiled; cached for other processes where numba has a folder to write to."""
    compiler: Any = numba.njit
    try:
        return compiler(nogil=True, cache=True)(function)
    except RuntimeError:
        return compiler(nogil=True)(function)


def top(
    postings: Postings, plan: Plan, k: int, allowed: Mask | None = None
) -> list[tuple[int, float]]:
    """The k best rows with their scores, by score, then by row. Only allowed rows that have a term.

    `allowed` is a mask of rows, or None for all.
    """
    k = min(k, postings.posts, int((plan.ends - plan.starts).sum()))
    if not k:
        return []
    mask = EVERY if allowed is None else allowed.view()
    mask.flags.writeable = False  # one type for all masks, so that all is compiled once
    scores, rows = _search(
        postings.rows, postings.values, postings.scale, postings.block_max, postings.blocks,
        postings.starts, plan.starts, plan.ends, plan.slots, plan.factors, plan.bounds,
        mask, mask[: len(mask) & -SIZE].view(np.int64), k,
    )  # fmt: skip
    return in_order(rows, scores, k)


@_compiled
def _worse(score: float, row: int, other: float, other_row: int) -> bool:
    return score < other or (score == other and row > other_row)


@_compiled
def _push(heap: Any, rows: Any, size: int, score: float, row: int) -> int:
    """Push a post onto the heap, whose root is the worst post. Returns the size of the heap."""
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
    """The least sum that can be among the k best. Below the k-th score where sums are rounded."""
    if size < len(heap):
        return 0.0
    return float(heap[0] - UNIT) if len(scale) else float(heap[0])


@_compiled
def _gallop(rows: Any, at: int, end: int, row: int) -> int:
    """The first place from `at` to `end` whose row is at least `row` (galloping search)."""
    if at >= end or rows[at] >= row:
        return at
    step = 1
    while at + step < end and rows[at + step] < row:
        at += step
        step *= 2
    low, high = at + 1, min(at + step, end)
    while low < high:
        middle = (low + high) >> 1
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return low


@_compiled
def _bounds(
    rows: Any, values: Any, scale: Any, block_max: Any, blocks: int,
    starts: Any, ends: Any, slots: Any, factors: Any, bounds: Any,
) -> Any:  # fmt: skip
    """The upper bound of the score of each block, float32, padded with 0 to whole groups."""
    block_bounds = np.zeros(-(-blocks // GROUP) * GROUP, np.float32)
    for term in range(len(starts)):
        if slots[term] >= 0:
            unit = np.float32(bounds[term] / LEVELS)
            row = block_max[slots[term] * blocks : (slots[term] + 1) * blocks]
            for block in range(blocks):
                block_bounds[block] += unit * np.float32(row[block])
        else:
            factor = factors[term] * (1 + 1e-6 * (10 + len(starts)))  # the slack of `Postings.plan`
            last, best = -1, 0.0
            for at in range(starts[term], ends[term]):
                block, weight = rows[at] >> SHIFT, float(values[at])
                if len(scale):
                    weight *= scale[rows[at]]
                if block != last:
                    if last >= 0:
                        block_bounds[last] += np.float32(factor * best)
                    last, best = block, weight
                elif weight > best:
                    best = weight
            block_bounds[last] += np.float32(factor * best)
    return block_bounds


@_compiled
def _few(words: Any) -> bool:
    """Whether blocks with an allowed row have few of them, by a sample of the blocks.

    `words` has the whole blocks of the mask, eight rows a number.
    """
    rows, blocks = 0, 0
    for at in range(0, len(words), 4 * SAMPLED):
        four = words[at] + words[at + 1] + words[at + 2] + words[at + 3]  # each byte up to 4
        if four:
            two = four + (four >> 32)  # the lower bytes add up to 32 at most
            one = two + (two >> 16)
            rows += (one + (one >> 8)) & 0xFF
            blocks += 1
    return rows < FEW * blocks


@_compiled
def _leave_out(block_bounds: Any, allowed: Any, words: Any) -> None:
    """Set the bound of each block without an allowed row to 0."""
    whole = len(words) // 4
    for block in range(whole):
        at = 4 * block
        if not words[at] | words[at + 1] | words[at + 2] | words[at + 3]:
            block_bounds[block] = 0
    if not np.any(allowed[whole << SHIFT :]):
        block_bounds[whole:] = 0


@_compiled
def _best_groups(group_bounds: Any, count: int) -> Any:
    """The groups of the `count` greatest bounds, ascending. Only groups of a bound above 0."""
    best, places, size = np.zeros(count, np.float32), np.zeros(count, np.int64), 0
    for group in range(len(group_bounds)):
        value = group_bounds[group]
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
    group_starts: Any, starts: Any, cursors: Any, ends: Any, slots: Any, factors: Any, bounds: Any,
    allowed: Any, block_bounds: Any, sums: Any, remaining: Any, heap: Any, best: Any, size: int,
) -> int:  # fmt: skip
    """Score `count` blocks from `block` on and push their posts. Returns the size of the heap.

    `group_starts` has where each group of blocks starts among the postings of a frequent term. The
    `cursors` of the other terms stand at or before the first block, and are moved on. `sums` and
    `remaining` are scratch arrays. The posts of a block whose bound is SCORED are not pushed again.
    """
    first, posts, left = block << SHIFT, count << SHIFT, 0.0
    for term in range(len(ends) - 1, -1, -1):
        remaining[term] = left
        if count == 1 and slots[term] >= 0:
            left += bounds[term] * block_max[slots[term] * blocks + block] / LEVELS
        else:
            left += bounds[term]
    width = -(-blocks // GROUP)
    threshold = _threshold(heap, size, scale)
    sums[:posts] = 0.0
    greatest = 0.0
    for term in range(len(ends)):
        if count == 1 and slots[term] >= 0 and block_max[slots[term] * blocks + block] == 0:
            continue
        at, end = cursors[term], ends[term]
        if slots[term] >= 0:
            at = starts[term] + group_starts[slots[term] * (width + 1) + block // GROUP]
        at = _gallop(rows, at, end, first)
        while at < end and rows[at] - first < posts:
            weight = float(values[at])
            if len(scale):
                weight *= scale[rows[at]]
            if len(allowed):
                weight *= allowed[rows[at]]  # no branch, which would be guessed wrong
            post = rows[at] - first
            weight = sums[post] + factors[term] * weight
            sums[post] = weight
            greatest = max(greatest, weight)
            at += 1
        cursors[term] = at
        if (greatest + remaining[term]) * (1 + 1e-9) < threshold:
            return size
    for post in range(posts):
        unscored = block_bounds[block + (post >> SHIFT)] != SCORED
        if sums[post] > 0.0 and sums[post] * (1 + 1e-9) >= threshold and unscored:
            score = np.rint(sums[post] * 1e12) / 1e12 if len(scale) else sums[post]
            if score > 0.0:
                size = _push(heap, best, size, score, first + post)
    return size


@_compiled
def _sum_all(
    rows: Any, values: Any, scale: Any, starts: Any, ends: Any, factors: Any, allowed: Any, k: int,
) -> tuple[Any, Any]:  # fmt: skip
    """The k best scores and their rows, in heap order, from all postings of the allowed rows.

    Goes through all terms window by window, so that the sums stay in the cache.
    """
    heap, best, size = np.empty(k), np.empty(k, np.int64), 0
    sums, found, cursors = np.zeros(WINDOW), np.empty(WINDOW, np.int64), starts.copy()
    for first in range(0, len(allowed), WINDOW):
        count = 0
        for term in range(len(starts)):
            at, end = cursors[term], ends[term]
            while at < end and rows[at] - first < WINDOW:
                if allowed[rows[at]]:
                    post, weight = rows[at] - first, float(values[at])
                    if len(scale):
                        weight *= scale[rows[at]]
                    before = sums[post]
                    sums[post] = before + factors[term] * weight
                    if before == 0.0 and sums[post] > 0.0:  # so each post is found once
                        found[count] = post
                        count += 1
                at += 1
            cursors[term] = at
        for post in found[:count]:
            score = np.rint(sums[post] * 1e12) / 1e12 if len(scale) else sums[post]
            if score > 0.0 and (size < k or score >= heap[0]):
                size = _push(heap, best, size, score, first + post)
            sums[post] = 0.0
    return heap[:size], best[:size]


@_compiled
def _search(
    rows: Any, values: Any, scale: Any, block_max: Any, blocks: int, group_starts: Any,
    starts: Any, ends: Any, slots: Any, factors: Any, bounds: Any, allowed: Any, words: Any, k: int,
) -> tuple[Any, Any]:  # fmt: skip
    """The k best scores and their rows, in heap order."""
    if _few(words):
        summed: tuple[Any, Any] = _sum_all(rows, values, scale, starts, ends, factors, allowed, k)
        return summed
    block_bounds = _bounds(
        rows, values, scale, block_max, blocks, starts, ends, slots, factors, bounds
    )
    if len(allowed):
        _leave_out(block_bounds, allowed, words)
    group_bounds = np.zeros(len(block_bounds) // GROUP, np.float32)
    for group in range(len(group_bounds)):
        for block in range(group * GROUP, (group + 1) * GROUP):
            group_bounds[group] = max(group_bounds[group], block_bounds[block])
    heap, best, size = np.empty(k), np.empty(k, np.int64), 0
    sums, remaining, cursors = np.empty(GROUP * SIZE), np.empty(len(starts)), starts.copy()
    first_wave = min(len(group_bounds), max(FIRST_WAVE, min(k, 8 * FIRST_WAVE)))
    chosen = _best_groups(group_bounds, first_wave)
    job_blocks = np.empty(GROUP, np.int64)
    for wave in range(2):
        cursors[:] = starts
        for place in range(len(group_bounds) if wave else len(chosen)):
            threshold = max(np.float32(_threshold(heap, size, scale)), SMALLEST)
            group, count, jobs = place if wave else chosen[place], 1, 0
            if group_bounds[group] < threshold:
                continue
            if wave:
                for block in range(group * GROUP, (group + 1) * GROUP):
                    if block_bounds[block] >= threshold:
                        job_blocks[jobs] = block
                        jobs += 1
                if jobs >= WHOLE_GROUP_FROM:
                    job_blocks[0], count, jobs = group * GROUP, GROUP, 1
            else:
                of_group = block_bounds[group * GROUP : (group + 1) * GROUP]
                job_blocks[0], jobs = group * GROUP + np.argmax(of_group), 1
            for job in range(jobs):
                size = _score(
                    job_blocks[job], count, rows, values, scale, block_max, blocks, group_starts,
                    starts, cursors, ends, slots, factors, bounds, allowed, block_bounds, sums,
                    remaining, heap, best, size,
                )  # fmt: skip
                if not wave:
                    block_bounds[job_blocks[job]] = SCORED
    return heap[:size], best[:size]
