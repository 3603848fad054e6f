"""From paths to posts: find the files, read each by its format, and account for every line."""

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path

from tipsearch.errors import SourceError
from tipsearch.ingest import archive, jsonl
from tipsearch.ingest.dedupe import Sighting, merge
from tipsearch.ingest.draft import Page
from tipsearch.ingest.report import POST, UNRECOGNISED, FileReport, IngestReport, Line, Repair
from tipsearch.model import Post

JSON_LINES = (".jsonl", ".ndjson")
NOTE_WIDTH = 60


@dataclass(frozen=True, slots=True)
class _File:
    """A file on the way from its bytes to its report."""

    path: str
    sha256: str | None = None
    lines: tuple[str, ...] = ()
    page: Page = field(default_factory=Page)
    problem: str | None = None


def read(*sources: str | PathLike[str]) -> tuple[list[Post], IngestReport]:
    """The posts of files and folders (read with all below them), in order of id, and the account.

    A file ending in .jsonl or .ndjson is read as JSON Lines, any other as an archive dump, both
    in UTF-8. A file that cannot be read as either is a problem in the report, and the rest is
    still read. Raises SourceError where a source does not exist.
    """
    files = [_read(path, name) for source in sources for path, name in _found(Path(source))]
    sightings = [Sighting(file.path, draft) for file in files for draft in file.page.drafts]
    merged, refused = merge(sightings)
    owners = {
        (sighting.path, number): post.id
        for post, seen in merged
        for sighting in seen
        for number in sighting.draft.lines
    }
    repairs = tuple(
        Repair(sighting.path, sighting.draft.lines[0], "image caption", sighting.draft.caption)
        for sighting in sightings
        if sighting.draft.caption
    )
    taken = {(sighting.path, sighting.draft.lines[0]) for sighting in refused}
    posts = [post for post, _ in merged]
    full = sum(post.kind == "full" for post in posts)
    return posts, IngestReport(
        files=tuple(_report(file, owners, taken) for file in files),
        repairs=repairs,
        entries=len(sightings) - len(refused),
        full=full,
        teasers=len(posts) - full,
        undated=sum(post.date is None for post in posts),
    )


def _found(source: Path) -> Iterator[tuple[Path, str]]:
    """The files of a source, in order, with the name that each has in the report."""
    if not source.exists():
        raise SourceError(str(source), "no such file or folder", "name one that holds the dumps")
    name = source.resolve().name
    if not source.is_dir():
        yield source, name
        return
    for folder, folders, files in os.walk(source):
        folders.sort()
        here = Path(folder)
        for file in sorted(files):
            yield here / file, str(Path(name, here.relative_to(source), file).as_posix())


def _read(path: Path, name: str) -> _File:
    """A file's lines and what its format makes of them, or the problem with it."""
    if path.name.startswith("."):
        return _File(name, problem="hidden file, not read")
    if not path.is_file():
        return _File(name, problem="not a regular file")
    try:
        data = path.read_bytes()
    except OSError as error:
        return _File(name, problem=f"cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"not UTF-8: byte 0x{data[error.start]:02x} at line {line}"
        return _File(name, sha256, problem=reason)
    if not text.strip():
        return _File(name, sha256, problem="empty")
    lines = tuple(re.split(r"\r\n|\r|\n", text))
    if path.suffix.lower() in JSON_LINES:
        page, wanted = jsonl.parse(lines), 'a JSON object with "id" and "text" in any line'
    else:
        page, wanted = archive.parse(lines), 'a dated title, a "Posted on" line or a "Read more"'
    problem = None if page.drafts else f"no post found: it has not {wanted}"
    return _File(name, sha256, lines, page, problem)


def _report(
    file: _File, owners: dict[tuple[str, int], str], taken: set[tuple[str, int]]
) -> FileReport:
    lines = []
    for number, text in enumerate(file.lines, start=1):
        if not text.strip():
            continue
        if post := owners.get((file.path, number)):
            lines.append(Line(number, POST, post))
        elif kind := file.page.boilerplate.get(number):
            lines.append(Line(number, kind))
        elif (file.path, number) in taken:
            lines.append(Line(number, UNRECOGNISED, note="another post has this id already"))
        else:
            note = file.page.refused.get(number) or _excerpt(text)
            lines.append(Line(number, UNRECOGNISED, note=note))
    return FileReport(file.path, file.sha256, tuple(lines), file.problem)


def _excerpt(text: str) -> str:
    short = " ".join(text.split())
    return short if len(short) <= NOTE_WIDTH else f"{short[: NOTE_WIDTH - 1]}…"
