"""What does an opened index hold? Its settings, vocabulary and posts, as they were published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from functools import cached_property
from operator import lt
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.build import weights
from tipsearch.build.weights import Weighting
from tipsearch.corpus.post import Hit, Post
from tipsearch.errors import AmbiguousTitle, IndexCorrupt, PostNotFound, SettingError
from tipsearch.query.vocabulary import Vocabulary
from tipsearch.ranking.settings import Ranking
from tipsearch.store import layout, records, storage
from tipsearch.store.strings import HashedStrings, Strings

if TYPE_CHECKING:
    from tipsearch.explore.overview import Overview
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.store.storage import Array, Blob, Checked, Generation
    from tipsearch.views.charts import Picture

    Subset = Iterable[Hit | Post | str | bool] | Callable[[Post], object]

LISTED = 10
SUBSETS = "hits, posts or ids in a list, a table with ids, a mask, or a function of a post"
COMPARED = 5_000  # posts: their similarities take 200 MB


class Snapshot:
    """The content of one generation, read-only; `Index` is one that also answers.

    Row i is the i-th post in order of id. Raises IndexCorrupt where the parts do not fit together.
    """

    def __init__(self, generation: Generation) -> None:
        folder = generation.folder
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

    def __contains__(self, item: object) -> bool:
        """Whether there is a post of this id, or this very post."""
        if isinstance(item, Post):
            row = self._ids.find(item.id)
            return row >= 0 and self._post(row) == item
        return isinstance(item, str) and self._ids.find(item) >= 0

    def __getitem__(self, id: str) -> Post:
        """The post of this id. Raises PostNotFound, which is a LookupError."""
        if not isinstance(id, str):
            raise SettingError("an id", id, "a text: row numbers stay inside the index")
        if (row := self._ids.find(id)) < 0:
            raise PostNotFound(id, ())
        return self._post(row)

    def post(self, title_or_id: str) -> Post:
        """The post of an id, a title or a date, as people type them.

        A title may be without case, quotes and dashes, or be a part of one; a date is 2014-02-04 or
        2014-02. Raises AmbiguousTitle where several fit, PostNotFound with the nearest titles.
        """
        return self._post(self._row(title_or_id))

    # --- what they are about

    def topics(
        self, n: int | Literal["auto"] = "auto", *, older: Topics | Mapping[str, int] | None = None
    ) -> Topics:
        """The topics of the posts, each with a name, and how much of each topic is in each post.

        `n` is how many, or fewer where one would be the main topic of no post. "auto" tries some
        numbers, of which it takes the one whose topics' words are best, or as many as `older` has:
        see `choice.choose_number`. `older` are topics found before, or the number of the topic of
        each post by id: the new ones go on from them, and keep their numbers.

        They are non-negative factors of the TF-IDF rows beside the embeddings, if the index has
        any. The same posts and `older` give the same topics, to the bit, on one machine; threads
        that ask at once are served in turn. Raises SettingError, and CorpusError where no post has
        a word.
        """
        from tipsearch.explore.topics.corpus import corpus_of
        from tipsearch.explore.topics.finding import find

        parts = self._generation, self._counts(), self.matrix, self._ids, self.terms
        return find(corpus_of(*parts, self.analyzer, self._post), n, older)

    def picture(self, of: Overview) -> Picture:
        """How many posts there are by "years", by "categories" or by "lengths".

        Raises SettingError, ExtraMissing, and CorpusError where no post has what is asked for.
        """
        from tipsearch.explore import overview

        return overview.picture(of, [*self], self.analyzer)

    # --- as tables

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each post in order of id, as a pandas DataFrame or as a pyarrow Table.

        `id`, `title`, `date` (datetime64, NaT for none; in Arrow date32), `year` (Int64), `kind`,
        `categories` (lists), `words` (of title and text, stop words among them), `terms` (how many
        different ones these are, without the stop words), `url`, `text`, and `sources`
        ("path:first-last; ..."). Row i is row i of `matrix`, so `id` is a column and no index.
        Raises ExtraMissing.
        """
        from tipsearch.views import tables

        tables.library(arrow=arrow)
        indptr = self._generation.arrays["matrix.indptr"]
        layout.pointers(indptr, len(self._generation.arrays["matrix.indices"]))
        counts = (indptr.data[1:] - indptr.data[:-1]).tolist()
        return tables.of_posts(self, self.analyzer, counts).given(arrow)

    def significant_terms(self, subset: Subset, *, limit: int = 20, arrow: bool = False) -> Any:
        """The terms that tell some posts from the rest, the strongest first.

        `subset` is hits, posts, or titles and ids, each post once; a function of a post; a table
        with a column `id`; or a mask: True or False for each post, in order of id:

            index.significant_terms(lambda post: post.date and post.date.year == 2014)
            index.significant_terms(index.query("angry customer"))
            frame = index.to_frame()
            index.significant_terms(frame[frame.words > 300])
            index.significant_terms(frame.year == 2014)

        Columns: `word`, the term's most frequent surface form; `term`, as in `terms`; `count` and
        `posts`, how often the subset has it and in how many posts; `count_all` and `posts_all`,
        the same of all posts; `log_odds`, how much more it is said in the subset, and `z`, that
        over its standard deviation, in order of which they are: `significance.log_odds` has the
        formula. A title's word counts once. Only terms of z above 0 are given; from 1.96 on chance
        is an unlikely cause. Raises SettingError for a subset of no post or of all, PostNotFound,
        AmbiguousTitle and ExtraMissing.
        """
        from tipsearch.explore import significance
        from tipsearch.views import tables

        tables.library(arrow=arrow)
        check_limit(limit)
        posts = [self._post(row) for row in self._several(subset)]
        if len(posts) == self._rows:
            expected = "a part of the corpus, so that there is a rest to compare it with"
            raise SettingError("subset", "all posts", expected)
        parts = self._generation, self._vocabulary, self.analyzer
        return significance.significant(posts, limit, *parts).given(arrow)

    def similarity(self, subset: Subset | None = None, *, arrow: bool = False) -> Any:
        """The cosine of the TF-IDF rows of each two posts: a square with the ids on both sides.

        That of all posts, or of some, given as for `significant_terms`, in the order given. It is
        symmetric, 1 on the diagonal (0 for a post without a term), and rounded to 12 places, as
        the scores of `related` by "bm25" are. Raises SettingError for more than 5,000 posts,
        PostNotFound, AmbiguousTitle and ExtraMissing.
        """
        from tipsearch.views import tables

        tables.library(arrow=arrow)
        rows = [*range(self._rows)] if subset is None else self._several(subset)
        if len(rows) > COMPARED:
            expected = f"{COMPARED:,} at most: give some, or ask `related` for what is nearest"
            raise SettingError("subset", f"{len(rows):,} posts", expected)
        chosen = self.matrix[rows]
        cosines = (chosen @ chosen.T).toarray().round(12)
        return tables.Square([self._ids[row] for row in rows], cosines).given(arrow)

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
        rows = weights.tfidf(self._counts(), self._idf())
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
            **{name: deepcopy(self._generation.facts[name]) for name in layout.FACTS},
            "bytes": size,
            "format": storage.FORMAT,
            "generation": self._generation.name or None,
        }

    def files(self) -> dict[str, int]:
        """The files that the index was opened from and their bytes; empty if it was only built."""
        return dict(sorted(self._generation.sizes.items()))

    # --- rows stay inside

    def _counts(self) -> Any:
        """How often each post has each term, as CSR; a word of the title counts several times."""
        from scipy.sparse import csr_matrix

        arrays = self._generation.arrays
        layout.pointers(arrays["matrix.indptr"], len(arrays["matrix.indices"]))
        indices = layout.inside(arrays["matrix.indices"], len(self._terms))
        parts = (arrays["matrix.counts"].whole(), indices, arrays["matrix.indptr"].whole())
        return csr_matrix(parts, shape=(self._rows, len(self._terms)), copy=False)

    def _idf(self) -> Array:
        return weights.idf(layout.frequencies(self._generation), self._rows)

    def _post(self, row: int) -> Post:
        sources = layout.sources(self._generation, row)
        try:
            return records.post(self._ids[row], self._records[row], sources)
        except ValueError as error:
            self._generation.blobs["posts.jsonl"].require(False, str(error))
            raise

    def _several(self, subset: Subset) -> list[int]:
        """The rows of some posts, each once, as they come; SettingError where there is none."""
        if callable(subset):
            rows = [row for row in range(self._rows) if subset(self._post(row))]
        elif isinstance(subset, str | Post | Hit) or not (
            isinstance(subset, Iterable) or hasattr(subset, "columns")
        ):
            raise SettingError("subset", subset, SUBSETS)
        else:
            items = _items(subset)
            masks = all(item is None or isinstance(item, bool | np.bool_) for item in items)
            rows = self._masked(items) if items and masks else [*map(self._row_of, items)]
        if not rows:
            raise SettingError("subset", "no post", "one post at least: widen what selects them")
        return list(dict.fromkeys(rows))

    def _masked(self, mask: list[Any]) -> list[int]:
        if len(mask) != self._rows:
            raise SettingError("subset", f"a mask of {len(mask):,}", f"one of {self._rows:,} posts")
        return [row for row, taken in enumerate(mask) if taken]

    def _row_of(self, item: object) -> int:
        """The row of a post that is given as itself, or by title or id."""
        if isinstance(item, str):
            return self._row(item)
        if not isinstance(item, Post | Hit):
            raise SettingError("subset", item, SUBSETS)
        if (row := self._ids.find(item.id)) < 0:
            raise PostNotFound(item.id, ())
        return row

    def _row_of_id(self, id: str) -> int:
        """The row of an id that there is."""
        row = self._ids.find(id)
        self._generation.blobs["ids.txt"].require(row >= 0, "its lines are not in order")
        return row

    def _load(self, id: str) -> Post:
        return self._post(self._row_of_id(id))

    def _within(self, first: int, last: int) -> list[int]:
        """The rows of the posts from one day to another."""
        days = self._generation.arrays["posts.days"].whole()
        found: list[int] = np.flatnonzero((days >= first) & (days <= last)).tolist()
        return found

    def _row(self, title_or_id: str) -> int:
        from tipsearch.query import lookup

        if not isinstance(title_or_id, str):
            raise SettingError("a title or id", title_or_id, "a text")

        def title_of(row: int) -> str:
            return self._post(row).title

        rows = lookup.candidates(title_or_id, self._ids, self._titles, title_of, self._within)
        if len(rows) == 1:
            return rows[0]
        if rows:
            listed = [self._post(row) for row in rows[:LISTED]]
            raise AmbiguousTitle(title_or_id, listed, len(rows))
        nearest = lookup.nearest(title_or_id, self._titles)
        raise PostNotFound(title_or_id, [self._post(row) for row in nearest])


def _items(subset: Any) -> list[Any]:
    """What a list, a column or a table's column `id` holds, as Python's own; None for no value."""
    if hasattr(subset, "columns"):  # a DataFrame, or an Arrow table
        if "id" not in [*getattr(subset, "column_names", subset.columns)]:
            raise SettingError("subset", "a table without a column id", SUBSETS)
        subset = subset["id"]
    if hasattr(subset, "to_pylist"):
        return [*subset.to_pylist()]
    if str(getattr(subset, "dtype", "")) == "boolean":
        return [*subset.fillna(False)]
    return [*subset]


def check_limit(limit: int) -> None:
    """Raise SettingError unless it is a whole number from 1 on."""
    if isinstance(limit, bool) or not hasattr(limit, "__index__") or limit < 1:
        raise SettingError("limit", limit, "a whole number, at least 1")
