"""Which files do some sources lead to, and by what name is each reported?"""

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from tipsearch.errors import SourceError

LONGEST = 1 << 24  # bytes of a line: no post is longer
LEFT_OUT = "\0a line that is too long\0"  # what stands for one
_LEFT_OUT = LEFT_OUT.encode()


class Entry(NamedTuple):
    """A file, or what is in the place of one, on the way to being read."""

    path: Path
    name: str  # in the report
    problem: str | None = None


def find(sources: Iterable[Path]) -> list[Entry]:
    """The entries of all sources, each file once, each with a name that no other one has.

    A file found twice has the longer name; those with a name that others have go by their path
    from the folder that holds them all, so that no name is an absolute path.
    """
    best: dict[str, Entry] = {}
    for entry in (entry for source in sources for entry in _found(source)):
        here = os.path.join(os.path.realpath(entry.path.parent), entry.path.name)
        real = here if entry.problem else os.path.realpath(entry.path)
        best[real] = max(entry, best.get(real, entry), key=_precedence)
    alike: dict[str, list[str]] = defaultdict(list)
    for real, entry in best.items():
        alike[entry.name].append(real)
    named: dict[str, Entry] = {}
    for real, entry in best.items():
        same = alike[entry.name]
        name = entry.name if len(same) == 1 else os.path.relpath(real, os.path.commonpath(same))
        name = _printable(name)
        while name in named:
            name += "~"
        named[name] = entry._replace(name=name)
    return list(named.values())


def load(path: Path) -> tuple[bytearray, str]:
    """The bytes of a file of lines, and the SHA-256 of it all.

    LEFT_OUT takes the place of each line longer than LONGEST, so that a file takes no more memory
    than its posts can.
    """
    digest, kept, begun, length = hashlib.sha256(), bytearray(), list[bytes](), 0
    with path.open("rb") as file:
        while piece := file.read(LONGEST):
            digest.update(piece)
            first, last = _line_ends(piece)
            length += first
            begun = [*begun, piece[:first]] if length <= LONGEST else []
            if last:  # the line that was begun ends here, and another one begins
                kept += _line(begun, length) + piece[first:last]
                begun, length = [piece[last:]], len(piece) - last
    kept += _line(begun, length)
    return kept, digest.hexdigest()


def _line_ends(piece: bytes) -> tuple[int, int]:
    """Where the first line ends in some bytes, and where the last one begins, 0 if none ends."""
    first = min((at for end in (b"\n", b"\r") if (at := piece.find(end)) >= 0), default=len(piece))
    return first, max(piece.rfind(b"\n"), piece.rfind(b"\r")) + 1


def _line(begun: list[bytes], length: int) -> bytes:
    return b"".join(begun) if length <= LONGEST else _LEFT_OUT


def _precedence(entry: Entry) -> tuple[bool, int, str]:
    return entry.problem is None, len(entry.name), entry.name


def _printable(name: str) -> str:
    """A file name with the bytes that are no characters, as Linux allows them, spelt out."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _found(source: Path) -> Iterator[Entry]:
    """The files of a source, in order, and what of it is not read."""
    if not os.path.exists(source):
        raise SourceError(str(source), "no such file or folder", "name one that holds the dumps")
    found = [Entry(source, os.path.basename(os.path.realpath(source)))]
    while found:
        entry = found.pop()
        if entry.problem is None and os.path.isdir(entry.path):
            found += reversed(_children(entry))
        else:
            yield entry


def _children(folder: Entry) -> list[Entry]:
    """What a folder holds, its files first; the folder itself where it cannot be read."""
    try:
        paths = [folder.path / name for name in sorted(os.listdir(folder.path))]
    except OSError as error:
        return [folder._replace(problem=f"cannot be read: {error.strerror}")]
    entries = [Entry(path, f"{folder.name}/{path.name}", _refusal(path)) for path in paths]
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
