"""PreviousIndex: what a build takes over from an index that was built before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import MAX_PIECES, Embedded, PreviousEmbedding
from tipsearch.build.categories import Categories
from tipsearch.build.groups import DIGEST, Groups
from tipsearch.build.merge import Base
from tipsearch.build.sightings import Sightings
from tipsearch.store import layout, records
from tipsearch.store.strings import HashedStrings, Strings

if TYPE_CHECKING:
    from tipsearch.build.columns import Columns
    from tipsearch.store.storage import Array, Generation


FEW = 2_000  # ids: to look up more costs more than to decode all ids of the table


class PreviousIndex:
    """A previous index, every byte of it checked. Raises IndexCorrupt where it is damaged."""

    def __init__(self, generation: Generation) -> None:
        layout.verify(generation)
        self.generation, self.facts = generation, generation.facts
        self._arrays = {name: part.data for name, part in generation.arrays.items()}
        parts = {name.partition(".")[0]: blob for name, blob in generation.blobs.items()}
        tables = {n: (blob, generation.arrays[f"{n}.offsets"]) for n, blob in parts.items()}
        self.ids, self.records, self._titles, self._terms, self._categories = (
            Strings(*tables[name]) for name in ("ids", "posts", "titles", "terms", "categories")
        )
        self._lines = generation.blobs["posts.jsonl"]
        self._forms = HashedStrings(*tables["forms"], generation.arrays["forms.buckets"])
        self.flags, self.days = self._arrays["posts.flags"], self._arrays["posts.days"]
        a = self._arrays
        self.sightings = Sightings(
            self.facts["paths"], np.diff(a["sources.offsets"]), a["sources.path"],
            a["sources.first"], a["sources.lines"],
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.ids)

    def base(self, rows: Array) -> Base:
        """The base of a build that keeps these rows (ascending)."""
        a = self._arrays
        counts = csr_array(
            (a["matrix.counts"], a["matrix.indices"], a["matrix.indptr"]),
            shape=(len(self), len(self._terms)),
        )
        return Base(
            self.ids, self.records.table(), self._titles.table(), self.flags, self.days,
            self._terms, self._forms, a["forms.terms"], a["forms.frequency"], counts,
            (a["stream.offsets"], a["stream.tokens"]),
            Categories([*self._categories], a["categories.indptr"], a["categories.rows"]), rows,
        )  # fmt: skip

    @property
    def known(self) -> PreviousEmbedding | None:
        """The vectors of the posts, by row, and the pieces of the words; None without embedding."""
        a = self._arrays
        if self.facts["embedding"] is None:
            return None
        vectors = Embedded(a["vectors.codes"].reshape(-1, DIMENSIONS), a["vectors.scale"])
        if len(places := a["cells.places"]):
            vectors = Embedded(vectors.codes[places], vectors.scale[places])
        ids, offsets = a["pieces.ids"], a["pieces.offsets"]
        of_words = csr_array(
            (np.ones(len(ids)), ids, offsets), shape=(len(offsets) - 1, MAX_PIECES)
        )
        return PreviousEmbedding(vectors, of_words)

    def rows_of(self, ids: Sequence[str]) -> Array:
        """The row of each id, -1 where there is none."""
        if len(ids) < FEW:
            return np.array([self.ids.find(id) for id in ids], np.int64)
        known = self._ids
        rows = np.array([bisect_left(known, id) for id in ids], np.int64)
        exists = [row < len(known) and known[row] == id for row, id in zip(rows, ids, strict=True)]
        return np.where(exists, rows, -1)

    def any_in(self, rows: Array, ids: Sequence[str]) -> bool:
        """Whether one of these rows has one of these ids."""
        return bool(len(rows)) and bool(np.isin(self.rows_of(ids), rows).any())

    def same_posts(self, rows: Array, new: Columns) -> Array:
        """Whether the record of each new post is that of its row (-1: it has none): bool."""
        same = np.zeros(len(rows), bool)
        for i in np.flatnonzero(rows >= 0).tolist():
            same[i] = self.records.same(int(rows[i]), new.records, i)
        return same

    @cached_property
    def _ids(self) -> list[str]:
        return list(self.ids)

    def texts(self, rows: Sequence[int]) -> list[str]:
        """The title and then the text of the post of each row, in one list."""
        try:
            posts = [records.post("", self.records[row]) for row in rows]
        except ValueError as error:
            self._lines.fail_unless(False, str(error))
            raise
        return [text for post in posts for text in (post.title, post.text)]

    def groups(self) -> dict[str, Groups]:
        """The groups of lines of each source that has any, without true `ends`: none are stored."""
        a, by_name = self._arrays, {}
        for number, (name, _) in enumerate(self.facts["sources"]):
            chosen = np.flatnonzero(a["groups.source"] == number)
            if len(chosen):
                digests = a["groups.digest"].reshape(-1, DIGEST)[chosen]
                by_name[name] = Groups(
                    chosen, a["groups.lines"][chosen], [d.tobytes() for d in digests]
                )
        return by_name

    def rows_of_groups(self) -> dict[bytes, Any]:
        """The rows of the lines of each group by its digest, if each of its lines is one post."""
        single = np.flatnonzero(self.sightings.sizes == 1)
        seen = self.sightings.take(single)
        rows: dict[bytes, Any] = {}
        for name, known in self.groups().items():
            if name not in self.facts["paths"]:
                continue
            here = seen.path == self.facts["paths"].index(name)
            lines, at = np.unique(seen.first[here], return_index=True)
            ends = np.cumsum(known.lines) + 1  # the first line is 1
            firsts = np.searchsorted(lines, ends - known.lines).tolist()
            lasts = np.searchsorted(lines, ends).tolist()
            posts, counts = single[here][at], known.lines.tolist()
            places = zip(known.digests, firsts, lasts, counts, strict=True)
            for digest, first, last, count in places:
                if last - first == count:
                    rows[digest] = posts[first:last]
        return rows
