"""Pipeline: builds an index from posts or sources, and updates one.

Every build ends in `assemble`, which makes one index of the rows kept from a previous index and of
new posts. A build from nothing keeps no rows. The bytes of the outcome do not depend on how the
posts came. A small corpus is analysed in this process, with nltk; from 8 MB on joblib shares the
work among several processes.
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

ITEMS_AT_ONCE = 10_000  # posts or forms that one call works on
# The share of a build that is done after this step.
TOKENS_DONE, WEIGHTS_DONE = 0.65, 0.85


class Kept(NamedTuple):
    """The rows of a previous index that are kept, ascending, and the sightings of their posts."""

    previous: PreviousIndex
    rows: Array
    seen: Sightings


class Sources(NamedTuple):
    """The SHA-256 of each source file by name, and the groups of lines of those of JSON Lines."""

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
    """Build an index from `posts`; `progress` gets the number of posts done since the last call.

    Raises SettingError and DuplicateIdError.
    """
    given, parts = list(posts), list[Columns]()
    for place, post in enumerate(given):
        if not isinstance(post, Post):
            raise SettingError(f"posts[{place}]", post, "a tipsearch.Post")
    for path, sha256 in sources.items():
        if not isinstance(path, str) or not isinstance(sha256, str):
            raise SettingError("sources", {path: sha256}, "names of files with their SHA-256")
    pool.weigh(sum(len(post.text) for post in given))
    chunks = (given[at : at + ITEMS_AT_ONCE] for at in range(0, len(given), ITEMS_AT_ONCE))
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
    """Build an index from files and folders, and `posts` besides; return it with the report.

    What did not change since `previous` is taken over from it. With `keep_rest` its other posts
    are kept too, but for those whose ids the sources have. `progress` gets the share of the work
    that is done. Raises SourceError, DuplicateIdError, and IndexCorrupt for `previous`.
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
    known_rows = previous.rows_of(new.ids)
    same = previous.same_posts(known_rows, new)
    if _unchanged(previous, gathered, settings, len(known_rows), bool(same.all())):
        progress(1.0)
        return previous.generation, report
    kept, other_files = _kept(previous, gathered, known_rows, same, keep_rest)
    if keep_rest:
        kept_sources = _with_old(previous, kept_sources, other_files)
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
    """An index with the posts of these sources added, and the report of the sources."""
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
    mask = np.ones(len(previous), bool)
    mask[[*rows]] = False
    kept = np.flatnonzero(mask)
    sources = Sources(dict(previous.facts["sources"]), previous.groups())
    seen = previous.sightings.take(kept)
    no_posts, no_sightings = columns.joined([]), sightings.of_posts([])
    of_rows = Kept(previous, kept, seen)
    return assemble(
        no_posts, no_sightings, of_rows, sources, _settings_of(reader, ranking), Pool(1)
    )


def reusable(reader: Reader, settings: Settings) -> PreviousIndex | None:
    """The index as a PreviousIndex; None where it is damaged, or settings differ.

    A query alone uses ranking and synonyms: these may differ.
    """
    same = _settings_of(reader, settings.ranking)._replace(synonyms=settings.synonyms)
    if same != settings:
        return None
    try:
        return PreviousIndex(reader.generation)
    except IndexCorrupt:
        return None


def _settings_of(reader: Reader, ranking: Ranking) -> Settings:
    return Settings(reader.analyzer, reader.weighting, ranking, reader.embedding, reader.synonyms)


# --- what is kept of a previous index


def _unchanged(
    previous: PreviousIndex, gathered: Gathered, settings: Settings, known: int, same: bool
) -> bool:
    """Whether the sources give just what the previous index holds; `known` posts are `same`."""
    same_settings = previous.facts["ranking"] == settings.ranking.to_json()
    same_settings &= previous.facts["synonyms"] == [rule.to_json() for rule in settings.synonyms]
    if not same_settings or dict(previous.facts["sources"]) != gathered.report.sources or not same:
        return False
    same_posts = len(gathered.reused) + known == len(previous)
    return same_posts and set(previous.groups()) == set(gathered.groups)


def _kept(
    previous: PreviousIndex, gathered: Gathered, known_rows: Array, same: Array, keep_rest: bool
) -> tuple[Kept, Sequence[str]]:
    """The rows that are kept, and the names of the files of those that no source has."""
    rest = np.ones(len(previous), bool) if keep_rest else np.zeros(len(previous), bool)
    rest[known_rows[known_rows >= 0]] = False
    rest[gathered.reused] = False
    rows = np.concatenate([gathered.reused, known_rows[same], np.flatnonzero(rest)])
    of_rest = previous.sightings.take(np.flatnonzero(rest)).tidy()
    again = gathered.seen.take(np.flatnonzero(same))
    seen = sightings.joined([gathered.of_reused, again, of_rest])
    order = np.argsort(rows, kind="stable")
    return Kept(previous, rows[order], seen.take(order)), of_rest.names


def _with_old(previous: PreviousIndex, new: Sources, other_files: Sequence[str]) -> Sources:
    """The sources of both; `other_files` are those of kept posts that no source has."""
    old = {name: of for name, of in previous.groups().items() if name not in new.sha256}
    # Kept posts may be of an older file of that name: then a line number is not that of a post.
    fresh = {name: of for name, of in new.groups.items() if name not in other_files}
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
    """The index of the `kept` rows of a previous index and of `new` posts; `seen`: where these are.

    Words are tokenised and counted, weights and block maxima computed anew, embeddings made for
    new posts alone. Raises DuplicateIdError.
    """
    analyzer = settings.analyzer
    with_nltk = kept is None and not pool.parallel  # to load nltk takes as long as a small update
    tokens = _tokens(new.words, analyzer, pool, with_nltk=with_nltk)
    new = new._replace(words=NO_WORDS)
    vectors = _embedded(tokens, settings)
    base, dropped_tokens, known = merge.empty_base(), NO_TOKENS, None
    if kept is not None:
        dropped = np.ones(len(kept.previous), bool)
        dropped[kept.rows] = False
        words = counting.split(kept.previous.texts(np.flatnonzero(dropped).tolist()), analyzer)
        dropped_tokens = _tokens(words, analyzer, pool, with_nltk=False)
        base, known = kept.previous.base(kept.rows), kept.previous.known
        seen = sightings.joined([kept.seen, seen])
    progress(TOKENS_DONE)
    built = merge.build(base, dropped_tokens, new, tokens, seen, analyzer, settings.weighting)
    progress(WEIGHTS_DONE)
    built.arrays.update(embeddings.arrays(built, known, vectors, analyzer))
    made = generation_of(built, settings, sources.sha256, sources.groups)
    progress(1.0)
    return made


def _tokens(words: Words, analyzer: Analyzer, pool: Pool, *, with_nltk: bool) -> Tokens:
    """The tokens of the words, each form stemmed once."""
    if with_nltk:
        return counting.tokens(words, analyzer, *counting.nltk_tools(analyzer))

    def stem(forms: list[str]) -> list[str]:
        chunks = (forms[at : at + ITEMS_AT_ONCE] for at in range(0, len(forms), ITEMS_AT_ONCE))
        return list(chain.from_iterable(pool.map(counting.stems, chunks, analyzer)))

    return counting.tokens(words, analyzer, analyzer.pattern().findall, stem)


def _embedded(tokens: Tokens, settings: Settings) -> embedding.Embedded | None:
    """The embeddings of the posts of these tokens, None if the index is to have none."""
    if settings.embedding is None:
        return None
    words = counting.without_joined(tokens, settings.analyzer)
    return embeddings.embedded(words, settings.analyzer, settings.embedding)
