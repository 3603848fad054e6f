"""The Typer application: its commands with their examples, and how errors become messages.

Heavy imports stay inside the commands, so that a query starts fast.
"""

import os
import sys
import warnings
from collections.abc import Callable
from typing import Annotated

import typer

import tipsearch
from tipsearch.cli import asking, evaluating, exploring, suggesting, synonyms, upkeep
from tipsearch.cli.console import WordsCommand, note
from tipsearch.errors import (
    AmbiguousTitle,
    LookupFailed,
    NotEnoughMemory,
    PostNotFound,
    TipsearchError,
    advice,
)

# Each command with the examples that end its help; tests run them all.
COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {
    upkeep.index: (
        "tipsearch index",
        "tipsearch index posts.jsonl pages/ --index blog",
        "tipsearch index --synonyms synonyms.txt",
    ),
    upkeep.add: ("tipsearch add more.jsonl",),
    upkeep.remove: (
        'tipsearch remove "Fix Fast to Reduce Stress"',
        "tipsearch remove 2025-03-04-patience-is 2014-07-08",
    ),
    asking.query: (
        "tipsearch query angry customer on the phone",
        """tipsearch query 'title:patience -"on the phone" after:2014' --explain""",
    ),
    asking.related: (
        'tipsearch related "Fix Fast to Reduce Stress" -n 3',
        "tipsearch related 2014-02-04-fix-fast-to-reduce-stress --explain",
    ),
    asking.show: (
        'tipsearch show "Fix Fast to Reduce Stress"',
        "tipsearch show 2025-03-04",
    ),
    suggesting.suggest: (
        "tipsearch suggest cust",
        "tipsearch suggest angry cu -n 3",
        "tipsearch suggest servce rec --json",
    ),
    exploring.topics: (
        "tipsearch topics",
        "tipsearch topics -n 8 --json > topics.jsonl",
        "tipsearch topics --like topics.jsonl",
    ),
    exploring.gaps: (
        "tipsearch gaps questions.txt",
        "sort searches.txt | tipsearch gaps - --weak 0.4",
    ),
    exploring.duplicates: (
        "tipsearch duplicates",
        "tipsearch duplicates --at-least 0.5 --json",
    ),
    synonyms.synonyms: (
        "tipsearch synonyms",
        "tipsearch synonyms --suggest > synonyms.txt",
    ),
    upkeep.info: ("tipsearch info",),
    upkeep.verify: ("tipsearch verify",),
    evaluating.eval_command: (
        "tipsearch eval --queries queries.jsonl --qrels qrels.tsv",
        "tipsearch eval --known-item --ranking feedback --compare bm25",
    ),
}


def _examples(*lines: str) -> str:
    r"""The end of a help text; after "\b" the help keeps line breaks."""
    return "\n".join(
        ["\b", "Examples:" if len(lines) > 1 else "Example:", *(f"  {x}" for x in lines)]
    )


app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_examples(
        "tipsearch index",
        'tipsearch query "angry customer on the phone"',
        "tipsearch query --help",
    ),
)
for _command, _lines in COMMANDS.items():
    app.command(
        "eval" if _command is evaluating.eval_command else None,
        cls=WordsCommand if _command in {asking.query, suggesting.suggest} else None,
        epilog=_examples(*_lines),
    )(_command)


def main() -> None:
    """Run the command line with the arguments of `sys.argv`. Raises SystemExit at its end.

    A TipsearchError, or an error of the system, becomes one line on stderr and exit code 1.
    """
    _make_streams_writable()
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: note(f"tipsearch: {message}")
        try:
            app(prog_name="tipsearch")
        except LookupFailed as error:
            _note_lookup_failed(error)
        except TipsearchError as error:
            note(f"tipsearch: {error}")
        except MemoryError:
            note(f"tipsearch: {NotEnoughMemory()}")
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            what_to_do = advice(error.errno)
            note(f"tipsearch: {where}{error.strerror or error}{what_to_do and f'; {what_to_do}'}")
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            note(f"tipsearch: {NotEnoughMemory('there is not enough memory for a thread')}")
        sys.exit(1)


def _make_streams_writable() -> None:
    """Open a closed stdout or stderr on the null device; replace what one cannot encode."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        # A terminal without curly quotes is no reason to stop.
        getattr(sys, name).reconfigure(errors="replace")


def _note_lookup_failed(error: LookupFailed) -> None:
    """The reason on one line, then the posts to choose from, one a line with its id."""
    from tipsearch.cli import terminal

    offered = error.candidates if isinstance(error, AmbiguousTitle) else ()
    offered = error.nearest if isinstance(error, PostNotFound) else offered
    note(f"tipsearch: {error.reason if offered else error}{':' if offered else ''}")
    note(*terminal.choices(offered))


def _print_version(given: bool) -> None:
    if given:
        typer.echo(f"tipsearch {tipsearch.__version__}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Search a collection of short posts, find related ones, and see what they are about.

    Build an index of your posts with `tipsearch index` first; the other commands read it.
    """
