"""The terms that tell a subset from the rest: by hand, against a naive count, and their order."""

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import CORPORA
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.explore.significance import PRIOR, log_odds
from tipsearch.index import Index


def _naive(posts: list[Post], ids: set[str]) -> list[tuple[Any, ...]]:
    """With dictionaries: term, counts, posts, log-odds and z, the strongest first."""
    bags = {post.id: Counter(Analyzer().analyze(f"{post.title} {post.text}")) for post in posts}
    one = sum((bag for id, bag in bags.items() if id in ids), Counter[str]())
    other = sum((bag for id, bag in bags.items() if id not in ids), Counter[str]())
    n, m, size = one.total(), other.total(), PRIOR * (one + other).total()
    rows = []
    for term, often in (one + other).items():
        a = PRIOR * often
        there = (one[term] + a) / (n + size - one[term] - a)
        elsewhere = (other[term] + a) / (m + size - other[term] - a)
        ratio = math.log(there) - math.log(elsewhere)
        z = ratio / math.sqrt(1 / (one[term] + a) + 1 / (other[term] + a))
        having = [id for id in bags if bags[id][term]]
        rows.append((term, one[term], often, len(ids.intersection(having)), len(having), ratio, z))
    return sorted(
        (row for row in rows if row[-1] > 1e-12), key=lambda row: (-row[-1].__round__(9), row[0])
    )


def test_two_terms_by_hand() -> None:
    """Refund 2 of 3 words inside and 0 of 2 outside; the prior adds 0.2, and 0.3 for lobby.

    ln(2.2 / 1.3) - ln(0.2 / 2.3) = 2.968440, over the root of 1 / 2.2 + 1 / 0.2.
    """
    index = Index.build([Post("a", "Refunds", "refunds lobby"), Post("b", "", "the lobby, lobby")])
    (row,) = index.significant_terms(["a"], arrow=True).to_pylist()
    assert row.pop("log_odds") == pytest.approx(2.968440, abs=1e-6)
    assert row.pop("z") == pytest.approx(1.271010, abs=1e-6)
    assert row == {"word": "refunds", "term": "refund", "count": 2, "count_all": 2, "posts": 1,
                   "posts_all": 1}  # fmt: skip


SUBSETS: dict[str, Callable[[Post], object]] = {
    "a year": lambda post: post.date and post.date.year == 2014,
    "a category": lambda post: "Business Advice" in post.categories,
    "most posts": lambda post: post.kind == "teaser",
}


@pytest.mark.parametrize("name", SUBSETS)
def test_terms_are_those_of_a_naive_count(index: Index, name: str) -> None:
    """On the seeds, all terms with their numbers are what dictionaries give, in that order."""
    posts = list(index)
    ids = {post.id for post in posts if SUBSETS[name](post)}
    assert 1 < len(ids) < len(posts)
    found = index.significant_terms(SUBSETS[name], limit=10_000)
    expected = _naive(posts, ids)
    assert len(expected) > 30
    columns = ["term", "count", "count_all", "posts", "posts_all"]
    rows = list(found[columns].itertuples(index=False, name=None))
    assert rows == [row[:5] for row in expected]
    assert found.log_odds.tolist() == pytest.approx([row[5] for row in expected], abs=1e-9)
    assert found.z.tolist() == pytest.approx([row[6] for row in expected], abs=1e-9)


def test_a_word_is_the_most_frequent_form(index: Index) -> None:
    """Each term is shown as the form of it that posts have most often, then the first by letter."""
    texts = [text for post in index for text in (post.title, post.text)]
    often = Counter(token for text in texts for token, _ in Analyzer().sequence(text))
    forms = defaultdict[str, list[str]](list)
    for form in often:
        forms[Analyzer().term(form)].append(form)
    shown = index.significant_terms(SUBSETS["most posts"], limit=300)
    assert len(shown) > 100
    for word, term in zip(shown.word, shown.term, strict=True):
        assert word == min(forms[term], key=lambda form: (-often[form], form))


def test_a_subset_may_be_given_in_any_way(index: Index) -> None:
    """Hits, posts, ids, titles, a column of a frame and a function name the same posts."""
    hits = index.query("angry customer on the phone", 5)
    ids, frame = [hit.id for hit in hits], index.to_frame()
    expected = index.significant_terms(hits)
    for same in (
        [hit.post for hit in hits], ids, [*ids, *ids], (hit.post.title for hit in hits),
        frame.id[frame.id.isin(ids)], lambda post: post.id in ids,
    ):  # fmt: skip
        assert index.significant_terms(same).equals(expected)


@settings(max_examples=40)
@given(CORPORA, st.randoms())
def test_limit_and_order_hold(posts: list[Post], random: Any) -> None:
    """Terms fall by z, equal ones in order of term; a limit cuts; each is in the subset."""
    index = Index.build(posts)
    some = random.sample(posts, random.randint(1, len(posts)))
    if len(some) == len(posts):
        with pytest.raises(SettingError, match="a part of the corpus"):
            index.significant_terms(some)
        return
    rows = index.significant_terms(some, limit=100, arrow=True).to_pylist()
    assert rows == sorted(rows, key=lambda row: (-row["z"], row["term"]))
    assert all(row["z"] > 0 and 0 < row["posts"] <= row["count"] for row in rows)
    assert index.significant_terms(some, limit=2, arrow=True).to_pylist() == rows[:2]


COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)).filter(any), max_size=9)


@given(COUNTS)
def test_what_is_more_here_is_less_there(counts: list[tuple[int, int]]) -> None:
    """The log-odds and z of the rest are those of the subset with the other sign, and finite."""
    one, other = np.array(counts, np.float64).reshape(-1, 2).T
    here, there = log_odds(one, one + other), log_odds(other, one + other)
    assert np.allclose(here, np.negative(there), atol=2e-12)
    assert np.isfinite(here).all()


@pytest.mark.parametrize("limit", [0, -1, 2.5, None])
def test_limit_is_at_least_one(index: Index, limit: Any) -> None:
    """A limit that is no whole number from one on is refused."""
    with pytest.raises(SettingError, match="limit"):
        index.significant_terms(index.query("angry"), limit=limit)
