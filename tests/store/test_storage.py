"""The rule: whatever happens to a build or to its files, an index opens whole or says why not.

A build that is killed, refused or raced leaves the old index or the new one; a damaged file is
named by a TipsearchError, and so is what the system refuses, which is no damage. What may end in a
crash runs in a process of its own, `crash_builder`. Nothing here depends on how long it takes: such
a process is stuck if it says nothing for PATIENCE seconds, and it says a line for each step.
"""

from __future__ import annotations

import errno
import hashlib
import json
import mmap
import os
import pickle
import random
import resource
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache, partial
from itertools import product
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.store import crash_builder
from tests.store.crash_builder import BETWEEN, LONG, answers, corpus, expected, leftovers, outcome
from tipsearch.build import cells
from tipsearch.corpus.dates import NO_DATE
from tipsearch.corpus.post import Post, Source
from tipsearch.errors import (
    IndexCorrupt,
    IndexFormatError,
    IndexLocked,
    IndexNotFound,
    IndexUnreadable,
    IndexWriteError,
    SettingError,
    StorageError,
    TipsearchError,
)
from tipsearch.index import Index
from tipsearch.store import layout, storage
from tipsearch.store.storage import ALIGNED, BLOCK, DATA, DIGESTS, MANIFEST

KILLS = 50
KILLED_POSTS = 24
SEED = 20240229
PATIENCE = 600.0  # seconds of silence; a step takes less than one
# What opening gives before the build whose end is rehearsed.
WAS = {
    "nothing": "IndexNotFound",
    "old": "old",
    "new": "new",
    "leftovers": "old",
    "damaged": "IndexCorrupt",
}
FILES = (DATA, DIGESTS, MANIFEST)
EVERY = ("CURRENT", *FILES)
PARTS = sorted([*layout.STRINGS, *layout.ARRAYS])


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


class Child:
    """A role of crash_builder in a process of its own; what it says is read as it is said.

    Warnings are errors there too, and it has one thread.
    """

    def __init__(self, role: str, *arguments: object, **environment: str) -> None:
        one_thread = dict.fromkeys(
            ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"
        )
        self._role, self._ended = role, False
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", crash_builder.__file__, role, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env={**os.environ, **one_thread, **environment},
        )
        self._said: SimpleQueue[str] = SimpleQueue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(line)
        self._said.put("")

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            assert stream is not None
            stream.close()

    def tell(self, line: str = "") -> None:
        """Let it read a line."""
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def lines(self) -> Iterator[str]:
        """What it says, line by line, to its end. Raises TimeoutError where it is stuck."""
        while not self._ended:
            try:
                line = self._said.get(timeout=PATIENCE)
            except Empty:
                raise TimeoutError(f"{self._role} says nothing for {PATIENCE:g} s") from None
            self._ended = not line.endswith("\n")
            if not self._ended:
                yield line[:-1]

    def expect(self, line: str) -> None:
        """The next line is this one."""
        said = next(self.lines(), None)
        assert said == line, f"{said!r}\n{self.end()}"

    def end(self) -> tuple[int, str]:
        """Wait for its end; the exit code, and what it wrote to standard error."""
        code = self._process.wait(PATIENCE)
        self._errors.seek(0)
        return code, self._errors.read()

    def finish(self) -> Any:
        """Wait for the end of a role that went well, and return the JSON that it said last."""
        last = ""
        for line in self.lines():
            last = line
        assert self.end() == (0, "")
        return json.loads(last)


def run(role: str, *arguments: object, **environment: str) -> Any:
    with Child(role, *arguments, **environment) as child:
        return child.finish()


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
        with Child("open_each", template, *folders[len(said) :]) as child:
            child.expect("ready")
            try:
                for line in child.lines():
                    said.append(json.loads(line))
            except TimeoutError as error:
                said.append(_crash(str(error)))
                continue
            code, errors = child.end()
            if code != 0:
                said.append(_crash(f"{code}: {errors[-2000:]}"))
            else:
                assert len(said) == len(folders)
    return said


def _crash(how: str) -> dict[str, Any]:
    """What is said of a folder by which a process came to its end."""
    crash = f"crash {how}"
    return {"clear": False, "error": crash, "opened": True, "wrong": [crash], "named": []}


def test_a_crash_and_a_hang_are_charged_to_their_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of several folders, the one that ends the process or holds it up is told from the rest."""
    monkeypatch.setattr(sys.modules[__name__], "Child", _Troubled)
    folders = [tmp_path / name for name in ("good", "crash", "good", "hang", "good", "good")]
    said = _open_each(Path("none"), folders)
    assert [each["error"].partition(":")[0] for each in said] == [
        "good", "crash -11", "good", "crash open_each is stuck", "good", "good",
    ]  # fmt: skip


class _Troubled:
    """A child in the place of another, to which a folder's name says what becomes of it."""

    def __init__(self, role: str, _: Path, *folders: Path) -> None:
        self._role, self._names, self._code = role, [folder.name for folder in folders], 0

    def __enter__(self) -> _Troubled:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def expect(self, line: str) -> None:
        assert line == "ready"

    def lines(self) -> Iterator[str]:
        for name in self._names:
            if name == "hang":
                raise TimeoutError(f"{self._role} is stuck")
            if name == "crash":
                self._code = -11
                return
            yield json.dumps({"error": name})

    def end(self) -> tuple[int, str]:
        return self._code, ""


def test_a_process_that_says_nothing_is_stuck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence ends the wait for a process, and each line prolongs it."""
    with Child("save", "nowhere", "old") as child:
        child.expect("ready")
        monkeypatch.setattr(sys.modules[__name__], "PATIENCE", 0.01)
        with pytest.raises(TimeoutError, match="save says nothing"):
            next(child.lines())


# --- killed builds


def test_a_reader_meets_a_whole_index_while_fifty_builds_are_killed(folder: Path) -> None:
    """SIGKILL at any moment, 50 times: each open gives the old index or the new one, whole."""
    stop, enough = folder.parent / "stop", folder.parent / "enough"
    Index.build(corpus("old", KILLED_POSTS)).save(folder)
    with Child("read", folder, stop, KILLED_POSTS, enough, KILLS // 2) as reader:
        try:
            killed = run("kill", folder, SEED, KILLS, KILLED_POSTS, enough)
        finally:
            stop.touch()
        seen = reader.finish()
    assert killed["killed"] >= KILLS
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
    said: dict[str, dict[str, Any]] = {}
    with ExitStack() as stack:
        children = [
            stack.enter_context(Child("steps", place, mode, *half))
            for place, half in zip(places, halves, strict=True)
        ]
        for child in children:
            said |= child.finish()
    assert {before: each["wrong"] for before, each in said.items()} == {key: [] for key in befores}
    for before, each in said.items():
        assert each["steps"] > 2 * len(EVERY)  # each file is at least opened and made durable
        assert each["seen"].keys() == {WAS[before], "new"}


# --- damaged files


@contextmanager
def small_cells() -> Iterator[None]:
    """Let a few posts have vectors in cells, so that each part of an index has something in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SMALL", 2)
        yield


def save_wide(place: Path, size: int = crash_builder.WIDE) -> Path:
    """The folder of an index that has something in each of its parts; its source is beside it."""
    with small_cells():
        Index.ingest(crash_builder.wide(place, size), ranking="hybrid")[0].save(place / "whole")
    return place / "whole"


@pytest.mark.semantic
@pytest.mark.parametrize(
    ("posts", "most", "used"),
    [
        (crash_builder.WIDE, 20, 2),
        pytest.param(crash_builder.SMALL, 10**6, 3, marks=pytest.mark.long),
        pytest.param(100, 50, 1, marks=pytest.mark.long),
    ],
)
def test_each_flipped_byte_is_a_clear_error(
    tmp_path: Path, posts: int, most: int, used: int
) -> None:
    """A byte flipped anywhere, wholly or in one bit, is an IndexCorrupt that names the place.

    A sample of each part and file, each byte of each file of a small index, and a sample of a
    larger one, between the parts too. Opening or verifying says so; who does not verify gets the
    right answers or an IndexCorrupt, which names a part that has something in the same block.
    """
    folder = save_wide(tmp_path, posts)
    flipped = run("flip", folder, SEED, most, used)
    assert flipped["wrong"] == []
    stretches = crash_builder.stretches(live(folder))
    sizes = {name: len(places) for name, places in stretches.items()}
    if posts == crash_builder.WIDE:
        assert set(sizes) == {*PARTS, BETWEEN}
    sizes |= {Path(name).name: len(data) for name, data in contents(folder).items()}
    del sizes[DATA]
    assert flipped["used"] == {name: min(size, used) for name, size in sizes.items()}
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


def _to_nothing(path: Path) -> None:
    path.unlink()
    path.symlink_to("nothing")


def _to_zeros_without_end(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def _to_pickle(path: Path) -> None:
    path.write_bytes(pickle.dumps(Touch(UNPICKLED)))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "one byte short": lambda path: _shorten(path, lambda size: size - 1),
    "half": lambda path: _shorten(path, lambda size: size // 2),
    "empty": lambda path: _shorten(path, lambda _: 0),
    "one byte more": lambda path: _rewrite(path, lambda data: data + b"\n"),
    "one byte before": lambda path: _rewrite(path, lambda data: b"\n" + data),
    "twice": lambda path: _rewrite(path, lambda data: data + data),
    "turned over": lambda path: _rewrite(path, lambda data: bytes(byte ^ 0xFF for byte in data)),
    "zeros": lambda path: _rewrite(path, lambda data: bytes(len(data))),
    "a pickle": _to_pickle,
    "removed": Path.unlink,
    "a folder": _to_folder,
    "a loop of links": _to_loop,
    "a link to nothing": _to_nothing,
    "a device": _to_zeros_without_end,
}
GONE = ("removed", "a link to nothing")


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, Any]]:
    """What each damage to each file gave, all opened by two processes."""
    place = tmp_path_factory.mktemp("damaged")
    whole = save_wide(place)
    folders, damages = [], list(product(DAMAGES, EVERY))
    for damage, file in damages:
        folders.append(place / f"{damage}-{file}")
        shutil.copytree(whole, folders[-1])
        DAMAGES[damage]((folders[-1] if file == "CURRENT" else live(folders[-1])) / file)
    opened = open_each(folders, whole)
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
    for file in EVERY:
        said = damaged[damage, file]
        error = "IndexNotFound" if file == "CURRENT" and damage in GONE else "IndexCorrupt"
        assert said.get("error") == error, (file, said)
        assert said["clear"], (file, said)
        assert said["wrong"] == [], file
        assert said["file"] == (None if error == "IndexNotFound" else file), said


PART_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "turned over": lambda data: bytes(byte ^ 0xFF for byte in data),
    "the other way round": lambda data: data[::-1],
    "a pickle": lambda data: pickle.dumps(Touch(UNPICKLED))[: len(data)].ljust(len(data), b"."),
}


def in_place(generation: Path, part: str, change: Callable[[bytes], bytes]) -> set[int]:
    """Change the bytes of a part where they lie; return the places of those that are others now."""
    places, path = crash_builder.stretches(generation).get(part, []), generation / DATA
    data = bytearray(path.read_bytes())
    stretch = slice(places[0], places[-1] + 1) if places else slice(0)
    before, after = bytes(data[stretch]), change(bytes(data[stretch]))
    assert len(after) == len(before)
    data[stretch] = after
    path.write_bytes(data)
    return {at for at, old, new in zip(places, before, after, strict=True) if old != new}


@pytest.fixture(scope="module")
def damaged_parts(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[tuple[str, str], tuple[dict[str, Any], set[str]]]:
    """What each damage to each part gave, and which parts have something in the same blocks."""
    place = tmp_path_factory.mktemp("damaged-parts")
    whole = save_wide(place)
    stretches = crash_builder.stretches(live(whole))
    folders, beside, damages = [], [], list(product(PART_DAMAGES, PARTS))
    for damage, part in damages:
        folders.append(place / f"{damage}-{part}")
        shutil.copytree(whole, folders[-1])
        places = in_place(live(folders[-1]), part, PART_DAMAGES[damage])
        beside.append(crash_builder.beside(stretches, places))
    opened = open_each(folders, whole)
    assert not UNPICKLED.exists()
    return dict(zip(damages, zip(opened, beside, strict=True), strict=True))


@pytest.mark.semantic
@pytest.mark.parametrize("damage", PART_DAMAGES)
def test_each_damaged_part_is_a_clear_error(
    damaged_parts: dict[tuple[str, str], tuple[dict[str, Any], set[str]]], damage: str
) -> None:
    """Each part with other bytes in its place is a clear error of who verifies.

    Who does not verify gets the right answers, or an IndexCorrupt that names a part that lies in
    the damaged blocks. A part that reads the same the other way round is whole.
    """
    changed = 0
    for part in PARTS:
        said, beside = damaged_parts[damage, part]
        assert said["wrong"] == [], part
        assert set(said["named"]) <= {DATA, *beside}, part
        changed += bool(beside)
        if beside:
            assert said.get("error") == "IndexCorrupt", (part, said)
            assert said["clear"], (part, said)
            assert said["file"] in {DATA, *beside}, (part, said)
        else:
            assert damage == "the other way round"
            assert said["verified"], (part, said)
    assert changed > len(PARTS) // 2


@pytest.mark.parametrize("kind", [stat.S_IFIFO, stat.S_IFSOCK], ids=["a pipe", "a socket"])
@pytest.mark.parametrize("file", EVERY)
def test_a_pipe_in_the_place_of_a_file_is_a_clear_error(folder: Path, file: str, kind: int) -> None:
    """A FIFO or a socket is an IndexCorrupt; to open the first would wait for ever."""
    path = (folder if file == "CURRENT" else live(folder)) / file
    path.unlink()
    os.mknod(path, kind | 0o600)
    with pytest.raises(IndexCorrupt) as caught:
        Index.open(folder)
    assert caught.value.file == file


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
@pytest.mark.parametrize("file", EVERY)
def test_a_build_repairs_a_damaged_index_of_the_same_name(
    folder: Path, file: str, cut: bool
) -> None:
    """Saving the same posts over a damaged index makes it whole, with the same bytes as before."""
    whole = contents(folder)
    path = (folder if file == "CURRENT" else live(folder)) / file
    data = path.read_bytes()
    path.write_bytes(data[:-1] if cut else data[:-1] + bytes([data[-1] ^ 1]))
    repairs(folder, whole)


def repairs(folder: Path, whole: dict[str, bytes]) -> None:
    """A build of the posts of a damaged index makes it what it was."""
    with pytest.raises(IndexCorrupt):
        Index.open(folder).verify()
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"
    assert contents(folder) == whole
    assert leftovers(folder) == []


def test_a_build_repairs_each_damaged_part(folder: Path) -> None:
    """So does it where the last byte of a part is another one, and one between two parts."""
    whole, stretches = contents(folder), crash_builder.stretches(live(folder))
    assert len(stretches) > len(PARTS) // 2
    for places in stretches.values():
        data = bytearray((live(folder) / DATA).read_bytes())
        data[places[-1]] ^= 1
        (live(folder) / DATA).write_bytes(data)
        repairs(folder, whole)


@pytest.mark.parametrize("damage", ["removed", "a folder", "a loop of links", "a link to nothing"])
@pytest.mark.parametrize("file", EVERY)
def test_a_build_repairs_what_is_no_file_any_more(folder: Path, file: str, damage: str) -> None:
    """The advice of the error, to make the index anew, helps whatever took a file's place."""
    DAMAGES[damage]((folder if file == "CURRENT" else live(folder)) / file)
    Index.build(corpus("old")).save(folder)
    assert outcome(folder) == "old"


# --- an index that was forged: its checksums are right and its content is not


class Forged(NamedTuple):
    """The manifest, the parts and the other files of a generation, to be changed and sealed."""

    manifest: dict[str, Any]
    parts: dict[str, bytes]
    files: dict[str, bytes]

    @property
    def told(self) -> dict[str, dict[str, Any]]:
        """What the manifest tells of each part."""
        told: dict[str, dict[str, Any]] = self.manifest["parts"]
        return told

    def array(self, name: str) -> np.ndarray[Any, Any]:
        """A copy of an array."""
        return np.frombuffer(self.parts[name], self.told[name]["dtype"]).copy()

    def write(self, name: str, data: bytes, **told: object) -> None:
        """Put a part there, of which the manifest tells this, or only its size."""
        self.parts[name] = data
        self.told[name] = told or {"size": len(data)}
        self.lay()

    def put(self, name: str, array: np.ndarray[Any, Any]) -> None:
        """Put an array there; an array of objects as a pickle."""
        data = pickle.dumps(array) if array.dtype == object else array.tobytes()
        self.write(name, data, dtype=array.dtype.str, shape=list(array.shape))

    def lay(
        self,
        names: Sequence[str] = (),
        *,
        aligned: int = ALIGNED,
        gap: int = 0,
        fill: bytes = b"\0",
    ) -> None:
        """Put the parts one after the other, sorted, and say where; `gap` bytes before the last.

        `names` are some parts in another order, which come first.
        """
        order, data = [*names, *sorted(set(self.parts) - {*names})], bytearray()
        for name in order:
            data += fill * (-len(data) % aligned + gap * (name == order[-1]))
            self.told.setdefault(name, {})["offset"] = len(data)
            data += self.parts[name]
        self.hold(bytes(data))

    def hold(self, data: bytes) -> None:
        """Put these data there, under the right size and checksums."""
        self.files[DATA] = data
        self.manifest["data"] = {"size": len(data)}
        self.digest()

    def digest(self, change: Callable[[bytes], bytes] = bytes) -> None:
        """Put the checksums of all blocks there, changed, under the right size and checksum."""
        data = self.files[DATA]
        blocks = (data[at : at + BLOCK] for at in range(0, len(data), BLOCK))
        table = change(b"".join(hashlib.sha256(block).digest() for block in blocks))
        self.files[DIGESTS] = table
        sealed = {"size": len(table), "sha256": hashlib.sha256(table).hexdigest()}
        self.manifest["digests"] = sealed

    def seal(self, folder: Path, manifest: bytes | None = None) -> None:
        """Write it as an index whose checksums are right; `manifest` takes its manifest's place."""
        sealed = json.dumps(self.manifest).encode() if manifest is None else manifest
        generation = folder / hashlib.sha256(sealed).hexdigest()
        generation.mkdir(parents=True)
        for file, data in {**self.files, MANIFEST: sealed}.items():
            (generation / file).write_bytes(data)
        (folder / "CURRENT").write_text(f"{generation.name}\n")


@cache
def written() -> dict[str, bytes]:
    """The files of a generation that has something in each of its parts."""
    with tempfile.TemporaryDirectory() as place:
        return {path.name: path.read_bytes() for path in live(save_wide(Path(place))).iterdir()}


def genuine() -> Forged:
    """What a build writes, to be changed."""
    files = dict(written())
    manifest, data = json.loads(files.pop(MANIFEST)), files[DATA]
    parts = {}
    for name, told in manifest["parts"].items():
        dtype, length = told.get("dtype", "|u1"), told.get("size") or told.get("shape", [0])[0]
        size = np.dtype(dtype).itemsize * length
        parts[name] = data[told["offset"] : told["offset"] + size]
    return Forged(manifest, parts, files)


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


def part_as(name: str, change: Callable[[bytes], bytes]) -> Forge:
    """Forge the bytes of a part that is no array."""
    return lambda forged: forged.write(name, change(forged.parts[name]))


def bytes_as(name: str, change: Callable[[bytes], bytes]) -> Forge:
    """Forge the bytes of an array, of which the manifest tells what it told before."""

    def forge(forged: Forged) -> None:
        forged.write(name, change(forged.parts[name]), **forged.told[name])

    return forge


def told_as(part: str, change: Callable[[dict[str, Any]], Mapping[str, object]]) -> Forge:
    """Forge what the manifest tells of a part, and nothing else."""

    def forge(forged: Forged) -> None:
        forged.told[part].update(change(dict(forged.told[part])))

    return forge


def told_more(part: str, key: str, by: int) -> Forge:
    """Let the manifest tell a number more of a part: its offset, size or shape."""

    def more(told: dict[str, Any]) -> Mapping[str, object]:
        return {key: [told[key][0] + by] if key == "shape" else told[key] + by}

    return told_as(part, more)


def added(name: str, content: bytes | np.ndarray[Any, Any]) -> Forge:
    """Let the index have one more part."""

    def forge(forged: Forged) -> None:
        if isinstance(content, bytes):
            forged.write(name, content)
        else:
            forged.put(name, content)

    return forge


def told_where(part: str, other: str) -> Forge:
    """Let the manifest tell that a part lies where another does."""

    def forge(forged: Forged) -> None:
        forged.told[part]["offset"] = forged.told[other]["offset"]

    return forge


def laid(**how: Any) -> Forge:
    """Let the parts lie in another way."""
    return lambda forged: forged.lay(**how)


def data_as(change: Callable[[bytes], bytes]) -> Forge:
    """Forge the data, all parts being told as before."""
    return lambda forged: forged.hold(change(forged.files[DATA]))


def renamed(part: str, name: str) -> Forge:
    """Let the index have a part under another name, where that belongs."""

    def forge(forged: Forged) -> None:
        told = forged.told.pop(part)
        forged.write(name, forged.parts.pop(part), **told)

    return forge


def told_under(part: str, name: str) -> Forge:
    """Let the manifest tell of a part under another name."""

    def forge(forged: Forged) -> None:
        forged.told[name] = forged.told.pop(part)

    return forge


def without(part: str) -> Forge:
    """Let the index lack a part."""

    def forge(forged: Forged) -> None:
        del forged.told[part], forged.parts[part]
        forged.lay()

    return forge


def on_another(part: str, other: str) -> Forge:
    """Let a part lie where another lies, and leave no place for its own."""

    def forge(forged: Forged) -> None:
        told = forged.told.pop(part)
        del forged.parts[part]
        forged.lay()
        forged.told[part] = told | {"offset": forged.told[other]["offset"]}

    return forge


def one_more(table: str) -> Forge:
    """Let a table have one string more than there are posts, and say so."""

    def forge(forged: Forged) -> None:
        name = f"{table}.txt"
        forged.write(name, forged.parts[name] + b"~\n")
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
    yield "posts.days[1] = none", array_with("posts.days", 1, NO_DATE)
    yield "posts.days of other posts", array_as("posts.days", partial(np.roll, shift=1))
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
        first, rest = forged.parts["posts.jsonl"].split(b"\n", 1)
        forged.write("posts.jsonl", line.encode().ljust(len(first)) + b"\n" + rest)

    return forge


def manifest_forgeries() -> Iterator[tuple[str, Forge]]:
    """Manifests whose entries lie, lack something, or are of no use."""
    for keys, values in VALUES.items():
        for value in values:
            shown = "left out" if value is LEFT_OUT else repr(value)
            yield f"{'/'.join(keys)} {shown}", manifest_with(*keys, value=value)
    for name in (*OUTSIDE, "", "nul\0", "x" * 300, "caf\udce9.txt", "scale2", "notes.txt", DATA):
        yield f"named {name[:9]!r}", renamed("matrix.scale", name)
        yield f"told under {name[:9]!r}", told_under("matrix.scale", name)
    for part in PARTS:
        yield f"without {part}", without(part)
        yield f"{part} not told", manifest_with("parts", part, value=LEFT_OUT)
    for name in ("aaa", "notes.txt", "zzz", "matrix.scale.npy"):
        yield f"{name} more", added(name, b"more")
        yield f"{name} empty more", added(name, b"")
        yield f"array {name} more", added(name, np.arange(9))
        told = {"offset": 0, "size": 0}
        yield f"{name} more told", manifest_with("parts", name, value=told)


def place_forgeries() -> Iterator[tuple[str, Forge]]:
    """Parts that are told to lie where they do not."""
    for part, by in product(LYING, (64, -64, 1, -1, 4, 8, 16_384, 2**31, 2**32, 2**63, -(2**70))):
        yield f"{part} told {by} further", told_more(part, "offset", by)
    wrong: Sequence[object] = (None, "0", "64", 0.5, [], {}, [64], -0.5, np.nan, np.inf, LEFT_OUT)
    for part, value in product(LYING[:2], wrong):
        shown = "nowhere" if value is LEFT_OUT else f"at {value!r}"
        yield f"{part} told {shown}", manifest_with("parts", part, "offset", value=value)
    for part, other in (("matrix.scale", "matrix.indptr"), ("ids.txt", "titles.txt")):
        yield f"{part} told where {other} is", told_where(part, other)
        yield f"{part} on {other}", on_another(part, other)


def size_forgeries() -> Iterator[tuple[str, Forge]]:
    """Parts that are told to be of another size or type than they are."""
    wrong: Sequence[object] = (0, -1, None, "7", 1.5, [], {}, True, np.nan, LEFT_OUT)
    for part in TABLES:
        for by in (1, -1, 64, -64, 2**31, 2**63, 10**30, -(10**30)):
            yield f"{part} larger by {by}", told_more(part, "size", by)
        for value in wrong:
            shown = "not" if value is LEFT_OUT else repr(value)
            yield f"{part} sized {shown}", manifest_with("parts", part, "size", value=value)
        yield f"{part} sized in float", told_as(part, lambda told: {"size": float(told["size"])})
        yield f"{part} told as an array", told_as(part, _as_array)
    for name in layout.ARRAYS:
        for by in (1, -1, 7, 2**31, 2**63):
            yield f"{name} longer by {by}", told_more(name, "shape", by)
        yield f"{name} told as another kind", told_as(name, _of_another_kind)
        yield f"{name} told as another order", told_as(name, _of_another_order)
        yield f"{name} told in bytes", told_as(name, _in_bytes)
        yield f"{name} told as text", told_as(name, lambda _: {"size": 8, "dtype": "<U2"})
        yield f"{name} told without a dtype", manifest_with("parts", name, "dtype", value=LEFT_OUT)
        yield f"{name} no bytes", bytes_as(name, lambda _: b"")
        yield f"{name} more bytes", bytes_as(name, lambda data: data + bytes(ALIGNED))


def layout_forgeries() -> Iterator[tuple[str, Forge]]:
    """Parts that do not lie as they should, and are told where they lie."""
    yield "no room between", laid(aligned=1)
    yield "little room between", laid(aligned=8)
    yield "much room between", laid(aligned=4096)
    for gap in (1, 64, 16_384):
        yield f"a gap of {gap}", laid(gap=gap)
    yield "the other way round", laid(names=sorted(PARTS, reverse=True))
    yield "the last one first", laid(names=[PARTS[-1]])
    for more in (b"\0", b"?", bytes(64), bytes(BLOCK)):
        yield f"{len(more)} {more[:1]!r} at the end", data_as(partial(_put, after=more))
        yield f"{len(more)} {more[:1]!r} before", data_as(partial(_put, before=more))
    for less in (1, 64, BLOCK, 10**6):
        yield f"{less} less at the end", data_as(partial(_cut, less=less))


def _put(data: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    return before + data + after


def _cut(data: bytes, less: int) -> bytes:
    return data[:-less]


def _of_another_kind(told: dict[str, Any]) -> Mapping[str, object]:
    order, kind, size = told["dtype"]
    return {"dtype": f"{order}{KINDS[kind]}{size}"}


def _of_another_order(told: dict[str, Any]) -> Mapping[str, object]:
    _, kind, size = told["dtype"]
    # Of single bytes there is no order.
    return {"dtype": f">{kind}{size}" if size != "1" else f"<{kind}2"}


def _in_bytes(told: dict[str, Any]) -> Mapping[str, object]:
    """The same bytes as another number of numbers."""
    (length,), size = told["shape"], int(told["dtype"][2:])
    return {"dtype": "<i2" if size == 1 else "|u1", "shape": [length * size // (1 + (size == 1))]}


def _as_array(told: dict[str, Any]) -> Mapping[str, object]:
    return {"dtype": "|u1", "shape": [told["size"]]}


def part_forgeries() -> Iterator[tuple[str, Forge]]:
    """Parts of the right checksum that hold less or more than they should."""
    orders = np.array([Touch(UNPICKLED)], dtype=object)
    yield "an array of orders", array_as("matrix.scale", lambda _: orders)
    yield "orders as an array", bytes_as("matrix.scale", lambda _: pickle.dumps(Touch(UNPICKLED)))
    for what, change in BLOCK_DIGESTS.items():
        yield f"digests {what}", digests_as(change)
    for line in LINES:
        yield f"line {line}", line_as(line)
    for table in ("ids", "titles", "terms", "forms"):
        name = f"{table}.txt"
        yield f"{name}: not UTF-8", part_as(name, partial(_spliced, 0, b"\xff"))
        yield f"{name}: other", part_as(name, partial(_spliced, 0, b"~"))
        if table != "ids":  # which may hold some
            yield f"{name}: newline more", part_as(name, partial(_spliced, 0, b"\n"))
        yield f"{name}: newline less", part_as(name, lambda data: data.replace(b"\n", b"~", 1))
        yield f"{name}: no newline", part_as(name, lambda data: data.replace(b"\n", b"~"))
        yield f"{name}: no last newline", part_as(name, lambda data: data[:-1] + b"~")
    for table in ("ids", "titles"):
        yield f"one more of {table}", one_more(table)
    for name in layout.STRINGS:
        yield f"{name} cut", part_as(name, lambda data: data[:-1])
        yield f"{name} empty", part_as(name, lambda data: b"")


def same_forgeries() -> Iterator[tuple[str, Forge]]:
    """Indexes that say the same, and not as tipsearch writes it."""
    for fill in (b"?", b"\n", b"\xff"):
        yield f"{fill!r} between the parts", laid(fill=fill)
    yield "more in the manifest", manifest_with("more", value={"x": [1]})
    for part in ("ids.txt", "matrix.scale"):
        yield f"more of {part}", manifest_with("parts", part, "more", value="x")
    yield "an array with a size", manifest_with("parts", "matrix.scale", "size", value=5)
    yield "a table with a shape", manifest_with("parts", "ids.txt", "shape", value=[5])
    yield "an offset in float", told_as("ids.txt", lambda told: {"offset": float(told["offset"])})
    yield "the size in float", _data_size_in_float
    for dtype in (None, "f8", "float64", "d", "=f8", "()f8"):
        yield f"dtype {dtype!r}", manifest_with("parts", "matrix.scale", "dtype", value=dtype)
    for name, dtypes in layout.ARRAYS.items():
        for dtype in dtypes.split()[1:]:
            yield f"{name} in {dtype}", array_as(name, partial(np.ndarray.astype, dtype=dtype))
    places = ("matrix.indptr", "matrix.indices")
    yield "wide places", several(*(array_as(n, lambda a: a.astype("<i8")) for n in places))


def _data_size_in_float(forged: Forged) -> None:
    forged.manifest["data"]["size"] = float(len(forged.files[DATA]))


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
    "posts.flags": (1, 2, 255),
    "posts.days": (0, -1, 16_105, HUGE),
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
# Whose place or size the manifest lies about: the first and the last part, and some between.
LYING = ("matrix.scale", "ids.txt", "blocks.bm25", "groups.digest", "vectors.scale")
KINDS = {"i": "u", "u": "i", "f": "i"}
TABLES = ("ids.txt", "posts.jsonl", "terms.txt")
BLOCK_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
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
    ("parts", "matrix.scale", "dtype"): (
        "O",
        "no",
        "",
        "f8,i4",
        "V0",
        "M8[s/0]",
        "(,)f8",
        "0f8",
        "a8",
        "T",
        "?",
        "<f2",
        "<f16",
        "\0",
        17,
        True,
        {},
        [],
        [["a", "<f8"]],
        {"names": ["a"], "formats": ["<f8"]},
        LEFT_OUT,
    ),
    ("parts", "matrix.scale", "shape"): (
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
        None,
        [None],
        ["40"],
        [40.0],
        [True],
        {},
        LEFT_OUT,
    ),
    ("parts", "matrix.scale"): (None, [], "x", 5, {}),
    ("parts", "ids.txt"): (None, [], "x", 5, {}),
    ("parts",): (None, [], 5, "ids.txt", ["ids.txt"], {}, LEFT_OUT),
    ("data", "size"): (0, -1, 1, 1.5, "136", None, [], 2**63, 10**30, float("nan"), LEFT_OUT),
    ("data",): (None, [], "x", 5, {}, LEFT_OUT),
    ("digests", "size"): (0, -1, 1.5, "136", None, [], 10**30, LEFT_OUT),
    ("digests", "sha256"): ("", "0" * 64, 5, None, [], LEFT_OUT),
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
    ("facts", "synonyms"): (
        None,
        "x",
        5,
        {},
        [5],
        [[]],
        [["a", "b"]],
        [[["b"], []]],
        [[["b"], [5]]],
        [[["b"], ["c"], ["d"]]],
        [[["b"], [""]]],
        [[["the"], ["b"]]],
        LEFT_OUT,
    ),
    ("facts", "paths"): (None, "x", 5, {}, [], [5], [None], [[]], LEFT_OUT),
    ("facts", "sources"): (None, "x", 5, {}, [5], ["ab"], [["a"]], [["a", 5]], [[]], LEFT_OUT),
    ("facts",): (None, [], 5, "posts", LEFT_OUT),
}


def by_name(*forgeries: Iterator[tuple[str, Forge]]) -> dict[str, Forge]:
    """The forgeries by name, each of which is another."""
    found: dict[str, Forge] = {}
    for name, forge in (each for some in forgeries for each in some):
        assert name not in found, name
        found[name] = forge
    return found


SHORT_FORGERIES = by_name(manifest_forgeries(), place_forgeries(), layout_forgeries())
FORGERIES = SHORT_FORGERIES | by_name(array_forgeries(), size_forgeries(), part_forgeries())
UNTOLD_FORGERIES = by_name(
    (f"{name}[{at}] = {value}", array_with(name, at, value))
    for name, values in UNTOLD.items()
    for at, value in product((0, -1), values)
)
SAME_FORGERIES = by_name(same_forgeries())
MANIFESTS: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"format": 5, "facts": {',
    "not UTF-8": b'{"format": 5, "facts": "\xff", "parts": {}}',
    "a number without end": b'{"format": 5, "facts": {"posts": ' + b"1" * 10_000 + b"}}",
    "null": b"null",
    "a number": b"1",
    "a list": b"[]",
    "a text": b'"format"',
    "nothing in it": b"{}",
    "nothing but its format": b'{"format": 5}',
    "lists without end": b"[" * 100_000,
    "a pickle": pickle.dumps(Touch(UNPICKLED)),
}


class Said(NamedTuple):
    """What opening each forged index said."""

    forgeries: dict[str, dict[str, Any]]
    same: dict[str, dict[str, Any]]
    manifests: dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Said:
    """Forge each index that is asked for, and open all: a crash is told from an error."""
    place = tmp_path_factory.mktemp("forged")
    asked = {item.callspec.params.get("name") for item in request.session.items
             if isinstance(item, pytest.Function) and hasattr(item, "callspec")}  # fmt: skip
    asked |= {f"named {name[:9]!r}" for name in OUTSIDE}
    forgeries = {name: forge for name, forge in (FORGERIES | UNTOLD_FORGERIES).items()
                 if name in asked}  # fmt: skip
    folders = forged_in(place / "forged", forgeries)
    (place / "forged" / "secret.txt").write_bytes(genuine().parts["matrix.scale"])
    for number, manifest in enumerate(MANIFESTS.values()):
        folders.append(place / f"manifest-{number}")
        genuine().seal(folders[-1], manifest)
    opened = open_each(folders)
    genuine().seal(place / "genuine")
    same = open_each(forged_in(place / "same", SAME_FORGERIES), place / "genuine")
    assert not UNPICKLED.exists()
    return Said(
        dict(zip(forgeries, opened[: len(forgeries)], strict=True)),
        dict(zip(SAME_FORGERIES, same, strict=True)),
        dict(zip(MANIFESTS, opened[len(forgeries) :], strict=True)),
    )


def forged_in(place: Path, forgeries: Mapping[str, Forge]) -> list[Path]:
    """The folders of indexes that were forged so, beside a source of their posts."""
    place.mkdir()
    crash_builder.wide(place)
    folders = []
    for number, forge in enumerate(forgeries.values()):
        forged = genuine()
        forge(forged)
        folders.append(place / str(number))
        forged.seal(folders[-1])
    return folders


@pytest.mark.semantic
def test_an_index_that_was_forged_into_itself_opens(tmp_path: Path) -> None:
    """Sealing what a build wrote, unchanged, gives an index: refusals are not the sealing's."""
    folders = [tmp_path / "genuine", tmp_path / "sealed"]
    genuine().seal(folders[0])
    forged = genuine()
    for name in layout.ARRAYS:
        forged.put(name, forged.array(name))
    line_as(forged.parts["posts.jsonl"].split(b"\n")[0].decode())(forged)
    assert (forged.manifest, forged.files) == (genuine().manifest, genuine().files)
    forged.seal(folders[1])
    for said in open_each([folders[1]] * 2, folders[0]):
        assert said.get("verified"), said
        assert said["wrong"] == said["named"] == []
    assert set(forged.parts) == set(PARTS)
    assert all(forged.parts.values())


@pytest.mark.semantic
@pytest.mark.parametrize(
    "name",
    [
        name
        if number % 2 or name in SHORT_FORGERIES
        else pytest.param(name, marks=pytest.mark.long)
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
@pytest.mark.parametrize("name", SAME_FORGERIES)
def test_an_index_that_says_the_same_in_another_way_does_no_harm(said: Said, name: str) -> None:
    """Other bytes between the parts, or wider numbers: the right answers, or an IndexCorrupt."""
    same = said.same[name]
    assert same["wrong"] == []
    if same.get("verified"):
        assert same["named"] == []
    else:
        assert same.get("error") == "IndexCorrupt", same
        assert same["clear"], same


@pytest.mark.semantic
@pytest.mark.parametrize("name", OUTSIDE)
def test_a_manifest_cannot_name_a_file_elsewhere(said: Said, name: str) -> None:
    """A part whose name leads out of the generation is refused, whatever lies there."""
    refused = said.forgeries[f"named {name[:9]!r}"]
    assert refused["error"] == "IndexCorrupt"
    assert not refused["opened"]
    assert refused["file"] == "manifest.json"


@pytest.mark.semantic
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_is_none_is_a_clear_error(said: Said, name: str) -> None:
    """A manifest of the right checksum that is not JSON, or lacks its parts: an IndexCorrupt."""
    assert said.manifests[name].get("error") == "IndexCorrupt", said.manifests[name]
    assert said.manifests[name]["clear"], said.manifests[name]


@pytest.mark.semantic
@pytest.mark.parametrize("number", [0, 1, 2, 3, 4, 6, -1, "5", None, [], {}, 5.5, 10**30])
def test_another_format_number_is_named(tmp_path: Path, number: object) -> None:
    """An index in another format is an IndexFormatError, whatever else its manifest holds."""
    for content in ({}, genuine().manifest):
        Forged({**content, "format": number}, {}, {}).seal(tmp_path)
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
                wide = array.dtype.str in layout.POINTERS and randomness.random() < 0.5
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


@pytest.mark.semantic
def test_no_forged_manifest_crashes_the_interpreter(tmp_path: Path) -> None:
    """Places, sizes, types and names at random in the manifest: an IndexCorrupt, no crash."""
    randomness, folders = random.Random(SEED), []
    for number in range(200):
        forged = genuine()
        for name in randomness.choices(PARTS, k=randomness.randint(1, 3)):
            told = forged.told.get(name) or {"offset": 0}
            end = len(forged.files[DATA])
            at = randomness.choice([0, ALIGNED, end, end - 1, -ALIGNED, 2**62, 2**64])
            place = at + randomness.choice([0, 0, 1, 8, randomness.randint(-end, end)])
            other = forged.told.get(randomness.choice(PARTS)) or {}
            told = randomness.choice([
                {**told, "offset": place}, {**told, "size": place}, {**told, "shape": [place]},
                {**told, "dtype": randomness.choice(["<f8", "<u8", "<i8", "|u1", "<f4", "<i4"])},
                {**told, "offset": other.get("offset")}, {"offset": told["offset"], "size": place},
                {**other}, {**other, "offset": told["offset"]},
            ])  # fmt: skip
            changed = told != forged.told.get(name)
            forged.told[name] = told
            if randomness.random() < 0.2 and changed:
                forged.told[randomness.choice(PARTS)] = forged.told.pop(name)
        folders.append(tmp_path / str(number))
        forged.seal(folders[-1])
    opened = open_each(folders)
    assert [each for each in opened if each["wrong"]] == []
    refused = [each for each in opened if "verified" not in each]
    assert [each for each in refused if not each["clear"]] == []
    assert len(refused) >= 150


# --- what the system refuses is no damage


REFUSALS = ("EIO", "ENOMEM", "EMFILE", "ENFILE", "EACCES", "EPERM", "ESTALE", "ETIMEDOUT", "EBUSY")
# What a person can do about it, in a few words of the message.
HELP = {
    "EACCES": "ask its owner", "EPERM": "ask its owner", "ENOSPC": "free some space",
    "EDQUOT": "free some space", "EMFILE": "ulimit -n", "ENOMEM": "memory", "EIO": "the disk",
    "EFBIG": "ulimit -f",
}  # fmt: skip


def helps(error: StorageError, name: str, folder: Path) -> None:
    """The error is one line with the place, the system's reason, and the advice that fits it."""
    message, reason = str(error), os.strerror(getattr(errno, name))
    assert isinstance(error, IndexUnreadable | IndexWriteError)
    assert (error.errno, error.reason) == (getattr(errno, name), reason)
    assert str(folder) in message
    assert f"{reason})" in message
    assert "\n" not in message
    told = message.rpartition("): ")[2]
    advices = {help for help in HELP.values() if help in told}
    assert advices == ({HELP[name]} if name in HELP else set())
    assert "make it anew" not in message


def refusing(name: str, file: str, call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, refused for one file as the system refuses."""

    def refused(path: str | Path, *arguments: Any, **more: Any) -> Any:
        if Path(path).name == file:
            raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)), str(path))
        return call(path, *arguments, **more)

    return refused


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("file", EVERY)
def test_a_file_that_cannot_be_opened_is_unreadable_and_no_damage(
    folder: Path, file: str, name: str
) -> None:
    """What the system refuses is an IndexUnreadable with its number, and advice that helps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", refusing(name, file, os.open))
        with pytest.raises(IndexUnreadable) as caught:
            Index.open(folder)
    assert caught.value.file == file
    helps(caught.value, name, folder)
    assert outcome(folder) == "old"


@pytest.mark.parametrize("name", REFUSALS)
def test_a_file_that_cannot_be_mapped_is_unreadable_and_no_damage(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So it is where the data are open and the system does not map them."""

    def refused(*_: object, **__: object) -> None:
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    with monkeypatch.context() as patch:
        patch.setattr(mmap, "mmap", refused)
        with pytest.raises(IndexUnreadable) as caught:
            Index.open(folder)
    assert caught.value.file == DATA
    helps(caught.value, name, folder)
    assert outcome(folder) == "old"


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs Linux's /proc")
@pytest.mark.parametrize("file", ["CURRENT", DIGESTS, MANIFEST])
def test_a_file_that_cannot_be_read_is_unreadable(folder: Path, file: str) -> None:
    """A file that opens and gives an input/output error: this one always does."""
    path = (folder if file == "CURRENT" else live(folder)) / file
    path.unlink()
    path.symlink_to("/proc/self/mem")
    with pytest.raises(IndexUnreadable) as caught:
        Index.open(folder)
    assert caught.value.file == file
    helps(caught.value, "EIO", folder)


@pytest.mark.parametrize("name", ["EISDIR", "ENOTDIR", "ELOOP", "ENXIO"])
@pytest.mark.parametrize("file", EVERY)
def test_what_is_no_file_is_damage_whatever_the_system_calls_it(
    folder: Path, file: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What took a file's place is an IndexCorrupt: to wait, or to ask for a right, helps nobody."""
    monkeypatch.setattr(os, "open", refusing(name, file, os.open))
    with pytest.raises(IndexCorrupt) as caught:
        Index.open(folder)
    assert (caught.value.file, caught.value.reason) == (file, os.strerror(getattr(errno, name)))


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts descriptors in /proc")
@pytest.mark.semantic
@pytest.mark.parametrize("ranking", ["feedback", "hybrid"])
def test_an_open_index_holds_next_to_no_descriptors(tmp_path: Path, ranking: str) -> None:
    """Two at most, however much is asked, and none once it is closed."""
    Index.build(corpus("old"), ranking=ranking).save(tmp_path)
    held = run("descriptors", tmp_path)
    assert held.keys() == set(crash_builder.KERNELS)
    for before, opened, asked, closed in held.values():
        assert before < opened <= before + 2
        assert before < asked <= before + 2
        assert closed == before


def test_without_a_descriptor_left_the_error_speaks_of_open_files(folder: Path) -> None:
    """An index opens whole or says that too many files are open; saving one, too."""
    said = run("exhausted", folder, 5)
    # What cannot be looked at first cannot be written either.
    for act, kinds in (
        ("open", {"IndexUnreadable"}),
        ("save", {"IndexWriteError", "IndexUnreadable"}),
    ):
        refused = [each for each in said[act] if each["error"]]
        assert {each["error"] for each in refused} <= kinds
        assert [bool(each["error"]) for each in said[act]] == [n < len(refused) for n in range(6)]
        assert 0 < len(refused) < 6
        for each in refused:
            assert each["errno"] == errno.EMFILE
            assert "Too many open files" in each["message"]
            assert "ulimit -n" in each["message"]
            assert str(folder) in each["message"]
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


def test_what_cannot_be_read_now_is_not_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build neither discards nor overlooks a live index that the system does not let it read."""
    opened = Index.open(folder)
    name, real = storage.current(folder), os.open

    def failing(file: str) -> Callable[..., int]:
        def refuse(path: Any, *how: Any, **more: Any) -> int:
            if Path(os.fsdecode(path)).name == file:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
            return real(path, *how, **more)

        return refuse

    for file in ("CURRENT", "manifest.json", "data.bin"):
        with monkeypatch.context() as patched:
            patched.setattr(os, "open", failing(file))
            with pytest.raises(IndexUnreadable, match="Input/output error"):
                opened.save(folder, replacing=opened)
        assert storage.current(folder) == name
        Index.open(folder).verify()


@pytest.mark.parametrize("descriptors", range(4, 10))
def test_the_command_without_a_descriptor_left_ends_with_one_clear_line(
    folder: Path, descriptors: int
) -> None:
    """`tipsearch query` answers, or says that too many files are open, and ends with 1."""
    done = subprocess.run(
        [sys.executable, "-m", "tipsearch", "query", "--index", folder, "harbor"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=partial(resource.setrlimit, resource.RLIMIT_NOFILE, (descriptors, descriptors)),
    )
    if descriptors > 4 and done.returncode == 0:
        assert "Harbor" in done.stdout
        return
    # Python, which opens one file at a time, starts with a descriptor left.
    assert done.returncode == 1, done.stderr
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("tipsearch: ")
    assert "Too many open files" in line
    assert "ulimit -n" in line
    assert "damaged" not in line


@pytest.mark.parametrize(
    "name", ["ENOSPC", "EDQUOT", "EACCES", "EPERM", "EROFS", "EMFILE", "EFBIG", "EIO", "ESTALE"]
)
def test_what_cannot_be_written_says_what_helps(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only on a full disk it helps to free some space; a missing right is to be asked for."""

    def refused(*_: object) -> None:
        raise OSError(getattr(errno, name), os.strerror(getattr(errno, name)))

    new = Index.build(corpus("new"))
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", refused)
        with pytest.raises(IndexWriteError) as caught:
            new.save(folder)
    helps(caught.value, name, folder)
    assert outcome(folder) == "old"
    assert leftovers(folder) == []


# --- two builds at once


@contextmanager
def build_amid(folder: Path, name: str) -> Iterator[Child]:
    """Another process that is in the middle of saving a corpus, and goes on when told to."""
    with Child("pause", folder, name) as child:
        child.expect("amid")
        yield child


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
        first.tell()
        first.finish()
    assert outcome(folder) == "new"
    assert leftovers(folder) == []


def test_a_second_build_waits_for_the_first(folder: Path) -> None:
    """Where the other build ends in time, the second is published after it; `on_wait` once."""
    old, waits = Index.build(corpus("old")), []
    with build_amid(folder, "new") as first:

        def waiting() -> None:
            waits.append(outcome(folder))
            first.tell()

        old.save(folder, lock_seconds=LONG, on_wait=waiting)
        published = first.finish()["names"]
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
    folder = tmp_path / "index"
    with ExitStack() as stack:
        builders = [
            stack.enter_context(Child("save", folder, name, tmp_path / "stop"))
            for name in ("old", "new")
        ]
        for builder in builders:
            builder.expect("ready")
        for builder in builders:
            builder.tell()
        ended = [builder.finish() for builder in builders]
    assert max(each["waits"] for each in ended) >= crash_builder.MEETINGS  # they did meet
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
            built[name].save(folder, lock_seconds=LONG)

    def look() -> None:
        seen.add(outcome(folder))
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


def test_a_full_disk_is_a_clear_error_and_the_old_index_lives(tmp_path: Path) -> None:
    """With less room than it takes, whatever is left, saving raises IndexWriteError.

    The old index answers on. When there is room again the next build succeeds and leaves nothing
    behind.
    """
    new = Index.build(corpus("new"))
    with tiny_disk(tmp_path, "512k"):
        folder, ballast = tmp_path / "index", tmp_path / "ballast"
        name = new.save(folder)
        page = os.statvfs(tmp_path).f_bsize
        sizes = [(folder / name / file).stat().st_size for file in FILES]
        pages = sum(-(-size // page) for size in sizes)
        assert pages >= len(FILES)
        for room in range(pages):
            Index.build(corpus("old")).save(folder)
            with ballast.open("wb", buffering=0) as out:
                while (left := os.statvfs(tmp_path).f_bavail - room) > 0:
                    out.write(bytes(left * page))
            with pytest.raises(IndexWriteError) as caught:
                new.save(folder)
            helps(caught.value, "ENOSPC", folder)
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
            (folder / name / "data.bin").write_bytes(bytes(taken))
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
        helps(caught.value, "EROFS", folder)
        assert outcome(folder) == "old"


def test_files_that_may_not_grow_are_a_clear_error(folder: Path) -> None:
    """Whichever file is the first that cannot be written, the old index lives and is replaced."""
    said = run("limit", folder)
    assert len(said["refused"]) > 10
    for message in said["refused"].values():
        assert "(File too large)" in message
        assert "ulimit -f" in message
        assert "space" not in message
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
            assert "ask its owner for the right" in message
            assert "space" not in message
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
    with pytest.raises(SettingError, match=r"the sources of 'a' .* with lines from 0 on"):
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
    assert len(before) == len(EVERY) + 1


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
    for seed in seeds:
        with Child("save", tmp_path / seed, "old", PYTHONHASHSEED=seed) as child:
            child.expect("ready")
            child.tell()
            child.finish()
    Index.build(corpus("old")).save(tmp_path / "here")
    assert contents(tmp_path / "1") == contents(tmp_path / "2") == contents(tmp_path / "here")


def test_right_before_the_step_the_caller_is_told(folder: Path) -> None:
    """Then the old index is live; it stays so where the caller puts a stop to it."""
    new, seen = Index.build(corpus("new")), list[str]()
    with pytest.raises(KeyboardInterrupt):
        new.save(folder, on_publish=_interrupt)
    assert outcome(folder) == "old"
    name = new.save(folder, on_publish=lambda: seen.append(outcome(folder)))
    assert seen == ["old"]
    assert outcome(folder) == "new"
    assert live(folder).name == name
    assert leftovers(folder) == []


def _interrupt() -> None:
    raise KeyboardInterrupt


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

    from tipsearch.cli.app import app

    opening = Index.open

    def open_and_replace(place: Path) -> Index:
        opened = opening(place)
        Index.build(corpus("new")).save(place)
        return opened

    monkeypatch.setattr(Index, "open", open_and_replace)
    done = CliRunner().invoke(app, ["verify", "--index", str(folder)])
    assert done.exception is None or isinstance(done.exception, TipsearchError), done.exception
