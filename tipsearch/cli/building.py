"""How the commands build an index, change it, and tell what came of it."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tipsearch.cli.console import count, json_line, note, progress_bar, say, settle
from tipsearch.errors import (
    IndexChanged,
    IndexNotFound,
    NotEnoughMemory,
    SourceError,
    TipsearchError,
)

if TYPE_CHECKING:
    from tipsearch.corpus.report import IngestReport
    from tipsearch.index import Index

SEEDS = Path("seeds")
LEAST, A_CORE = 600 << 20, 100 << 20  # bytes of address space that the libraries of a build take
BUILT = 0.9  # the share of the work that is done when an index is built, but not yet saved
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
        built = build([SEEDS], folder, quiet=True)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # the query is still to come
        return built


def build(
    sources: list[Path],
    folder: Path,
    ranking: str | None = None,
    jobs: int | None = None,
    *,
    as_json: bool = False,
    quiet: bool = False,
) -> "Index":
    """Read the sources, build and publish the index; print the report unless `quiet`.

    What did not change since the index that the folder holds is taken over from it.
    """
    from tipsearch.index import Index

    older = None
    require_memory()
    with suppress(TipsearchError):
        older = Index.open(folder)
    with progress_bar("Indexing") as progress:
        built, report = Index.ingest(
            *sources, ranking=ranking, older=older, jobs=jobs,
            progress=lambda share: progress(BUILT * share),
        )  # fmt: skip
        require_posts(report, sources, as_json)
        built.save(folder, on_wait=_waiting, on_publish=settle)
        progress(1.0)
    if not quiet:
        print_outcome(built, report, folder, as_json)
    if older and older.info()["embedding"] and not built.info()["embedding"]:
        note("The new index has no vectors, as the old one had: it ranks by words.")
    return built


def replaced(folder: Path, change: "Callable[[Index], tuple[Index, T]]") -> "tuple[Index, T]":
    """Publish what `change` makes of the live index; again where another build came first."""
    from tipsearch.index import Index

    require_memory()
    while True:
        older = Index.open(folder)
        changed, outcome = change(older)
        try:
            changed.save(folder, on_wait=_waiting, on_publish=settle, replacing=older)
        except IndexChanged:
            continue
        return changed, outcome


def require_memory() -> None:
    """Raise NotEnoughMemory where the limit on it is too low for the libraries of a build to load.

    Some of these would wait for memory without end, or end the process with a page of notes.
    """
    try:
        import resource
    except ImportError:  # this system has no such limit
        return
    limit, least = resource.getrlimit(resource.RLIMIT_AS)[0], LEAST + A_CORE * (os.cpu_count() or 1)
    if limit != resource.RLIM_INFINITY and limit < least:
        told = (
            f"the limit on memory is {limit >> 20:,} MiB, and to build takes {least >> 20:,} here"
        )
        raise NotEnoughMemory(told)


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
    facts = f"{count(len(built), 'post')}, {terms:,} terms, {size:,} bytes"
    say([f"Index: {folder} ({facts}, ranks by {built.ranking.name})"])


def _print_report(report: "IngestReport", as_json: bool) -> None:
    """The report as a short table, or as one JSON object."""
    from tipsearch.cli import terminal

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
