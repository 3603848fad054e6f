"""What whole processes cost: to build and update an index, to ask it when cold, to keep it open."""

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.engines import BUILDERS, KERNELS
from tests.benchmarks.measuring import megabytes, significant, table

ROOT = Path(__file__).parents[2]
TIPSEARCH = str(Path(sys.executable).parent / "tipsearch")
INTERVAL = 0.05
COLD_RUNS = 10
NEW_POSTS = 1_000
KEPT_QUERIES = 1_000

# One thread for each engine; all that they come to obey. Processes measured here are free of them.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMBA_NUM_THREADS",
        "RAYON_NUM_THREADS",
    ),
    "1",
)
KEEP_OPEN = """
import sys, tipsearch
index = tipsearch.Index.open(sys.argv[1], kernel=sys.argv[2])
for query in sys.stdin:
    [(hit.score, hit.id) for hit in index.query(query, limit=10)]
print(open("/proc/self/smaps_rollup").read())
"""


@dataclass(frozen=True)
class Cost:
    """What a process cost: seconds, and bytes of memory at the peak."""

    seconds: float
    peak: int


def environment() -> dict[str, str]:
    """That of a user: as many threads as wanted, and bytecode is kept."""
    left_out = {*ONE_THREAD, "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in left_out}


def run(command: Sequence[str]) -> Cost:
    """Run a command in a session of its own and sample the memory of all its processes.

    Memory is the sum of their proportional set sizes (PSS), every 50 ms, so what they share, maps
    of files among it, counts once. Raises CalledProcessError with what the command said.
    """
    with tempfile.TemporaryFile() as said:
        start, peak = time.perf_counter(), 0
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(),
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        while process.returncode is None:
            peak = max(peak, sum(map(_proportional, _session(process.pid))))
            with suppress(subprocess.TimeoutExpired):
                process.wait(INTERVAL)
        seconds = time.perf_counter() - start
        if process.returncode:
            said.seek(0)
            raise subprocess.CalledProcessError(process.returncode, command, said.read())
    return Cost(seconds, peak)


def _session(leader: int) -> list[int]:
    """All processes of the session that the process `leader` leads."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            if int(stat.rpartition(")")[2].split()[3]) == leader:
                found.append(int(folder.name))
    return found


def _proportional(process: int) -> int:
    """The PSS of a process in bytes, 0 where it has ended."""
    try:
        return _memory(Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8"))["Pss"]
    except (OSError, KeyError):
        return 0


def _memory(rollup: str) -> dict[str, int]:
    """The lines of an smaps_rollup, in bytes."""
    lines = (line.split() for line in rollup.splitlines() if line.endswith(" kB"))
    return {line[0].rstrip(":"): int(line[1]) * 1024 for line in lines}


def size(folder: Path) -> int:
    """The bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


# --- building


def build(name: str, source: Path, folder: Path) -> Cost:
    """Build an index of tipsearch or of a peer in a fresh process, the file already cached."""
    source.read_bytes()
    if name == "tipsearch":
        command = [TIPSEARCH, "index", str(source), "--index", str(folder), "--ranking", "feedback"]
        return run(command)
    module = [sys.executable, "-m", "tests.benchmarks.engines"]
    return run([*module, name, str(source), str(folder)])


def builds(source: Path, work: Path, posts: int) -> dict[str, Cost]:
    """Build tipsearch's and the peers' indexes into folders of `work`; prints the table."""
    costs = {name: build(name, source, work / name) for name in ("tipsearch", *BUILDERS)}
    base, rows = costs["bm25s"], []
    for name, cost in costs.items():
        on_disk = size(work / name)
        rows.append(
            (
                name,
                significant(cost.seconds),
                f"{posts / cost.seconds:,.0f}",
                significant(base.seconds / cost.seconds),
                megabytes(cost.peak),
                significant(cost.peak / (on_disk + source.stat().st_size)),
                megabytes(on_disk),
                significant(on_disk / size(work / "bm25s")),
            )
        )
    head = ["build", "seconds", "posts/s", "speed to bm25s", "peak memory, MB"]
    head += ["peak to index + text", "on disk, MB", "disk to bm25s"]
    print(table(head, rows))
    print(
        "From JSON Lines to an index on disk, each once in a fresh process; tipsearch takes the\n"
        "processes it wants, the peers have one thread. tipsearch and bm25s keep the posts,\n"
        "tantivy only their ids. Peak memory: PSS of all processes, sampled every 50 ms.\n"
    )
    return costs


def update(source: Path, folder: Path, full: Cost) -> None:
    """Add posts at the end of the source and amid it, and index again; prints the table."""
    _add_posts(source)
    again = run([TIPSEARCH, "index", str(source), "--index", str(folder)])
    rows = [
        (
            name,
            significant(cost.seconds),
            f"{cost.seconds / full.seconds:.1%}",
            megabytes(cost.peak),
        )
        for name, cost in (("the full build", full), ("the update", again))
    ]
    print(table(("update", "seconds", "of the full build", "peak memory, MB"), rows))
    print(
        f"New posts: {NEW_POSTS:,}, half of them at random places of the source, half at its end.\n"
    )


def _add_posts(source: Path, seed: int = 1) -> None:
    """Insert and append posts, each with the title of a random post and the text of another."""
    draw = random.Random(seed)
    lines = source.read_text(encoding="utf-8").split("\n")[:-1]
    posts = []
    for number in range(NEW_POSTS):
        title, text = (json.loads(draw.choice(lines)) for _ in range(2))
        new = {"id": f"new post {number}", "title": title.get("title"), "text": text["text"]}
        posts.append(json.dumps(new))
    places = sorted((draw.randrange(len(lines)) for _ in range(NEW_POSTS // 2)), reverse=True)
    for place, post in zip(places, posts[NEW_POSTS // 2 :], strict=True):
        lines.insert(place, post)
    source.write_text("\n".join([*lines, *posts[: NEW_POSTS // 2], ""]), encoding="utf-8")


# --- asking


def cold(folder: Path, words: str, runs: int = COLD_RUNS) -> None:
    """Start a query as a whole process beside its bare imports, in turn; prints the table."""
    commands = {
        '`python -c "import numpy, typer"`': [sys.executable, "-c", "import numpy, typer"],
        "`tipsearch query`": [TIPSEARCH, "query", *words.split(), "--index", str(folder)],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):  # the first fills the caches and is not counted
        for name, command in commands.items():
            start = time.perf_counter()
            subprocess.run(command, env=environment(), check=True, capture_output=True)
            if number:
                seconds[name].append(time.perf_counter() - start)
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    floor = next(iter(medians.values()))
    rows = [
        (name, f"{median * 1000:,.0f}", significant(median / floor))
        for name, median in medians.items()
    ]
    print(table(("cold, as a whole process", "median, ms", "ratio"), rows))


def resident(folder: Path, queries: Sequence[str]) -> None:
    """Keep the index open for many queries with each kernel; prints what memory that takes."""
    rows = []
    for kernel in KERNELS:
        command = [sys.executable, "-c", KEEP_OPEN, str(folder), kernel]
        asked = "\n".join(queries[:KEPT_QUERIES])
        done = subprocess.run(
            command, input=asked, env=environment(), check=True, capture_output=True, text=True
        )
        memory = _memory(done.stdout)
        cells = (
            memory["Anonymous"],
            memory["Private_Dirty"],
            memory["Rss"] - memory["Anonymous"],
            memory["Rss"],
        )
        rows.append((f"tipsearch, {kernel}", *map(megabytes, cells)))
    head = ("a querying process, MB", "private", "Private_Dirty", "backed by files", "resident")
    print(table(head, rows))
    print(
        f"After {min(KEPT_QUERIES, len(queries)):,} queries, by smaps_rollup. Private is its line\n"
        "Anonymous: all pages that no file backs, copies on write of mapped ones among them.\n"
        "Pages of the mapped index and of libraries are the page cache's (Private_Clean counts\n"
        "them too, where no other process maps them). Backed by files is Rss less Anonymous.\n"
    )
