"""The rule: whatever happens to a build or to its files, an index opens whole or says why not.

A build that is killed, refused or raced leaves the old index or the new one; a damaged file is
named by a TipsearchError. What may end in a crash runs in a process of its own, `crash_builder`.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import crash_builder
import numpy as np
import pytest
from crash_builder import answers, corpus, expected, leftovers, outcome
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tipsearch import layout, storage
from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexLocked,
    IndexNotFound,
    IndexWriteError,
    TipsearchError,
)
from tipsearch.index import Index
from tipsearch.model import Post, Source

KILLS = 50
LARGE = 60
SEED = 20240229
WAIT = 60.0
FILES = sorted(["manifest.json", *layout.STRINGS, *(f"{name}.npy" for name in layout.ARRAYS)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the index of the corpus "old"."""
    Index.build(corpus("old")).save(tmp_path / "index")
    return tmp_path / "index"


def live(folder: Path) -> Path:
    """The folder of the live generation, as a reader without tipsearch finds it."""
    return folder / (folder / "CURRENT").read_text(encoding="ascii").strip()


def contents(folder: Path) -> dict[str, bytes]:
    """The bytes of each file below a folder, the lock aside."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


# --- processes of their own


def start(role: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Start a role of crash_builder; warnings are errors there too, and it has one thread."""
    one_thread = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return subprocess.Popen(
        [sys.executable, "-W", "error", crash_builder.__file__, role, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **one_thread, **environment},
    )


def finish(process: subprocess.Popen[str], said: str = "") -> Any:
    """Wait for a role that went well, and return the JSON that it printed last."""
    try:
        out, err = process.communicate(said, timeout=10 * WAIT)
    finally:
        process.kill()
    assert process.returncode == 0, f"exit {process.returncode}\n{err}"
    assert err == ""
    return json.loads(out.splitlines()[-1])


def run(role: str, *arguments: object, **environment: str) -> Any:
    return finish(start(role, *arguments, **environment))


def open_each(folders: list[Path]) -> list[dict[str, Any]]:
    """What opening and asking each folder gave; an interpreter that crashed says "crash"."""
    said: list[dict[str, Any]] = []
    while len(said) < len(folders):
        process = start("open_each", *folders[len(said) :])
        out, err = process.communicate(timeout=10 * WAIT)
        said += map(json.loads, out.splitlines())
        if process.returncode != 0:
            said.append({"clear": False, "error": f"crash {process.returncode}: {err[-2000:]}"})
    return said


# --- killed builds


def test_a_reader_meets_a_whole_index_while_fifty_builds_are_killed(folder: Path) -> None:
    """SIGKILL at any moment, 50 times: each open gives the old index or the new one, whole."""
    stop = folder.parent / "stop"
    Index.build(corpus("old", LARGE)).save(folder)
    reader = start("read", folder, stop, LARGE)
    try:
        killed = run("kill", folder, SEED, KILLS, LARGE)
    finally:
        stop.touch()
    seen = finish(reader)
    assert killed["killed"] == KILLS
    assert killed["amid"] >= 5, "too few kills hit a build that was writing"
    assert seen.keys() == {"old", "new"}
    assert min(seen.values()) >= KILLS
    for name in ("old", "new"):
        Index.build(corpus(name, LARGE)).save(folder)
        assert outcome(folder, LARGE) == name
        assert leftovers(folder) == []


@pytest.mark.parametrize("before", ["nothing", "old", "new", "leftovers", "damaged"])
@pytest.mark.parametrize("mode", ["kill", "torn"])
def test_a_build_may_be_killed_at_each_change_of_the_disk(
    tmp_path: Path, before: str, mode: str
) -> None:
    """Killed before its n-th change of the disk, for each n, a build leaves old or new, whole.

    The build after it succeeds and leaves one index and nothing else.
    """
    seen = run("steps", tmp_path, before, mode)
    assert seen["steps"] > 2 * len(FILES)  # each file is at least opened and made durable
    assert seen["new"] > 0
    if before != "new":
        was = {"nothing": "IndexNotFound", "damaged": "IndexCorrupt"}.get(before, "old")
        assert seen[was] > len(FILES)


# --- damaged files


@pytest.mark.parametrize("posts", [crash_builder.SMALL, LARGE])
def test_each_flipped_byte_is_a_clear_error(tmp_path: Path, posts: int) -> None:
    """A byte flipped in any file, wholly or in one bit, is an IndexCorrupt that names the file."""
    # Without stop words the manifest is small enough for each of its bytes to be flipped.
    Index.build(corpus("old", posts)).save(tmp_path / "index")
    flipped = run("flip", tmp_path / "index", SEED, posts)
    assert flipped["wrong"] == []
    sizes = {name.rpartition("/")[2]: len(data) for name, data in contents(tmp_path).items()}
    assert set(sizes) == {"CURRENT", *FILES}
    for name, size in sizes.items():
        assert flipped["flips"][name] >= 2 * (size if size <= 2048 else 100)


class Touch:
    """Pickled, it is the order to make the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def _shorten(path: Path, keep: Callable[[int], int]) -> None:
    os.truncate(path, keep(path.stat().st_size))


def _to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _to_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _to_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Touch(path.parents[1] / "unpickled")))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "one byte short": lambda path: _shorten(path, lambda size: size - 1),
    "half": lambda path: _shorten(path, lambda size: size // 2),
    "empty": lambda path: _shorten(path, lambda _: 0),
    "one byte more": lambda path: path.write_bytes(path.read_bytes() + b"\n") and None,
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)) and None,
    "a pickle": _to_pickle,
    "removed": Path.unlink,
    "a folder": _to_folder,
    "a loop of links": _to_loop,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damaged_file_is_a_clear_error(folder: Path, damage: str) -> None:
    """Each file cut, emptied, replaced or removed is a clear error that names it.

    No index at all, CURRENT removed, is an IndexNotFound. Nothing is ever unpickled.
    """
    folders = []
    for file in ("CURRENT", *FILES):
        folders.append(folder.parent / f"without-{file}")
        shutil.copytree(folder, folders[-1])
        DAMAGES[damage]((folders[-1] if file == "CURRENT" else live(folders[-1])) / file)
    for file, said in zip(("CURRENT", *FILES), open_each(folders), strict=True):
        error = "IndexNotFound" if (file, damage) == ("CURRENT", "removed") else "IndexCorrupt"
        assert said.get("error") == error, (file, said)
        assert said["clear"], (file, said)
        assert said["file"] == (None if error == "IndexNotFound" else file), said
    assert list(folder.parent.rglob("unpickled")) == []


def test_the_pickle_of_these_tests_would_tell(tmp_path: Path) -> None:
    """To unpickle the file that replaces others leaves a mark, so no mark is a proof."""
    (tmp_path / "generation").mkdir()
    _to_pickle(tmp_path / "generation" / "file")
    pickle.loads((tmp_path / "generation" / "file").read_bytes())
    assert (tmp_path / "unpickled").exists()


def test_a_missing_generation_is_a_clear_error(folder: Path) -> None:
    """CURRENT that names no generation, or a file of that name, is an IndexCorrupt."""
    name = live(folder).name
    live(folder).rename(folder / "elsewhere")
    with pytest.raises(IndexCorrupt, match=name):
        Index.open(folder)
    (folder / name).write_bytes(b"")
    with pytest.raises(IndexCorrupt, match=r"manifest\.json"):
        Index.open(folder)


def test_no_folder_an_empty_one_and_a_file_hold_no_index(tmp_path: Path) -> None:
    """Where no index was ever made, opening says so, and how to make one."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("text")
    for name in ("absent", "empty", "file", "absent/below", "file/below"):
        with pytest.raises(IndexNotFound, match="tipsearch index"):
            Index.open(tmp_path / name)


@pytest.mark.parametrize("file", ["CURRENT", *FILES])
def test_a_build_repairs_a_damaged_index_of_the_same_name(folder: Path, file: str) -> None:
    """Saving the same posts over a damaged index makes it whole, with the same bytes as before."""
    whole = contents(folder)
    path = (folder if file == "CURRENT" else live(folder)) / file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IndexCorrupt):
        Index.open(folder)
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"
    assert contents(folder) == whole
    assert leftovers(folder) == []


@pytest.mark.parametrize("damage", ["removed", "a folder", "a loop of links"])
@pytest.mark.parametrize("file", ["CURRENT", "manifest.json", "idf.npy", "posts.jsonl"])
def test_a_build_repairs_what_is_no_file_any_more(folder: Path, file: str, damage: str) -> None:
    """The advice of the error, to make the index anew, helps whatever took a file's place."""
    DAMAGES[damage]((folder if file == "CURRENT" else live(folder)) / file)
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"


# --- an index that was forged: its checksums are right and its content is not


class Forged(NamedTuple):
    """The files of a generation and its manifest, to be changed before they are sealed."""

    manifest: dict[str, Any]
    files: dict[str, bytes]

    def array(self, name: str) -> np.ndarray[Any, Any]:
        found: np.ndarray[Any, Any] = np.load(io.BytesIO(self.files[f"{name}.npy"]))
        return found

    def put(self, name: str, array: np.ndarray[Any, Any], *, pickled: bool = False) -> None:
        out = io.BytesIO()
        np.save(out, array, allow_pickle=pickled)
        self.files[f"{name}.npy"] = out.getvalue()
        described = {"dtype": array.dtype.str, "shape": list(array.shape)}
        self.manifest["files"][f"{name}.npy"].update(described)

    def seal(self, folder: Path, manifest: bytes | None = None) -> None:
        """Write it with the right sizes and checksums; `manifest` takes its manifest's place."""
        entries = self.manifest.get("files")
        for file, data in self.files.items():
            if isinstance(entries, dict) and isinstance(entries.get(file), dict):
                entries[file] = {
                    "sha256": hashlib.sha256(data).hexdigest(),
                    "size": len(data),
                    **{key: entries[file][key] for key in entries[file].keys() - SEALED},
                }
                entries[file] = {k: v for k, v in entries[file].items() if v != "left out"}
        sealed = json.dumps(self.manifest).encode() if manifest is None else manifest
        name = hashlib.sha256(sealed).hexdigest()
        (folder / name).mkdir(parents=True)
        for file, data in {**self.files, "manifest.json": sealed}.items():
            (folder / name / file).write_bytes(data)
        (folder / "CURRENT").write_text(f"{name}\n")


SEALED = {"sha256", "size"}
