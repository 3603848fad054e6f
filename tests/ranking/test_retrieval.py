"""The two kernels and what chooses between them, against sums and sorts written out by hand."""

import importlib
import json
import subprocess
import sys
import tempfile
import types
import warnings
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

from tests.benchmarks import zipf
from tests.conftest import ROOT
from tests.oracle import is_title, query_counts
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.weighting import Weighting
from tipsearch.build.sightings import Sightings
from tipsearch.corpus.post import Post
from tipsearch.errors import PostNotFound, SettingError
from tipsearch.index import Index
from tipsearch.ranking import topk as retrieval
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.topk import engine, numpy_kernel
from tipsearch.ranking.topk import selection as topk
from tipsearch.ranking.topk.engine import Engine
from tipsearch.ranking.topk.postings import Plan, Postings
from tipsearch.store import blocks
from tipsearch.store import strings as lexicon
from tipsearch.store.ranking import Ranking
from tipsearch.store.reader import PostingLists
from tipsearch.store.storage import Checked
from tipsearch.store.strings import Strings, Table

Array = npt.NDArray[Any]
PLAIN = Ranking(feedback=0)
KERNEL = "tipsearch.ranking.topk.numba_kernel"


class Kernel(NamedTuple):
    """A kernel, and for how many posts it is quick enough here."""

    top: engine.Kernel
    most: int


def _with_numba(monkeypatch: pytest.MonkeyPatch, numba: types.ModuleType | None) -> None:
    """Let the kernel be imported afresh, with another numba, or none."""
    monkeypatch.setitem(sys.modules, "numba", numba)
    monkeypatch.setitem(sys.modules, KERNEL, types.ModuleType(KERNEL))  # so that undo knows it
    monkeypatch.delitem(sys.modules, KERNEL)
    monkeypatch.setattr(retrieval, "numba_kernel", None, raising=False)
    monkeypatch.delattr(retrieval, "numba_kernel")


def _fake(compiled: Callable[[Any], Any]) -> types.ModuleType:
    """A numba that compiles by the given function."""
    numba = types.ModuleType("numba")
    numba.njit = lambda **_: compiled  # type: ignore[attr-defined]
    return numba


@pytest.fixture(scope="module", params=["numpy", "numba", "numba's without numba"])
def kernel(request: pytest.FixtureRequest) -> Iterator[Kernel]:
    """Each kernel; that of numba also as plain Python, so that it is never left untested."""
    if request.param == "numpy":
        yield Kernel(numpy_kernel.top, 20_000)
    elif request.param == "numba":
        pytest.importorskip("numba")
        yield Kernel(importlib.import_module(KERNEL).top, 20_000)
    else:
        with pytest.MonkeyPatch.context() as monkeypatch:
            _with_numba(monkeypatch, _fake(lambda function: function))
            yield Kernel(importlib.import_module(KERNEL).top, 1100)


@pytest.fixture(scope="module", params=["numpy", "numba"])
def name(request: pytest.FixtureRequest) -> str:
    """The name of each kernel that is there."""
    if request.param == "numba":
        pytest.importorskip("numba")
    return str(request.param)


# --- postings and an oracle


class Made(NamedTuple):
    """Postings, and the same as plain arrays: the rows and the weights of each term."""

    postings: Postings
    terms: list[tuple[Array, Array]]
    posts: int
    rounded: bool


def _made(rows: list[Array], values: list[Array], posts: int, scale: Array | None) -> Made:
    indptr = lexicon.pointers(np.array([len(of_term) for of_term in rows]))
    flat, beside = np.concatenate(rows).astype(np.int32), np.concatenate(values)
    weights = beside if scale is None else beside * scale[flat]
    frequent = blocks.frequent_terms(np.diff(indptr), posts)
    levels = blocks.block_maxima(flat, weights, indptr, frequent, posts)
    lists = PostingLists(
        Checked(indptr), Checked(flat), Checked(beside), Checked(frequent), Checked(levels),
        Checked(blocks.group_starts(flat, indptr, frequent, posts)), posts,
        None if scale is None else Checked(scale),
    )  # fmt: skip
    postings = Postings(lists)
    exact = weights.astype(np.float64)
    terms = [(flat[i:j], exact[i:j]) for i, j in pairwise(indptr)]
    return Made(postings, terms, posts, scale is not None)


def _brute_force(made: Made, factors: list[tuple[int, float]], k: int) -> list[tuple[int, float]]:
    """The definition: one sum for every post, in the order of the plan, and a full sort."""
    sums = np.zeros(made.posts)
    most = {term: made.terms[term][1].max() * factor for term, factor in factors}
    for term, factor in sorted(factors, key=lambda pair: (-most[pair[0]], pair[0])):
        rows, weights = made.terms[term]
        sums[rows] = sums[rows] + factor * weights
    if made.rounded:
        sums = np.rint(sums * 1e12) / 1e12
    hits = [(row, score) for row, score in enumerate(sums.tolist()) if score > 0]
    return sorted(hits, key=lambda hit: (-hit[1], hit[0]))[:k]


WEIGHTS = st.floats(0.0625, 16, width=32)
SHARES = st.sampled_from([0.0, 0.004, 0.03, 0.3, 1.0])  # none: one post


@st.composite
def corpora(draw: st.DrawFn, most: int = 20_000) -> Made:
    """Postings with few distinct weights: rare terms and frequent ones, runs and gaps of rows."""
    posts = draw(
        st.sampled_from([n for n in (1, 31, 33, 512, 513, 1100, 6000, 20_000) if n <= most])
    )
    random = np.random.Generator(np.random.PCG64(draw(st.integers(0, 2**32))))
    few = np.array(draw(st.lists(WEIGHTS, min_size=1, max_size=4)), np.float32)
    rows, values = [], []
    for share in draw(st.lists(SHARES, min_size=1, max_size=6)):
        start = int(random.integers(posts)) * draw(st.booleans())  # some begin late
        here = np.flatnonzero(random.random(posts - start) < share) + start
        rows.append(here if len(here) else np.array([random.integers(posts)]))
        spread = random.random(len(rows[-1])) ** draw(st.sampled_from([1, 8]))  # a few stand out
        values.append(few[(spread * len(few)).astype(int)])
    lengths = draw(st.none() | st.lists(st.sampled_from([1, 0.5, 0.1, 1e-4]), min_size=1))
    scale = np.array(lengths)[random.integers(len(lengths), size=posts)] if lengths else None
    return _made(rows, values, posts, scale)


@st.composite
def questions(draw: st.DrawFn, made: Made) -> list[tuple[int, float]]:
    """Some of the terms, each with its factor."""
    terms = draw(st.lists(st.integers(0, len(made.terms) - 1), min_size=1, unique=True))
    return [(term, draw(st.sampled_from([1.0, 2.0, 3.0, 1000.0, 0.3]))) for term in terms]


# --- both kernels are the oracle


# The fixtures may be shared between examples.
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@QUICK
@given(data=st.data())
def test_a_kernel_is_brute_force(kernel: Kernel, data: st.DataObject) -> None:
    """The rows, their order and every bit of the scores are those of a full sum and sort."""
    made = data.draw(corpora(kernel.most))
    factors = data.draw(questions(made))
    plan, expected = made.postings.plan(factors), _brute_force(made, factors, made.posts)
    for k in (1, data.draw(st.integers(2, 40)), 700, made.posts + 10**12):
        assert kernel.top(made.postings, plan, k) == expected[:k]


def test_posts_that_all_tie_are_in_order_of_row(kernel: Kernel) -> None:
    """With one weight for all of 1,500 posts, the k best are the first k."""
    rows, odd = np.arange(1500), np.arange(1, 1500, 2)
    made = _made([rows, odd], [np.ones(len(of), np.float32) for of in (rows, odd)], 1500, None)
    one = [(row, 1.0) for row in range(1500)]
    both = [*((row, 2.0) for row in range(1, 1500, 2)), *one[::2]]
    for k in (1, 10, 33, 1000, 1500, 1501):
        assert kernel.top(made.postings, made.postings.plan([(0, 1.0)]), k) == one[:k]
        plan = made.postings.plan([(0, 1.0), (1, 1.0)])
        assert kernel.top(made.postings, plan, k) == both[:k]


@pytest.mark.parametrize("size", [1e-12, 1e-10, 1e-8, 1e-4, 0.5])
def test_cosines_that_tie_only_as_rounded(kernel: Kernel, size: float) -> None:
    """What is less by under half of a 12th place ties, however small it is, and the row decides."""
    posts = min(9000, kernel.most)
    scale = np.full(posts, size)
    scale[:40] -= 0.4e-12  # in blocks of their own, and some beside others
    scale[-200:-100] += 0.4e-12
    made = _made([np.arange(posts)], [np.ones(posts, np.float32)], posts, scale)
    expected = _brute_force(made, [(0, 1.0)], posts)
    assert [row for row, _ in expected] == list(range(posts))
    for k in (1, 2, 10, 35, 50, posts):
        assert kernel.top(made.postings, made.postings.plan([(0, 1.0)]), k) == expected[:k]


@pytest.mark.parametrize("scaled", [False, True])
def test_a_long_query(kernel: Kernel, scaled: bool) -> None:
    """A query of 300 terms, as `related` asks one, most of them rare, is brute force too.

    Where sums are not rounded, their last bits hang on the order of the terms.
    """
    random, posts = np.random.Generator(np.random.PCG64(1)), 900
    rows = [
        np.sort(random.choice(posts, max(1, posts // place), replace=False))
        for place in range(1, 301)
    ]
    values = [random.choice([0.1, 0.7, 1.3], len(of)).astype(np.float32) for of in rows]
    made = _made(rows, values, posts, random.choice([0.25, 0.1], posts) if scaled else None)
    factors = [(term, random.random() + 0.1) for term in range(300)]
    found = kernel.top(made.postings, made.postings.plan(factors), 500)
    assert found == _brute_force(made, factors, 500)


def test_no_term_no_hit(kernel: Kernel) -> None:
    """A plan of no terms has no hits, nor has an index of no posts."""
    made = _made([np.arange(40)], [np.ones(40, np.float32)], 40, None)
    assert kernel.top(made.postings, made.postings.plan([]), 10) == []
    nothing = _made([np.zeros(0)], [np.zeros(0, np.float32)], 0, None)
    assert kernel.top(nothing.postings, nothing.postings.plan([]), 10) == []


# --- parts


@QUICK
@given(corpora())
def test_block_maxima_are_never_too_low(made: Made) -> None:
    """In each block of 32 posts, no weight is above the bound that its byte stands for.

    A block without the term has 0, and one with it has not.
    """
    count, frequent = blocks.count(made.posts), 0
    for number, (rows, weights) in enumerate(made.terms):
        plan = made.postings.plan([(number, 1.0)])
        slot = plan.slots[0]
        assert (slot >= 0) == (256 * len(rows) >= max(made.posts, 8192))
        if slot >= 0:
            frequent += 1
            levels = made.postings.block_max[slot * count : (slot + 1) * count]
            assert np.all(weights <= plan.bounds[0] * levels[rows // 32] / 255)
            assert set(np.flatnonzero(levels)) == set(rows // 32)
    assert len(made.postings.block_max) == frequent * count


@given(
    st.lists(st.integers(0, 3), max_size=30), st.integers(1, 35), st.randoms(use_true_random=False)
)
def test_contenders_keep_all_that_ties(scores: list[int], k: int, random: Any) -> None:
    """What can be among the k best stays, ties included; so the k best of it are the same."""
    rows = random.sample(range(100), len(scores))
    kept, of_kept, bar = topk.contenders(np.array(rows), np.array(scores, float), k)
    best = sorted(zip(rows, map(float, scores), strict=True), key=lambda hit: (-hit[1], hit[0]))[:k]
    assert topk.in_order(kept, of_kept, k) == best
    assert bar == (best[-1][1] if len(scores) >= k else 0)


# --- past 2 ** 31

HUGE = 2**31


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_pointers_past_2_to_the_31(dtype: Any) -> None:
    """Pointers are int32 as long as the last one fits, else int64, whatever the lengths are."""
    most = min(np.iinfo(dtype).max, HUGE - 1)
    lengths = np.array([most, 0, 5], dtype)
    assert lexicon.pointers(lengths).tolist() == [0, most, most, int(most) + 5]
    assert lexicon.pointers(lengths[:2]).dtype == np.int32
    assert lexicon.pointers(lengths).dtype == (np.int32 if most < 256 else np.int64)
    assert lexicon.pointers(lengths[:0]).tolist() == [0]


class _Sparse:
    """Bytes of which there are too many to hold: all zeros, but for some words in them."""

    def __init__(self, length: int, words: dict[int, bytes]) -> None:
        self._length, self._words = length, words

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, places: slice) -> bytes:
        return self._words[places.start][: places.stop - places.start]


def test_strings_past_2_to_the_31() -> None:
    """A string is found, read and put into another table beyond 2 GiB of strings."""
    ends = np.array([0, HUGE - 3, HUGE + 3, HUGE + 9])
    blob: Any = _Sparse(HUGE + 9, {0: b"a" * 9, HUGE - 3: b"first\n", HUGE + 3: b"later\n"})
    strings = Strings(Checked(blob), Checked(ends))
    assert [strings[1], strings[2], strings.find("later"), strings.find("g")] == [
        "first", "later", 2, -1,
    ]  # fmt: skip
    table = lexicon.gather([Table(blob, ends), lexicon.encode(["new"])], np.array([2, 3, 1]))
    assert table.blob == b"later\nnew\nfirst\n"


def test_sightings_past_2_to_the_31() -> None:
    """Where a post was seen is found beyond 2**31 places of others."""
    sizes = np.array([HUGE - 1, 2, 1], np.int32)
    paths: Any = np.lib.stride_tricks.as_strided(np.array([7]), (HUGE + 2,), (0,))
    seen = Sightings(["x"] * 8, sizes, paths, paths, paths).take(np.array([2, 1]))
    assert (seen.sizes.tolist(), seen.path.tolist()) == ([1, 2], [7, 7, 7])


def test_rows_up_to_2_to_the_31_in_numpy() -> None:
    """The very last posts that an int32 can number are scored, by either way to find them."""
    last = HUGE - 1
    rows = np.array([last - 40, last - 31, last - 2, last], np.int32)
    made = _made([rows % 64, rows % 64 // 32 * 32 + 1], [np.ones(4, np.float32)] * 2, 64, None)
    postings, plan = made.postings, made.postings.plan([(0, 2.0)])
    postings.rows[:4], postings.posts = rows, HUGE
    near = np.array([HUGE // 32 - 2, HUGE // 32 - 1])
    far = np.append(np.arange(5), near)
    for some, expected in (
        (near[1:], [last - 31, last - 2, last]),  # from the blocks to the postings
        (near, rows.tolist()),
        (far, rows.tolist()),  # from the postings to the blocks
    ):
        found, scores = numpy_kernel._scored(postings, plan, some)
        assert (found.tolist(), set(scores.tolist())) == (expected, {2.0})


def test_rows_up_to_2_to_the_31_in_numba() -> None:
    """The same for the kernel of numba: galloping, and the scoring of a block."""
    pytest.importorskip("numba")
    kernel = importlib.import_module(KERNEL)
    last = HUGE - 1
    rows = np.array([5, last - 40, last - 31, last - 2, last], np.int32)
    gallops = [kernel._gallop(rows, 0, 5, wanted) for wanted in (0, 6, last - 31, last, HUGE)]
    assert gallops == [0, 1, 2, 4, 5]
    count = HUGE // 32
    total = np.zeros(count, np.float32)  # of which only the last page is touched
    heap, best = np.empty(9), np.empty(9, np.int64)
    size = kernel._score(
        count - 1, 1, rows, np.ones(5, np.float32), np.zeros(0), np.zeros(0, np.uint8), count,
        np.zeros(0, np.int32), np.zeros(1, np.int64), np.zeros(1, np.int64), np.array([5]),
        np.array([-1], np.int32), np.array([2.0]),
        np.array([2.1]), kernel.EVERY, total, np.empty(512), np.empty(1), heap, best, 0,
    )  # fmt: skip
    assert sorted(best[:size].tolist()) == [last - 31, last - 2, last]
    assert set(heap[:size].tolist()) == {2.0}


def test_frequencies_past_2_to_the_23() -> None:
    """Which terms are frequent is right where 256 times a frequency is past 2**31."""
    frequencies = np.bincount([1]) * (HUGE - 1)
    assert blocks.frequent_terms(frequencies, HUGE - 1).tolist() == [1]
    assert blocks.frequent_terms(np.array([2**23, 2**23 - 1], np.int32), HUGE).tolist() == [0]


@pytest.mark.parametrize("count", [2**20, HUGE, HUGE + 1])
def test_buckets_past_2_to_the_31(count: int) -> None:
    """There are at most as many strings as buckets times four, and the last hash has a bucket."""
    number = lexicon.bucket_count(count)
    assert number < count <= 4 * number
    assert (2**32 - 1) * number >> 32 == number - 1


# --- which kernel


@pytest.fixture
def asked() -> tuple[Made, Plan]:
    """Some postings, and a plan for them."""
    made = _made([np.arange(0, 99, 3)], [np.arange(1, 34, dtype=np.float32)], 99, None)
    return made, made.postings.plan([(0, 1.0)])


def _refuse(error: Exception) -> Callable[..., Any]:
    def refuse(*_: Any) -> Any:
        raise error

    return refuse


def test_auto_goes_over_once_numpy_has_taken_as_long_as_numba_takes_to_start(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[Made, Plan]
) -> None:
    """Before START_SECONDS of searching numba is not even imported; then it answers, for good."""
    made, plan = asked
    clock = iter(range(1000))
    monkeypatch.setattr(engine, "START_SECONDS", 3.0)
    time = types.SimpleNamespace(perf_counter=lambda: float(next(clock)))  # a second each
    monkeypatch.setattr("tipsearch.ranking.topk.engine.time", time)
    _with_numba(monkeypatch, _fake(lambda function: function))
    monkeypatch.setattr(engine, "_auto", engine._Auto())
    expected = _brute_force(made, [(0, 1.0)], 5)
    for _ in range(2):
        assert Engine().top(made.postings, plan, 5) == expected
        assert KERNEL not in sys.modules
    assert Engine().top(made.postings, plan, 5) == expected  # the sum of all engines counts
    assert KERNEL in sys.modules
    assert engine._auto._kernel is sys.modules[KERNEL].top
    assert Engine().top(made.postings, plan, 5) == expected


@pytest.mark.parametrize(
    "numba",
    [
        None,
        _fake(_refuse(ImportError("Numba needs NumPy 2.4 or less"))),
        _fake(_refuse(RuntimeError("no LLVM"))),
        _fake(_refuse(OSError("cannot load libllvmlite.so"))),
        types.ModuleType("numba"),
        _fake(lambda _: _refuse(TypeError("cannot compile"))),
    ],
    ids=["missing", "too old", "broken", "half there", "another module", "cannot compile"],
)
def test_without_a_working_numba_auto_stays_with_numpy(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[Made, Plan], numba: types.ModuleType | None
) -> None:
    """Whatever is wrong with numba, "auto" answers, says why once, and tries it only once.

    Where it is not installed there is nothing to say.
    """
    made, plan = asked
    monkeypatch.setattr(engine, "START_SECONDS", 0.0)
    monkeypatch.setattr(engine, "_auto", engine._Auto())
    _with_numba(monkeypatch, numba)
    auto, expected = Engine(), _brute_force(made, [(0, 1.0)], 5)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert auto.top(made.postings, plan, 5) == expected
    assert [str(one.message)[:48] for one in told] == (
        ["searching with numpy, since numba does not work "] if numba else []
    )
    monkeypatch.setattr(engine, "_numba", _refuse(AssertionError("tried again")))
    assert auto.top(made.postings, plan, 5) == expected
    assert engine._auto._kernel is numpy_kernel.top


def test_an_error_of_the_compiled_kernel_is_not_swallowed(
    monkeypatch: pytest.MonkeyPatch, asked: tuple[Made, Plan]
) -> None:
    """Once it has worked, what it raises reaches the caller."""
    made, plan = asked
    auto = engine._Auto()
    monkeypatch.setattr(auto, "_kernel", _refuse(ZeroDivisionError("of the kernel")))
    with pytest.raises(ZeroDivisionError, match="of the kernel"):
        auto.top(made.postings, plan, 5)


def test_numba_by_name_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks for numba and has none is told so at once, as is who asks for another kernel."""
    _with_numba(monkeypatch, None)
    for make in (Engine, lambda name: Index.build([], kernel=name)):
        with pytest.raises(SettingError, match="numba"):
            make("numba")
        with pytest.raises(SettingError, match="fortran"):
            make("fortran")


def test_numba_is_not_loaded_for_nothing(index: Index) -> None:
    """Neither the imports nor a cold query load numba, nor what an index is built with."""
    with tempfile.TemporaryDirectory() as folder:
        index.save(folder)
        script = (
            "import sys, tipsearch.ranking.topk.engine, tipsearch.index as index\n"
            f"opened = index.Index.open({folder!r})\n"
            "assert opened.query('angry phone') and opened.related(next(iter(opened)).id)\n"
            "print(sorted({'numba', 'nltk', 'scipy', 'sklearn', 'joblib'} & sys.modules.keys()))"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# --- bad input


def _pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in hits]


def test_no_posts(name: str, tmp_path: Path) -> None:
    """An index of no posts is built, saved, opened and asked: it has nothing."""
    Index.build([], kernel=name).save(tmp_path)
    for empty in (Index.build([], kernel=name), Index.open(tmp_path, kernel=name)):
        empty.verify()
        assert (len(empty), list(empty), empty.terms) == (0, [], [])
        assert empty.query("anything at all", 10**9) == []
        assert empty.parse("angry")[:7] == ({}, ("angry",), (), {}, {}, {}, ())
        assert empty.matrix.shape == (0, 0)
        facts = empty.info()
        assert (facts["posts"], facts["terms"], facts["forms"]) == (0, 0, 0)
        with pytest.raises(PostNotFound):
            empty.related("x")


def test_one_post(name: str) -> None:
    """The only post is found by its words, and has no relatives."""
    one = Index.build([Post("a", "Fix fast", "call back")], kernel=name)
    assert [hit.id for hit in one.query("calling", 10**9)] == ["a"]
    assert one.related("a") == []
    assert one.matrix.shape == (1, 4)


def test_posts_without_a_word(name: str) -> None:
    """Posts without a word are no hits, alone or among others, and have no relatives."""
    wordless = [Post("a", "", "😀"), Post("b", "…", "the of"), Post("c", "", "")]
    alone = Index.build(wordless, kernel=name)
    assert alone.query("anything") == alone.related("a") == []
    among = Index.build([*wordless, Post("d", "", "fix"), Post("e", "", "fixed")], kernel=name)
    assert [hit.id for hit in among.query("fixing")] == ["d", "e"]
    assert among.related("a") == []
    assert _pairs(among.related("d")) == [("e", 1.0)]


def test_a_term_in_every_post(name: str) -> None:
    """A word that all of 5,000 posts have, in all alike, finds them in order of id."""
    every = Index.build([Post(f"{n:04}", "", "phone") for n in range(5000)], kernel=name)
    assert [hit.id for hit in every.query("phones", 3)] == ["0000", "0001", "0002"]
    assert len(every.query("phone", 10**6)) == 5000
    assert _pairs(every.related("0001", 2)) == [("0000", 1.0), ("0002", 1.0)]
    assert len(every.related("4999", 10**6)) == 4999


def test_the_same_word_a_thousand_times(name: str, posts: list[Post]) -> None:
    """A query of one word 1,000 times finds what it finds once, with 1,000 times the score."""
    built = Index.build(posts, kernel=name)
    once, often = (
        built.query("angry", 99, ranking=PLAIN),
        built.query("angry " * 1000, 99, ranking=PLAIN),
    )
    assert [hit.id for hit in often] == [hit.id for hit in once]
    assert [hit.score for hit in often] == pytest.approx([1000 * hit.score for hit in once])


# --- a larger corpus, against scipy


@pytest.fixture(scope="module")
def generated() -> list[Post]:
    """3,000 posts of the generator, and some without a word or twice."""
    rows = map(json.loads, islice(zipf.lines(), 3000))
    some = [Post(row["id"], row["title"], row["text"]) for row in rows]
    return [*some, *(Post(f"twin {post.id}", post.title, post.text) for post in some[:9]),
            Post("none", "", "")]  # fmt: skip


def _terms(post: Post) -> list[str]:
    analyzer = Analyzer()
    return Weighting().title_weight * analyzer.analyze(post.title) + analyzer.analyze(post.text)


def _bm25(posts: list[Post]) -> tuple[Any, dict[str, int]]:
    """The BM25 weights of the textbook, term by post, as float32."""
    vectorizer = CountVectorizer(analyzer=_terms)
    counts = vectorizer.fit_transform(posts).astype(np.float64).tocoo()
    setting, lengths = Weighting(), np.asarray(counts.sum(axis=1)).ravel()
    frequencies = np.bincount(counts.col)
    idf = np.log(1 + (len(posts) - frequencies + 0.5) / (frequencies + 0.5))
    norm = setting.k1 * (1 - setting.b + setting.b * lengths / lengths.mean())
    weights = idf[counts.col] * counts.data * (setting.k1 + 1) / (counts.data + norm[counts.row])
    rows = (weights.astype(np.float32).astype(np.float64), (counts.col, counts.row))
    return csr_array(rows, shape=counts.shape[::-1]), vectorizer.vocabulary_


def _agrees(hits: list[Hit], ids: list[str], scores: Array, precision: float) -> bool:
    """Whether hits are the ten best of the scores, but for the order of what is nearly equal."""
    best = np.sort(scores)[::-1][:10]
    expected = scores[[ids.index(hit.id) for hit in hits]]
    found = np.array([hit.score for hit in hits])
    return (
        np.allclose(found, best[best > precision], rtol=precision, atol=precision)
        and np.allclose(found, expected, rtol=precision, atol=precision)
        and len({hit.id for hit in hits}) == len(hits)
    )


def test_queries_are_the_product_of_scipy(generated: list[Post]) -> None:
    """300 queries: the ten best are those of a sparse product of float32 BM25 weights."""
    posts = sorted(generated, key=lambda post: post.id)
    weights, vocabulary = _bm25(posts)
    built, ids = Index.build(posts, kernel="numpy"), [post.id for post in posts]
    random = np.random.Generator(np.random.PCG64(5))
    for _ in range(300):
        drawn = random.integers(len(posts), size=random.integers(1, 6))
        words = [random.choice(posts[row].text.split() or ["the"]) for row in drawn]
        if is_title(" ".join(words), posts):
            continue
        scores = np.zeros(len(posts))
        for term, factor in query_counts(" ".join(words), vocabulary).items():
            scores += factor * weights[[vocabulary[term]]].toarray().ravel()
        assert _agrees(built.query(" ".join(words), ranking=PLAIN), ids, scores, 1e-6), words


def test_relatives_are_the_product_of_scipy(generated: list[Post]) -> None:
    """300 posts: the ten nearest are those of scikit-learn's rows and scipy's product."""
    posts = sorted(generated, key=lambda post: post.id)
    rows = TfidfVectorizer(analyzer=_terms).fit_transform(posts).tocsr()
    built, ids = Index.build(posts, kernel="numpy"), [post.id for post in posts]
    random = np.random.Generator(np.random.PCG64(6))
    for row in random.choice(len(posts), 300, replace=False).tolist():
        scores = (rows @ rows[[row]].T).toarray().ravel()
        scores[row] = 0
        assert _agrees(built.related(ids[row]), ids, scores, 1e-9), ids[row]


def test_both_kernels_answer_alike(generated: list[Post]) -> None:
    """Through an index, the kernels give the same hits and bits for 300 queries and relatives."""
    pytest.importorskip("numba")
    one, other = (Index.build(generated, kernel=name) for name in ("numpy", "numba"))
    random = np.random.Generator(np.random.PCG64(7))
    for _ in range(300):
        drawn = [generated[row] for row in random.integers(3000, size=3)]
        words = " ".join(random.choice(post.text.split()) for post in drawn)
        limit = int(random.choice([1, 10, 100, 5000]))
        assert _pairs(one.query(words, limit)) == _pairs(other.query(words, limit))
        id = drawn[0].id
        assert _pairs(one.related(id, limit)) == _pairs(other.related(id, limit))
