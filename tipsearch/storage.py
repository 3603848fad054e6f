"""How does an index get to disk whole, and how is it read back unharmed?

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
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

import numpy as np

from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexLocked,
    IndexNotFound,
    IndexUnreadable,
    IndexWriteError,
)

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.lexicon import Blob

    Array = npt.NDArray[Any]

FORMAT = 1
_HEXADECIMAL = frozenset("0123456789abcdef")
LOCK_SECONDS = 60.0
# Distinctive, since the folder may hold other things: what has such a name is swept.
_BUILDING, _TRASH = ".tipsearch-building-", ".tipsearch-trash-"


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


# --- writing


def publish(
    generation: Generation,
    folder: Path,
    *,
    lock_seconds: float = LOCK_SECONDS,
    on_wait: Callable[[], None] = lambda: None,
) -> str:
    """Make `generation` the live index of `folder` in one atomic step, and return its name.

    A reader sees the old index or the new one, whole, at every moment, even if this process is
    killed; what a killed one left is swept here. Another build in the same folder is waited for
    (`on_wait` is called once, then). Raises IndexLocked or IndexWriteError; either leaves the old
    index live.
    """
    if folder.exists() and not folder.is_dir():
        raise IndexWriteError(str(folder), "it is not a folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, lock_seconds, on_wait):
            _sweep(folder, keep=_live_name(folder))
            building = folder / f"{_BUILDING}{os.getpid()}"
            try:
                building.mkdir()
                name = _write_files(generation, building)
                _put_in_place(building, folder / name)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            if _live_name(folder) != name:
                _swap_current(folder, name)
            with suppress(OSError):  # the new index is live: what fails now must not deny it
                _fsync_folder(folder)
                _sweep(folder, keep=name)
            return name
    except OSError as error:
        raise IndexWriteError(str(folder), error.strerror or str(error)) from error


@contextmanager
def _locked(folder: Path, seconds: float, on_wait: Callable[[], None]) -> Iterator[None]:
    from filelock import FileLock, Timeout  # a reader has no use for it

    lock = FileLock(folder / ".lock")
    try:
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire(timeout=seconds)
    except Timeout:
        raise IndexLocked(str(folder), seconds) from None
    try:
        yield
    finally:
        lock.release()


def _write_files(generation: Generation, building: Path) -> str:
    """Write all files of a generation, the manifest last; return the manifest's SHA-256."""
    files: dict[str, dict[str, Any]] = {}
    for file, blob in generation.blobs.items():
        files[file] = _write(building / file, partial(_write_bytes, blob))
    for name, array in generation.arrays.items():
        written = _write(building / f"{name}.npy", partial(_write_array, array))
        described = {"dtype": array.dtype.str, "shape": list(array.shape)}
        files[f"{name}.npy"] = written | described
    manifest = {"format": FORMAT, "facts": generation.facts, "files": files}
    data = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    name = _write(building / "manifest.json", partial(_write_bytes, data))["sha256"]
    _fsync_folder(building)
    return str(name)


def _write_bytes(data: Blob, out: BinaryIO) -> None:
    out.write(data)


def _write_array(array: Array, out: BinaryIO) -> None:
    np.save(out, array, allow_pickle=False)


def _write(path: Path, write: Callable[[BinaryIO], None]) -> dict[str, Any]:
    """Write a file by `write`, make it durable, and say its size and SHA-256."""
    with path.open("w+b") as out:
        write(out)
        out.flush()
        os.fsync(out.fileno())
        out.seek(0)
        digest = hashlib.file_digest(out, "sha256").hexdigest()
        return {"size": out.tell(), "sha256": digest}


def _put_in_place(building: Path, target: Path) -> None:
    """Rename the finished folder to its name; a whole one of that name is left as it is."""
    if target.exists():
        try:
            _load(target)
            return
        except (IndexCorrupt, FileNotFoundError):
            _discard(target)
    building.rename(target)
    _fsync_folder(target.parent)


def _swap_current(folder: Path, name: str) -> None:
    new = folder / f"{_BUILDING}CURRENT"
    _write(new, partial(_write_bytes, f"{name}\n".encode()))
    if (folder / "CURRENT").is_dir():
        (folder / "CURRENT").rmdir()  # an empty one is damage; one with content is not ours
    new.replace(folder / "CURRENT")


def _sweep(folder: Path, keep: str) -> None:
    """Remove what killed builds left and, where the live one is known, all generations but it."""
    for path in folder.iterdir():
        old = keep and path.name != keep and _is_generation(path)
        if old or path.name.startswith((_BUILDING, _TRASH)):
            _discard(path)


def _is_generation(path: Path) -> bool:
    named = len(path.name) == 64 and not set(path.name) - _HEXADECIMAL
    return named and (path / "manifest.json").exists()


def _discard(path: Path) -> None:
    """Remove a file or folder; a folder leaves its name at once, so no reader finds half of it."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if not path.name.startswith(_TRASH):
        path = path.rename(path.parent / f"{_TRASH}{os.getpid()}-{path.name}")
    shutil.rmtree(path, ignore_errors=True)


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- reading


def read(folder: Path) -> Generation:
    """Open the live index of `folder`: check every byte of it, then map it.

    Raises IndexNotFound, IndexFormatError or IndexCorrupt.
    """
    for attempt in range(100):
        name = _current(folder)
        generation = folder / name
        identity = _identity(generation)
        try:
            return _load(generation)
        except FileNotFoundError as error:
            if attempt > 2 and _current(folder) == name and _identity(generation) == identity:
                missing = Path(error.filename).name if identity else name
                raise IndexCorrupt(str(folder), missing, "it is missing") from None
            time.sleep(0.002)  # a build has just put another generation in its place
    raise IndexCorrupt(str(folder), "CURRENT", "it names another generation at each look")


def _current(folder: Path) -> str:
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
    if len(data) != 65 or data[-1:] != b"\n" or set(name) - _HEXADECIMAL:
        raise IndexCorrupt(str(folder), "CURRENT", "it does not name a generation")
    return name


def _live_name(folder: Path) -> str:
    """What CURRENT says, or nothing where it says nothing of use."""
    try:
        return _current(folder)
    except (IndexNotFound, IndexCorrupt, IndexUnreadable):
        return ""


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of the same name that took its place."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def _load(generation: Path) -> Generation:
    """Read the generation in the folder of that name."""
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
