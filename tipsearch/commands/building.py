"""How the commands build an index, change it, and tell what came of it."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tipsearch.commands.console import count, json_line, note, progress_bar, say
from tipsearch.errors import IndexChanged, IndexNotFound, SourceError, TipsearchError

if TYPE_CHECKING:
    from tipsearch.index import Index
    from tipsearch.ingest.report import IngestReport

SEEDS = Path("seeds")
T = TypeVar("T")


def open_or_build(folder: Path) -> "Index":
    """The index of `folder`; where it holds none and seeds/ is there, one is built first."""
    from tipsearch.index import Index

    try:
        return Index.open(folder)
    except IndexNotFound:
        if not SEEDS.is_dir():
            raise
        note(f"No index in {str(folder)!r} yet: building it from {SEEDS}/ first.")
        return build([SEEDS], folder, quiet=True)


def build(
    sources: list[Path],
    folder: Path,
    ranking: str | None = None,
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> "Index":
    """Read the sources, build and publish the index; print the report unless `quiet`.

    What did not change since the index that the folder holds is taken over from it.
    """
    from tipsearch.index import Index

    older = None
    with suppress(TipsearchError):
        older = Index.open(folder)
    with progress_bar("Indexing") as progress:
        built, report = Index.ingest(*sources, ranking=ranking, older=older, progress=progress)
    require_posts(report, sources, as_json)
    built.save(folder, on_wait=_waiting)
    if not quiet:
        print_outcome(built, report, folder, as_json)
    return built


def replaced(folder: Path, change: "Callable[[Index], tuple[Index, T]]") -> "tuple[Index, T]":
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


def require_posts(report: "IngestReport", sources: list[Path], as_json: bool) -> None:
    if not report.entries:
        _print_report(report, as_json)
        advice = "the old index, if any, is left as it is"
        raise SourceError(", ".join(map(str, sources)), "no post found", advice)


def _waiting() -> None:
    note("Another build is writing there: waiting for it.")


def print_outcome(built: "Index", report: "IngestReport", folder: Path, as_json: bool) -> None:
    _print_report(report, as_json)
    if not as_json:
        print_index(built, folder)


def print_index(built: "Index", folder: Path) -> None:
    terms, size = (built.info()[name] for name in ("terms", "bytes"))
    say([f"Index: {folder} ({count(len(built), 'post')}, {terms:,} terms, {size:,} bytes)"])


def _print_report(report: "IngestReport", as_json: bool) -> None:
    """The report as a short table, or as one JSON object."""
    from tipsearch import terminal

    if as_json:
        say([json_line(report.to_json())])
        return
    posts, seen = report.full + report.teasers, report.entries
    counted = (count(len(report.files), "file"), count(seen, "entry"), count(posts, "post"))
    kinds_of_posts = f"{report.full:,} full, {count(report.teasers, 'teaser')}"
    say([f"{', '.join(counted)} ({kinds_of_posts}, {report.undated:,} undated)"])
    kinds = report.kinds()
    kinds.setdefault("unrecognised", 0)
    rows = [(count, kind) for kind, count in kinds.most_common()]
    say(terminal.table([("lines", "kind"), *rows]))
    say(f"Repaired: {r.path}:{r.line}: {r.name} {r.removed!r} cut off" for r in report.repairs)
    say(terminal.plain(f"Not read: {file.path}: {file.problem}") for file in report.problems)
    lines = list(report.unrecognised())
    say(
        terminal.plain(f"Unrecognised: {path}:{line.number}: {line.note}")
        for path, line in lines[:10]
    )
    if len(lines) > 10:
        say([f"... and {len(lines) - 10:,} more; --json lists them all"])
