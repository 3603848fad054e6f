"""Files of JSON Lines, a million posts at a time: from bytes to columns, with the same account.

What `ingest` makes of a line, in pieces that several processes share, and without what an older
index has already.
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

CHUNK = 1_000_000  # bytes
BOM = b"\xef\xbb\xbf"


class Parsed(NamedTuple):
    """What came of a piece with so many `ends` of lines; the `lines` of its posts count from 1."""

    ends: int
    lines: Any
    refused: dict[int, str]
    columns: Columns


def parse(piece: bytes | bytearray, analyzer: Analyzer) -> Parsed | None:
    """The posts of some lines, or None where they are not UTF-8."""
    try:
        lines = reader.split_lines(piece.decode())
    except UnicodeDecodeError:
        return None
    page = jsonl.parse(lines)
    numbers = np.array([draft.lines[0] for draft in page.drafts], np.int64)
    found = columns.columns(page.drafts, analyzer)
    return Parsed(len(lines) - 1, numbers, page.refused, found)


def in_worker(function: Callable[..., Any], *arguments: Any) -> Any:
    """What the function gives, in a process of its own, where the garbage collector may rest.

    The search for reference cycles takes a third of the time, and finds none.
    """
    gc.disable()
    try:
        return function(*arguments)
    finally:
        give_back()


def give_back() -> None:
    """Return to the system what was freed in small pieces, a third of all memory.

    Of itself glibc keeps it; other C libraries have no such call, and need none.
    """
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


class LinesFile:
    """A file of JSON Lines on its way.

    `columns` are its new posts, in lines `new`; `rows` of an older index are those in the lines
    `reused`. `refused` says why a line is no post.
    """

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.left, self.sha256 = load(entry.path)  # what is to be parsed
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
        self._numbers: Array | None = None  # of the lines that are left, if not all are

    def reuse(self, known: dict[bytes, Array]) -> None:
        """Take the groups of lines that are `known` out of it; only the others are parsed.

        So each is taken once, whatever number of files has it.
        """
        if b"\r" in self.left:  # lines may end where groups do not see it
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
        """What is to be parsed, in pieces that end where a line ends."""
        at = 0
        while at < len(self.left):
            end = self.left.find(b"\n", at + CHUNK - 1) + 1 or len(self.left)
            yield self.left[at:end]
            at = end

    def take(self, part: Parsed | None) -> None:
        """Note what came of the next piece."""
        if part is None:
            self.broken = True
        else:
            self._parts.append(part)

    def finish(self) -> bool:
        """Put the pieces together; False where the file is no JSON Lines at all."""
        parts, self._parts, self.left, before = self._parts, [], bytearray(), 0
        self.columns = columns.joined([part.columns for part in parts])
        new = [self.new]
        for part in parts:
            new.append(self._of_file(part.lines + before))
            numbers = self._of_file(np.array([*part.refused], np.int64) + before).tolist()
            self.refused |= dict(zip(numbers, part.refused.values(), strict=True))
            before += part.ends
        self.new = np.concatenate(new)
        return not self.broken and bool(self.columns.ids or len(self.rows))

    def _of_file(self, numbers: Array) -> Array:
        """The numbers in the file of lines that are numbered among those left."""
        return numbers if self._numbers is None else self._numbers[numbers - 1]

    def drafts_of(self, ids: Container[str]) -> reader.File:
        """The drafts of its new posts that have one of these ids."""
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
        return reader.File(self.entry.name, self.sha256, (), Page(tuple(drafts)))

    def account(self, taken: set[tuple[str, int]], id_of_row: Any) -> FileReport:
        """What became of each of its lines."""
        name, ids = self.entry.name, self.columns.ids
        others = {n: Line(n, UNRECOGNISED, note=why) for n, why in self.refused.items()}
        refused = np.zeros(len(self.new), bool)
        if taken:
            refused[:] = [(name, n) in taken for n in self.new.tolist()]
        others |= {n: Line(n, UNRECOGNISED, note=reader.TAKEN) for n in self.new[refused].tolist()}
        numbers = np.append(self.new[~refused], self.reused)
        places = np.append(np.flatnonzero(~refused), -1 - self.rows)
        order = np.argsort(numbers, kind="stable")
        places = places[order]

        def id_of(i: int) -> str:
            place = int(places[i])
            return ids[place] if place >= 0 else str(id_of_row(-1 - place))

        return FileReport(name, self.sha256, PostLines(numbers[order].tolist(), id_of, others))
