"""The kernel in plain numpy: which k posts score highest for a plan?

Block-Max Pruning (Mallia, Suel and Tonellotto, "Faster Learned Sparse Retrieval with Block-Max
Pruning", SIGIR 2024): add up the bounds of all blocks, score the posts of the most promising ones,
and drop all blocks that cannot reach the k-th best score so far; again, with more blocks at a
time, until none is left. Here all blocks of a wave are scored by a few calls for each term.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.ranking.topk.selection import UNIT, contenders, in_order
from tipsearch.store.blocks import LEVELS, SHIFT, SIZE, by_block

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.topk.postings import Plan, Postings
    from tipsearch.ranking.topk.selection import Rows, Scores

FIRST_WAVE, GROWTH = 64, 16


def top(postings: Postings, plan: Plan, k: int) -> list[tuple[int, float]]:
    """The k best rows with their scores, by score, then by row; only such as have a term."""
    bounds = _bounds(postings, plan)
    threshold, scores = 0.0, np.zeros(0)
    rows: Rows = np.zeros(0, np.int64)
    wave = max(FIRST_WAVE, k)
    while len(live := np.flatnonzero(bounds >= threshold) if threshold else np.flatnonzero(bounds)):
        if len(live) > 2 * wave:
            some = bounds[live]
            live = live[some >= np.partition(some, len(some) - wave)[len(some) - wave]]
        bounds[live] = 0
        more, their_scores = _scored(postings, plan, live)
        rows, scores = np.concatenate((rows, more)), np.concatenate((scores, their_scores))
        rows, scores, threshold = contenders(rows, scores, k)
        if len(postings.scale):
            threshold = max(threshold - UNIT, 0.0)  # what is less may tie once it is rounded
        wave *= GROWTH
    return in_order(rows, scores, k)


def _bounds(postings: Postings, plan: Plan) -> npt.NDArray[np.float32]:
    """The most that a post of each block can score (float32)."""
    count = postings.blocks
    bounds = np.zeros(count, np.float32)
    for start, end, slot, _, bound in zip(*(part.tolist() for part in plan), strict=True):
        if slot >= 0:
            block_max = postings.block_max[slot * count : (slot + 1) * count]
            bounds += block_max * np.float32(bound / LEVELS)
        else:
            places = slice(start, end)
            blocks, most = by_block(postings.rows[places], postings.weights(places))
            # The bound over the greatest weight is the factor with its slack.
            bounds[blocks] += most * (bound / most.max())
    return bounds


def _scored(postings: Postings, plan: Plan, blocks: Rows) -> tuple[Rows, Scores]:
    """All posts of some ascending blocks that have a term, ascending, with their scores."""
    dtype = postings.rows.dtype
    firsts, sums = (blocks << SHIFT).astype(dtype), np.zeros(len(blocks) * SIZE)
    lasts = (np.minimum((blocks + 1) << SHIFT, postings.posts) - 1).astype(dtype)
    for start, end, factor in zip(
        plan.starts.tolist(), plan.ends.tolist(), plan.factors.tolist(), strict=True
    ):
        rows = postings.rows[start:end]
        if len(rows) < 4 * len(blocks):  # look for the blocks of the postings, or the reverse
            of_rows = rows >> SHIFT
            home = np.searchsorted(blocks, of_rows)
            home[home == len(blocks)] = 0
            places = np.flatnonzero(blocks[home] == of_rows)
            home = home[places]
        else:
            first = rows.searchsorted(firsts)
            lengths = rows.searchsorted(lasts, side="right") - first
            home = np.repeat(np.arange(len(blocks)), lengths)
            ends = np.cumsum(lengths)
            places = np.arange(len(home)) + np.repeat(first - ends + lengths, lengths)
        sums[home * SIZE + (rows[places] & (SIZE - 1))] += factor * postings.weights(start + places)
    found = np.flatnonzero(sums)
    scores = sums[found]
    if len(postings.scale):
        scores = np.rint(scores * 1e12) / 1e12
        found, scores = found[scores > 0], scores[scores > 0]
    return blocks[found >> SHIFT] * SIZE + (found & (SIZE - 1)), scores
