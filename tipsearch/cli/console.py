"""The console: options that commands share, and output on stdout and stderr."""

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


def _index_option(help: str) -> Any:
    return typer.Option(
        "--index",
        envvar="TIPSEARCH_INDEX",
        metavar="DIR",
        readable=False,  # what cannot be read is an error of ours, not wrong usage
        help=help,
    )


def _ranking_option(help: str) -> Any:
    return typer.Option(
        "--ranking",
        envvar="TIPSEARCH_RANKING",
        help=f"{help}  [default: the index's own]",
    )


IndexFolder = Annotated[Path, _index_option("Folder that holds the index.")]
IndexOrSeeds = Annotated[
    Path,
    _index_option("Folder that holds the index. If there is none yet, it is built from seeds/."),
]
NewIndexFolder = Annotated[Path, _index_option("Folder to write the index to.")]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="Show at most N posts.")
]
Ranking = Literal["hybrid", "feedback", "bm25", "tfidf"]
RankingName = Annotated[
    Ranking | None,
    _ranking_option(
        "How to score posts. bm25 and tfidf: by the words of the query. feedback: bm25, and words"
        " that the best posts add. hybrid: feedback, and similar meaning."
    ),
]
RelatedRankingName = Annotated[
    Ranking | None,
    _ranking_option("How to score posts. hybrid: by words and by meaning. Others: by words."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one object per line.")]
Diverse = Annotated[
    bool,
    typer.Option(
        "--diverse", help="Keep like posts apart: the best of each kind first, not by score alone."
    ),
]
Explain = Annotated[
    bool,
    typer.Option("--explain", help="Say below each post why it was found: its words and meaning."),
]
Facets = Annotated[
    bool,
    typer.Option(
        "--facets", help="Also count the posts found by category, year and kind; with --json last."
    ),
]
TitleOrId = Annotated[
    list[str],
    typer.Argument(
        metavar="TITLE_OR_ID",
        help="The post: its title, a part of its title, its id, or its date (YYYY-MM-DD).",
    ),
]


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[float], None]]:
    """A progress bar, if stderr is a terminal; call what it gives with the share done, 0 to 1."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=100, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.pos)


def json_line(data: dict[str, Any]) -> str:
    """One line of JSON. Controls, and what the encoding of stdout lacks, are escaped."""
    unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    line = json.dumps(data, ensure_ascii=not unicode)
    return CONTROLS.sub(lambda match: "".join(f"\\u{ord(c):04x}" for c in match[0]), line)


def count(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless the number is 1.

    >>> count(1, "query"), count(1_000, "query"), count(0, "post")
    ('1 query', '1,000 queries', '0 posts')
    """
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def quoted(words: Iterable[str]) -> list[str]:
    """Each word in quotes, cut to 40 characters."""
    return [f'"{word[:40]}{"…" * (len(word) > 40)}"' for word in words]


def listing(items: Sequence[str]) -> str:
    """The first ten items with commas between, and how many more there are."""
    more = f" and {len(items) - 10:,} more" if len(items) > 10 else ""
    return ", ".join(items[:10]) + more


def say(lines: Iterable[str]) -> None:
    """Print lines to stdout. Raises OSError, with "standard output" as its file, if that fails."""
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
    """Print lines to stderr, without control characters."""
    for line in lines:
        typer.echo(CONTROLS.sub("", line), err=True)


def ignore_interrupts() -> None:
    """Ignore Ctrl-C from now on: the index is published, and what remains is to report it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class WordsCommand(TyperCommand):
    """A command whose words may begin with a hyphen, as in `-5 minutes`.

    An argument that begins with one hyphen and no short option of the command is a word.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the options before the words, with "--" between, and parse them."""
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
