"""Building and changing an index from the command line, and the printed report."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tipsearch.cli.console import (
    count,
    ignore_interrupts,
    json_line,
    note,
    progress_bar,
    say,
)
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
# Bytes of address space that the libraries of a build take: at least, and more for each core.
BUILD_MEMORY, BUILD_MEMORY_PER_CORE = 600 << 20, 100 << 20
BUILD_SHARE = 0.9  # of the progress bar; the rest is saving
SHOWN_UNRECOGNISED = 10  # lines
T = TypeVar("T")


def open_or_build(folder: Path) -> "Index":
    """Open the index of `folder`. If it holds none and seeds/ is there, build one from that first.

    Raises IndexNotFound if neither is there.
    """
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
    synonyms: Path | None = None,
    as_json: bool = False,
    quiet: bool = False,
) -> "Index":
    """Read the sources, build and publish the index; print the report unless `quiet`.

    Posts that did not change are taken over from the index that the folder holds.
    """
    from tipsearch.index import Index

    previous = None
    check_memory_limit()
    with suppress(TipsearchError):
        previous = Index.open(folder)
    with progress_bar("Indexing") as progress:
        built, report = Index.ingest(
            *sources, ranking=ranking, synonyms=synonyms, older=previous, jobs=jobs,
            progress=lambda share: progress(BUILD_SHARE * share),
        )  # fmt: skip
        check_has_posts(report, sources, as_json)
        built.save(folder, on_wait=lambda: _note_waiting(folder), on_publish=ignore_interrupts)
        progress(1.0)
    if not quiet:
        print_outcome(built, report, folder, as_json)
    if previous and previous.info()["embedding"] and not built.info()["embedding"]:
        note("The new index has no embeddings, which the old one had: --ranking hybrid keeps them.")
    if previous and previous.synonyms and not built.synonyms:
        note("The new index has no synonyms, which the old one had: --synonyms FILE keeps them.")
    return built


def update(folder: Path, change: "Callable[[Index], tuple[Index, T]]") -> "tuple[Index, T]":
    """Apply `change` to the live index and publish the result, with what else `change` returns.

    It is applied anew if another build has published meanwhile.
    """
    from tipsearch.index import Index

    check_memory_limit()
    while True:
        previous = Index.open(folder)
        changed, outcome = change(previous)
        try:
            changed.save(
                folder,
                on_wait=lambda: _note_waiting(folder),
                on_publish=ignore_interrupts,
                replacing=previous,
            )
        except IndexChanged:
            continue
        return changed, outcome


def check_memory_limit() -> None:
    """Raise NotEnoughMemory if the limit on memory is too low to load the libraries of a build.

    Without this check some of them wait for memory without end, or abort the process.
    """
    try:
        import resource
    except ImportError:  # this system has no such limit
        return
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    needed = BUILD_MEMORY + BUILD_MEMORY_PER_CORE * (os.cpu_count() or 1)
    if limit != resource.RLIM_INFINITY and limit < needed:
        raise NotEnoughMemory(
            f"the limit on memory is {limit >> 20:,} MiB,"
            f" and a build on this machine needs {needed >> 20:,} MiB"
        )


def check_has_posts(report: "IngestReport", sources: list[Path], as_json: bool) -> None:
    """Print the report and raise SourceError if the sources hold no post."""
    if not report.entries:
        _print_report(report, as_json)
        advice = "name .jsonl files or saved pages of a blog's archive; no index was written"
        raise SourceError(", ".join(map(str, sources)), "no post found", advice)


def _note_waiting(folder: Path) -> None:
    note(f"Another build is writing to {str(folder)!r}: waiting for it to end.")


def print_outcome(built: "Index", report: "IngestReport", folder: Path, as_json: bool) -> None:
    """Print the report, and a line about the index that was built unless `as_json`."""
    _print_report(report, as_json)
    if not as_json:
        print_index(built, folder)


def print_index(built: "Index", folder: Path) -> None:
    """Print one line: the folder of an index, its size, and its ranking."""
    terms, size = (built.info()[name] for name in ("terms", "bytes"))
    sizes = f"{count(len(built), 'post')}, {terms:,} terms, {size:,} bytes"
    say([f"Index: {folder} ({sizes}, ranks by {built.ranking.name})"])


def _print_report(report: "IngestReport", as_json: bool) -> None:
    """Print the report as a short table, or as one JSON object."""
    from tipsearch.cli import terminal

    if as_json:
        say([json_line(report.to_json())])
        return
    posts, entries = report.full + report.teasers, report.entries
    totals = (count(len(report.files), "file"), count(entries, "entry"), count(posts, "post"))
    by_kind = f"{report.full:,} full, {count(report.teasers, 'teaser')}"
    say([f"{', '.join(totals)} ({by_kind}, {report.undated:,} undated)"])
    lines_by_kind = report.kinds()
    lines_by_kind.setdefault("unrecognised", 0)
    rows = [(lines, kind) for kind, lines in lines_by_kind.most_common()]
    say(terminal.table([("lines", "kind"), *rows]))
    say(f"Repaired: {r.path}:{r.line}: {r.name} {r.removed!r} cut off" for r in report.repairs)
    say(terminal.plain(f"Not read: {file.path}: {file.problem}") for file in report.problems)
    unrecognised = list(report.unrecognised())
    say(
        terminal.plain(f"Unrecognised: {path}:{line.number}: {line.note}")
        for path, line in unrecognised[:SHOWN_UNRECOGNISED]
    )
    if len(unrecognised) > SHOWN_UNRECOGNISED:
        say([f"... and {len(unrecognised) - SHOWN_UNRECOGNISED:,} more; --json lists them all"])
