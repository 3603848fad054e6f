"""What the commands share: their options, and how they write to the terminal or the pipe."""

import json
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from tipsearch.cli.terminal import CONTROLS

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
Ranking = Literal["hybrid", "feedback", "bm25", "tfidf"]
RankingName = Annotated[
    Ranking | None,
    typer.Option(
        "--ranking",
        envvar="TIPSEARCH_RANKING",
        help="How to rank: bm25 and tfidf by the words of the query; feedback also by words that"
        " the best posts add; hybrid by these and by meaning.  [default: the index's own]",
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
    """One line of JSON; escaped is what the output could not hold, or a terminal would obey."""
    unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    line = json.dumps(data, ensure_ascii=not unicode)
    return CONTROLS.sub(lambda found: "".join(f"\\u{ord(c):04x}" for c in found[0]), line)


def count(number: int, noun: str) -> str:
    """A number and its noun, in the plural where that is due."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def quoted(words: Iterable[str]) -> list[str]:
    return [f'"{word[:40]}{"…" * (len(word) > 40)}"' for word in words]


def listing(items: Sequence[str]) -> str:
    """The first ten items, and how many more there are."""
    more = f" and {len(items) - 10:,} more" if len(items) > 10 else ""
    return ", ".join(items[:10]) + more


def say(lines: Iterable[str]) -> None:
    if hasattr(signal, "SIGPIPE"):  # a reader that has seen enough, such as head, ends us quietly
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        for line in lines:
            typer.echo(line)
        sys.stdout.flush()
    except OSError as error:
        error.filename = error.filename or "standard output"
        raise


def note(*lines: str) -> None:
    """Lines on standard error, without what a terminal would obey."""
    for line in lines:
        typer.echo(CONTROLS.sub("", line), err=True)


def settle() -> None:
    """From here on an interrupt comes too late: the outcome is decided, and is told to the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class WordsCommand(TyperCommand):
    """A command whose words may begin with a hyphen, as in `-5 minutes`.

    What begins with one hyphen and no short option of the command is a word.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the options before the words."""
        takes_value = {
            name: not getattr(option, "is_flag", False)
            for option in self.get_params(ctx)
            for name in option.opts
        }
        options, words, rest = list[str](), list[str](), iter(args)
        for argument in rest:
            short = argument[:2]
            if argument == "--":
                words += rest
            elif argument.startswith("--") or (len(argument) > 1 and short in takes_value):
                options.append(argument)
                name = argument if argument.startswith("--") else short
                if argument == name and takes_value.get(name):
                    options += filter(None, [next(rest, None)])
            else:
                words.append(argument)
        return super().parse_args(ctx, [*options, "--", *words] if words else options)
