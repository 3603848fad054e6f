"""Measures that tell answered queries from unanswered ones: behind `coverage` and `worth`.

    python -m tests.benchmarks.gaps FOLDER...

Each folder is a collection as BEIR lays them out. Queries that share relevant posts go together; of
half of such groups, drawn by a seed, all relevant posts are taken out of the index; where there are
fewer than MIN_GROUPS, of half the queries. A number is the better the oftener it is less for a
query that has no relevant post left than for one that has (the area under the ROC curve, AUC).

Queries without a relevant post whose number is below a threshold are found; others below it are
false alarms. Rates are means over the folders, with one threshold for all. Folders after `--held`
are measured at the thresholds that the others give. It wants the extra `semantic`.
"""

import random
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from tests.benchmarks.measuring import table
from tipsearch import Index, read
from tipsearch.analysis.weighting import bm25_idf
from tipsearch.corpus.post import Post
from tipsearch.evaluate.collection import read_qrels, read_queries
from tipsearch.ranking.coverage import WEAK, coverage
from tipsearch.ranking.terms import Best

SEEDS = 4
MIN_GROUPS = 10
DEPTH = 10
RATES = np.array([0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7])  # of false alarms
TARGET = 0.2
Qrels = Mapping[str, Mapping[str, int]]
Floats = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]


class Facts(NamedTuple):
    """Of the best post for a query: what candidates are made of.

    `idf_share` is the share of the query's words that it has, weighed by idf; `lexical` is L / M;
    `bound` the score over the most it could be, `gap` how far it is above the next, in parts of it,
    `gap10` how far above the tenth. `required` is the coverage that an answer needs not
    to be weak, 0 where the best post has all words.

    Predictors of query performance, of the ten best posts: `nqc` is the deviation of L / M (Shtok
    et al., "Predicting Query Performance by Query-Drift Estimation", 2012) and `wig` its mean times
    the root of the number of words (Zhou and Croft, 2007); `clarity` the divergence of their terms
    from those of the corpus (Cronen-Townsend et al., 2002). `agreement` is the mean cosine of the
    five best posts, `nearest` the greatest cosine of any post. `rarest` is the greatest idf of a
    word that the best post lacks.
    """

    idf_share: float = 0.0
    lexical: float = 0.0
    cosine: float = 0.0
    bound: float = 0.0
    gap: float = 0.0
    gap10: float = 0.0
    required: float = 1.0
    nqc: float = 0.0
    wig: float = 0.0
    clarity: float = 0.0
    agreement: float = 0.0
    nearest: float = 0.0
    rarest: float = 99.0


CANDIDATES: dict[tuple[str, str], Callable[[Facts], float]] = {
    ("feedback", "sqrt(L/M): coverage"): lambda f: coverage(f.lexical, None),
    ("feedback", "share of idf weight"): lambda f: f.idf_share,
    ("feedback", "score over its bound, with feedback"): lambda f: f.bound,
    ("feedback", "gap to the next score"): lambda f: f.gap,
    ("feedback", "gap to the tenth score"): lambda f: f.gap10,
    ("feedback", "NQC"): lambda f: f.nqc,
    ("feedback", "WIG"): lambda f: f.wig,
    ("feedback", "clarity"): lambda f: f.clarity,
    ("feedback", "-idf of the rarest word lacking"): lambda f: -f.rarest,
    ("feedback", "worth"): lambda f: coverage(f.lexical, None) - f.required,
    ("hybrid", "(sqrt(L/M) + C) / 2: coverage"): lambda f: coverage(f.lexical, f.cosine),
    ("hybrid", "1 - (1 - L/M)(1 - C)"): lambda f: 1 - (1 - f.lexical) * (1 - f.cosine),
    ("hybrid", "C alone"): lambda f: f.cosine,
    ("hybrid", "(idf share + C) / 2"): lambda f: (f.idf_share + f.cosine) / 2,
    ("hybrid", "max(idf share, C)"): lambda f: max(f.idf_share, f.cosine),
    ("hybrid", "idf share * C"): lambda f: f.idf_share * f.cosine,
    ("hybrid", "sqrt(L/M) alone"): lambda f: f.lexical**0.5,
    ("hybrid", "score over its bound"): lambda f: f.bound,
    ("hybrid", "gap to the next score"): lambda f: f.gap,
    ("hybrid", "gap to the tenth score"): lambda f: f.gap10,
    ("hybrid", "NQC"): lambda f: f.nqc,
    ("hybrid", "WIG"): lambda f: f.wig,
    ("hybrid", "clarity"): lambda f: f.clarity,
    ("hybrid", "-idf of the rarest word lacking"): lambda f: -f.rarest,
    ("hybrid", "greatest cosine of any post"): lambda f: f.nearest,
    ("hybrid", "agreement of the five best"): lambda f: f.agreement,
    ("hybrid", "worth"): lambda f: coverage(f.lexical, f.cosine) - f.required,
}  # fmt: skip


def facts(index: Index, text: str, ranking: str) -> Facts:
    """What is to be known of the best posts for a query."""
    search, vocabulary = index._searcher.search, index._searcher.vocabulary
    chosen, analyzed = search.usable(ranking), vocabulary.parse(text)
    best = search.query(analyzed, DEPTH, chosen).best
    if not best:
        return Facts()
    row, score = best[0]
    terms = np.fromiter(analyzed.terms, np.int64, len(analyzed.terms))
    unknown = analyzed.unknown_count
    frequencies = index._reader.document_frequencies(terms)
    idf = bm25_idf(np.append(frequencies, 0), len(index))
    weights = idf * [*analyzed.terms.values(), unknown]
    has = np.isin(terms, index._reader.row(row)[0])
    lacking = np.append(~has, unknown > 0)
    bound = search.bm25.upper_bound(analyzed.terms, unknown)
    shares = [search.bm25.share_of_bound(analyzed.terms, unknown, row) for row, _ in best]
    vector = search._hybrid._encoder.vector(analyzed.words)
    posts = search._hybrid._dense.of(np.array([row for row, _ in best[:5]]))
    mean = (posts.codes * posts.scale[:, None]).sum(axis=0)
    pairs = max(len(posts.rows) * (len(posts.rows) - 1), 1)
    return Facts(
        weights[:-1][has].sum() / weights.sum(),
        shares[0],
        max(0.0, search._hybrid.cosine(analyzed.words, row)),
        score / (bound + (chosen.semantic_weight if ranking == "hybrid" else 0)),
        1 - best[1][1] / score if len(best) > 1 else 1.0,
        1 - best[-1][1] / score,
        search.required_coverage(analyzed) if lacking.any() else 0.0,
        float(np.std(shares)),
        float(np.mean(shares)) * (len(terms) + unknown) ** 0.5,
        _clarity(index, best),
        (float(mean @ mean) - len(posts.rows)) / pairs,
        float(search._hybrid._dense.nearest(vector, DEPTH).cosines(vector).max()),
        float((idf * lacking).max()),
    )


def _clarity(index: Index, best: Best) -> float:
    """The divergence of the terms of the best posts, weighted by score, from the corpus."""
    reader, found = index._reader, np.zeros(len(index._reader.terms))
    for row, score in best:
        terms, counts = reader.row(row)
        found[terms] += score * counts / max(counts.sum(), 1)
    terms = np.flatnonzero(found)
    shares = found[terms] / found.sum()
    of_corpus = reader.document_frequencies(terms) / (reader.mean_terms * len(index))
    return float((shares * np.log(shares / of_corpus)).sum())


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
    if len(kinds) < MIN_GROUPS:
        kinds = [[query] for kind in kinds for query in kind]
    drawn = random.Random(seed).sample(kinds, len(kinds) // 2)
    gone = {id for kind in drawn for query in kind for id, g in qrels[query].items() if g > 0}
    left = [post for post in posts if post.id not in gone]
    index, ids = Index.build(left, ranking="hybrid"), {post.id for post in left}
    queries = [query for kind in kinds for query in kind]
    answered = [any(g > 0 and id in ids for id, g in qrels[query].items()) for query in queries]
    rankings = ("feedback", "hybrid")
    return answered, {r: [facts(index, texts[query], r) for query in queries] for r in rankings}


Values = list[tuple[BoolArray, Floats]]  # of each folder: whether answered, and the number


def rates(values: Values, thresholds: Floats) -> tuple[Floats, Floats]:
    """The rates of those found and of false alarms, each of shape (folders, thresholds)."""
    below = [[x[mask][:, None] < thresholds for mask in (~y, y)] for y, x in values]
    found, false = zip(*([part.mean(axis=0) for part in parts] for parts in below), strict=True)
    return np.array(found), np.array(false)


def threshold(values: Values, rate: float) -> float:
    """The greatest threshold with at most that mean rate of false alarms."""
    low, high = min(x.min() for _, x in values), max(x.max() for _, x in values)
    grid = np.linspace(low, high, 400)
    _, false = rates(values, grid)
    return float(grid[false.mean(axis=0) <= rate][-1])


def percentages(values: Values, at: float) -> list[str]:
    """Found / false alarms at a threshold, in %, of each folder and of their mean."""
    found, false = (each[:, 0] for each in rates(values, np.array([at])))
    pairs = zip([*found, found.mean()], [*false, false.mean()], strict=True)
    return [f"{100 * one:.0f} / {100 * other:.0f}" for one, other in pairs]


def main() -> None:
    """Print AUC and rates of each candidate, and the calibration of `worth` and `coverage`."""
    at = sys.argv.index("--held") if "--held" in sys.argv else len(sys.argv)
    folders, held = sys.argv[1:at], sys.argv[at + 1 :]
    auc: dict[tuple[str, str], list[float]] = {name: [] for name in CANDIDATES}
    values: dict[tuple[str, str], Values] = {name: [] for name in CANDIDATES}
    for folder in map(Path, folders + held):
        posts, _ = read(folder / "corpus.jsonl")
        texts, qrels = read_queries(folder / "queries.jsonl"), read_qrels(folder / "qrels.tsv")
        done = [experiment(posts, texts, qrels, seed) for seed in range(SEEDS)]
        for (ranking, name), value in CANDIDATES.items():
            each = [(np.array(y), np.array([*map(value, x[ranking])])) for y, x in done]
            auc[ranking, name].append(float(np.mean([roc_auc_score(y, x) for y, x in each])))
            y, x = (np.concatenate(part) for part in zip(*each, strict=True))
            values[ranking, name].append((y, x))
    count, names = len(folders), [Path(folder).name for folder in folders + held]
    rows = []
    for candidate, areas in auc.items():
        chosen = values[candidate][:count]
        own, single = threshold(chosen, TARGET), [threshold([each], TARGET) for each in chosen]
        apart = [rates([v], np.array([t]))[0][0, 0] for v, t in zip(chosen, single, strict=True)]
        cells = [f"{area:.3f}" for area in (*areas, np.mean(areas[:count]))]
        cells += [percentages(chosen, own)[-1], f"{100 * np.mean(apart):.0f}"]
        rows.append((": ".join(candidate), *cells))
    shared = ("mean", "found / false, one threshold", "found, own thresholds")
    print(table(("AUC", *names, *shared), rows))
    for candidate in values:
        if not candidate[1].endswith(("coverage", "worth")):
            continue
        chosen, others = values[candidate][:count], values[candidate][count:]
        shipped = 0.0 if candidate[1] == "worth" else WEAK
        rows = []
        for rate in RATES:
            limit = threshold(chosen, rate)
            rows.append((f"{limit:+.3f}", *percentages(chosen, limit)))
        rows.append((f"in force: {shipped:+.3f}", *percentages(chosen, shipped)))
        print(": ".join(candidate), "found / false alarms in %", sep=", ")
        print(table(("threshold", *names[:count], "mean"), rows))
        left = [[*chosen[:place], *chosen[place + 1 :]] for place in range(count)]
        out = [rates([v], np.array([threshold(rest, TARGET)]))
               for v, rest in zip(chosen, left, strict=True)]  # fmt: skip
        found, false = (np.mean([part[kind] for part in out]) for kind in (0, 1))
        print(f"threshold of the other folders: {100 * found:.0f} / {100 * false:.0f}")
        if others:
            told = zip(names[count:], percentages(others, shipped), strict=False)
            print("held out:", *(f"{name} {pair}" for name, pair in told), "\n")


if __name__ == "__main__":
    main()
