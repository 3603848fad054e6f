"""Streams of an index: those of kept posts renumbered, and those of new posts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.store.ranges import places_of
from tipsearch.store.strings import pointers, smallest

if TYPE_CHECKING:
    from tipsearch.build.counting import Stream
    from tipsearch.store.storage import Array
    from tipsearch.store.streams import Codes


def of_new_posts(stream: Stream, term_of_form: Array, codes: Codes) -> tuple[Array, Array]:
    """The tokens of new posts, and how many each has; text 2i of the stream is the title of post i.

    `term_of_form` has the term of each form of the stream.
    """
    tokens = codes.terms - 1 - stream.codes
    # A marker of n parts is -1 - S - n in the stream, and one less in the index.
    tokens -= tokens > codes.separator
    words = stream.codes >= 0
    tokens[words] = term_of_form[stream.codes[words]]
    after_titles = np.cumsum(stream.lengths, dtype=np.int64)[::2]
    return (
        np.insert(tokens, after_titles, codes.separator),
        stream.lengths.reshape(-1, 2).sum(axis=1) + 1,
    )


def of_kept_posts(
    offsets: Array, tokens: Array, rows: Array, new_terms: Array, old: Codes, new: Codes
) -> tuple[Array, Array]:
    """The tokens of kept posts, renumbered, and how many each has.

    `rows` are those that are kept, and `new_terms` has the new number of each term.
    """
    kept = tokens[places_of(offsets, rows)].astype(np.int32)
    words = kept < old.terms
    renumbered = kept + (new.terms - old.terms)
    renumbered[words] = new_terms[kept[words]]
    return renumbered, np.diff(offsets)[rows]


def in_order(parts: list[tuple[Array, Array]], order: Array) -> tuple[Array, Array]:
    """The offsets and tokens of the posts of all parts, one after the other, taken in an order."""
    tokens = np.concatenate([tokens for tokens, _ in parts])
    lengths = np.concatenate([lengths for _, lengths in parts])
    taken = tokens[places_of(pointers(lengths), order)]
    return pointers(lengths[order]), smallest(taken)
