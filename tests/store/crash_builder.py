"""What test_storage.py runs in processes of their own: builders to kill, readers and openers.

    python crash_builder.py ROLE FOLDER [ARGUMENT...]

Two corpora, "old" and "new", share words and no post, so answers show which one is live. A role
writes lines to standard output, one at least for each of its steps, so that who waits knows that it
goes on; the last one is JSON. It exits with 0, or by a traceback where a rule was broken.
"""

from __future__ import annotations

import errno
import faulthandler
import json
import os
import random
import resource
import shutil
import signal
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.corpus.post import Post, Source
from tipsearch.errors import (
    IndexCorrupt,
    IndexUnreadable,
    IndexWriteError,
    StorageError,
    TipsearchError,
)
from tipsearch.index import Index
from tipsearch.ranking.hit import Hit
from tipsearch.store.storage import ALIGNED, BLOCK, DATA, MANIFEST, current

WORDS = {
    "old": "harbor lantern copper meadow violin sparrow timber orchard glacier saddle".split(),
    "new": "rocket pixel harbor neon turbine lantern quartz satellite foam circuit laser".split(),
}
COMMON = "the “angry” customer’s phone call – our team answered 🙂".split()
SMALL, WIDE = 4, 40
FINISHED, REFUSED, BROKEN = 0, 3, 4
AMID = 6  # the change of the disk, of a build, before which its data is there and its manifest not
LONG = 3600.0  # seconds that a build waits for another: no machine is so busy
TURN = 0.06  # seconds after a save: who waits for the lock looks 20 times a second
BETWEEN = "between the parts"
MEETINGS = 3


def say(line: str = ".") -> None:
    """Say a line at once; a dot only says that a step is done."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


# --- two corpora that can be told apart


def corpus(name: str, size: int = SMALL) -> list[Post]:
    """The posts of "old" or "new": `size` of them, and a few more in the new one."""
    own = WORDS[name]
    posts = []
    for i in range(size if name == "old" else size + size // 2):
        words = [own[(i * step + step) % len(own)] for step in range(1, 9)]
        title = f"{own[i % len(own)].title()} and the customer {i}"
        text = "\n".join([" ".join(words), " ".join(COMMON[i % 4 :]), f"{name}\xa0{i}"])
        posts.append(Post(f"{name}-{i:03}", title, text, sources=(Source("a.txt", i, i + 1),)))
    return posts


def answers(index: Index) -> list[Any]:
    """All that an index says: its posts, hits with their scores, related posts, look-ups."""
    queries = ("customer", "harbor lantern", "angry phones", "violins", "satellites rocket", "zzz")
    posts = list(index)
    return [
        posts,
        [index.query(query, limit=1000) for query in queries],
        [index.related(post.id, limit=5) for post in posts[:8]],
        [index.post(post.title) for post in posts[:8]],
        index.terms,
        index.matrix.sum(),
    ]


@cache
def expected(name: str, size: int = SMALL) -> list[Any]:
    """The answers of a corpus, from an index that never was on disk."""
    return answers(Index.build(corpus(name, size)))


def outcome(folder: Path, size: int = SMALL) -> str:
    """What opening `folder` gives: the corpus whose answers it has, whole, or the error's class."""
    try:
        index = Index.open(folder)
        index.verify()
        found = answers(index)
    except TipsearchError as error:
        return type(error).__name__
    for name in WORDS:
        if found == expected(name, size):
            return name
    raise AssertionError(f"the index in {folder} answers as neither corpus does")


KERNELS = ("numpy", "numba") if find_spec("numba") else ("numpy",)


class Asked(NamedTuple):
    """What an index of one corpus is asked: these posts, and these words."""

    posts: list[Post]
    words: list[str]

    def questions(self) -> Iterator[tuple[str, Callable[[Index], object]]]:
        """Each question by name; they use every part for all that it is good for."""
        for id in (post.id for post in self.posts):
            yield f"post {id}", _asking("post", id)
            yield f"related {id}", _asking("related", id, 3)
        titles = self.posts[0].title, self.posts[-1].title.upper(), "custom", "zzzz"
        for title in (*titles, "2014-02-04", "2014-02"):
            yield f"title {title}", _asking("post", title)
        first, last = self.posts[0].id, self.posts[-1].id
        for word in self.words:
            yield f"query {word}", _asking("query", word, 3)
            yield f"explain {word}", _asking("explain", word, first)
            for ranking in ("bm25", "feedback", "tfidf"):
                yield f"{ranking} {word}", partial(_ranked, word, ranking)
            yield f"parse {word}", _asking("parse", word)
        yield "query all", _asking("query", " ".join(self.words), 1000)
        yield "related all", _asking("related", last, 1000)
        for word in ("lantrn", "custmoer", "hte"):
            yield f"meant by {word}", partial(_meant, word)
        yield "posts", list
        yield "terms", lambda index: index.terms
        yield "matrix", lambda index: index.matrix.toarray().tolist()
        yield (
            "vectorizer",
            lambda index: index.vectorizer().transform(self.words).toarray().tolist(),
        )
        yield "info", lambda index: {**index.info(), "generation": None, "bytes": None}
        yield "settings", lambda index: (index.analyzer, index.weighting, len(index))
        yield "removed", lambda index: list(index.remove(first))

    def of(self, index: Index) -> Iterator[tuple[str, object]]:
        """The name of each question, and what the index says to it: errors of ours, too."""
        for name, question in self.questions():
            try:
                yield name, question(index)
            except TipsearchError as error:
                yield name, error if isinstance(error, IndexCorrupt) else str(error)
            except BaseException as error:
                yield name, AssertionError(repr(error))


def _asking(method: str, *arguments: object) -> Callable[[Index], object]:
    """The call of a method; hits are read in full."""

    def ask(index: Index) -> object:
        said = getattr(index, method)(*arguments)
        return list(map(_shown, said)) if isinstance(said, list) else said

    return ask


def _ranked(word: str, ranking: str, index: Index) -> object:
    """The hits by a ranking that need not be the index's own."""
    return list(map(_shown, index.query(word, 3, ranking=ranking)))


def _meant(word: str, index: Index) -> object:
    """The words that a mistyped one may stand for."""
    spelling = index._searcher.vocabulary.spelling
    return spelling.nearest(word), spelling.parts("copperlantern")


def _shown(hit: Hit) -> object:
    return hit.rank, hit.id, hit.score, hit.post, hit.snippet


def asked(posts: list[Post]) -> Asked:
    """What there is to ask an index of these posts: every word of a few, and some of many."""
    words = sorted({word for post in posts for word in Analyzer().tokens(post.text)})
    return Asked(posts, [*words[:: 1 + len(words) // 20], "zzz", "the", "2014"])


class Unverified(NamedTuple):
    """How an index answers that nobody verified (but what is made from it is first verified).

    `wrong` says what is wrong with that, `named` which parts it called damaged.
    """

    wrong: list[str]
    named: set[str]


def unverified(folder: Path, ask: Asked, whole: dict[str, object] | None = None) -> Unverified:
    """How the index in `folder` answers.

    Each answer must be that of the `whole` index, where that is given, or an IndexCorrupt.
    """
    wrong, named = list[str](), set[str]()
    for kernel in KERNELS:
        try:
            index = Index.open(folder, kernel=kernel)
        except StorageError:
            continue
        for name, answer in ask.of(index):
            right = answer if whole is None else whole[name]
            if isinstance(answer, IndexCorrupt):
                named.add(answer.file)
            elif isinstance(answer, AssertionError) or answer != right:
                wrong.append(f"{kernel}: {name}: {answer!r:.300}")
    return Unverified(wrong, named)


def stretches(generation: Path) -> dict[str, list[int]]:
    """The places in the data of each part that holds something, and of what is between them."""
    parts = json.loads((generation / MANIFEST).read_bytes())["parts"]
    between = set(range((generation / DATA).stat().st_size))
    found = {}
    for name, told in parts.items():
        size = told.get("size")
        if size is None:
            size = int(told["dtype"][2:]) * told["shape"][0]
        assert told["offset"] % ALIGNED == 0
        if size:
            found[name] = [*range(told["offset"], told["offset"] + size)]
            between -= set(found[name])
    return {**found, BETWEEN: sorted(between)}


def beside(stretches: dict[str, list[int]], damaged: set[int]) -> set[str]:
    """The parts that have something in a block in which one of these places is damaged."""
    blocks = {at // BLOCK for at in damaged}
    return {
        name
        for name, places in stretches.items()
        if name != BETWEEN and blocks.intersection(at // BLOCK for at in places)
    }


def wide(folder: Path, size: int = WIDE) -> Path:
    """Write a file of JSON Lines whose index has something in each of its parts.

    A small one has no frequent terms; that aside.
    """
    path = folder / "posts.jsonl"
    with path.open("w", encoding="utf-8") as out:
        for i, post in enumerate(corpus("old", size)):
            more = {"date": "2014-02-04", "categories": ["Tips"], "kind": "teaser", "url": "u:x"}
            said = {
                "id": post.id,
                "title": post.title,
                "text": post.text,
                **(more if i % 3 else {}),
            }
            out.write(json.dumps(said) + "\n")
    return path


def leftovers(folder: Path) -> list[str]:
    """What is in the folder beside one index, its lock and nothing else."""
    names = {path.name for path in folder.iterdir()} - {".lock", "CURRENT"}
    return sorted(names - {(folder / "CURRENT").read_text().strip()})


# --- children


def in_child(work: Callable[[], object], *, after: float | None = None) -> int:
    """Fork, do `work` there, and return the exit code; SIGKILL it `after` seconds (-9, then)."""
    child = os.fork()
    if child == 0:
        code = BROKEN
        try:
            work()
            code = FINISHED
        except IndexWriteError:
            code = REFUSED
        except BaseException as error:
            sys.stderr.write(f"{type(error).__name__} in a builder: {error}\n")
        finally:
            sys.stderr.flush()
            os._exit(code)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def build_and_save(name: str, size: int, folder: Path) -> None:
    Index.build(corpus(name, size)).save(folder)


class Steps:
    """Counts each call that changes the disk, and does `act` at the `at`-th (1 is the first).

    Between two such calls nothing on disk changes, except within a file that is being written;
    for that, `torn` cuts such a file to nothing when it is opened anew, and to half when it is
    done. With `lasting`, `act` is done at all later ones too.
    """

    CHANGES = frozenset(
        "os.mkdir os.rename os.remove os.rmdir os.link os.symlink os.truncate shutil.move".split()
    )

    def __init__(
        self, at: int, act: Callable[[str], None], *, torn: bool = False, lasting: bool = False
    ) -> None:
        self.at, self.act, self.torn, self.lasting = at, act, torn, lasting
        self.count, self.active = 0, False

    def start(self) -> None:
        """Watch this process from now on; there is no way back, so only in a child."""
        mock.patch("os.fsync", self._fsync).start()
        sys.addaudithook(self._audit)
        self.active = True

    def _audit(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.active:
            return
        if event in self.CHANGES:
            self._step(event)
        elif event == "open" and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            if self._tears() and args[2] & os.O_TRUNC and os.path.isfile(args[0]):
                self._cut(args[0], 0)
            self._step("open")

    def _fsync(self, descriptor: int) -> None:
        """Stand in for os.fsync; what it is for is a power cut, which no process can rehearse."""
        status = os.fstat(descriptor)
        if self._tears() and stat.S_ISREG(status.st_mode):
            self._cut(descriptor, status.st_size // 2)
        self._step("fsync")

    def _tears(self) -> bool:
        return self.torn and self.count + 1 == self.at

    def _cut(self, file: int | str, size: int) -> None:
        self.active = False
        os.truncate(file, size)

    def _step(self, event: str) -> None:
        self.count += 1
        if self.count == self.at or (self.lasting and self.count > self.at):
            self.act(event)


def die(_: str) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def disk_full(event: str) -> None:
    """Refuse what needs room; taking away needs none."""
    if event not in {"os.remove", "os.rmdir"}:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


# --- roles


def kill(folder: Path, seed: str, kills: str, size: str, enough: str) -> dict[str, Any]:
    """SIGKILL `kills` builds, each at a random moment; those that were done before do not count.

    More than that are killed until the reader beside has made the file `enough`. The moments
    spread over a span that follows the length of a build: it grows with each kill and shrinks with
    each build that was done, so that about one in five is.
    """
    randomness, posts, seen, amid = random.Random(int(seed)), int(size), Counter[str](), 0
    build_and_save("new", posts, folder)  # so that all that a build imports is here before the fork
    assert outcome(folder, posts) == "new"
    start, live = time.perf_counter(), "old"
    assert in_child(partial(build_and_save, live, posts, folder)) == FINISHED
    span = time.perf_counter() - start
    while seen["killed"] < int(kills) or not Path(enough).exists():
        say()
        other = "new" if live == "old" else "old"
        work = partial(build_and_save, other, posts, folder)
        code = in_child(work, after=randomness.uniform(0, span))
        now = outcome(folder, posts)
        if code == FINISHED:
            assert now == other, f"{other} was saved, and {now} is live"
            span *= 0.7
        else:
            assert code == -signal.SIGKILL, f"a build ended with {code}"
            assert now in {live, other}, f"a build of {other} over {live} was killed: {now}"
            span *= 1.1
        seen["finished" if code == FINISHED else "killed"] += 1
        most = 10 * (int(kills) + seen["killed"])
        assert seen["finished"] < most, f"builds end before they are killed: {seen}"
        assert seen["killed"] < 20 * int(kills), "the reader does not come to read"
        amid += bool(leftovers(folder))
        live = now
    return {**seen, "amid": amid}


def read(folder: Path, stop: str, size: str, enough: str, least: str) -> dict[str, int]:
    """Open and ask until the file `stop` appears; each answer must be a whole corpus's.

    The file `enough` is made once that has been done `least` times, and both corpora were met.
    """
    seen = Counter[str]()
    while not Path(stop).exists():
        seen[outcome(folder, int(size))] += 1
        say()
        if len(seen) == len(WORDS) and seen.total() >= int(least):
            Path(enough).touch()
        if set(seen) - set(WORDS):
            raise AssertionError(f"a reader met {seen}")
    return dict(seen)


def steps(folder: Path, mode: str, *befores: str) -> dict[str, dict[str, Any]]:
    """Let a build of "new" end at its 1st, 2nd, 3rd ... change of the disk, each from `befores`.

    `mode` is kill, torn (the file being written is cut, then the kill) or full (an error from
    there on). Whatever happens, the old index or the new one is there, whole, and the next build
    leaves nothing else behind; what broke that is listed under "wrong".
    """
    new = Index.build(corpus("new"))
    said: dict[str, dict[str, Any]] = {}
    for before in befores:
        template, seen, wrong, at, ended = folder / before, Counter[str](), list[str](), 0, False
        was = prepare(template, before)
        while not ended:
            say()
            at += 1
            place = folder / f"{before}-{mode}-{at}"
            shutil.copytree(template, place)
            code, ended = step(new, place, mode, at)
            now, where = outcome(place), f"{before}, {mode} at change {at}"
            if now not in allowed(mode, was, ended).get(code, set()):
                wrong.append(f"{where}: exit {code}, and then {now}")
            seen[now] += 1
            with mock.patch("os.fsync"):
                saved = new.save(place)
            Index.open(place).verify()
            if current(place) != saved or leftovers(place):
                wrong.append(f"{where}: the next build leaves {leftovers(place)}")
            shutil.rmtree(place)
        said[before] = {"seen": seen, "steps": at - 1, "wrong": wrong}
    return said


def allowed(mode: str, was: str, ended: bool) -> dict[int, set[str]]:
    """What may be there after a build, by the exit code that it may have."""
    if ended:
        return {FINISHED: {"new"}}
    if mode != "full":
        return {-signal.SIGKILL: {was, "new"}}
    # A refused build may have repaired a damaged index already, but never changed a whole one.
    return {FINISHED: {"new"}, REFUSED: {was, "new"} if was == "IndexCorrupt" else {was}}


def step(index: Index, folder: Path, mode: str, at: int) -> tuple[int, bool]:
    """Save in a child that ends at the `at`-th change: its exit code, and whether it was done."""
    act = disk_full if mode == "full" else die
    watch = Steps(at, act, torn=mode == "torn", lasting=mode == "full")
    reader, mark = os.pipe()
    code = in_child(partial(watched_save, index, folder, watch, mark))
    os.close(mark)
    ended = os.read(reader, 9) == b"ended"
    os.close(reader)
    return code, ended


def watched_save(index: Index, folder: Path, watch: Steps, mark: int) -> None:
    """Save under `watch`; write to `mark` if that ended before the watched step was reached."""
    watch.start()
    try:
        index.save(folder)
    finally:
        watch.active = False
        if watch.count < watch.at:
            os.write(mark, b"ended")


def prepare(folder: Path, before: str) -> str:
    """Make the folder that a build is to find; return what opening it gives."""
    folder.mkdir()
    if before == "nothing":
        return outcome(folder)
    with mock.patch("os.fsync"):
        if before in {"old", "leftovers"}:
            old = Index.build(corpus("old")).save(folder)
        if before == "leftovers":  # of builds that were killed while writing, publishing, sweeping
            for name in (".tipsearch-building-1", f".tipsearch-trash-{os.getpid()}-2", "0" * 64):
                (folder / name).mkdir()
                (folder / name / "manifest.json").write_text(name)
            (folder / ".tipsearch-building-CURRENT").write_text(old[:9])
        if before in {"new", "damaged"}:
            new = Index.build(corpus("new")).save(folder)
        if before == "damaged":
            (folder / new / DATA).write_bytes(b"?")
    return outcome(folder)


def flip(folder: Path, seed: str, most: str, used: str) -> dict[str, Any]:
    """Flip bytes of each part and file in turn: all, or `most` drawn by lot, the ends among them.

    Returns how many, and the flips that were not answered by a clear IndexCorrupt, or after which
    an index that nobody verified gave another answer, or called a part damaged that has nothing in
    the block; that is tried for `used` flips of each.
    """
    randomness, flips, wrong = random.Random(int(seed)), Counter[str](), []
    ask, tried = asked(list(Index.open(folder))), Counter[str]()
    whole = dict(ask.of(Index.open(folder)))
    assert [answer for answer in whole.values() if isinstance(answer, Exception)] == []
    live = folder / (folder / "CURRENT").read_text().strip()
    parts = stretches(live)
    for path in (folder / "CURRENT", *sorted(live.iterdir())):
        data = path.read_bytes()
        of_file = parts if path.name == DATA else {path.name: [*range(len(data))]}
        for name, all_places in of_file.items():
            places = all_places
            if len(places) > int(most):
                ends = {places[0], places[-1]}
                places = sorted({*ends, *randomness.sample(places, int(most))})
            looks = set(randomness.sample(places, min(int(used), len(places))))
            for at in places:
                for mask in (0xFF, 1 << randomness.randrange(8)):
                    say()
                    named = {path.name, *(beside(parts, {at}) if path.name == DATA else ())}
                    _overwrite(path, at, data[at] ^ mask)
                    said = complaint(folder, path.name, named)
                    if at in looks and mask == 0xFF:
                        unsure = unverified(folder, ask, whole)
                        said += "".join([*unsure.wrong, *sorted(unsure.named - named)])
                        tried[name] += 1
                    _overwrite(path, at, data[at])
                    flips[name] += 1
                    if said:
                        wrong.append([name, at, mask, said])
        assert path.read_bytes() == data
    Index.open(folder).verify()
    return {"flips": flips, "used": tried, "wrong": wrong}


def _overwrite(path: Path, at: int, byte: int) -> None:
    with path.open("r+b", buffering=0) as file:
        os.pwrite(file.fileno(), bytes([byte]), at)


def complaint(folder: Path, file: str, damaged: set[str]) -> str:
    """What is wrong with how a damaged `file` is answered: nothing if by a clear IndexCorrupt.

    That names the file, or another of the names in `damaged`.
    """
    try:
        Index.open(folder).verify()
    except IndexCorrupt as error:
        message = str(error)
        # CURRENT with another digit names a generation, and that is what is missing.
        named = error.file in damaged or (file == "CURRENT" and len(error.file) == 64)
        clear = named and str(folder) in message and error.file in message and "\n" not in message
        return "" if clear else f"unclear: {message}"
    except Exception as error:
        return repr(error)
    return "it is verified"


def open_each(template: Path, *folders: Path) -> None:
    """Say "ready"; open each folder, ask the index all there is, and verify it; one line for each.

    The answers must be those of the index in `template`, if there is one, and never an error of
    another kind than IndexCorrupt; what breaks that is listed under "wrong".
    """
    known = template.is_dir()
    ask = asked(list(Index.open(template)) if known else corpus("old", WIDE))
    whole = dict(ask.of(Index.open(template))) if known else None
    say("ready")
    for folder in folders:
        unsure = unverified(folder, ask, whole)
        said: dict[str, Any] = {
            "clear": False,
            "opened": False,
            "wrong": unsure.wrong,
            "named": sorted(unsure.named),
        }
        try:
            index = Index.open(folder)
            said["opened"] = True
            said["wrong"] += adding(index, folder.parent / "posts.jsonl")
            index.verify()
            said["verified"] = True
        except Exception as error:
            message = str(error)
            said |= {"error": type(error).__name__, "message": message[:1000]}
            said["file"] = getattr(error, "file", None)
            said["clear"] = (
                isinstance(error, StorageError) and str(folder) in message and "\n" not in message
            )
        say(json.dumps(said))


def adding(index: Index, source: Path) -> list[str]:
    """What is wrong with how an index takes over what it has of a file, where there is one."""
    try:
        if source.exists():
            index.add(source)
    except Exception as error:
        return [] if isinstance(error, TipsearchError) else [f"add: {error!r:.300}"]
    return []


def save(folder: Path, name: str, stop: str = "") -> dict[str, Any]:
    """Say "ready", wait for a line, then save a corpus once, or until the file `stop` is there.

    Who has waited for another build a few times makes that file.
    """
    index, waits, names = Index.build(corpus(name)), [0], list[str]()

    def waited() -> None:
        waits[0] += 1
        if waits[0] == MEETINGS:
            Path(stop).touch()

    say("ready")
    sys.stdin.readline()
    while not names or (stop and not Path(stop).exists()):
        names.append(index.save(folder, lock_seconds=LONG, on_wait=waited))
        say()
        time.sleep(TURN)
        assert len(names) < 20_000, "the two builds never meet"
    return {"waits": waits[0], "names": names}


def pause(folder: Path, name: str) -> dict[str, Any]:
    """Save a corpus, and amid its files say "amid" and wait for a line before going on."""
    index = Index.build(corpus(name))

    def wait(_: str) -> None:
        say("amid")
        sys.stdin.readline()

    Steps(AMID, wait).start()
    return {"names": [index.save(folder)]}


def limit(folder: Path) -> dict[str, Any]:
    """Save "new" over "old" where no file may be longer than so many bytes, for many limits."""
    new = Index.build(corpus("new"))
    assert outcome(folder) == "old"
    new.save(folder / "elsewhere")
    sizes = {path.stat().st_size for path in (folder / "elsewhere").rglob("*") if path.is_file()}
    shutil.rmtree(folder / "elsewhere")
    largest = max(sizes)
    sizes |= {largest * share // 20 for share in range(20)}
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    refused: dict[int, str] = {}
    for most in sorted({0, 1, 64, *sizes, *(size - 1 for size in sizes if size)} - {largest}):
        say()
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
        try:
            new.save(folder)
        except IndexWriteError as error:
            refused[most] = str(error)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert outcome(folder) == "old", most
        assert leftovers(folder) == [], most  # a refused build takes no room
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, before[1]))
    new.save(folder)
    return {"refused": refused, "largest": largest}


def unprivileged(folder: Path, user: str) -> dict[str, Any]:
    """Save "new" to `folder`/locked and to `folder`/free as `user`, who may write to the latter."""
    new = Index.build(corpus("new"))
    new.save(folder / "free")
    shutil.rmtree(folder / "free")
    expected("old")
    expected("new")
    (folder / "free").mkdir()
    said: dict[str, Any] = {"locked": []}
    if os.geteuid() == 0:
        os.chown(folder / "free", int(user), -1)
        os.seteuid(int(user))
    said["free"] = [new.save(folder / "free"), outcome(folder / "free")]
    try:
        new.save(folder / "locked")
    except IndexWriteError as error:
        said["locked"] = [str(error), outcome(folder / "locked")]
    return said


def descriptors(folder: Path) -> dict[str, list[int]]:
    """How many descriptors this process holds, by kernel.

    Before an index is opened, then with it, after all questions and a check, and after `close`.
    """
    ask, held = asked(list(Index.open(folder))), dict[str, list[int]]()

    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    for kernel in KERNELS:
        first = Index.open(folder, kernel=kernel)
        assert list(ask.of(first))  # what libraries open once is not the index's
        first.close()
        counts = [count()]
        index = Index.open(folder, kernel=kernel)
        counts.append(count())
        assert list(ask.of(index))
        index.verify()
        counts.append(count())
        index.close()
        held[kernel] = [*counts, count()]
    return held


def exhausted(folder: Path, most: str) -> dict[str, list[dict[str, Any]]]:
    """What opening an index, and saving another, give where 0, 1, 2 ... descriptors are left."""
    assert outcome(folder) == "old"  # all that is imported for it is here
    new, said = Index.build(corpus("new")), {"open": list[dict[str, Any]](), "save": []}
    new.save(folder / "elsewhere")
    shutil.rmtree(folder / "elsewhere")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, before[1]))
    held = list[int]()
    with suppress(OSError):  # too many open files
        while len(held) < 64:
            held.append(os.open(os.devnull, os.O_RDONLY))
    assert len(held) < 64
    for _ in range(int(most) + 1):
        for name, act in (("open", Index.open), ("save", new.save)):
            say()
            try:
                done = act(folder)
            except (IndexUnreadable, IndexWriteError) as error:
                kind, number = type(error).__name__, error.errno
                said[name].append({"error": kind, "errno": number, "message": str(error)})
            except Exception as error:
                said[name].append({"error": repr(error)})
            else:
                said[name].append({"error": None})
                if isinstance(done, Index):
                    done.close()
        os.close(held.pop())
    for descriptor in held:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    return said


ROLES: dict[str, Callable[..., object]] = {
    role.__name__: role
    for role in (
        kill, read, steps, flip, save, pause, limit, unprivileged, descriptors, exhausted,
    )
}  # fmt: skip

if __name__ == "__main__":
    faulthandler.enable()
    # The caller has no model then, so nor has this.
    if os.environ.get("TIPSEARCH_RANKING") == "feedback":
        mock.patch.object(model, "installed", return_value=None).start()
    if sys.argv[1] == "open_each":
        open_each(*map(Path, sys.argv[2:]))
    else:
        say(json.dumps(ROLES[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])))
