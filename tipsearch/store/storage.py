"""Storage: opens an index as a memory map of which each block is checked before its first use.

A folder holds generations, each in a subfolder named by the SHA-256 of its manifest, and the file
CURRENT, which names the live one. A generation is three files: `data.bin`, in which all parts lie
one after the other; `manifest.json`, which says where; `digests.bin`, the SHA-256 of each block of
the data. The manifest holds the SHA-256 of digests.bin. So each byte is covered by a Merkle tree of
three levels whose root is in CURRENT, and opening a million posts costs as much as opening ten.

This module knows arrays, bytes and JSON, and nothing of search. `index/README.md` describes the
format for a reader without Python.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, NamedTuple, TypeVar

import numpy as np

from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexNotFound,
    IndexUnreadable,
    SettingError,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

FORMAT = 5
BLOCK = 1 << 14  # bytes
ALIGNED = 64  # bytes: each part starts at a multiple, and zeros fill what is between
DTYPES = ("|i1", "|u1", "<u2", "<i4", "<i8", "<u8", "<f4", "<f8")
BLOCKS_AT_ONCE = 256  # that one thread hashes at a time
DATA, DIGESTS, MANIFEST = "data.bin", "digests.bin", "manifest.json"
ATTEMPTS = 20  # looks at a generation that is gone before it is taken for missing
HEXADECIMAL = frozenset("0123456789abcdef")
# Errors where something else stands in place of a file; no other error of the system is damage.
NOT_A_FILE = {errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}

Blob = bytes | memoryview
Content = TypeVar("Content")


class Guard:
    """Checks blocks of the data against their digests, each once. Raises IndexCorrupt."""

    __slots__ = ("_data", "_digests", "checked", "folder")

    def __init__(self, data: Blob, digests: bytes, folder: str) -> None:
        self._data, self._digests, self.folder = data, digests, folder
        self.checked = bytearray(len(digests) // 32)

    def check(self, start: int, stop: int, part: str) -> None:
        """Check the blocks of the bytes `start` to `stop` of the data, which belong to `part`."""
        block, last = start // BLOCK, (stop - 1) // BLOCK
        if block == last and self.checked[block]:
            return
        while (block := self.checked.find(0, block, last + 1)) != -1:
            data = self._data[block * BLOCK : (block + 1) * BLOCK]
            if hashlib.sha256(data).digest() != self._digests[32 * block : 32 * block + 32]:
                raise IndexCorrupt(self.folder, part, "its checksum is wrong")
            self.checked[block] = 1

    def check_blocks(self, blocks: Array, part: str) -> None:
        """Check the blocks of these numbers, which belong to `part`."""
        unchecked = blocks[np.frombuffer(self.checked, np.uint8)[blocks] == 0]
        for block in {*unchecked.tolist()}:
            self.check(block * BLOCK, block * BLOCK + 1, part)

    def check_all(self) -> None:
        """Check all blocks, in several threads."""
        from concurrent.futures import ThreadPoolExecutor  # a query needs none

        size, step = len(self._data), BLOCKS_AT_ONCE * BLOCK
        with ThreadPoolExecutor() as threads:  # hashing releases the interpreter lock
            checks = [
                threads.submit(self.check, at, min(at + step, size), DATA)
                for at in range(0, size, step)
            ]
        for check in checks:
            check.result()


class Checked(Generic[Content]):
    """The content of one part, bytes or an array of one dimension, checked before use.

    Slices are checked as they are taken. `ensure` checks a range of items, which may then be used
    through `data`, the unchecked content. Content that was never on disk needs no check.
    """

    __slots__ = ("_all_checked", "_guard", "_item", "_name", "_sliced", "_start", "data")

    def __init__(
        self,
        data: Content,
        guard: Guard | None = None,
        name: str = "",
        start: int = 0,
        item: int = 1,
    ) -> None:
        self.data: Content = data
        self._sliced: Any = data
        self._guard, self._name, self._start, self._item = guard, name, start, item
        self._all_checked = guard is None

    def __len__(self) -> int:
        return len(self._sliced)

    def __getitem__(self, items: slice) -> Content:
        start, stop, _ = items.indices(len(self._sliced))
        self.ensure(start, stop)
        content: Content = self._sliced[start:stop]
        return content

    def take(self, places: Array, width: int = 1) -> Array:
        """The items at some places, checked.

        With a `width`, the rows at these places of the array in shape (-1, width).
        """
        if self._guard is not None and not self._all_checked and len(places):
            starts = self._start + places * (width * self._item)
            self._guard.check_blocks(starts // BLOCK, self._name)
            if width > 1:  # a row may lie across the end of a block
                ends = starts + (width * self._item - 1)
                self._guard.check_blocks(ends // BLOCK, self._name)
        table = self._sliced if width == 1 else self._sliced.reshape(-1, width)
        content: Array = table[places]
        return content

    def ensure(self, start: int, stop: int) -> None:
        """Check the items from `start` to `stop`. Raises IndexCorrupt."""
        if self._all_checked or self._guard is None or stop <= start:
            return
        first, last = self._start + start * self._item, self._start + stop * self._item
        block = first // BLOCK
        # Most stretches lie in one block that was checked before; a call for these would cost much.
        if not self._guard.checked[block] or (last - 1) // BLOCK != block:
            self._guard.check(first, last, self._name)

    def whole(self) -> Content:
        """The whole content, checked. Raises IndexCorrupt."""
        if not self._all_checked:
            self.ensure(0, len(self))
            self._all_checked = True
        return self.data

    def fail_unless(self, holds: bool, reason: str) -> None:
        """Raise IndexCorrupt for this part, with this reason, unless `holds`."""
        if not holds:
            raise IndexCorrupt(self._guard.folder if self._guard else "", self._name, reason)


class Generation(NamedTuple):
    """One state of an index: its JSON `facts`, its `arrays` and its `blobs` by name.

    `name` is the SHA-256 of the manifest, `folder` where it was read from, `sizes` the bytes of
    each file. They are empty, and `guard` is None, for an index that was not read from a folder.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Checked[Array]]
    blobs: Mapping[str, Checked[Blob]]
    name: str = ""
    folder: str = ""
    sizes: Mapping[str, int] = {}
    guard: Guard | None = None

    def verify(self) -> None:
        """Check every byte. Raises IndexCorrupt."""
        if self.guard is not None:
            self.guard.check_all()
        parts: list[Checked[Any]] = [*self.blobs.values(), *self.arrays.values()]
        for part in parts:
            part.whole()


def folder_of(name: str | os.PathLike[str]) -> Path:
    """The path of the folder of that name. Raises SettingError where it is empty or no name."""
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise SettingError("folder", name, "the name of a folder")
    return Path(name)


def read(folder: Path) -> Generation:
    """Open the live index of `folder`: check its manifest and map its data.

    Each block is checked when it is first used, or by `Generation.verify`.

    Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt.
    """
    for attempt in range(100):
        name = current(folder)
        generation = folder / name
        identity = _identity(generation)
        try:
            return load(generation)
        except FileNotFoundError as error:
            if attempt > ATTEMPTS and current(folder) == name and _identity(generation) == identity:
                missing = Path(error.filename).name if identity else name
                raise IndexCorrupt(str(folder), missing, "it is missing") from None
            time.sleep(0.002)  # a build has just put another generation in its place
    raise IndexCorrupt(str(folder), "CURRENT", "it names another generation at each look")


def current(folder: Path) -> str:
    """The name of the live generation. Raises IndexNotFound, IndexUnreadable or IndexCorrupt."""
    try:
        data = _read_bytes(folder / "CURRENT", str(folder))
    except FileNotFoundError:
        raise IndexNotFound(str(folder)) from None
    except IndexCorrupt:
        if not folder.is_dir():
            raise IndexNotFound(str(folder)) from None
        raise
    name = data[:-1].decode(errors="replace")
    if len(data) != 65 or data[-1:] != b"\n" or set(name) - HEXADECIMAL:
        raise IndexCorrupt(str(folder), "CURRENT", "it does not name a generation")
    return name


def _identity(folder: Path) -> tuple[int, int] | None:
    """What differs between a folder and a later one of the same name; None if it is gone."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def load(generation: Path) -> Generation:
    """Open the generation in this folder.

    Raises FileNotFoundError, IndexUnreadable, IndexFormatError or IndexCorrupt.
    """
    manifest, size = _manifest(generation)
    try:
        return _parts(generation, manifest, size)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # The checksums are right: the file was written like this, and not by tipsearch.
        reason = f"it is not as tipsearch writes it ({type(error).__name__}: {error})"
        raise IndexCorrupt(str(generation.parent), MANIFEST, reason) from error


def _parts(generation: Path, manifest: Mapping[str, Any], size: int) -> Generation:
    """The parts that the manifest names; `size` is that of the manifest."""
    folder = str(generation.parent)
    digests = _read_bytes(generation / DIGESTS, folder)
    _check_size(folder, DIGESTS, len(digests), manifest["digests"]["size"])
    if hashlib.sha256(digests).hexdigest() != manifest["digests"]["sha256"]:
        raise IndexCorrupt(folder, DIGESTS, "its checksum is wrong")
    data = _mapped(generation / DATA, manifest["data"]["size"])
    if len(digests) != -(-len(data) // BLOCK) * 32:
        raise IndexCorrupt(folder, DIGESTS, "it has not a checksum for each block")
    guard = Guard(data, digests, folder)
    blobs: dict[str, Checked[Blob]] = {}
    arrays: dict[str, Checked[Array]] = {}
    end = 0
    for name, entry in sorted(manifest["parts"].items()):
        start = aligned(end)
        if entry["offset"] != start:
            raise ValueError(f"it has {name!r} start at {entry['offset']!r}, not at {start}")
        if "dtype" in entry:
            array = _array(data, entry, start)
            arrays[name] = Checked(array, guard, name, start, array.itemsize)
            end = start + array.nbytes
        else:
            end = start + entry["size"]
            blobs[name] = Checked(data[start:end], guard, name, start)
        if not start <= end <= len(data):
            raise ValueError(f"it has {name!r} end at {end}")
    if end != len(data):
        raise ValueError(f"its parts end at {end}, not at {len(data)}")
    sizes = {MANIFEST: size, DIGESTS: len(digests), DATA: len(data)}
    return Generation(dict(manifest["facts"]), arrays, blobs, generation.name, folder, sizes, guard)


def aligned(end: int) -> int:
    """Where a part starts, given the end of the part before it."""
    return -(-end // ALIGNED) * ALIGNED


def _manifest(generation: Path) -> tuple[dict[str, Any], int]:
    """The manifest and its size. Its SHA-256 must be the name of the folder."""
    folder = str(generation.parent)
    data = _read_bytes(generation / MANIFEST, folder)
    if hashlib.sha256(data).hexdigest() != generation.name:
        raise IndexCorrupt(folder, MANIFEST, "its checksum is wrong")
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(folder, MANIFEST, "it is no JSON") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise IndexCorrupt(folder, MANIFEST, "it names no format")
    if manifest["format"] != FORMAT:
        raise IndexFormatError(folder, manifest["format"], FORMAT)
    return manifest, len(data)


@contextmanager
def _opened(path: Path, folder: str) -> Iterator[BinaryIO]:
    """A file of the index, open for reading. Raises IndexCorrupt where it is no regular file.

    The type is that of the opened file: between two looks at a name, a build may replace it.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise IndexCorrupt(folder, path.name, "it is not a file")
            yield file
    except FileNotFoundError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        if error.errno in NOT_A_FILE:
            raise IndexCorrupt(folder, path.name, reason) from error
        raise IndexUnreadable(folder, path.name, reason, error.errno) from error


def _without_waiting(path: str, flags: int) -> int:
    """Open without blocking: to open a pipe that nobody writes to would never end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_bytes(path: Path, folder: str) -> bytes:
    with _opened(path, folder) as file:
        return file.read()


def _check_size(folder: str, file: str, found: int, expected: int) -> None:
    if found != expected:
        raise IndexCorrupt(folder, file, f"it has {found:,} bytes instead of {expected:,}")


def _mapped(path: Path, size: int) -> Blob:
    """The bytes of a file of this size, memory-mapped.

    What is checked later is this mapping, not the file that then has that name.
    """
    folder = str(path.parent.parent)
    with _opened(path, folder) as file:
        found = os.fstat(file.fileno()).st_size
        _check_size(folder, path.name, found, size)
        # An empty file cannot be mapped.
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if found else b""


def _array(data: Blob, entry: Mapping[str, Any], start: int) -> Array:
    """The array at byte `start` of the data, with the dtype and shape of its manifest entry."""
    if entry["dtype"] not in DTYPES:  # numpy itself may crash on a forged name
        raise ValueError(f"it names the dtype {entry['dtype']!r}")
    dtype, (length,) = np.dtype(entry["dtype"]), entry["shape"]
    if type(length) is not int or not 0 <= length <= (len(data) - start) // dtype.itemsize:
        raise ValueError(f"it names the shape [{length}]")
    return np.frombuffer(data, dtype=dtype, offset=start, count=length)
