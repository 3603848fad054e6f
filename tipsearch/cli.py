"""The command line: parse, one call, print. Heavy imports stay inside the commands."""

import atexit
import json
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from tipsearch.errors import (
    AmbiguousTitle,
    IndexChanged,
    IndexNotFound,
    PostNotFound,
    SourceError,
    TipsearchError,
)

if TYPE_CHECKING:
    from tipsearch.index import Index
    from tipsearch.ingest.report import IngestReport
    from tipsearch.model import Hit

SEEDS = Path("seeds")
T = TypeVar("T")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

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
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
TitleOrId = Annotated[
    list[str], typer.Argument(metavar="TITLE_OR_ID", help="A title, a part of one, or an id.")
]


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
    try:
        app(prog_name="tipsearch")
    except OSError as error:
        _note(f"tipsearch: {error.filename or 'standard output'}: {error.strerror or error}")
        sys.exit(1)
    except TipsearchError as error:
        _note(f"tipsearch: {error}")
        if isinstance(error, (AmbiguousTitle, PostNotFound)):
            from tipsearch import terminal

            offered = error.candidates if isinstance(error, AmbiguousTitle) else error.nearest
            _note(*terminal.choices(offered))
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


@app.command("index")
def index_command(
    source: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            readable=False,
            help="Files and folders of dumps.  [default: seeds]",
        ),
    ] = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Build or refresh the index. Sources are archive dumps and JSON Lines (.jsonl)."""
    _build(source or [SEEDS], index, as_json=as_json)


@app.command()
def add(
    source: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", readable=False, help="Files and folders of dumps."),
    ],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Add the posts of some sources to the index; one with an id that is there takes its place."""

    def change(older: "Index") -> "tuple[Index, IngestReport]":
        with _progress("Adding") as progress:
            added = older.add(*source, progress=progress)
        _require_posts(added[1], source, as_json)
        return added

    changed, report = _replaced(index, change)
    _print_outcome(changed, report, index, as_json)


@app.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of the posts.")],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Remove posts from the index. A later `index` brings back what its sources still hold."""
    changed, _ = _replaced(index, lambda older: (older.remove(*ids), None))
    if as_json:
        _print([_json({"removed": len(set(ids)), "posts": len(changed)})])
    else:
        _print([f"Removed {_count(len(set(ids)), 'post')}."])
        _print_index(changed, index)


@app.command()
def query(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="What to search for.")],
    limit: Limit = 10,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts that fit some words best, the best first."""
    opened, text = _open_or_build(index), " ".join(words)
    parsed, found = opened.parse(text), opened.query(text, limit)
    if parsed.unknown:
        _note(f"No post has: {_listing(_quoted(parsed.unknown))}")
    if not found and not parsed.unknown:
        stopped = _listing(_quoted(parsed.stopped))
        reason = f"only stop words ({stopped})" if stopped else "no word"
        _note(f"The query holds {reason}, so nothing can match it.")
    _print_hits(found, as_json, opened.matcher(parsed))


@app.command()
def related(
    title_or_id: TitleOrId,
    limit: Limit = 10,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts nearest to a given one."""
    found = _open_or_build(index).related(" ".join(title_or_id), limit)
    if not found:
        _note("No other post shares a word with it.")
    _print_hits(found, as_json, lambda _: [])


@app.command()
def show(
    title_or_id: TitleOrId, index: IndexFolder = Path("index"), as_json: AsJson = False
) -> None:
    """Show one post in full."""
    from tipsearch import terminal
    from tipsearch.index import Index

    post = Index.open(index).post(" ".join(title_or_id))
    _print([_json(post.to_json())] if as_json else terminal.post(post))


@app.command()
def info(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Say what the index holds and how it was made."""
    from tipsearch import terminal
    from tipsearch.index import Index

    facts: dict[str, Any] = Index.open(index).info()
    if as_json:
        _print([_json(facts)])
        return
    analyzer, weighting = facts["analyzer"], facts["weighting"]
    del facts["paths"]  # the sources tell as much
    stop_words = len(analyzer.pop("stop_words"))
    facts["analyzer"] = f"{', '.join(analyzer.values())}, {stop_words} stop words"
    facts["weighting"] = ", ".join(f"{name} {value}" for name, value in weighting.items())
    facts["sources"] = _listing([path for path, _ in facts["sources"]]) or "not recorded"
    _print(terminal.facts(facts))


@app.command()
def verify(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Check every byte of the index, and that its parts fit together."""
    from tipsearch import terminal
    from tipsearch.index import Index

    opened = Index.open(index)
    opened.verify()
    files = opened.files().items()
    if as_json:
        _print(_json({"file": file, "bytes": size, "ok": True}) for file, size in files)
    else:
        _print(terminal.table([("bytes", "file"), *((size, file) for file, size in files)]))
        _print([f"The index in {str(index)!r} is whole: {_count(len(opened), 'post')}."])


def _open_or_build(folder: Path) -> "Index":
    """The index of `folder`; where it holds none and seeds/ is there, one is built first."""
    from tipsearch.index import Index

    try:
        return Index.open(folder)
    except IndexNotFound:
        if not SEEDS.is_dir():
            raise
        _note(f"No index in {str(folder)!r} yet: building it from {SEEDS}/ first.")
        return _build([SEEDS], folder, quiet=True)


def _build(
    sources: list[Path], folder: Path, *, as_json: bool = False, quiet: bool = False
) -> "Index":
    """Read the sources, build and publish the index; print the report unless `quiet`.

    What did not change since the index that the folder holds is taken over from it.
    """
    from tipsearch.index import Index

    older = None
    with suppress(TipsearchError):
        older = Index.open(folder)
    with _progress("Indexing") as progress:
        built, report = Index.ingest(*sources, older=older, progress=progress)
    _require_posts(report, sources, as_json)
    built.save(folder, on_wait=_waiting)
    if not quiet:
        _print_outcome(built, report, folder, as_json)
    return built


def _require_posts(report: "IngestReport", sources: list[Path], as_json: bool) -> None:
    if not report.entries:
        _print_report(report, as_json)
        advice = "the old index, if any, is left as it is"
        raise SourceError(", ".join(map(str, sources)), "no post found", advice)


@contextmanager
def _progress(label: str) -> Iterator[Callable[[float], None]]:
    """A bar on a terminal's stderr, to be told the share that is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with typer.progressbar(length=100, label=label, file=sys.stderr) as bar:
        yield lambda share: bar.update(int(100 * share) - bar.pos)


def _waiting() -> None:
    _note("Another build is writing there: waiting for it.")


def _print_outcome(built: "Index", report: "IngestReport", folder: Path, as_json: bool) -> None:
    _print_report(report, as_json)
    if not as_json:
        _print_index(built, folder)


def _print_index(built: "Index", folder: Path) -> None:
    terms, size = (built.info()[name] for name in ("terms", "bytes"))
    _print([f"Index: {folder} ({_count(len(built), 'post')}, {terms:,} terms, {size:,} bytes)"])


def _replaced(folder: Path, change: "Callable[[Index], tuple[Index, T]]") -> "tuple[Index, T]":
    """Publish what `change` makes of the live index; again where another build came first."""
    from tipsearch.index import Index

    while True:
        older = Index.open(folder)
        changed, outcome = change(older)
        try:
            changed.save(folder, on_wait=_waiting, replacing=older)
        except IndexChanged:
            continue
        return changed, outcome


def _print_report(report: "IngestReport", as_json: bool) -> None:
    """The report as a short table, or as one JSON object."""
    from tipsearch import terminal

    if as_json:
        _print([_json(report.to_json())])
        return
    posts, seen = report.full + report.teasers, report.entries
    counted = (_count(len(report.files), "file"), _count(seen, "entry"), _count(posts, "post"))
    kinds_of_posts = f"{report.full:,} full, {_count(report.teasers, 'teaser')}"
    _print([f"{', '.join(counted)} ({kinds_of_posts}, {report.undated:,} undated)"])
    kinds = report.kinds()
    kinds.setdefault("unrecognised", 0)
    rows = [(count, kind) for kind, count in kinds.most_common()]
    _print(terminal.table([("lines", "kind"), *rows]))
    _print(f"Repaired: {r.path}:{r.line}: {r.name} {r.removed!r} cut off" for r in report.repairs)
    _print(terminal.plain(f"Not read: {file.path}: {file.problem}") for file in report.problems)
    lines = list(report.unrecognised())
    _print(
        terminal.plain(f"Unrecognised: {path}:{line.number}: {line.note}")
        for path, line in lines[:10]
    )
    if len(lines) > 10:
        _print([f"... and {len(lines) - 10:,} more; --json lists them all"])


def _print_hits(found: "list[Hit]", as_json: bool, spans: Any) -> None:
    from tipsearch import terminal

    if not as_json:
        _print(terminal.hits(found, spans))
        return
    for hit in found:
        post = hit.post.to_json()
        shown = {"rank": hit.rank, "id": hit.post.id, "score": hit.score}
        shown |= {key: post[key] for key in ("title", "date", "kind", "categories")}
        _print([_json(shown | {"snippet": hit.snippet})])


def _json(data: dict[str, Any]) -> str:
    """One line of JSON; escaped where the output could not hold its characters."""
    unicode = sys.stdout.encoding.lower().replace("-", "") == "utf8"
    return json.dumps(data, ensure_ascii=not unicode)


def _count(number: int, noun: str) -> str:
    """A number and its noun, in the plural where that is due."""
    plural = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number:,} {noun if number == 1 else plural}"


def _quoted(words: Iterable[str]) -> list[str]:
    return [f'"{word[:40]}"' for word in words]


def _listing(items: Sequence[str]) -> str:
    """The first ten items, and how many more there are."""
    more = f" and {len(items) - 10:,} more" if len(items) > 10 else ""
    return ", ".join(items[:10]) + more


def _print(lines: Iterable[str]) -> None:
    if hasattr(signal, "SIGPIPE"):  # a reader that has seen enough, such as head, ends us quietly
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for line in lines:
        typer.echo(line)
    sys.stdout.flush()


def _note(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)
