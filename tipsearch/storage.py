"""How is an index read from disk, and each byte of it known to be the one that was written?

A folder holds generations, each in a subfolder named by the SHA-256 of its manifest, and the file
CURRENT, which names the live one. The manifest holds the SHA-256 of the file `digests.bin`, and
that the one of each block of every other file, so from CURRENT down each byte is covered. A block
is checked when something in it is first used (a Merkle tree of three levels), so opening a million
posts costs as much as opening ten. This file knows arrays, bytes and JSON, and nothing of search;
`index/README.md` describes the format for a reader without Python.
"""

from __future__ import annotations

import hashlib
import io
import json
import mmap
import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, NamedTuple, TypeVar

import numpy as np

from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexNotFound,
    IndexUnreadable,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[Any]

FORMAT = 3
BLOCK = 1 << 14
DIGESTS = "digests.bin"
PATIENCE = 20  # times that a generation may be gone before it is missing
HEADER = 64  # bytes: that of an array ends at a multiple
HEXADECIMAL = frozenset("0123456789abcdef")

Blob = bytes | mmap.mmap
Content = TypeVar("Content")


class _Guard:
    """What knows of a file's blocks which were checked, and checks the others."""

    __slots__ = ("_blob", "_digests", "_seen", "file", "folder")

    def __init__(self, blob: Blob, digests: memoryview, folder: str, file: str) -> None:
        self._blob, self._digests, self.folder, self.file = blob, digests, folder, file
        self._seen = bytearray(len(digests) // 32)

    def check(self, start: int, stop: int) -> None:
        """Raise IndexCorrupt where a byte from `start` to `stop` is not the one written."""
        block, last = start // BLOCK, (stop - 1) // BLOCK
        if block == last and self._seen[block]:
            return
        while (block := self._seen.find(0, block, last + 1)) != -1:
            data = self._blob[block * BLOCK : (block + 1) * BLOCK]
            if hashlib.sha256(data).digest() != self._digests[32 * block : 32 * block + 32]:
                raise IndexCorrupt(self.folder, self.file, "its checksum is wrong")
            self._seen[block] = 1

    def check_blocks(self, blocks: Array) -> None:
        """Raise IndexCorrupt where one of these blocks is not the one written."""
        missing = blocks[np.frombuffer(self._seen, np.uint8)[blocks] == 0]
        for block in {*missing.tolist()}:
            self.check(block * BLOCK, block * BLOCK + 1)


class Checked(Generic[Content]):
    """The content of one file, bytes or an array of one dimension; what is used of it is checked.

    Slices are checked as they are taken. `ensure` checks a stretch that is then used through
    `data`, the unchecked whole. Content that was never on disk needs no check.
    """

    __slots__ = ("_guard", "_item", "_sliced", "_start", "_where", "data", "head")

    def __init__(
        self,
        data: Content,
        guard: _Guard | None = None,
        head: bytes | memoryview = b"",
        item: int = 1,
    ) -> None:
        self.data: Content = data
        self.head = head
        self._sliced: Any = data
        self._guard, self._start, self._item = guard, len(head), item
        self._where = (guard.folder, guard.file) if guard else ("", "")

    def __len__(self) -> int:
        return len(self._sliced)

    def __getitem__(self, stretch: slice) -> Content:
        start, stop, _ = stretch.indices(len(self._sliced))
        self.ensure(start, stop)
        content: Content = self._sliced[start:stop]
        return content

    def take(self, places: Array, width: int = 1) -> Array:
        """The items at some places, each checked; or as rows, `width` items from each place on."""
        if self._guard is not None and len(places):
            starts = self._start + places * (width * self._item)
            self._guard.check_blocks(starts // BLOCK)
            if width > 1:  # a row may lie across the end of a block
                self._guard.check_blocks((starts + (width * self._item - 1)) // BLOCK)
        table = self._sliced if width == 1 else self._sliced.reshape(-1, width)
        content: Array = table[places]
        return content

    def ensure(self, start: int, stop: int) -> None:
        """Check the items from `start` to `stop`; IndexCorrupt where one is not as written."""
        guard = self._guard  # another thread may be done with it
        if guard is not None and stop > start:
            guard.check(self._start + start * self._item, self._start + stop * self._item)

    def whole(self) -> Content:
        """All of it, checked, and with it what an array's file has before its items."""
        guard = self._guard
        if guard is not None:
            guard.check(0, self._start + len(self) * self._item)
            self._guard = None  # nothing of it is left to be checked
        return self.data

    def require(self, holds: bool, reason: str) -> None:
        """Raise IndexCorrupt for this file where something about it does not hold."""
        if not holds:
            raise IndexCorrupt(*self._where, reason)


class Generation(NamedTuple):
    """One whole index: JSON `facts`, `arrays` by name and `blobs` by file name.

    `name` is the SHA-256 of the manifest and `sizes` the bytes of each file; both are empty while
    the index was only built, not read.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Checked[Array]]
    blobs: Mapping[str, Checked[Blob]]
    name: str = ""
    sizes: Mapping[str, int] = MappingProxyType({})

    def verify(self) -> None:
        """Check every byte; IndexCorrupt names the first file that is not as it was written."""
        from concurrent.futures import ThreadPoolExecutor  # a query needs none

        files: list[Checked[Any]] = [*self.blobs.values(), *self.arrays.values()]
        with ThreadPoolExecutor() as threads:  # hashing leaves the interpreter to the others
            list(threads.map(Checked.whole, files))
        for array in self.arrays.values():
            told = not self.name or array.head == npy_header(array.data)
            array.require(told, "its header does not say what is in it")


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
        raise IndexCorrupt(str(generation.parent), "manifest.json", reason) from error


def _parts(generation: Path, manifest: Mapping[str, Any], size: int) -> Generation:
    """All that the manifest, of this size, names, mapped."""
    blobs: dict[str, Checked[Blob]] = {}
    arrays: dict[str, Checked[Array]] = {}
    folder, files = str(generation.parent), manifest["files"]
    digests = memoryview(_mapped(generation / DIGESTS, manifest["digests"]["size"]))
    if hashlib.sha256(digests).hexdigest() != manifest["digests"]["sha256"]:
        raise IndexCorrupt(folder, DIGESTS, "its checksum is wrong")
    sizes = {"manifest.json": size, DIGESTS: len(digests)}
    at = 0
    for file in sorted(files):
        if not file or "/" in file or "\\" in file or file.startswith("."):
            raise ValueError(f"it names the file {file!r}")
        expected = files[file]
        blob = _mapped(generation / file, expected["size"])
        sizes[file] = len(blob)
        end = at + -(-len(blob) // BLOCK) * 32
        guard = _Guard(blob, digests[at:end], folder, file)
        if end > len(digests):
            raise IndexCorrupt(folder, DIGESTS, "it is too short")
        at = end
        if file.endswith(".npy"):
            arrays[file.removesuffix(".npy")] = _array(blob, expected, guard)
        else:
            blobs[file] = Checked(blob, guard)
    if at != len(digests):
        raise IndexCorrupt(folder, DIGESTS, "it is too long")
    return Generation(dict(manifest["facts"]), arrays, blobs, generation.name, sizes)


def _manifest(generation: Path) -> tuple[dict[str, Any], int]:
    """The manifest and its size, if its bytes are those that the folder's name promises."""
    folder = str(generation.parent)
    data = _read_bytes(generation / "manifest.json", folder)
    if hashlib.sha256(data).hexdigest() != generation.name:
        raise IndexCorrupt(folder, "manifest.json", "its checksum is wrong")
    try:
        manifest = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise IndexCorrupt(folder, "manifest.json", "it is no JSON") from error
    if not isinstance(manifest, dict) or "format" not in manifest:
        raise IndexCorrupt(folder, "manifest.json", "it names no format")
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
    except PermissionError as error:
        raise IndexUnreadable(folder, path.name, error.strerror or str(error)) from error
    except OSError as error:
        raise IndexCorrupt(folder, path.name, error.strerror or str(error)) from error


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; a pipe that nobody writes to would else be waited for without end."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_bytes(path: Path, folder: str) -> bytes:
    with _opened(path, folder) as file:
        return file.read()


def _mapped(path: Path, size: int) -> Blob:
    """The bytes of a file of this size, memory-mapped.

    What is checked later is the mapping that is then used, not the file of that name.
    """
    with _opened(path, str(path.parent.parent)) as file:
        found = os.fstat(file.fileno()).st_size
        if found != size:
            reason = f"it has {found:,} bytes instead of {size:,}"
            raise IndexCorrupt(str(path.parent.parent), path.name, reason)
        # Nothing can be mapped of an empty file.
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if found else b""


def _array(blob: Blob, expected: Mapping[str, Any], guard: _Guard) -> Checked[Array]:
    """The array of a .npy file, over the same memory, by the manifest's dtype and shape.

    The file's own header says the same for other readers; here only its length counts.
    """
    dtype, (length,) = np.dtype(expected["dtype"]), expected["shape"]
    if dtype.kind not in "iuf":
        raise ValueError(f"it names the dtype {dtype}")
    start = len(blob) - length * dtype.itemsize
    if length < 0 or start < 0 or start % HEADER:
        raise ValueError(f"it names the shape [{length}]")
    array = np.frombuffer(blob, dtype=dtype, offset=start, count=length)
    return Checked(array, guard, memoryview(blob)[:start], dtype.itemsize)


def npy_header(array: Array) -> bytes:
    """What numpy writes before the items of an array."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, np.lib.format.header_data_from_array_1_0(array))
    return header.getvalue()
