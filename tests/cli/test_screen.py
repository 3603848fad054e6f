"""The first screen: what a person sees in a terminal of 80 columns and 24 lines."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests.conftest import PATIENCE
from tipsearch.cli import terminal

pytestmark = [
    pytest.mark.semantic,
    pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning"),
]
TIPSEARCH = Path(sys.executable).parent / "tipsearch"
COLUMNS, LINES = 80, 24
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module")
def indexed(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds and an index of them, as a newcomer has it."""
    folder = tmp_path_factory.mktemp("screen")
    shutil.copytree(seeds, folder / "seeds")
    subprocess.run([TIPSEARCH, "index"], cwd=folder, check=True, capture_output=True)
    return folder


def _screen(folder: Path, *words: str, lines: int = LINES) -> list[str]:
    """The lines that a command writes to a terminal, without colours."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        for name in [name for name in os.environ if name.startswith("TIPSEARCH")]:
            del os.environ[name]
        for name in ("COLUMNS", "LINES"):
            os.environ.pop(name, None)
        os.environ["TERM"] = "xterm-256color"
        size = struct.pack("HHHH", lines, COLUMNS, 0, 0)
        fcntl.ioctl(0, termios.TIOCSWINSZ, size)
        # Not execv: readline, which pytest loads, has set LINES behind the back of os.environ.
        os.execve(TIPSEARCH, [str(TIPSEARCH), *words], dict(os.environ))
    output = b""
    while select.select([terminal], [], [], PATIENCE)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        output += data
    os.close(terminal)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, output
    return re.sub(r"\x1b\[\d*m", "", output.decode()).splitlines()


QUERIES = [
    "angry customer on the phone", "customer was on hold too long", "active listening skills",
    "how to motivate my staff", "email etiquette", "tips from 2014", "patience", "blood",
    "personalise the expereince with etiquette xyzzy qwertyuiop asdfghjkl zxcvbnm 4711 0815 ytrewq",
]  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_the_default_answer_fits_the_screen(indexed: Path, query: str) -> None:
    """Ten titles, the command above and the prompt below: nothing scrolls away, notes come last."""
    shown = _screen(indexed, "query", query)
    assert len(shown) <= LINES - 2
    assert max(map(len, shown)) <= COLUMNS
    titles = [line for line in shown if re.match(r" ?\d+\. ", line)]
    assert [int(line.split(".")[0]) for line in titles] == [*range(1, 11)]
    last = shown.index(titles[-1])
    notes = [line for line in shown[last:] if not re.match(r" ?\d+\. |    ", line)]
    assert shown[len(shown) - len(notes) :] == notes
    assert titles[0] == shown[0]


def test_a_small_screen_shows_titles_first(indexed: Path) -> None:
    """Where there is room for the titles and few snippets, the first hits have them."""
    shown = _screen(indexed, "query", "customer service", lines=18)
    assert len(shown) <= 16
    titles = [place for place, line in enumerate(shown) if re.match(r" ?\d+\. ", line)]
    assert len(titles) == 10
    assert titles[1] == 2  # the first one has a snippet
    assert titles[-1] - titles[-2] == 1
    whole = _screen(indexed, "query", "customer service", "-n", "40")
    assert len(whole) >= 80  # who asks for more scrolls


def test_reasons_come_before_snippets_on_a_small_screen(indexed: Path) -> None:
    """With `--explain` each of ten titles has its reason, and as many have snippets as fit."""
    for command in (["query", "angry customer on the phone"], ["related", "Fix Fast to Reduce"]):
        shown = _screen(indexed, *command, "--explain")
        assert 20 <= len(shown) <= LINES - 2
        assert sum(bool(re.match(r" ?\d+\. ", line)) for line in shown) == 10
        assert sum(line.strip().startswith("Why: ") for line in shown) == 10
        assert max(map(len, shown)) <= COLUMNS


def test_hits_that_mean_the_like_are_marked(indexed: Path) -> None:
    """A "~" stands behind the score of a post without a word of the query, and a line says so."""
    shown = _screen(indexed, "query", "blood")
    marked = [line for line in shown if re.match(r" ?\d+\. .*~$", line)]
    assert 1 <= len(marked) <= 9
    assert not shown[0].endswith("~")
    assert shown[-1].startswith("~ has none of the words")
    plain = _screen(indexed, "query", "blood", "--ranking", "bm25")
    assert not any("~" in line for line in plain)
    assert not any(line.endswith("~") for line in _screen(indexed, "related", "patience is…"))


def test_more_than_is_shown_is_counted(indexed: Path) -> None:
    """How many more posts have a word, and what to type for them."""
    (note,) = _screen(indexed, "query", "customer", "--ranking", "bm25", "-n", "3")[-1:]
    match = re.fullmatch(r"(\d+) more with a word of the query: -n (\d+)\.", note)
    assert match is not None
    assert int(match[2]) == int(match[1]) + 3
    every = _screen(indexed, "query", "customer", "--ranking", "bm25", "-n", match[2])
    assert sum(bool(re.match(r" *\d+\. ", line)) for line in every) == int(match[2])
    assert "more with" not in every[-1]


def test_a_word_may_begin_with_a_hyphen(indexed: Path) -> None:
    """`-5 minutes` and `-refund` are words; options are still read, wherever they stand."""
    expected = _screen(indexed, "query", "--", "-5 minutes", "-refund")
    assert _screen(indexed, "query", "-5 minutes", "-refund") == expected
    assert _screen(indexed, "query", "-5", "minutes", "-refund") == expected
    first = _screen(indexed, "query", "-n", "1", "--", "-5 minutes")
    for words in ("-n 1 -5 minutes", "-5 -n1 minutes", "-5 minutes -n 1", "-5 --limit=1 minutes"):
        assert _screen(indexed, "query", *words.split()) == first
    for wrong in (["--rankng", "x"], ["angry", "-n", "x"], ["angry", "-n"], ["-n", "3"]):
        done = subprocess.run(
            [TIPSEARCH, "query", *wrong], cwd=indexed, capture_output=True, text=True, check=False
        )
        assert done.returncode == 2
        assert "Usage:" in done.stderr


def test_dates_are_asked_for(indexed: Path) -> None:
    """`show` takes a day, and a query of a year has its posts first."""
    assert _screen(indexed, "show", "2025-03-04")[0] == "Patience is…"
    shown = _screen(indexed, "query", "tips from 2014")
    titles = [line for line in shown if re.match(r" ?\d+\. ", line)]
    assert " 2014-" in titles[0]
    assert not any("2014" in line for line in shown[-2:])


def test_nothing_turns_the_direction_of_the_screen(tmp_path: Path) -> None:
    """Marks of direction and C1 controls are taken out of text, and are escaped in JSON."""
    bad = "safe\u202egnp.exe\u2066 \x9b31m \u200frefund"
    row = {"id": "a\u202eb", "title": bad, "text": bad, "categories": [bad]}
    (tmp_path / "posts.jsonl").write_text(json.dumps(row) + "\n")
    index = ("--index", str(tmp_path / "index"))
    _screen(tmp_path, "index", "posts.jsonl", *index)
    for words in (["query", "refund"], ["query", "refund \u202exyzzy"], ["show", "a\u202eb"]):
        assert not CONTROLS.search("".join(_screen(tmp_path, *words, *index)))
    done = subprocess.run(
        [TIPSEARCH, "query", "refund", "--json", *index],
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert not CONTROLS.search(done.stdout.replace("\n", ""))
    assert json.loads(done.stdout)["title"] == bad


def test_a_line_is_cut_between_words() -> None:
    """A cut title ends in "…", never beyond the columns; a word too long is cut inside."""
    assert terminal._cut("one two three", 13) == "one two three"
    assert terminal._cut("one two three", 12) == "one two…"
    assert terminal._cut("one – two three", 8) == "one…"
    assert terminal._cut("x" * 30, 10) == "x" * 9 + "…"
