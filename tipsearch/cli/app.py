"""The command line: its commands, and how each run of it ends. Heavy imports stay inside those."""

import os
import sys
import warnings
from typing import Annotated

import typer

from tipsearch.cli import asking, evaluating, exploring, upkeep
from tipsearch.cli.console import WordsCommand, note
from tipsearch.errors import (
    AmbiguousTitle,
    LookupFailed,
    NotEnoughMemory,
    PostNotFound,
    TipsearchError,
    advice,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    upkeep.index, upkeep.add, upkeep.remove, asking.query, asking.related, asking.show,
    exploring.topics, exploring.gaps, upkeep.info, upkeep.verify,
):  # fmt: skip
    app.command(cls=WordsCommand if command is asking.query else None)(command)
app.command("eval")(evaluating.eval_command)


def main() -> None:
    """Run the command line; a TipsearchError becomes one clear line and exit code 1."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        # A terminal without curly quotes is no reason to stop.
        getattr(sys, name).reconfigure(errors="replace")
    with warnings.catch_warnings():
        warnings.showwarning = lambda message, *_: note(f"tipsearch: {message}")
        try:
            app(prog_name="tipsearch")
        except LookupFailed as error:
            from tipsearch.cli import terminal

            offered = error.candidates if isinstance(error, AmbiguousTitle) else ()
            offered = error.nearest if isinstance(error, PostNotFound) else offered
            note(f"tipsearch: {error.reason if offered else error}{':' if offered else ''}")
            note(*terminal.choices(offered))
        except TipsearchError as error:
            note(f"tipsearch: {error}")
        except MemoryError:
            note(f"tipsearch: {NotEnoughMemory()}")
        except OSError as error:
            where = f"{error.filename}: " if error.filename else ""
            what = advice(error.errno)
            note(f"tipsearch: {where}{error.strerror or error}{what and f'; {what}'}")
        except RuntimeError as error:
            if "start new thread" not in str(error):
                raise
            note(f"tipsearch: {NotEnoughMemory('there is not enough memory for a thread')}")
        sys.exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"tipsearch {version('tipsearch')}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Search a corpus of short posts, and find related ones."""
