"""Duplicates: exact against a comparison of all pairs, and what counts as a copy."""

from __future__ import annotations

from datetime import date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix

from tests.strategies import CORPORA
from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.explore import allpairs
from tipsearch.explore.allpairs import similar_pairs
from tipsearch.explore.duplicates import Copy, Duplicates
from tipsearch.index import Index

THRESHOLDS = st.sampled_from([0.5, 0.6, 0.75, 0.9, 0.99, 1.0])


def _pairs(cosines: np.ndarray, at_least: float) -> list[tuple[int, int, float]]:
    """All pairs of a matrix of cosines that reach a threshold, one by one."""
    return [
        (one, other, float(cosines[one, other]))
        for one, other in combinations(range(len(cosines)), 2)
        if cosines[one, other] >= at_least
    ]


def _groups(index: Index, at_least: float) -> set[tuple[tuple[str, float], ...]]:
    """The groups from their definition: posts linked by pairs, each with its greatest cosine."""
    cosines = (index.matrix @ index.matrix.T).toarray().round(12)
    ids, sets = [post.id for post in index], [{row} for row in range(len(index))]
    nearest = dict.fromkeys(range(len(index)), 0.0)
    for one, other, cosine in _pairs(cosines, at_least):
        merged = sets[one] | sets[other]
        for row in merged:
            sets[row] = merged
        nearest[one], nearest[other] = max(nearest[one], cosine), max(nearest[other], cosine)
    return {
        tuple(sorted((ids[row], nearest[row]) for row in linked)) for linked in sets
        if len(linked) > 1
    }  # fmt: skip


def _as_sets(found: Duplicates) -> set[tuple[tuple[str, float], ...]]:
    return {tuple(sorted((copy.id, copy.similarity) for copy in group)) for group in found}


# --- pairs


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), THRESHOLDS, st.sampled_from([1, 7, 1 << 20]))
def test_all_pairs_are_found(seed: int, at_least: float, at_once: int) -> None:
    """Of random rows, many of them near each other, the pairs are those of a dense product."""
    random = np.random.default_rng(seed)
    counts = random.poisson(0.25, (40, 25)).astype(float)
    counts[20:] = counts[random.integers(0, 20, 20)]  # copies, some with a word more or less
    counts[20:] += random.random((20, 25)) < 0.04
    counts *= random.uniform(0.5, 4, 25)
    lengths = np.linalg.norm(counts, axis=1, keepdims=True)
    rows = np.divide(counts, lengths, out=np.zeros_like(counts), where=lengths > 0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(allpairs, "PAIRS_AT_ONCE", at_once)
        found = similar_pairs(csr_matrix(rows), at_least)
    expected = _pairs((rows @ rows.T).round(12), at_least)
    assert [*zip(found.first.tolist(), found.second.tolist(), strict=True)] == [
        (one, other) for one, other, _ in expected
    ]
    assert found.cosines == pytest.approx([cosine for *_, cosine in expected], abs=1e-11)


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (3, 0), (3, 3)])
def test_rows_without_an_entry_have_no_pair(shape: tuple[int, int]) -> None:
    """No rows, no columns, and empty rows give no pair."""
    found = similar_pairs(csr_matrix(np.zeros(shape)), 0.5)
    assert [len(part) for part in found] == [0, 0, 0]


# --- groups


@settings(max_examples=80)
@given(CORPORA, THRESHOLDS)
def test_groups_are_those_of_all_pairs(posts: list[Post], at_least: float) -> None:
    """The groups and similarities of small corpora, full of copies, are those of all cosines."""
    built = Index.build(posts)
    assert _as_sets(built.duplicates(at_least)) == _groups(built, at_least)


def test_groups_of_the_seeds(index: Index) -> None:
    """The seeds have no copies; by half a cosine they have the pair that `similarity` shows."""
    assert list(index.duplicates()) == []
    assert _as_sets(index.duplicates(0.5)) == _groups(index, 0.5) != set()


def test_small_changes_of_each_seed_are_found(index: Index) -> None:
    """A post again, with a year behind its title, another first line or a last one, is a copy."""
    about = "\n\nThis tip was first published in our newsletter. Subscribe to get one each week."
    for title, text in (
        ("{}", "{}"), ("{} (2019)", "{}"), ("{} – updated March 2019", "{}"),
        ("{}", "March 4, 2019. {}"), ("{}", f"{{}}{about}"),
    ):  # fmt: skip
        copies = [
            Post(f"{post.id}+", title.format(post.title), text.format(post.text)) for post in index
        ]
        built = Index.build([*index, *copies])
        groups = {frozenset(copy.id for copy in group) for group in built.duplicates()}
        assert groups == {frozenset((post.id, f"{post.id}+")) for post in index}


def test_posts_without_words_are_no_copies() -> None:
    """Empty posts and posts of stop words are in no group, and are not counted as compared."""
    posts = [Post("a", "", ""), Post("b", "", ""), Post("c", "The", "of"), Post("d", "The", "of")]
    assert Index.build(posts).duplicates() == Duplicates((), 0.9, 0)
    assert Index.build([]).duplicates() == Duplicates((), 0.9, 0)
    found = Index.build([*posts, Post("e", "", "refund"), Post("f", "", "Refunds!")]).duplicates()
    assert (len(found), found.posts, found.compared) == (1, 2, 2)


DATED = [
    Post("a", "Pay back", "A refund in time.", None),
    Post("b", "Pay back", "A refund in time.", date(2019, 3, 1)),
    Post("c", "Pay back", "A refund in time!", date(2014, 2, 4)),
    Post("d", "Hello", "How are your neighbours today?", date(2012, 1, 1)),
    Post("e", "", "How are your neighbours, hello, hello hello today?", date(2012, 1, 1)),
    Post("f", "Alone", "Something else altogether."),
]


def test_the_oldest_comes_first() -> None:
    """Posts by date, those without one last, equal ones by id; groups by their oldest post."""
    found = Index.build(DATED).duplicates()
    assert [[copy.id for copy in group] for group in found] == [["d", "e"], ["c", "b", "a"]]
    assert found[1][0] == Copy("c", "Pay back", date(2014, 2, 4), 1.0)
    assert found[0][1].title.startswith("[How are your")
    assert (found.posts, found.compared, found.at_least) == (5, 6, 0.9)
    assert repr(found) == "<Duplicates: 2 groups of 5 posts, at least 0.9 alike>"
    assert found[:1] == (found[0],)


def test_duplicates_as_tables() -> None:
    """JSON has a group an object, and a frame a post a row, both with dates."""
    found = Index.build(DATED).duplicates()
    second = found.to_json()[1]
    assert second["group"] == 2
    assert [post["date"] for post in second["posts"]] == ["2014-02-04", "2019-03-01", None]
    assert second["posts"][0] == {
        "id": "c", "title": "Pay back", "date": "2014-02-04", "similarity": 1.0,
    }  # fmt: skip
    frame = found.to_frame()
    assert [*frame.columns] == ["group", "id", "title", "date", "similarity"]
    assert frame.group.tolist() == [1, 1, 2, 2, 2]
    assert frame.date.isna().tolist() == [False] * 4 + [True]
    assert found.to_frame(arrow=True).num_rows == 5
    assert len(Index.build([]).duplicates().to_frame()) == 0


@pytest.mark.parametrize("wrong", [0, 0.49, 1.01, float("nan"), True, "0.9", None])
def test_thresholds_out_of_range_are_refused(index: Index, wrong: float) -> None:
    """What is no number from 0.5 to 1 is an error that says so."""
    with pytest.raises(SettingError, match=r"at_least cannot be .* from 0\.5 to 1"):
        index.duplicates(wrong)
