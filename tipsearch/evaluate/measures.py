"""How good is a ranking? Measures on judgments, how sure they are, and two rankings compared.

In the terms of the field: `qrels` hold for each query the grades of its judged posts, and a `run`
its hits, the best first. The measures are those of trec_eval, computed by ir_measures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.views.tables import Column, Table

if TYPE_CHECKING:
    from tipsearch.index import Index
    from tipsearch.store.ranking import Ranking

Qrels = Mapping[str, Mapping[str, int]]
Run = Mapping[str, Sequence[tuple[str, float]]]
Gain = Literal["linear", "exp"]

DEPTH = 100
# Hits below DEPTH are cut off first, so that runs of any depth compare.
MEASURES = ("nDCG@10", f"Recall@{DEPTH}", f"MAP@{DEPTH}", f"MRR@{DEPTH}")
MAX_EXPONENT = 20  # trec_eval counts by gain in an array as long as the highest
RESAMPLES = 10_000
SEED = 20_140_204
INTERVAL = (2.5, 97.5)  # per cent
BATCH = 1_000_000  # numbers drawn at once
COUNTS = ("wins", "ties", "losses")
SAME = 1e-9  # what differs by less differs by rounding


class Mean(NamedTuple):
    """A mean over queries, and its 95% interval by the bootstrap."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """A mean paired difference, its 95% interval, and on how many queries which one is better.

    `p` is that of the two-sided paired randomization test.
    """

    mean: float
    low: float
    high: float
    wins: int
    ties: int
    losses: int
    p: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measures of a run: the means, and `per_query` the value of each measure by query."""

    means: Mapping[str, Mean]
    per_query: Mapping[str, Mapping[str, float]]

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each measure, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `measure`, its `mean`, and `low` and `high`, the ends of the 95% interval.
        """
        return _table(self.means, Mean._fields).given(arrow)


class Comparison(dict[str, Difference]):
    """The difference of two evaluations by measure: a dict, which also gives a table."""

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each measure, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `measure`, and the fields of `Difference`.
        """
        return _table(self, Difference._fields).given(arrow)


def _table(by_measure: Mapping[str, Mean | Difference], fields: Sequence[str]) -> Table:
    columns = {
        field: Column(
            "whole" if field in COUNTS else "real",
            [getattr(values, field) for values in by_measure.values()],
        )
        for field in fields
    }
    return Table({"measure": Column("text", [*by_measure]), **columns})


def require() -> Any:
    """The library of measures. Raises ExtraMissing."""
    try:
        import ir_measures
    except ImportError:
        raise ExtraMissing("eval", "ir_measures") from None
    return ir_measures


def answers(
    rank: Callable[[str], Sequence[tuple[str, float]]],
    queries: Mapping[str, str],
    *,
    progress: Callable[[float], None] = lambda _: None,
) -> dict[str, Sequence[tuple[str, float]]]:
    """The run of some queries; `rank` gives id and score of the hits for a text, the best first.

    `progress` is told the share that is answered.
    """
    run = {}
    for done, (query, text) in enumerate(queries.items(), start=1):
        run[query] = rank(text)
        progress(done / len(queries))
    return run


def ranker(
    index: Index, ranking: str | Ranking | None = None
) -> Callable[[str], list[tuple[str, float]]]:
    """A function that gives id and score of the hits for a text, by a ranking of an index.

    One more than count, since one may be the query.
    """
    return lambda text: [
        (hit.id, hit.score) for hit in index.query(text, DEPTH + 1, ranking=ranking)
    ]


def measure(
    index: Index,
    queries: Mapping[str, str],
    qrels: Qrels,
    *,
    ranking: str | Ranking | None = None,
    gain: Gain = "linear",
    keep_identical: bool = False,
) -> Evaluation:
    """Ask an index the queries, and measure what it answers; see `evaluate`, and `Index.query`.

    The known items of an index, for which nobody has judged anything, by two rankings:

        titles, relevant, searched = known_items.task(index)
        words = evaluate.measure(searched, titles, relevant, ranking="bm25", keep_identical=True)
        both = evaluate.measure(searched, titles, relevant, ranking="hybrid", keep_identical=True)
        evaluate.compare(both, words).to_frame()
    """
    run = answers(ranker(index, ranking), queries)
    return evaluate(run, qrels, gain=gain, keep_identical=keep_identical)


def evaluate(
    run: Run, qrels: Qrels, *, gain: Gain = "linear", keep_identical: bool = False
) -> Evaluation:
    """Measure a run on the queries that are judged; one that it has no hits for counts as 0.

    The order of the hits counts, not their scores. nDCG adds up grades, or 2^grade - 1 where
    `gain` is "exp"; for the other measures a grade above 0 is relevant, and what is not judged is
    not. A hit with the id of its query is left out as the query itself, as BEIR does, unless it
    is judged or `keep_identical`. Raises ExtraMissing, and SettingError where nothing is judged.

    >>> run = {"q": [("a", 2.0), ("b", 1.0)]}
    >>> evaluate(run, {"q": {"b": 1}}).means["MRR@100"]
    Mean(mean=0.5, low=0.5, high=0.5)
    """
    if not qrels:
        raise SettingError("qrels", {}, "judgments for one query at least")
    library = require()
    measures = (library.nDCG @ 10, library.R @ DEPTH, library.AP, library.RR)
    names = dict(zip(measures, MEASURES, strict=True))
    gains = {query: _gains(grades, gain) for query, grades in qrels.items()}
    ranked = {}
    for query in qrels.keys() & run.keys():
        own = None if keep_identical or query in qrels[query] else query
        posts = [post for post, _ in run[query] if post != own][:DEPTH]
        # trec_eval orders by score anew, and equal ones by id: so we give it the rank.
        ranked[query] = {post: float(-place) for place, post in enumerate(posts)}
    values = {query: dict.fromkeys(MEASURES, 0.0) for query in qrels}
    for metric in library.iter_calc(measures, gains, ranked):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return Evaluation(_means(values), values)


def compare(one: Evaluation, other: Evaluation) -> Comparison:
    """By measure, how much better `one` is than `other` on the same queries.

    Raises SettingError where they are not of the same queries.

    >>> qrels = {"p": {"a": 1}, "q": {"b": 1}}
    >>> one = evaluate({"p": [("a", 1.0)], "q": [("b", 1.0)]}, qrels)
    >>> other = evaluate({"p": [("a", 1.0)], "q": [("a", 2.0), ("b", 1.0)]}, qrels)
    >>> compare(one, other)["MRR@100"][:6]
    (0.25, 0.0, 0.5, 1, 1, 0)
    """
    if one.per_query.keys() != other.per_query.keys():
        raise SettingError("other", "an evaluation", "of the same queries")
    second = {query: other.per_query[query] for query in one.per_query}
    differences = _matrix(one.per_query) - _matrix(second)
    intervals = _intervals(differences)
    wins, losses = (differences > SAME).sum(axis=0), (differences < -SAME).sum(axis=0)
    ties, p = len(differences) - wins - losses, _randomization(differences)
    return Comparison(
        (name, Difference(*intervals[i], int(wins[i]), int(ties[i]), int(losses[i]), float(p[i])))
        for i, name in enumerate(MEASURES)
    )


def _gains(grades: Mapping[str, int], gain: Gain) -> dict[str, int]:
    """What each judged post adds; grades below 0, which some use for spam, are as 0."""
    highest = max(grades.values(), default=0)
    if gain == "exp" and highest > MAX_EXPONENT:
        raise SettingError("gain", gain, f"linear, since there is a grade {highest}")
    flat = {post: max(grade, 0) for post, grade in grades.items()}
    return {post: 2**grade - 1 for post, grade in flat.items()} if gain == "exp" else flat


def _matrix(values: Mapping[str, Mapping[str, float]]) -> Any:
    """Values as rows by query, columns by measure: float64."""
    return np.array([[of_query[name] for name in MEASURES] for of_query in values.values()])


def _means(values: Mapping[str, Mapping[str, float]]) -> dict[str, Mean]:
    return dict(zip(MEASURES, _intervals(_matrix(values)), strict=True))


def _intervals(values: Any) -> list[Mean]:
    """The mean of each column with its 95% percentile interval by the bootstrap over rows."""
    rng = np.random.default_rng(SEED)
    samples = [
        values[rng.integers(len(values), size=size)].mean(axis=1) for size in _batches(values)
    ]
    low, high = np.percentile(np.concatenate(samples), INTERVAL, axis=0)
    triples = zip(values.mean(axis=0), low, high, strict=True)
    return [Mean(*map(float, triple)) for triple in triples]


def _randomization(differences: Any) -> Any:
    """The two-sided p of each column: how often random signs give as large a mean, this one too."""
    rng, observed = np.random.default_rng(SEED), np.abs(differences.sum(axis=0))
    as_large = np.ones(len(observed))
    for size in _batches(differences):
        signs = rng.choice([-1.0, 1.0], size=size)
        as_large += (np.abs(signs @ differences) >= observed - SAME).sum(axis=0)
    return as_large / (RESAMPLES + 1)


def _batches(values: Any) -> Iterator[tuple[int, int]]:
    """The shapes in which RESAMPLES samples of all rows are drawn."""
    step = max(1, BATCH // len(values))
    return ((min(step, RESAMPLES - done), len(values)) for done in range(0, RESAMPLES, step))
