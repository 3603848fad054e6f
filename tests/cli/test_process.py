"""The program as a process: how it starts, is interrupted, and ends; what it does to its host."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import PATIENCE, ROOT

TIPSEARCH = Path(sys.executable).parent / "tipsearch"
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("TIPSEARCH", "COLUMNS"))}
posix = pytest.mark.skipif(os.name != "posix", reason="signals and limits are those of POSIX")


@pytest.fixture(scope="module")
def indexed(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds and an index of them."""
    folder = tmp_path_factory.mktemp("process")
    shutil.copytree(seeds, folder / "seeds")
    subprocess.run(
        [TIPSEARCH, "index", "--ranking", "feedback"],
        cwd=folder, env=CLEAN, check=True, capture_output=True,
    )  # fmt: skip
    return folder


def _sitecustomize(folder: Path, code: str) -> dict[str, str]:
    """An environment in which each Python runs this code when it starts."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(code)
    return {**CLEAN, "PYTHONPATH": str(folder)}


# --- how it ends


def test_python_m_runs_it(indexed: Path) -> None:
    """`python -m tipsearch` is the program."""
    shown = [
        subprocess.run(
            [*command, "query", "angry customer"],
            cwd=indexed, env=CLEAN, capture_output=True, text=True, check=True,
        ).stdout
        for command in ([TIPSEARCH], [sys.executable, "-m", "tipsearch"])
    ]  # fmt: skip
    assert shown[0] == shown[1] != ""


@pytest.mark.parametrize(
    ("words", "code"),
    [(["query", "angry"], 0), (["show", "nobody at all"], 1), (["nonsense"], 2), (["-h"], 0)],
)
def test_exit_handlers_of_others_run(
    indexed: Path, tmp_path: Path, words: list[str], code: int
) -> None:
    """What was registered before the program began runs at its end, whatever its exit code."""
    env = _sitecustomize(
        tmp_path / "site",
        "import atexit, os, sys\natexit.register(lambda: print('handler ran', file=sys.stderr))\n",
    )
    done = subprocess.run(
        [TIPSEARCH, *words], cwd=indexed, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.endswith("handler ran\n")


def test_threads_of_others_are_waited_for(indexed: Path, tmp_path: Path) -> None:
    """A thread that is no daemon ends before the process does."""
    env = _sitecustomize(
        tmp_path / "site",
        "import threading, time, sys\n"
        "def late():\n"
        "    threading.main_thread().join()\n"
        "    print('thread ended', file=sys.stderr, flush=True)\n"
        "threading.Thread(target=late).start()\n",
    )
    done = subprocess.run(
        [TIPSEARCH, "query", "angry"], cwd=indexed, env=env, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert "thread ended" in done.stderr


def test_main_ends_no_host(indexed: Path) -> None:
    """Whoever calls `cli.main` gets SystemExit, and keeps its process and its warnings."""
    code = (
        "import sys, warnings\n"
        "shown = warnings.showwarning\n"
        "from tipsearch.cli.app import main\n"
        "sys.argv = ['tipsearch', 'query', 'angry']\n"
        "try: main()\n"
        "except SystemExit as ending: print('ended', ending.code)\n"
        "print(warnings.showwarning is shown)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=indexed, env=CLEAN, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.endswith("ended 0\nTrue\n")


# --- interrupts


@posix
@pytest.mark.parametrize(
    "module", ["tipsearch.cli", "typer", "numpy", "tipsearch.cli.terminal", "tipsearch.index"]
)
def test_an_interrupt_while_it_starts_is_no_traceback(
    indexed: Path, tmp_path: Path, module: str
) -> None:
    """An interrupt that comes while a module is imported ends it in silence, with 130."""
    env = _sitecustomize(
        tmp_path / "site",
        "import os, signal, sys\n"
        # a job in the background of a shell starts with interrupts ignored
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "class Interrupted:\n"
        "    def find_spec(self, name, *_):\n"
        f"        if name == {module!r}: os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Interrupted())\n",
    )
    done = subprocess.run(
        [TIPSEARCH, "query", "angry"], cwd=indexed, env=env, capture_output=True, text=True,
        timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.strip()) == (130, "", "")


@posix
@pytest.mark.parametrize("milliseconds", [20, 40, 60, 80, 100])
def test_an_interrupt_at_any_moment_of_the_start(indexed: Path, milliseconds: int) -> None:
    """Whenever Ctrl-C comes, there is no traceback of ours: it was too early, or 130, or done."""
    process = subprocess.Popen(
        [TIPSEARCH, "query", "angry customer"], cwd=indexed, env=CLEAN, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    assert not re.search(r"tipsearch/(cli|corpus|errors|index|query|ranking|store)\b", told)
    assert process.returncode in {0, 1, 130, -signal.SIGINT}


@posix
@pytest.mark.parametrize("at", ["on_publish", "_swap_current", "_sweep", "print_outcome"])
def test_an_interrupt_after_the_decision_comes_too_late(
    indexed: Path, tmp_path: Path, at: str
) -> None:
    """A build that has published tells so, and ends with 0, whenever it is interrupted then."""
    code = f"""
import os, signal, sys
from tipsearch.store import publish as publishing
from tipsearch.cli import building
at, folder = {at!r}, sys.argv.pop()

def interrupted(function):
    def call(*args, **more):
        result = function(*args, **more)
        if at != "_sweep" or (os.path.exists(folder + "/CURRENT")):
            os.kill(os.getpid(), signal.SIGINT)
        return result
    return call

if at == "on_publish":
    building.ignore_interrupts = interrupted(building.ignore_interrupts)
elif at == "print_outcome":
    building.print_outcome = interrupted(building.print_outcome)
else:
    setattr(publishing, at, interrupted(getattr(publishing, at)))
sys.argv = ["tipsearch", "index", "--ranking", "feedback", "--index", folder]
from tipsearch.__main__ import run
run()
"""
    folder = tmp_path / "index"
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=indexed, env=CLEAN,
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "Index: " in done.stdout
    assert (folder / "CURRENT").exists()


# --- limits


def _limited(folder: Path, kilobytes: int, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f'ulimit -v {kilobytes}; exec "$0" "$@"', str(TIPSEARCH), *words],
        cwd=folder, env=CLEAN, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux heeds this limit")
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize("megabytes", [250, 300, 350, 400, 450, 500, 600])
def test_too_little_memory_is_one_clear_line(indexed: Path, tmp_path: Path, megabytes: int) -> None:
    """A limit too low for a build is told in a line that names it; nothing hangs or aborts."""
    for words in (["index", "--index", str(tmp_path / "new")], ["add", "seeds"]):
        done = _limited(indexed, 1024 * megabytes, *words)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert re.match("tipsearch: the limit on memory is .* MiB.*ulimit -v", done.stderr)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux heeds this limit")
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_a_corpus_too_large_for_the_memory_is_one_clear_line(tmp_path: Path) -> None:
    """Where the libraries fit and the posts do not, that is one line too, and exit code 1."""
    least = 600 + 100 * (os.cpu_count() or 1)
    row = '{{"id": "{0}", "text": "{1}"}}\n'
    text = " ".join(f"w{n}" for n in range(200))
    with (tmp_path / "posts.jsonl").open("w") as file:
        file.writelines(row.format(n, text.replace("w", f"w{n % 977}")) for n in range(60_000))
    done = _limited(tmp_path, 1024 * (least + 10), "index", "posts.jsonl")
    assert done.returncode == 1, done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("tipsearch: ")
    assert "memory" in done.stderr


def test_a_line_that_is_too_long_takes_no_memory(tmp_path: Path) -> None:
    """A line of 300 MB is refused with its reason, in less memory than it has bytes."""
    lines = tmp_path / "posts.jsonl"
    with lines.open("wb") as file:
        file.write(b'{"id": "a", "text": "refund"}\n{"id": "b", "text": "')
        for _ in range(300):
            file.write(b"word " * 200_000)
        file.write(b'"}\n{"id": "c", "text": "refund"}')
    code = (
        "import pathlib, sys, tipsearch\n"
        "index, report = tipsearch.Index.ingest(sys.argv[1], ranking='feedback')\n"
        "print(len(index), [(line.number, line.note) for _, line in report.unrecognised()])\n"
        "posts, account = tipsearch.read(sys.argv[1])\n"
        "print(len(posts), list(account.unrecognised()) == list(report.unrecognised()))\n"
        "status = pathlib.Path('/proc/self/status')\n"
        "print(status.read_text().split('VmHWM:')[1].split()[0] if status.exists() else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, lines], cwd=ROOT, capture_output=True, text=True, check=True
    )
    told, read, peak = done.stdout.splitlines()
    assert told == "2 [(2, 'longer than 16 MiB, which no post is')]"
    assert read == "2 True"
    assert int(peak) * 1024 < 300_000_000
