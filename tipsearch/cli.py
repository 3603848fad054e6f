"""The command line: its commands, and how each run of it ends. Heavy imports stay inside those."""

import atexit
import os
import sys
import warnings
from contextlib import suppress
from typing import Annotated

import typer

from tipsearch.commands import asking, evaluating, exploring, upkeep
from tipsearch.commands.console import note
from tipsearch.errors import AmbiguousTitle, PostNotFound, TipsearchError

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
    app.command()(command)
app.command("eval")(evaluating.eval_command)


def main() -> None:
    """Run the command line; a TipsearchError becomes one clear line and exit code 1."""
    status = 1

    def leave() -> None:
        """End at once: to take the interpreter apart would cost a sixth of a cold query."""
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)

    atexit.register(leave)  # runs after the clean-up of all that is imported from here on
    try:
        _run()
    except SystemExit as ending:
        status = ending.code if isinstance(ending.code, int) else int(ending.code is not None)
        raise


def _run() -> None:
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # the caller has closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        # A terminal without curly quotes is no reason to stop.
        getattr(sys, name).reconfigure(errors="replace")
    warnings.showwarning = lambda message, *_: note(f"tipsearch: {message}")
    try:
        app(prog_name="tipsearch")
    except OSError as error:
        note(f"tipsearch: {error.filename or 'standard output'}: {error.strerror or error}")
        sys.exit(1)
    except TipsearchError as error:
        note(f"tipsearch: {error}")
        if isinstance(error, (AmbiguousTitle, PostNotFound)):
            from tipsearch import terminal

            offered = error.candidates if isinstance(error, AmbiguousTitle) else error.nearest
            note(*terminal.choices(offered))
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
