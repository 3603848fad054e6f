"""Quality of each ranking on judged collections: the table that chose the settings.

    python -m tests.benchmarks.quality FOLDER...

Each folder is a collection as BEIR lays them out: `corpus.jsonl`, `queries.jsonl`, `qrels.tsv`. It
wants the extras `eval` and `semantic`. "Plain" is BM25 with k1 1.2 and b 0.75, a title word
counting as one, without feedback and correction; the others are what `--ranking` names. Intervals
are the bootstrap's; differences are paired, by query.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.measuring import table
from tipsearch import Index, Ranking, Weighting
from tipsearch.evaluate.collection import read_qrels, read_queries
from tipsearch.evaluate.measures import DEPTH, Evaluation, Qrels, answers, compare, evaluate

NDCG, RECALL = "nDCG@10", "Recall@100"
PLAIN = Weighting(k1=1.2, b=0.75, title_weight=1)
NAMES = ("plain BM25", "tfidf", "bm25", "feedback", "hybrid")


def rankers(corpus: Path) -> dict[str, Callable[[str], list[tuple[str, float]]]]:
    """A function from a query to its hits for each ranking."""
    without = Ranking("bm25")
    plain = Index.ingest(corpus, weighting=PLAIN, ranking=without)[0]
    own = Index.ingest(corpus, ranking="hybrid")[0]

    def hits(name: str) -> Callable[[str], list[tuple[str, float]]]:
        index, ranking = (plain, without) if name == NAMES[0] else (own, name)
        exact = name == NAMES[0]
        return lambda text: [
            (hit.id, hit.score)
            for hit in index.query(text, DEPTH + 1, ranking=ranking, exact=exact)
        ]

    return {name: hits(name) for name in NAMES}


def measured(folder: Path) -> dict[str, tuple[Evaluation, float]]:
    """The measures of each ranking, and the milliseconds that a query takes."""
    qrels: Qrels = read_qrels(folder / "qrels.tsv")
    texts = read_queries(folder / "queries.jsonl")
    queries = {id: texts[id] for id in qrels if id in texts}
    found = {}
    for name, rank in rankers(folder / "corpus.jsonl").items():
        start = time.perf_counter()
        run = answers(rank, queries)
        milliseconds = (time.perf_counter() - start) * 1000 / len(queries)
        found[name] = evaluate(run, qrels), milliseconds
    return found


def main() -> None:
    """Print a table for each collection, and the means over all."""
    means: dict[str, list[tuple[float, float]]] = {name: [] for name in NAMES}
    for folder in map(Path, sys.argv[1:]):
        found = measured(folder)
        rows = []
        for name, (evaluation, milliseconds) in found.items():
            ndcg, recall = evaluation.means[NDCG], evaluation.means[RECALL]
            means[name].append((ndcg.mean, recall.mean))
            gain = compare(evaluation, found[NAMES[0]][0])[NDCG]
            rows.append((
                name, f"{ndcg.mean:.3f} [{ndcg.low:.3f}, {ndcg.high:.3f}]",
                f"{gain.mean:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]",
                f"{recall.mean:.3f} [{recall.low:.3f}, {recall.high:.3f}]", f"{milliseconds:.1f}",
            ))  # fmt: skip
        print(table((folder.name, NDCG, "to plain", RECALL, "ms a query"), rows))
    first = [sum(column) / len(means[NAMES[0]]) for column in zip(*means[NAMES[0]], strict=True)]
    rows = []
    for name, values in means.items():
        ndcg, recall = (sum(column) / len(values) for column in zip(*values, strict=True))
        more = f"{100 * (ndcg / first[0] - 1):+.1f} %", f"{100 * (recall / first[1] - 1):+.1f} %"
        rows.append((name, f"{ndcg:.4f}", more[0], f"{recall:.4f}", more[1]))
    print(table((f"mean of {len(sys.argv) - 1}", NDCG, "to plain", RECALL, "to plain"), rows))


if __name__ == "__main__":
    main()
