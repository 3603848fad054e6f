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
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests import crash_builder
from tests.crash_builder import answers, corpus, expected, leftovers, outcome
from tipsearch import layout, storage
from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexLocked,
    IndexNotFound,
    IndexWriteError,
    SettingError,
    TipsearchError,
)
from tipsearch.index import Index
from tipsearch.model import Post, Source
from tipsearch.semantic import cells

KILLS = 50
KILLED_POSTS = 24
SEED = 20240229
WAIT = 60.0
# What opening gives before the build whose end is rehearsed.
WAS = {
    "nothing": "IndexNotFound",
    "old": "old",
    "new": "new",
    "leftovers": "old",
    "damaged": "IndexCorrupt",
}
FILES = sorted([
    "manifest.json", storage.DIGESTS, *layout.STRINGS, *(f"{name}.npy" for name in layout.ARRAYS)
])  # fmt: skip


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
        out, err = process.communicate(said, timeout=2 * WAIT)
    finally:
        process.kill()
    assert process.returncode == 0, f"exit {process.returncode}\n{err}"
    assert err == ""
    return json.loads(out.splitlines()[-1])


def run(role: str, *arguments: object, **environment: str) -> Any:
    return finish(start(role, *arguments, **environment))


def open_each(folders: list[Path], template: Path = Path("none")) -> list[dict[str, Any]]:
    """What opening, asking and verifying each gave; an interpreter that crashed says "crash".

    Where it does not end, that is a crash too. Two processes share the work.
    """
    halves = folders[: len(folders) // 2], folders[len(folders) // 2 :]
    with ThreadPoolExecutor(2) as pool:
        return [each for said in pool.map(partial(_open_each, template), halves) for each in said]


def _open_each(template: Path, folders: list[Path]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    while len(said) < len(folders):
        process = start("open_each", template, *folders[len(said) :])
        try:
            out, err = process.communicate(timeout=2 * WAIT)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
        said += map(json.loads, out.splitlines())
        if process.returncode != 0:
            crash = f"crash {process.returncode}: {err[-2000:]}"
            said.append({"clear": False, "error": crash, "opened": True, "wrong": [crash]})
    return said


# --- killed builds


def test_a_reader_meets_a_whole_index_while_fifty_builds_are_killed(folder: Path) -> None:
    """SIGKILL at any moment, 50 times: each open gives the old index or the new one, whole."""
    stop = folder.parent / "stop"
    Index.build(corpus("old", KILLED_POSTS)).save(folder)
    reader = start("read", folder, stop, KILLED_POSTS)
    try:
        killed = run("kill", folder, SEED, KILLS, KILLED_POSTS)
    finally:
        stop.touch()
    seen = finish(reader)
    assert killed["killed"] == KILLS
    assert killed["amid"] > 0, "no kill hit a build that was writing"
    assert seen.keys() == {"old", "new"}
    assert sum(seen.values()) >= KILLS // 2
    for name in ("old", "new"):
        Index.build(corpus(name, KILLED_POSTS)).save(folder)
        assert outcome(folder, KILLED_POSTS) == name
        assert leftovers(folder) == []


def test_a_generation_that_goes_while_it_is_opened_is_never_called_damaged(folder: Path) -> None:
    """Two generations change places without rest: between two looks, a name may be gone."""
    names = [Index.build(corpus("old")).save(folder)]
    shutil.copytree(folder / names[0], folder.parent / names[0])
    names.append(Index.build(corpus("new")).save(folder))
    ended = threading.Event()

    def change_places() -> None:
        live = names[1]
        while not ended.is_set():
            live, last = names[live == names[0]], live
            (folder.parent / live).rename(folder / live)
            (folder / "next").write_text(f"{live}\n")
            (folder / "next").replace(folder / "CURRENT")
            (folder / last).rename(folder.parent / last)

    with ThreadPoolExecutor() as threads:
        changing = threads.submit(change_places)
        try:
            for _ in range(1000):
                assert len(Index.open(folder)) in (4, 6)
        finally:
            ended.set()
        changing.result()


@pytest.mark.parametrize(
    ("mode", "befores"),
    [
        ("kill", ["old"]),
        ("torn", ["old"]),
        pytest.param("kill", ["nothing", "new", "leftovers", "damaged"], marks=pytest.mark.long),
    ],
)
def test_a_build_may_be_killed_at_each_change_of_the_disk(
    tmp_path: Path, mode: str, befores: list[str]
) -> None:
    """Killed before its n-th change of the disk, for each n, a build leaves old or new, whole.

    The build after it succeeds and leaves one index and nothing else.
    """
    stepped_well(tmp_path, mode, *befores)


def stepped_well(folder: Path, mode: str, *befores: str) -> None:
    """Assert that a build was ended at each step, and that nothing broke the rule there."""
    halves = [half for half in (befores[::2], befores[1::2]) if half]
    places = [folder / str(number) for number, _ in enumerate(halves)]
    for place in places:
        place.mkdir()
    processes = [
        start("steps", place, mode, *half) for place, half in zip(places, halves, strict=True)
    ]
    said: dict[str, dict[str, Any]] = {}
    for process in processes:
        said |= finish(process)
    assert {before: each["wrong"] for before, each in said.items()} == {key: [] for key in befores}
    for before, each in said.items():
        assert each["steps"] > 2 * len(FILES)  # each file is at least opened and made durable
        assert each["seen"].keys() == {WAS[before], "new"}


# --- damaged files


@contextmanager
def small_cells() -> Iterator[None]:
    """Let a few posts have vectors in cells, so that each file of an index has something in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SMALL", 2)
        yield


@pytest.mark.semantic
@pytest.mark.parametrize(
    ("posts", "most", "used"),
    [
        (crash_builder.SMALL, 20, 2),
        pytest.param(crash_builder.SMALL, 10**6, 3, marks=pytest.mark.long),
        pytest.param(100, 50, 1, marks=pytest.mark.long),
    ],
)
def test_each_flipped_byte_is_a_clear_error(
    tmp_path: Path, posts: int, most: int, used: int
) -> None:
    """A byte flipped in any file, wholly or in one bit, is an IndexCorrupt that names the file.

    A sample of each file, each byte of each file of a small index, and a sample of each file of a
    larger one. Opening or verifying says so; who does not verify gets the right answers or an
    IndexCorrupt.
    """
    with small_cells():
        Index.build(corpus("old", posts)).save(tmp_path / "index")
    flipped = run("flip", tmp_path / "index", SEED, posts, most, used)
    assert flipped["wrong"] == []
    assert flipped["used"] == dict.fromkeys(("CURRENT", *FILES), used)
    sizes = {name.rpartition("/")[2]: len(data) for name, data in contents(tmp_path).items()}
    assert set(sizes) == {"CURRENT", *FILES}
    for name, size in sizes.items():
        assert flipped["flips"][name] >= 2 * min(size, most)


UNPICKLED = Path(tempfile.gettempdir()) / f"tipsearch-unpickled-{os.getpid()}"


class Touch:
    """Pickled, it is the order to make the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[Path], None], tuple[Path]]:
        return Path.touch, (self.path,)


def _shorten(path: Path, keep: Callable[[int], int]) -> None:
    os.truncate(path, keep(path.stat().st_size))


def _rewrite(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def _to_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _to_loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def _to_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Touch(UNPICKLED)))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "one byte short": lambda path: _shorten(path, lambda size: size - 1),
    "half": lambda path: _shorten(path, lambda size: size // 2),
    "empty": lambda path: _shorten(path, lambda _: 0),
    "one byte more": lambda path: _rewrite(path, lambda data: data + b"\n"),
    "zeros": lambda path: _rewrite(path, lambda data: bytes(len(data))),
    "a pickle": _to_pickle,
    "removed": Path.unlink,
    "a folder": _to_folder,
    "a loop of links": _to_loop,
}


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What each damage to each file gave, all opened by two processes."""
    place = tmp_path_factory.mktemp("damaged")
    with small_cells():
        Index.build(corpus("old"), ranking="hybrid").save(place / "whole")
    folders, damages = [], list(product(DAMAGES, ("CURRENT", *FILES)))
    for damage, file in damages:
        folders.append(place / f"{damage}-{file}")
        shutil.copytree(place / "whole", folders[-1])
        DAMAGES[damage]((folders[-1] if file == "CURRENT" else live(folders[-1])) / file)
    opened = open_each(folders, place / "whole")
    assert not UNPICKLED.exists()
    return dict(zip(damages, opened, strict=True))


@pytest.mark.semantic
@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damaged_file_is_a_clear_error(
    damaged: dict[tuple[str, str], dict[str, Any]], damage: str
) -> None:
    """Each file cut, emptied, replaced or removed is a clear error that names it.

    No index at all, CURRENT removed, is an IndexNotFound. Nothing is ever unpickled. Who does not
    verify gets the right answers, or that error.
    """
    for file in ("CURRENT", *FILES):
        said = damaged[damage, file]
        error = "IndexNotFound" if (file, damage) == ("CURRENT", "removed") else "IndexCorrupt"
        assert said.get("error") == error, (file, said)
        assert said["clear"], (file, said)
        assert said["wrong"] == [], file
        assert said["file"] == (None if error == "IndexNotFound" else file), said


@pytest.mark.parametrize("file", ["CURRENT", "manifest.json", "digests.bin", "matrix.scale.npy"])
def test_a_pipe_in_the_place_of_a_file_is_a_clear_error(folder: Path, file: str) -> None:
    """A FIFO is an IndexCorrupt; to open it would wait for ever."""
    path = (folder if file == "CURRENT" else live(folder)) / file
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(IndexCorrupt, match="not a file"):
        Index.open(folder)


def test_the_pickle_of_these_tests_would_tell(tmp_path: Path) -> None:
    """To unpickle the file that replaces others leaves a mark, so no mark is a proof."""
    _to_pickle(tmp_path / "file")
    try:
        pickle.loads((tmp_path / "file").read_bytes())
        assert UNPICKLED.exists()
    finally:
        UNPICKLED.unlink()


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


@pytest.mark.parametrize("cut", [True, False])
@pytest.mark.parametrize("file", ["CURRENT", *FILES])
def test_a_build_repairs_a_damaged_index_of_the_same_name(
    folder: Path, file: str, cut: bool
) -> None:
    """Saving the same posts over a damaged index makes it whole, with the same bytes as before."""
    whole = contents(folder)
    path = (folder if file == "CURRENT" else live(folder)) / file
    data = path.read_bytes()
    path.write_bytes(data[:-1] if cut else data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(IndexCorrupt):
        Index.open(folder).verify()
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"
    assert contents(folder) == whole
    assert leftovers(folder) == []


@pytest.mark.parametrize("damage", ["removed", "a folder", "a loop of links"])
@pytest.mark.parametrize(
    "file", ["CURRENT", "manifest.json", "digests.bin", "matrix.scale.npy", "posts.jsonl"]
)
def test_a_build_repairs_what_is_no_file_any_more(folder: Path, file: str, damage: str) -> None:
    """The advice of the error, to make the index anew, helps whatever took a file's place."""
    DAMAGES[damage]((folder if file == "CURRENT" else live(folder)) / file)
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"


# --- an index that was forged: its checksums are right and its content is not


class Forged(NamedTuple):
    """The manifest and the other files of a generation, to be changed and sealed again."""

    manifest: dict[str, Any]
    files: dict[str, bytes]

    def array(self, name: str) -> np.ndarray[Any, Any]:
        """A copy of an array, without what lies around it in the file."""
        found: np.ndarray[Any, Any] = np.load(io.BytesIO(self.files[f"{name}.npy"]))
        return found

    def write(self, file: str, data: bytes) -> None:
        """Put a file there, under the right size and checksums."""
        self.files[file] = data
        self.manifest["files"].setdefault(file, {})["size"] = len(data)
        self.digest()

    def digest(self, change: Callable[[bytes], bytes] = bytes) -> None:
        """Put the checksums of all blocks there, changed, under the right size and checksum."""
        described = self.manifest["files"]
        blocks = [
            self.files[file][at : at + storage.BLOCK]
            for file in sorted(described)
            for at in range(0, described[file]["size"], storage.BLOCK)
        ]
        table = change(b"".join(hashlib.sha256(block).digest() for block in blocks))
        self.files[storage.DIGESTS] = table
        sealed = {"size": len(table), "sha256": hashlib.sha256(table).hexdigest()}
        self.manifest["digests"] = sealed

    def put(self, name: str, array: np.ndarray[Any, Any]) -> None:
        """Put an array there; an array of objects as a pickle."""
        out = io.BytesIO()
        np.save(out, array, allow_pickle=True)
        self.write(f"{name}.npy", out.getvalue())
        described = {"dtype": array.dtype.str, "shape": list(array.shape)}
        self.manifest["files"][f"{name}.npy"].update(described)

    def seal(self, folder: Path, manifest: bytes | None = None) -> None:
        """Write it as an index whose checksums are right; `manifest` takes its manifest's place."""
        sealed = json.dumps(self.manifest).encode() if manifest is None else manifest
        generation = folder / hashlib.sha256(sealed).hexdigest()
        generation.mkdir(parents=True)
        for file, data in {**self.files, "manifest.json": sealed}.items():
            (generation / file).write_bytes(data)
        (folder / "CURRENT").write_text(f"{generation.name}\n")


@cache
def written() -> dict[str, bytes]:
    """The files of a generation that has something in each of them."""
    with tempfile.TemporaryDirectory() as place, small_cells():
        Index.ingest(crash_builder.wide(Path(place)), ranking="hybrid")[0].save(place)
        return {path.name: path.read_bytes() for path in live(Path(place)).iterdir()}


def genuine() -> Forged:
    """What a build writes, to be changed."""
    files = dict(written())
    return Forged(json.loads(files.pop("manifest.json")), files)


Forge = Callable[[Forged], None]
LEFT_OUT = object()
POSTS = crash_builder.WIDE
HUGE = 2**31 - 1


def manifest_with(*keys: str, value: object) -> Forge:
    """Forge one value of the manifest, or leave it out."""

    def forge(forged: Forged) -> None:
        place: Any = forged.manifest
        for key in keys[:-1]:
            place = place[key]
        if value is LEFT_OUT:
            del place[keys[-1]]
        else:
            place[keys[-1]] = value

    return forge


def array_with(name: str, at: int, value: float) -> Forge:
    """Forge one number of an array."""

    def forge(forged: Forged) -> None:
        array = forged.array(name)
        assert array[at] != value
        array[at] = value
        forged.put(name, array)

    return forge


def array_as(name: str, change: Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]) -> Forge:
    """Forge a whole array."""
    return lambda forged: forged.put(name, change(forged.array(name)))


def file_as(file: str, change: Callable[[bytes], bytes]) -> Forge:
    """Forge the bytes of a file."""
    return lambda forged: forged.write(file, change(forged.files[file]))


def renamed(file: str, name: str) -> Forge:
    """Let the manifest list a file under another name."""

    def forge(forged: Forged) -> None:
        forged.manifest["files"][name] = forged.manifest["files"].pop(file)

    return forge


def one_more(table: str) -> Forge:
    """Let a table have one string more than there are posts, and say so."""

    def forge(forged: Forged) -> None:
        file = f"{table}.txt"
        forged.write(file, forged.files[file] + b"~\n")
        offsets = forged.array(f"{table}.offsets")
        forged.put(f"{table}.offsets", np.append(offsets, offsets[-1] + 2))
        forged.manifest["facts"][table] = POSTS + 1

    return forge


def array_forgeries() -> Iterator[tuple[str, Forge]]:
    """Arrays that point outside, and such that are not of the type and length that they must be."""
    for name, values in NUMBERS.items():
        for at, value in product((0, -1), values):
            yield f"{name}[{at}] = {value}", array_with(name, at, value)
    for name in ("matrix.indices", "postings.rows", "frequent"):
        yield (
            f"{name} not in order",
            array_as(name, lambda array: array[[1, 0, *range(2, len(array))]]),
        )
        yield f"{name} twice", array_as(name, lambda array: array[[0, 0, *range(2, len(array))]])
    yield (
        "groups.source not in order",
        several(
            array_with("groups.source", 0, 1),
            manifest_with("facts", "sources", value=[["a", "b"]] * 2),
        ),
    )
    for name, ids in (("cells.rows", "cells.places"), ("cells.places", "cells.rows")):
        yield f"{name} not those of {ids}", array_as(name, lambda array: array[::-1])
        yield (
            f"{name} one twice",
            array_as(name, lambda array: array[[0, 0, *range(2, len(array))]]),
        )
    yield (
        "cells.rows and cells.places not in order",
        several(
            array_as("cells.rows", lambda array: array[::-1]),
            array_as("cells.places", lambda array: array.max() - array),
        ),
    )
    yield (
        "cells of one start",
        several(
            array_as("cells.starts", lambda array: array[:1]),
            array_as("cells.centroids", lambda array: array[:0]),
        ),
    )
    for name in (n for n in layout.ARRAYS if n.endswith(("offsets", "indptr", "buckets"))):
        for at, value in ((0, -1), (0, 1), (1, -1), (1, HUGE), (-1, HUGE), (-1, 0)):
            yield f"{name}[{at}] = {value}", array_with(name, at, value)
        yield f"{name} empty", array_as(name, lambda array: array[:0])
    for name in layout.ARRAYS:
        yield f"{name} too short", array_as(name, lambda array: array[:-1])
        yield f"{name} too long", array_as(name, lambda array: np.append(array, array[-1:]))
        yield f"{name} in a column", array_as(name, lambda array: array[:, None])
        other = "<i8" if layout.ARRAYS[name].startswith("<f") else "<f8"
        more = "<i8" if layout.ARRAYS[name] == "<u8" else "<u8"
        for dtype in (other, "O", ">i4", ">i8", ">f8", "<i2", more, "<c16", "<U1"):
            yield f"{name} as {dtype}", array_as(name, partial(np.ndarray.astype, dtype=dtype))
        for dtype in ("<M8[s]", "V8"):
            yield f"{name} as {dtype}", array_as(name, partial(np.zeros_like, dtype=dtype))


def several(*forges: Forge) -> Forge:
    """Forge this and that."""

    def forge(forged: Forged) -> None:
        for each in forges:
            each(forged)

    return forge


def digests_as(change: Callable[[bytes], bytes]) -> Forge:
    """Forge the checksums of the blocks."""
    return lambda forged: forged.digest(change)


def line_as(line: str) -> Forge:
    """Forge the first line of the posts; spaces fill what it lacks."""

    def forge(forged: Forged) -> None:
        first, rest = forged.files["posts.jsonl"].split(b"\n", 1)
        forged.write("posts.jsonl", line.encode().ljust(len(first)) + b"\n" + rest)

    return forge


def manifest_forgeries() -> Iterator[tuple[str, Forge]]:
    """Manifests whose entries lie, lack something, or are of no use."""
    for keys, values in VALUES.items():
        for value in values:
            shown = "left out" if value is LEFT_OUT else repr(value)
            yield f"{'/'.join(keys)} {shown}", manifest_with(*keys, value=value)
    for name in (*OUTSIDE, "", "nul\0", "x" * 300, "caf\udce9.txt", "scale2.npy", "notes.txt"):
        yield f"named {name[:9]!r}", renamed("matrix.scale.npy", name)
    for file in sorted(set(FILES) - {"manifest.json", storage.DIGESTS}):
        yield f"without {file}", manifest_with("files", file, value=LEFT_OUT)


def file_forgeries() -> Iterator[tuple[str, Forge]]:
    """Files of the right checksum that hold less or more than they should."""
    orders = np.array([Touch(UNPICKLED)], dtype=object)
    yield "an array of orders", array_as("matrix.scale", lambda _: orders)
    for name in ("matrix.scale", "forms.terms"):
        file = f"{name}.npy"
        yield f"{name}: header cut", file_as(file, lambda data: data[:5])
        yield f"{name}: header empty", file_as(file, lambda data: b"")
        yield f"{name}: no header", file_as(file, lambda data: data[128:])
        yield f"{name}: header half", file_as(file, lambda data: data[:64] + data[128:])
        yield f"{name}: not aligned", file_as(file, lambda data: data[:127] + data[128:])
        too_long = partial(_spliced, 8, b"\xff\xff")
        yield f"{name}: header too long", file_as(file, too_long)
        yield f"{name}: no magic", file_as(file, partial(_spliced, 0, b"?"))
        yield f"{name}: other shape", file_as(file, lambda data: data.replace(b",), ", b",7),", 1))
        yield f"{name}: three bytes", file_as(file, lambda data: data[:128] + b"abc")
    for what, change in DIGESTS.items():
        yield f"digests {what}", digests_as(change)
    for line in LINES:
        yield f"line {line}", line_as(line)
    for table in ("ids", "titles", "terms", "forms"):
        file = f"{table}.txt"
        yield f"{file}: not UTF-8", file_as(file, partial(_spliced, 0, b"\xff"))
        yield f"{file}: other", file_as(file, partial(_spliced, 0, b"~"))
        if table != "ids":  # which may hold some
            yield f"{file}: newline more", file_as(file, partial(_spliced, 0, b"\n"))
        yield f"{file}: newline less", file_as(file, lambda data: data.replace(b"\n", b"~", 1))
        yield f"{file}: no newline", file_as(file, lambda data: data.replace(b"\n", b"~"))
        yield f"{file}: no last newline", file_as(file, lambda data: data[:-1] + b"~")
    for table in ("ids", "titles"):
        yield f"one more of {table}", one_more(table)
    for file in layout.STRINGS:
        yield f"{file} cut", file_as(file, lambda data: data[:-1])
        yield f"{file} empty", file_as(file, lambda data: b"")


def _spliced(at: int, piece: bytes, data: bytes) -> bytes:
    return data[:at] + piece + data[at + len(piece) :]


# What no number of an array may be.
NUMBERS: dict[str, Sequence[float]] = {
    **dict.fromkeys(("matrix.indices", "postings.rows", "frequent"), (-1, 10_000, HUGE)),
    **dict.fromkeys(("forms.terms", "groups.source"), (-1, 10_000, HUGE)),
    **dict.fromkeys(("groups.lines", "forms.frequency"), (-1, 0, -(2**31))),
    **dict.fromkeys(("matrix.counts", "postings.counts"), (0, 200)),
    **dict.fromkeys(("matrix.scale", "postings.bm25"), (np.nan, np.inf, -np.inf, -1.0, -0.1, 0.0)),
    "sources.path": (1, 255),
    "posts.flags": (4, 255),
    **dict.fromkeys(("blocks.bm25", "blocks.cosine"), (0, 1)),
    "blocks.starts": (-1, 7, HUGE),
    "forms.signatures": (0, HUGE),
    **dict.fromkeys(("cells.rows", "cells.places"), (-1, POSTS, HUGE)),
    "cells.starts": (-1, 1, HUGE),
    "cells.centroids": (np.nan, np.inf, -np.inf),
    "vectors.scale": (np.nan, np.inf, -np.inf, -1.0, 0.0, 1.0),
    "vectors.codes": (-128,),
    "pieces.ids": (-1, -HUGE, 1 << 17, HUGE),
}
# What no number may be either, but nobody can tell.
UNTOLD: dict[str, Sequence[float]] = {
    "groups.lines": (HUGE,),
    "groups.digest": (200,),
    "forms.frequency": (HUGE,),
    "sources.first": (-(2**31), -1, 0, HUGE),
    "sources.lines": (255,),
    "matrix.scale": (1e-320, 1e-300, 1.0),
    "postings.bm25": (1e-45, 1e-30, 1e11),
    "cells.centroids": (-1.0, 0.0, 1.0),
    "pieces.ids": (0, 100_000),
}
DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    "one too few": lambda data: data[:-32],
    "one too many": lambda data: data + bytes(32),
    "a byte too few": lambda data: data[:-1],
    "a byte too many": lambda data: data + b"?",
    "none": lambda _: b"",
    "in another order": lambda data: data[32:] + data[:32],
    "another last": lambda data: data[:-32] + bytes(32),
}
LINES = (
    "", "[", "[[[[[[[[[[[[", "{}", "null", "5", '"text"', "[]", '["title"]', "[1,2]", '["a",null]',
    '["a","b",5]', '["a","b",""]', '["a","b","2014-13-01"]', '["a","b",null,5]',
    '["a","b",null,[5]]', '["a","b",null,"abc"]', '["a","b",null,[],"other"]',
    '["a","b",null,[],[]]', '["a","b",null,[],"full",5]', '["a","b",null,[],"full","u",5]',
    '["a","b"]', '["\\ud800","b"]', '["a","b"] x',
)  # fmt: skip
OUTSIDE = ("../secret.txt", "/etc/passwd", "a/../../secret.txt", "..", ".", "..\\secret.txt")
NO_COUNTS = [-1, -2, 10**30, POSTS + 0.5, float(POSTS), "4", None, [], {}, LEFT_OUT]
VALUES: dict[tuple[str, ...], Sequence[object]] = {
    ("files", "matrix.scale.npy", "dtype"): (
        "O",
        "no",
        "",
        "f8,i4",
        "V0",
        17,
        {},
        [["a", "<f8"]],
        LEFT_OUT,
    ),
    ("files", "matrix.scale.npy", "shape"): (
        [9999],
        [2**70],
        [1.5],
        [[1]],
        [-1],
        [-2],
        [],
        [40, 1],
        "x",
        9,
        {},
        LEFT_OUT,
    ),
    ("files", "matrix.scale.npy", "size"): (0, -1, 1.5, "136", None, LEFT_OUT),
    ("files", "matrix.scale.npy"): (None, [], "x", 5),
    ("files",): (None, [], 5, "ids.txt", ["ids.txt"], LEFT_OUT),
    ("digests", "size"): (0, -1, 1.5, "136", None, [], LEFT_OUT),
    ("digests", "sha256"): ("", "0" * 64, 5, None, LEFT_OUT),
    ("digests",): (None, [], "x", 5, LEFT_OUT),
    ("facts", "posts"): NO_COUNTS,
    ("facts", "terms"): NO_COUNTS,
    ("facts", "forms"): NO_COUNTS,
    ("facts", "analyzer"): (None, [], "x", {}, {"stop_words": 5}, {"x": 1}, LEFT_OUT),
    ("facts", "analyzer", "stop_words"): (None, 5, "x", [5], ["A B"], [None], {}),
    ("facts", "analyzer", "stemmer"): (None, 5, [], {}, "x", LEFT_OUT),
    ("facts", "weighting"): (None, [], "x", 5, {}, {"k1": 1}, LEFT_OUT),
    ("facts", "weighting", "k1"): (None, "1", -1, 1e300, [], float("nan"), LEFT_OUT),
    ("facts", "weighting", "title_weight"): (1.5, 0, -1, 10**30),
    ("facts", "lengths"): (
        None,
        5,
        "123",
        [],
        [1, 2],
        [1, 2, 3, 4],
        [1, 2, None],
        [1, 2, -1],
        [1.0, 2, 3],
        [0, 0, 0],
        [10**400, 1, 1],
        [1, 10**400, 1],
        LEFT_OUT,
    ),
    ("facts", "ranking"): (None, [], "hybrid", 5, {}, {"name": "bm25"}, LEFT_OUT),
    ("facts", "ranking", "name"): (None, "bm26", "", 5, [], {}, LEFT_OUT),
    ("facts", "ranking", "feedback"): (None, "1", -0.1, 1.1, float("nan"), [], True, LEFT_OUT),
    ("facts", "ranking", "feedback_posts"): (None, -1, 1.5, 10**30, "3", LEFT_OUT),
    ("facts", "embedding"): (None, [], {}, "x", 5, {"model": "m"}, LEFT_OUT),
    ("facts", "embedding", "model"): (None, 5, [], {}, LEFT_OUT),
    ("facts", "embedding", "sha256"): (None, 5, [], "", "g" * 64, "0" * 63, "A" * 64, LEFT_OUT),
    ("facts", "embedding", "dimensions"): (None, 0, 64, 256.0, "256", True, [], LEFT_OUT),
    ("facts", "paths"): (None, "x", 5, {}, [], [5], [None], [[]], LEFT_OUT),
    ("facts", "sources"): (None, "x", 5, {}, [5], ["ab"], [["a"]], [["a", 5]], [[]], LEFT_OUT),
    ("facts",): (None, [], 5, "posts", LEFT_OUT),
}
FORGERIES = dict([*array_forgeries(), *manifest_forgeries(), *file_forgeries()])
UNTOLD_FORGERIES = {
    f"{name}[{at}] = {value}": array_with(name, at, value)
    for name, values in UNTOLD.items()
    for at, value in product((0, -1), values)
}
MANIFESTS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"format": 3, "facts": {',
    "not UTF-8": b'{"format": 3, "facts": "\xff", "files": {}}',
    "null": b"null",
    "a number": b"1",
    "a list": b"[]",
    "a text": b'"format"',
    "nothing in it": b"{}",
    "nothing but its format": b'{"format": 3}',
    "lists without end": b"[" * 100_000,
    "a pickle": pickle.dumps(Touch(UNPICKLED)),
}


class Said(NamedTuple):
    """What opening each forged index said."""

    forgeries: dict[str, dict[str, Any]]
    manifests: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """Forge each index that is asked for, and open all: a crash is told from an error."""
    place = tmp_path_factory.mktemp("forged")
    crash_builder.wide(place)
    (place / "secret.txt").write_bytes(genuine().files["matrix.scale.npy"])
    folders = []
    asked = {item.callspec.params.get("name") for item in request.session.items
             if isinstance(item, pytest.Function) and hasattr(item, "callspec")}  # fmt: skip
    known = FORGERIES | UNTOLD_FORGERIES
    asked |= {f"named {name[:9]!r}" for name in OUTSIDE}
    forgeries = {name: forge for name, forge in known.items() if name in asked}
    for number, forge in enumerate(forgeries.values()):
        forged = genuine()
        forge(forged)
        folders.append(place / f"forged-{number}")
        forged.seal(folders[-1])
    for number, manifest in enumerate(MANIFESTS.values()):
        folders.append(place / f"manifest-{number}")
        genuine().seal(folders[-1], manifest)
    opened = open_each(folders)
    assert not UNPICKLED.exists()
    return Said(
        dict(zip(forgeries, opened[: len(forgeries)], strict=True)),
        dict(zip(MANIFESTS, opened[len(forgeries) :], strict=True)),
    )


@pytest.mark.semantic
def test_an_index_that_was_forged_into_itself_opens(tmp_path: Path) -> None:
    """Sealing what a build wrote, unchanged, gives an index: refusals are not the sealing's."""
    folders = [tmp_path / "genuine", tmp_path / "sealed"]
    genuine().seal(folders[0])
    forged = genuine()
    forged.digest()
    for name in layout.ARRAYS:
        forged.put(name, forged.array(name))
    line_as(forged.files["posts.jsonl"].split(b"\n")[0].decode())(forged)
    forged.seal(folders[1])
    for said in open_each([folders[1]] * 2, folders[0]):
        assert said.get("verified"), said
        assert said["wrong"] == []
    assert all(len(forged.array(name)) for name in layout.ARRAYS)


@pytest.mark.semantic
@pytest.mark.parametrize(
    "name",
    [
        name if number % 2 else pytest.param(name, marks=pytest.mark.long)
        for number, name in enumerate(FORGERIES)
    ],
)
def test_a_forged_index_is_a_clear_error(said: Said, name: str) -> None:
    """Right checksums over wrong content: an IndexCorrupt of who opens it or verifies it.

    Who does not verify gets an answer or an IndexCorrupt, never a crash or another error.
    """
    assert said.forgeries[name].get("error") == "IndexCorrupt", said.forgeries[name]
    assert said.forgeries[name]["clear"], said.forgeries[name]
    assert said.forgeries[name]["wrong"] == []


@pytest.mark.semantic
@pytest.mark.parametrize("name", UNTOLD_FORGERIES)
def test_a_forgery_that_cannot_be_told_does_no_harm(said: Said, name: str) -> None:
    """A number that may be right: the index answers, or an IndexCorrupt says why not."""
    assert said.forgeries[name]["opened"]
    assert said.forgeries[name]["wrong"] == []
    assert said.forgeries[name].get("error", "IndexCorrupt") == "IndexCorrupt"


@pytest.mark.semantic
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_manifest_cannot_name_a_file_elsewhere(said: Said, name: str) -> None:
    """A file name that leads out of the generation is refused before anything is opened."""
    refused = said.forgeries[f"named {name[:9]!r}"]
    assert refused["file"] == "manifest.json"
    assert "names the file" in refused["message"]


@pytest.mark.semantic
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_is_none_is_a_clear_error(said: Said, name: str) -> None:
    """A manifest of the right checksum that is not JSON, or lacks its parts: an IndexCorrupt."""
    assert said.manifests[name].get("error") == "IndexCorrupt", said.manifests[name]
    assert said.manifests[name]["clear"], said.manifests[name]


@pytest.mark.semantic
@pytest.mark.parametrize("number", [0, 1, 2, 4, -1, "2", None, [], 10**30])
def test_another_format_number_is_named(tmp_path: Path, number: object) -> None:
    """An index in another format is an IndexFormatError, whatever else its manifest holds."""
    for content in ({}, genuine().manifest):
        Forged({**content, "format": number}, {}).seal(tmp_path)
        with pytest.raises(IndexFormatError, match="has format") as caught:
            Index.open(tmp_path)
        assert (caught.value.found, caught.value.supported) == (number, storage.FORMAT)


@pytest.mark.semantic
def test_an_unknown_step_of_analysis_is_a_clear_error(tmp_path: Path) -> None:
    """An index whose words were stemmed by a stemmer of another version is a TipsearchError."""
    forged = genuine()
    manifest_with("facts", "analyzer", "stemmer", value="porter-99")(forged)
    forged.seal(tmp_path)
    with pytest.raises(TipsearchError, match="porter-99"):
        Index.open(tmp_path)


@pytest.mark.semantic
def test_no_forged_array_crashes_the_interpreter(tmp_path: Path) -> None:
    """Numbers at random in any array, under right checksums: an error or an answer, no crash."""
    randomness, folders = random.Random(SEED), []
    for number in range(80):
        forged = genuine()
        for name in randomness.choices(list(layout.ARRAYS), k=randomness.randint(1, 3)):
            array = forged.array(name)
            for at in randomness.choices(range(len(array)), k=randomness.randint(1, 4)):
                wide = array.dtype.str in layout.PLACES and randomness.random() < 0.5
                least, most = (-(2**31), HUGE) if wide else (0, 40)
                number_there = randomness.randint(least, most)
                weight = randomness.choice([np.nan, np.inf, -1.0, 0.0, 0.5, 1e30])
                array[at] = weight if array.dtype.kind == "f" else number_there
            if randomness.random() < 0.8 and name.endswith(("offsets", "indptr")):
                last = forged.array(name)[-1]
                array = np.clip(np.sort(array), 0, last)
                array[0], array[-1] = 0, last
            forged.put(name, array)
        folders.append(tmp_path / str(number))
        forged.seal(folders[-1])
    crash_builder.wide(tmp_path)
    opened = open_each(folders)
    assert [each for each in opened if each["wrong"]] == []
    refused = [each for each in opened if "verified" not in each]
    assert [each for each in refused if not each["clear"]] == []
    assert len(refused) >= 50
    assert sum(each["opened"] for each in opened) >= 50  # enough was asked to mean something


# --- two builds at once


@contextmanager
def build_amid(folder: Path, name: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that is in the middle of saving a corpus, and goes on when told to."""
    process = start("pause", folder, name)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "amid\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_build_says_that_another_is_writing(folder: Path) -> None:
    """Where the other build does not end in time: IndexLocked, `on_wait` once, all as it was."""
    waits: list[None] = []
    new = Index.build(corpus("new"))
    with build_amid(folder, "new") as first:
        with pytest.raises(IndexLocked, match=r"another build is writing.*0\.2 s") as caught:
            new.save(folder, lock_seconds=0.2, on_wait=lambda: waits.append(None))
        assert caught.value.folder == str(folder)
        assert waits == [None]
        assert outcome(folder) == "old"
        finish(first, "\n")
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


def test_a_second_build_waits_for_the_first(folder: Path) -> None:
    """Where the other build ends in time, the second is published after it; `on_wait` once."""
    old, waits = Index.build(corpus("old")), []
    with build_amid(folder, "new") as first:
        assert first.stdin is not None

        def waiting() -> None:
            waits.append(outcome(folder))
            assert first.stdin is not None
            first.stdin.write("\n")
            first.stdin.flush()

        old.save(folder, lock_seconds=WAIT, on_wait=waiting)
        published = finish(first)["names"]
    assert waits == ["old"]
    assert published != [live(folder).name]
    assert outcome(folder) == "old"
    assert leftovers(folder) == []


def test_a_build_does_not_wait_for_a_killed_one(folder: Path) -> None:
    """A build that was killed while it held the folder holds it no longer."""
    waits: list[None] = []
    with build_amid(folder, "new"):
        pass
    assert leftovers(folder) != []
    new = Index.build(corpus("new"))
    new.save(folder, lock_seconds=0.0, on_wait=lambda: waits.append(None))
    assert waits == []
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


def test_a_build_may_have_the_number_of_a_killed_one(folder: Path) -> None:
    """Leftovers under this process's own number, usual in containers, are in nobody's way."""
    name = live(folder).name
    for left in (f".tipsearch-building-{os.getpid()}", f".tipsearch-trash-{os.getpid()}-{name}"):
        (folder / left).mkdir()
        (folder / left / "manifest.json").write_text("{}")
    Index.build(corpus("new")).save(folder)
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


def test_two_processes_that_save_at_once_both_succeed(tmp_path: Path) -> None:
    """Two builds of different posts in one folder take turns; the index is one of the two."""
    folder, seconds = tmp_path / "index", 1.0
    builders = [start("save", folder, name, seconds) for name in ("old", "new")]
    for builder in builders:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "ready\n"
    for builder in builders:
        assert builder.stdin is not None
        builder.stdin.write("\n")
        builder.stdin.flush()
    ended = [finish(builder) for builder in builders]
    assert sum(each["waits"] for each in ended) > 0  # they did meet
    names = [set(each["names"]) for each in ended]
    assert [len(each) for each in names] == [1, 1]
    assert live(folder).name in names[0] ^ names[1]
    assert outcome(folder) in {"old", "new"}
    assert leftovers(folder) == []


def test_threads_that_save_at_once_all_succeed(folder: Path) -> None:
    """Builds in threads of one process take turns as well, and readers beside them see a whole."""
    failures: list[BaseException] = []
    seen: set[str] = set()
    built = {name: Index.build(corpus(name)) for name in ("old", "new")}
    ended = threading.Event()

    def watch(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:  # it is the test that reports it
            failures.append(error)

    def save(name: str) -> None:
        for _ in range(10):
            built[name].save(folder)

    def look() -> None:
        while not ended.is_set():
            seen.add(outcome(folder))

    expected("old")
    expected("new")
    savers = [threading.Thread(target=watch, args=(lambda n=name: save(n),)) for name in built]
    reader = threading.Thread(target=watch, args=(look,))
    for thread in (reader, *savers):
        thread.start()
    for thread in savers:
        thread.join()
    ended.set()
    reader.join()
    assert failures == []
    assert seen <= {"old", "new"}
    assert seen
    assert outcome(folder) in {"old", "new"}
    assert leftovers(folder) == []


# --- a full disk, a read-only folder


def refused_as_written(error: IndexWriteError, folder: Path, reason: str) -> bool:
    """Whether a refusal is one clear line with the place and the system's reason."""
    return error.reason == reason and "\n" not in str(error) and str(folder) in str(error)


@contextmanager
def tiny_disk(folder: Path, size: str) -> Iterator[None]:
    """A file system of its own, of `size`, mounted on `folder`."""
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tipsearch-test", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("only root may mount a small file system")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small file system can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 5, 8, 13, 20])
def test_a_full_disk_is_a_clear_error_and_the_old_index_lives(tmp_path: Path, room: int) -> None:
    """With room for some pages only, saving raises IndexWriteError; the old index answers on.

    When there is room again the next build succeeds and leaves nothing behind.
    """
    new = Index.build(corpus("new"))
    with tiny_disk(tmp_path, "512k"):
        folder, ballast = tmp_path / "index", tmp_path / "ballast"
        Index.build(corpus("old")).save(folder)
        page = os.statvfs(tmp_path).f_bsize
        with ballast.open("wb", buffering=0) as out:
            while (left := os.statvfs(tmp_path).f_bavail - room) > 0:
                out.write(bytes(left * page))
        with pytest.raises(IndexWriteError, match="No space left on device") as caught:
            new.save(folder)
        assert refused_as_written(caught.value, folder, "No space left on device")
        assert outcome(folder) == "old"
        ballast.unlink()
        new.save(folder)
        assert outcome(folder) == "new"
        assert leftovers(folder) == []


def test_what_killed_builds_left_makes_room_for_the_next(tmp_path: Path) -> None:
    """On a disk that is full of killed builds' leftovers, the next build has their room."""
    with tiny_disk(tmp_path, "512k"):
        folder = tmp_path / "index"
        Index.build(corpus("old")).save(folder)
        for name in (".tipsearch-building-1", "0" * 64):
            (folder / name).mkdir()
            (folder / name / "manifest.json").write_text("{}")
            room = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_bsize
            taken = room // 2 if name == ".tipsearch-building-1" else room
            (folder / name / "posts.jsonl").write_bytes(bytes(taken))
        assert os.statvfs(tmp_path).f_bavail == 0
        Index.build(corpus("new")).save(folder)
        assert outcome(folder) == "new"
        assert leftovers(folder) == []


def test_a_disk_that_is_read_only_is_a_clear_error(tmp_path: Path) -> None:
    """On a file system mounted read-only an index opens, and saving raises IndexWriteError."""
    with tiny_disk(tmp_path, "512k"):
        folder = tmp_path / "index"
        Index.build(corpus("old")).save(folder)
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path)], check=True)
        with pytest.raises(IndexWriteError) as caught:
            Index.build(corpus("new")).save(folder)
        assert refused_as_written(caught.value, folder, "Read-only file system")
        assert outcome(folder) == "old"


def test_files_that_may_not_grow_are_a_clear_error(folder: Path) -> None:
    """Whichever file is the first that cannot be written, the old index lives and is replaced."""
    said = run("limit", folder)
    assert len(said["refused"]) > 10
    for message in said["refused"].values():
        assert "(File too large)" in message
        assert str(folder) in message
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


@pytest.mark.parametrize(
    "befores",
    [["old"], pytest.param(["nothing", "leftovers", "damaged"], marks=pytest.mark.long)],
)
def test_a_build_may_be_refused_at_each_change_of_the_disk(
    tmp_path: Path, befores: list[str]
) -> None:
    """A disk full from the n-th change on, for each n: IndexWriteError and the index from before.

    Where the build did succeed, its index is there; the build after it leaves nothing behind.
    """
    stepped_well(tmp_path, "full", *befores)


@pytest.mark.parametrize("lock", [True, False])
def test_a_read_only_folder_is_a_clear_error_and_the_old_index_lives(lock: bool) -> None:
    """Who may not write to the folder gets an IndexWriteError, and may read the old index."""
    # Not tmp_path: only its owner may enter that, and root may write anywhere.
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "locked"
        Index.build(corpus("old")).save(folder)
        if not lock:
            (folder / ".lock").unlink()
        whole = contents(folder)
        Path(place).chmod(0o755)
        for path in (folder, live(folder)):
            path.chmod(0o555)
        try:
            said = run("unprivileged", place, 65534)
            assert said["free"] == [said["free"][0], "new"]  # the user can write elsewhere
            message, opened = said["locked"]
            assert "(Permission denied)" in message
            assert str(folder) in message
            assert opened == "old"
            assert contents(folder) == whole
        finally:
            for path in (folder, live(folder)):
                path.chmod(0o755)


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_file_in_the_place_of_the_folder_is_a_clear_error(tmp_path: Path, name: str) -> None:
    """Saving to a path that is a file, or below one, is an IndexWriteError; the file stays."""
    (tmp_path / "file").write_text("text")
    with pytest.raises(IndexWriteError, match=str(tmp_path / name)):
        Index.build(corpus("old")).save(tmp_path / name)
    assert (tmp_path / "file").read_text() == "text"


def test_missing_parents_are_made(tmp_path: Path) -> None:
    """An index folder below folders that do not exist yet is made with them."""
    Index.build(corpus("old")).save(tmp_path / "a" / "b" / "index")
    assert outcome(tmp_path / "a" / "b" / "index") == "old"


# --- what is written is what is read


TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40) | st.sampled_from(
    [
        "",
        " ",
        "\n",
        "\xa0",
        "Don’t\xa0say “No”…\n• apologizing customers",
        "🙂👩‍👩‍👧 café ﬁne İstanbul ß",
        "\x00\x1c\u2028\ufeff\U0010ffff",
        "angry customers apologize",
    ]
)
RECORDS = st.builds(
    Post,
    id=TEXTS,
    title=TEXTS,
    text=TEXTS | st.lists(st.sampled_from(corpus("old")[0].text.split())).map(" ".join),
    date=st.none() | st.dates(),
    categories=st.lists(TEXTS, max_size=2).map(tuple),
    kind=st.sampled_from(["full", "teaser"]),
    url=st.none() | TEXTS,
    sources=st.lists(
        st.builds(
            lambda path, lines: Source(path, min(lines), max(lines)),
            TEXTS,
            st.tuples(st.integers(0, HUGE), st.integers(0, HUGE)),
        ),
        max_size=2,
    ).map(tuple),
)


def said_by(index: Index, posts: list[Post]) -> list[object]:
    """All that an index answers to the words and names of `posts`, its errors included."""
    asked: list[object] = [list(index), len(index), index.terms, index.info()["bytes"]]
    for post in posts:
        for ask, text in (
            (index.query, post.title),
            (index.query, post.text),
            (index.related, post.id),
            (index.post, post.title),
            (index.parse, post.text),
        ):
            try:
                asked.append(ask(text))
            except TipsearchError as error:
                asked.append((type(error), str(error)))
    return asked


@given(st.lists(RECORDS, min_size=1, max_size=6, unique_by=lambda post: post.id))
@example([Post("", "", "")])
@example([Post("a", "", "the of and"), Post("b", "\n", "\xa0")])
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
def test_an_index_is_the_same_before_saving_and_after_opening(posts: list[Post]) -> None:
    """Any posts: what was built, what is opened, and what is saved from that answer alike."""
    built = Index.build(posts)
    with tempfile.TemporaryDirectory() as place:
        name = built.save(Path(place) / "one")
        opened = Index.open(Path(place) / "one")
        assert list(opened) == sorted(posts, key=lambda post: post.id)
        assert said_by(opened, posts) == said_by(built, posts)
        assert opened.save(Path(place) / "two") == name
        assert contents(Path(place) / "two") == contents(Path(place) / "one")


@pytest.mark.parametrize(("first", "last"), [(-1, 3), (3, 2), (0, 2**31), (2**70, 2**70)])
def test_lines_that_no_file_has_cannot_be_kept(first: int, last: int) -> None:
    """A source whose lines are negative, run backwards or are too many is a SettingError."""
    with pytest.raises(SettingError, match="lines of a source"):
        Index.build([Post("a", "", "", sources=(Source("a.txt", first, last),))])


def test_an_unchanged_build_touches_nothing(folder: Path) -> None:
    """Saving the same posts again gives the same name and leaves every file as it lies."""

    def lie() -> dict[str, tuple[int, int, int]]:
        paths = [path for path in folder.rglob("*") if path.name != ".lock"]
        status = {str(path): path.stat() for path in paths}
        return {name: (s.st_ino, s.st_mtime_ns, s.st_ctime_ns) for name, s in status.items()}

    name, before = live(folder).name, lie()
    assert Index.build(corpus("old")).save(folder) == name
    assert lie() == before
    assert len(before) == len(FILES) + 2


def test_the_order_of_the_posts_does_not_matter(folder: Path) -> None:
    """The same posts in any order give the same bytes."""
    whole, posts = contents(folder), corpus("old")
    for seed in range(5):
        random.Random(seed).shuffle(posts)
        Index.build(posts).save(folder.parent / f"other-{seed}")
        assert contents(folder.parent / f"other-{seed}") == whole
    assert posts != corpus("old")


def test_every_process_writes_the_same_bytes(tmp_path: Path) -> None:
    """The order of sets, which each process draws by lot, does not show in the index."""
    seeds = ("1", "2")
    for process in [start("save", tmp_path / s, "old", 0, PYTHONHASHSEED=s) for s in seeds]:
        finish(process, "\n")
    Index.build(corpus("old")).save(tmp_path / "here")
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "here")


def test_an_open_index_stays_as_it_is_while_others_are_published(folder: Path) -> None:
    """A reader keeps the index that it opened, even when its files are gone from the folder."""
    opened, files = Index.open(folder), live(folder)
    for name in ("new", "old", "new"):
        Index.build(corpus(name)).save(folder)
    assert not files.exists()
    assert answers(opened) == expected("old")


def test_a_build_leaves_other_files_alone(folder: Path) -> None:
    """What no build made stays in the folder, whatever its name begins with."""
    kept = {"README.md", "building-site.jpg", "building-plans/a.txt", "trash-can/b.txt", "old.npy"}
    for name in kept:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(name)
    Index.build(corpus("new")).save(folder)
    assert {name for name in kept if (folder / name).exists()} == kept


def test_verification_holds_while_another_index_is_published(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`tipsearch verify` tells of the index that it opened, even if a build just replaces it."""
    from typer.testing import CliRunner

    from tipsearch.cli import app

    opening = Index.open

    def open_and_replace(place: Path) -> Index:
        opened = opening(place)
        Index.build(corpus("new")).save(place)
        return opened

    monkeypatch.setattr(Index, "open", open_and_replace)
    done = CliRunner().invoke(app, ["verify", "--index", str(folder)])
    assert done.exception is None or isinstance(done.exception, TipsearchError), done.exception
