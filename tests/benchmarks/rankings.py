"""Cost of each ranking on a large corpus, and how near hybrid comes to the exact answer.

    python -m tests.benchmarks.rankings POSTS.jsonl [--queries N] [--index DIR]

Queries of 1 to 5 words of the corpus, the ten best, one thread, all rankings in turn. "Exact" looks
at all posts: the share of its ten best that the hybrid ranking has too is the recall. It wants the
extra `semantic`; the index is made in DIR if there is none.
"""

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.benchmarks.engines import KERNELS, LIMIT, sample_queries
from tests.benchmarks.measuring import table
from tipsearch import Index, Ranking
from tipsearch.errors import IndexNotFound
from tipsearch.ranking import hybrid
from tipsearch.ranking.dense import search as vectors

RANKINGS = {
    "bm25": Ranking("bm25"),
    "feedback": Ranking("feedback"),
    "hybrid": Ranking("hybrid"),
}
EXACT_QUERIES = 200


def timed(index: Index, queries: list[str]) -> dict[str, list[float]]:
    """The seconds of each query by each ranking, in turn; the first round is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in RANKINGS}
    for counted in (False, True):
        for query in queries:
            for name, ranking in RANKINGS.items():
                start = time.perf_counter()
                index.query(query, LIMIT, ranking=ranking, exact=True)
                if counted:
                    seconds[name].append(time.perf_counter() - start)
    return seconds


def recall(index: Index, queries: list[str]) -> float:
    """The share of the exact ten best of each query that the index gives, as a mean."""

    def asked() -> list[set[str]]:
        return [
            {hit.id for hit in index.query(query, LIMIT, ranking="hybrid", exact=True)}
            for query in queries
        ]

    found, was = asked(), (vectors.SCANNED, hybrid.CANDIDATES)
    vectors.SCANNED, hybrid.CANDIDATES = len(index), 20_000
    exact = asked()
    vectors.SCANNED, hybrid.CANDIDATES = was
    pairs = zip(found, exact, strict=True)
    return statistics.mean(len(some & all) / (len(all) or 1) for some, all in pairs)


def main() -> None:
    """Print the times of each ranking by each kernel, and the recall."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("posts", type=Path)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--index", type=Path, default=Path(tempfile.gettempdir(), "rankings"))
    arguments = parser.parse_args()
    try:
        Index.open(arguments.index)
    except IndexNotFound:
        Index.ingest(arguments.posts, ranking="hybrid")[0].save(arguments.index)
    queries = sample_queries(arguments.posts, arguments.queries)
    rows = []
    for kernel in KERNELS:
        index = Index.open(arguments.index, kernel=kernel)
        seconds = timed(index, queries)
        base = statistics.mean(seconds["feedback"])
        for name, times in seconds.items():
            p50, p99 = (1000 * np.percentile(times, p) for p in (50, 99))
            mean = statistics.mean(times)
            rows.append((f"{name}, {kernel}", f"{1 / mean:,.0f}", f"{p50:.2f}", f"{p99:.2f}",
                         f"{mean / base:.2f}"))  # fmt: skip
    print(f"{len(index):,} posts\n")
    print(table(("ranking", "queries/s", "p50, ms", "p99, ms", "time to feedback"), rows))
    share = recall(index, queries[:EXACT_QUERIES])
    print(f"The hybrid ranking's ten best hold {share:.1%} of the exact ones.")


if __name__ == "__main__":
    main()
