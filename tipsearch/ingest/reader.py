"""From paths to posts: find the files, read each by its format, and account for every line."""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from tipsearch.errors import SourceError
from tipsearch.ingest import archive, jsonl
from tipsearch.ingest.dedupe import Sighting, merge
from tipsearch.ingest.draft import Page
from tipsearch.ingest.report import POST, UNRECOGNISED, FileReport, IngestReport, Line, Repair
from tipsearch.model import Post

JSON_LINES = (".jsonl", ".ndjson")
NOTE_WIDTH = 60


class _Entry(NamedTuple):
    """A file, or what is in the place of one, on the way to being read."""

    path: Path
    name: str  # in the report
    problem: str | None = None


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
    still read. A file that the sources lead to twice is read once; the order of the sources does
    not matter for the posts. Raises SourceError where a source does not exist.
    """
    files = [_read(entry) for entry in _named_apart(map(Path, sources))]
    sightings = [Sighting(file.path, draft) for file in files for draft in file.page.drafts]
    merged, refused = merge(sightings)
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


def _named_apart(sources: Iterable[Path]) -> list[_Entry]:
    """The entries of all sources, each file once, each with a name that no other one has.

    A file found twice has the longer name; those with a name that others have go by their path
    from the folder that holds them all, so that no name is an absolute path.
    """
    best: dict[str, _Entry] = {}
    for entry in (entry for source in sources for entry in _found(source)):
        here = os.path.join(os.path.realpath(entry.path.parent), entry.path.name)
        real = here if entry.problem else os.path.realpath(entry.path)
        best[real] = max(entry, best.get(real, entry), key=_precedence)
    alike: dict[str, list[str]] = defaultdict(list)
    for real, entry in best.items():
        alike[entry.name].append(real)
    named: dict[str, _Entry] = {}
    for real, entry in best.items():
        same = alike[entry.name]
        name = entry.name if len(same) == 1 else os.path.relpath(real, os.path.commonpath(same))
        name = _printable(name)
        while name in named:
            name += "~"
        named[name] = entry._replace(name=name)
    return list(named.values())


def _precedence(entry: _Entry) -> tuple[bool, int, str]:
    return entry.problem is None, len(entry.name), entry.name


def _printable(name: str) -> str:
    """A file name with the bytes that are no characters, as Linux allows them, spelt out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _found(source: Path) -> Iterator[_Entry]:
    """The files of a source, in order, and what of it is not read."""
    if not os.path.exists(source):
        raise SourceError(str(source), "no such file or folder", "name one that holds the dumps")
    found = [_Entry(source, os.path.basename(os.path.realpath(source)))]
    while found:
        entry = found.pop()
        if entry.problem is None and os.path.isdir(entry.path):
            found += reversed(_children(entry))
        else:
            yield entry


def _children(folder: _Entry) -> list[_Entry]:
    """What a folder holds, its files first; the folder itself where it cannot be read."""
    try:
        paths = [folder.path / name for name in sorted(os.listdir(folder.path))]
    except OSError as error:
        return [folder._replace(problem=f"cannot be read: {error.strerror}")]
    entries = [_Entry(path, f"{folder.name}/{path.name}", _refusal(path)) for path in paths]
    return sorted(entries, key=lambda entry: os.path.isdir(entry.path))


def _refusal(path: Path) -> str | None:
    """Why something in a folder is not read, if so."""
    if path.name.startswith("."):
        return "hidden, not read"
    if path.is_symlink() and os.path.isdir(path):
        return "link to a folder, not followed"
    if re.fullmatch("[0-9a-f]{64}", path.name) and (path / "manifest.json").is_file():
        return "part of an index, not read"
    return None


def _read(entry: _Entry) -> _File:
    """A file's lines and what its format makes of them, or the problem with it."""
    path, name = entry.path, entry.name
    if entry.problem:
        return _File(name, problem=entry.problem)
    if not os.path.isfile(path):
        return _File(name, problem="not a regular file")
    try:
        data = path.read_bytes()
    except OSError as error:
        return _File(name, problem=f"cannot be read: {error.strerror}")
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\r|\n", error.object[: error.start])) + 1
        reason = f"not UTF-8: byte 0x{error.object[error.start]:02x} at line {line}"
        return _File(name, sha256, problem=reason)
    if not text.strip():
        return _File(name, sha256, problem="empty")
    lines = tuple(re.split(r"\r\n|\r|\n", text))
    if path.suffix.lower() in JSON_LINES:
        page, wanted = jsonl.parse(lines), 'a JSON object with "id" and "text" in any line'
    else:
        page = archive.parse(lines)
        wanted = 'the dated titles, "Posted on" or "Read more" of a dump'
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
