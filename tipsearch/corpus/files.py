"""Finder of source files: the files of all sources, each with its name in the report."""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tipsearch.errors import SourceError

MAX_LINE_BYTES = 1 << 24  # no post is longer
OVERLONG_LINE = "\0a line that is too long\0"  # takes the place of a longer line


class Entry(NamedTuple):
    """A file to read, or something that is not read because of a `problem`.

    `name` is its name in the report.
    """

    path: Path
    name: str
    problem: str | None = None


def find(sources: Iterable[Path]) -> list[Entry]:
    """Find the files of all sources: an entry for each file, with a name of its own.

    A file found twice is one entry, with the longer name. Files that would share a name have their
    path from the folder that holds them all, so that no name is an absolute path. Raises
    SourceError where a source does not exist.
    """
    best: dict[str, Entry] = {}
    for entry in (entry for source in sources for entry in _entries(source)):
        here = os.path.join(os.path.realpath(entry.path.parent), entry.path.name)
        real = here if entry.problem else os.path.realpath(entry.path)
        best[real] = max(entry, best.get(real, entry), key=_precedence)
    by_name: dict[str, list[str]] = defaultdict(list)
    for real, entry in best.items():
        by_name[entry.name].append(real)
    named: dict[str, Entry] = {}
    for real, entry in best.items():
        same = by_name[entry.name]
        name = entry.name if len(same) == 1 else os.path.relpath(real, os.path.commonpath(same))
        name = _printable(name)
        while name in named:
            name += "~"
        named[name] = entry._replace(name=name)
    return list(named.values())


def load(path: Path) -> tuple[bytearray, str]:
    """The bytes of a file of lines, and the SHA-256 of the file.

    OVERLONG_LINE takes the place of each line longer than MAX_LINE_BYTES, which limits the memory.
    Raises OSError.
    """
    sha256, data = hashlib.sha256(), bytearray()
    line, length = list[bytes](), 0  # the parts and the length of the line that has not ended
    with path.open("rb") as file:
        while piece := file.read(MAX_LINE_BYTES):
            sha256.update(piece)
            first, last = _line_ends(piece)
            length += first
            line = [*line, piece[:first]] if length <= MAX_LINE_BYTES else []
            if last:
                data += _joined(line, length) + piece[first:last]
                line, length = [piece[last:]], len(piece) - last
    data += _joined(line, length)
    return data, sha256.hexdigest()


def _line_ends(piece: bytes) -> tuple[int, int]:
    """Where the first line in a piece ends, and where the last one begins; 0 if no line ends."""
    first = min((at for end in (b"\n", b"\r") if (at := piece.find(end)) >= 0), default=len(piece))
    return first, max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1


def _joined(line: list[bytes], length: int) -> bytes:
    """A line from its parts, or OVERLONG_LINE."""
    return b"".join(line) if length <= MAX_LINE_BYTES else OVERLONG_LINE.encode()


def _precedence(entry: Entry) -> tuple[bool, int, str]:
    return entry.problem is None, len(entry.name), entry.name


def _printable(name: str) -> str:
    """A file name with bytes that are not UTF-8, which Linux allows, as escapes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _entries(source: Path) -> Iterator[Entry]:
    """The entries of a source, in order. Raises SourceError where it does not exist."""
    if not os.path.exists(source):
        advice = "name a .jsonl file, a saved page of a blog's archive, or a folder of them"
        raise SourceError(str(source), "no such file or folder", advice)
    stack = [Entry(source, os.path.basename(os.path.realpath(source)))]
    while stack:
        entry = stack.pop()
        if entry.problem is None and os.path.isdir(entry.path):
            stack += reversed(_children(entry))
        else:
            yield entry


def _children(folder: Entry) -> list[Entry]:
    """The entries of a folder, files first; the folder itself where it cannot be read."""
    try:
        paths = [folder.path / name for name in sorted(os.listdir(folder.path))]
    except OSError as error:
        return [folder._replace(problem=f"cannot be read: {error.strerror}")]
    entries = [Entry(path, f"{folder.name}/{path.name}", _refusal(path)) for path in paths]
    return sorted(entries, key=lambda entry: os.path.isdir(entry.path))


def _refusal(path: Path) -> str | None:
    """Why something in a folder is not read; None if it is."""
    if path.name.startswith("."):
        return "hidden, not read"
    if path.is_symlink() and os.path.isdir(path):
        return "link to a folder, not followed"
    if re.fullmatch("[0-9a-f]{64}", path.name) and (path / "manifest.json").is_file():
        return "part of an index, not read"
    return None
