"""`Index`: the one object that users hold. Each method calls the package that does the work."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tipsearch.corpus.post import Post
from tipsearch.errors import IndexClosed, PostNotFound, SettingError
from tipsearch.query.lookup import find_row
from tipsearch.ranking.searcher import Searcher
from tipsearch.store import storage
from tipsearch.store.reader import Reader

if TYPE_CHECKING:
    from os import PathLike

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.analysis.weighting import Weighting
    from tipsearch.corpus.report import IngestReport
    from tipsearch.explore.duplicates import Duplicates
    from tipsearch.explore.gaps.gaps import Gaps
    from tipsearch.explore.graph import RelatedGraph
    from tipsearch.explore.overview import Overview
    from tipsearch.explore.synonym_candidates import SynonymCandidate
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.query.parsed import ParsedQuery
    from tipsearch.query.subset import Subset
    from tipsearch.query.suggest.suggestion import Suggestions
    from tipsearch.ranking.explanation import Explanation
    from tipsearch.ranking.hits import Hits
    from tipsearch.store.ranking import Ranking
    from tipsearch.views.charts import Picture

DEFAULT_LIMIT = 10
LOCK_SECONDS = 60.0


class Index:
    """A read-only snapshot of a corpus, made by `Index.build`, `Index.ingest` or `Index.open`.

    Posts are named by id or title; equal scores are in order of id. An index is safe to share
    between threads, and an open one stays as it is while another is published in its folder. Its
    file is mapped, not read: to cut it short under an open index ends the process (SIGBUS), as with
    any mapped file; tipsearch itself never writes to a published one. `report` is the account of
    the files that `ingest` or `add` read, else None.
    """

    # help() lists what is here in this order, that of use, and the rest by name.
    _fields = (
        "build", "ingest", "add", "remove", "open", "save", "verify", "refresh", "close",
        "query", "related", "suggest", "explain", "explain_related", "parse", "matcher", "post",
        "info", "files", "topics", "gaps", "duplicates", "related_graph", "significant_terms",
        "synonym_candidates", "similarity", "picture", "to_frame", "vectorizer", "analyzer",
        "weighting", "ranking", "categories", "synonyms", "terms", "matrix",
    )  # fmt: skip

    def __init__(self, generation: storage.Generation, kernel: str = "auto") -> None:
        self._reader = Reader(generation)
        self._searcher = Searcher(self._reader, kernel)
        self.report: IngestReport | None = None

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
        synonyms: str | PathLike[str] | Iterable[str] | None = None,
        jobs: int | None = None,
        progress: Callable[[int], None] | None = None,
        kernel: str = "auto",
    ) -> Index:
        """An index of `posts` in memory; their order does not matter.

        `sources` maps the files that they came from to their SHA-256 and is kept for `info`.
        `synonyms` is a file, or its lines, of words that queries find for each other. A
        large corpus is shared by as many processes as there are cores, or by `jobs`; 1 starts none.
        `progress` is called with the number of posts that were analysed since the last call.
        `kernel` searches: "numpy", "numba" (the extra `fast`), or "auto", which begins with numpy
        and goes over to numba, if it is there, once that pays. The answers are the same. Raises
        DuplicateIdError and SettingError, and SourceError for the file of synonyms.
        """
        from tipsearch.build import pipeline  # nltk and scipy load only here

        chosen = pipeline.settings(analyzer, weighting, ranking, synonyms)
        pool, on_progress = pipeline.Pool(jobs), progress or _nothing
        return cls(pipeline.of_posts(posts, chosen, sources or {}, on_progress, pool), kernel)

    @classmethod
    def ingest(  # noqa: PLR0913
        cls,
        *sources: str | PathLike[str],
        analyzer: Analyzer | None = None,
        weighting: Weighting | None = None,
        ranking: str | Ranking | None = None,
        synonyms: str | PathLike[str] | Iterable[str] | None = None,
        older: Index | None = None,
        jobs: int | None = None,
        progress: Callable[[float], None] | None = None,
        kernel: str = "auto",
    ) -> tuple[Index, IngestReport]:
        """The index of files and folders, and the account of every line: `read` and `build` in one.

        Several processes share a large file (see `build` on `jobs`), and no post becomes an object.
        What did not change since `older` is taken over from it, if it has the same settings and is
        not damaged; the result is the same as without. `synonyms` are not taken over: see `build`.
        `progress` is called with the share of the work that is done. Raises SourceError where a
        source does not exist.
        """
        from tipsearch.build import pipeline

        chosen = pipeline.settings(analyzer, weighting, ranking, synonyms)
        previous = pipeline.reusable(older._reader, chosen) if older is not None else None
        pool, on_progress = pipeline.Pool(jobs), progress or _nothing
        made, report = pipeline.of_sources(
            sources, chosen, previous, pool=pool, progress=on_progress
        )
        index = cls(made, kernel)
        index.report = report
        return index, report

    def add(
        self,
        *sources: Post | str | PathLike[str],
        jobs: int | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Index:
        """A new index that also has these posts, and those of these files and folders.

        A post takes the place of the one that has its id. Settings and synonyms stay. The `report`
        of the new index is the account of the files. Raises SourceError, and DuplicateIdError where
        two that are added have one id.
        """
        from tipsearch.build import pipeline

        pool, on_progress = pipeline.Pool(jobs), progress or _nothing
        made, report = pipeline.added(self._reader, self.ranking, sources, pool, on_progress)
        index = Index(made, self._searcher.kernel)
        index.report = report
        return index

    def remove(self, *titles_or_ids: str) -> Index:
        """A new index without these posts, each given as for `post`.

        Raises PostNotFound and AmbiguousTitle.
        """
        from tipsearch.build import pipeline

        rows = [find_row(self._reader, wanted) for wanted in titles_or_ids]
        return Index(pipeline.without(self._reader, self.ranking, rows), self._searcher.kernel)

    # --- on disk

    @classmethod
    def open(cls, folder: str | PathLike[str] = "index", *, kernel: str = "auto") -> Index:
        """The live index of `folder`, memory-mapped; each byte is checked when it is first used.

        Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt; the last one also
        where what is used later is found not to be as it was written. `verify` checks all at once.
        """
        return cls(storage.read(storage.folder_of(folder)), kernel)

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
        `on_publish` is called right before the step. Raises IndexLocked, IndexWriteError,
        IndexUnreadable, and IndexChanged where the live index there is not `replacing` any more;
        the old index is live then.
        """
        from tipsearch.store.publish import publish

        return publish(
            self._reader.generation, storage.folder_of(folder), lock_seconds=lock_seconds,
            on_wait=on_wait or _nothing, on_publish=on_publish or _nothing,
            replacing=replacing._reader.name if replacing is not None else None,
        )  # fmt: skip

    def verify(self) -> None:
        """Check every byte, and that the parts fit together; raises IndexCorrupt."""
        self._reader.verify()
        self._searcher.search.skip_checks()

    def refresh(self) -> Index:
        """The newest generation of the folder that it was opened from, or itself if that is it.

        An index in memory is always itself. Raises what `open` raises.
        """
        reader = self._reader
        if not reader.name or storage.current(Path(reader.folder)) == reader.name:
            return self
        return Index.open(reader.folder, kernel=self._searcher.kernel)

    def close(self) -> None:
        """Release the mapped file; any later use of the index raises IndexClosed.

        The file stays mapped while hits, tables or another thread still need it.
        """
        if "_closed" not in vars(self):
            folder = self._reader.folder
            vars(self).clear()
            vars(self)["_closed"] = folder

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        # Only what is missing is asked for here: all of a closed index is.
        if "_closed" in vars(self) and not name.startswith("__"):
            raise IndexClosed(vars(self)["_closed"], "was closed")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        """By folder and generation where it was opened; one in memory as a whole."""
        return _of_reader, (self._reader, self._searcher.kernel)

    # --- asking it

    def query(
        self,
        text: str,
        limit: int = DEFAULT_LIMIT,
        *,
        ranking: str | Ranking | None = None,
        exact: bool = False,
        plain: bool = False,
        diverse: bool = False,
    ) -> Hits:
        """The `limit` best posts for a query, by the index's own ranking or another.

        `text` is words, or words with operators: a "phrase", -word, +word, AND, OR, NOT,
        parentheses, prefix*, title:, category:, kind:, after:, before:, date: and sort:date; see
        `tipsearch.query.grammar`. If `plain`, operators are words. `parsed.understood` says how the
        text was read. What is written with an operator holds for each hit.

        By "bm25" and "tfidf" a post is a hit if it has any of the words; by "feedback" also if it
        has one of those that feedback adds, by "hybrid" also if only its meaning is similar. A year
        is a word of all posts of that year, except by "tfidf". A word that `text` repeats counts as
        often. A word that no post has is corrected to the nearest that some have, for a share of
        its weight. Synonyms are added likewise. Neither is done if `exact`; `parse` shows which
        these are. The hits are a list, which notebooks show as a table.

        By `diverse` the best candidates, five times as many as the hits, are put in an order in
        which like posts do not stand together (`ranking.diversity`). Scores stay those of the
        ranking, so the hits are not in order of score then. Raises EmptyQueryError, SettingError
        and ExtraMissing.
        """
        how = {"exact": exact, "plain": plain, "diverse": diverse}
        return self._searcher.query(text, limit, ranking, **how)

    def related(
        self,
        title_or_id: str,
        limit: int = DEFAULT_LIMIT,
        *,
        ranking: str | Ranking | None = None,
        diverse: bool = False,
    ) -> Hits:
        """The `limit` posts nearest to a post, never itself.

        The score is the cosine of their TF-IDF rows, rounded to 12 places so that equal ones tie;
        by "hybrid" what their embeddings have in common is added. Posts of score 0 are left out.
        `diverse` is as for `query`. Raises PostNotFound, AmbiguousTitle, SettingError.
        """
        return self._searcher.related(title_or_id, limit, ranking, diverse)

    def suggest(self, text: str, limit: int = DEFAULT_LIMIT) -> Suggestions:
        """At most `limit` completions of a text that is being typed: words, then titles.

        The last word is completed to words that start with it, unless white space follows it: to
        those that most posts have together with the words before it. Titles start with the text, or
        have all its words; the newest or most relevant come first. From the fourth letter on, a
        word that few posts start with may have one mistake: a letter that differs, is missing or
        too many, or two that are swapped. `why` gives the reason of each. Raises SettingError.

        >>> index = Index.build([Post(id="1", title="Calm an Angry Customer", text="")])
        >>> [(found.text, found.why) for found in index.suggest("angry cust")]
        [('angry customer', '1 post with angry'), ('Calm an Angry Customer', 'has angry, customer')]
        """
        return self._searcher.suggester.suggest(text, limit)

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
        return self._searcher.explain(text, title_or_id, ranking, exact)

    def explain_related(
        self, title_or_id: str, other: str, *, ranking: str | Ranking | None = None
    ) -> Explanation:
        """The parts of the score that `other` has as a post related to a post.

        The parts by term sum to the cosine of their TF-IDF rows; by "hybrid" `semantic` is what the
        embeddings add. `why` names the words that both posts have, as they write them. Raises
        PostNotFound, AmbiguousTitle, SettingError.
        """
        return self._searcher.explain_related(title_or_id, other, ranking)

    def parse(self, text: str, *, exact: bool = False) -> ParsedQuery:
        """The parsed query: its terms, and how its other words were corrected or left out."""
        searcher = self._searcher
        return searcher.vocabulary.as_parsed(searcher.parser.parse(text, exact=exact))

    def matcher(self, query: ParsedQuery) -> Callable[[str], list[tuple[int, int]]]:
        """A function that gives start and end of each word or phrase of the query in a text."""
        from tipsearch.ranking.snippet import Marker

        vocabulary = self._searcher.vocabulary
        return Marker(vocabulary, vocabulary.terms(query.terms), query.phrases).spans

    # --- its posts

    def post(self, title_or_id: str) -> Post:
        """The post of an id, a title or a date, as people type them.

        A title may be without case, quotes and dashes, or be a part of one; a date is 2014-02-04 or
        2014-02. Raises AmbiguousTitle where several fit, PostNotFound with the nearest titles.
        """
        return self._reader.post(find_row(self._reader, title_or_id))

    def __len__(self) -> int:
        return self._reader.posts

    def __iter__(self) -> Iterator[Post]:
        return map(self._reader.post, range(self._reader.posts))

    def __contains__(self, item: object) -> bool:
        """Whether there is a post of this id, or this very post."""
        id = item.id if isinstance(item, Post) else item
        row = self._reader.ids.find(id) if isinstance(id, str) else -1
        return row >= 0 and (id is item or self._reader.post(row) == item)

    def __getitem__(self, id: str) -> Post:
        """The post of this id. Raises PostNotFound, which is a LookupError."""
        if not isinstance(id, str):
            raise SettingError("an id", id, "a text: row numbers stay inside the index")
        if (row := self._reader.ids.find(id)) < 0:
            raise PostNotFound(id, ())
        return self._reader.post(row)

    # --- what it holds

    def info(self) -> dict[str, Any]:
        """What the index is, as JSON types: counts, settings and the sources' SHA-256."""
        return self._reader.info()

    def files(self) -> dict[str, int]:
        """The files that the index was opened from and their bytes; empty if it was only built."""
        return self._reader.files()

    @property
    def analyzer(self) -> Analyzer:
        """The analysis of its posts and of queries."""
        return self._reader.analyzer

    @property
    def weighting(self) -> Weighting:
        """The settings of its term weights."""
        return self._reader.weighting

    @property
    def categories(self) -> list[str]:
        """The names of the categories of its posts, sorted."""
        return self._searcher.vocabulary.categories

    @property
    def synonyms(self) -> list[str]:
        """Its rules of synonyms, as the lines of a file."""
        return list(map(str, self._reader.synonyms))

    @property
    def ranking(self) -> Ranking:
        """Its own ranking: what `query` uses where none is named."""
        return self._searcher.ranking

    def __repr__(self) -> str:
        where = f"in {self._reader.folder!r}" if self._reader.name else "in memory"
        noun = "post" if len(self) == 1 else "posts"
        return f"<Index of {len(self):,} {noun} {where}, ranks by {self.ranking.name}>"

    # --- exploring it

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

        return find(corpus_of(self._reader, self.matrix), n, older)

    def gaps(
        self,
        queries: Iterable[str | tuple[str, int]] | Mapping[str, int],
        *,
        weak: float | None = None,
        ranking: str | Ranking | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> Gaps:
        """Queries that the posts do not answer, by topic, most asked and least covered first.

        `queries` are texts, or pairs of a text and how often it was asked, or a mapping of these.
        Those that differ only in case, quotes or punctuation are one. Each is answered as `query`
        does; its `coverage` tells how well, and below `weak` it is too little (by default
        `coverage.WEAK`, where the formula and its rates of error are). The topics are those of the
        queries, not of the posts, so labels are in the words of those who ask. `progress` is called
        with the share that is done. Raises SettingError, EmptyQueryError and ExtraMissing.
        """
        from tipsearch.explore.gaps.finding import find

        chosen = self._searcher.search.usable(ranking)

        def topics(asked: Iterable[Post]) -> Topics:
            return Index.build(asked, analyzer=self.analyzer, ranking=chosen).topics()

        return find(queries, self._searcher, chosen, topics, weak, progress or _nothing)

    def duplicates(self, at_least: float = 0.9) -> Duplicates:
        """Groups of posts that repeat each other: reposts and near-copies, the oldest first.

        Two posts are alike if the cosine of their TF-IDF rows, as in `similarity`, is `at_least` or
        more, from 0.5 to 1. None such is missed. Posts without a word are never alike. Some 900,000
        short posts take about 20 seconds and 1 GB; a lower `at_least` takes longer. Raises
        SettingError.
        """
        from tipsearch.explore.duplicates import find

        return find(self._reader, self.matrix, at_least)

    def related_graph(
        self, limit: int = 5, *, ranking: str | Ranking | None = None
    ) -> RelatedGraph:
        """The graph in which each post points to its `limit` related ones: hubs, orphans, pairs.

        It asks `related` for each post. Raises SettingError.
        """
        from tipsearch.explore.graph import graph_of

        return graph_of(self._reader, self._searcher.search, limit, ranking)

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
        from tipsearch.explore.significance import significant_terms
        from tipsearch.views import tables

        tables.load_library(arrow=arrow)
        found = significant_terms(self._reader, self._searcher.vocabulary, subset, limit)
        return found.export(arrow)

    def similarity(self, subset: Subset | None = None, *, arrow: bool = False) -> Any:
        """The cosine of the TF-IDF rows of each two posts: a square with the ids on both sides.

        That of all posts, or of some, given as for `significant_terms`, in the order given. It is
        symmetric, 1 on the diagonal (0 for a post without a term), and rounded to 12 places, as
        the scores of `related` by "tfidf" are. Raises SettingError for more than 5,000 posts,
        PostNotFound, AmbiguousTitle and ExtraMissing.
        """
        from tipsearch.explore.similarity import similarity
        from tipsearch.views import tables

        tables.load_library(arrow=arrow)
        return similarity(self._reader, self.matrix, subset).export(arrow)

    def picture(self, of: Overview) -> Picture:
        """How many posts there are by "years", by "categories" or by "lengths".

        Raises SettingError, ExtraMissing, and CorpusError where no post has what is asked for.
        """
        from tipsearch.explore import overview

        return overview.picture(of, [*self], self.analyzer)

    def synonym_candidates(self, limit: int = 20) -> list[SynonymCandidate]:
        """Pairs of words that may mean the same, with evidence, best first, for a person to judge.

        They are alike by the vectors of the embedding and rarely stand in the same post. Those that
        `synonyms` has are left out. An index without embeddings has candidates by feedback alone,
        of which few are synonyms. Raises SettingError and ExtraMissing.
        """
        from tipsearch.explore.synonym_candidates import find

        return find(self._reader, self._searcher, limit)

    # --- as tables and matrices

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each post in order of id, as a pandas DataFrame or as a pyarrow Table.

        `id`, `title`, `date` (datetime64, NaT for none; in Arrow date32), `year` (Int64), `kind`,
        `categories` (lists), `words` (of title and text, stop words among them), `terms` (how many
        different ones these are, without the stop words), `url`, `text`, and `sources`
        ("path:first-last; ..."). Row i is row i of `matrix`, so `id` is a column and no index.
        Raises ExtraMissing.
        """
        from tipsearch.views import tables

        tables.load_library(arrow=arrow)
        return tables.of_posts(self, self.analyzer, self._reader.terms_per_post()).export(arrow)

    @property
    def terms(self) -> list[str]:
        """The fitted vocabulary, sorted; `terms[j]` is column j of `matrix`."""
        return self._reader.vocabulary

    @cached_property
    def matrix(self) -> Any:
        """The TF-IDF rows: scipy CSR matrix, float64, shape (posts, terms), rows of length 1.

        Row i is the i-th post of iteration. The index keeps it: copy before writing.
        """
        from tipsearch.build import weights

        return weights.matrix(self._reader)

    def vectorizer(self) -> Any:
        """The fitted scikit-learn TfidfVectorizer: `transform` puts new texts among the rows."""
        from tipsearch.build import weights

        return weights.vectorizer(self._reader)


def _nothing(*_: Any) -> None:
    """Ignore a report of progress that nobody asked for."""


def _of_reader(reader: Reader, kernel: str) -> Index:
    """The index that was pickled with this reader."""
    return Index(reader.generation, kernel)
