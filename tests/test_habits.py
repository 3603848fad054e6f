"""The habits of the code base: layers, style, types, public names, and a light start."""

import ast
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import tipsearch
from tests.conftest import ROOT


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["ruff", "check", "--no-cache", "."],
        ["ruff", "format", "--no-cache", "--check", "."],
        ["mypy"],
    ],
    ids=" ".join,
)
def test_checker_is_clean(command: list[str]) -> None:
    """Layers import downwards only, style is one, and types are strict."""
    program = str(Path(sys.executable).parent / command[0])
    done = subprocess.run(
        [program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_public_names() -> None:
    """The public names are these, and each of them is there."""
    assert tipsearch.__all__ == [
        "Analyzer",
        "Explanation",
        "Hit",
        "Hits",
        "Index",
        "IngestReport",
        "Post",
        "Ranking",
        "Source",
        "TipsearchError",
        "Topics",
        "Weighting",
        "read",
    ]
    assert all(getattr(tipsearch, name) for name in tipsearch.__all__)
    assert tipsearch.__version__ == version("tipsearch")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        getattr(tipsearch, "nothing")  # noqa: B009


def test_a_caller_is_type_checked(tmp_path: Path) -> None:
    """A caller's strict mypy sees our types, and finds the names that we do not have."""
    script = tmp_path / "caller.py"
    script.write_text(
        "import tipsearch\n"
        "posts, report = tipsearch.read('seeds')\n"
        "score: float = tipsearch.Index.build(posts).query('angry')[0].score\n"
        "title: int = posts[0].title\n"
        "tipsearch.Indx\n"
    )
    mypy = str(Path(sys.executable).parent / "mypy")
    done = subprocess.run(
        [mypy, "--strict", "--cache-dir", str(tmp_path / "cache"), script],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert [line.split(":")[1] for line in done.stdout.splitlines()[:-1]] == ["4", "5"], done.stdout


def test_no_file_names_what_the_store_alone_may_name() -> None:
    """No module but those of `store` and `build` names a part or a fact of the format."""
    naming = re.compile(r"\b(?:arrays|blobs|facts)\[")
    for path in (ROOT / "tipsearch").rglob("*.py"):
        package = path.relative_to(ROOT / "tipsearch").parts[0]
        if package not in {"store", "build"}:
            found = [
                line
                for line in path.read_text(encoding="utf-8").splitlines()
                if naming.search(line)
            ]
            assert not found, (path, found)


def test_the_listing_is_the_architecture() -> None:
    """Few entries stand directly in the package, and each is in the table of its README."""
    entries = sorted(
        path.name
        for path in (ROOT / "tipsearch").iterdir()
        if path.name not in {"__pycache__", "py.typed", "README.md"}
    )
    assert len(entries) <= 16
    page = (ROOT / "tipsearch" / "README.md").read_text(encoding="utf-8")
    for entry in entries:
        assert entry.startswith("__") or f"`{entry}`" in page or f"`{entry}/`" in page, entry


def test_docstrings_are_statements() -> None:
    """No docstring starts with a question."""
    for path in (*(ROOT / "tipsearch").rglob("*.py"), *(ROOT / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                summary = (ast.get_docstring(node) or "").partition("\n\n")[0]
                assert "?" not in summary, (path, summary)
