"""What does an opened index hold? Its settings, vocabulary and posts, as they were published."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from operator import lt
from typing import TYPE_CHECKING, Any

from tipsearch import layout, records, storage
from tipsearch import weighting as weights
from tipsearch.errors import AmbiguousTitle, IndexCorrupt, PostNotFound, SettingError
from tipsearch.lexicon import HashedStrings, Strings
from tipsearch.model import Post
from tipsearch.ranking import Ranking
from tipsearch.text import Analyzer
from tipsearch.vocabulary import Vocabulary
from tipsearch.weighting import Weighting

if TYPE_CHECKING:
    from tipsearch.storage import Array, Blob, Checked, Generation

LISTED = 10


class Snapshot:
    """The content of one generation, read-only; `Index` is one that also answers.

    Row i is the i-th post in order of id. Raises IndexCorrupt where the parts do not fit together;
    `folder` is named there.
    """

    def __init__(self, generation: Generation, folder: str = "") -> None:
        layout.check(generation, folder)
        self._generation = generation
        self._rows: int = generation.facts["posts"]
        try:
            self.analyzer = Analyzer.from_json(generation.facts["analyzer"])
            self.weighting = Weighting.from_json(generation.facts["weighting"])
            self.ranking = Ranking.from_json(generation.facts["ranking"])
        except SettingError as error:
            raise IndexCorrupt(folder, "manifest.json", str(error)) from error
        self._records, self._ids, self._titles, self._terms = (
            Strings(*self._table(file)) for file in layout.STRINGS[:-1]
        )
        forms = HashedStrings(*self._table("forms.txt"), generation.arrays["forms.buckets"])
        of_forms = generation.arrays["forms.terms"]
        self._vocabulary = Vocabulary(self.analyzer, self._terms, forms, of_forms)

    def _table(self, file: str) -> tuple[Checked[Blob], Checked[Array]]:
        offsets = f"{file.partition('.')[0]}.offsets"
        return self._generation.blobs[file], self._generation.arrays[offsets]

    # --- its posts

    def __len__(self) -> int:
        return self._rows

    def __iter__(self) -> Iterator[Post]:
        return (self._post(row) for row in range(self._rows))

    def post(self, title_or_id: str) -> Post:
        """The post of an id or a title: exact, or without case, quotes and dashes, or a part.

        Raises AmbiguousTitle where several fit, and PostNotFound with the nearest titles.
        """
        return self._post(self._row(title_or_id))

    # --- for notebooks

    @cached_property
    def terms(self) -> list[str]:
        """The fitted vocabulary, sorted; `terms[j]` is column j of `matrix`."""
        terms = list(self._terms)
        self._generation.blobs["terms.txt"].require(
            all(map(lt, terms, terms[1:])), "its lines are not in order"
        )
        return terms

    @cached_property
    def matrix(self) -> Any:
        """The TF-IDF rows: scipy CSR matrix, float64, shape (posts, terms), rows of length 1.

        Row i is the i-th post of iteration. The index keeps it: copy before writing.
        """
        from scipy.sparse import csr_matrix

        arrays = self._generation.arrays
        layout.pointers(arrays["matrix.indptr"], len(arrays["matrix.indices"]))
        indices = layout.inside(arrays["matrix.indices"], len(self._terms))
        parts = (arrays["matrix.counts"].whole(), indices, arrays["matrix.indptr"].whole())
        counts = csr_matrix(parts, shape=(self._rows, len(self._terms)), copy=False)
        rows = weights.tfidf(counts, self._idf())
        rows.data.flags.writeable = False  # it is kept, and given to whoever asks
        return rows

    def vectorizer(self) -> Any:
        """The fitted scikit-learn TfidfVectorizer: `transform` puts new texts among the rows."""
        return weights.vectorizer(self.terms, self._idf(), self.analyzer.analyze)

    def info(self) -> dict[str, Any]:
        """What the index is, as JSON types: counts, settings and the sources' SHA-256."""
        blobs, arrays = self._generation.blobs, self._generation.arrays
        size = sum(map(len, blobs.values())) + sum(part.data.nbytes for part in arrays.values())
        return {
            **{name: self._generation.facts[name] for name in layout.FACTS},
            "bytes": size,
            "format": storage.FORMAT,
            "generation": self._generation.name or None,
        }

    def files(self) -> dict[str, int]:
        """The files that the index was opened from and their bytes; empty if it was only built."""
        return dict(sorted(self._generation.sizes.items()))

    # --- rows stay inside

    def _idf(self) -> Array:
        return weights.idf(layout.frequencies(self._generation), self._rows)

    def _post(self, row: int) -> Post:
        sources = layout.sources(self._generation, row)
        try:
            return records.post(self._ids[row], self._records[row], sources)
        except ValueError as error:
            self._generation.blobs["posts.jsonl"].require(False, str(error))
            raise

    def _load(self, id: str) -> Post:
        row = self._ids.find(id)
        self._generation.blobs["ids.txt"].require(row >= 0, "its lines are not in order")
        return self._post(row)

    def _row(self, title_or_id: str) -> int:
        from tipsearch import lookup

        rows = lookup.candidates(
            title_or_id, self._ids, self._titles, lambda row: self._post(row).title
        )
        if len(rows) == 1:
            return rows[0]
        if rows:
            listed = [self._post(row) for row in rows[:LISTED]]
            raise AmbiguousTitle(title_or_id, listed, len(rows))
        nearest = lookup.nearest(title_or_id, self._titles)
        raise PostNotFound(title_or_id, [self._post(row) for row in nearest])
