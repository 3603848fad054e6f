"""Reader: the interface through which a stored index is read.

Rankers, spelling, topics and `Index` read an index through `Reader` alone. No module outside
`store` and `build` knows the parts of the file. An index stored in another way, such as on a
cluster, would offer the same methods.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from copy import deepcopy
from functools import cached_property
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.weighting import Weighting
from tipsearch.corpus.post import Post
from tipsearch.corpus.synonymfile import SynonymRule
from tipsearch.errors import IndexClosed, IndexCorrupt, SettingError
from tipsearch.store import layout, records
from tipsearch.store.days import Days
from tipsearch.store.storage import FORMAT, Generation, read
from tipsearch.store.streams import Codes
from tipsearch.store.strings import HashedStrings, Strings, bucket, hash_key

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.storage import Array, Checked

    Counts = npt.NDArray[np.float64]


class Forms(NamedTuple):
    """The surface forms: the term of form i is `terms[i]`, and it occurs `frequency[i]` times.

    `terms` and `frequency` are int32; `signatures`, uint64, are those of `store.signatures`.
    `order`, int32, has the places of the forms in order of their bytes.
    """

    strings: HashedStrings
    terms: Checked[Array]
    frequency: Checked[Array]
    signatures: Checked[Array]
    order: Checked[Array]


class PostingLists(NamedTuple):
    """Postings by term: term t is in the posts `rows[indptr[t]:indptr[t + 1]]`, ascending.

    `values[p]` belongs to `rows[p]`. The weight of a posting is its value; where there is a `scale`
    (float64), its value times the scale of its post. `frequent` are the terms that have block
    maxima, and `block_max` these (uint8). `starts` is how many postings of each come before each
    group of blocks: see `store.blocks`.
    """

    indptr: Checked[Array]
    rows: Checked[Array]
    values: Checked[Array]
    frequent: Checked[Array]
    block_max: Checked[Array]
    starts: Checked[Array]
    posts: int
    scale: Checked[Array] | None


class Embeddings(NamedTuple):
    """The embeddings of the posts, in order of cell if there are cells, else of row.

    `codes` are int8; `scale`, float32, is 1 / the length of each vector of codes. `rows` has the
    row at each place, `places` the place of each row, `starts` the first place of each cell and the
    end of the last, `centroids` (float32) the centre of each. The last four are empty where there
    are no cells.
    """

    codes: Checked[Array]
    scale: Checked[Array]
    rows: Checked[Array]
    places: Checked[Array]
    starts: Checked[Array]
    centroids: Checked[Array]


class Pieces(NamedTuple):
    """The word pieces of each form, then of each stop word: `ids[offsets[i]:offsets[i + 1]]`."""

    offsets: Checked[Array]
    ids: Checked[Array]


class Reader:
    """A stored index, read-only. Row i is the i-th post in order of id; rows stay inside tipsearch.

    Each block of the file is checked before its first use. Raises IndexCorrupt where it is not
    what was written, or where the parts do not fit together.
    """

    def __init__(self, generation: Generation) -> None:
        layout.check(generation, generation.folder)
        self.generation = generation
        self._arrays, self._facts = generation.arrays, generation.facts
        self.folder, self.name = generation.folder, generation.name
        self.posts: int = self._facts["posts"]
        try:
            self.analyzer = Analyzer.from_json(self._facts["analyzer"])
            self.weighting = Weighting.from_json(self._facts["weighting"])
            rules = self._facts["synonyms"]
            self.synonyms = [SynonymRule.from_json(rule, self.analyzer) for rule in rules]
        except (SettingError, ValueError) as error:
            raise self.damaged(str(error)) from error
        self._records, self.ids, self.titles, self.terms, self.categories = (
            Strings(*self._table(file)) for file in layout.STRINGS[:-1]
        )
        strings = HashedStrings(*self._table("forms.txt"), self._arrays["forms.buckets"])
        parts = (self._arrays[f"forms.{part}"] for part in Forms._fields[1:])
        self.forms = Forms(strings, *parts)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle an opened index by its folder and generation, one in memory with all its data."""
        if self.name:
            return _reopened, (os.path.abspath(self.folder), self.name)
        parts = self.generation
        return _rebuilt, (dict(parts.facts), parts.arrays, parts.blobs)

    def _table(self, file: str) -> tuple[Any, Checked[Array]]:
        offsets = f"{file.partition('.')[0]}.offsets"
        return self.generation.blobs[file], self._arrays[offsets]

    def damaged(self, reason: str) -> IndexCorrupt:
        """The IndexCorrupt for a manifest with values that this version cannot use."""
        return IndexCorrupt(self.folder, "manifest.json", reason)

    # --- settings

    @property
    def ranking(self) -> Mapping[str, Any]:
        """The settings of the index's own ranking, as JSON types."""
        ranking: Mapping[str, Any] = self._facts["ranking"]
        return ranking

    @property
    def embedding(self) -> Mapping[str, Any] | None:
        """The model of the embeddings: `model`, `sha256`, `dimensions`; None if there are none."""
        embedding: Mapping[str, Any] | None = self._facts["embedding"]
        return embedding

    # --- posts

    def post(self, row: int) -> Post:
        """The post of a row."""
        sources = layout.sources(self.generation, row)
        try:
            return records.post(self.ids[row], self._records[row], sources)
        except ValueError as error:
            self.generation.blobs["posts.jsonl"].fail_unless(False, str(error))
            raise

    def row_of(self, id: str) -> int:
        """The row of the post of an id that the index has."""
        row = self.ids.find(id)
        self.generation.blobs["ids.txt"].fail_unless(row >= 0, "its lines are not in order")
        return row

    def rows_titled(self, folded: str) -> list[int]:
        """The rows of the posts whose folded title this is, ascending."""
        rows, (hashed, data) = self._arrays["titles.rows"], hash_key(folded)
        places = bucket(hashed, self._arrays["titles.buckets"], self.posts)
        found: list[int] = rows[places.start : places.stop].tolist()
        rows.fail_unless(all(0 <= row < self.posts for row in found), "a number is out of range")
        return [row for row in found if self.titles.is_at(row, data)]

    @property
    def title_order(self) -> Checked[Array]:
        """The rows of all posts in order of the bytes of their folded titles: int32."""
        return self._arrays["titles.order"]

    @cached_property
    def days(self) -> Days:
        """The dates of the posts in days from 1970-01-01, or NO_DATE."""
        order = layout.checked_below(self._arrays["posts.newest"], self.posts)
        return Days(self._arrays["posts.days"].whole(), order)

    def rows_between(self, first: int, last: int) -> Array:
        """The rows of the posts dated `first` to `last`, in days from 1970-01-01; ascending."""
        return np.sort(self.days.between(first, last))

    @cached_property
    def category_rows(self) -> tuple[Array, Array]:
        """Pointers and rows: category i has the posts `rows[pointers[i]:pointers[i + 1]]`."""
        pointers, rows = self._arrays["categories.indptr"], self._arrays["categories.rows"]
        layout.check_pointers(pointers, len(rows), True)
        return pointers.whole(), layout.checked_below(rows, self.posts)

    @cached_property
    def stream(self) -> tuple[Array, Array]:
        """Pointers and tokens: post i has `tokens[pointers[i]:pointers[i + 1]]`.

        `store.streams` says what the tokens are.
        """
        pointers, tokens = self._arrays["stream.offsets"], self._arrays["stream.tokens"]
        layout.check_pointers(pointers, len(tokens), True)
        return pointers.whole(), tokens.whole()

    @property
    def codes(self) -> Codes:
        """The numbers of the stream that are no terms."""
        return Codes(len(self.terms), len(self.analyzer.stop_words))

    @cached_property
    def is_teaser(self) -> npt.NDArray[np.bool_]:
        """Whether each post is a teaser: bool."""
        return self._arrays["posts.flags"].whole() & records.TEASER > 0

    def teasers(self, rows: Array) -> npt.NDArray[np.bool_]:
        """Whether the post of each of some rows is a teaser: bool."""
        return self._arrays["posts.flags"].take(rows) & records.TEASER > 0

    # --- terms of posts

    @cached_property
    def vocabulary(self) -> list[str]:
        """All terms in order of code point; term t is `vocabulary[t]`."""
        terms = list(self.terms)
        self.generation.blobs["terms.txt"].fail_unless(
            all(map(lt, terms, terms[1:])), "its lines are not in order"
        )
        return terms

    @property
    def lengths(self) -> tuple[int, int, int]:
        """The sum of counts of full posts, the number of teasers, the sum of counts of these."""
        full, teasers, of_teasers = self._facts["lengths"]
        return full, teasers, of_teasers

    def row(self, row: int) -> tuple[Array, Counts]:
        """The terms of the post of a row, ascending, and the count of each (float64)."""
        indices, counts = self._arrays["matrix.indices"], self._arrays["matrix.counts"]
        start, end = layout.item_range(self._arrays["matrix.indptr"], row, len(indices))
        terms, of_terms = indices[start:end], counts[start:end]
        inside = not len(terms) or (terms[0] >= 0 and terms[-1] < len(self.terms))
        indices.fail_unless(
            inside and bool((terms[1:] > terms[:-1]).all()), "a number is out of range"
        )
        counts.fail_unless(bool((of_terms > 0).all()), "a number is out of range")
        return terms, of_terms.astype(np.float64)

    def terms_of(self, rows: Array) -> Array:
        """The terms of the posts of some rows, one post after the other."""
        indptr, indices = self._arrays["matrix.indptr"], self._arrays["matrix.indices"]
        starts, ends = (indptr.take(rows + at).astype(np.int64) for at in (0, 1))
        lengths = ends - starts
        inside = not len(rows) or (
            starts.min() >= 0 and ends.max() <= len(indices) and lengths.min() >= 0
        )
        indptr.fail_unless(bool(inside), "a pointer is out of range")
        firsts = np.cumsum(lengths) - lengths
        terms = indices.take(np.repeat(starts - firsts, lengths) + np.arange(lengths.sum()))
        inside = not len(terms) or (terms.min() >= 0 and terms.max() < len(self.terms))
        indices.fail_unless(bool(inside), "a number is out of range")
        return terms

    def row_scale(self, row: int) -> Array:
        """1 / the length of a post's TF-IDF row: float64, shape (1,); 0 if it has no term."""
        indptr, scales = self._arrays["matrix.indptr"], self._arrays["matrix.scale"]
        start, end = layout.item_range(indptr, row, len(self._arrays["matrix.indices"]))
        scale = scales[row : row + 1]
        fits = 0 < float(scale[0]) <= 1 if end > start else scale[0] == 0  # NaN fails too
        scales.fail_unless(bool(fits), "a number is out of range")
        return scale

    def terms_per_post(self) -> list[int]:
        """The number of different terms of each post."""
        indptr = self._arrays["matrix.indptr"]
        layout.check_pointers(indptr, len(self._arrays["matrix.indices"]))
        counts: list[int] = (indptr.data[1:] - indptr.data[:-1]).tolist()
        return counts

    @property
    def mean_terms(self) -> float:
        """The mean number of different terms of a post; 0.0 without a post."""
        return len(self._arrays["matrix.indices"]) / self.posts if self.posts else 0.0

    def counts(self) -> Any:
        """The count of each term in each post: scipy CSR, shape (posts, terms).

        A word of the title counts `title_weight` times.
        """
        from scipy.sparse import csr_matrix

        arrays = self._arrays
        layout.check_pointers(arrays["matrix.indptr"], len(arrays["matrix.indices"]))
        indices = layout.checked_below(arrays["matrix.indices"], len(self.terms))
        parts = (arrays["matrix.counts"].whole(), indices, arrays["matrix.indptr"].whole())
        return csr_matrix(parts, shape=(self.posts, len(self.terms)), copy=False)

    def document_frequencies(self, terms: Array | None = None) -> Array:
        """The document frequency of each of some `terms`, or of all terms."""
        if terms is None:
            return layout.frequencies(self.generation)
        indptr = self._arrays["postings.indptr"]
        frequencies = indptr.take(terms + np.int64(1)) - indptr.take(terms.astype(np.int64))
        inside = bool(np.all((frequencies > 0) & (frequencies <= self.posts)))
        indptr.fail_unless(inside, "a pointer is out of range")
        return frequencies

    def postings(self, weights: Literal["bm25", "tfidf"]) -> PostingLists:
        """The postings of all terms: with BM25 weights, or for TF-IDF with counts and a scale."""
        arrays = self._arrays
        by_bm25 = weights == "bm25"
        return PostingLists(
            arrays["postings.indptr"], arrays["postings.rows"],
            arrays["postings.bm25" if by_bm25 else "postings.counts"], arrays["frequent"],
            arrays["blocks.bm25" if by_bm25 else "blocks.cosine"], arrays["blocks.starts"],
            self.posts, None if by_bm25 else arrays["matrix.scale"],
        )  # fmt: skip

    # --- embeddings

    @property
    def embeddings(self) -> Embeddings:
        """The embeddings of the posts; empty where `embedding` is None."""
        parts = ("vectors.codes", "vectors.scale", *(f"cells.{part}" for part in layout.CELL_PARTS))
        return Embeddings(*(self._arrays[part] for part in parts))

    @property
    def pieces(self) -> Pieces:
        """The word pieces of the forms; empty where `embedding` is None."""
        return Pieces(self._arrays["pieces.offsets"], self._arrays["pieces.ids"])

    # --- as a whole

    def verify(self) -> None:
        """Check every byte, and that the parts fit together. Raises IndexCorrupt."""
        from tipsearch.store.verify import verify

        verify(self.generation)

    def info(self) -> dict[str, Any]:
        """Counts, settings, the sources and their SHA-256, size and format, as JSON types."""
        blobs, arrays = self.generation.blobs, self._arrays
        size = sum(map(len, blobs.values())) + sum(part.data.nbytes for part in arrays.values())
        return {
            **{name: deepcopy(self._facts[name]) for name in layout.FACTS},
            "bytes": size,
            "format": FORMAT,
            "generation": self.name or None,
        }

    def files(self) -> dict[str, int]:
        """The size in bytes of each file of the index; empty if it was not read from a folder."""
        return dict(sorted(self.generation.sizes.items()))


def _reopened(folder: str, name: str) -> Reader:
    """Unpickle by folder and generation. Raises IndexClosed where that is not the live one."""
    generation = read(Path(folder))
    if generation.name != name:
        raise IndexClosed(folder, "is another one than was pickled")
    return Reader(generation)


def _rebuilt(facts: Mapping[str, Any], arrays: Any, blobs: Any) -> Reader:
    """Unpickle an index that was pickled with all its data."""
    return Reader(Generation(facts, arrays, blobs))
