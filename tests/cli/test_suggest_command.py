"""`tipsearch suggest` as people run it: for people, and as JSON."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tipsearch.cli import app as cli
from tipsearch.index import Index


@pytest.fixture(scope="module")
def folder(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the seeds in index/."""
    there = tmp_path_factory.mktemp("suggest")
    index.save(there / "index")
    return there


def _run(folder: Path, *words: str, code: int = 0) -> Result:
    asked = ["suggest", "--index", str(folder / "index"), *words]
    done = CliRunner().invoke(cli.app, asked, env={"COLUMNS": "60"})
    assert done.exit_code == code, done.output
    return done


def test_suggestions_for_people(folder: Path) -> None:
    """A line has the completed text, and at its right why."""
    done = _run(folder, "emp")
    assert done.stdout.splitlines() == [
        "employee                                             6 posts",
        "empathy                                              4 posts",
        "empathize                                            2 posts",
        "emphasizing                                           1 post",
        "The Empathy Roadmap                              has empathy",
    ]
    assert done.stderr == ""


def test_suggestions_as_json(folder: Path, index: Index) -> None:
    """A suggestion is one JSON object a line, as the API has it."""
    done = _run(folder, "angry", "cu", "-n", "3", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines == index.suggest("angry cu", 3).to_json()
    assert len(lines) == 1


def test_a_space_ends_the_last_word(folder: Path) -> None:
    """A quoted text keeps its space, and then only titles are given."""
    assert "The Empathy Roadmap" in _run(folder, "empathy ").stdout
    assert "posts" not in _run(folder, "empathy ").stdout


def test_a_word_may_begin_with_a_hyphen(folder: Path) -> None:
    """Words are taken as they are, without quotes."""
    assert _run(folder, "-angry", "cust").stdout.startswith("-angry customer")


def test_nothing_to_suggest(folder: Path) -> None:
    """Where nothing fits, stderr says so, and stdout is empty."""
    done = _run(folder, "zzqq")
    assert done.stdout == ""
    assert done.stderr == "No word or title of the posts completes it.\n"
    assert "N" in _run(folder, "emp", "-n", "0", code=2).stderr
