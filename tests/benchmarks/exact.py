"""Exactness: the answers of both kernels against a full sum and a full sort, on a large corpus.

    python -m tests.benchmarks.exact POSTS.jsonl [--queries 10000] [--related 1000] [--index FOLDER]

Asks random queries of 1 to 5 words and the relatives of random posts, with limits from 1 to 1,000,
and compares posts, order and every bit of the scores. The index is built unless FOLDER has one
already. Prints how many answers there were and how many were wrong; the exit status is 1 if any.
"""

import argparse
import importlib.util
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import tipsearch
from tests.benchmarks.engines import KERNELS, sample_queries
from tests.benchmarks.measuring import table
from tipsearch import Index, Ranking

PLAIN = Ranking("bm25")
LIMITS = (1, 10, 10, 10, 100, 1000)

Array = npt.NDArray[Any]
Answer = list[tuple[str, float]]


class Oracle:
    """Scores straight from the arrays of an index: a sum for each post, and all of them sorted."""

    def __init__(self, index: Index) -> None:
        index.verify()
        self._index, self.ids = index, [post.id for post in index]
        self._arrays = {n: part.whole() for n, part in index._reader.generation.arrays.items()}
        self._number = {term: number for number, term in enumerate(index.terms)}
        self._frequencies = np.diff(self._arrays["postings.indptr"])
        self._idf = np.log((1.0 + len(index)) / (1.0 + self._frequencies)) + 1.0

    def query(self, text: str, limit: int) -> Answer:
        """The best posts by BM25."""
        counts = Counter(self._index.analyzer.analyze(text))
        factors = {self._number[t]: float(n) for t, n in counts.items() if t in self._number}
        return self._best(self._sums(factors, "postings.bm25", None), limit)

    def related(self, row: int, limit: int) -> Answer:
        """The nearest posts by cosine, rounded to 12 places, without the post itself."""
        start, end = self._arrays["matrix.indptr"][row : row + 2].tolist()
        terms, scale = self._arrays["matrix.indices"][start:end], self._arrays["matrix.scale"]
        idf = self._idf[terms]
        factors = self._arrays["matrix.counts"][start:end] * idf * idf * scale[row]
        of_terms = dict(zip(terms.tolist(), factors.tolist(), strict=True))
        sums = np.rint(self._sums(of_terms, "postings.counts", scale) * 1e12) / 1e12
        sums[row] = 0
        return self._best(sums, limit)

    def _sums(self, factors: dict[int, float], values: str, scale: Array | None) -> Array:
        """The score of every post: its terms are added in order of the most that each can add."""
        found = []
        for term, factor in factors.items():
            start, end = self._arrays["postings.indptr"][term : term + 2].tolist()
            rows = self._arrays["postings.rows"][start:end]
            weights = self._arrays[values][start:end].astype(np.float64)
            weights = weights if scale is None else weights * scale[rows]
            found.append((-weights.max() * factor, term, factor, rows, weights))
        sums = np.zeros(len(self.ids))
        for _, _, factor, rows, weights in sorted(found, key=lambda term: term[:2]):
            sums[rows] += factor * weights
        return sums

    def _best(self, sums: Array, limit: int) -> Answer:
        rows = np.flatnonzero(sums > 0)
        order = rows[np.argsort(-sums[rows], kind="stable")][:limit]
        return [(self.ids[row], float(sums[row])) for row in order.tolist()]


def check(posts: Path, folder: Path, queries: int, related: int) -> int:
    """Ask all kernels that are there and the oracle; print the counts, return what was wrong."""
    kernels = [name for name in KERNELS if name == "numpy" or importlib.util.find_spec(name)]
    indexes = {kernel: Index.open(folder, kernel=kernel) for kernel in kernels}
    oracle = Oracle(indexes["numpy"])
    rows, wrong = [], 0
    for what, questions in (
        ("queries", _queries(oracle, posts, queries)),
        ("related", _related(oracle, related)),
    ):
        answers, hits, mismatches = 0, 0, Counter[str]()
        for asked, limit, expected in questions:
            answers, hits = answers + 1, hits + len(expected)
            for kernel, index in indexes.items():
                ask: Callable[..., Any] = partial(index.related, ranking="tfidf")
                if what == "queries":
                    ask = partial(index.query, ranking=PLAIN, exact=True)
                if [(hit.id, hit.score) for hit in ask(asked, limit)] != expected:
                    mismatches[kernel] += 1
                    print(f"{kernel} differs: {what} {asked!r}, limit {limit}", file=sys.stderr)
        wrong += mismatches.total()
        rows.append((what, f"{answers:,}", f"{hits:,}", *(f"{mismatches[k]:,}" for k in kernels)))
    head = ["asked", "answers", "hits", *(f"wrong, {kernel}" for kernel in kernels)]
    print(f"{len(oracle.ids):,} posts\n\n{table(head, rows)}")
    return wrong


def _queries(oracle: Oracle, posts: Path, count: int) -> Iterator[tuple[str, int, Answer]]:
    draw = random.Random(2)
    for text in sample_queries(posts, count, seed=2):
        limit = draw.choice(LIMITS)
        yield text, limit, oracle.query(text, limit)


def _related(oracle: Oracle, count: int) -> Iterator[tuple[str, int, Answer]]:
    draw = random.Random(3)
    for row in draw.sample(range(len(oracle.ids)), min(count, len(oracle.ids))):
        limit = draw.choice(LIMITS)
        yield oracle.ids[row], limit, oracle.related(row, limit)


def main() -> None:
    """Read the arguments, build the index if there is none, and check it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("posts", type=Path, metavar="POSTS.jsonl")
    parser.add_argument("--queries", type=int, default=10_000, help="default: %(default)s")
    parser.add_argument("--related", type=int, default=1_000, help="default: %(default)s")
    parser.add_argument("--index", type=Path, metavar="FOLDER", help="default: a temporary one")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.index or Path(temporary)
        if not (folder / "CURRENT").exists():
            tipsearch.Index.ingest(arguments.posts)[0].save(folder)
        if check(arguments.posts, folder, arguments.queries, arguments.related):
            sys.exit(1)


if __name__ == "__main__":
    main()
