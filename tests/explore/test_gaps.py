"""Gaps: what is asked and not answered. Coverage by hand, groups that add up, and any input."""

from collections import Counter
from collections.abc import Callable
from math import log, sqrt
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.ranking.test_hits import EVIL
from tests.strategies import CORPORA, QUERIES
from tipsearch.corpus.post import Post
from tipsearch.errors import EmptyQueryError, SettingError
from tipsearch.explore.gaps.gaps import Gaps
from tipsearch.index import Index
from tipsearch.ranking.coverage import WEAK
from tipsearch.store.ranking import Ranking

LOG = [
    *["refund policy"] * 5, "when can I offer a refund", "refund for a cancelled order",
    *["chatbot"] * 3, "should we use a chatbot", "AI chatbot for support",
    "email response time", "writing a professional email", "email tone tips",
    "how to apologize to a customer", "customer retention", "handling complaints", "patience",
    "service recovery", "Patience!", "how do I",
]  # fmt: skip
COLUMNS = ["gap", "label", "query", "count", "coverage", "weak", "post", "title", "score"]
TINY = [Post("a", "", "refund phone"), Post("b", "", "angry")]


@pytest.fixture(scope="module")
def gaps(index: Index) -> Gaps:
    """The gaps of the log, by words."""
    return index.gaps(LOG)


# --- coverage


@pytest.mark.parametrize(
    ("query", "share"),
    [
        # BM25 with k1 1.5 and b 0.75: post a has 2 words where the mean is 1.5, so that a word of
        # it has 1 / (1 + 1.5 * (0.25 + 0.75 * 2 / 1.5)) = 1 / 2.875 of what it could have.
        ("refund", 1 / 2.875),
        ("refunds of the phone", 1 / 2.875),
        ("angry", 1 / (1 + 1.5 * (0.25 + 0.75 * 1 / 1.5))),
        # The idf of a word in 1 of 2 posts is ln(1 + 1.5 / 1.5), of one in none ln(1 + 2.5 / 0.5).
        ("refund xyzzy", log(2) / 2.875 / (log(2) + log(6))),
        ("xyzzy", 0),
    ],
)
def test_coverage_by_hand(query: str, share: float) -> None:
    """By words it is the root of the share of the greatest BM25 score that a post could have."""
    (asked,) = Index.build(TINY, ranking="feedback").gaps([query]).queries
    assert asked.coverage == pytest.approx(sqrt(share), abs=1e-6)
    assert asked.weak == (asked.coverage < WEAK)
    assert (asked.post is None) == (share == 0)


@pytest.mark.semantic
def test_coverage_by_meaning() -> None:
    """With embeddings it is the mean of that root and of the cosine, and so are the groups made."""
    index = Index.build(TINY, ranking=Ranking("hybrid", semantic_feedback=0))
    for asked in index.gaps(["refund", "furious", "refund the furious caller"]).queries:
        assert asked.post is not None
        why = index.explain(asked.query, asked.post)
        (by_words,) = index.gaps([asked.query], ranking="feedback").queries
        same = asked.post == by_words.post
        lexical = by_words.coverage if same else 0.0
        assert asked.coverage == pytest.approx((lexical + max(why.cosine, 0)) / 2, abs=1e-6)
    assert (
        index.gaps(["furious"])[0].coverage
        > index.gaps(["furious"], ranking="feedback")[0].coverage
    )


@settings(max_examples=15)
@given(CORPORA, st.lists(QUERIES, min_size=1, max_size=4))
def test_coverage_is_from_0_to_1(posts: list[Post], queries: list[str]) -> None:
    """Whatever is asked of whatever posts, coverages are from 0 to 1 and all queries are kept."""
    found = Index.build(posts, ranking="feedback").gaps(queries)
    assert all(0 <= asked.coverage <= 1 for asked in found.queries)
    assert found.asked + sum(count for _, count in found.wordless) == len(queries)


@settings(max_examples=15)
@given(st.data())
def test_a_post_itself_is_covered_better_than_the_unknown(
    index: Index, posts: list[Post], data: st.DataObject
) -> None:
    """The text of a post as a query is covered more than words that no post has, which are not."""
    post = data.draw(st.sampled_from(posts))
    itself, unknown = index.gaps([f"{post.title} {post.text}"]), index.gaps(["xyzzy quuxly"])
    assert itself.coverage > 0.3
    assert unknown.coverage == 0
    assert unknown.weak == 1


# --- groups


def test_groups_add_up(gaps: Gaps) -> None:
    """Each different query is in one group; counts, weak ones and mean coverage are their sums."""
    queries = [asked.query for asked in gaps.queries]
    assert sorted(queries) == sorted({*LOG} - {"how do I", "Patience!", "patience"} | {"Patience!"})
    assert gaps.wordless == (("how do I", 1),)
    assert gaps.asked == len(LOG) - 1 == sum(gap.asked for gap in gaps)
    for gap in gaps:
        assert gap.asked == sum(asked.count for asked in gap.queries)
        assert gap.weak == sum(asked.count for asked in gap.queries if asked.coverage < WEAK)
        covered = sum(asked.count * asked.coverage for asked in gap.queries)
        assert gap.coverage == pytest.approx(covered / gap.asked)
        assert gap.weak_share == gap.weak / gap.asked
        assert [*gap.queries] == sorted(gap.queries, key=lambda asked: asked.coverage)


def test_what_is_asked_often_and_barely_covered_comes_first(gaps: Gaps) -> None:
    """In order of asked * (1 - coverage), and labels are in the words of those who ask."""
    sizes = [gap.asked * (1 - gap.coverage) for gap in gaps]
    assert sizes == sorted(sizes, reverse=True)
    for word, gap in zip(("chatbot", "refund"), gaps[:2], strict=True):
        assert word in gap.label
        assert all(word in asked.query for asked in gap.queries)
        assert gap.weak_share == 1
    assert repr(gaps).startswith(f"<{len(gaps)} gaps, weak/asked ")


def test_the_best_post_is_that_of_the_query(gaps: Gaps, index: Index) -> None:
    """Post, title and score are those of the first hit; None where there is none."""
    for asked in gaps.queries:
        hits = index.query(asked.query, 1)
        expected = (hits[0].id, hits[0].post.label, hits[0].score) if hits else (None, None, None)
        assert (asked.post, asked.title, asked.score) == expected


def test_the_threshold_is_the_caller_s(index: Index) -> None:
    """Below `weak` an answer is weak: none is at 0, and all but a perfect one are at 1."""
    assert index.gaps(LOG, weak=0).weak == 0
    assert (found := index.gaps(LOG, weak=1)).weak == found.asked
    assert found.threshold == 1


def test_equal_queries_are_one() -> None:
    """Case, quotes and punctuation make no difference; the usual spelling is shown."""
    index = Index.build(TINY, ranking="feedback")
    found = index.gaps(["Refund?", ("refund", 3), "“refund”", "  REFUND  "])
    assert [(asked.query, asked.count) for asked in found.queries] == [("refund", 6)]
    assert index.gaps(Counter(["refund", "refund"])).asked == 2
    assert index.gaps({"refund": 3, "phone": 1}).asked == 4


@pytest.mark.parametrize("factor", [2, 1000])
def test_counts_scale(index: Index, gaps: Gaps, factor: int) -> None:
    """To ask all as often again multiplies what was asked, and changes nothing else."""
    more = index.gaps([(query, factor) for query in reversed(LOG)])
    assert [(gap.label, gap.asked, gap.weak) for gap in more] == [
        (gap.label, factor * gap.asked, factor * gap.weak) for gap in gaps
    ]
    assert [gap.coverage for gap in more] == pytest.approx([gap.coverage for gap in gaps])
    assert [(a.query, a.coverage) for a in more.queries] == [
        (a.query, a.coverage) for a in gaps.queries
    ]


@pytest.mark.parametrize(
    "queries",
    [
        ["refund"],
        ["refund", "phone"],
        ["refund", "phone", "angry caller"],
        ["37"],
        ["xyzzy", "😀"],
        ["angry angry angry"],
    ],
)
def test_few_queries(index: Index, queries: list[str]) -> None:
    """One, two or three queries make groups too, and so do numbers and unknown words."""
    found = index.gaps(queries)
    assert {asked.query for asked in found.queries} | {text for text, _ in found.wordless} == {
        *queries
    }
    assert 1 <= len(found) <= len(queries)


@pytest.mark.parametrize("queries", [[], ["how do I", "the"], ["???"]])
def test_nothing_to_answer(index: Index, queries: list[str]) -> None:
    """Without a query, or with none that has a word, there is no gap, and nothing is weak."""
    found = index.gaps(queries)
    assert (len(found), found.asked, found.weak, found.coverage) == (0, 0, 0, 1.0)
    assert [text for text, _ in found.wordless] == sorted(queries)
    assert found.to_json() == []
    assert found._repr_html_() == "<p>Nothing was asked.</p>"
    assert found.to_frame().columns.tolist() == COLUMNS


def test_an_empty_index_covers_nothing() -> None:
    """Where there is no post, each query is a gap."""
    (gap,) = Index.build([], ranking="feedback").gaps(["refund"])
    assert (gap.asked, gap.weak, gap.coverage, gap.queries[0].post) == (1, 1, 0.0, None)


BAD: list[Any] = [
    "refund", None, [None], [7], [("refund",)], [("refund", 0)], [("refund", -1)],
    [("refund", True)], [("refund", 10**20)], {"refund": 0},
    [("refund", 1.5)], [("refund", "2")], [(1, "refund")], ["\ud800"],
]  # fmt: skip


@pytest.mark.parametrize("queries", BAD)
def test_bad_queries_are_refused(index: Index, queries: Any) -> None:
    """What is no list of texts, or of texts with counts, is an error that says what it must be."""
    with pytest.raises(SettingError, match=r"queries cannot be .*: it must be"):
        index.gaps(queries)


def test_bad_settings_are_refused(index: Index) -> None:
    """A threshold beyond 0 and 1, a blank query, and an unknown ranking are errors."""
    for weak in (-0.1, 1.1, float("nan"), True):
        with pytest.raises(SettingError, match="weak cannot be"):
            index.gaps(["refund"], weak=weak)
    with pytest.raises(EmptyQueryError):
        index.gaps(["refund", " "])
    with pytest.raises(SettingError, match="ranking"):
        index.gaps(["refund"], ranking="bm26")


def test_progress_reaches_the_end(index: Index) -> None:
    """The share of the different queries that were asked ascends to 1."""
    told: list[float] = []
    index.gaps(["refund", "phone", "refund", "angry"], progress=told.append)
    assert told == pytest.approx([1 / 6, 2 / 6, 1 / 2, 1])  # the groups are the other half


# --- as JSON, tables and HTML


def test_gaps_as_json_and_as_tables(gaps: Gaps) -> None:
    """JSON is nested, a table has a row for each query; both say the same."""
    objects = gaps.to_json()
    assert all(
        list(gap) == ["label", "asked", "weak", "weak_share", "coverage", "queries"]
        for gap in objects
    )
    rows = [
        {"gap": place, "label": gap["label"], **asked}
        for place, gap in enumerate(objects, 1)
        for asked in gap["queries"]
    ]
    assert gaps.to_frame(arrow=True).to_pylist() == rows
    frame = gaps.to_frame()
    assert frame.columns.tolist() == list(rows[0]) == COLUMNS
    assert frame.weak.dtype == bool
    assert frame["query"].tolist() == [row["query"] for row in rows]
    assert frame.score.isna().tolist() == [row["score"] is None for row in rows]
    assert (frame.score.isna() == frame.post.isna()).all()
    assert isinstance(frame, pd.DataFrame)
    assert gaps.to_frame(arrow=True).schema.field("weak").type == pa.bool_()
    assert gaps[:2] == tuple(gaps)[:2]


def test_what_is_asked_is_escaped(index: Index) -> None:
    """A query with tags in it opens none in a notebook."""
    html = index.gaps([EVIL, "refund <b>policy</b>"])._repr_html_()
    assert "<script" not in html
    assert "<b>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("<tr>") == html.count("</tr>") >= 2


@pytest.mark.parametrize("method", [Gaps.to_frame, lambda gaps: gaps.to_frame(arrow=True)])
def test_no_queries_make_an_empty_table(index: Index, method: Callable[[Gaps], Any]) -> None:
    """A table without a row has its columns."""
    assert len(method(index.gaps([]))) == 0
