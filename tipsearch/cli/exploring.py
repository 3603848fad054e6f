"""The commands that survey a corpus: topics, gaps, duplicates."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import (
    AsJson,
    IndexOrSeeds,
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
    from tipsearch.explore.duplicates import Duplicates, Group
    from tipsearch.explore.gaps.gap import Asked, Gap
    from tipsearch.explore.gaps.gaps import Gaps
    from tipsearch.explore.topics.topic import Topic
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.index import Index

TITLES_SHOWN = 3  # of each topic
QUERIES_SHOWN = 5  # of each gap, the weakest
COPIES_SHOWN = 10  # of each group of duplicates, the oldest

TopicCount = Annotated[
    int | None,
    typer.Option(
        "--number",
        "-n",
        min=1,
        metavar="N",
        help="Make N topics.  [default: the number that scores best]",
    ),
]
EarlierTopics = Annotated[
    Path | None,
    typer.Option(
        "--like",
        metavar="FILE",
        readable=False,
        help="Output of an earlier run with --json: topics continue those, under the same numbers.",
    ),
]
QueriesFile = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        readable=False,
        help='The queries, one a line: text, id<TAB>text, or JSON with "text" and, if you like,'
        ' "count". "-" reads standard input.',
    ),
]
GroupLimit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="Show at most N groups of queries.")
]
WeakBelow = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        metavar="X",
        help="Call an answer weak if its best post covers less than X of the query; 1 is all of it."
        "  [default: 0.53]",
    ),
]
AtLeast = Annotated[
    float,
    typer.Option(
        min=0.5,
        max=1,
        metavar="X",
        help="Call two posts alike if the cosine of their words is X or more; 1 is the same words.",
    ),
]
CopyLimit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="Show at most N groups of posts.")
]


def topics(
    number: TopicCount = None,
    like: EarlierTopics = None,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show what the posts are about, by topic.

    A topic has a label, the number of its posts, its typical words, and its most typical titles.
    """
    from tipsearch.explore.topics.earlier import read_numbers

    earlier = read_numbers(like) if like is not None else None
    opened = open_or_build(index)
    found = opened.topics("auto" if number is None else number, older=earlier)
    if earlier is not None:
        known = sum(id in earlier for id in found.numbers)
        note(f"{known:,} of {count(len(opened), 'post')} had a topic before.")
    _note_choice(found)
    if as_json:
        say(map(json_line, found.to_json()))
    else:
        say(_topics_text(found, opened))


def gaps(
    queries: QueriesFile,
    limit: GroupLimit = 10,
    weak: WeakBelow = None,
    ranking: RankingName = None,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show which queries of a file find no good answer, by topic.

    Below each topic are its queries with the coverage of the best post, from 0 to 1, and its title.
    """
    from tipsearch.cli import terminal
    from tipsearch.corpus.querylog import read_log

    log = read_log(queries)
    opened = open_or_build(index)
    with progress_bar("Asking") as progress:
        found = opened.gaps(log.queries, weak=weak, ranking=ranking, progress=progress)
    if log.blank:
        note(f"{count(log.blank, 'blank line')}: skipped.")
    if found.wordless:
        texts = listing(quoted(terminal.plain(text) for text, _ in found.wordless))
        note(f"Left out, as they have no word but stop words: {texts}")
    if as_json:
        if len(found) > limit:
            note(f"{limit:,} of {count(len(found), 'group')}: --limit gives more.")
        say(json_line(gap.to_json()) for gap in found[:limit])
    elif found:
        say(_gaps_text(found, limit))


def duplicates(
    at_least: AtLeast = 0.9,
    limit: CopyLimit = 10,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Show posts that repeat each other: reposts and near-copies.

    They stand in groups, the oldest post first. At the right are the date and how much a post is
    like the nearest other post of its group, from 0 to 1; below is its id.
    """
    found = open_or_build(index).duplicates(at_least)
    if as_json:
        if len(found) > limit:
            note(f"{limit:,} of {count(len(found), 'group')}: --limit gives more.")
        say(map(json_line, found.to_json()[:limit]))
    else:
        say(_duplicates_text(found, limit))


def _note_choice(found: "Topics") -> None:
    """Say how the number of topics was chosen, if several were tried."""
    if len(found.tried) > 1:
        numbers = [quality.number for quality in found.tried]
        note(
            f"Tried {min(numbers):,} to {max(numbers):,} topics: those of {numbers[0]:,} are the"
            f" most coherent, diverse and even (score {found.tried[0].score:.3f})."
        )


def _topics_text(found: "Topics", opened: "Index") -> Iterator[str]:
    """All topics, and a line about their quality."""
    from tipsearch.cli import terminal

    digits = max(len(str(topic.number)) for topic in found)
    for topic in found:
        yield from _topic_text(topic, digits, opened)
        yield ""
    summary = f"{count(len(found), 'topic')} of {count(len(opened), 'post')}: "
    summary += f"coherence {found.coherence:.2f}, diversity {found.diversity:.2f}, "
    summary += f"evenness {found.quality.evenness:.2f}"
    yield from terminal.paragraph("", summary)


def _topic_text(topic: "Topic", digits: int, opened: "Index") -> Iterator[str]:
    """Number, label and size of a topic; below, its words and its most typical titles."""
    from tipsearch.cli import terminal

    head = f"{topic.number:>{digits}}. "
    facts = f"{count(topic.size, 'post')} ({100 * topic.size / len(opened):.0f} %)"
    yield from terminal.headline(head, topic.label, facts)
    indent = " " * len(head)
    yield from terminal.paragraph(indent, ", ".join(word for word, _ in topic.words))
    for id in topic.posts[:TITLES_SHOWN]:
        yield from terminal.paragraph(f"{indent}- ", opened.post(id).label)


def _gaps_text(found: "Gaps", limit: int) -> Iterator[str]:
    """The first gaps, and a line of totals over all of them."""
    from tipsearch.cli import terminal

    shown = found[:limit]
    for place, gap in enumerate(shown, 1):
        yield from _gap_text(f"{place:>{len(str(len(shown)))}}. ", gap)
        yield ""
    part = f"{len(shown):,} of " if len(shown) < len(found) else ""
    summary = f"{part}{count(len(found), 'group')} of {count(len(found.queries), 'query')}, "
    summary += f"asked {count(found.asked, 'time')}: {_weak_share(found)} answered weakly, "
    summary += f"mean coverage {found.coverage:.2f}"
    yield from terminal.paragraph("", summary)


def _gap_text(head: str, gap: "Gap") -> Iterator[str]:
    """Label and counts of a gap; below, its weakest queries, each with its best post."""
    from tipsearch.cli import terminal

    yield from terminal.headline(head, gap.label, f"asked {gap.asked:,}, weak {_weak_share(gap)}")
    indent = " " * len(head)
    for asked in gap.queries[:QUERIES_SHOWN]:
        yield from terminal.paragraph(f"{indent}{asked.coverage:.2f}  ", _query_text(asked))
    if len(gap.queries) > QUERIES_SHOWN:
        yield f"{indent}      and {len(gap.queries) - QUERIES_SHOWN:,} more"


def _query_text(asked: "Asked") -> str:
    times = f" ({asked.count:,} times)" if asked.count > 1 else ""
    return f"{asked.query}{times} → {asked.title or 'no post'}"


def _weak_share(counted: "Gap | Gaps") -> str:
    """How many times the answer was weak, as a number and as a percentage."""
    share = 100 * counted.weak / counted.asked if counted.asked else 0
    return f"{counted.weak:,} ({share:.0f} %)"


def _duplicates_text(found: "Duplicates", limit: int) -> Iterator[str]:
    """The first groups, and a line of totals over all of them."""
    from tipsearch.cli import terminal

    shown = found[:limit]
    for number, group in enumerate(shown, 1):
        yield from _copies_text(f"{number:>{len(str(len(shown)))}}. ", group)
        yield ""
    posts, measure = count(found.compared, "post"), f"(cosine {found.at_least:g} or more)"
    if found:
        part = f"{len(shown):,} of " if len(shown) < len(found) else ""
        summary = f"{part}{count(len(found), 'group')}, in which {found.posts:,} of {posts} repeat"
        yield from terminal.paragraph("", f"{summary} another {measure}")
    else:
        yield from terminal.paragraph("", f"None of {posts} repeats another {measure}")


def _copies_text(head: str, group: "Group") -> Iterator[str]:
    """Title, date and similarity of the first posts of a group; below each, its id."""
    from tipsearch.cli import terminal

    indent = " " * len(head)
    for place, copy in enumerate(group[:COPIES_SHOWN]):
        facts = f"{copy.date or ''!s:>10}  {copy.similarity:.3f}"
        yield from terminal.headline(indent if place else head, copy.title, facts)
        yield from terminal.paragraph(indent, copy.id)
    if len(group) > COPIES_SHOWN:
        yield f"{indent}and {len(group) - COPIES_SHOWN:,} more"
