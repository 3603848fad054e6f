"""Verification: all checks of an index that need no source files.

`layout.verify` checks digests and pointers. This module checks the content: the order of all
strings, each record, and that derived arrays (postings, signatures, block maxima) are what follows
from the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from tipsearch.analysis.analyzer import fold
from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import MAX_CODE, scales
from tipsearch.corpus.dates import day
from tipsearch.store import blocks, layout, records
from tipsearch.store.days import newest
from tipsearch.store.records import TEASER
from tipsearch.store.signatures import signatures
from tipsearch.store.streams import Codes
from tipsearch.store.strings import HashedStrings, Strings, by_hash, prefix_order

if TYPE_CHECKING:
    from tipsearch.store.storage import Array, Generation


def verify(generation: Generation) -> None:
    """Check everything in the index. Raises IndexCorrupt."""
    layout.verify(generation)
    _verify_posts(generation)
    _verify_terms(generation)
    _verify_groups(generation)
    _verify_vectors(generation)
    for name, array in _derived(generation):
        same = np.array_equal(generation.arrays[name].whole(), array)
        generation.arrays[name].fail_unless(same, "it is not what follows from the rest")


def _strings(generation: Generation, file: str) -> Strings:
    offsets = generation.arrays[f"{file.partition('.')[0]}.offsets"]
    return Strings(generation.blobs[file], offsets)


def _verify_posts(generation: Generation) -> None:
    files = ("ids.txt", "posts.jsonl", "titles.txt")
    ids, lines, titles = (_strings(generation, file) for file in files)
    ids.check()
    flags, days = generation.arrays["posts.flags"], generation.arrays["posts.days"]
    numbers = flags.whole().tolist(), days.whole().tolist()
    named = set[tuple[int, str]]()
    for row, (id, line, title, flag, number) in enumerate(
        zip(ids, lines, titles, *numbers, strict=True)
    ):
        try:
            post = records.post(id, line)
        except ValueError as error:
            generation.blobs["posts.jsonl"].fail_unless(False, str(error))
            raise
        same = records.record(post) == line
        generation.blobs["posts.jsonl"].fail_unless(same, "a line is not as tipsearch writes it")
        generation.blobs["titles.txt"].fail_unless(fold(post.title) == title, "a title is another")
        flags.fail_unless(
            flag == TEASER * (post.kind == "teaser"), "a flag is not that of its post"
        )
        days.fail_unless(number == day(post.date), "a day is not that of its post")
        named.update((row, category) for category in post.categories)
    names = _strings(generation, "categories.txt")
    names.check()
    arrays = generation.arrays
    sizes = np.diff(arrays["categories.indptr"].data)
    pairs = zip(arrays["categories.rows"].data.tolist(), np.repeat([*names], sizes), strict=True)
    same = set(pairs) == named
    arrays["categories.rows"].fail_unless(same, "it is not the categories of the posts")


def _verify_terms(generation: Generation) -> None:
    arrays = generation.arrays
    _strings(generation, "terms.txt").check()
    forms = generation.blobs["forms.txt"], arrays["forms.offsets"], arrays["forms.buckets"]
    HashedStrings(*forms).check()
    frequency = arrays["forms.frequency"]
    frequency.fail_unless(bool(np.all(frequency.whole() > 0)), "a form is in no post")


def _verify_groups(generation: Generation) -> None:
    source, lines = generation.arrays["groups.source"], generation.arrays["groups.lines"]
    lines.fail_unless(bool(np.all(lines.whole() > 0)), "a group has no line")
    source.fail_unless(bool(np.all(np.diff(source.whole()) >= 0)), "it does not ascend")


def _verify_vectors(generation: Generation) -> None:
    arrays = generation.arrays
    codes, centroids = arrays["vectors.codes"], arrays["cells.centroids"]
    codes.fail_unless(bool(np.all(codes.whole() >= -MAX_CODE)), "a number is out of range")
    finite = bool(np.all(np.isfinite(centroids.whole())))
    centroids.fail_unless(finite, "a number is out of range")
    if len(arrays["cells.starts"]):
        layout.check_ascending(arrays["cells.rows"], arrays["cells.starts"].whole())


def _verify_lengths(generation: Generation, counts: csr_array) -> None:
    lengths = counts.sum(axis=1, dtype=np.int64)
    teasers = generation.arrays["posts.flags"].data & TEASER > 0
    sums = [lengths[~teasers].sum(), teasers.sum(), lengths[teasers].sum()]
    same = sums == generation.facts["lengths"]
    generation.arrays["matrix.counts"].fail_unless(same, "their sums are not those of the manifest")


def _verify_stream(generation: Generation, counts: csr_array) -> None:
    """Check that the terms of the stream are counted as in the matrix, and how often each."""
    arrays, terms = generation.arrays, generation.facts["terms"]
    offsets, tokens = arrays["stream.offsets"].data, arrays["stream.tokens"]
    codes = Codes(terms, len(generation.facts["analyzer"]["stop_words"]))
    rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    separators = np.flatnonzero(tokens.data == codes.separator)
    one_each = np.array_equal(rows[separators], np.arange(len(offsets) - 1))
    tokens.fail_unless(one_each, "a post has no separator or several")
    in_title = np.arange(len(tokens)) < separators[rows]
    weights = np.where(in_title, generation.facts["weighting"]["title_weight"], 1)
    of_terms = tokens.data < terms
    counted = csr_array(
        (weights[of_terms], (rows[of_terms], tokens.data[of_terms])), shape=counts.shape
    )
    tokens.fail_unless((counted != counts).nnz == 0, "its words are not those of the counts")


def _derived(generation: Generation) -> Iterator[tuple[str, Array]]:
    """Each derived array by name, computed anew; arrays it needs are checked before."""
    forms = _strings(generation, "forms.txt").table()
    yield "forms.signatures", signatures(forms)
    yield "forms.order", prefix_order(forms)
    yield "posts.newest", newest(generation.arrays["posts.days"].data)
    titles = _strings(generation, "titles.txt").table()
    yield "titles.order", prefix_order(titles)
    for part, array in zip(("buckets", "rows"), by_hash(titles), strict=True):
        yield f"titles.{part}", array
    arrays, posts = generation.arrays, generation.facts["posts"]
    yield "vectors.scale", scales(arrays["vectors.codes"].data.reshape(-1, DIMENSIONS))
    rows = arrays["cells.rows"].data
    places = np.full(len(rows), -1, np.int32)
    places[rows] = np.arange(len(rows), dtype=np.int32)
    yield "cells.places", places
    counts = csr_array(
        tuple(arrays[f"matrix.{part}"].data for part in ("counts", "indices", "indptr")),
        shape=(posts, generation.facts["terms"]),
    )
    _verify_stream(generation, counts)
    scale, lengths = arrays["matrix.scale"], np.diff(counts.indptr)
    of_terms = scale.data[lengths > 0]
    fits = np.all((of_terms > 0) & (of_terms <= 1)) and not np.any(scale.data[lengths == 0])
    scale.fail_unless(bool(fits), "a number is out of range")
    _verify_lengths(generation, counts)
    by_term = counts.tocsc()
    rows, indptr, bm25 = by_term.indices, by_term.indptr, arrays["postings.bm25"]
    yield "postings.indptr", indptr
    yield "postings.rows", rows
    yield "postings.counts", by_term.data
    frequencies = np.diff(indptr)
    arrays["postings.indptr"].fail_unless(bool(np.all(frequencies > 0)), "a term is in no post")
    fits = np.all((bm25.data > 0) & (bm25.data < np.inf))
    bm25.fail_unless(bool(fits), "a weight is out of range")
    frequent = blocks.frequent_terms(frequencies, posts)
    yield "frequent", frequent
    cosine = by_term.data * scale.data[rows]
    yield "blocks.starts", blocks.group_starts(rows, indptr, frequent, posts)
    yield "blocks.bm25", blocks.block_maxima(rows, bm25.data, indptr, frequent, posts)
    yield "blocks.cosine", blocks.block_maxima(rows, cosine, indptr, frequent, posts)
