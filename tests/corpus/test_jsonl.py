"""JSON Lines: a post a line, and a reason for each line that is none."""

import json
import tempfile
from datetime import date as Date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tipsearch
from tests.conftest import ends
from tipsearch.corpus.post import Post, Source
from tipsearch.corpus.readers import jsonl
from tipsearch.corpus.report import POST, UNRECOGNISED


def write(folder: Path, *rows: Any, name: str = "posts.jsonl") -> Path:
    """Write rows as JSON, strings as they are, a line each."""
    path = folder / name
    lines = [row if isinstance(row, str) else json.dumps(row) for row in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def refusal(row: Any) -> str:
    """Why a line is refused."""
    page = jsonl.parse([row if isinstance(row, str) else json.dumps(row)])
    assert page.drafts == ()
    assert page.refused.keys() == {1}
    return page.refused[1]


def test_a_line_is_a_post_with_all_that_it_says(tmp_path: Path) -> None:
    """Every known key has its place in the post; all others are ignored."""
    path = write(
        tmp_path,
        {
            "id": " a-1 ",
            "title": "Call “Back”",
            "text": "One.\n\n• Two\xa0",
            "date": "2014-02-04",
            "categories": ["Tips", "Calls"],
            "kind": "teaser",
            "url": "https://example.org/a",
            "metadata": {"x": 1},
        },
    )
    posts, report = tipsearch.read(path)
    assert posts == [
        Post(
            id="a-1",
            title="Call “Back”",
            text="One.\n\n• Two\xa0",
            date=Date(2014, 2, 4),
            categories=("Tips", "Calls"),
            kind="teaser",
            url="https://example.org/a",
            sources=(Source("posts.jsonl", 1, 1),),
        )
    ]
    assert (report.entries, report.full, report.teasers, report.undated) == (1, 0, 1, 0)


@pytest.mark.parametrize(
    "row",
    [
        {"_id": "1", "text": "a"},
        {"id": 1, "text": "a"},
        {"id": None, "_id": "1", "text": "a"},
        {"_id": 1, "title": None, "text": "a", "date": None, "categories": None, "kind": None},
        {"id": "1", "title": "", "text": "a", "date": "", "categories": [], "url": None},
    ],
)
def test_only_an_id_and_a_text_are_needed(row: dict[str, Any]) -> None:
    """The id may be "id" or "_id", a string or a whole number; null is the same as no key."""
    (draft,) = jsonl.parse([json.dumps(row)]).drafts
    assert (draft.id, draft.title, draft.text, draft.kind) == ("1", "", "a", "full")
    assert (draft.date, draft.categories, draft.url) == (None, (), None)


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2014-02-04", Date(2014, 2, 4)),
        ("2014-02-04T10:00:00Z", Date(2014, 2, 4)),
        ("2014-02-04 10:00", Date(2014, 2, 4)),
        ("2014-02-30", None),
        ("2014-02-041", None),
        ("2/4/14", None),
        ("2014", None),
        (20140204, None),
        (["2014-02-04"], None),
        ({}, None),
        (False, None),
    ],
)
def test_a_date_is_a_day(value: Any, date: Date | None) -> None:
    """The day of an ISO date or time is taken; anything else refuses the line."""
    row = {"id": "1", "text": "a", "date": value}
    if date:
        assert jsonl.parse([json.dumps(row)]).drafts[0].date == date
    else:
        assert refusal(row) == '"date" must be a day such as "2014-02-04"'


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("not json", "not JSON: Expecting value at column 1"),
        ('{"id": "1", "text": "a"', "not JSON: Expecting ',' delimiter at column 24"),
        ('{"id": "1", "text": "a"} {}', "not JSON: Extra data at column 26"),
        ("[" * 100_000, "not JSON that can be read: nested too deeply"),
        ('{"id": ' + "1" * 5000 + ', "text": "a"}', "not JSON that can be read: a number"),
        ('{"id": "1", "text": "a', "not JSON: Unterminated string starting at column 21"),
        ("[]", "not a JSON object"),
        ('"text"', "not a JSON object"),
        ("null", "not a JSON object"),
        ({"text": "a"}, 'it needs an "id" (or "_id")'),
        ({"id": " ", "text": "a"}, 'it needs an "id" (or "_id")'),
        ({"id": True, "text": "a"}, 'it needs an "id" (or "_id")'),
        ({"id": 1.5, "text": "a"}, 'it needs an "id" (or "_id")'),
        ({"id": ["1"], "text": "a"}, 'it needs an "id" (or "_id")'),
        ({"id": "1"}, 'it needs a "text"'),
        ({"id": "1", "text": None}, 'it needs a "text"'),
        ({"id": "1", "text": 1}, '"text" must be a string'),
        ({"id": "1", "text": "a", "title": 1}, '"title" must be a string'),
        ({"id": "1", "text": "a", "url": []}, '"url" must be a string'),
        ({"id": "1", "text": "a", "categories": "Tips"}, '"categories" must be a list'),
        ({"id": "1", "text": "a", "categories": [1]}, '"categories" must be a string'),
        ({"id": "1", "text": "a", "categories": [None]}, '"categories" must be a list of strings'),
        ({"id": "1", "text": "a", "kind": "page"}, '"kind" must be "full" or "teaser"'),
        ({"id": "1", "text": "a", "kind": []}, '"kind" must be "full" or "teaser"'),
        ({"id": "1", "text": "\ud83d"}, '"text" has half of a surrogate pair'),
        ({"id": "\ude00", "text": "a"}, '"id" has half of a surrogate pair'),
    ],
)
def test_a_line_that_is_no_post_is_refused_with_its_reason(row: Any, reason: str) -> None:
    """What is missing or of the wrong type is named, and nothing else is read of the line."""
    assert refusal(row).startswith(reason)


def test_one_bad_line_does_not_hide_the_others(tmp_path: Path) -> None:
    """Each line stands for itself; blank ones do not count, and numbers are those of the file."""
    path = write(tmp_path, {"id": "1", "text": "a"}, "", "{", " \t", {"id": "2", "text": "b"})
    posts, report = tipsearch.read(path)
    assert [post.id for post in posts] == ["1", "2"]
    assert [(line.number, line.kind, line.post) for line in report.files[0].lines] == [
        (1, POST, "1"),
        (3, UNRECOGNISED, None),
        (5, POST, "2"),
    ]
    ((_, line),) = report.unrecognised()
    assert line.note.startswith("not JSON")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_change_nothing(end: str, tmp_path: Path) -> None:
    """A line separator inside a string is a character of it."""
    rows = [{"id": "1", "text": "a\u2028b\x85c"}, {"id": "2", "text": "b"}]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "a.NDJSON").write_bytes(("\ufeff" + end.join(lines) + end).encode())
    posts, _ = tipsearch.read(tmp_path)
    assert [(post.text, post.sources[0].first) for post in posts] == [
        ("a\u2028b\x85c", 1),
        ("b", 2),
    ]


def test_the_same_id_is_the_same_post_or_refused(tmp_path: Path) -> None:
    """A copy is a second source; another post under the same id is not taken, in any order."""
    one = write(tmp_path, {"id": "1", "text": "a"}, {"id": "1", "text": "a"}, name="a.jsonl")
    two = write(tmp_path, {"id": "1", "text": "b"}, {"id": "1", "text": "a"}, name="b.jsonl")
    for sources in ([one, two], [two, one]):
        posts, report = tipsearch.read(*sources)
        (post,) = posts
        assert post.text == "a"
        assert post.sources == (
            Source("a.jsonl", 1, 1),
            Source("a.jsonl", 2, 2),
            Source("b.jsonl", 2, 2),
        )
        ((path, line),) = report.unrecognised()
        assert (path, line.number, line.note) == ("b.jsonl", 1, "another post has this id already")
        assert report.entries == 3


def test_a_file_without_a_post_is_a_problem(tmp_path: Path) -> None:
    """Its reason says what a line needs; every line is unrecognised, each with its own reason."""
    path = write(tmp_path, "some", "prose")
    posts, report = tipsearch.read(path)
    assert posts == []
    (problem,) = report.problems
    assert (
        problem.problem
        == 'no post found: it has not a JSON object with "id" and "text" in any line'
    )
    assert [line.note for line in problem.lines] == ["not JSON: Expecting value at column 1"] * 2
    assert report.to_json()["problems"] == [{"path": "posts.jsonl", "reason": problem.problem}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(["id", "_id", "title", "text", "date", "categories", "kind", "url", "x"])
ROWS = st.one_of(
    st.dictionaries(KEYS, JSON, max_size=7),
    st.fixed_dictionaries(
        {"id": st.text(max_size=3), "text": st.text(max_size=9)},
        optional={"title": st.text(max_size=9), "date": st.dates().map(str), "kind": JSON},
    ),
    JSON,
).map(json.dumps)


@given(st.lists(ROWS | st.text(st.characters(exclude_categories=["Cs"]), max_size=9), max_size=8))
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_every_line_is_a_post_or_refused(lines: list[str]) -> None:
    """Any JSON and any text: no error, each non-blank line once, its id among the posts."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.jsonl"
        path.write_bytes("\n".join(lines).encode())
        posts, report = tipsearch.read(path)
        read = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    numbers = [n for n, line in enumerate(read.split("\n"), start=1) if line.strip()]
    (file,) = report.files
    assert [line.number for line in file.lines] == (numbers if file.problem != "empty" else [])
    used = {line.post for line in file.lines if line.kind == POST}
    assert used == {post.id for post in posts}
    assert all(line.note for line in file.lines if line.kind == UNRECOGNISED)
    assert bool(posts) != bool(report.problems)


def test_lines_are_read_in_linear_time(tmp_path: Path) -> None:
    """A hundred thousand posts, some under one id, are read to the end."""
    rows = [f'{{"id": "{n % 99_000}", "text": "text {n % 99_000}"}}' for n in range(100_000)]
    told = ends(
        "import sys, tipsearch\n"
        "posts, report = tipsearch.read(sys.argv[1])\n"
        "print(len(posts), report.entries)",
        write(tmp_path, *rows),
    )
    assert told == "99000 100000\n"
