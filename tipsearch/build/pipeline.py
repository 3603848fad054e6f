"""The path from posts to an index. An update is a build whose unchanged parts come ready.

Every build ends in `assemble`: rows that stay of a previous index, and new posts, become one index.
A build from nothing has no such rows. The bytes are the same whichever way the posts came. Small
corpora are analysed here, with nltk; from some millions of characters on joblib shares the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.analysis.embedding import vectors as embedding
from tipsearch.build import columns, counting, embeddings, merge, sightings
from tipsearch.build.columns import Columns
from tipsearch.build.counting import NO_TOKENS, NO_WORDS, Tokens, Words
from tipsearch.build.generation import generation_of
from tipsearch.build.groups import Groups
from tipsearch.build.pool import Pool
from tipsearch.build.previous import PreviousIndex
from tipsearch.build.settings import Settings, settings
from tipsearch.build.sightings import Sightings
from tipsearch.build.sources import Gathered, gather
from tipsearch.corpus.post import Post
from tipsearch.corpus.report import IngestReport
from tipsearch.errors import IndexCorrupt, SettingError

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array, Generation

__all__ = ["Pool", "added", "of_posts", "of_sources", "reusable", "settings", "without"]

CHUNK = 10_000
TOKENS, WEIGHTS = 0.65, 0.85  # the share of a build that is done by then


class Kept(NamedTuple):
    """The rows of a previous index that stay, ascending, and where their posts are seen now."""

    previous: PreviousIndex
    rows: Array
    seen: Sightings


class Sources(NamedTuple):
    """What an index keeps of its sources: their SHA-256, and the groups of lines of some."""

    sha256: Mapping[str, str]
    groups: Mapping[str, Groups]


# --- what a build starts from


def of_posts(
    posts: Iterable[Post],
    settings: Settings,
    sources: Mapping[str, str],
    progress: Callable[[int], None],
    pool: Pool,
) -> Generation:
    """An index of `posts` in memory. Raises SettingError and DuplicateIdError."""
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
    seen = sightings.of_posts(given)
    return assemble(columns.joined(parts), seen, None, Sources(sources, {}), settings, pool)


def of_sources(
    sources: Iterable[str | PathLike[str]],
    settings: Settings,
    previous: PreviousIndex | None,
    *,
    posts: Sequence[Post] = (),
    keep_rest: bool = False,
    pool: Pool,
    progress: Callable[[float], None],
) -> tuple[Generation, IngestReport]:
    """An index of the posts of files and folders, and the account of these, as `read` gives it.

    `posts` join those of the sources. What did not change since `previous` is taken over from it;
    of its other posts those stay, if `keep_rest`, whose ids the sources do not have. `progress` is
    told the share that is done. Raises SourceError, DuplicateIdError; IndexCorrupt for `previous`.
    """
    gathered = gather(sources, posts, settings.analyzer, previous, pool, progress)
    report = gathered.report
    kept_sources = Sources(report.sources, gathered.groups)
    if previous is None:
        made = assemble(
            gathered.take_new(), gathered.seen, None, kept_sources, settings, pool, progress
        )
        return made, report
    new = gathered.take_new()
    found = previous.rows_of(new.ids)
    same = previous.same_posts(found, new)
    if _unchanged(previous, gathered, settings, len(found), bool(same.all())):
        progress(1.0)
        return previous.generation, report
    kept, staying = _kept(previous, gathered, found, same, keep_rest)
    if keep_rest:
        kept_sources = _with_old(previous, kept_sources, staying)
    seen = gathered.seen.take(np.flatnonzero(~same))
    changed = columns.without(new, same)
    del new
    return assemble(changed, seen, kept, kept_sources, settings, pool, progress), report


def added(
    reader: Reader,
    ranking: Ranking,
    sources: Iterable[Post | str | PathLike[str]],
    pool: Pool,
    progress: Callable[[float], None],
) -> tuple[Generation, IngestReport]:
    """An index and some posts and sources beside it, and the account of the sources."""
    given = list(sources)
    posts = [source for source in given if isinstance(source, Post)]
    files = [source for source in given if not isinstance(source, Post)]
    previous = PreviousIndex(reader.generation)
    return of_sources(
        files, _settings_of(reader, ranking), previous, posts=posts, keep_rest=True, pool=pool,
        progress=progress,
    )  # fmt: skip


def without(reader: Reader, ranking: Ranking, rows: Sequence[int]) -> Generation:
    """An index without the posts of these rows."""
    previous = PreviousIndex(reader.generation)
    staying = np.ones(len(previous), bool)
    staying[[*rows]] = False
    kept = np.flatnonzero(staying)
    sources = Sources(dict(previous.facts["sources"]), previous.groups())
    seen = previous.sightings.take(kept)
    nothing, nowhere = columns.joined([]), sightings.of_posts([])
    of_rows = Kept(previous, kept, seen)
    return assemble(nothing, nowhere, of_rows, sources, _settings_of(reader, ranking), Pool(1))


def reusable(reader: Reader, settings: Settings) -> PreviousIndex | None:
    """The previous index, if it has the same settings but for the ranking, and is not damaged."""
    if _settings_of(reader, settings.ranking) != settings:
        return None
    try:
        return PreviousIndex(reader.generation)
    except IndexCorrupt:
        return None


def _settings_of(reader: Reader, ranking: Ranking) -> Settings:
    return Settings(reader.analyzer, reader.weighting, ranking, reader.embedding)


# --- what stays of a previous index


def _unchanged(
    previous: PreviousIndex, gathered: Gathered, settings: Settings, found: int, same: bool
) -> bool:
    """Whether the sources give just what the previous index holds."""
    ranked = previous.facts["ranking"] == settings.ranking.to_json()
    if not ranked or dict(previous.facts["sources"]) != gathered.report.sources or not same:
        return False
    whole = len(gathered.reused) + found == len(previous)
    return whole and set(previous.groups()) == set(gathered.groups)


def _kept(
    previous: PreviousIndex, gathered: Gathered, found: Array, same: Array, keep_rest: bool
) -> tuple[Kept, Sequence[str]]:
    """The rows that stay, and the names of the files of those that only stay."""
    rest = np.ones(len(previous), bool) if keep_rest else np.zeros(len(previous), bool)
    rest[found[found >= 0]] = False
    rest[gathered.reused] = False
    rows = np.concatenate([gathered.reused, found[same], np.flatnonzero(rest)])
    staying = previous.sightings.take(np.flatnonzero(rest)).tidy()
    again = gathered.seen.take(np.flatnonzero(same))
    seen = sightings.joined([gathered.of_reused, again, staying])
    order = np.argsort(rows, kind="stable")
    return Kept(previous, rows[order], seen.take(order)), staying.names


def _with_old(previous: PreviousIndex, new: Sources, staying: Sequence[str]) -> Sources:
    """The sources of both; `staying` are the names of files of which posts only stay."""
    old = {name: of for name, of in previous.groups().items() if name not in new.sha256}
    # Posts that stay may be of an older file of that name: then a line does not tell a post.
    fresh = {name: of for name, of in new.groups.items() if name not in staying}
    return Sources(dict(previous.facts["sources"]) | dict(new.sha256), old | fresh)


# --- the one path


def assemble(
    new: Columns,
    seen: Sightings,
    kept: Kept | None,
    sources: Sources,
    settings: Settings,
    pool: Pool,
    progress: Callable[[float], None] = lambda _: None,
) -> Generation:
    """The index of `new` posts, which were `seen`, and of the rows of a previous index that stay.

    Words are tokenised and counted, all weights and bounds computed anew, embeddings made for new
    posts alone. Raises DuplicateIdError.
    """
    analyzer = settings.analyzer
    vectors = _embedded(new.words, settings)
    with_nltk = kept is None and not pool.parallel  # to start it takes as long as a small update
    tokens = _tokens(new.words, analyzer, pool, with_nltk=with_nltk)
    new = new._replace(words=NO_WORDS)
    base, lost, known = merge.nothing(), NO_TOKENS, None
    if kept is not None:
        gone = np.ones(len(kept.previous), bool)
        gone[kept.rows] = False
        words = counting.split(kept.previous.texts(np.flatnonzero(gone).tolist()), analyzer)
        lost = _tokens(words, analyzer, pool, with_nltk=False)
        base, known = kept.previous.base(kept.rows), kept.previous.known
        seen = sightings.joined([kept.seen, seen])
    progress(TOKENS)
    built = merge.build(base, lost, new, tokens, seen, analyzer, settings.weighting)
    progress(WEIGHTS)
    built.arrays.update(embeddings.arrays(built, known, vectors, analyzer))
    made = generation_of(built, settings, sources.sha256, sources.groups)
    progress(1.0)
    return made


def _tokens(words: Words, analyzer: Analyzer, pool: Pool, *, with_nltk: bool) -> Tokens:
    """The tokens of the words, each form stemmed once."""
    if with_nltk:
        return counting.tokens(words, analyzer, *counting.nltk_tools(analyzer))

    def stem(forms: list[str]) -> list[str]:
        chunks = (forms[at : at + CHUNK] for at in range(0, len(forms), CHUNK))
        return list(chain.from_iterable(pool.map(counting.stems, chunks, analyzer)))

    return counting.tokens(words, analyzer, analyzer.pattern().findall, stem)


def _embedded(words: Words, settings: Settings) -> embedding.Embedded | None:
    """The embeddings of the posts of these words, None if the index is to have none."""
    if settings.embedding is None:
        return None
    return embeddings.embedded(words, settings.analyzer, settings.embedding)
