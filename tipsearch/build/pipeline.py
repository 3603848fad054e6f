"""From posts, or from the files that hold them, to an index; and from an older one to the next.

Small corpora are analysed here and now, with nltk. From some millions of characters on joblib
shares the work: each worker takes some thousand lines of a file from bytes to columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import cached_property
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.analysis.embedding import vectors as embedding
from tipsearch.analysis.embedding.vectors import Embedded, Known
from tipsearch.build import bulk, columns, counting, sightings
from tipsearch.build import embeddings as semantics
from tipsearch.build import merge as build
from tipsearch.build.bulk import LinesFile
from tipsearch.build.columns import Columns
from tipsearch.build.counting import Tokens, Words
from tipsearch.build.groups import Groups
from tipsearch.build.merge import Built
from tipsearch.build.previous import Older
from tipsearch.build.sightings import Sightings
from tipsearch.build.weights import Weighting
from tipsearch.corpus import read as reader
from tipsearch.corpus.dates import NO_DATE
from tipsearch.corpus.files import find
from tipsearch.corpus.post import Post
from tipsearch.corpus.report import FileReport, IngestReport
from tipsearch.errors import DuplicateIdError, NotEnoughMemory, SettingError
from tipsearch.ranking.settings import Ranking
from tipsearch.store.records import TEASER
from tipsearch.store.storage import Checked, Generation

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

Progress = Callable[[int], None]

# Below this many bytes one process is done before the workers have started.
PARALLEL_BYTES = 8_000_000
CHUNK = 10_000
NO_WORDS = counting.joined([])
NO_TOKENS = Tokens(NO_WORDS, [])
READ, TOKENS, WEIGHTS = 0.5, 0.65, 0.85  # the share of a build that is done by then


class Settings(NamedTuple):
    """How an index is made, and how it ranks; `embedding` is what the manifest says of one."""

    analyzer: Analyzer
    weighting: Weighting
    ranking: Ranking
    embedding: Mapping[str, Any] | None


def settings(
    analyzer: Analyzer | None, weighting: Weighting | None, ranking: str | Ranking | None
) -> Settings:
    """How an index is made: what is not given is the default.

    That ranks by words and meaning where the extra `semantic` is installed, else by words. Raises
    ExtraMissing where "hybrid" is asked for and it is not, SettingError for another name.
    """
    if ranking is None:
        ranking = "hybrid" if model.installed() else "feedback"
    chosen = Ranking(ranking) if isinstance(ranking, str) else ranking
    embedding = semantics.described() if chosen.name == "hybrid" else None
    return Settings(analyzer or Analyzer(), weighting or Weighting(), chosen, embedding)


class Pool:
    """Calls of a function over many things: in `jobs` processes if `parallel`, else here.

    By default in as many as there are cores that this process may use. Raises SettingError.
    """

    def __init__(self, jobs: int | None = None) -> None:
        if jobs is not None and (type(jobs) is not int or jobs < 1):
            raise SettingError("jobs", jobs, "a whole number, at least 1, or None for all cores")
        self._jobs, self.parallel = jobs, False

    def weigh(self, size: int) -> None:
        """Decide by how many bytes there are to be read whether it is parallel."""
        self.parallel = self._jobs != 1 and size >= PARALLEL_BYTES

    def map(self, function: Callable[..., Any], things: Iterable[Any], *more: Any) -> Iterator[Any]:
        """What the function gives for each thing, in order."""
        if not self.parallel:
            yield from (function(thing, *more) for thing in things)
            return
        import joblib  # what is done here need not wait for it

        jobs = joblib.Parallel(self._jobs or -1, "loky", return_as="generator")
        work = joblib.delayed(bulk.in_worker)
        try:
            yield from jobs(work(function, thing, *more) for thing in things)
        except BrokenProcessPool as error:
            reason = "a process that shared the work was ended, probably for want of memory"
            raise NotEnoughMemory(reason) from error


def of_posts(
    posts: Iterable[Post],
    settings: Settings,
    sources: Mapping[str, str],
    progress: Progress,
    pool: Pool,
) -> Generation:
    """An index of `posts` in memory; `layout` says what its parts are."""
    given, parts = list(posts), list[Columns]()
    for place, post in enumerate(given):
        if not isinstance(post, Post):
            raise SettingError(f"posts[{place}]", post, "a tipsearch.Post")
    for path, sha256 in sources.items():
        if not isinstance(path, str) or not isinstance(sha256, str):
            raise SettingError("sources", {path: sha256}, "names of files with their SHA-256")
    pool.weigh(sum(len(post.text) for post in given))
    chunks = (given[at : at + CHUNK] for at in range(0, len(given), CHUNK))
    for part in pool.map(columns.columns, chunks, settings.analyzer):
        parts.append(part)
        progress(len(part.ids))
    new = columns.joined(parts)
    tokens = _tokens(new.words, settings.analyzer, pool, with_nltk=not pool.parallel)
    seen = sightings.of_posts(given)
    made = build.build(build.nothing(), NO_TOKENS, new, tokens, seen, *settings[:2])
    vectors = _vectors(new.words, settings)
    return _generation(made, settings, (None, vectors), sources, {})


def _tokens(words: Words, analyzer: Analyzer, pool: Pool, *, with_nltk: bool) -> Tokens:
    """The tokens of the words, each form stemmed once."""
    if with_nltk:
        return counting.tokens(words, analyzer, *counting.nltk_tools(analyzer))

    def stem(forms: list[str]) -> list[str]:
        chunks = (forms[at : at + CHUNK] for at in range(0, len(forms), CHUNK))
        return list(chain.from_iterable(pool.map(counting.stems, chunks, analyzer)))

    return counting.tokens(words, analyzer, analyzer.pattern().findall, stem)


def _vectors(words: Words, settings: Settings) -> Embedded | None:
    """The vectors of the posts of these words, if there are to be any."""
    if settings.embedding is None:
        return None
    return semantics.embedded(words, settings.analyzer, settings.embedding)


def _generation(
    made: Built,
    settings: Settings,
    vectors: tuple[Known | None, Embedded | None],
    sources: Mapping[str, str],
    of_sources: Mapping[str, Groups],
) -> Generation:
    """The parts of an index, with the older and new vectors, and what is kept of its sources."""
    facts, arrays, tables = made.facts, made.arrays, made.tables
    facts["ranking"] = settings.ranking.to_json()
    facts["embedding"] = dict(settings.embedding) if settings.embedding else None
    arrays |= semantics.arrays(made, *vectors, settings.analyzer)
    named = sorted(sources.items())
    facts["sources"] = [[path, sha256] for path, sha256 in named]
    kept = [(number, of_sources[path]) for number, (path, _) in enumerate(named)
            if path in of_sources]  # fmt: skip
    digests = b"".join(digest for _, those in kept for digest in those.digests)
    numbers = [np.full(len(those.digests), number) for number, those in kept]
    arrays["groups.digest"] = np.frombuffer(digests, np.uint8)
    arrays["groups.source"] = np.concatenate([[], *numbers]).astype(np.int32)
    lines = [those.lines for _, those in kept]
    arrays["groups.lines"] = np.concatenate([[], *lines]).astype(np.int32)
    return Generation(
        facts,
        {name: Checked(array) for name, array in arrays.items()},
        {"posts.jsonl" if name == "posts" else f"{name}.txt": Checked(table.blob)
         for name, table in tables.items()},
    )  # fmt: skip


def of_sources(  # noqa: PLR0913
    sources: Iterable[str | PathLike[str]],
    settings: Settings,
    older: Older | None,
    *,
    posts: Sequence[Post] = (),
    keep_rest: bool = False,
    pool: Pool,
    progress: Callable[[float], None],
    by_lines: bool = True,
) -> tuple[Generation, IngestReport]:
    """An index of the posts of files and folders, and the account of these, as `read` gives it.

    `posts` join those of the sources. What did not change since `older` is taken over from it; of
    its other posts those stay, if `keep_rest`, whose ids the sources do not have. `progress` is
    told the share that is done. Raises SourceError, DuplicateIdError; IndexCorrupt for `older`.
    """
    names, lines, others = _opened(sources, older if by_lines else None)
    pool.weigh(sum(len(file.left) for file in lines.values()))
    _parse(lines, others, settings.analyzer, pool, progress)
    reused = np.concatenate([np.zeros(0, np.int64), *(file.rows for file in lines.values())])
    single = columns.joined([file.columns for file in lines.values()])
    given = [*single.ids, *(post.id for post in posts)]
    if older and _meet(older, reused, given):  # what is new repeats the id of a line that is not
        return of_sources(sources, settings, older, posts=posts, keep_rest=keep_rest, pool=pool,
                          progress=progress, by_lines=False)  # fmt: skip
    new, seen, combined, entries = _combined(
        lines, others, posts, single, _Ids(single.ids, older, reused), settings.analyzer
    )

    # The words of a million posts are not kept once they are tokens.
    del single
    for file in lines.values():
        file.columns = file.columns._replace(words=NO_WORDS)
    tokens, vectors = NO_TOKENS, None
    if older is None:
        vectors = _vectors(new.words, settings)
        tokens = _tokens(new.words, settings.analyzer, pool, with_nltk=not pool.parallel)
        new = new._replace(words=NO_WORDS)
    if pool.parallel:
        bulk.give_back()

    progress(TOKENS)
    read = len(new.ids) - len(posts)  # what the account is of
    flags, days = new.flags[:read], new.days[:read]
    if older:
        flags, days = np.append(flags, older.flags[reused]), np.append(days, older.days[reused])
    id_of_row = older.ids.__getitem__ if older else str
    files = [
        lines[name].account(combined.taken, id_of_row)
        if name in lines
        else reader.account(others[name], combined)
        for name in names
    ]
    report = _report(files, combined, len(reused) + entries, flags, days)
    if older and _unchanged(older, new, reused, report, settings, lines):
        progress(1.0)
        return older.generation, report
    if older is None:
        built = build.build(build.nothing(), NO_TOKENS, new, tokens, seen, *settings[:2])
        staying: Sequence[str] = ()
    else:
        again = [sightings.of_lines(name, file.reused) for name, file in lines.items()]
        built, vectors, staying = _updated(
            new, seen, reused, sightings.joined(again), settings, older, keep_rest, pool
        )
    kept = dict(older.facts["sources"]) if older and keep_rest else {}
    grouped = older.groups() if older and keep_rest else {}
    grouped = {name: those for name, those in grouped.items() if name not in report.sources}
    # Posts that stay may be of an older file of that name: then a line does not tell a post.
    grouped |= {
        name: file.groups for name, file in lines.items() if file.groups and name not in staying
    }
    progress(WEIGHTS)
    of_vectors = (older.known if older else None, vectors)
    made = _generation(built, settings, of_vectors, kept | report.sources, grouped)
    progress(1.0)
    return made, report


def _combined(
    lines: Mapping[str, LinesFile],
    others: Mapping[str, reader.File],
    posts: Sequence[Post],
    single: Columns,
    reserved: Container[str],
    analyzer: Analyzer,
) -> tuple[Columns, Sightings, reader.Combined, int]:
    """All new posts, where they were seen, what came of those of several lines, and how many seen.

    `single` are the posts of the `lines`, of which those with one id are combined. No post without
    an id gets a `reserved` one. Raises DuplicateIdError where one of the given `posts` has the id
    of another.
    """
    seen = sightings.joined([sightings.of_lines(n, file.new) for n, file in lines.items()])
    repeated = {id for id, count in Counter(single.ids).items() if count > 1}
    alone = np.ones(len(single.ids), bool)
    if repeated:
        alone[:] = [id not in repeated for id in single.ids]
    drafts = [file.drafts_of(repeated) for file in lines.values()] if repeated else []
    combined = reader.combine([*others.values(), *drafts], reserved)
    several = [*combined.posts, *posts]
    new = columns.joined([columns.without(single, ~alone), columns.columns(several, analyzer)])
    if posts and len(set(new.ids)) < len(new.ids):
        raise DuplicateIdError(next(id for id, count in Counter(new.ids).items() if count > 1))
    seen = sightings.joined([seen.take(np.flatnonzero(alone)), sightings.of_posts(several)])
    return new, seen, combined, int(alone.sum()) + combined.entries


def _unchanged(
    older: Older,
    new: Columns,
    reused: Array,
    report: IngestReport,
    settings: Settings,
    lines: Mapping[str, LinesFile],
) -> bool:
    """Whether the sources give just what the older index holds."""
    ranked = older.facts["ranking"] == settings.ranking.to_json()
    if not ranked or dict(older.facts["sources"]) != report.sources:
        return False
    found, same = _found(older, new)
    whole = same.all() and len(reused) + len(found) == len(older)
    return bool(whole) and set(older.groups()) == {n for n, f in lines.items() if f.groups}


def _report(
    files: Sequence[FileReport], combined: reader.Combined, entries: int, flags: Array, days: Array
) -> IngestReport:
    """The account of some files; `flags` and `days` are those of all their posts."""
    return IngestReport(
        files=tuple(files),
        repairs=combined.repairs,
        entries=entries,
        full=int((flags & TEASER == 0).sum()),
        teasers=int((flags & TEASER > 0).sum()),
        undated=int((days == NO_DATE).sum()),
    )


class _Ids:
    """The ids that lines have, new ones and those of some rows of an older index."""

    def __init__(self, ids: Iterable[str], older: Older | None, rows: Array) -> None:
        self._list, self._older, self._rows = ids, older, rows

    @cached_property
    def _set(self) -> set[str]:
        return set(self._list)

    def __contains__(self, id: object) -> bool:
        return id in self._set or bool(self._older and _meet(self._older, self._rows, [str(id)]))


def _meet(older: Older, rows: Array, ids: Sequence[str]) -> bool:
    """Whether one of these ids is that of one of these rows of the older index."""
    return bool(len(rows)) and bool(np.isin(older.rows_of(ids), rows).any())


def _opened(
    sources: Iterable[str | PathLike[str]], older: Older | None
) -> tuple[list[str], dict[str, LinesFile], dict[str, reader.File]]:
    """The names of the files of some sources; those of JSON Lines, and all others, read."""
    lines, others = dict[str, LinesFile](), dict[str, reader.File]()
    known = older.rows_of_groups() if older else {}
    entries = find(map(Path, sources))
    for entry in entries:
        if entry.problem is None and reader.is_json_lines(entry) and entry.path.is_file():
            try:
                lines[entry.name] = LinesFile(entry)
                lines[entry.name].reuse(known)
                continue
            except OSError:
                pass  # the reader says why
        others[entry.name] = reader.parse(entry)
    return [entry.name for entry in entries], lines, others


def _parse(
    lines: dict[str, LinesFile],
    others: dict[str, reader.File],
    analyzer: Analyzer,
    pool: Pool,
    progress: Callable[[float], None],
) -> None:
    """Parse what is new in the files of JSON Lines; those that are none become `others`."""
    of_pieces = [file for file in lines.values() for _ in file.pieces()]
    pieces = (piece for file in lines.values() for piece in file.pieces())
    parsed = pool.map(bulk.parse, pieces, analyzer)
    for done, (file, part) in enumerate(zip(of_pieces, parsed, strict=True)):
        progress(READ * done / len(of_pieces))
        file.take(part)
    progress(READ)
    for name, file in list(lines.items()):
        if not file.finish():
            others[name] = reader.parse(file.entry)
            del lines[name]


def _updated(  # noqa: PLR0913, PLR0917
    new: Columns,
    seen: Sightings,
    rows: Array,
    of_rows: Sightings,
    settings: Settings,
    older: Older,
    keep_rest: bool,
    pool: Pool,
) -> tuple[Built, Embedded | None, Sequence[str]]:
    """The parts of an index of `new` posts, where they were `seen`, and some `rows` of `older`.

    With the vectors of what is not in the older index, and the names of the files of the posts
    that only stay.
    """
    found, same = _found(older, new)
    rest = np.ones(len(older), bool) if keep_rest else np.zeros(len(older), bool)
    rest[found[found >= 0]] = False
    rest[rows] = False
    kept = np.concatenate([rows, found[same], np.flatnonzero(rest)])
    staying = older.sightings.take(np.flatnonzero(rest)).tidy()
    where = sightings.joined([of_rows, seen.take(np.flatnonzero(same)), staying])
    order = np.argsort(kept, kind="stable")
    gone = np.ones(len(older), bool)
    gone[kept] = False
    changed = columns.without(new, same)
    lost = counting.split(older.texts(np.flatnonzero(gone).tolist()), settings.analyzer)
    made = build.build(
        older.base(kept[order]),
        _tokens(lost, settings.analyzer, pool, with_nltk=False),
        changed,
        _tokens(changed.words, settings.analyzer, pool, with_nltk=False),
        sightings.joined([where.take(order), seen.take(np.flatnonzero(~same))]),
        *settings[:2],
    )
    vectors = _vectors(changed.words, settings)
    return made, vectors, staying.names


def _found(older: Older, new: Columns) -> tuple[Array, Array]:
    """The row of each post in the older index, -1 where there is none, and whether it is the same.

    The same in all that it says, which is what its record holds.
    """
    found = older.rows_of(new.ids)
    same = np.zeros(len(found), bool)
    for i in np.flatnonzero(found >= 0).tolist():
        same[i] = older.records.same(int(found[i]), new.records, i)
    return found, same


def without(older: Older, rows: Sequence[int], settings: Settings) -> Generation:
    """The index without the posts of these rows."""
    gone = np.zeros(len(older), bool)
    gone[[*rows]] = True
    kept = np.flatnonzero(~gone)
    nothing = columns.joined([])
    seen = older.sightings.take(kept)
    lost = counting.split(older.texts(np.flatnonzero(gone).tolist()), settings.analyzer)
    tokens = _tokens(lost, settings.analyzer, Pool(), with_nltk=False)
    made = build.build(older.base(kept), tokens, nothing, NO_TOKENS, seen, *settings[:2])
    vectors = embedding.nothing() if settings.embedding else None
    of_sources = dict(older.facts["sources"])
    return _generation(made, settings, (older.known, vectors), of_sources, older.groups())
