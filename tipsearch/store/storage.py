"""How is an index read from disk, and each byte of it known to be the one that was written?

A folder holds generations, each in a subfolder named by the SHA-256 of its manifest, and the file
CURRENT, which names the live one. A generation is three files: `data.bin`, in which all parts lie
one after the other, `manifest.json`, which says where, and `digests.bin`, with the SHA-256 of each
block of the data. The manifest holds the SHA-256 of that file, so from CURRENT down each byte is
covered. A block is checked when something in it is first used (a Merkle tree of three levels), so
opening a million posts costs as much as opening ten. This file knows arrays, bytes and JSON, and
nothing of search; `index/README.md` describes the format for a reader without Python.
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

FORMAT = 4
BLOCK = 1 << 14
ALIGNED = 64  # bytes: each part starts at a multiple, and zeros fill what is between
DTYPES = ("|i1", "|u1", "<u2", "<i4", "<i8", "<u8", "<f4", "<f8")
STRETCH = 256  # blocks that one thread checks at a time
DATA, DIGESTS, MANIFEST = "data.bin", "digests.bin", "manifest.json"
PATIENCE = 20  # times that a generation may be gone before it is missing
HEXADECIMAL = frozenset("0123456789abcdef")
# What is in the place of a file and is none; all else that the system says is no damage.
NOT_A_FILE = {errno.EISDIR, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}

Blob = bytes | memoryview
Content = TypeVar("Content")


class Guard:
    """What knows which blocks of the data were checked, and checks the others."""

    __slots__ = ("_data", "_digests", "_seen", "folder")

    def __init__(self, data: Blob, digests: bytes, folder: str) -> None:
        self._data, self._digests, self.folder = data, digests, folder
        self._seen = bytearray(len(digests) // 32)

    def check(self, start: int, stop: int, part: str) -> None:
        """Raise IndexCorrupt where a byte from `start` to `stop` is not the one written."""
        block, last = start // BLOCK, (stop - 1) // BLOCK
        if block == last and self._seen[block]:
            return
        while (block := self._seen.find(0, block, last + 1)) != -1:
            data = self._data[block * BLOCK : (block + 1) * BLOCK]
            if hashlib.sha256(data).digest() != self._digests[32 * block : 32 * block + 32]:
                raise IndexCorrupt(self.folder, part, "its checksum is wrong")
            self._seen[block] = 1

    def check_blocks(self, blocks: Array, part: str) -> None:
        """Raise IndexCorrupt where one of these blocks is not the one written."""
        missing = blocks[np.frombuffer(self._seen, np.uint8)[blocks] == 0]
        for block in {*missing.tolist()}:
            self.check(block * BLOCK, block * BLOCK + 1, part)

    def check_all(self) -> None:
        """Raise IndexCorrupt where any byte is not the one written."""
        from concurrent.futures import ThreadPoolExecutor  # a query needs none

        size, step = len(self._data), STRETCH * BLOCK
        with ThreadPoolExecutor() as threads:  # hashing leaves the interpreter to the others
            checks = [
                threads.submit(self.check, at, min(at + step, size), DATA)
                for at in range(0, size, step)
            ]
        for check in checks:
            check.result()


class Checked(Generic[Content]):
    """The content of one part, bytes or an array of one dimension; what is used of it is checked.

    Slices are checked as they are taken. `ensure` checks a stretch that is then used through
    `data`, the unchecked whole. Content that was never on disk needs no check.
    """

    __slots__ = ("_guard", "_item", "_name", "_sliced", "_start", "_whole", "data")

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
        self._whole = guard is None  # whether nothing of it is left to be checked

    def __len__(self) -> int:
        return len(self._sliced)

    def __getitem__(self, stretch: slice) -> Content:
        start, stop, _ = stretch.indices(len(self._sliced))
        self.ensure(start, stop)
        content: Content = self._sliced[start:stop]
        return content

    def take(self, places: Array, width: int = 1) -> Array:
        """The items at some places, each checked; or as rows, `width` items from each place on."""
        if self._guard is not None and not self._whole and len(places):
            starts = self._start + places * (width * self._item)
            self._guard.check_blocks(starts // BLOCK, self._name)
            if width > 1:  # a row may lie across the end of a block
                ends = starts + (width * self._item - 1)
                self._guard.check_blocks(ends // BLOCK, self._name)
        table = self._sliced if width == 1 else self._sliced.reshape(-1, width)
        content: Array = table[places]
        return content

    def ensure(self, start: int, stop: int) -> None:
        """Check the items from `start` to `stop`; IndexCorrupt where one is not as written."""
        if self._guard is not None and not self._whole and stop > start:
            first, last = self._start + start * self._item, self._start + stop * self._item
            self._guard.check(first, last, self._name)

    def whole(self) -> Content:
        """All of it, checked."""
        if not self._whole:
            self.ensure(0, len(self))
            self._whole = True
        return self.data

    def fail_unless(self, holds: bool, reason: str) -> None:
        """Raise IndexCorrupt for this part where something about it does not hold."""
        if not holds:
            raise IndexCorrupt(self._guard.folder if self._guard else "", self._name, reason)


class Generation(NamedTuple):
    """One whole index: JSON `facts`, `arrays` by name and `blobs` by name.

    `name` is the SHA-256 of the manifest, `folder` where it was read and `sizes` the bytes of each
    file; they are empty, and there is no `guard`, while the index was only built.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Checked[Array]]
    blobs: Mapping[str, Checked[Blob]]
    name: str = ""
    folder: str = ""
    sizes: Mapping[str, int] = {}
    guard: Guard | None = None

    def verify(self) -> None:
        """Check every byte; raises IndexCorrupt."""
        if self.guard is not None:
            self.guard.check_all()
        parts: list[Checked[Any]] = [*self.blobs.values(), *self.arrays.values()]
        for part in parts:
            part.whole()


def folder_of(name: str | os.PathLike[str]) -> Path:
    """The folder of that name. Raises SettingError where that is empty, or no name."""
    if not isinstance(name, str | os.PathLike) or not os.fspath(name):
        raise SettingError("folder", name, "the name of a folder")
    return Path(name)


def read(folder: Path) -> Generation:
    """Open the live index of `folder`: check its manifest and map its files.

    Each byte is checked when it is first used, or by `Generation.verify`.

    Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt.
    """
    for attempt in range(100):
        name = current(folder)
        generation = folder / name
        identity = _identity(generation)
        try:
            return load(generation)
        except FileNotFoundError as error:
            if attempt > PATIENCE and current(folder) == name and _identity(generation) == identity:
                missing = Path(error.filename).name if identity else name
                raise IndexCorrupt(str(folder), missing, "it is missing") from None
            time.sleep(0.002)  # a build has just put another generation in its place
    raise IndexCorrupt(str(folder), "CURRENT", "it names another generation at each look")


def current(folder: Path) -> str:
    """What CURRENT says."""
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
    """What tells a folder from another one of the same name that took its place."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def load(generation: Path) -> Generation:
    """Read the generation in the folder of that name, or raise IndexCorrupt."""
    manifest, size = _manifest(generation)
    try:
        return _parts(generation, manifest, size)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # The checksums are right, so this was written so, and not by tipsearch.
        reason = f"it is not as tipsearch writes it ({type(error).__name__}: {error})"
        raise IndexCorrupt(str(generation.parent), MANIFEST, reason) from error


def _parts(generation: Path, manifest: Mapping[str, Any], size: int) -> Generation:
    """All parts that the manifest, of this size, names."""
    folder = str(generation.parent)
    digests = _read_bytes(generation / DIGESTS, folder)
    _require_size(folder, DIGESTS, len(digests), manifest["digests"]["size"])
    if hashlib.sha256(digests).hexdigest() != manifest["digests"]["sha256"]:
        raise IndexCorrupt(folder, DIGESTS, "its checksum is wrong")
    data = _mapped(generation / DATA, manifest["data"]["size"])
    if len(digests) != -(-len(data) // BLOCK) * 32:
        raise IndexCorrupt(folder, DIGESTS, "it has not a checksum for each block")
    guard = Guard(data, digests, folder)
    blobs: dict[str, Checked[Blob]] = {}
    arrays: dict[str, Checked[Array]] = {}
    end = 0
    for name, told in sorted(manifest["parts"].items()):
        start = aligned(end)
        if told["offset"] != start:
            raise ValueError(f"it has {name!r} start at {told['offset']!r}, not at {start}")
        if "dtype" in told:
            array = _array(data, told, start)
            arrays[name] = Checked(array, guard, name, start, array.itemsize)
            end = start + array.nbytes
        else:
            end = start + told["size"]
            blobs[name] = Checked(data[start:end], guard, name, start)
        if not start <= end <= len(data):
            raise ValueError(f"it has {name!r} end at {end}")
    if end != len(data):
        raise ValueError(f"its parts end at {end}, not at {len(data)}")
    sizes = {MANIFEST: size, DIGESTS: len(digests), DATA: len(data)}
    return Generation(dict(manifest["facts"]), arrays, blobs, generation.name, folder, sizes, guard)


def aligned(end: int) -> int:
    """Where a part starts, given the end of the one before it."""
    return -(-end // ALIGNED) * ALIGNED


def _manifest(generation: Path) -> tuple[dict[str, Any], int]:
    """The manifest and its size, if its bytes are those that the folder's name promises."""
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
    """A file of the index, open for reading; what cannot be read is an error that says why.

    What it is, is asked of what was opened: between two looks at a name, a build may take it away.
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
    """Open a file; a pipe that nobody writes to would else be waited for without end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_bytes(path: Path, folder: str) -> bytes:
    with _opened(path, folder) as file:
        return file.read()


def _require_size(folder: str, file: str, found: int, expected: int) -> None:
    if found != expected:
        raise IndexCorrupt(folder, file, f"it has {found:,} bytes instead of {expected:,}")


def _mapped(path: Path, size: int) -> Blob:
    """The bytes of a file of this size, memory-mapped: one descriptor for all of an index.

    What is checked later is the mapping that is then used, not the file of that name.
    """
    folder = str(path.parent.parent)
    with _opened(path, folder) as file:
        found = os.fstat(file.fileno()).st_size
        _require_size(folder, path.name, found, size)
        # Nothing can be mapped of an empty file.
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if found else b""


def _array(data: Blob, told: Mapping[str, Any], start: int) -> Array:
    """The array that starts at this byte of the data, with the manifest's dtype and shape."""
    if told["dtype"] not in DTYPES:  # numpy itself may crash on what it takes for one
        raise ValueError(f"it names the dtype {told['dtype']!r}")
    dtype, (length,) = np.dtype(told["dtype"]), told["shape"]
    if type(length) is not int or not 0 <= length <= (len(data) - start) // dtype.itemsize:
        raise ValueError(f"it names the shape [{length}]")
    return np.frombuffer(data, dtype=dtype, offset=start, count=length)
