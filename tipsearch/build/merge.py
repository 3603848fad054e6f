"""Merge: posts kept from a previous index and new posts become the parts of one index.

What does not change is copied. What depends on the whole corpus, such as all weights, is computed
anew. So the outcome is that of a build from nothing, to the byte.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise
from operator import eq
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csr_array, vstack

from tipsearch.analysis import weighting
from tipsearch.build import categories, streams, weights
from tipsearch.build.categories import NO_CATEGORIES, Categories
from tipsearch.errors import DuplicateIdError
from tipsearch.store import blocks
from tipsearch.store.days import newest
from tipsearch.store.records import TEASER
from tipsearch.store.signatures import signatures
from tipsearch.store.storage import Checked
from tipsearch.store.streams import Codes
from tipsearch.store.strings import (
    HashedStrings,
    Strings,
    Table,
    by_hash,
    encode,
    gather,
    pointers,
    prefix_order,
    smallest,
)

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.analysis.weighting import Weighting
    from tipsearch.build.columns import Columns
    from tipsearch.build.counting import Tokens, Words
    from tipsearch.build.sightings import Sightings
    from tipsearch.store.storage import Array


class Base(NamedTuple):
    """The columns and terms of a previous index, and the `rows` of it that are kept (ascending)."""

    ids: Strings
    records: Table
    titles: Table
    flags: Array
    days: Array
    terms: Strings
    forms: HashedStrings
    form_terms: Array
    form_frequency: Array
    counts: Any
    stream: tuple[Array, Array]
    categories: Categories
    rows: Array


class Merged(NamedTuple):
    """A table of old and new strings, and the place in it of each.

    `old` has the place of each old string (-1: not kept), `new` that of each new one.
    """

    table: Table
    old: Array
    new: Array


class Built(NamedTuple):
    """The facts, arrays and tables of an index, without those of embeddings and sources.

    Row i is row `kept[i]` of the base; numbers beyond its rows are new posts. `forms` has the
    places of the forms of the base and of the new forms.
    """

    facts: dict[str, Any]
    arrays: dict[str, Array]
    tables: dict[str, Table]
    kept: Array
    forms: Merged


def empty_base() -> Base:
    """The base of a build that keeps no post."""
    empty, none = encode([]), np.zeros(0, np.int32)
    strings = Strings(Checked(empty.blob), Checked(empty.offsets))
    forms = HashedStrings(Checked(empty.blob), Checked(empty.offsets), Checked(by_hash(empty)[0]))
    counts = csr_array((0, 0), dtype=np.int32)
    stream = np.zeros(1, np.int32), none
    return Base(
        strings, empty, empty, none.astype(np.uint8), none, strings, forms, none, none, counts,
        stream, NO_CATEGORIES, none,
    )  # fmt: skip


def build(
    base: Base,
    dropped: Tokens,
    new: Columns,
    tokens: Tokens,
    seen: Sightings,
    analyzer: Analyzer,
    settings: Weighting,
) -> Built:
    """The facts, arrays and tables of an index of the kept posts of `base` and the `new` ones.

    `tokens` are those of the new posts, `dropped` those of the posts of the previous index that are
    not kept. `seen` has the sightings of the kept rows, then of the new posts. Raises
    DuplicateIdError.
    """
    ids = _merge(base.ids, _mask(len(base.ids), base.rows), new.ids)
    of_rows = np.append(ids.old[base.rows], ids.new)
    order = np.argsort(of_rows)
    kept = np.append(base.rows, len(base.ids) + np.arange(len(new.ids)))[order]

    counted = _counts(base, dropped, tokens, settings)
    counts = counted.counts[order]
    of_categories = categories.merge(base.categories, len(base.ids), new.categories, kept)
    tables = {
        "posts": gather([base.records, new.records], kept),
        "ids": ids.table,
        "titles": gather([base.titles, new.titles], kept),
        "terms": counted.terms.table,
        "forms": counted.forms.table,
        "categories": encode(of_categories.names),
    }
    places = seen.take(order).tidy()
    flags = np.append(base.flags, new.flags)[kept]
    days = np.append(base.days, new.days)[kept]
    lengths = np.asarray(counts.sum(axis=1), np.int64).ravel()
    teasers = flags & TEASER > 0
    kind_lengths = [int(lengths[~teasers].sum()), int(teasers.sum()), int(lengths[teasers].sum())]
    relative = weighting.relative_lengths(lengths, teasers, kind_lengths, len(lengths))
    arrays = {
        "posts.flags": flags,
        "posts.days": days,
        "posts.newest": newest(days),
        "categories.indptr": of_categories.indptr,
        "categories.rows": of_categories.rows,
        "sources.offsets": pointers(places.sizes),
        "sources.path": smallest(places.path),
        "sources.first": places.first.astype(np.int32),
        "sources.lines": smallest(places.more),
        **_of_titles(tables["titles"]),
        **_of_forms(counted),
        **_stream(base, tokens, counted, order, analyzer),
        **_weights(counts, relative, settings),
        **{f"{name}.offsets": table.offsets for name, table in tables.items()},
    }
    facts = {
        "posts": counts.shape[0],
        "terms": counts.shape[1],
        "forms": len(counted.form_terms),
        "categories": len(of_categories.names),
        "lengths": kind_lengths,
        "paths": list(places.names),
        "analyzer": analyzer.to_json(),
        "weighting": settings.to_json(),
    }
    return Built(facts, arrays, tables, kept, counted.forms)


def _of_titles(titles: Table) -> dict[str, Array]:
    """The arrays that find titles: by hash, and by prefix."""
    buckets, rows = by_hash(titles)
    return {"titles.buckets": buckets, "titles.rows": rows, "titles.order": prefix_order(titles)}


def _of_forms(counted: _Counted) -> dict[str, Array]:
    """The arrays of the forms: their terms and frequencies, and those that find them."""
    forms = counted.forms.table
    return {
        "forms.buckets": by_hash(forms)[0],
        "forms.order": prefix_order(forms),
        "forms.terms": counted.form_terms,
        "forms.frequency": counted.form_frequency,
        "forms.signatures": signatures(forms),
    }


def _mask(length: int, places: Array) -> Array:
    mask = np.zeros(length, bool)
    mask[places] = True
    return mask


def _merge(old: Strings, kept: Array, new: Sequence[str], *, hashed: bool = False) -> Merged:
    """Merge `new` strings, in any order, with those of `old` that are `kept` (a mask).

    The result is sorted by code point, or if `hashed` as HashedStrings are. Raises
    DuplicateIdError where a string comes twice.
    """
    by_key = sorted(range(len(new)), key=new.__getitem__)
    if hashed:
        hashes = np.array([zlib.crc32(new[i].encode()) for i in by_key], np.int64)
        by_key = np.array(by_key, np.int64)[np.argsort(hashes, kind="stable")].tolist()
    ordered = [new[i] for i in by_key]
    if any(map(eq, ordered, ordered[1:])):
        raise DuplicateIdError(next(a for a, b in pairwise(ordered) if a == b))
    places = np.zeros(len(new), np.int64)
    if len(old):
        places[:] = [old.place(string) for string in ordered]
        for string, place in zip(ordered, places.tolist(), strict=True):
            if place < len(old) and kept[place] and old[place] == string:
                raise DuplicateIdError(string)
    staying = np.flatnonzero(kept)
    order = np.insert(
        staying, np.searchsorted(staying, places), len(old) + np.arange(len(new), dtype=np.int64)
    )
    table = gather([old.table(), encode(ordered)], order)
    at = np.full(len(old) + len(new), -1, np.int32)
    at[order] = np.arange(len(order), dtype=np.int32)
    of_new = np.empty(len(new), np.int32)
    of_new[by_key] = at[len(old) :]
    return Merged(table, at[: len(old)], of_new)


class _Counted(NamedTuple):
    """The counts of posts, the terms and the forms of an index.

    `form_terms` and `form_frequency` (int32) have the term and the frequency of each form,
    `new_form_terms` the term of each form of the new posts.
    """

    counts: Any
    terms: Merged
    forms: Merged
    form_terms: Array
    form_frequency: Array
    new_form_terms: Array


def _stream(
    base: Base, new: Tokens, counted: _Counted, order: Array, analyzer: Analyzer
) -> dict[str, Array]:
    """The arrays of the streams of the kept and the new posts, in an order."""
    stop_words = len(analyzer.stop_words)
    before, now = Codes(len(base.terms), stop_words), Codes(counted.counts.shape[1], stop_words)
    kept = streams.of_kept_posts(*base.stream, base.rows, counted.terms.old, before, now)
    added = streams.of_new_posts(new.stream, counted.new_form_terms, now)
    offsets, stream = streams.in_order([kept, added], order)
    return {"stream.offsets": offsets, "stream.tokens": stream}


def _counts(base: Base, dropped: Tokens, new: Tokens, settings: Weighting) -> _Counted:
    """The counts (CSR) of the kept and then the new posts, and the terms and forms.

    A title word counts `title_weight` times.
    """
    known = np.array(_places_in(base.forms, new.words.forms), np.int64)
    frequency = base.form_frequency.astype(np.int64)
    dropped_forms = np.array(_places_in(base.forms, dropped.words.forms), np.int64)
    dropped_frequency = np.bincount(dropped.words.places, minlength=len(dropped_forms))
    np.subtract.at(frequency, dropped_forms, dropped_frequency)
    added_frequency = np.bincount(new.words.places, minlength=len(known))
    np.add.at(frequency, known[known >= 0], added_frequency[known >= 0])
    fresh = np.flatnonzero((known < 0) & (added_frequency > 0))
    forms = _merge(
        base.forms, frequency > 0, [new.words.forms[i] for i in fresh.tolist()], hashed=True
    )

    staying = base.counts[base.rows] if len(base.rows) < base.counts.shape[0] else base.counts
    stems = [new.stems[i] for i in fresh.tolist()]
    unseen = sorted(set(stems))
    in_base = np.array(_places_in(base.terms, unseen), np.int64)
    added = [stem for stem, place in zip(unseen, in_base.tolist(), strict=True) if place < 0]
    in_base[in_base < 0] = len(base.terms) + np.arange(len(added))
    number = dict(zip(unseen, in_base.tolist(), strict=True))
    term_of_new = np.full(len(known), -1, np.int64)  # -1: a form that no kept post has
    term_of_new[known >= 0] = base.form_terms[known[known >= 0]]
    term_of_new[fresh] = list(map(number.__getitem__, stems))
    in_use = np.bincount(staying.indices, minlength=len(base.terms)) > 0
    used = term_of_new[added_frequency > 0]
    in_use[used[used < len(base.terms)]] = True
    terms = _merge(base.terms, in_use, added)
    final = np.concatenate([terms.old, terms.new, np.array([-1], np.int32)])  # -1 stays -1

    width = len(terms.table.offsets) - 1
    rows = [
        csr_array((staying.data, terms.old[staying.indices], staying.indptr),
                  shape=(staying.shape[0], width)),
        _new_counts(new.words, final[term_of_new], width, settings),
    ]  # fmt: skip
    form_terms = np.empty(len(forms.table.offsets) - 1, np.int32)
    form_terms[forms.old[frequency > 0]] = final[base.form_terms[frequency > 0]]
    form_terms[forms.new] = final[term_of_new[fresh]]
    frequencies = np.empty(len(form_terms), np.int32)
    frequencies[forms.old[frequency > 0]] = frequency[frequency > 0]
    frequencies[forms.new] = added_frequency[fresh]
    counts = vstack(rows, format="csr") if staying.shape[0] else rows[1]
    return _Counted(counts, terms, forms, form_terms, frequencies, final[term_of_new])


def _places_in(table: Strings, strings: Sequence[str]) -> list[int]:
    return [table.find(string) for string in strings] if len(table) else [-1] * len(strings)


def _new_counts(words: Words, terms: Array, width: int, settings: Weighting) -> Any:
    """The counts (CSR) of new posts; text 2i is the title of post i. `terms`: of each form."""
    of_posts = words.lengths.reshape(-1, 2)
    weights = np.tile(np.array([settings.title_weight, 1], np.int32), len(of_posts))
    counts = csr_array(
        (np.repeat(weights, words.lengths), terms[words.places], pointers(of_posts.sum(axis=1))),
        shape=(len(of_posts), width),
    )
    counts.sum_duplicates()
    return counts


def _weights(counts: Any, lengths: Array, settings: Weighting) -> dict[str, Array]:
    """The arrays of counts by post and by term, of weights and of block maxima."""
    posts = counts.shape[0]
    frequencies = np.bincount(counts.indices, minlength=counts.shape[1])
    idf = weighting.tfidf_idf(frequencies, posts)
    scale = weights.scale(counts, idf)
    counts.data = smallest(counts.data)
    by_term = counts.tocsc()  # rows ascend within each term
    rows, indptr = by_term.indices, by_term.indptr
    frequent = blocks.frequent_terms(frequencies, posts)

    bm25 = weights.bm25(rows, by_term.data, frequencies, lengths, settings)
    cosine = _Scaled(by_term.data, scale, rows)
    dtype = counts.indptr.dtype  # the indices need the same, or scipy copies them
    return {
        "matrix.indptr": counts.indptr,
        "matrix.indices": counts.indices.astype(dtype, copy=False),
        "matrix.counts": counts.data,
        "matrix.scale": scale,
        "postings.indptr": pointers(frequencies),
        "postings.rows": rows.astype(np.int32, copy=False),
        "postings.counts": by_term.data,
        "postings.bm25": bm25,
        "frequent": frequent,
        "blocks.starts": blocks.group_starts(rows, indptr, frequent, posts),
        "blocks.bm25": blocks.block_maxima(rows, bm25, indptr, frequent, posts),
        "blocks.cosine": blocks.block_maxima(rows, cosine, indptr, frequent, posts),
    }


class _Scaled:
    """counts * scale of the row, computed for each slice that is taken, to save memory."""

    def __init__(self, counts: Array, scale: Array, rows: Array) -> None:
        self._counts, self._scale, self._rows = counts, scale, rows

    def __getitem__(self, items: slice) -> Array:
        weights: Array = self._counts[items] * self._scale[self._rows[items]]
        return weights
