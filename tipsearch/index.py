"""The index: built from posts, saved, opened, and asked. The one object that users hold."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.build.weights import Weighting
from tipsearch.corpus.post import Hit, ParsedQuery, Post
from tipsearch.errors import IndexClosed, IndexCorrupt
from tipsearch.query.vocabulary import NOTHING, Named
from tipsearch.ranking.coverage import POOR
from tipsearch.ranking.hits import Hits
from tipsearch.ranking.search import Search
from tipsearch.ranking.settings import Ranking
from tipsearch.ranking.snippet import matches, snippet
from tipsearch.snapshot import Snapshot, check_limit
from tipsearch.store import storage
from tipsearch.store.storage import Generation

if TYPE_CHECKING:
    from os import PathLike

    from tipsearch.build.pipeline import Settings
    from tipsearch.corpus.report import IngestReport
    from tipsearch.explore.gaps.gaps import Gaps
    from tipsearch.explore.graph import RelatedGraph
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.query.vocabulary import Forms
    from tipsearch.ranking.explanation import Explanation
    from tipsearch.ranking.lexical import Best, Factors

DEFAULT_LIMIT = 10
LOCK_SECONDS = 60.0


class Index(Snapshot):
    """A read-only snapshot of a corpus: make one with `Index.build` or `Index.open`.

    Posts are named by id or title; equal scores are in order of id. An index is safe to share
    between threads, and an open one stays as it is while another is published in its folder. Its
    files are mapped, not read: to cut one short under an open index ends the process (SIGBUS), as
    with any mapped file; tipsearch itself never writes to a published one.
    """

    def __init__(self, generation: Generation, kernel: str = "auto") -> None:
        super().__init__(generation)
        settings = self.weighting, self.ranking
        self._kernel = kernel
        self._search = Search(generation, self._vocabulary, *settings, kernel)
        self.report: IngestReport | None = None

    def __repr__(self) -> str:
        where = f"in {self._generation.folder!r}" if self._generation.name else "in memory"
        noun = "post" if len(self) == 1 else "posts"
        return f"<Index of {len(self):,} {noun} {where}, ranks by {self.ranking.name}>"

    # --- its life

    def __reduce__(self) -> tuple[Any, ...]:
        """By folder and generation where it was opened; one in memory as a whole."""
        generation = self._generation
        if generation.name:
            folder = os.path.abspath(generation.folder)
            return _reopened, (folder, generation.name, self._kernel)
        return _rebuilt, (dict(generation.facts), generation.arrays, generation.blobs, self._kernel)

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        # Only what is missing is asked for here: all of a closed index is.
        if "_closed" in vars(self) and not name.startswith("__"):
            raise IndexClosed(vars(self)["_closed"], "was closed")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def close(self) -> None:
        """Let go of the mapped file; whoever uses the index then gets IndexClosed.

        The file stays mapped while another thread or a table still looks at it.
        """
        if "_closed" not in vars(self):
            folder = self._generation.folder
            vars(self).clear()
            vars(self)["_closed"] = folder

    def refresh(self) -> Index:
        """The newest generation of the folder that it was opened from, or itself if that is it.

        An index in memory is always itself. Raises what `open` raises.
        """
        generation = self._generation
        if not generation.name or storage.current(Path(generation.folder)) == generation.name:
            return self
        return Index.open(generation.folder, kernel=self._kernel)

    # --- making one

    @classmethod
    def build(  # noqa: PLR0913
        cls,
        posts: Iterable[Post],
        *,
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        ranking: str | Ranking | None = None,
        sources: Mapping[str, str] | None = None,
        jobs: int | None = None,
        progress: Callable[[int], None] | None = None,
        kernel: str = "auto",
    ) -> Index:
        """An index of `posts` in memory; their order does not matter.

        `sources` maps the files that they came from to their SHA-256 and is kept for `info`. A
        large corpus is shared by as many processes as there are cores, or by `jobs`; 1 starts none.
        `progress` is called with the number of posts that were analysed since the last call.
        `kernel` searches: "numpy", "numba" (the extra `fast`), or "auto", which begins with numpy
        and goes over to numba, if it is there, once that pays. The answers are the same. Raises
        DuplicateIdError and SettingError.
        """
        from tipsearch.build import pipeline as corpus  # nltk and scipy load only here

        chosen = corpus.settings(analyzer, weighting, ranking)
        pool, told = corpus.Pool(jobs), progress or _nothing
        return cls(corpus.of_posts(posts, chosen, sources or {}, told, pool), kernel)

    @classmethod
    def ingest(
        cls,
        *sources: str | PathLike[str],
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        ranking: str | Ranking | None = None,
        older: Index | None = None,
        jobs: int | None = None,
        progress: Callable[[float], None] | None = None,
        kernel: str = "auto",
    ) -> tuple[Index, IngestReport]:
        """The index of files and folders, and the account of every line: `read` and `build` in one.

        Several processes share a large file (see `build` on `jobs`), and no post becomes an object.
        What did not change since `older` is taken over from it, if it has the same settings and is
        not damaged; what comes of it is the same as without. `progress` is told the share of the
        work that is done. Raises SourceError where a source does not exist.
        """
        from tipsearch.build import pipeline as corpus
        from tipsearch.build import previous as reuse

        chosen, taken = corpus.settings(analyzer, weighting, ranking), None
        if older is not None and older._settings()._replace(ranking=chosen.ranking) == chosen:
            with suppress(IndexCorrupt):  # of what is damaged nothing is taken over
                taken = reuse.Older(older._generation)
        generation, report = corpus.of_sources(
            sources, chosen, taken, pool=corpus.Pool(jobs), progress=progress or _nothing
        )
        made = cls(generation, kernel)
        made.report = report
        return made, report

    def add(
        self,
        *sources: Post | str | PathLike[str],
        jobs: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Index:
        """A new index that also has these posts, and those of these files and folders.

        A post takes the place of the one that has its id. The `report` of the new index is the
        account of the files. Raises SourceError, and DuplicateIdError where two that are added have
        one id.
        """
        from tipsearch.build import pipeline as corpus
        from tipsearch.build import previous as reuse

        posts = [source for source in sources if isinstance(source, Post)]
        files = [source for source in sources if not isinstance(source, Post)]
        generation, report = corpus.of_sources(
            files, self._settings(), reuse.Older(self._generation), posts=posts, keep_rest=True,
            pool=corpus.Pool(jobs), progress=progress or _nothing,
        )  # fmt: skip
        added = Index(generation, self._kernel)
        added.report = report
        return added

    def remove(self, *titles_or_ids: str) -> Index:
        """A new index without these posts, each given as for `post`.

        Raises PostNotFound and AmbiguousTitle.
        """
        from tipsearch.build import pipeline as corpus
        from tipsearch.build import previous as reuse

        rows = [self._row(wanted) for wanted in titles_or_ids]
        without = corpus.without(reuse.Older(self._generation), rows, self._settings())
        return Index(without, self._kernel)

    def _settings(self) -> Settings:
        from tipsearch.build import pipeline as corpus

        embedding = self._generation.facts["embedding"]
        return corpus.Settings(self.analyzer, self.weighting, self.ranking, embedding)

    @classmethod
    def open(cls, folder: str | PathLike[str] = "index", *, kernel: str = "auto") -> Index:
        """The live index of `folder`, memory-mapped; each byte is checked when it is first used.

        Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt; the last one also
        where what is used later is found not to be as it was written. `verify` checks all at once.
        """
        return cls(storage.read(storage.folder_of(folder)), kernel)

    def verify(self) -> None:
        """Check every byte, and that the parts fit together; raises IndexCorrupt."""
        from tipsearch.store import verify as verification

        verification.verify(self._generation)
        self._search.lexical.trust()

    def save(
        self,
        folder: str | PathLike[str] = "index",
        *,
        lock_seconds: float = LOCK_SECONDS,
        on_wait: Callable[[], None] | None = None,
        on_publish: Callable[[], None] | None = None,
        replacing: Index | None = None,
    ) -> str:
        """Publish the index in `folder` in one atomic step and return its generation's name.

        Where another build writes there, `on_wait` is called and this one waits `lock_seconds`;
        `on_publish` is called right before the step. Raises IndexLocked, IndexWriteError, and
        IndexChanged where the live index there is not `replacing` any more; the old index is live
        then.
        """
        from tipsearch.store.publish import publish

        return publish(
            self._generation,
            storage.folder_of(folder),
            lock_seconds=lock_seconds,
            on_wait=on_wait or _nothing,
            on_publish=on_publish or _nothing,
            replacing=replacing._generation.name if replacing is not None else None,
        )

    # --- asking it

    def query(
        self,
        text: str,
        limit: int = DEFAULT_LIMIT,
        *,
        ranking: str | Ranking | None = None,
        exact: bool = False,
    ) -> Hits:
        """The `limit` best posts for the words of `text`, by the index's own ranking or another.

        By "bm25" and "tfidf" a post is a hit if it has any of the words; by "feedback" also if it
        has one of those that feedback adds, by "hybrid" also if it only means the like. A year is
        a word of all posts of that year, except by "tfidf". A word that `text` repeats counts as
        often; one that no post has is taken for the nearest that some have, for a share of its
        weight, unless `exact` (`parse` tells which). The hits are a list, which notebooks show as a
        table. Raises EmptyQueryError, SettingError and ExtraMissing.
        """
        check_limit(limit)
        chosen, named = self._search.usable(ranking), self._search.parse(text, exact=exact)
        best, factors = self._search.query(named, limit, chosen)
        return self._hits(best, _Answer(self, named, factors, best, chosen))

    def related(
        self,
        title_or_id: str,
        limit: int = DEFAULT_LIMIT,
        *,
        ranking: str | Ranking | None = None,
    ) -> Hits:
        """The `limit` posts nearest to a post, never itself.

        The score is the cosine of their TF-IDF rows, rounded to 12 places so that equal ones tie;
        by "hybrid" what their embeddings have in common is added. Posts of score 0 are left out.
        Raises PostNotFound, AmbiguousTitle, SettingError.
        """
        check_limit(limit)
        chosen, row = self._search.usable(ranking, of_post=True), self._row(title_or_id)
        best = self._search.related(row, limit, chosen)
        return self._hits(best, _Answer(self, NOTHING, {}, best, chosen))

    def related_graph(
        self, limit: int = 5, *, ranking: str | Ranking | None = None
    ) -> RelatedGraph:
        """The graph in which each post points to its `limit` related ones: hubs, orphans, pairs.

        It asks `related` for each post. Raises SettingError.
        """
        from tipsearch.explore.graph import RelatedGraph

        check_limit(limit)
        chosen = self._search.usable(ranking, of_post=True)
        ids = [*self._ids]
        nearest = (
            (id, [(ids[other], score) for other, score in self._search.related(row, limit, chosen)])
            for row, id in enumerate(ids)
        )
        return RelatedGraph.of(nearest, [post.label for post in self])

    def explain(
        self,
        text: str,
        title_or_id: str,
        *,
        ranking: str | Ranking | None = None,
        exact: bool = False,
    ) -> Explanation:
        """The parts by term of the score that a post has for a query, and what meaning adds.

        They sum to it. Terms that the post does not have are left out. Raises EmptyQueryError,
        PostNotFound, AmbiguousTitle, SettingError, ExtraMissing.
        """
        from tipsearch.ranking.explanation import Explanation, Part

        chosen, named = self._search.usable(ranking), self._search.parse(text, exact=exact)
        row, asked = self._row(title_or_id), named.factors
        score, portions, share, cosine, semantic = self._search.explain(named, row, chosen)
        parts = [
            Part(
                self._terms[term] if term >= 0 else f"{-term:04}",
                factor, posts, weight, factor * weight * share, term in asked,
            )
            for term, factor, posts, weight in portions
        ]  # fmt: skip
        parts.sort(key=lambda part: -part.score)
        return Explanation(self._post(row), score, tuple(parts), cosine, semantic)

    def gaps(
        self,
        queries: Iterable[str | tuple[str, int]] | Mapping[str, int],
        *,
        weak: float | None = None,
        ranking: str | Ranking | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Gaps:
        """What is asked and not answered: queries by topic, most asked and least covered first.

        `queries` are texts, or pairs of a text and how often it was asked, or a mapping of these.
        Those that differ only in case, quotes or punctuation are one. Each is answered as `query`
        does; its `coverage` tells how well, and below `weak` it is too little (by default
        `coverage.WEAK`, where the formula and its rates of error are). The topics are those of the
        queries, not of the posts, so labels are in the words of those who ask. `progress` is told
        the share that is done. Raises SettingError, EmptyQueryError and ExtraMissing.
        """
        from tipsearch.explore.gaps.finding import Answer, find

        chosen = self._search.usable(ranking)

        def answer(text: str) -> Answer | None:
            named = self._search.parse(text, exact=False)
            if not named.factors and not named.unknown:
                return None
            for row, score in self._search.query(named, 1, chosen).best:
                coverage = self._search.coverage(named, row, chosen)
                return Answer(self._post(row), score, coverage)
            return Answer(None, None, 0.0)

        def topics(asked: Sequence[Post]) -> Topics:
            return Index.build(asked, analyzer=self.analyzer, ranking=chosen).topics()

        return find(queries, answer, topics, weak, progress or _nothing)

    def parse(self, text: str, *, exact: bool = False) -> ParsedQuery:
        """What the index makes of a query: its terms, and what became of its other words."""
        return self._parsed(self._search.parse(text, exact=exact))

    def _parsed(self, named: Named) -> ParsedQuery:
        terms = {self._terms[term]: weight for term, weight in named.terms.items()}
        corrected, years = dict(named.corrected), dict(named.years)
        return ParsedQuery(terms, named.unknown, named.stopped, corrected, years)

    def _matched(self, id: str, named: Named) -> tuple[str, ...]:
        """The words of a query that a post has, each once, in order."""
        words = list(dict.fromkeys(named.words))
        numbers = self._vocabulary.numbers(words)
        had = self._search.lexical.having(named.factors, self._row_of_id(id))
        return tuple(
            word
            for word, number in zip(words, numbers, strict=True)
            if number in had or (word.isdecimal() and -int(word) in had)
        )

    def _added(self, id: str, terms: Iterable[int]) -> tuple[str, ...]:
        """Those of some terms that a post has, each as the word that stands for it most often."""
        had = sorted(self._search.lexical.having(terms, self._row_of_id(id)))
        frequency = self._generation.arrays["forms.frequency"]
        return tuple(self._vocabulary.words(had, frequency)) if had else ()

    def matcher(self, query: ParsedQuery) -> Callable[[str], list[tuple[int, int]]]:
        """A function that gives start and end of each word of a text that matches the query."""
        forms = self._vocabulary.forms_of({self._terms.find(term) for term in query.terms})
        return lambda text: [span[:2] for span in matches(text, forms, self.analyzer)]

    def _hits(self, best: Best, answer: _Answer) -> Hits:
        ranked = enumerate(best, start=1)
        hits = (Hit(rank, self._ids[row], score, answer) for rank, (row, score) in ranked)
        return Hits(hits, answer if answer.named is not NOTHING else None)


class _Answer:
    """What can be asked of an answer and of its hits, which share it."""

    def __init__(
        self, index: Index, named: Named, factors: Factors, best: Best, ranking: Ranking
    ) -> None:
        self._index, self.named, self._factors = index, named, factors
        self._best, self._ranking = best, ranking

    # --- of the whole

    @cached_property
    def parsed(self) -> ParsedQuery:
        return self._index._parsed(self.named)

    @cached_property
    def total(self) -> int:
        return self._index._search.lexical.total(self.named.factors)

    @cached_property
    def coverage(self) -> float:
        if not self._best:
            return 0.0
        return self._index._search.coverage(self.named, self._best[0][0], self._ranking)

    @cached_property
    def weak(self) -> bool:
        if not self._best:
            return True
        asked, row = self.named.factors, self._best[0][0]
        had = self._index._search.lexical.having(asked, row)
        whole = len(had) == len(asked) and not self.named.unknown
        return not whole and self.coverage < POOR

    # --- of a hit

    @cached_property
    def _forms(self) -> Forms:
        return self._index._vocabulary.forms_of(set(self.named.terms))

    def post(self, id: str) -> Post:
        return self._index._load(id)

    def snippet(self, post: Post, width: int) -> str:
        return snippet(post.text, matches(post.text, self._forms, self._index.analyzer), width)

    def matched(self, id: str) -> tuple[str, ...]:
        return self._index._matched(id, self.named)

    def added(self, id: str) -> tuple[str, ...]:
        return self._index._added(id, self._factors.keys() - self.named.factors.keys())


def _nothing(*_: Any) -> None:
    """What is told to nobody."""


def _reopened(folder: str, name: str, kernel: str) -> Index:
    """The index that was pickled by folder and generation. Raises IndexClosed where it is gone."""
    opened = Index.open(folder, kernel=kernel)
    if opened._generation.name != name:
        raise IndexClosed(folder, "is another one than was pickled")
    return opened


def _rebuilt(facts: Mapping[str, Any], arrays: Any, blobs: Any, kernel: str) -> Index:
    """The index that was pickled as a whole."""
    return Index(Generation(facts, arrays, blobs), kernel)
