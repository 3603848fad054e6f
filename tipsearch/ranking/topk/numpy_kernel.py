"""The numpy kernel: the k best rows of a plan, by Block-Max Pruning.

The algorithm is of Mallia, Suel and Tonellotto, "Faster Learned Sparse Retrieval with Block-Max
Pruning", SIGIR 2024. The upper bounds of all blocks are added up. The blocks of the greatest bounds
are scored first; then all blocks are dropped whose bound is below the k-th best score so far. That
is repeated, with 16 times as many blocks in each wave, until no block is left. All blocks of a wave
are scored by a few calls of numpy for each term.

Where rows are masked, a block without an allowed row has bound 0. Where few rows are allowed, no
bound is high enough to prune much, and the postings of the allowed rows are added up instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.ranking.topk.selection import FEW, SAMPLED, UNIT, contenders, in_order
from tipsearch.store.blocks import LEVELS, SHIFT, SIZE, by_block

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.topk.postings import Mask, Plan, Postings
    from tipsearch.ranking.topk.selection import Rows, Scores

FIRST_WAVE, GROWTH = 64, 16  # blocks of the first wave; how many times as many in the next


def top(
    postings: Postings, plan: Plan, k: int, allowed: Mask | None = None
) -> list[tuple[int, float]]:
    """The k best rows with their scores, by score, then by row. Only allowed rows that have a term.

    `allowed` is a mask of rows, or None for all.
    """
    if allowed is not None:
        with_allowed, few = _survey(allowed)
        if few:
            return in_order(*_sum_all(postings, plan, allowed), k)
    bounds = _bounds(postings, plan)
    if allowed is not None:
        bounds *= with_allowed
    threshold, scores = 0.0, np.zeros(0)
    rows: Rows = np.zeros(0, np.int64)
    wave = max(FIRST_WAVE, k)
    while len(live := np.flatnonzero(bounds >= threshold) if threshold else np.flatnonzero(bounds)):
        if len(live) > 2 * wave:
            live_bounds = bounds[live]
            least = np.partition(live_bounds, len(live) - wave)[len(live) - wave]
            live = live[live_bounds >= least]
        bounds[live] = 0
        new_rows, new_scores = _scored(postings, plan, live)
        if allowed is not None:
            kept = allowed[new_rows]
            new_rows, new_scores = new_rows[kept], new_scores[kept]
        rows, scores = np.concatenate((rows, new_rows)), np.concatenate((scores, new_scores))
        rows, scores, threshold = contenders(rows, scores, k)
        if len(postings.scale):
            threshold = max(threshold - UNIT, 0.0)  # a lower sum may round to a tie
        wave *= GROWTH
    return in_order(rows, scores, k)


def _survey(allowed: Mask) -> tuple[Mask, bool]:
    """Which blocks have an allowed row (bool), and whether they have few, by a sample of them."""
    whole = len(allowed) & -SIZE
    eights = allowed[:whole].view(np.uint64)
    pairs = eights[::2] + eights[1::2]
    fours = pairs[::2] + pairs[1::2]  # a number for each block: its bytes add up to its rows
    sample = fours[::SAMPLED].copy()
    few = sample.view(np.uint8).sum() < FEW * np.count_nonzero(sample)
    some = fours != 0
    return some if whole == len(allowed) else np.append(some, allowed[whole:].any()), bool(few)


def _sum_all(postings: Postings, plan: Plan, allowed: Mask) -> tuple[Rows, Scores]:
    """The allowed rows that have a term, ascending, and their scores, from all postings."""
    rows, parts = [], []
    for start, end, factor in zip(
        plan.starts.tolist(), plan.ends.tolist(), plan.factors.tolist(), strict=True
    ):
        places = start + np.flatnonzero(allowed[postings.rows[start:end]])
        rows.append(postings.rows[places])
        parts.append(factor * postings.weights(places))
    if not rows:
        return np.zeros(0, np.int64), np.zeros(0)
    found, place = np.unique(np.concatenate(rows), return_inverse=True)
    sums = np.bincount(place, np.concatenate(parts), len(found))  # adds up in this order
    return _positive(found, np.asarray(sums, np.float64), postings)


def _bounds(postings: Postings, plan: Plan) -> npt.NDArray[np.float32]:
    """The upper bound of the score of each block: float32, shape (blocks,)."""
    count = postings.blocks
    bounds = np.zeros(count, np.float32)
    for start, end, slot, _, bound in zip(*(part.tolist() for part in plan), strict=True):
        if slot >= 0:
            block_max = postings.block_max[slot * count : (slot + 1) * count]
            bounds += block_max * np.float32(bound / LEVELS)
        else:
            places = slice(start, end)
            blocks, maxima = by_block(postings.rows[places], postings.weights(places))
            # bound / greatest weight is the factor, with the slack of the plan.
            bounds[blocks] += maxima * (bound / maxima.max())
    return bounds


def _scored(postings: Postings, plan: Plan, blocks: Rows) -> tuple[Rows, Scores]:
    """The rows of some ascending blocks that have a term, ascending, and their scores (float64)."""
    dtype = postings.rows.dtype
    firsts, sums = (blocks << SHIFT).astype(dtype), np.zeros(len(blocks) * SIZE)
    lasts = (np.minimum((blocks + 1) << SHIFT, postings.posts) - 1).astype(dtype)
    for start, end, factor in zip(
        plan.starts.tolist(), plan.ends.tolist(), plan.factors.tolist(), strict=True
    ):
        rows = postings.rows[start:end]
        if len(rows) < 4 * len(blocks):  # search the shorter list in the longer
            row_blocks = rows >> SHIFT
            block_of = np.searchsorted(blocks, row_blocks)
            block_of[block_of == len(blocks)] = 0
            places = np.flatnonzero(blocks[block_of] == row_blocks)
            block_of = block_of[places]
        else:
            first = rows.searchsorted(firsts)
            lengths = rows.searchsorted(lasts, side="right") - first
            block_of = np.repeat(np.arange(len(blocks)), lengths)
            ends = np.cumsum(lengths)
            places = np.arange(len(block_of)) + np.repeat(first - ends + lengths, lengths)
        sums[block_of * SIZE + (rows[places] & (SIZE - 1))] += factor * postings.weights(
            start + places
        )
    found = np.flatnonzero(sums)
    rows = blocks[found >> SHIFT] * SIZE + (found & (SIZE - 1))
    return _positive(rows, sums[found], postings)


def _positive(rows: Rows, sums: Scores, postings: Postings) -> tuple[Rows, Scores]:
    """Sums as scores: rounded where weights are scaled, and then only those above 0."""
    if not len(postings.scale):
        return rows, sums
    scores = np.rint(sums * 1e12) / 1e12
    return rows[scores > 0], scores[scores > 0]
