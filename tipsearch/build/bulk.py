"""Large files of JSON Lines: parsed into columns in several processes, with a report of each line.

The outcome is that of `corpus.read`. Groups of lines that a previous index has are not parsed.
"""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable, Container, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.build import columns
from tipsearch.build.columns import Columns
from tipsearch.build.groups import Groups, groups
from tipsearch.corpus import read as reader
from tipsearch.corpus.draft import Draft, Page
from tipsearch.corpus.files import Entry, load
from tipsearch.corpus.readers import jsonl
from tipsearch.corpus.report import UNRECOGNISED, FileReport, Line, PostLines
from tipsearch.store.records import post as post_of

if TYPE_CHECKING:
    from tipsearch.store.storage import Array

PIECE_BYTES = 1_000_000
BOM = b"\xef\xbb\xbf"


class Parsed(NamedTuple):
    """A parsed piece of `line_count` lines; the post in row i of `columns` is in line `lines[i]`.

    Lines count from 1. `refused` says why a line is no post.
    """

    line_count: int
    lines: Any
    refused: dict[int, str]
    columns: Columns


def parse(piece: bytes | bytearray, analyzer: Analyzer) -> Parsed | None:
    """Parse a piece that ends where a line ends; None where it is not UTF-8."""
    try:
        lines = reader.split_lines(piece.decode())
    except UnicodeDecodeError:
        return None
    page = jsonl.parse(lines)
    numbers = np.array([draft.lines[0] for draft in page.drafts], np.int64)
    return Parsed(len(lines) - 1, numbers, page.refused, columns.columns(page.drafts, analyzer))


def in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call the function in a worker process, without garbage collection.

    The search for reference cycles would take a third of the time, and finds none.
    """
    gc.disable()
    try:
        return function(*arguments)
    finally:
        release_memory()


def release_memory() -> None:
    """Return freed memory to the system.

    glibc keeps small pieces for itself, a third of all memory here. Other C libraries have no such
    call, and need none.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


class LinesFile:
    """A file of JSON Lines while it is read.

    Its lines `new` are the posts of `columns`. Its lines `reused` are the posts in `rows` of the
    previous index. `refused` says why a line is no post. `left` is the data still to be parsed.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.left, self.sha256 = load(entry.path)
        if self.left.startswith(BOM):
            del self.left[: len(BOM)]
        self.groups: Groups | None = None
        self.columns = columns.joined([])
        self.new: Array = np.zeros(0, np.int64)
        self.rows: Array = np.zeros(0, np.int64)
        self.reused: Array = np.zeros(0, np.int64)
        self.refused: dict[int, str] = {}
        self.broken = False
        self._parts: list[Parsed] = []
        self._numbers: Array | None = None  # of the lines in `left`, if not all are

    def reuse(self, known: dict[bytes, Array]) -> None:
        """Take the groups of lines that are `known` out of `left`; only the others are parsed.

        `known` has the rows of each group by its digest. A group that is used is removed from it,
        so that it is used once even if several files have it.
        """
        if b"\r" in self.left:  # a line may end with this, which groups do not look for
            return
        self.groups = groups(self.left)
        rows, reused, left, numbers = [self.rows], [self.reused], list[bytearray](), [self.new]
        start, line = 0, 1
        if not known:
            return
        for digest, end, count in zip(
            self.groups.digests, self.groups.ends.tolist(), self.groups.lines.tolist(), strict=True
        ):
            lines = np.arange(line, line + count)
            if len(known.get(digest, ())) == count:
                rows.append(known.pop(digest))
                reused.append(lines)
            else:
                left.append(self.left[start:end])
                numbers.append(lines)
            start, line = end, line + count
        self.rows, self.reused = np.concatenate(rows), np.concatenate(reused)
        self.left, self._numbers = bytearray().join(left), np.concatenate(numbers)

    def pieces(self) -> Iterator[bytearray]:
        """The data to be parsed, in pieces that end where a line ends."""
        at = 0
        while at < len(self.left):
            end = self.left.find(b"\n", at + PIECE_BYTES - 1) + 1 or len(self.left)
            yield self.left[at:end]
            at = end

    def take(self, part: Parsed | None) -> None:
        """Keep the next parsed piece."""
        if part is None:
            self.broken = True
        else:
            self._parts.append(part)

    def finish(self) -> bool:
        """Join the parsed pieces. Returns False where the file turns out to be no JSON Lines."""
        parts, self._parts, self.left, before = self._parts, [], bytearray(), 0
        self.columns = columns.joined([part.columns for part in parts])
        new = [self.new]
        for part in parts:
            new.append(self._in_file(part.lines + before))
            numbers = self._in_file(np.array([*part.refused], np.int64) + before).tolist()
            self.refused |= dict(zip(numbers, part.refused.values(), strict=True))
            before += part.line_count
        self.new = np.concatenate(new)
        return not self.broken and bool(self.columns.ids or len(self.rows))

    def _in_file(self, numbers: Array) -> Array:
        """Line numbers in the file, given line numbers in `left`."""
        return numbers if self._numbers is None else self._numbers[numbers - 1]

    def drafts_of(self, ids: Container[str]) -> reader.ParsedFile:
        """The new posts that have one of these ids, as drafts."""
        drafts = []
        for place, (id, line) in enumerate(zip(self.columns.ids, self.new.tolist(), strict=True)):
            if id in ids:
                offsets, blob = self.columns.records.offsets, self.columns.records.blob
                record = bytes(blob[int(offsets[place]) : int(offsets[place + 1])]).decode()
                post = post_of(id, record)
                drafts.append(
                    Draft(post.title, post.text, post.date, post.kind, (line,),
                          post.categories, id, post.url)
                )  # fmt: skip
        return reader.ParsedFile(self.entry.name, self.sha256, (), Page(tuple(drafts)))

    def account(self, taken: set[tuple[str, int]], id_of_row: Any) -> FileReport:
        """The report of each line.

        `taken` are lines (name of the file, number) whose id another post has; `id_of_row` gives
        the id of a row of the previous index.
        """
        name, ids = self.entry.name, self.columns.ids
        others = {n: Line(n, UNRECOGNISED, note=why) for n, why in self.refused.items()}
        refused = np.zeros(len(self.new), bool)
        if taken:
            refused[:] = [(name, n) in taken for n in self.new.tolist()]
        others |= {
            n: Line(n, UNRECOGNISED, note=reader.ID_TAKEN) for n in self.new[refused].tolist()
        }
        numbers = np.append(self.new[~refused], self.reused)
        places = np.append(np.flatnonzero(~refused), -1 - self.rows)
        order = np.argsort(numbers, kind="stable")
        places = places[order]

        def id_of(i: int) -> str:
            place = int(places[i])
            return ids[place] if place >= 0 else str(id_of_row(-1 - place))

        return FileReport(name, self.sha256, PostLines(numbers[order].tolist(), id_of, others))
