"""`tipsearch topics` as people run it: in a terminal's width, as JSON, and again a year later."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tipsearch.cli import app as cli
from tipsearch.errors import LineError, SettingError, SourceError
from tipsearch.explore.topics.earlier import read_numbers
from tipsearch.index import Index

TIPSEARCH = Path(sys.executable).parent / "tipsearch"
KEYS = ["topic", "label", "size", "share", "coherence", "words", "typical", "posts"]


@pytest.fixture(scope="module")
def folder(index: Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the seeds in index/."""
    there = tmp_path_factory.mktemp("topics")
    index.save(there / "index")
    return there


def _run(folder: Path, *words: str, columns: int = 80) -> Result:
    """The command, in this process; what it raises is raised."""
    asked = ["topics", "--index", str(folder / "index"), *words]
    done = CliRunner().invoke(cli.app, asked, env={"COLUMNS": str(columns)})
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_topics_as_an_installed_command(seeds: Path, tmp_path: Path) -> None:
    """It builds the index first, as query does; the JSON goes to stdout, all else to stderr."""
    (tmp_path / "seeds").symlink_to(seeds)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TIPSEARCH", "COLUMNS"))}
    done = subprocess.run(
        [TIPSEARCH, "topics", "--json"], cwd=tmp_path,
        env=clean | {"TIPSEARCH_RANKING": "feedback"},
        capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    topics = _objects(done.stdout)
    assert all(list(topic) == KEYS for topic in topics)
    assert sum(topic["size"] for topic in topics) == 56
    assert len({id for topic in topics for id in topic["posts"]}) == 56
    built, tried = done.stderr.splitlines()
    assert "building it from seeds/" in built
    assert f"those of {len(topics)} are the most coherent, diverse and even (score 0." in tried


def test_the_json_is_that_of_the_topics(folder: Path, index: Index) -> None:
    """A line is what `Topics.to_json` gives of a topic, and a number that is given is kept to."""
    done = _run(folder, "-n", "3", "--json")
    assert _objects(done.stdout) == index.topics(3).to_json()
    assert done.stderr == ""


@pytest.mark.parametrize("columns", [50, 80, 200])
def test_topics_for_people(folder: Path, index: Index, columns: int) -> None:
    """Number, label, posts and their share of all; words; typical titles; and how good it is."""
    topics = index.topics(4)
    out = _run(folder, "-n", "4", columns=columns).stdout
    *blocks, told = out.strip().split("\n\n")
    assert max(map(len, out.splitlines())) <= min(columns, 100)
    assert len(blocks) == 4
    for topic, block in zip(topics, blocks, strict=True):
        assert block.startswith(f"{topic.number}. {topic.label.split()[0]}")
        first, said = block.splitlines()[0], " ".join(block.split())
        posts = "1 post" if topic.size == 1 else f"{topic.size} posts"
        assert first.endswith(f"  {posts} ({100 * topic.size / len(index):.0f} %)")
        assert ", ".join(word for word, _ in topic.words) in said
        assert said.count(" - ") >= min(3, topic.size)
        assert f"- {index.post(topic.posts[0]).title}" in said
    assert " ".join(told.split()) == (
        f"4 topics of 56 posts: coherence {topics.coherence:.2f}, diversity"
        f" {topics.diversity:.2f}, evenness {topics.quality.evenness:.2f}"
    )


def test_topics_keep_the_numbers_of_an_earlier_run(folder: Path, tmp_path: Path) -> None:
    """With the output of an earlier run, the same posts have the same topics by number."""
    before = [topic | {"topic": topic["topic"] + 6} for topic in _objects(
        _run(folder, "-n", "3", "--json").stdout
    )]  # fmt: skip
    file = tmp_path / "before.jsonl"
    file.write_text("\n".join(map(json.dumps, before)))
    done = _run(folder, "--like", str(file), "--json")
    after = _objects(done.stdout)
    assert [(topic["topic"], topic["posts"]) for topic in after] == [
        (topic["topic"], topic["posts"]) for topic in before
    ]
    assert done.stderr == "56 of 56 posts had a topic before.\n"


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ('{"topic": 1, "posts": ["a"]}\nnonsense', 2, "not JSON: Expecting value at column 1"),
        ("[1]", 1, "not a JSON object"),
        ('{"label": "x", "posts": []}', 1, "no topic"),
        ('{"topic": true, "posts": []}', 1, "no topic"),
        ('{"topic": 0, "posts": []}', 1, "no topic"),
        ('\n{"topic": 1}', 2, 'without "posts", a list of ids'),
        ('{"topic": 1, "posts": "ab"}', 1, 'without "posts", a list of ids'),
        ('{"topic": 1, "posts": [7]}', 1, 'without "posts", a list of ids'),
        ('{"topic": 1, "posts": []}\n{"topic": 1, "posts": []}', 2, "a second topic 1"),
        ('{"topic": 1, "posts": ["a"]}\n{"topic": 2, "posts": ["a"]}', 2, "'a' is in two topics"),
        ("[" * 100_000, 1, "give a file that tipsearch topics --json has written"),
        ("\udcff", 1, "not UTF-8"),
    ],
)
def test_a_line_that_is_no_topic_is_named(
    tmp_path: Path, content: str, line: int, reason: str
) -> None:
    """What an earlier run cannot have written is an error with file, line and reason."""
    file = tmp_path / "like.jsonl"
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(LineError) as caught:
        read_numbers(file)
    assert (caught.value.path, caught.value.line) == (str(file), line)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_hold_no_topic(folder: Path, tmp_path: Path) -> None:
    """A file that is not there, a folder, and an empty file are errors that name it."""
    (tmp_path / "empty").write_text(" \n")
    for name, reason in (
        ("none", "cannot be read"), (".", "cannot be read"), ("empty", "no topic in it")
    ):  # fmt: skip
        with pytest.raises(SourceError, match=reason):
            _run(folder, "--like", str(tmp_path / name))


def test_numbers_of_topics_that_cannot_be(folder: Path) -> None:
    """More topics than posts is an error that says how many there can be; 0 is wrong usage."""
    with pytest.raises(SettingError, match="from 1 to 56"):
        _run(folder, "-n", "57")
    assert _run(folder, "-n", "0").exit_code == 2
