"""The commands that look at a corpus as a whole: topics."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tipsearch.commands.building import open_or_build
from tipsearch.commands.console import AsJson, IndexFolder, count, json_line, note, say

if TYPE_CHECKING:
    from tipsearch.index import Index
    from tipsearch.topics.topic import Topic
    from tipsearch.topics.topics import Topics

TITLES = 3  # that stand for a topic

Number = Annotated[
    int | None,
    typer.Option(
        "--number",
        "-n",
        min=1,
        metavar="N",
        help="How many topics.  [default: as many as have the best words]",
    ),
]
Like = Annotated[
    Path | None,
    typer.Option(
        "--like",
        metavar="FILE",
        readable=False,
        help="An earlier --json output of this command: topics go on from it, with its numbers.",
    ),
]


def topics(
    number: Number = None,
    like: Like = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show what the posts are about: their topics, each with its words and typical posts."""
    from tipsearch.topics.earlier import read_numbers

    older = read_numbers(like) if like is not None else None
    opened = open_or_build(index)
    if older is not None:
        _note_known(older, opened)
    found = opened.topics("auto" if number is None else number, older=older)
    _note_choice(found)
    if as_json:
        say(map(json_line, found.to_json()))
    else:
        say(_lines(found, opened))


def _note_known(older: dict[str, int], opened: "Index") -> None:
    known = sum(post.id in older for post in opened)
    note(f"{known:,} of {count(len(opened), 'post')} had a topic before.")


def _note_choice(found: "Topics") -> None:
    """How the number of topics came about, where several were tried."""
    if len(found.tried) > 1:
        numbers = [quality.number for quality in found.tried]
        note(
            f"Tried {min(numbers):,} to {max(numbers):,} topics: the words of {numbers[0]:,} are"
            f" the most coherent and diverse (score {found.tried[0].score:.3f})."
        )


def _lines(found: "Topics", opened: "Index") -> Iterator[str]:
    from tipsearch import terminal

    digits = max(len(str(topic.number)) for topic in found)
    for topic in found:
        yield from _topic(topic, digits, opened)
        yield ""
    told = f"{count(len(found), 'topic')} of {count(len(opened), 'post')}: "
    told += f"coherence {found.coherence:.2f}, diversity {found.diversity:.2f}"
    yield from terminal.entry("", told)


def _topic(topic: "Topic", digits: int, opened: "Index") -> Iterator[str]:
    """Its number, label and size; below, its words and the titles that are most like it."""
    from tipsearch import terminal

    head = f"{topic.number:>{digits}}. "
    facts = f"{count(topic.size, 'post')}, {100 * topic.share:.0f} %"
    yield from terminal.headline(head, topic.label, facts)
    indent = " " * len(head)
    yield from terminal.entry(indent, ", ".join(word for word, _ in topic.words))
    for id in topic.posts[:TITLES]:
        yield from terminal.entry(f"{indent}- ", opened.post(id).label)
