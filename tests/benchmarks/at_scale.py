"""How long do reading, building, opening and asking take with many posts?

    python tests/benchmarks/at_scale.py POSTS.jsonl QUERY...

Prints seconds for each step on one corpus in JSON Lines, the analysis on one process and on all,
and the median of 5 runs of each query.
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import tipsearch
from tipsearch import counting
from tipsearch.index import Index
from tipsearch.text import Analyzer

T = TypeVar("T")


def timed(name: str, work: Callable[[], T], runs: int = 1) -> T:
    """Do the work, print the median of its seconds, and return what it gave last."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - start)
    print(f"{statistics.median(seconds):9.4f} s  {name}")
    return result


def main() -> None:
    """Take the steps in turn."""
    source, *queries = sys.argv[1:]
    posts, _ = timed("read", lambda: tipsearch.read(source))
    print(f"{len(posts):,} posts, {sum(len(post.text) for post in posts):,} characters")
    for name, least in (("analysis, one process", sys.maxsize), ("analysis, all cores", 0)):
        counting.PARALLEL_CHARACTERS = least
        timed(name, lambda: counting.count(posts, Analyzer()))
    index = timed("build", lambda: Index.build(posts))
    with tempfile.TemporaryDirectory() as folder:
        timed("save", lambda: index.save(folder))
        opened = timed("open", lambda: Index.open(folder), runs=5)
        print(f"{opened.info()['bytes']:,} bytes")
        for query in queries:
            hits = timed(f"query {query!r}", partial(opened.query, query), runs=5)
            if hits:
                post = hits[0].post
                timed(f"related {post.id!r}", partial(opened.related, post.id), runs=5)


if __name__ == "__main__":
    main()
