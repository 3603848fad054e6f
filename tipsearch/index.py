"""The index: built from posts, saved, opened, and asked. The one object that users hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch import layout, storage
from tipsearch.errors import (
    AmbiguousTitle,
    EmptyQueryError,
    IndexCorrupt,
    PostNotFound,
    SettingError,
)
from tipsearch.lexicon import Strings
from tipsearch.model import Hit, ParsedQuery, Post
from tipsearch.retrieval.postings import Postings
from tipsearch.retrieval.topk import top_k
from tipsearch.snippet import matches, snippet
from tipsearch.text import Analyzer

if TYPE_CHECKING:
    from os import PathLike

    from tipsearch.explanation import Explanation
    from tipsearch.storage import Generation
    from tipsearch.weighting import Weighting

DEFAULT_LIMIT = 10
LISTED = 10
LOCK_SECONDS = 60.0


class Index:
    """A read-only snapshot of a corpus: make one with `Index.build` or `Index.open`.

    Posts are named by id or title; equal scores are in order of id. An index is safe to share
    between threads, and an open one stays as it is while another is published in its folder. Its
    files are mapped, not read: to cut one short under an open index ends the process (SIGBUS), as
    with any mapped file; tipsearch itself never writes to a published one.
    """

    def __init__(self, generation: Generation, folder: str = "") -> None:
        layout.check(generation, folder)
        self._generation = generation
        self._rows: int = generation.facts["posts"]
        try:
            self.analyzer = Analyzer.from_json(generation.facts["analyzer"])
        except SettingError as error:
            raise IndexCorrupt(folder, "manifest.json", str(error)) from error
        self._posts, self._ids, self._titles, self._terms, self._forms = (
            Strings(generation.blobs[file], generation.arrays[f"{file.partition('.')[0]}.offsets"])
            for file in layout.STRINGS
        )

    # --- making one

    @classmethod
    def build(
        cls,
        posts: Iterable[Post],
        *,
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        sources: Mapping[str, str] | None = None,
        progress: Callable[[int], None] = lambda _: None,
    ) -> Index:
        """An index of `posts` in memory; their order does not matter.

        `sources` maps the files that they came from to their SHA-256 and is kept for `info`.
        `progress` is called with the number of posts that were analysed since the last call.
        Raises DuplicateIdError, and SettingError where there are no posts, or one that cannot be
        kept: a date with a time of day, or a text with half of a surrogate pair.
        """
        from tipsearch.build import build  # nltk and scikit-learn load only here
        from tipsearch.weighting import Weighting

        settings = weighting or Weighting()
        return cls(build(posts, analyzer or Analyzer(), settings, sources or {}, progress))

    @classmethod
    def open(cls, folder: str | PathLike[str] = "index") -> Index:
        """The live index of `folder`, each byte of it checked, then memory-mapped.

        Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt.
        """
        return cls(storage.read(Path(folder)), str(folder))

    def save(
        self,
        folder: str | PathLike[str] = "index",
        *,
        lock_seconds: float = LOCK_SECONDS,
        on_wait: Callable[[], None] = lambda: None,
    ) -> str:
        """Publish the index in `folder` in one atomic step and return its generation's name.

        Where another build writes there, `on_wait` is called and this one waits `lock_seconds`.
        Raises IndexLocked or IndexWriteError; the old index is live then.
        """
        from tipsearch.publishing import publish

        return publish(self._generation, Path(folder), lock_seconds=lock_seconds, on_wait=on_wait)

    # --- asking it

    def query(self, text: str, limit: int = DEFAULT_LIMIT) -> list[Hit]:
        """The `limit` best posts for the words of `text`, by BM25 with title words counting more.

        A post is a hit if it has any of the words; a word that `text` repeats counts as often.
        Empty where no post has any of them. Raises EmptyQueryError and SettingError.
        """
        _check_limit(limit)
        factors = self._factors(self.parse(text))
        rows, scores = self._bm25.score(factors)
        forms = self._forms_of([term for term, _ in factors])
        return self._hits(top_k(rows, scores, limit), forms)

    def related(self, title_or_id: str, limit: int = DEFAULT_LIMIT) -> list[Hit]:
        """The `limit` posts nearest to a post by the cosine of their TF-IDF rows, never itself.

        The score is the cosine, rounded to 12 places so that equal ones tie; posts that share no
        term with it (cosine 0) are left out. Raises PostNotFound, AmbiguousTitle, SettingError.
        """
        _check_limit(limit)
        row = self._row(title_or_id)
        arrays = self._generation.arrays
        start, end = (int(at) for at in arrays["matrix.indptr"][row : row + 2])
        terms, weights = arrays["matrix.indices"][start:end], arrays["matrix.data"][start:end]
        rows, scores = self._tfidf.score(zip(terms.tolist(), weights.tolist(), strict=True))
        scores = np.round(scores, 12)
        others = (rows != row) & (scores > 0)
        return self._hits(top_k(rows[others], scores[others], limit), frozenset())

    def explain(self, text: str, title_or_id: str) -> Explanation:
        """The parts by term of the score that a post has for a query; they sum to it.

        Terms of the query that the post does not have are left out, so a post that is no hit has
        no parts and score 0.0. Raises EmptyQueryError, PostNotFound, AmbiguousTitle.
        """
        from tipsearch.explanation import Explanation, Part

        row, query = self._row(title_or_id), self.parse(text)
        parts = []
        for term, count in self._factors(query):
            if weight := self._bm25.weight(term, row):
                frequency = self._bm25.document_frequency(term)
                parts.append(Part(self._terms[term], count, frequency, weight, count * weight))
        score = 0.0
        for part in parts:  # one by one, as the query adds: newer Pythons' sum() rounds less
            score += part.score
        parts.sort(key=lambda part: -part.score)
        return Explanation(self._post(row), score, tuple(parts))

    def parse(self, text: str) -> ParsedQuery:
        """What the index makes of a query: known terms, unknown words, stop words."""
        if not text.strip():
            raise EmptyQueryError
        stop, terms = set(self.analyzer.stop_words), Counter[str]()
        unknown, stopped = dict[str, None](), dict[str, None]()
        for token in self.analyzer.tokens(text):
            if token in stop:
                stopped[token] = None
            elif (number := self._term_number(token)) >= 0:
                terms[self._terms[number]] += 1
            else:
                unknown[token] = None
        return ParsedQuery(dict(terms), tuple(unknown), tuple(stopped))

    def matcher(self, query: ParsedQuery) -> Callable[[str], list[tuple[int, int]]]:
        """A function that gives start and end of each word of a text that matches the query."""
        forms = self._forms_of([term for term, _ in self._factors(query)])
        return lambda text: [span[:2] for span in matches(text, forms, self.analyzer)]

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
        return list(self._terms)

    @cached_property
    def matrix(self) -> Any:
        """The TF-IDF rows: scipy CSR matrix, float64, shape (posts, terms), rows of length 1.

        Row i is the i-th post of iteration. Its memory is the index's own: copy before writing.
        """
        from scipy.sparse import csr_matrix

        arrays = self._generation.arrays
        parts = (arrays["matrix.data"], arrays["matrix.indices"], arrays["matrix.indptr"])
        return csr_matrix(parts, shape=(self._rows, len(self._terms)), copy=False)

    @cached_property
    def weighting(self) -> Weighting:
        """The settings of the weights."""
        from tipsearch.weighting import Weighting

        return Weighting.from_json(self._generation.facts["weighting"])

    def vectorizer(self) -> Any:
        """The fitted scikit-learn TfidfVectorizer: `transform` puts new texts among the rows."""
        from tipsearch.weighting import vectorizer

        idf = np.array(self._generation.arrays["idf"])
        return vectorizer(self.terms, idf, self.analyzer.analyze)

    def info(self) -> dict[str, Any]:
        """What the index is, as JSON types: counts, settings and the sources' SHA-256."""
        blobs, arrays = self._generation.blobs, self._generation.arrays
        size = sum(map(len, blobs.values())) + sum(array.nbytes for array in arrays.values())
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

    @cached_property
    def _bm25(self) -> Postings:
        return self._postings("postings.bm25")

    @cached_property
    def _tfidf(self) -> Postings:
        return self._postings("postings.tfidf")

    def _postings(self, weights: str) -> Postings:
        arrays = self._generation.arrays
        return Postings(
            arrays["postings.indptr"], arrays["postings.rows"], arrays[weights], self._rows
        )

    def _term_number(self, token: str) -> int:
        """The place of a token's term, or -1: by its surface form, or by stemming a new one."""
        form = self._forms.find(token)
        if form >= 0:
            return int(self._generation.arrays["forms.terms"][form])
        return self._terms.find(self.analyzer.term(token))

    def _factors(self, query: ParsedQuery) -> list[tuple[int, int]]:
        """The terms of a query by place, ascending, with how often the query has each."""
        return sorted((self._terms.find(term), count) for term, count in query.terms.items())

    def _forms_of(self, terms: list[int]) -> frozenset[str]:
        """All surface forms in the corpus that stand for one of these terms."""
        places = np.flatnonzero(np.isin(self._generation.arrays["forms.terms"], terms))
        return frozenset(self._forms[int(place)] for place in places)

    def _post(self, row: int) -> Post:
        return Post.from_json(json.loads(self._posts[row]))

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

    def _hits(self, best: list[tuple[int, float]], forms: frozenset[str]) -> list[Hit]:
        hits = []
        for rank, (row, score) in enumerate(best, start=1):
            post = self._post(row)
            shown = snippet(post.text, matches(post.text, forms, self.analyzer))
            hits.append(Hit(rank, score, post, shown))
        return hits


def _check_limit(limit: int) -> None:
    if not isinstance(limit, int) or limit < 1:
        raise SettingError("limit", limit, "a whole number, at least 1")
