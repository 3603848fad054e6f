"""How does an index get to disk whole, and how is it read back unharmed?

A folder holds generations, each in a subfolder named by the SHA-256 of its manifest, and the file
CURRENT, which names the live one. The manifest holds the SHA-256 of every other file, so from
CURRENT down each byte is covered. This file knows arrays, bytes and JSON, and nothing of search;
`index/README.md` describes the format for a reader without Python.
"""

import hashlib
import json
import mmap
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexLocked,
    IndexNotFound,
    IndexWriteError,
)
from tipsearch.lexicon import Blob

FORMAT = 1
LOCK_SECONDS = 60.0
Array = npt.NDArray[Any]

_NAME = re.compile(rb"([0-9a-f]{64})\n")
_SAFE_FILE = re.compile(r"[a-z][a-z0-9_.]*")
_LEFTOVER = re.compile(r"(building|trash)-.+|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Generation:
    """One whole index: JSON `facts`, `arrays` by name and `blobs` by file name.

    `name` is the SHA-256 of the manifest, and empty while the index was only built, not read.
    """

    facts: Mapping[str, Any]
    arrays: Mapping[str, Array]
    blobs: Mapping[str, Blob]
    name: str = ""


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
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, lock_seconds, on_wait):
            _sweep(folder, keep=_live_name(folder))
            building = folder / f"building-{os.getpid()}"
            try:
                building.mkdir()
                name = _write_files(generation, building)
                _put_in_place(building, folder / name)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            if _live_name(folder) != name:
                _swap_current(folder, name)
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
        files[file] = _write(building / file, lambda out, blob=blob: out.write(blob))
    for name, array in generation.arrays.items():
        file = f"{name}.npy"
        files[file] = _write(
            building / file, lambda out, array=array: np.save(out, array, allow_pickle=False)
        )
        files[file] |= {"dtype": array.dtype.str, "shape": list(array.shape)}
    manifest = {"format": FORMAT, "facts": generation.facts, "files": files}
    data = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    written = _write(building / "manifest.json", lambda out: out.write(data))
    _fsync_folder(building)
    return str(written["sha256"])


def _write(path: Path, write: Callable[[Any], Any]) -> dict[str, Any]:
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
    new = folder / "building-CURRENT"
    _write(new, lambda out: out.write(f"{name}\n".encode()))
    new.replace(folder / "CURRENT")
    _fsync_folder(folder)


def _sweep(folder: Path, keep: str) -> None:
    """Remove what killed builds left and all generations but `keep`."""
    for path in folder.iterdir():
        if path.name != keep and _LEFTOVER.fullmatch(path.name):
            _discard(path)


def _discard(path: Path) -> None:
    """Remove a file or folder; a folder leaves its name at once, so no reader finds half of it."""
    if not path.is_dir():
        path.unlink(missing_ok=True)
        return
    if not path.name.startswith("trash-"):
        path = path.rename(path.parent / f"trash-{os.getpid()}-{path.name}")
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
        data = (folder / "CURRENT").read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise IndexNotFound(str(folder)) from None
    except OSError as error:
        raise IndexCorrupt(str(folder), "CURRENT", error.strerror or str(error)) from error
    match = _NAME.fullmatch(data)
    if not match:
        raise IndexCorrupt(str(folder), "CURRENT", "it does not name a generation")
    return match[1].decode()


def _live_name(folder: Path) -> str:
    """What CURRENT says, or nothing where it says nothing of use."""
    try:
        return _current(folder)
    except (IndexNotFound, IndexCorrupt):
        return ""


def _identity(folder: Path) -> tuple[int, int] | None:
    """What tells a folder from another one of the same name that took its place."""
    try:
        status = folder.stat()
    except OSError:
        return None
    return status.st_ino, status.st_ctime_ns


def _load(generation: Path) -> Generation:
    """Read the generation in the folder of that name, which is not a link to elsewhere."""
    manifest = _manifest(generation)
    blobs: dict[str, Blob] = {}
    arrays: dict[str, Array] = {}
    for file, expected in manifest["files"].items():
        path = generation / file
        check_file(path, expected)
        if file.endswith(".npy"):
            arrays[file.removesuffix(".npy")] = _map_array(path, expected)
        else:
            blobs[file] = _map_blob(path)
    return Generation(manifest["facts"], arrays, blobs, generation.name)


def _manifest(generation: Path) -> dict[str, Any]:
    """The manifest, if its bytes are those that the folder's name promises."""
    folder = str(generation.parent)
    try:
        data = (generation / "manifest.json").read_bytes()
    except (IsADirectoryError, NotADirectoryError, PermissionError) as error:
        raise IndexCorrupt(folder, "manifest.json", str(error.strerror)) from error
    if hashlib.sha256(data).hexdigest() != generation.name:
        raise IndexCorrupt(folder, "manifest.json", "its checksum is wrong")
    manifest: dict[str, Any] = json.loads(data)
    if manifest["format"] != FORMAT:
        raise IndexFormatError(folder, manifest["format"], FORMAT)
    for file in manifest["files"]:
        if not _SAFE_FILE.fullmatch(file):
            raise IndexCorrupt(folder, "manifest.json", f"it names the file {file!r}")
    return manifest


def check_file(path: Path, expected: Mapping[str, Any]) -> None:
    """Raise IndexCorrupt where a file's size or SHA-256 is not the expected one."""
    folder = str(path.parent.parent)
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size != expected["size"]:
                reason = f"it has {size:,} bytes instead of {expected['size']:,}"
                raise IndexCorrupt(folder, path.name, reason)
            if hashlib.file_digest(file, "sha256").hexdigest() != expected["sha256"]:
                raise IndexCorrupt(folder, path.name, "its checksum is wrong")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise IndexCorrupt(folder, path.name, error.strerror or str(error)) from error


def _map_array(path: Path, expected: Mapping[str, Any]) -> Array:
    folder = str(path.parent.parent)
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        raise IndexCorrupt(folder, path.name, str(error)) from error
    if array.dtype.str != expected["dtype"] or list(array.shape) != expected["shape"]:
        raise IndexCorrupt(folder, path.name, "its dtype or shape is not the manifest's")
    return array


def _map_blob(path: Path) -> Blob:
    with path.open("rb") as file:
        if os.fstat(file.fileno()).st_size == 0:
            return b""
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
