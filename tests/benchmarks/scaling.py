"""What happens as the corpus grows: a table and a plot over posts of the generator `zipf`."""

import importlib
import math
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tests.benchmarks import zipf
from tests.benchmarks.building import build, size
from tests.benchmarks.engines import KERNELS, sample_queries, tipsearch_queries
from tests.benchmarks.measuring import Timings, measure, megabytes, significant, table

SIZES = (10_000, 100_000, 1_000_000)
PLOT = Path(__file__).with_name("scaling.svg")
COLOURS = ("#0b6e99", "#c4501b", "#5b7f2b")


@dataclass(frozen=True)
class Point:
    """What was measured at one size of the corpus; memory and disk are in bytes."""

    posts: int
    queries: dict[str, Timings]
    build_seconds: float
    peak: int
    source: int
    on_disk: int


def scaling(work: Path, queries: int) -> None:
    """Build and ask an index of each size; prints the table and draws the plot."""
    points = [_point(posts, work / f"scaling-{posts}", queries) for posts in SIZES]
    names = list(points[0].queries)
    rows = [
        (
            f"{point.posts:,}",
            *(significant(found.median_per_second) for found in point.queries.values()),
            *(significant(found.percentile(0.99) * 1000) for found in point.queries.values()),
            significant(point.build_seconds),
            megabytes(point.peak),
            significant(point.peak / (point.on_disk + point.source)),
            megabytes(point.on_disk),
        )
        for point in points
    ]
    head = ["posts", *(f"queries/s, {name.split()[-1]}" for name in names)]
    head += [f"p99, ms, {name.split()[-1]}" for name in names]
    head += ["build, s", "peak memory, MB", "peak to index + text", "on disk, MB"]
    print(table(head, rows))
    growth = ", ".join(f"N^{_exponent(points, name):.2f} ({name})" for name in names)
    print(f"From the smallest to the largest the time of a query grows as {growth}.\n")
    plot(points)


def _point(posts: int, work: Path, queries: int) -> Point:
    """Make the posts and all measurements of one size."""
    work.mkdir()
    source, folder = work / "posts.jsonl", work / "index"
    with source.open("w", encoding="utf-8") as file:
        file.writelines(islice(zipf.lines(), posts))
    cost = build("tipsearch", source, folder)
    engines = [tipsearch_queries(folder, kernel) for kernel in KERNELS]
    timings = measure(engines, sample_queries(source, queries))
    return Point(posts, timings, cost.seconds, cost.peak, source.stat().st_size, size(folder))


def _exponent(points: list[Point], name: str) -> float:
    """The slope, on logarithmic axes, of the time of a query over the number of posts."""
    first, last = points[0], points[-1]
    slower = first.queries[name].median_per_second / last.queries[name].median_per_second
    return math.log(slower) / math.log(last.posts / first.posts)


def plot(points: list[Point], path: Path = PLOT) -> None:
    """Draw queries per second, the build, and memory and disk, on logarithmic axes."""
    matplotlib: Any = importlib.import_module("matplotlib")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "scaling"  # the same file for the same figures
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    ticker: Any = importlib.import_module("matplotlib.ticker")
    panels: dict[str, dict[str, list[float]]] = {
        "queries per second": {
            name: [point.queries[name].median_per_second for point in points]
            for name in points[0].queries
        },
        "build, seconds": {"tipsearch index": [point.build_seconds for point in points]},
        "MB": {
            "peak memory of the build": [point.peak / 1e6 for point in points],
            "index on disk": [point.on_disk / 1e6 for point in points],
            "posts as JSON Lines": [point.source / 1e6 for point in points],
        },
    }
    figure, axes = pyplot.subplots(1, 3, figsize=(12, 4), layout="constrained")
    sizes = [point.posts for point in points]
    for axis, (title, curves) in zip(axes, panels.items(), strict=True):
        for colour, (name, values) in zip(COLOURS, curves.items(), strict=False):
            axis.loglog(sizes, values, "o-", color=colour, label=name)
        axis.set(xlabel="posts", ylabel=title)
        axis.set_xticks(sizes, [f"{number:,}" for number in sizes])
        axis.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter(lambda value, _: f"{value:,.10g}")
        for ticks in (axis.xaxis, axis.yaxis):
            ticks.set_minor_locator(ticker.NullLocator())
        axis.grid(visible=True, color="#e4e4e4", linewidth=0.6)
        axis.spines[["top", "right"]].set_visible(False)
        axis.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))
    figure.savefig(path, metadata={"Date": None})
    print(f"Plot: {path}\n")
