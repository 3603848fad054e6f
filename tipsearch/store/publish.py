"""Publishing: writes an index to a folder in one atomic step.

A generation is written beside the live one and made durable (fsync). Then it is renamed to its
name, and CURRENT is replaced by one rename. `store.storage` reads what is written here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from bisect import bisect_right
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from filelock import FileLock, Timeout

from tipsearch.errors import IndexChanged, IndexCorrupt, IndexLocked, IndexNotFound, IndexWriteError
from tipsearch.store.storage import (
    BLOCK,
    BLOCKS_AT_ONCE,
    DATA,
    DIGESTS,
    FORMAT,
    HEXADECIMAL,
    MANIFEST,
    aligned,
    current,
    load,
)

if TYPE_CHECKING:
    from tipsearch.store.storage import Checked, Generation

# Distinctive, since the folder may hold other files: what has such a name is removed.
_BUILDING, _TRASH = ".tipsearch-building-", ".tipsearch-trash-"


def publish(
    generation: Generation,
    folder: Path,
    *,
    lock_seconds: float,
    on_wait: Callable[[], None],
    on_publish: Callable[[], None],
    replacing: str | None = None,
) -> str:
    """Make `generation` the live index of `folder` in one atomic step, and return its name.

    At every moment a reader sees the old index or the new one, whole, even if this process is
    killed. What a killed process left is removed. While another build holds the lock, this one
    calls `on_wait` once and waits up to `lock_seconds`. `on_publish` is called right before the
    step.

    Raises IndexLocked, IndexWriteError, IndexUnreadable where CURRENT cannot be read, and
    IndexChanged where the live index is not the one of the name `replacing`. Each leaves the old
    index live.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise IndexWriteError(str(folder), "it is not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, lock_seconds, on_wait):
            if replacing is not None and _live_name(folder) != replacing:
                raise IndexChanged(str(folder))
            if _live_name(folder) == generation.name and _is_whole(folder / generation.name):
                return generation.name  # nothing has changed since it was opened
            _sweep(folder, keep=_live_name(folder))
            building = folder / f"{_BUILDING}{os.getpid()}"
            try:
                building.mkdir()
                name = _write_files(generation, building)
                _put_in_place(building, folder / name)
            finally:
                shutil.rmtree(building, ignore_errors=True)
            on_publish()
            if _live_name(folder) != name:
                _swap_current(folder, name)
            with suppress(OSError):  # the new index is live: no error may say that it is not
                _fsync_folder(folder)
                _sweep(folder, keep=name)
            return name
    except OSError as error:
        reason = error.strerror or str(error)
        raise IndexWriteError(str(folder), reason, error.errno) from error


@contextmanager
def _locked(folder: Path, seconds: float, on_wait: Callable[[], None]) -> Iterator[None]:
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
    entries: dict[str, dict[str, Any]] = {}
    pieces = _Pieces()
    parts: dict[str, Checked[Any]] = {**generation.blobs, **generation.arrays}
    for name in sorted(parts):
        content = parts[name].whole()
        entries[name] = {"offset": pieces.align()}
        if isinstance(content, np.ndarray):
            array = np.ascontiguousarray(content)
            entries[name] |= {"dtype": array.dtype.str, "shape": list(array.shape)}
            pieces.add(array.data.cast("B"))
        else:
            entries[name]["size"] = len(content)
            pieces.add(memoryview(content))
    blocks = range(0, -(-pieces.size // BLOCK), BLOCKS_AT_ONCE)
    with ThreadPoolExecutor() as threads:  # while the data is written it is hashed
        digests = [threads.submit(pieces.digests, at, at + BLOCKS_AT_ONCE) for at in blocks]
        _write(building / DATA, *pieces.between(0, pieces.size))
        table = b"".join(digest.result() for digest in digests)
    _write(building / DIGESTS, table)
    manifest = {
        "format": FORMAT,
        "facts": generation.facts,
        "parts": entries,
        "data": {"size": pieces.size},
        "digests": {"size": len(table), "sha256": hashlib.sha256(table).hexdigest()},
    }
    data = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    _write(building / MANIFEST, data)
    _fsync_folder(building)
    return hashlib.sha256(data).hexdigest()


class _Pieces:
    """The content of data.bin as pieces of memory, one after the other."""

    def __init__(self) -> None:
        self._pieces: list[memoryview] = []
        self._starts: list[int] = []
        self.size = 0

    def add(self, piece: memoryview) -> None:
        """Append a piece."""
        if len(piece):
            self._pieces.append(piece)
            self._starts.append(self.size)
            self.size += len(piece)

    def align(self) -> int:
        """Pad with zeros to where the next part starts, and return that place."""
        self.add(memoryview(bytes(aligned(self.size) - self.size)))
        return self.size

    def between(self, start: int, stop: int) -> Iterator[memoryview]:
        """The bytes from `start` to `stop`, in pieces."""
        for place in range(max(bisect_right(self._starts, start) - 1, 0), len(self._pieces)):
            at = self._starts[place]
            if at >= stop:
                return
            yield self._pieces[place][max(start - at, 0) : stop - at]

    def digests(self, first: int, last: int) -> bytes:
        """The SHA-256 digests of the blocks from `first` up to `last`, one after the other."""
        digests = []
        for start in range(first * BLOCK, min(last * BLOCK, self.size), BLOCK):
            digest = hashlib.sha256()
            for piece in self.between(start, min(start + BLOCK, self.size)):
                digest.update(piece)
            digests.append(digest.digest())
        return b"".join(digests)


def _write(path: Path, *parts: bytes | memoryview) -> None:
    """Write a file and make it durable."""
    with path.open("wb") as out:
        for part in parts:
            out.write(part)
        out.flush()
        os.fsync(out.fileno())


def _put_in_place(building: Path, target: Path) -> None:
    """Rename the finished folder to its name, unless a whole generation of that name is there."""
    if target.exists():
        if _is_whole(target):
            return
        _discard(target)
    building.rename(target)
    _fsync_folder(target.parent)


def _is_whole(generation: Path) -> bool:
    """Whether every byte of a generation is there as written. Raises IndexUnreadable."""
    try:
        load(generation).verify()
    except (IndexCorrupt, FileNotFoundError):
        return False
    return True


def _swap_current(folder: Path, name: str) -> None:
    new = folder / f"{_BUILDING}CURRENT"
    _write(new, f"{name}\n".encode())
    if (folder / "CURRENT").is_dir():
        (folder / "CURRENT").rmdir()  # fails where it has content, which is not ours
    new.replace(folder / "CURRENT")


def _sweep(folder: Path, keep: str) -> None:
    """Remove what killed builds left, and all generations but `keep` unless that is empty."""
    for path in folder.iterdir():
        old = keep and path.name != keep and _is_generation(path)
        if old or path.name.startswith((_BUILDING, _TRASH)):
            _discard(path)


def _is_generation(path: Path) -> bool:
    is_digest = len(path.name) == 64 and not set(path.name) - HEXADECIMAL
    return is_digest and (path / MANIFEST).exists()


def _discard(path: Path) -> None:
    """Remove a file or folder; a folder is renamed first, so no reader finds half of it."""
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


def _live_name(folder: Path) -> str:
    """The live generation's name; empty where CURRENT names none. Raises IndexUnreadable."""
    try:
        return current(folder)
    except (IndexNotFound, IndexCorrupt):
        return ""
