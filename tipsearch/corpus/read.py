"""Reading: files and folders to posts, with a report of every line."""

import os
import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from tipsearch.corpus.dedupe import Sighting, merge
from tipsearch.corpus.draft import Page
from tipsearch.corpus.files import Entry, find, load
from tipsearch.corpus.post import Post
from tipsearch.corpus.readers import jsonl
from tipsearch.corpus.readers.archive import dump as archive
from tipsearch.corpus.report import POST, UNRECOGNISED, FileReport, IngestReport, Line, Repair

ID_TAKEN = "another post has this id already"
JSON_LINES = (".jsonl", ".ndjson")
NOTE_WIDTH = 60  # characters
MAX_PAGE_BYTES = 1 << 26  # of an archive page


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A parsed file: its lines and what its format makes of them, or the problem with it."""

    path: str
    sha256: str | None = None
    lines: tuple[str, ...] = ()
    page: Page = field(default_factory=Page)
    problem: str | None = None


class Combined(NamedTuple):
    """The posts of several files, in order of id, and what became of the drafts.

    `owners` maps path and line to the id of the post there. `taken` has path and first line of each
    draft that was refused because another post has its id. `entries` counts the other drafts.
    """

    posts: list[Post]
    owners: dict[tuple[str, int], str]
    taken: set[tuple[str, int]]
    repairs: tuple[Repair, ...]
    entries: int


def read(*sources: str | PathLike[str]) -> tuple[list[Post], IngestReport]:
    """Read files and folders (with all below them): the posts in order of id, and the report.

    A file that ends in .jsonl or .ndjson is read as JSON Lines, any other as an archive dump, both
    in UTF-8. A file that cannot be read is a problem in the report, and the others are still read.
    A file that is in the sources twice is read once. The order of the sources does not matter for
    the posts. Raises SourceError where a source does not exist.
    """
    files = [parse(entry) for entry in find(map(Path, sources))]
    combined = combine(files)
    posts = combined.posts
    full = sum(post.kind == "full" for post in posts)
    return posts, IngestReport(
        files=tuple(account(file, combined) for file in files),
        repairs=combined.repairs,
        entries=combined.entries,
        full=full,
        teasers=len(posts) - full,
        undated=sum(post.date is None for post in posts),
    )


def combine(files: Iterable[ParsedFile], reserved: Container[str] = ()) -> Combined:
    """Merge the drafts of files into posts; no draft without an id gets a `reserved` one."""
    sightings = [Sighting(file.path, draft) for file in files for draft in file.page.drafts]
    merged, refused = merge(sightings, reserved)
    owners = {
        (sighting.path, number): post.id
        for post, seen in merged
        for sighting in seen
        for number in sighting.draft.lines
    }
    repairs = tuple(
        Repair(sighting.path, sighting.draft.caption_line, "image caption", sighting.draft.caption)
        for sighting in sightings
        if sighting.draft.caption
    )
    taken = {(sighting.path, sighting.draft.lines[0]) for sighting in refused}
    entries = len(sightings) - len(refused)
    return Combined([post for post, _ in merged], owners, taken, repairs, entries)


def is_json_lines(entry: Entry) -> bool:
    """Whether a file is read as JSON Lines."""
    return entry.path.suffix.lower() in JSON_LINES


def parse(entry: Entry) -> ParsedFile:
    """Parse a file by its format."""
    name, problem = entry.name, entry.problem or _refusal(entry)
    if problem:
        return ParsedFile(name, problem=problem)
    try:
        data, sha256 = load(entry.path)
    except OSError as error:
        return ParsedFile(name, problem=f"cannot be read: {error.strerror}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", error.object[: error.start])) + 1
        reason = f"not UTF-8: byte 0x{error.object[error.start]:02x} at line {line}"
        return ParsedFile(name, sha256, problem=reason)
    if not text.strip():
        return ParsedFile(name, sha256, problem="empty")
    lines = tuple(split_lines(text))
    if is_json_lines(entry):
        page, expected = jsonl.parse(lines), 'a JSON object with "id" and "text" in any line'
    else:
        page = archive.parse(lines)
        expected = 'the dated titles, "Posted on" or "Read more" of an archive dump'
        if text.lstrip()[0] in "{[":
            expected += "; JSON Lines, a post a line, must be named .jsonl"
    problem = None if page.drafts else f"no post found: it has not {expected}"
    return ParsedFile(name, sha256, lines, page, problem)


def _refusal(entry: Entry) -> str | None:
    """Why a file is not opened; None if it is."""
    if not os.path.isfile(entry.path):
        return "not a regular file"
    if not is_json_lines(entry) and os.path.getsize(entry.path) > MAX_PAGE_BYTES:
        return f"larger than {MAX_PAGE_BYTES >> 20} MiB, which no archive page is"
    return None


def account(file: ParsedFile, combined: Combined) -> FileReport:
    """The report of a file: what became of each line."""
    lines = []
    for number, text in enumerate(file.lines, start=1):
        if not text.strip():
            continue
        if post := combined.owners.get((file.path, number)):
            lines.append(Line(number, POST, post))
        elif kind := file.page.boilerplate.get(number):
            lines.append(Line(number, kind))
        elif (file.path, number) in combined.taken:
            lines.append(Line(number, UNRECOGNISED, note=ID_TAKEN))
        else:
            note = file.page.refused.get(number) or _excerpt(text)
            lines.append(Line(number, UNRECOGNISED, note=note))
    return FileReport(file.path, file.sha256, tuple(lines), file.problem)


def split_lines(text: str) -> list[str]:
    """The lines of a text; they end in LF, CR or both."""
    return re.split(r"\r\n|\r|\n", text) if "\r" in text else text.split("\n")


def _excerpt(text: str) -> str:
    """The start of a line, of NOTE_WIDTH characters at most."""
    short = " ".join(text.split())
    return short if len(short) <= NOTE_WIDTH else f"{short[: NOTE_WIDTH - 1]}…"
