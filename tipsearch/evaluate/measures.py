"""Measures of a ranking with bootstrap intervals, and the paired comparison of two rankings.

`qrels` have the grades of the judged posts of each query, by id; a `run` has the hits of each
query, id and score, the best first. The measures are those of trec_eval, by ir_measures.
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

DEPTH = 100  # hits of a query that are measured, so that runs of any depth compare
MEASURES = ("nDCG@10", f"Recall@{DEPTH}", f"MAP@{DEPTH}", f"MRR@{DEPTH}")
MAX_EXPONENTIAL_GRADE = 20  # trec_eval has an array as long as the greatest gain
RESAMPLES = 10_000
SEED = 20_140_204
PERCENTILES = (2.5, 97.5)  # the ends of a 95% interval
DRAWS_AT_ONCE = 1_000_000  # random numbers in memory
COUNT_FIELDS = ("wins", "ties", "losses")
TOLERANCE = 1e-9  # smaller differences are of rounding


class Mean(NamedTuple):
    """A mean over queries, and its 95% bootstrap interval from `low` to `high`."""

    mean: float
    low: float
    high: float


class Difference(NamedTuple):
    """A mean paired difference over queries, with its 95% bootstrap interval from `low` to `high`.

    `wins`, `ties` and `losses` count the queries by the sign of their difference. `p` is that of
    the two-sided paired randomization test.
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
    """The measures of a run: `means` by measure, and `per_query` by query and measure."""

    means: Mapping[str, Mean]
    per_query: Mapping[str, Mapping[str, float]]

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each measure.

        Columns: `measure`, `mean`, and the ends of the 95% interval, `low` and `high`. Raises
        ExtraMissing.
        """
        return _table(self.means, Mean._fields).export(arrow)


class Comparison(dict[str, Difference]):
    """The difference of two evaluations: a dict by measure, which can be exported as a table."""

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each measure.

        Columns: `measure`, and the fields of `Difference`. Raises ExtraMissing.
        """
        return _table(self, Difference._fields).export(arrow)


def _table(by_measure: Mapping[str, Mean | Difference], fields: Sequence[str]) -> Table:
    columns = {
        field: Column(
            "int" if field in COUNT_FIELDS else "float",
            [getattr(values, field) for values in by_measure.values()],
        )
        for field in fields
    }
    return Table({"measure": Column("text", [*by_measure]), **columns})


def load_ir_measures() -> Any:
    """Return the module ir_measures. Raises ExtraMissing."""
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
    """Return the run of some queries, texts by id.

    `rank` returns id and score of the hits for a text, the best first. `progress` is called with
    the share of the queries that are answered.
    """
    run = {}
    for done, (query, text) in enumerate(queries.items(), start=1):
        run[query] = rank(text)
        progress(done / len(queries))
    return run


def ranker(
    index: Index, ranking: str | Ranking | None = None
) -> Callable[[str], list[tuple[str, float]]]:
    """Return a function that searches an index for a text and returns id and score of the hits.

    It returns one hit more than is measured, because one may be the query itself.
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
    """Search an index for the queries, and return the measures of its hits; see `evaluate`.

    Two rankings compared on known items, which need no judgments:

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
    """Return the measures of a run over all judged queries; a query without hits has 0.

    The order of the hits counts, not their scores. The gain of nDCG is the grade, or 2^grade - 1
    with `gain="exp"`. For the other measures a post with a grade above 0 is relevant; a post that
    is not judged is not. A hit with the id of its query is left out, as BEIR does, unless it is
    judged or `keep_identical`. Raises ExtraMissing, and SettingError where no query is judged or a
    grade is above 20 with `gain="exp"`.

    >>> run = {"q": [("a", 2.0), ("b", 1.0)]}
    >>> evaluate(run, {"q": {"b": 1}}).means["MRR@100"]
    Mean(mean=0.5, low=0.5, high=0.5)
    """
    if not qrels:
        raise SettingError("qrels", {}, "judgments for one query at least")
    library = load_ir_measures()
    measures = (library.nDCG @ 10, library.R @ DEPTH, library.AP, library.RR)
    names = dict(zip(measures, MEASURES, strict=True))
    gains = {query: _gains(grades, gain) for query, grades in qrels.items()}
    ranked = {}
    for query in qrels.keys() & run.keys():
        own = None if keep_identical or query in qrels[query] else query
        posts = [post for post, _ in run[query] if post != own][:DEPTH]
        # trec_eval sorts by score, and ties by id: the negated rank keeps the order.
        ranked[query] = {post: float(-place) for place, post in enumerate(posts)}
    values = {query: dict.fromkeys(MEASURES, 0.0) for query in qrels}
    for metric in library.iter_calc(measures, gains, ranked):
        values[metric.query_id][names[metric.measure]] = float(metric.value)
    return Evaluation(_means(values), values)


def compare(one: Evaluation, other: Evaluation) -> Comparison:
    """Return the paired difference of two evaluations, `one` minus `other`, by measure.

    Raises SettingError where they are of different queries.

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
    wins, losses = (differences > TOLERANCE).sum(axis=0), (differences < -TOLERANCE).sum(axis=0)
    ties, p = len(differences) - wins - losses, _randomization(differences)
    return Comparison(
        (name, Difference(*intervals[i], int(wins[i]), int(ties[i]), int(losses[i]), float(p[i])))
        for i, name in enumerate(MEASURES)
    )


def _gains(grades: Mapping[str, int], gain: Gain) -> dict[str, int]:
    """The gain of each judged post; grades below 0, which some use for spam, count as 0."""
    highest = max(grades.values(), default=0)
    if gain == "exp" and highest > MAX_EXPONENTIAL_GRADE:
        raise SettingError("gain", gain, f"linear, since there is a grade {highest}")
    flat = {post: max(grade, 0) for post, grade in grades.items()}
    return {post: 2**grade - 1 for post, grade in flat.items()} if gain == "exp" else flat


def _matrix(values: Mapping[str, Mapping[str, float]]) -> Any:
    """The values as float64, shape (queries, measures)."""
    return np.array([[of_query[name] for name in MEASURES] for of_query in values.values()])


def _means(values: Mapping[str, Mapping[str, float]]) -> dict[str, Mean]:
    return dict(zip(MEASURES, _intervals(_matrix(values)), strict=True))


def _intervals(values: Any) -> list[Mean]:
    """The mean of each column, with its 95% percentile interval by bootstrap over rows."""
    rng = np.random.default_rng(SEED)
    samples = [
        values[rng.integers(len(values), size=size)].mean(axis=1) for size in _batches(values)
    ]
    low, high = np.percentile(np.concatenate(samples), PERCENTILES, axis=0)
    triples = zip(values.mean(axis=0), low, high, strict=True)
    return [Mean(*map(float, triple)) for triple in triples]


def _randomization(differences: Any) -> Any:
    """The two-sided p of each column: the share of random signs that give as large a mean."""
    rng, observed = np.random.default_rng(SEED), np.abs(differences.sum(axis=0))
    as_large = np.ones(len(observed))  # the observed signs count as one
    for size in _batches(differences):
        signs = rng.choice([-1.0, 1.0], size=size)
        as_large += (np.abs(signs @ differences) >= observed - TOLERANCE).sum(axis=0)
    return as_large / (RESAMPLES + 1)


def _batches(values: Any) -> Iterator[tuple[int, int]]:
    """The shapes of the batches in which RESAMPLES samples of the rows are drawn."""
    step = max(1, DRAWS_AT_ONCE // len(values))
    return ((min(step, RESAMPLES - done), len(values)) for done in range(0, RESAMPLES, step))
