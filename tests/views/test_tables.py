"""Tables: what pandas and Arrow are given, and that neither is needed for the other."""

import datetime
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pytest
from hypothesis import given, settings

from tests.strategies import CORPORA
from tipsearch.corpus.post import Post, Source
from tipsearch.errors import ExtraMissing, PostNotFound, SettingError
from tipsearch.explore import similarity
from tipsearch.index import Index

FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"
METHODS: list[Callable[..., Any]] = [
    Index.to_frame,
    lambda index, **arrow: index.significant_terms([FIX_FAST], **arrow),
    Index.similarity,
]
OLD = Post(
    "b", "Don’t wait", "The phone rings, the phone.", datetime.date(1066, 10, 14),
    ("Email", "B, C"), "teaser", "https://example.com/b",
    (Source("a.txt", 1, 5), Source("b.txt", 2, 2)),
)  # fmt: skip
TWO = [OLD, Post("a", "", "😀")]


# --- posts


def test_a_frame_of_two_posts_by_hand() -> None:
    """A row for each post, in order of id, with each column's type; none is NaT or NA."""
    frame = Index.build(TWO).to_frame()
    assert frame.columns.tolist() == [
        "id", "title", "date", "year", "kind", "categories", "words", "terms", "url", "text",
        "sources",
    ]  # fmt: skip
    assert frame.loc[1].tolist() == [
        "b", "Don’t wait", pd.Timestamp("1066-10-14"), 1066, "teaser", ["Email", "B, C"], 7, 3,
        "https://example.com/b", "The phone rings, the phone.", "a.txt:1-5; b.txt:2-2",
    ]  # fmt: skip
    assert frame.date[0] is pd.NaT
    assert frame.year[0] is frame.url[0] is pd.NA
    assert frame.drop(columns=["date", "year", "url"]).loc[0].tolist() == [
        "a", "", "full", [], 0, 0, "😀", "",
    ]  # fmt: skip
    assert [str(dtype) for dtype in frame.dtypes] == [
        "string", "string", "datetime64[s]", "Int64", "string", "object", "int64", "int64",
        "string", "string", "string",
    ]  # fmt: skip


def test_arrow_of_two_posts_by_hand() -> None:
    """The same in Arrow's types, with null for none."""
    table = Index.build(TWO).to_frame(arrow=True)
    assert table.schema.field("date").type == pa.date32()
    assert table.schema.field("categories").type == pa.list_(pa.string())
    assert table.to_pylist() == [
        {"id": "a", "title": "", "date": None, "year": None, "kind": "full", "categories": [],
         "words": 0, "terms": 0, "url": None, "text": "😀", "sources": ""},
        {"id": "b", "title": "Don’t wait", "date": datetime.date(1066, 10, 14), "year": 1066,
         "kind": "teaser", "categories": ["Email", "B, C"], "words": 7, "terms": 3,
         "url": "https://example.com/b", "text": "The phone rings, the phone.",
         "sources": "a.txt:1-5; b.txt:2-2"},
    ]  # fmt: skip


@settings(max_examples=25)
@given(CORPORA)
def test_a_frame_says_what_the_posts_say(posts: list[Post]) -> None:
    """Row i is the i-th post and row i of the matrix, in pandas and in Arrow alike."""
    index = Index.build(posts)
    frame, rows = index.to_frame(), index.to_frame(arrow=True).to_pylist()
    for name in ("id", "title", "text", "kind"):
        said = [getattr(post, name) for post in index]
        assert frame[name].tolist() == [row[name] for row in rows] == said
    dates = [None if pd.isna(date) else date.date() for date in frame.date]
    assert dates == [row["date"] for row in rows] == [post.date for post in index]
    assert frame.categories.tolist() == [list(post.categories) for post in index]
    assert frame.terms.tolist() == np.diff(index.matrix.indptr).tolist()


class _Stream:
    """What another library sees of an Arrow table: its PyCapsule, and nothing else."""

    def __init__(self, table: Any) -> None:
        self.__arrow_c_stream__ = table.__arrow_c_stream__


@pytest.mark.parametrize("method", METHODS)
def test_arrow_goes_anywhere_without_pandas(
    index: Index, method: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is no pandas, a library such as polars reads the table by Arrow's C interface."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    table = method(index, arrow=True)
    assert pa.RecordBatchReader.from_stream(_Stream(table)).read_all().equals(table)
    with pytest.raises(
        ExtraMissing, match=r'needs pandas, .* pip install "tipsearch\[notebooks\]"'
    ):
        method(index)


@pytest.mark.parametrize("method", METHODS)
def test_pandas_does_without_arrow(
    index: Index, method: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without pyarrow there are frames, and Arrow tables are an error that names the extra."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert len(method(index))
    with pytest.raises(ExtraMissing, match="needs pyarrow") as error:
        method(index, arrow=True)
    assert (error.value.extra, error.value.module) == ("notebooks", "pyarrow")


# --- similarity


def test_similarity_is_what_related_says(index: Index) -> None:
    """Each cosine is the score of `related` by words, 0 where that has no hit, 1 to itself."""
    frame = index.similarity()
    assert frame.index.tolist() == frame.columns.tolist() == [post.id for post in index]
    assert (frame.index.name, frame.columns.name) == ("id", "other")
    expected = np.eye(len(index))
    for i, post in enumerate(index):
        for hit in index.related(post.id, len(index), ranking="feedback"):
            expected[i, frame.index.get_loc(hit.id)] = hit.score
    assert abs(frame.to_numpy() - expected).max() <= 1.01e-12
    assert np.array_equal(frame, frame.T)


def test_similarity_of_some_is_in_their_order(index: Index) -> None:
    """Of some posts it is that part of the whole, in the order given, each post once."""
    hits = index.query("angry customer on the phone", 3)
    ids = [hit.id for hit in hits]
    part = index.similarity([*hits, hits[0].post, "Fix Fast to Reduce Stress"])
    ids = list(dict.fromkeys([*ids, FIX_FAST]))
    assert part.index.tolist() == ids
    assert part.equals(index.similarity().loc[ids, ids])


def test_similarity_in_arrow() -> None:
    """Arrow has the ids in a column, whose name no post has, and a column for each post."""
    posts = [Post("id", "", "refund"), Post("no word", "", "😀"), Post("z", "", "refunds")]
    assert Index.build(posts).similarity(arrow=True).to_pydict() == {
        "id_": ["id", "no word", "z"],
        "id": [1.0, 0.0, 1.0],
        "no word": [0.0, 0.0, 0.0],
        "z": [1.0, 0.0, 1.0],
    }


def test_too_many_are_refused(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A matrix that is too large for memory is an error that says what to do instead."""
    monkeypatch.setattr(similarity, "MAX_COMPARED_POSTS", 3)
    assert len(index.similarity(list(index)[:3])) == 3
    with pytest.raises(SettingError, match="'56 posts': it must be 3 at most: give some, or ask"):
        index.similarity()


@pytest.mark.parametrize("subset", [FIX_FAST, Post("a", "", ""), 7, [7], [True, "a"]])
def test_a_subset_is_posts_in_a_list(index: Index, subset: Any) -> None:
    """A single post, or what is none, is refused with what it should be."""
    with pytest.raises(
        SettingError, match="must be hits, posts or ids in a list, a table with ids, a mask, or a"
    ):
        index.similarity(subset)


def test_masks_and_frames_are_subsets(index: Index) -> None:
    """A mask, a frame of posts and a column of ids choose the posts that a function does."""
    frame, table = index.to_frame(), index.to_frame(arrow=True)
    expected = index.similarity(lambda post: post.date is not None and post.date.year == 2025)
    dated = frame.year == 2025  # <NA> for a post without a date
    ids = frame[dated.fillna(False)].id
    subsets: list[Any] = [
        dated,
        dated.fillna(False).to_numpy(bool),
        dated.fillna(False).tolist(),
        frame[dated.fillna(False)],
        ids,
        ids.tolist(),
        pa.array([y == 2025 for y in frame.year.fillna(0)]),
        table.filter(pa.compute.equal(table["year"], 2025)),
        pa.array(ids),
    ]
    for subset in subsets:
        assert index.similarity(subset).equals(expected)
    hits = index.query("angry customer", 5)
    assert index.similarity(hits.to_frame()).equals(index.similarity(hits))
    for wrong, told in (
        ([True] * 55, "a mask of 55"),
        (frame[["title"]], "a table without a column id"),
        (np.zeros(56, bool), "no post"),
    ):
        with pytest.raises(SettingError, match=told):
            index.similarity(wrong)


def test_hits_give_a_table(index: Index) -> None:
    """A row for each hit with what the JSON has; no row where there is no hit."""
    hits = index.query("angry customer on the phone", 3)
    frame = hits.to_frame()
    assert frame.columns.tolist() == [
        "rank", "id", "score", "title", "date", "kind", "categories", "matched", "snippet",
    ]  # fmt: skip
    assert frame.id.tolist() == [hit.id for hit in hits]
    assert frame.matched.tolist() == [list(hit.matched) for hit in hits]
    assert str(frame.date.dtype) == "datetime64[s]"
    assert hits.to_frame(arrow=True).to_pylist()[0]["title"] == hits[0].post.title
    assert index.query("xyzzy").to_frame().empty


def test_a_subset_of_none_or_of_strangers(index: Index) -> None:
    """No post at all, and a post that the index does not have, are errors."""
    nothing: list[Any] = [[], lambda post: False, index.query("xyzzy")]
    for none in nothing:
        with pytest.raises(SettingError, match="cannot be 'no post'"):
            index.similarity(none)
    for stranger in ("nobody", Post("nobody", "Fix Fast to Reduce Stress", "")):
        with pytest.raises(PostNotFound, match="'nobody'"):
            index.significant_terms([stranger])
