"""`tipsearch duplicates`, `--explain` and `--diverse` as people run them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tipsearch.cli import app as cli
from tipsearch.corpus.post import Post
from tipsearch.index import Index

FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"


@pytest.fixture(scope="module")
def copied(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Index:
    """An index of the seeds and of copies of three of them, saved."""
    chosen = [*index][3:6]
    copies = [Post(f"{post.id}-again", f"{post.title} (2019)", post.text) for post in chosen]
    built = Index.build([*index, *copies], ranking="feedback")
    folder = tmp_path_factory.mktemp("copied")
    built.save(folder / "index")
    return Index.open(folder / "index")


def _run(index: Index, *words: str, columns: int = 80) -> Result:
    """The command, in this process; what it raises is raised."""
    asked = [*words, "--index", str(index._reader.folder)]
    done = CliRunner().invoke(cli.app, asked, env={"COLUMNS": str(columns)})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


# --- duplicates


@pytest.mark.parametrize("columns", [40, 80, 200])
def test_duplicates_for_people(copied: Index, columns: int) -> None:
    """Each group has its titles, dates, similarities and ids; a line of totals comes last."""
    out = _run(copied, "duplicates", columns=columns).stdout
    assert max(map(len, out.splitlines())) <= max(columns, 40)
    *blocks, told = out.strip("\n").split("\n\n")
    found = copied.duplicates()
    assert len(blocks) == len(found) == 3
    for number, (group, block) in enumerate(zip(found, blocks, strict=True), 1):
        assert block.startswith(f"{number}. ")
        unwrapped = re.sub(r"\s+", "", block)
        for copy in group:
            assert copy.id in unwrapped
            assert f"{copy.date or ''}{copy.similarity:.3f}" in unwrapped
            assert re.sub(r"\s+", "", copy.title) in unwrapped or columns < 80
    assert " ".join(told.split()) == (
        "3 groups, in which 6 of 59 posts repeat another (cosine 0.9 or more)"
    )


def test_duplicates_are_limited(copied: Index) -> None:
    """A limit shows the first groups and says how many there are, in text and on stderr."""
    text = _run(copied, "duplicates", "-n", "1").stdout
    assert "\n\n1 of 3 groups, in which 6 of 59 posts" in text
    done = _run(copied, "duplicates", "-n", "2", "--json")
    assert _objects(done.stdout) == copied.duplicates().to_json()[:2]
    assert done.stderr == "2 of 3 groups: --limit gives more.\n"


def test_the_threshold_is_passed_on(copied: Index) -> None:
    """`--at-least` is that of `Index.duplicates`; out of range it is wrong usage."""
    less = _run(copied, "duplicates", "--at-least", "0.5", "--json")
    assert _objects(less.stdout) == copied.duplicates(0.5).to_json()
    none = _run(copied, "duplicates", "--at-least", "1").stdout
    assert none == "None of 59 posts repeats another (cosine 1 or more)\n"
    assert _run(copied, "duplicates", "--at-least", "0.4").exit_code == 2


def test_a_large_group_is_cut(tmp_path: Path) -> None:
    """Of many copies the ten oldest are shown, and how many more there are; JSON has them all."""
    Index.build([Post(f"p{n:02}", "", "a refund") for n in range(14)]).save(tmp_path)
    index = Index.open(tmp_path)
    shown = _run(index, "duplicates").stdout
    assert shown.count("[a refund]") == 10
    assert "\n   and 4 more\n" in shown
    (group,) = _objects(_run(index, "duplicates", "--json").stdout)
    assert len(group["posts"]) == 14


# --- reasons and diverse order


def test_reasons_stand_below_each_hit(copied: Index) -> None:
    """`--explain` adds a line to each hit, within the columns, and `why` and `parts` in JSON."""
    for command, hits in (
        (["query", "angry", "customer"], copied.query("angry customer")),
        (["related", FIX_FAST], copied.related(FIX_FAST)),
    ):
        plain, told = _run(copied, *command).stdout, _run(copied, *command, "--explain").stdout
        assert "Why: " not in plain
        reasons = re.findall(r"^ +Why: (.*)$", told, re.MULTILINE)
        assert len(reasons) == len(hits) == 10
        for hit, reason in zip(hits, reasons, strict=True):
            assert hit.why.startswith(reason.rstrip("…"))
        assert max(map(len, told.splitlines())) <= 80
        lines = [line for line in told.splitlines(keepends=True) if " Why: " not in line]
        assert "".join(lines) == plain
        objects = _objects(_run(copied, *command, "--explain", "--json").stdout)
        assert [found["why"] for found in objects] == [hit.why for hit in hits]
        for found in objects:
            assert sum(part["score"] for part in found["parts"]) == pytest.approx(found["score"])
        assert "why" not in _objects(_run(copied, *command, "--json").stdout)[0]


def test_diverse_order_is_that_of_the_index(copied: Index) -> None:
    """`--diverse` gives what `diverse=True` gives, for queries and related posts."""
    for command, hits, plain in (
        (
            ["query", "angry", "customer"],
            copied.query("angry customer", diverse=True),
            copied.query("angry customer"),
        ),
        (["related", FIX_FAST], copied.related(FIX_FAST, diverse=True), copied.related(FIX_FAST)),
    ):
        found = _objects(_run(copied, *command, "--diverse", "--json").stdout)
        assert [hit["id"] for hit in found] == [hit.id for hit in hits] != [hit.id for hit in plain]
