"""`tipsearch gaps` as people run it: on a search log in any of its layouts, or from a pipe."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tipsearch.cli import app as cli
from tipsearch.corpus.querylog import read_log
from tipsearch.errors import LineError, SourceError
from tipsearch.index import Index
from tipsearch.ranking.coverage import WEAK

TIPSEARCH = Path(sys.executable).parent / "tipsearch"
QUERIES = ["refund policy", "refund policy", "Refund policy?", "cancel a refund", "chatbot",
           "AI chatbot", "chatbot script", "customer retention", "patience", "handling complaints",
           "how do I"]  # fmt: skip


@pytest.fixture(scope="module")
def folder(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the seeds in index/, and a log of queries."""
    there = tmp_path_factory.mktemp("gaps")
    index.save(there / "index")
    (there / "log.txt").write_text("\n\n".join(QUERIES) + "\n")
    return there


def _run(folder: Path, *words: str, columns: int = 80, stdin: str = "") -> Result:
    """The command, in this process; what it raises is raised."""
    asked = ["gaps", "--index", str(folder / "index"), *words]
    done = CliRunner().invoke(cli.app, asked, env={"COLUMNS": str(columns)}, input=stdin)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_gaps_as_an_installed_command(folder: Path, index: Index) -> None:
    """A group is one JSON object a line, as the API has it; what was left out is on stderr."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TIPSEARCH", "COLUMNS"))}
    done = subprocess.run(
        [TIPSEARCH, "gaps", "log.txt", "--json"], cwd=folder,
        env=clean | {"TIPSEARCH_RANKING": "feedback"}, capture_output=True, encoding="utf-8",
        check=True,
    )  # fmt: skip
    assert _objects(done.stdout) == index.gaps(QUERIES).to_json()
    assert done.stderr.splitlines() == [
        "10 blank lines: skipped.",
        'Left out, as they have no word but stop words: "how do I"',
    ]


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_gaps_for_people(folder: Path, index: Index, columns: int) -> None:
    """A headline with counts; the weakest queries with coverage and nearest post; the sums."""
    gaps = index.gaps(QUERIES)
    out = _run(folder, str(folder / "log.txt"), columns=columns).stdout
    assert max(map(len, out.splitlines())) <= min(columns, 100)
    *blocks, told = out.strip().split("\n\n")
    for place, (gap, block) in enumerate(zip(gaps, blocks, strict=True), 1):
        lines = block.splitlines()
        assert lines[0].startswith(f"{place}. {gap.label.split()[0]}")
        facts = f"asked {gap.asked}, weak {gap.weak} ({100 * gap.weak_share:.0f} %)"
        assert lines[0].endswith(facts)
        said = " ".join(block.split())
        for asked in gap.queries[:5]:
            often = f" ({asked.count} times)" if asked.count > 1 else ""
            assert f"{asked.coverage:.2f} {asked.query}{often} → {asked.title or 'no post'}" in said
    assert " ".join(told.split()) == (
        f"{len(gaps)} group{'s' * (len(gaps) > 1)} of 8 queries, asked 10 times:"
        f" {gaps.weak} ({10 * gaps.weak} %) answered weakly, mean coverage {gaps.coverage:.2f}"
    )


def test_limit_threshold_and_standard_input(folder: Path) -> None:
    """-n says how many groups, --weak what is too little, and - reads a pipe."""
    log = str(folder / "log.txt")
    every = _objects(_run(folder, log, "--json").stdout)
    first = _run(folder, log, "--json", "-n", "1")
    assert _objects(first.stdout) == every[:1]
    assert f"1 of {len(every)} groups: --limit gives more." in first.stderr
    assert f"1 of {len(every)} groups of 8 queries" in _run(folder, log, "-n", "1").stdout
    assert all(
        gap["weak"] == 0 for gap in _objects(_run(folder, log, "--weak", "0", "--json").stdout)
    )
    piped = _run(folder, "-", "--json", stdin="\n".join(QUERIES))
    assert _objects(piped.stdout) == every
    assert "blank" not in piped.stderr


def test_many_queries_of_one_group_are_counted(folder: Path) -> None:
    """Of a group the five weakest are shown, and how many more there are."""
    words = "refund chatbot".split()
    queries = [f"{word} {'really ' * n}{word}" for word in words for n in range(1, 9)]
    groups = _objects(_run(folder, "-", "--json", stdin="\n".join(queries)).stdout)
    out = _run(folder, "-", stdin="\n".join(queries)).stdout
    sizes = [len(group["queries"]) for group in groups]
    assert max(sizes) > 5
    assert out.count(" → ") == sum(min(size, 5) for size in sizes)
    assert all(f"\n         and {size - 5} more\n" in out for size in sizes if size > 5)


def test_nothing_to_answer_leaves_stdout_empty(folder: Path) -> None:
    """Where no query has a word, stderr says so, and the exit code is 0."""
    done = _run(folder, "-", stdin="how do I\n???\n")
    assert (done.stdout, done.exit_code) == ("", 0)
    assert done.stderr == 'Left out, as they have no word but stop words: "???", "how do I"\n'


@pytest.mark.parametrize("words", [[], ["-", "-n", "0"], ["-", "--weak", "2"], ["-", "-n", "x"]])
def test_wrong_usage(folder: Path, words: list[str]) -> None:
    """A missing file, and a number that cannot be, are exit code 2."""
    assert _run(folder, *words).exit_code == 2


@pytest.mark.parametrize("columns", [40, 80])
def test_a_query_commands_no_terminal_and_fits_it(folder: Path, columns: int) -> None:
    """Whatever is asked, and however often, reaches the terminal as plain text of its width."""
    queries = ("red\x1b[31m \x07bell " + "x" * 150, "how \x07 do")
    lines = [json.dumps({"text": text, "count": 10**7}) for text in queries]
    done = _run(folder, "-", columns=columns, stdin="\n".join(lines))
    assert "asked 10,000,000, weak" in " ".join(done.stdout.split())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", done.stdout + done.stderr)
    assert max(map(len, done.stdout.splitlines())) <= columns


def test_help_tells_the_threshold(folder: Path) -> None:
    """The help names the threshold that is in force without --weak."""
    assert f"[default: {WEAK}]" in _run(folder, "--help", columns=200).stdout


# --- the log


@pytest.mark.parametrize(
    ("content", "queries", "blank"),
    [
        ("refund\nphone call\nrefund\n", [("refund", 1), ("phone call", 1), ("refund", 1)], 0),
        ("\ufeffrefund\r\n\r\n \t\r\nphone", [("refund", 1), ("phone", 1)], 2),
        ("q1\trefund\nq1\tphone call\n", [("refund", 1), ("phone call", 1)], 0),
        ("q1\trefund\n\nq2\t42\n", [("refund", 1), ("42", 1)], 1),
        ('{"_id": "q1", "text": "refund"}\n{"text": "phone", "count": 7, "when": "now"}\n',
         [("refund", 1), ("phone", 7)], 0),
        ("42\n", [("42", 1)], 0),
        ("some {braces}\nand a\ttab\n", [("some {braces}", 1), ("and a\ttab", 1)], 0),
    ],
)  # fmt: skip
def test_a_log_in_each_layout(
    tmp_path: Path, content: str, queries: list[tuple[str, int]], blank: int
) -> None:
    """Plain lines, id and text, and JSON Lines; a line is a query, and blank ones are counted."""
    (tmp_path / "log").write_bytes(content.encode())
    assert read_log(tmp_path / "log") == (queries, blank)


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('{"text": "a"}\nrefund', 2, "not JSON: Expecting value at column 1"),
        ('{"text": "a"}\n[1]', 2, "not a JSON object"),
        ('{"text": ""}', 1, "a query without text"),
        ('\n{"_id": "q1"}', 2, "a query without text"),
        ('{"text": "\\ud800"}', 1, "half of a surrogate pair in its text"),
        *((f'{{"text": "a", "count": {count}}}', 1, "no whole number from 1 to")
          for count in ("0", "-1", "1.5", "true", '"2"', "null")),
        ("q1\trefund\nphone", 2, "no tab between id and text"),
        ("q1\trefund\nq2\t", 2, "a query without text"),
        ("refund\n\udcff", 2, "not UTF-8"),
    ],
)  # fmt: skip
def test_a_bad_line_is_named(tmp_path: Path, content: str, line: int, reason: str) -> None:
    """A line that is not in the layout of the first is an error with file, line and reason."""
    file = tmp_path / "log"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(LineError) as caught:
        read_log(file)
    assert str(caught.value).startswith(f"{file}:{line}: ")
    assert reason in str(caught.value)
    assert (caught.value.line, "\n" in str(caught.value)) == (line, False)


def test_files_without_a_query(folder: Path, tmp_path: Path) -> None:
    """What is missing, a folder, or blank is an error that names it, and so are bare numbers."""
    (tmp_path / "blank").write_text(" \n\n")
    (tmp_path / "bom").write_bytes(b"\xef\xbb\xbf\n")
    (tmp_path / "spaces").write_text("\u00a0\n\u3000\n")
    (tmp_path / "counts").write_text("refund\t14\nphone\t3\n")
    for name, reason in (
        ("none", "cannot be read: No such file"),
        (".", "cannot be read"),
        ("blank", "no query in it"),
        ("bom", "no query in it"),
        ("spaces", "no query in it"),
        ("counts", "what follows the tabs is numbers"),
    ):
        with pytest.raises(SourceError, match=reason):
            _run(folder, str(tmp_path / name))
    with pytest.raises(SourceError, match=r"^<stdin>: no query in it"):
        _run(folder, "-", stdin="")
