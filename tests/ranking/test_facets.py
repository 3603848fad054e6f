"""Facets and totals: the counts are those of posts read one by one."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import assume, given

from tests.matching import Oracle
from tests.ranking.test_language import LANGUAGE
from tests.strategies import CORPORA
from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.index import Index
from tipsearch.query import grammar

POSTS = [
    Post("a", "Calm", "refund", date(2014, 5, 1), ("Health Care", "phone")),
    Post("b", "", "refund the customer", date(2014, 12, 31), ("health care",)),
    Post("c", "", "angry refund", date(2016, 1, 1), ("phone", "a,b")),
    Post("d", "", "angry customer", None, ("li\nne", "phone", "phone")),
    Post("e", "", "patience", date(2016, 1, 1)),
]


@pytest.fixture(scope="module")
def small() -> Index:
    """An index of POSTS."""
    return Index.build(POSTS, ranking="feedback")


def counted(posts: Iterable[Post], name: str) -> dict[str, int]:
    """The facet of some posts: by count and name, years from the newest on."""
    counts = Counter[str]()
    for post in posts:
        if name == "category":
            counts.update({*post.categories})
        elif name == "kind":
            counts[post.kind] += 1
        elif post.date:
            counts[f"{post.date.year:04}"] += 1
    if name == "year":
        return dict(sorted(counts.items(), reverse=True))
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def in_order(facets: dict[str, dict[str, int]]) -> list[tuple[str, list[tuple[str, int]]]]:
    """Facets with the order of their values."""
    return [(name, [*values.items()]) for name, values in facets.items()]


def filters_in(node: grammar.Node) -> bool:
    """Whether a node is a filter, or alternatives of which one is."""
    if isinstance(node, grammar.AnyOf):
        return any(map(filters_in, node.parts))
    return isinstance(node, grammar.Category | grammar.Kind | grammar.Dates)


@given(CORPORA, LANGUAGE)
def test_counts_are_those_of_the_posts_that_fulfil_the_query(posts: list[Post], text: str) -> None:
    """Without a filter all facets count the posts that `total` counts."""
    query = grammar.parse(text)
    typed = any(post.title.split() == text.split() for post in posts)
    assume(query.operators and not typed and not any(map(filters_in, query.tree.required)))
    oracle, hits = Oracle(posts), Index.build(posts, ranking="bm25").query(text, exact=True)
    found = [post for post in posts if oracle.fulfils(post, query.tree) is True]
    assert hits.total == len(found)
    for name in ("category", "year", "kind"):
        assert in_order(hits.facets(name)) == [(name, [*counted(found, name).items()])]


@pytest.mark.parametrize("words", ["refund", "", "the", "+refund", '"refund"', "xyzzy"])
@pytest.mark.parametrize(
    "filters",
    [
        ("category:phone", "", ""),
        ("category:phone category:a,b", "", ""),
        ("(category:phone OR category:nothing)", "", "kind:full"),
        ("", "date:2014", ""),
        ("", "after:2014-06 before:2016", "kind:full"),
        ('category:"health care"', "date:2014", "kind:full"),
        ("category:phone", "before:2015", "kind:teaser"),
    ],
)
def test_a_filter_narrows_the_other_facets(
    small: Index, words: str, filters: tuple[str, str, str]
) -> None:
    """A facet counts the posts that the query without the filter on it matches."""
    oracle = Oracle(POSTS)
    for place, name in enumerate(["category", "year", "kind"]):
        others = [text for at, text in enumerate(filters) if at != place]
        rest = grammar.parse(" ".join([words, *others])).tree
        # A stop word alone says nothing, so that all posts are left.
        left = [post for post in POSTS if oracle.fulfils(post, rest) is not False]
        found = small.query(" ".join([words, *filters]), exact=True).facets(name)
        assert in_order(found) == [(name, [*counted(left, name).items()])]


def test_facets_by_hand(small: Index) -> None:
    """Names that differ by case are two values, and one filter; a name may have a comma in it."""
    everything = {"phone": 3, "Health Care": 1, "a,b": 1, "health care": 1, "li\nne": 1}
    hits = small.query('category:"HEALTH CARE"')
    assert [hit.id for hit in hits] == ["b", "a"]
    assert hits.facets() == {
        "category": everything, "year": {"2014": 2}, "kind": {"full": 2},
    }  # fmt: skip
    assert [hit.id for hit in small.query("category:a,b")] == ["c"]
    assert [hit.id for hit in small.query('category:"li ne"')] == ["d"]
    assert [hit.id for hit in small.query('category:"li\nne"')] == ["d"]
    nothing = small.query("category:nothing")
    assert (nothing, nothing.total, nothing.reason) == ([], 0, "no post matches")
    assert nothing.facets() == {"category": everything, "year": {}, "kind": {}}
    of_year = small.query("date:2016 -angry").facets()
    assert of_year == {"category": {}, "year": {"2016": 1, "2014": 2}, "kind": {"full": 1}}


def test_related_posts_have_no_facets(small: Index) -> None:
    """They have no query."""
    assert small.related("a").facets() == {"category": {}, "year": {}, "kind": {}}


@pytest.mark.parametrize("name", ["", "Category", "categories", "date"])
def test_an_unknown_facet_is_refused(small: Index, name: str) -> None:
    """Also of hits that were pickled, and of none."""
    for hits in (small.query("refund"), pickle.loads(pickle.dumps(small.query("xyzzy")))):
        with pytest.raises(SettingError, match="one of category, year, kind"):
            hits.facets("kind", name)


@pytest.mark.parametrize(
    "query", ["refund category:phone", "category:phone", "xyzzy", "the", "2014"]
)
def test_pickled_hits_keep_what_they_say(small: Index, query: str) -> None:
    """Facets, total, parsed query and reason are there without the index; in a slice too."""
    hits = small.query(query)
    kept = pickle.loads(pickle.dumps(hits))
    for one, two in ((hits, kept), (hits[:1], kept[:1])):
        assert one == two
        assert in_order(one.facets()) == in_order(two.facets())
        assert (one.parsed, one.total) == (two.parsed, two.total)
        assert (one.weak, one.reason, one.coverage) == (two.weak, two.reason, two.coverage)


def test_hits_of_a_closed_index_count_on(small: Index, tmp_path: Path) -> None:
    """Facets that were not asked for before it was closed are those of the index in memory."""
    small.save(tmp_path)
    opened = Index.open(tmp_path)
    hits = opened.query("refund category:phone")
    opened.close()
    expected = small.query("refund category:phone")
    assert hits == expected
    assert in_order(hits.facets()) == in_order(expected.facets())
    assert (hits.total, hits.reason, hits.parsed) == (
        expected.total, expected.reason, expected.parsed,
    )  # fmt: skip
