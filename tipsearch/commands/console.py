"""What the commands share: their options, and how they write to the terminal or the pipe."""

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

IndexFolder = Annotated[
    Path,
    typer.Option(
        "--index",
        envvar="TIPSEARCH_INDEX",
        metavar="DIR",
        readable=False,  # what cannot be read is an error of ours, not wrong usage
        help="Folder of the index.",
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="How many posts at most.")
]
Ranking = Literal["bm25", "hybrid", "tfidf"]
RankingName = Annotated[
    Ranking | None,
    typer.Option(
        "--ranking",
        envvar="TIPSEARCH_RANKING",
        help="By words (bm25, tfidf), or by words and meaning.  [default: the index's own]",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
TitleOrId = Annotated[
    list[str], typer.Argument(metavar="TITLE_OR_ID", help="A title, a part of one, or an id.")
]


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal's stderr, to be told the share that is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=100, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.pos)


def json_line(data: dict[str, Any]) -> str:
    """One line of JSON; escaped where the output could not hold its characters."""
    unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    return json.dumps(data, ensure_ascii=not unicode)


def count(number: int, noun: str) -> str:
    """A number and its noun, in the plural where that is due."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def quoted(words: Iterable[str]) -> list[str]:
    return [f'"{word[:40]}"' for word in words]


def listing(items: Sequence[str]) -> str:
    """The first ten items, and how many more there are."""
    more = f" and {len(items) - 10:,} more" if len(items) > 10 else ""
    return ", ".join(items[:10]) + more


def say(lines: Iterable[str]) -> None:
    if hasattr(signal, "SIGPIPE"):  # a reader that has seen enough, such as head, ends us quietly
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in lines:
        typer.echo(line)
    sys.stdout.flush()


def note(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
