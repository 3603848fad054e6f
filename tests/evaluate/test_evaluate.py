"""Measures by hand and by other implementations, and what their uncertainty must obey."""

from math import log2
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import bootstrap, permutation_test
from sklearn.metrics import average_precision_score, ndcg_score

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.evaluate import known_items
from tipsearch.evaluate.measures import MEASURES, Evaluation, answers, compare, evaluate

QRELS = {"q": {"a": 3, "b": 2, "c": 1, "d": 0, "e": -2}}
RUN = {"q": [("x", 9.0), ("b", 8.0), ("d", 7.0), ("a", 6.0)]}
Queries = list[tuple[list[bool], list[str]]]
GRADES = st.lists(st.integers(0, 3), min_size=2, max_size=15).filter(any)
# Judgments and a run of some queries: whether each of three posts is relevant, and their order.
QUERIES = st.lists(
    st.tuples(st.lists(st.booleans(), min_size=3, max_size=3), st.permutations("abc")),
    min_size=1,
    max_size=8,
)


def _means(evaluation: Evaluation) -> list[float]:
    return [mean.mean for mean in evaluation.means.values()]


def _evaluation(queries: Queries) -> Evaluation:
    qrels = {
        str(i): dict(zip("abc", map(int, of), strict=True)) for i, (of, _) in enumerate(queries)
    }
    run = {str(i): [(post, 1.0) for post in order] for i, (_, order) in enumerate(queries)}
    return evaluate(run, qrels)


def _evaluation_of(values: list[float]) -> Evaluation:
    """An evaluation that has these values by query, whatever the measure."""
    return Evaluation(
        {}, {str(i): dict.fromkeys(MEASURES, value) for i, value in enumerate(values)}
    )


# --- measures


def test_measures_by_hand() -> None:
    """Each measure is its formula; grades of 0 and below add nothing and are not relevant."""
    ideal = 3 + 2 / log2(3) + 1 / log2(4)
    ndcg = (2 / log2(3) + 3 / log2(5)) / ideal
    assert _means(evaluate(RUN, QRELS)) == pytest.approx([ndcg, 2 / 3, (1 / 2 + 2 / 4) / 3, 1 / 2])


def test_exponential_gain_by_hand() -> None:
    """With `gain="exp"` nDCG adds up 2^grade - 1, and nothing else changes."""
    ideal = 7 + 3 / log2(3) + 1 / log2(4)
    ndcg = (3 / log2(3) + 7 / log2(5)) / ideal
    assert _means(evaluate(RUN, QRELS, gain="exp")) == pytest.approx([ndcg, 2 / 3, 1 / 3, 1 / 2])


@given(GRADES)
def test_measures_equal_scikit_learn_s(grades: list[int]) -> None:
    """nDCG@10 and MAP are those of scikit-learn where all posts are judged and ranked."""
    posts = [f"post {i}" for i in range(len(grades))]
    found = evaluate(
        {"q": [(post, 1.0) for post in posts]}, {"q": dict(zip(posts, grades, strict=True))}
    )
    scores = -np.arange(len(grades))
    ndcg, _, average, _ = _means(found)
    assert ndcg == pytest.approx(ndcg_score([grades], [scores], k=10))
    assert average == pytest.approx(average_precision_score(np.array(grades) > 0, scores))


def test_the_order_of_the_hits_counts() -> None:
    """Equal scores, or scores that rise, do not change the order that is measured."""
    for scores in ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]):
        for order in ("abz", "zba", "bza"):
            hits = list(zip(order, scores, strict=True))
            mean = evaluate({"q": hits}, {"q": {"b": 1}}).means["MRR@100"].mean
            assert mean == 1 / (1 + order.index("b"))


def test_only_a_hundred_hits_count() -> None:
    """A hit below rank 100 counts for no measure, whatever the depth of the run."""
    hits = [(f"post {i}", 0.0) for i in range(200)]
    assert _means(evaluate({"q": hits}, {"q": {"post 99": 1}}))[1:] == [1, 1 / 100, 1 / 100]
    assert _means(evaluate({"q": hits}, {"q": {"post 100": 1}})) == [0, 0, 0, 0]


def test_what_the_run_lacks_counts_as_nothing() -> None:
    """A judged query without hits is 0, as is one without relevant posts; others play no part."""
    qrels = {"q": {"a": 1}, "none": {"a": 1}, "empty": {"a": 1}, "nothing": {"a": 0}}
    hits = [("a", 1.0)]
    found = evaluate({"q": hits, "empty": [], "nothing": hits, "unjudged": hits}, qrels)
    assert [found.per_query[query]["nDCG@10"] for query in qrels] == [1, 0, 0, 0]
    assert list(found.per_query) == list(qrels)
    assert _means(found) == [1 / 4] * 4


def test_a_query_s_own_post_is_no_hit() -> None:
    """A hit with the id of its query is dropped, unless it is judged or wanted."""
    run = {"q": [("q", 2.0), ("a", 1.0)]}
    reciprocal = [
        evaluate(run, qrels, keep_identical=keep).means["MRR@100"].mean
        for qrels, keep in (({"q": {"a": 1}}, False), ({"q": {"a": 1}}, True),
                            ({"q": {"q": 0, "a": 1}}, False))
    ]  # fmt: skip
    assert reciprocal == [1, 1 / 2, 1 / 2]


def test_what_cannot_be_measured() -> None:
    """No judgments, and grades too high for exponential gain, are errors that say so."""
    with pytest.raises(SettingError, match="qrels cannot be"):
        evaluate(RUN, {})
    with pytest.raises(SettingError, match="there is a grade 21"):
        evaluate(RUN, {"q": {"a": 21}}, gain="exp")


def test_answers_are_in_the_order_of_the_queries() -> None:
    """`answers` asks each query once, and tells how far it is."""
    shares: list[float] = []
    queries = {"2": "b", "1": "ab"}
    run = answers(lambda text: [(text[:1], 1.0)], queries, progress=shares.append)
    assert list(run.items()) == [("2", [("b", 1.0)]), ("1", [("a", 1.0)])]
    assert shares == [0.5, 1.0]


# --- how sure they are


@settings(max_examples=30)
@given(QUERIES)
def test_an_interval_holds_its_mean(queries: Queries) -> None:
    """The interval holds the mean, within what the measure can be; the same each time."""
    found = _evaluation(queries)
    for mean, low, high in found.means.values():
        assert 0 <= low <= mean + 1e-12
        assert mean <= high + 1e-12 <= 1 + 2e-12
    assert _evaluation(queries) == found


def test_intervals_are_those_of_scipy() -> None:
    """Intervals are those of scipy's percentile bootstrap, within what chance allows."""
    values = np.random.default_rng(1).beta(1, 3, 80)
    other = bootstrap((values,), np.mean, n_resamples=10_000, method="percentile", rng=2)
    zeros, given = _evaluation_of([0.0] * 80), _evaluation_of([float(value) for value in values])
    difference = compare(given, zeros)["nDCG@10"]
    assert difference.mean == pytest.approx(values.mean())
    assert difference[1:3] == pytest.approx(other.confidence_interval, abs=0.003)


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.3])
def test_p_is_that_of_scipy(shift: float) -> None:
    """`p` is that of scipy's paired permutation test, within what chance allows."""
    rng = np.random.default_rng(3)
    one, other = rng.random(20) + shift, rng.random(20)

    def mean_difference(x: Any, y: Any, axis: int) -> Any:
        return np.mean(x - y, axis=axis)

    scipy_s = permutation_test(
        (one, other), mean_difference, permutation_type="samples", vectorized=True,
        n_resamples=50_000, rng=4,
    )  # fmt: skip
    found = compare(*(_evaluation_of(list(map(float, values))) for values in (one, other)))
    assert found["nDCG@10"].p == pytest.approx(scipy_s.pvalue, abs=0.015)


@settings(max_examples=30)
@given(QUERIES, st.randoms())
def test_a_comparison_is_antisymmetric(queries: Queries, random: Random) -> None:
    """Two runs compared the other way round: signs change, wins are losses, p is the same."""
    shuffled = [(rel, random.sample(order, 3)) for rel, order in queries]
    one, other = _evaluation(queries), _evaluation(shuffled)
    there, back = compare(one, other), compare(other, one)
    for name in MEASURES:
        mean, low, high, wins, ties, losses, p = there[name]
        assert back[name] == pytest.approx((-mean, -high, -low, losses, ties, wins, p))
        assert wins + ties + losses == len(queries)
        assert mean == pytest.approx(one.means[name].mean - other.means[name].mean)
        assert 0 < p <= 1


@settings(max_examples=10)
@given(QUERIES)
def test_a_run_is_as_good_as_itself(queries: Queries) -> None:
    """Compared with itself a run has no difference, ties only, and p = 1."""
    found = _evaluation(queries)
    assert set(compare(found, found).values()) == {(0, 0, 0, 0, len(queries), 0, 1)}


def test_only_the_same_queries_are_compared() -> None:
    """Evaluations of different queries are refused; their order does not matter."""
    one, other = _evaluation_of([0.0, 1.0]), _evaluation_of([0.0])
    with pytest.raises(SettingError, match="the same queries"):
        compare(one, other)
    turned = Evaluation({}, dict(reversed(list(one.per_query.items()))))
    assert compare(one, turned)["nDCG@10"].ties == 2


# --- known items


def test_titles_that_make_queries() -> None:
    """A title is a query if it has two terms and no other post has it, however it is spelt."""
    titles = [
        "Say “Sorry”",
        "say 'sorry'",
        "Refunds",
        "To be or not",
        "",
        "Angry callers",
        "37 tips",
    ]
    posts = [Post(str(i), title, "text") for i, title in enumerate(titles)]
    assert known_items.queries(posts, Analyzer(), 10) == {"5": "Angry callers", "6": "37 tips"}


def test_a_sample_is_drawn_by_id() -> None:
    """A sample does not hang on the order of the posts, and a smaller one is part of it."""
    posts = [Post(f"id {i}", f"Title number {i}", "text") for i in range(50)]
    samples = [known_items.queries(posts, Analyzer(), size) for size in (50, 20, 5)]
    assert list(map(len, samples)) == [50, 20, 5]
    assert samples[0].items() > samples[1].items() > samples[2].items()
    assert known_items.queries(reversed(posts), Analyzer(), 20) == samples[1]
    assert {post.title for post in known_items.masked(posts)} == {""}
