"""The API reference: one command builds it, and every public name has a docstring."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tipsearch
from tests.conftest import PATIENCE, ROOT

PACKAGE = ROOT / "tipsearch"
FILES = sorted(PACKAGE.rglob("*.py"))
PAGE = ROOT / ".github" / "CONTRIBUTING.md"

Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def undocumented(node: Documented, name: str) -> Iterator[str]:
    """The public names without a docstring: `name` itself and, below it, classes and functions.

    A name is public if neither it nor a class or function around it begins with an underscore.
    Setters and overloads share the docstring of the name that they belong to.
    """
    if not (ast.get_docstring(node) or "").strip():
        yield name
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return
    for child in node.body:
        if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        last = [ast.unparse(mark).rpartition(".")[2] for mark in child.decorator_list]
        if not child.name.startswith("_") and not {"setter", "deleter", "overload"} & {*last}:
            yield from undocumented(child, f"{name}.{child.name}")


def module_name(path: Path) -> str:
    """The dotted name of a module of the package.

    >>> module_name(PACKAGE / "index.py"), module_name(PACKAGE / "__init__.py")
    ('tipsearch.index', 'tipsearch')
    """
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_public_names_have_docstrings(path: Path) -> None:
    """A module and each public class, function, method and property in it has a docstring."""
    missing = list(undocumented(ast.parse(path.read_bytes()), module_name(path)))
    assert not missing, f"without a docstring: {', '.join(missing)}"


def test_what_lacks_a_docstring_is_found() -> None:
    """The check itself finds methods, properties and nested classes, and skips private names."""
    code = """
class A:
    'Documented.'
    def method(self): ...
    def _private(self): ...
    @property
    def size(self): ...
    @size.setter
    def size(self, value): ...
    class Inner:
        'Documented.'
        async def wait(self): ...
class _B:
    def method(self): ...
def function():
    'Documented.'
    def nested(): ...
"""
    found = list(undocumented(ast.parse(code), "m"))
    assert found == ["m", "m.A.method", "m.A.size", "m.A.Inner.wait"]


def test_one_command_builds_the_reference(tmp_path: Path) -> None:
    """The command of the contributors' page builds a page with each public name, silently."""
    command = re.search(
        r"^\.venv/bin/python (-m pdoc) -o \S+ (.*)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert command is not None
    done = subprocess.run(
        [sys.executable, *shlex.split(command[1]), "-o", tmp_path, *shlex.split(command[2])],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not done.stderr  # pdoc's warnings: names and types that it cannot resolve
    page = (tmp_path / "tipsearch.html").read_text(encoding="utf-8")
    missing = [name for name in tipsearch.__all__ if f'<section id="{name}">' not in page]
    assert not missing
