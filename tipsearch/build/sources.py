"""Sources of a build: reads files and posts into columns, with a report of every line.

Lines that did not change since a previous index are not parsed again: see `build.groups`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.build import bulk, columns, sightings
from tipsearch.build.bulk import LinesFile
from tipsearch.build.columns import Columns
from tipsearch.build.counting import NO_WORDS
from tipsearch.build.groups import Groups
from tipsearch.build.pool import Pool
from tipsearch.build.previous import PreviousIndex
from tipsearch.build.sightings import Sightings
from tipsearch.corpus import read as reader
from tipsearch.corpus.dates import NO_DATE
from tipsearch.corpus.files import find
from tipsearch.corpus.post import Post
from tipsearch.corpus.report import IngestReport
from tipsearch.errors import DuplicateIdError
from tipsearch.store.records import TEASER

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

READ_DONE = 0.5  # the share of a build that is done when all is read


class Gathered:
    """The posts of some sources: new ones, and rows of a previous index; and the report.

    `seen` has the sightings of the new posts. `reused` are the rows whose lines did not change,
    `of_reused` their sightings. `groups` has the groups of lines of each file of JSON Lines.
    """

    def __init__(
        self,
        new: Columns,
        seen: Sightings,
        reused: Array,
        of_reused: Sightings,
        groups: Mapping[str, Groups],
        report: IngestReport,
    ) -> None:
        self._new: list[Columns] = [new]
        self.seen, self.reused, self.of_reused = seen, reused, of_reused
        self.groups, self.report = groups, report

    def take_new(self) -> Columns:
        """The columns of the new posts; may be called once, so that their memory is freed early."""
        return self._new.pop()


def gather(
    sources: Iterable[str | PathLike[str]],
    posts: Sequence[Post],
    analyzer: Analyzer,
    previous: PreviousIndex | None,
    pool: Pool,
    progress: Callable[[float], None],
) -> Gathered:
    """Read files, folders and posts; lines that `previous` has are not parsed.

    Where a new post has the id of such a line, all lines are parsed. Raises SourceError, and
    DuplicateIdError where one of the given `posts` has the id of another post.
    """
    for known in (previous, None):
        names, lines, others = _opened(sources, known)
        pool.weigh(sum(len(file.left) for file in lines.values()))
        _parse(lines, others, analyzer, pool, progress)
        reused = np.concatenate([np.zeros(0, np.int64), *(f.rows for f in lines.values())])
        single = columns.joined([file.columns for file in lines.values()])
        ids = [*single.ids, *(post.id for post in posts)]
        if known is None or not known.any_in(reused, ids):
            break
    reserved = _Reserved(single.ids, previous, reused)
    new, seen, combined, entries = _combined(lines, others, posts, single, reserved, analyzer)
    del single
    report = _report(names, lines, others, combined, new, len(posts), reused, previous, entries)
    of_reused = [sightings.of_lines(name, file.reused) for name, file in lines.items()]
    groups = {name: file.groups for name, file in lines.items() if file.groups}
    for file in lines.values():  # their words are joined now: free the memory
        file.columns = file.columns._replace(words=NO_WORDS)
    if pool.parallel:
        bulk.release_memory()
    return Gathered(new, seen, reused, sightings.joined(of_reused), groups, report)


def _opened(
    sources: Iterable[str | PathLike[str]], previous: PreviousIndex | None
) -> tuple[list[str], dict[str, LinesFile], dict[str, reader.ParsedFile]]:
    """The names of all files of some sources; the files of JSON Lines; the others, parsed."""
    lines, others = dict[str, LinesFile](), dict[str, reader.ParsedFile]()
    known = previous.rows_of_groups() if previous else {}
    entries = find(map(Path, sources))
    for entry in entries:
        if entry.problem is None and reader.is_json_lines(entry) and entry.path.is_file():
            try:
                lines[entry.name] = LinesFile(entry)
                lines[entry.name].reuse(known)
                continue
            except OSError:
                pass  # reader.parse says why
        others[entry.name] = reader.parse(entry)
    return [entry.name for entry in entries], lines, others


def _parse(
    lines: dict[str, LinesFile],
    others: dict[str, reader.ParsedFile],
    analyzer: Analyzer,
    pool: Pool,
    progress: Callable[[float], None],
) -> None:
    """Parse what is new in the files of JSON Lines; those that are none are moved to `others`."""
    of_pieces = [file for file in lines.values() for _ in file.pieces()]
    pieces = (piece for file in lines.values() for piece in file.pieces())
    parsed = pool.map(bulk.parse, pieces, analyzer)
    for done, (file, part) in enumerate(zip(of_pieces, parsed, strict=True)):
        progress(READ_DONE * done / len(of_pieces))
        file.take(part)
    progress(READ_DONE)
    for name, file in list(lines.items()):
        if not file.finish():
            others[name] = reader.parse(file.entry)
            del lines[name]


def _combined(
    lines: Mapping[str, LinesFile],
    others: Mapping[str, reader.ParsedFile],
    posts: Sequence[Post],
    single: Columns,
    reserved: Container[str],
    analyzer: Analyzer,
) -> tuple[Columns, Sightings, reader.Combined, int]:
    """All new posts, their sightings, the combined posts, and the number of sightings.

    `single` are the posts of the `lines`; those with the same id are combined. No post without an
    id gets a `reserved` id.
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


def _report(  # noqa: PLR0913, PLR0917
    names: Sequence[str],
    lines: Mapping[str, LinesFile],
    others: Mapping[str, reader.ParsedFile],
    combined: reader.Combined,
    new: Columns,
    given: int,
    reused: Array,
    previous: PreviousIndex | None,
    entries: int,
) -> IngestReport:
    """The report of the files; the last `given` of the new posts are not from files."""
    read = len(new.ids) - given
    flags, days = new.flags[:read], new.days[:read]
    if previous:
        flags = np.append(flags, previous.flags[reused])
        days = np.append(days, previous.days[reused])
    id_of_row = previous.ids.__getitem__ if previous else str
    return IngestReport(
        files=tuple(
            lines[name].account(combined.taken, id_of_row)
            if name in lines
            else reader.account(others[name], combined)
            for name in names
        ),
        repairs=combined.repairs,
        entries=len(reused) + entries,
        full=int((flags & TEASER == 0).sum()),
        teasers=int((flags & TEASER > 0).sum()),
        undated=int((days == NO_DATE).sum()),
    )


class _Reserved:
    """The set of the ids of lines: new ones, and those of some rows of a previous index."""

    def __init__(self, ids: Iterable[str], previous: PreviousIndex | None, rows: Array) -> None:
        self._list, self._previous, self._rows = ids, previous, rows

    @cached_property
    def _set(self) -> set[str]:
        return set(self._list)

    def __contains__(self, id: object) -> bool:
        if id in self._set:
            return True
        return self._previous is not None and self._previous.any_in(self._rows, [str(id)])
