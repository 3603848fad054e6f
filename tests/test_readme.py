"""The README is true: its session and its Python run as they stand."""

import doctest
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import tipsearch
from tests.conftest import ROOT

pytestmark = pytest.mark.semantic  # its first command installs that extra
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def newcomer(seeds: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with the seeds and the notebooks' questions, as the working directory."""
    shutil.copytree(seeds, tmp_path / "seeds")
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "notebooks" / "questions.txt", tmp_path / "notebooks")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_session_prints_what_the_readme_shows(newcomer: Path) -> None:
    """Each command of the console sessions prints what stands below it."""
    session = "".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    steps = re.findall(r"^\$ tipsearch (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)
    assert len(steps) >= 3
    program = Path(sys.executable).parent / "tipsearch"
    for words, shown in steps:
        done = subprocess.run(
            f"env -u COLUMNS {program} {words}",
            shell=True, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == shown, words


def test_the_python_gives_what_the_readme_shows(newcomer: Path) -> None:
    """The Python example runs as a doctest."""
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert result.attempted >= 8
    assert result.failed == 0


def test_the_first_two_commands_set_all_up() -> None:
    """The first code block holds the two commands; each makes the environment that it uses."""
    block = re.search(r"```sh\n(.*?)```", README, re.DOTALL)
    assert block is not None
    query, tests = block[1].splitlines()
    assert query.endswith('tipsearch query "angry customer on the phone"')
    assert tests.endswith("-m pytest")
    assert all(command.startswith("python3 -m venv ") for command in (query, tests))


def test_the_notebooks_page_gives_what_it_shows(newcomer: Path) -> None:
    """The Python for notebooks runs as a doctest on an index of the seeds."""
    tipsearch.Index.build(tipsearch.read("seeds")[0]).save("index")
    result = doctest.testfile(str(ROOT / "notebooks" / "README.md"), module_relative=False)
    assert result.attempted >= 8
    assert result.failed == 0


def test_links_lead_somewhere() -> None:
    """Files that the README links to are there."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
