"""Measures that tell answered queries from unanswered ones: the table behind `coverage`.

    python -m tests.benchmarks.gaps FOLDER...

Each folder is a collection as BEIR lays them out. Queries that share relevant posts go together; of
half of such groups, drawn by a seed, all relevant posts are taken out of the index. A number is the
better the oftener it is less for a query that has no relevant post left than for one that has (the
area under the ROC curve, AUC). It wants the extra `semantic`.
"""

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score

from tests.benchmarks.measuring import table
from tipsearch import Index, read
from tipsearch.analysis.weighting import bm25_idf
from tipsearch.corpus.post import Post
from tipsearch.evaluate.collection import read_qrels, read_queries
from tipsearch.ranking.coverage import WEAK, coverage

SEEDS = 4
THRESHOLDS = np.arange(0.3, 0.8, 0.01)
Qrels = Mapping[str, Mapping[str, int]]


class Facts(NamedTuple):
    """Of the best post for a query: what candidates are made of.

    `idf_share` is the share of the query's words that it has, weighed by idf; `lexical` is L / M;
    `bound` the score over the most it could be, `gap` how far it is above the next, in parts of it.
    """

    idf_share: float
    lexical: float
    cosine: float
    bound: float
    gap: float


CANDIDATES: dict[tuple[str, str], Callable[[Facts], float]] = {
    ("feedback", "sqrt(L/M): coverage"): lambda f: coverage(f.lexical, None),
    ("feedback", "share of idf weight"): lambda f: f.idf_share,
    ("feedback", "score over its bound, with feedback"): lambda f: f.bound,
    ("feedback", "gap to the next score"): lambda f: f.gap,
    ("hybrid", "(sqrt(L/M) + C) / 2: coverage"): lambda f: coverage(f.lexical, f.cosine),
    ("hybrid", "1 - (1 - L/M)(1 - C)"): lambda f: 1 - (1 - f.lexical) * (1 - f.cosine),
    ("hybrid", "C alone"): lambda f: f.cosine,
    ("hybrid", "(idf share + C) / 2"): lambda f: (f.idf_share + f.cosine) / 2,
    ("hybrid", "max(idf share, C)"): lambda f: max(f.idf_share, f.cosine),
    ("hybrid", "idf share * C"): lambda f: f.idf_share * f.cosine,
    ("hybrid", "sqrt(L/M) alone"): lambda f: f.lexical**0.5,
    ("hybrid", "score over its bound"): lambda f: f.bound,
    ("hybrid", "gap to the next score"): lambda f: f.gap,
}  # fmt: skip


def facts(index: Index, text: str, ranking: str) -> Facts:
    """What is to be known of the best post for a query."""
    search, vocabulary = index._searcher.search, index._searcher.vocabulary
    chosen, analyzed = search.usable(ranking), vocabulary.parse(text)
    best = search.query(analyzed, 2, chosen).best
    if not best:
        return Facts(0, 0, 0, 0, 0)
    row, score = best[0]
    terms = np.fromiter(analyzed.terms, np.int64, len(analyzed.terms))
    frequencies = index._reader.document_frequencies(terms)
    idf = bm25_idf(np.append(frequencies, 0), len(index))
    unknown = analyzed.unknown_count
    weights = idf * [*analyzed.terms.values(), unknown]
    has = np.isin(terms, index._reader.row(row)[0])
    bound = search.bm25.upper_bound(analyzed.terms, unknown)
    return Facts(
        weights[:-1][has].sum() / weights.sum(),
        search.bm25.share_of_bound(analyzed.terms, unknown, row),
        max(0.0, search._hybrid.cosine(analyzed.words, row)),
        score / (bound + (chosen.semantic_weight if ranking == "hybrid" else 0)),
        1 - best[1][1] / score if len(best) > 1 else 1.0,
    )


def groups(qrels: Qrels) -> list[list[str]]:
    """The queries in groups that share no relevant post."""
    home: dict[str, int] = {}
    found: dict[int, tuple[list[str], set[str]]] = {}
    for number, (query, grades) in enumerate(qrels.items()):
        posts = {post for post, grade in grades.items() if grade > 0}
        queries = [query]
        for place in {home[post] for post in posts if post in home}:
            others, theirs = found.pop(place)
            queries, posts = others + queries, posts | theirs
        if posts:
            found[number] = queries, posts
            home.update(dict.fromkeys(posts, number))
    return [queries for queries, _ in found.values()]


def experiment(
    posts: Sequence[Post], texts: Mapping[str, str], qrels: Qrels, seed: int
) -> tuple[list[bool], dict[str, list[Facts]]]:
    """Which queries still have a relevant post, and the facts of each by ranking."""
    kinds = groups({id: qrels[id] for id in qrels if id in texts})
    drawn = random.Random(seed).sample(kinds, len(kinds) // 2)
    gone = {id for kind in drawn for query in kind for id, g in qrels[query].items() if g > 0}
    left = [post for post in posts if post.id not in gone]
    index, ids = Index.build(left, ranking="hybrid"), {post.id for post in left}
    queries = [query for kind in kinds for query in kind]
    answered = [any(g > 0 and id in ids for id, g in qrels[query].items()) for query in queries]
    rankings = ("feedback", "hybrid")
    return answered, {r: [facts(index, texts[query], r) for query in queries] for r in rankings}


def main() -> None:
    """Print the AUC of each candidate, and the rates of error of the coverage by threshold."""
    folders = [Path(folder) for folder in sys.argv[1:]]
    auc: dict[tuple[str, str], list[float]] = {name: [] for name in CANDIDATES}
    rates: dict[str, list[list[tuple[float, float]]]] = {"feedback": [], "hybrid": []}
    for folder in folders:
        posts, _ = read(folder / "corpus.jsonl")
        texts, qrels = read_queries(folder / "queries.jsonl"), read_qrels(folder / "qrels.tsv")
        done = [experiment(posts, texts, qrels, seed) for seed in range(SEEDS)]
        for (ranking, name), value in CANDIDATES.items():
            each = [(np.array(y), np.array([*map(value, x[ranking])])) for y, x in done]
            auc[ranking, name].append(float(np.mean([roc_auc_score(y, x) for y, x in each])))
            if name.endswith("coverage"):
                y, x = (np.concatenate(part) for part in zip(*each, strict=True))
                rates[ranking].append([((x[~y] < t).mean(), (x[y] < t).mean()) for t in THRESHOLDS])
    rows = [
        (f"{ranking}: {name}", *(f"{value:.3f}" for value in (*values, np.mean(values))))
        for (ranking, name), values in auc.items()
    ]
    print(table(("AUC", *(folder.name for folder in folders), "mean"), rows))
    at = int(np.abs(THRESHOLDS - WEAK).argmin())
    margins = []
    for ranking, by_folder in rates.items():
        means = np.array(by_folder).mean(axis=0)
        margins.append(means[:, 0] - means[:, 1])
        shown = [f"{100 * found:.0f} / {100 * false:.0f}" for found, false in
                 (*(folder[at] for folder in by_folder), means[at])]  # fmt: skip
        print(f"{ranking}: gaps found / false alarms in % at {WEAK}:", ", ".join(shown))
    best = [THRESHOLDS[each.argmax()] for each in (*margins, np.mean(margins, axis=0))]
    print("best threshold for each ranking, and for both:", *(f"{each:.2f}" for each in best))


if __name__ == "__main__":
    main()
