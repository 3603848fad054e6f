"""The commands that look at a corpus as a whole: topics, gaps."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import (
    AsJson,
    IndexFolder,
    RankingName,
    count,
    json_line,
    listing,
    note,
    progress_bar,
    quoted,
    say,
)

if TYPE_CHECKING:
    from tipsearch.explore.gaps.gap import Asked, Gap
    from tipsearch.explore.gaps.gaps import Gaps
    from tipsearch.explore.topics.topic import Topic
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.index import Index

TITLES = 3  # that stand for a topic
QUERIES = 5  # the weakest, that stand for a gap

Number = Annotated[
    int | None,
    typer.Option(
        "--number",
        "-n",
        min=1,
        metavar="N",
        help="How many topics.  [default: as many as score best]",
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
QueriesFile = Annotated[
    Path,
    typer.Argument(
        metavar="QUERIES_FILE",
        readable=False,
        help='What is asked: a query, id<TAB>text or {"text", "count"?} a line; - is stdin.',
    ),
]
Groups = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many groups at most.")
]
Weak = Annotated[
    float | None,
    typer.Option(
        min=0, max=1, metavar="X", help="Coverage below which an answer is weak.  [default: 0.53]"
    ),
]


def topics(
    number: Number = None,
    like: Like = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show what the posts are about, by topic."""
    from tipsearch.explore.topics.earlier import read_numbers

    older = read_numbers(like) if like is not None else None
    opened = open_or_build(index)
    found = opened.topics("auto" if number is None else number, older=older)
    if older is not None:
        known = sum(id in older for id in found.numbers)
        note(f"{known:,} of {count(len(opened), 'post')} had a topic before.")
    _note_choice(found)
    if as_json:
        say(map(json_line, found.to_json()))
    else:
        say(_lines(found, opened))


def gaps(
    queries: QueriesFile,
    limit: Groups = 10,
    weak: Weak = None,
    ranking: RankingName = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show what is asked and answered weakly, by topic."""
    from tipsearch.cli import terminal
    from tipsearch.corpus.querylog import read_log

    log = read_log(queries)
    opened = open_or_build(index)
    with progress_bar("Asking") as progress:
        found = opened.gaps(log.queries, weak=weak, ranking=ranking, progress=progress)
    if log.blank:
        note(f"{count(log.blank, 'blank line')}: passed over.")
    if found.wordless:
        texts = listing(quoted(terminal.plain(text) for text, _ in found.wordless))
        note(f"Left out, as they have no word but stop words: {texts}")
    if as_json:
        if len(found) > limit:
            note(f"{limit:,} of {count(len(found), 'group')}: --limit gives more.")
        say(json_line(gap.to_json()) for gap in found[:limit])
    elif found:
        say(_gaps(found, limit))


def _note_choice(found: "Topics") -> None:
    """How the number of topics came about, where several were tried."""
    if len(found.tried) > 1:
        numbers = [quality.number for quality in found.tried]
        note(
            f"Tried {min(numbers):,} to {max(numbers):,} topics: those of {numbers[0]:,} are the"
            f" most coherent, diverse and even (score {found.tried[0].score:.3f})."
        )


def _lines(found: "Topics", opened: "Index") -> Iterator[str]:
    from tipsearch.cli import terminal

    digits = max(len(str(topic.number)) for topic in found)
    for topic in found:
        yield from _topic(topic, digits, opened)
        yield ""
    told = f"{count(len(found), 'topic')} of {count(len(opened), 'post')}: "
    told += f"coherence {found.coherence:.2f}, diversity {found.diversity:.2f}, "
    told += f"evenness {found.quality.evenness:.2f}"
    yield from terminal.entry("", told)


def _topic(topic: "Topic", digits: int, opened: "Index") -> Iterator[str]:
    """Its number, label and size; below, its words and the titles that are most like it."""
    from tipsearch.cli import terminal

    head = f"{topic.number:>{digits}}. "
    facts = f"{count(topic.size, 'post')} ({100 * topic.size / len(opened):.0f} %)"
    yield from terminal.headline(head, topic.label, facts)
    indent = " " * len(head)
    yield from terminal.entry(indent, ", ".join(word for word, _ in topic.words))
    for id in topic.posts[:TITLES]:
        yield from terminal.entry(f"{indent}- ", opened.post(id).label)


def _gaps(found: "Gaps", limit: int) -> Iterator[str]:
    from tipsearch.cli import terminal

    shown = found[:limit]
    for place, gap in enumerate(shown, 1):
        yield from _gap(f"{place:>{len(str(len(shown)))}}. ", gap)
        yield ""
    some = f"{len(shown):,} of " if len(shown) < len(found) else ""
    told = f"{some}{count(len(found), 'group')} of {count(len(found.queries), 'query')}, "
    told += f"asked {count(found.asked, 'time')}: {_weak(found)} answered weakly, "
    told += f"mean coverage {found.coverage:.2f}"
    yield from terminal.entry("", told)


def _gap(head: str, gap: "Gap") -> Iterator[str]:
    """Its label and how much of it is weak; below, the weakest queries and what is nearest."""
    from tipsearch.cli import terminal

    yield from terminal.headline(head, gap.label, f"asked {gap.asked:,}, weak {_weak(gap)}")
    indent = " " * len(head)
    for asked in gap.queries[:QUERIES]:
        yield from terminal.entry(f"{indent}{asked.coverage:.2f}  ", _query(asked))
    if len(gap.queries) > QUERIES:
        yield f"{indent}      and {len(gap.queries) - QUERIES:,} more"


def _query(asked: "Asked") -> str:
    often = f" ({asked.count:,} times)" if asked.count > 1 else ""
    return f"{asked.query}{often} → {asked.title or 'no post'}"


def _weak(counted: "Gap | Gaps") -> str:
    share = 100 * counted.weak / counted.asked if counted.asked else 0
    return f"{counted.weak:,} ({share:.0f} %)"
