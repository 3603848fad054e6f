"""The index: built from posts, saved, opened, and asked. The one object that users hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tipsearch import storage
from tipsearch.errors import IndexCorrupt
from tipsearch.hits import Hits
from tipsearch.model import Hit, ParsedQuery, Post
from tipsearch.ranking import Ranking
from tipsearch.search import Search
from tipsearch.snapshot import Snapshot, check_limit
from tipsearch.snippet import matches, snippet
from tipsearch.text import Analyzer
from tipsearch.weighting import Weighting

if TYPE_CHECKING:
    from os import PathLike

    from tipsearch.corpus import Settings
    from tipsearch.explanation import Explanation
    from tipsearch.gaps.gaps import Gaps
    from tipsearch.graph import RelatedGraph
    from tipsearch.ingest.report import IngestReport
    from tipsearch.storage import Generation
    from tipsearch.topics.topics import Topics

DEFAULT_LIMIT = 10
LOCK_SECONDS = 60.0


class Index(Snapshot):
    """A read-only snapshot of a corpus: make one with `Index.build` or `Index.open`.

    Posts are named by id or title; equal scores are in order of id. An index is safe to share
    between threads, and an open one stays as it is while another is published in its folder. Its
    files are mapped, not read: to cut one short under an open index ends the process (SIGBUS), as
    with any mapped file; tipsearch itself never writes to a published one.
    """

    def __init__(self, generation: Generation, folder: str = "", kernel: str = "auto") -> None:
        super().__init__(generation, folder)
        settings = self.weighting, self.ranking
        self._kernel = kernel
        self._search = Search(generation, self._vocabulary, *settings, kernel)

    # --- making one

    @classmethod
    def build(
        cls,
        posts: Iterable[Post],
        *,
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        ranking: str | Ranking | None = None,
        sources: Mapping[str, str] | None = None,
        progress: Callable[[int], None] = lambda _: None,
        kernel: str = "auto",
    ) -> Index:
        """An index of `posts` in memory; their order does not matter.

        `sources` maps the files that they came from to their SHA-256 and is kept for `info`.
        `progress` is called with the number of posts that were analysed since the last call.
        `kernel` searches: "numpy", "numba" (the extra `fast`), or "auto", which begins with numpy
        and goes over to numba, if it is there, once that pays. The answers are the same. Raises
        DuplicateIdError, and SettingError for a post that cannot be kept: one with a time of day
        in its date, or with half of a surrogate pair in its text.
        """
        from tipsearch import corpus  # nltk and scipy load only here

        chosen = corpus.settings(analyzer, weighting, ranking)
        return cls(corpus.of_posts(posts, chosen, sources or {}, progress), kernel=kernel)

    @classmethod
    def ingest(
        cls,
        *sources: str | PathLike[str],
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        ranking: str | Ranking | None = None,
        older: Index | None = None,
        progress: Callable[[float], None] = lambda _: None,
        kernel: str = "auto",
    ) -> tuple[Index, IngestReport]:
        """The index of files and folders, and the account of every line: `read` and `build` in one.

        Several processes share a large file, and no post becomes an object. What did not change
        since `older` is taken over from it, if it has the same settings and is not damaged; what
        comes of it is the same as without. `progress` is told the share that was read. Raises
        SourceError where a source does not exist.
        """
        from tipsearch import corpus

        chosen = corpus.settings(analyzer, weighting, ranking)
        return cls._ingested(sources, chosen, older, False, progress, kernel)

    def add(
        self,
        *sources: str | PathLike[str],
        progress: Callable[[float], None] = lambda _: None,
    ) -> tuple[Index, IngestReport]:
        """A new index that also has the posts of these sources, and the account of them.

        A post takes the place of the one that has its id. Raises SourceError.
        """
        return self._ingested(sources, self._settings(), self, True, progress, self._kernel)

    def remove(self, *ids: str) -> Index:
        """A new index without the posts of these ids. Raises PostNotFound."""
        from tipsearch import corpus, reuse

        without = corpus.without(reuse.Older(self._generation), ids, self._settings())
        return Index(without, kernel=self._kernel)

    def _settings(self) -> Settings:
        from tipsearch import corpus

        embedding = self._generation.facts["embedding"]
        return corpus.Settings(self.analyzer, self.weighting, self.ranking, embedding)

    @classmethod
    def _ingested(
        cls,
        sources: Iterable[str | PathLike[str]],
        chosen: Settings,
        older: Index | None,
        keep_rest: bool,
        progress: Callable[[float], None],
        kernel: str,
    ) -> tuple[Index, IngestReport]:
        from tipsearch import bulk, corpus, reuse

        taken = None
        if older is not None and older._settings()._replace(ranking=chosen.ranking) == chosen:
            try:
                taken = reuse.Older(older._generation)
            except IndexCorrupt:
                if keep_rest:
                    raise  # of what is damaged nothing is taken over
        with bulk.unhindered():
            generation, report = corpus.of_sources(
                sources, chosen, taken, keep_rest=keep_rest, progress=progress
            )
        return cls(generation, kernel=kernel), report

    @classmethod
    def open(cls, folder: str | PathLike[str] = "index", *, kernel: str = "auto") -> Index:
        """The live index of `folder`, memory-mapped; each byte is checked when it is first used.

        Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt; the last one also
        where what is used later is found not to be as it was written. `verify` checks all at once.
        """
        return cls(storage.read(Path(folder)), str(folder), kernel)

    def verify(self) -> None:
        """Check every byte, and that the parts fit together; raises IndexCorrupt."""
        from tipsearch import verification

        verification.verify(self._generation)
        self._search.lexical.trust()

    def save(
        self,
        folder: str | PathLike[str] = "index",
        *,
        lock_seconds: float = LOCK_SECONDS,
        on_wait: Callable[[], None] = lambda: None,
        replacing: Index | None = None,
    ) -> str:
        """Publish the index in `folder` in one atomic step and return its generation's name.

        Where another build writes there, `on_wait` is called and this one waits `lock_seconds`.
        Raises IndexLocked, IndexWriteError, and IndexChanged where the live index there is not
        `replacing` any more; the old index is live then.
        """
        from tipsearch.publishing import publish

        return publish(
            self._generation,
            Path(folder),
            lock_seconds=lock_seconds,
            on_wait=on_wait,
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

        By "bm25" and "tfidf" a post is a hit if it has any of the words, or of those that feedback
        adds; by "hybrid" also if it only means the like. A word that `text` repeats counts as
        often; one that no post has is taken for the nearest that some have, for a share of its
        weight, unless `exact` (`parse` tells which). The hits are a list, which notebooks show as a
        table. Raises EmptyQueryError, SettingError and ExtraMissing.
        """
        check_limit(limit)
        chosen, named = self._search.usable(ranking), self._search.parse(text, exact=exact)
        return self._hits(self._search.query(named, limit, chosen), set(named.terms))

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
        return self._hits(self._search.related(row, limit, chosen), set())

    def related_graph(
        self, limit: int = 5, *, ranking: str | Ranking | None = None
    ) -> RelatedGraph:
        """The graph in which each post points to its `limit` related ones: hubs, orphans, pairs.

        It asks `related` for each post. Raises SettingError.
        """
        from tipsearch.graph import RelatedGraph

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
        from tipsearch.explanation import Explanation, Part

        chosen, named = self._search.usable(ranking), self._search.parse(text, exact=exact)
        row, postings = self._row(title_or_id), self._search.lexical.bm25
        score, portions, cosine, semantic = self._search.explain(named, row, chosen)
        parts = [
            Part(self._terms[term], factor, postings.document_frequency(term), weight, part, said)
            for term, factor, weight, part, said in portions
        ]
        parts.sort(key=lambda part: -part.score)
        return Explanation(self._post(row), score, tuple(parts), cosine, semantic)

    def gaps(
        self,
        queries: Iterable[str | tuple[str, int]] | Mapping[str, int],
        *,
        weak: float | None = None,
        ranking: str | Ranking | None = None,
        progress: Callable[[float], None] = lambda _: None,
    ) -> Gaps:
        """What is asked and not answered: queries by topic, most asked and least covered first.

        `queries` are texts, or pairs of a text and how often it was asked, or a mapping of these.
        Those that differ only in case, quotes or punctuation are one. Each is answered as `query`
        does; its `coverage` tells how well, and below `weak` it is too little (by default
        `coverage.WEAK`, where the formula and its rates of error are). The topics are those of the
        queries, not of the posts, so labels are in the words of those who ask. `progress` is told
        the share that is done. Raises SettingError, EmptyQueryError and ExtraMissing.
        """
        from tipsearch.gaps.finding import Answer, find

        chosen = self._search.usable(ranking)

        def answer(text: str) -> Answer | None:
            named = self._search.parse(text, exact=False)
            if not named.terms and not named.unknown:
                return None
            for row, score in self._search.query(named, 1, chosen):
                coverage = self._search.coverage(named, row, chosen)
                return Answer(self._post(row), score, coverage)
            return Answer(None, None, 0.0)

        def topics(asked: Sequence[Post]) -> Topics:
            return Index.build(asked, analyzer=self.analyzer, ranking=chosen).topics()

        return find(queries, answer, topics, weak, progress)

    def parse(self, text: str, *, exact: bool = False) -> ParsedQuery:
        """What the index makes of a query: its terms, and what became of its other words."""
        named = self._search.parse(text, exact=exact)
        terms = {self._terms[term]: weight for term, weight in named.terms.items()}
        return ParsedQuery(terms, named.unknown, named.stopped, dict(named.corrected))

    def matcher(self, query: ParsedQuery) -> Callable[[str], list[tuple[int, int]]]:
        """A function that gives start and end of each word of a text that matches the query."""
        forms = self._vocabulary.forms_of({self._terms.find(term) for term in query.terms})
        return lambda text: [span[:2] for span in matches(text, forms, self.analyzer)]

    def _hits(self, best: list[tuple[int, float]], terms: set[int]) -> Hits:
        forms = self._vocabulary.forms_of(terms)

        def shown(post: Post) -> str:
            return snippet(post.text, matches(post.text, forms, self.analyzer))

        return Hits(
            Hit(rank, self._ids[row], score, self._load, shown)
            for rank, (row, score) in enumerate(best, start=1)
        )
