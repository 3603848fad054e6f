"""Quality of the topics of each model, on collections of short texts.

    OMP_NUM_THREADS=1 NUMBA_NUM_THREADS=1 python -m tests.benchmarks.topics PATH... [--json FILE]

Each path is a folder with `corpus.jsonl`, as BEIR lays it out, or a folder of dumps, such as
`seeds`. It wants the extra `semantic` and gensim, bertopic, hdbscan and umap-learn; BERTopic gets
vectors, so it needs no sentence-transformers. Models run with several seeds; the figures are means
over them. What the JSON file has already is not run again.

"Topics" and "words" are how many a model found of those asked for, and fewer are easier to get
right; "unassigned" are posts without a topic; "agreement" is that of runs with different seeds, and
"judged groups" that with the groups of posts that the collection's queries name together.
"""

import argparse
import itertools
import json
import statistics
import time
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np

from tests.benchmarks.measuring import significant, table
from tests.benchmarks.topic_models import MODELS, NONE, Collection, Labels, Topics, Words
from tipsearch import Index
from tipsearch.evaluate.collection import read_qrels

FEW, MANY = (5, 8, 12), (10, 20, 50)  # numbers of topics
SMALL, LARGE = 500, 1000  # posts: below the one there are fewer topics, from the other on two seeds

Means = dict[str, float]
Member = dict[int, int]  # a group of each row that has one


class Runs(TypedDict):
    """What one model found in a collection for one number of topics: a value for each seed."""

    collection: str
    n: int
    model: str
    words: list[Words]
    measures: dict[str, list[float]]


# --- measures


def npmi(words: Words, texts: Sequence[Iterable[str]]) -> float:
    """Coherence: normalised pointwise mutual information of a topic's pairs of words (Bouma 2009).

    ln(p(x, y) / (p(x) p(y))) / -ln p(x, y), where p is the share of texts that have the words; -1
    for two that are never together, 1 for two that always are. The mean over a topic's pairs, then
    over topics; a topic of less than two words has 0.

    >>> round(npmi([["a", "b"]], ["ab", "ab", "a", "c"]), 4)  # ln(.5 / .375) / -ln .5
    0.415
    >>> round(npmi([["a", "b", "c"], ["a"]], ["ab", "ab", "a", "c"]), 4)  # (.415 - 1 - 1) / 3 / 2
    -0.2642
    >>> npmi([["a", "b"]], ["ab", "ab"])
    1.0
    """
    texts_of: dict[str, set[int]] = {word: set() for topic in words for word in topic}
    for number, text in enumerate(texts):
        for word in text:
            if word in texts_of:
                texts_of[word].add(number)

    def of_pair(x: str, y: str) -> float:
        both = len(texts_of[x] & texts_of[y]) / len(texts)
        if both in (0, 1):
            return 2 * both - 1
        apart = len(texts_of[x]) * len(texts_of[y]) / len(texts) ** 2
        return float(np.log(both / apart) / -np.log(both))

    return _mean(
        _mean(of_pair(*pair) for pair in itertools.combinations(topic, 2)) for topic in words
    )


def window_npmi(models: Sequence[Words], texts: list[list[str]]) -> list[float]:
    """The coherence of each model by Gensim, c_npmi: together means within ten words of a text.

    See Röder, Both & Hinneburg 2015. A topic of less than two words has 0.
    """
    from gensim.corpora import Dictionary
    from gensim.models import CoherenceModel

    topics = [topic for words in models for topic in words if len(topic) > 1]
    if not topics:
        return [0.0 for _ in models]
    # The windows are counted once for all models.
    model = CoherenceModel(
        topics=topics,
        texts=texts,
        dictionary=Dictionary(texts),
        coherence="c_npmi",
        topn=max(map(len, topics)),
        processes=1,
    )
    found = iter(model.get_coherence_per_topic())
    return [_mean(next(found) if len(topic) > 1 else 0.0 for topic in words) for words in models]


def diversity(words: Words) -> float:
    """The share of different words among the top words of all topics (Dieng, Ruiz & Blei 2020).

    >>> diversity([["a", "b"], ["a", "c"]])
    0.75
    """
    every = [word for topic in words for word in topic]
    return len(set(every)) / len(every) if every else 0.0


def unassigned(main: Labels) -> float:
    """The share of posts without a topic.

    >>> unassigned(np.array([0, -1, 1, 1]))
    0.25
    """
    return float(np.mean(main == NONE))


def agreement(runs: Sequence[Labels]) -> float:
    """The adjusted Rand index of two runs (Hubert & Arabie 1985), in the mean over their pairs.

    Posts without a topic count as one more topic.

    >>> agreement([np.array([0, 0, 1]), np.array([1, 1, 0])])
    1.0
    """
    from sklearn.metrics import adjusted_rand_score

    return _mean(adjusted_rand_score(*pair) for pair in itertools.combinations(runs, 2))


def groups(sets: Iterable[Iterable[int]]) -> Member:
    """The group of each member of sets that are equal or have nothing in common; else none at all.

    >>> groups([[1, 2], [2, 1], [3]])
    {1: 0, 2: 0, 3: 1}
    >>> groups([[1, 2], [2, 3]])
    {}
    """
    different = sorted(map(sorted, {frozenset(members) for members in sets}))
    found = {row: number for number, members in enumerate(different) for row in members}
    return found if len(found) == sum(map(len, different)) else {}


def _mean(values: Iterable[float]) -> float:
    """The mean, of nothing 0."""
    found = list(values)
    return float(sum(found) / len(found)) if found else 0.0


# --- runs


def read(path: Path) -> tuple[Collection, Member]:
    """A collection and the groups that its judged queries make of its posts, if they make any."""
    corpus, qrels = path / "corpus.jsonl", path / "qrels.tsv"
    index = Index.ingest(corpus if corpus.exists() else path, ranking="hybrid")[0]
    collection = Collection.of(path.resolve().name, index)
    if not qrels.exists():
        return collection, {}
    rows = {post.id: row for row, post in enumerate(index)}
    judged = read_qrels(qrels).values()
    member = groups({rows[id] for id, score in posts.items() if score > 0} for posts in judged)
    return collection, member if len(set(member.values())) <= len(member) / 2 else {}


def runs(collection: Collection, member: Member, n: int, model: str, seeds: int) -> Runs:
    """Run a model with each of so many seeds, and take all measures but Gensim's."""
    found: list[Topics] = []
    seconds: list[float] = []
    for seed in range(seeds):
        start = time.perf_counter()
        found.append(MODELS[model](collection, n, seed))
        seconds.append(time.perf_counter() - start)
    measures = {
        "topics": [float(len(topics.words)) for topics in found],
        "npmi": [npmi(topics.words, collection.tokens) for topics in found],
        "diversity": [diversity(topics.words) for topics in found],
        "unassigned": [unassigned(topics.main) for topics in found],
        "seconds": seconds,
    }
    if seeds > 1:
        measures["agreement"] = [agreement([topics.main for topics in found])]
    if member:
        rows, truth = list(member), np.array([*member.values()])
        measures["groups"] = [agreement([topics.main[rows], truth]) for topics in found]
    words = [topics.words for topics in found]
    return Runs(collection=collection.name, n=n, model=model, words=words, measures=measures)


def measured(
    collection: Collection, member: Member, models: Sequence[str], seeds: int | None = None
) -> list[Runs]:
    """The runs of the models with each number of topics."""
    size = len(collection.index)
    numbers = FEW if size < SMALL else MANY
    seeds = seeds or (3 if size < LARGE else 2)
    found = []
    for n, model in itertools.product(numbers, models):
        try:
            found.append(runs(collection, member, n, model, seeds))
        except NotImplementedError:
            continue
    every = [words for run in found for words in run["words"]]
    scores = iter(window_npmi(every, collection.tokens))
    for run in found:
        measures = run["measures"]
        measures["c_npmi"] = [next(scores) for _ in run["words"]]
        for name in ("npmi", "c_npmi"):
            pairs = zip(measures[name], measures["diversity"], strict=True)
            measures[f"quality, {name}"] = [coherent * diverse for coherent, diverse in pairs]
    return found


# --- tables

COLUMNS = {
    "npmi": "NPMI",
    "c_npmi": "c_npmi",
    "diversity": "diversity",
    "quality, npmi": "NPMI quality",
    "quality, c_npmi": "c_npmi quality",
    "unassigned": "unassigned",
    "agreement": "agreement",
    "groups": "judged groups",
}


def means(run: Runs) -> Means:
    """The mean of each measure over the seeds, and how many words a topic has."""
    found = {name: statistics.fmean(values) for name, values in run["measures"].items()}
    found["words"] = _mean(len(topic) for words in run["words"] for topic in words)
    return found


def rows(figures: dict[str, list[Means]]) -> list[list[str]]:
    """A row for each model: its means."""
    found = []
    for model, each in figures.items():
        sizes = [_mean(figure[name] for figure in each) for name in ("topics", "words")]
        cells = [model, *(f"{size:.1f}" for size in sizes)]
        for name in COLUMNS:
            values = [figure[name] for figure in each if name in figure]
            cells.append(f"{_mean(values):.3f}" if values else "–")
        found.append([*cells, significant(_mean(figure["seconds"] for figure in each))])
    return found


def report(every: Sequence[Runs]) -> str:
    """A table for each collection and number of topics, and one of the means over all."""
    head = ["topics", "words", *COLUMNS.values(), "s"]
    parts: dict[tuple[str, int], dict[str, list[Means]]] = {}
    total: dict[str, list[Means]] = {}
    for run in every:
        part = parts.setdefault((run["collection"], run["n"]), {})
        part[run["model"]] = [means(run)]
        total.setdefault(run["model"], []).append(means(run))
    tables = [
        table([f"{name}, {n} topics", *head], rows(figures)) for (name, n), figures in parts.items()
    ]
    return "\n".join([*tables, table([f"mean of {len(parts)}", *head], rows(total))])


def main() -> None:
    """Read the arguments, run what is missing, and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH")
    parser.add_argument("--json", type=Path, metavar="FILE", help="all results, read and written")
    parser.add_argument("--only", nargs="+", choices=MODELS, default=[*MODELS], metavar="MODEL")
    parser.add_argument("--seeds", type=int, help=f"default: 3, from {LARGE:,} posts on 2")
    arguments = parser.parse_args()
    warnings.filterwarnings("ignore")
    every: list[Runs] = []
    if arguments.json and arguments.json.exists():
        every = json.loads(arguments.json.read_text(encoding="utf-8"))
    warm: set[str] = set()
    for path in arguments.paths:
        collection, member = read(path)
        known = {run["model"] for run in every if run["collection"] == collection.name}
        models = [model for model in arguments.only if model not in known]
        _warm_up(collection, [model for model in models if model not in warm])
        warm.update(models)
        every += measured(collection, member, models, arguments.seeds)
        if arguments.json:
            arguments.json.write_text(json.dumps(every), encoding="utf-8")
    print(report(every))


def _warm_up(collection: Collection, models: Sequence[str]) -> None:
    """Import what the models want and compile it, which no run is to be charged with."""
    for model in models:
        if model.startswith("BERTopic"):
            MODELS[model](collection, FEW[0], 0)


if __name__ == "__main__":
    main()
