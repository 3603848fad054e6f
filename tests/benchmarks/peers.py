"""tipsearch beside its peers on one corpus: speed, build, memory, disk, cold start, update.

    python -m pip install -e . -r tests/benchmarks/requirements.txt
    python -m tests.benchmarks.peers POSTS.jsonl [--queries 2000] [--rounds 5]
    python -m tests.benchmarks.peers --scaling

Prints Markdown tables with ratios. Engines that answer run in one process, on one thread each, in
turn: each round puts a slice of the queries to every engine, and throughput is the median of the
rounds. So trust the ratios; the rest depends on the machine. `--scaling` adds (or without POSTS is
only) the same figures of tipsearch at 10,000 to 1,000,000 posts of `zipf.py`, and draws
scaling.svg. `--only` picks sections. Linux only: memory is read from /proc.
"""

import argparse
import os
import platform
import shutil
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks import building, engines
from tests.benchmarks.measuring import ROUNDS, measure, speeds
from tests.benchmarks.scaling import scaling

SECTIONS = ("queries", "related", "cold", "memory", "update")
PEERS = ("tantivy", "bm25s", "numba", "PyStemmer", "scikit-learn", "scipy", "numpy")
COMPARED = 10  # posts whose related ones are compared by score


def heading(source: Path | None) -> str:
    """The day, the machine, the versions and the corpus."""
    cores, memory = os.cpu_count(), os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {_version(name)}" for name in PEERS)
    lines = [
        f"{datetime.now(UTC).date()}; {_processor()}, {cores} cores, {memory:.0f} GiB;"
        f" Python {platform.python_version()}; {versions}."
    ]
    if source:
        with source.open("rb") as file:
            posts = sum(1 for _ in file)
        lines.append(f"{posts:,} posts, {source.stat().st_size:,} bytes of JSON Lines.")
    return "\n".join(lines) + "\n"


def _processor() -> str:
    """The name of the processor as Linux knows it."""
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"


def compare_queries(work: Path, source: Path, queries: Sequence[str], rounds: int) -> None:
    """Queries per second of tipsearch and all peers."""
    rivals = [
        *(engines.tipsearch_queries(work / "tipsearch", kernel) for kernel in engines.KERNELS),
        engines.tantivy_queries(work / "tantivy"),
        *(engines.bm25s_queries(work / "bm25s", backend) for backend in engines.KERNELS),
        engines.fts5_queries(source),
        engines.sklearn_queries(source),
    ]
    print(speeds(measure(rivals, queries, rounds), ("tantivy", "bm25s, numba"), "queries"))


def compare_related(work: Path, count: int, rounds: int) -> None:
    """Related posts per second of tipsearch and of scipy's product, and if they are the same."""
    folder = work / "tipsearch"
    rows = engines.sample_rows(folder, count)
    ours = [engines.tipsearch_related(folder, kernel) for kernel in engines.KERNELS]
    theirs = [engines.scipy_related(folder, rows, transposed=to) for to in (False, True)]
    ids = list(rows)
    bases = [engine.name for engine in theirs]
    print(speeds(measure([*ours, *theirs], ids, rounds), bases, "related"))
    for engine in ours:
        largest = engines.difference(engine, theirs[0], ids[:COMPARED])
        print(f"Largest difference of a score of {engine.name} to scipy: {largest:.1e}")
    print()


def compare(source: Path, work: Path, sections: Sequence[str], count: int, rounds: int) -> None:
    """Build all indexes, then take the sections in turn. The source is copied, for the update."""
    copy = Path(shutil.copy(source, work / "posts.jsonl"))
    with copy.open("rb") as file:
        posts = sum(1 for _ in file)
    full = building.builds(copy, work, posts)["tipsearch"]
    queries = engines.sample_queries(copy, count * (rounds + 1) // rounds)
    if "queries" in sections:
        compare_queries(work, copy, queries, rounds)
    if "related" in sections:
        compare_related(work, count * (rounds + 1) // rounds, rounds)
    if "cold" in sections:
        building.cold(work / "tipsearch", max(queries[:COMPARED], key=len))
    if "memory" in sections:
        building.resident(work / "tipsearch", queries)
    if "update" in sections:
        building.update(copy, work / "tipsearch", full)


def main() -> None:
    """Read the arguments; nothing that starts threads may be imported before this has run."""
    os.environ.update(building.ONE_THREAD)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("posts", type=Path, nargs="?", metavar="POSTS.jsonl")
    parser.add_argument("--queries", type=int, default=2000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, metavar="SECTION")
    parser.add_argument("--scaling", action="store_true")
    arguments = parser.parse_args()
    if not arguments.posts and not arguments.scaling:
        parser.error("POSTS.jsonl or --scaling")
    print(heading(arguments.posts))
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if arguments.posts:
            compare(arguments.posts, work, arguments.only, arguments.queries, arguments.rounds)
        if arguments.scaling:
            scaling(work, arguments.queries)


if __name__ == "__main__":
    main()
