"""Files of JSON Lines, a million posts at a time: from bytes to columns, with the same account.

What `ingest` makes of a line, in pieces that several processes share, and without what an older
index has already.
"""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Container, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch import columns
from tipsearch.columns import Columns
from tipsearch.ingest import jsonl, reader
from tipsearch.ingest.draft import Draft, Page
from tipsearch.ingest.files import Entry
from tipsearch.ingest.groups import Groups, groups
from tipsearch.ingest.report import UNRECOGNISED, FileReport, Line, PostLines
from tipsearch.records import post as post_of
from tipsearch.text import Analyzer

if TYPE_CHECKING:
    from tipsearch.storage import Array

CHUNK = 2_000_000  # bytes
BOM = b"\xef\xbb\xbf"


class Parsed(NamedTuple):
    """What came of a piece with so many `ends` of lines; the `lines` of its posts count from 1."""

    ends: int
    lines: Any
    refused: dict[int, str]
    columns: Columns


def parse(piece: bytes, analyzer: Analyzer) -> Parsed | None:
    """The posts of some lines, or None where they are not UTF-8."""
    try:
        lines = reader.split_lines(piece.decode())
    except UnicodeDecodeError:
        return None
    with unhindered():
        page = jsonl.parse(lines)
        numbers = np.array([draft.lines[0] for draft in page.drafts], np.int64)
        found = columns.columns(page.drafts, analyzer)
        return Parsed(len(lines) - 1, numbers, page.refused, found)


@contextmanager
def unhindered() -> Iterator[None]:
    """Without the search for reference cycles, which takes a third of the time and finds none."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class LinesFile:
    """A file of JSON Lines on its way.

    `columns` are its new posts, in lines `new`; `rows` of an older index are those in the lines
    `reused`. `refused` says why a line is no post.
    """

    def __init__(self, entry: Entry) -> None:
        data = entry.path.read_bytes()
        self.entry, self.sha256 = entry, hashlib.sha256(data).hexdigest()
        self.data = data.removeprefix(BOM)
        self.groups: Groups | None = None
        self.columns = columns.joined([])
        self.new: Array = np.zeros(0, np.int64)
        self.rows: Array = np.zeros(0, np.int64)
        self.reused: Array = np.zeros(0, np.int64)
        self.refused: dict[int, str] = {}
        self.parts: list[tuple[int, Parsed]] = []
        self.broken = False
        self._stretches = [(0, len(self.data), 1)]

    def reuse(self, known: dict[bytes, Array]) -> None:
        """Take the groups of lines that are `known` out of it; only the others are parsed.

        So each is taken once, whatever number of files has it.
        """
        if b"\r" in self.data:  # lines may end where groups do not see it
            return
        self.groups = groups(self.data)
        rows, reused = [self.rows], [self.reused]
        (start, _, line), left = self._stretches[0], list[tuple[int, int, int]]()
        for digest, end, count in zip(
            self.groups.digests, self.groups.ends.tolist(), self.groups.lines.tolist(), strict=True
        ):
            if len(known.get(digest, ())) == count:
                rows.append(known.pop(digest))
                reused.append(np.arange(line, line + count))
            elif left and left[-1][1] == start:
                left[-1] = (left[-1][0], end, left[-1][2])
            else:
                left.append((start, end, line))
            start, line = end, line + count
        self.rows, self.reused = np.concatenate(rows), np.concatenate(reused)
        self._stretches = left

    def pieces(self) -> Iterator[tuple[bytes, int]]:
        """What is to be parsed, in pieces that end where a line ends.

        With the number of its first line, or 0 if it follows on the piece before.
        """
        for start, stop, line in self._stretches:
            at, first = start, line
            while at < stop:
                end = self.data.find(b"\n", min(at + CHUNK, stop) - 1, stop) + 1 or stop
                yield self.data[at:end], first
                at, first = end, 0

    def take(self, first: int, part: Parsed | None) -> None:
        """Note what came of the next piece, given the number of its first line, or 0."""
        if part is None:
            self.broken = True
        elif not self.broken:
            if not first:
                first = self.parts[-1][0] + self.parts[-1][1].ends
            self.parts.append((first, part))

    def finish(self) -> bool:
        """Put the pieces together; False where the file is no JSON Lines at all."""
        parts, self.parts, self.data = self.parts, [], b""
        self.columns = columns.joined([part.columns for _, part in parts])
        self.new = np.concatenate([self.new, *(part.lines + first - 1 for first, part in parts)])
        for first, part in parts:
            self.refused |= {number + first - 1: why for number, why in part.refused.items()}
        return not self.broken and bool(self.columns.ids or len(self.rows))

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

    def account(self, taken: Container[tuple[str, int]], id_of_row: Any) -> FileReport:
        """What became of each of its lines."""
        name, ids = self.entry.name, self.columns.ids
        others = {n: Line(n, UNRECOGNISED, note=why) for n, why in self.refused.items()}
        refused = np.array([(name, n) in taken for n in self.new.tolist()], bool)
        others |= {n: Line(n, UNRECOGNISED, note=reader.TAKEN) for n in self.new[refused].tolist()}
        numbers = np.append(self.new[~refused], self.reused)
        places = np.append(np.flatnonzero(~refused), -1 - self.rows)
        order = np.argsort(numbers, kind="stable")
        places = places[order]

        def id_of(i: int) -> str:
            place = int(places[i])
            return ids[place] if place >= 0 else str(id_of_row(-1 - place))

        return FileReport(name, self.sha256, PostLines(numbers[order].tolist(), id_of, others))
