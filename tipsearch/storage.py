"""How is an index read from disk, and each byte of it known to be the one that was written?

A folder holds generations, each in a subfolder named by the SHA-256 of its manifest, and the file
CURRENT, which names the live one. The manifest holds the SHA-256 of every other file, so from
CURRENT down each byte is covered. This file knows arrays, bytes and JSON, and nothing of search;
`index/README.md` describes the format for a reader without Python.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexNotFound,
    IndexUnreadable,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.lexicon import Blob

    Array = npt.NDArray[Any]

FORMAT = 1
HEXADECIMAL = frozenset("0123456789abcdef")


class Generation(NamedTuple):
    """One whole index: JSON `facts`, `arrays` by name and `blobs` by file name.

    `name` is the SHA-256 of the manifest and `sizes` the bytes of each file; both are empty while
    the index was only built, not read.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Array]
    blobs: Mapping[str, Blob]
    name: str = ""
    sizes: Mapping[str, int] = MappingProxyType({})


def read(folder: Path) -> Generation:
    """Open the live index of `folder`: check every byte of it, then map it.

    Raises IndexNotFound, IndexUnreadable, IndexFormatError or IndexCorrupt.
    """
    for attempt in range(100):
        name = current(folder)
        generation = folder / name
        identity = _identity(generation)
        try:
            return load(generation)
        except FileNotFoundError as error:
            if attempt > 2 and current(folder) == name and _identity(generation) == identity:
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
    """All that the manifest, of this size, names, each file checked."""
    blobs: dict[str, Blob] = {}
    arrays: dict[str, Array] = {}
    sizes = {"manifest.json": size}
    for file, expected in manifest["files"].items():
        if not file or "/" in file or "\\" in file or file.startswith("."):
            raise ValueError(f"it names the file {file!r}")
        blob = _checked(generation / file, expected)
        sizes[file] = len(blob)
        if file.endswith(".npy"):
            arrays[file.removesuffix(".npy")] = _array(blob, expected)
        else:
            blobs[file] = blob
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
    """A file of the index, open for reading; what cannot be read is an error that says why."""
    try:
        if path.exists() and not path.is_file():  # to open a pipe would wait for ever
            raise IndexCorrupt(folder, path.name, "it is not a file")
        with path.open("rb") as file:
            yield file
    except FileNotFoundError:
        raise
    except PermissionError as error:
        raise IndexUnreadable(folder, path.name, error.strerror or str(error)) from error
    except OSError as error:
        raise IndexCorrupt(folder, path.name, error.strerror or str(error)) from error


def _read_bytes(path: Path, folder: str) -> bytes:
    with _opened(path, folder) as file:
        return file.read()


def _checked(path: Path, expected: Mapping[str, Any]) -> Blob:
    """The bytes of a file, memory-mapped, if size and SHA-256 are the expected ones.

    What is checked is the mapping that is then used, not the file of that name at another moment.
    """
    folder = str(path.parent.parent)
    with _opened(path, folder) as file:
        size = os.fstat(file.fileno()).st_size
        # Nothing can be mapped of an empty file.
        blob = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    if len(blob) != expected["size"]:
        reason = f"it has {len(blob):,} bytes instead of {expected['size']:,}"
        raise IndexCorrupt(folder, path.name, reason)
    if hashlib.sha256(blob).hexdigest() != expected["sha256"]:
        raise IndexCorrupt(folder, path.name, "its checksum is wrong")
    return blob


def _array(blob: Blob, expected: Mapping[str, Any]) -> Array:
    """The array of a checked .npy file, over the same memory, by the manifest's dtype and shape.

    The file's own header says the same for other readers; here only its length counts.
    """
    start = 10 + int.from_bytes(blob[8:10], "little")
    array = np.frombuffer(blob, dtype=np.dtype(expected["dtype"]), offset=start)
    return array.reshape(expected["shape"])
