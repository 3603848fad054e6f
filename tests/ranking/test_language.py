"""Queries with operators: the posts found are those that fulfil the query, by any ranking."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.matching import Oracle
from tests.strategies import CORPORA, WORDS
from tipsearch.corpus.post import Post
from tipsearch.errors import EmptyQueryError
from tipsearch.index import Index
from tipsearch.query import grammar

_LEAVES = st.one_of(
    WORDS,
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join).map('"{}"'.format),
    WORDS.map("title:{}".format),
    st.lists(WORDS, min_size=1, max_size=3).map(" ".join).map('title:"{}"'.format),
    st.sampled_from(
        [
            "cust*",
            "Cust*",
            "e-ma*",
            "a*",
            "CAFÉ*",
            "title:ph*",
            "kind:full",
            "kind:teaser",
            "the",
            "of",
        ]
    ),
    st.text("abc ,é", min_size=1, max_size=5).map('category:"{}"'.format),
    st.dates().map("after:{}".format),
    st.dates().map("before:{:%Y}".format),
)
LANGUAGE = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        inner.map("-{}".format),
        inner.map("NOT {}".format),
        inner.map("+{}".format),
        st.tuples(inner, inner).map(" OR ".join),
        st.tuples(inner, inner).map(" AND ".join),
        st.lists(inner, min_size=1, max_size=4).map(" ".join),
        inner.map("({})".format),
    ),
    max_leaves=8,
)


def asked(index: Index, text: str, ranking: str) -> list[str]:
    """The ids found, sorted."""
    return sorted(hit.id for hit in index.query(text, 100, ranking=ranking, exact=True))


@pytest.mark.parametrize("ranking", ["bm25", "tfidf"])
@given(posts=CORPORA, text=LANGUAGE)
def test_the_hits_are_the_posts_that_fulfil_the_query(
    posts: list[Post], text: str, ranking: str
) -> None:
    """Each post that fulfils the tree is a hit, and no other post is."""
    index, parsed = Index.build(posts, ranking="feedback"), grammar.parse(text)
    oracle = Oracle(posts)
    try:
        found = asked(index, text, ranking)
    except EmptyQueryError:
        return
    if not parsed.operators or any(post.title.split() == text.split() for post in posts):
        return
    expected = sorted(post.id for post in posts if oracle.fulfils(post, parsed.tree) is True)
    assert found == expected
    assert index.query(text, exact=True).total == len(expected)


# --- stop words


def _pairs(index: Index, text: str, ranking: str) -> list[tuple[str, float]]:
    hits = index.query(text, 100, ranking=ranking, exact=True)
    return [(hit.id, hit.score) for hit in hits]


@pytest.mark.parametrize("ranking", ["bm25", "tfidf", "feedback"])
@pytest.mark.parametrize(
    ("with_stop_words", "without"),
    [
        ("the {}", "{}"),
        ("{} of the", "{}"),
        ("+the {}", "{}"),
        ("-the {}", "{}"),
        ("NOT the {}", "{}"),
        ("title:the {}", "{}"),
        ("-title:of {}", "{}"),
        ("+the/of {}", "{}"),
        ("the AND {}", "+{}"),
        ("the OR {}", "+{}"),
        ("(the OR of) +{}", "+{}"),
        ("{} -(the OR phone)", "{} -phone"),
        ("{} kind:full the", "{} kind:full"),
        ("+{} the sort:date", "+{} sort:date"),
        ("the -{}", "-{}"),
        ("the kind:full", "kind:full"),
    ],
)
def test_stop_words_change_no_answer(
    index: Index, ranking: str, with_stop_words: str, without: str
) -> None:
    """Not the hits, not the scores, not the total, under any operator."""
    for word in ("customer", "angry", '"customer service"', "title:patience", "xyzzy"):
        one, two = with_stop_words.format(word), without.format(word)
        assert _pairs(index, one, ranking) == _pairs(index, two, ranking)
        one_hits, two_hits = index.query(one), index.query(two)
        assert one_hits.total == two_hits.total
        assert one_hits.facets() == two_hits.facets()


@pytest.mark.parametrize(
    "text", ["the", "+the", "-the", "the OR of", "title:the", "(the)", "NOT the", "the AND of", "-"]
)
def test_stop_words_alone_find_nothing(index: Index, text: str) -> None:
    """However they are written."""
    hits = index.query(text)
    assert (hits, hits.total, hits.reason) == ([], 0, "the query has no word")


def test_stop_words_count_in_quotes() -> None:
    """A phrase of stop words alone is found, by date; in a phrase they must stand where they do."""
    index = Index.build(
        [
            Post("a", "", "to be or not to be", date(2015, 1, 1)),
            Post("b", "", "to be in or not", date(2016, 1, 1)),
            Post("c", "In to", "be the refund of it", date(2017, 1, 1)),
            Post("d", "", "the refund it"),
        ],
        ranking="bm25",
    )
    for text, found in (
        ('"to be"', ["b", "a"]),
        ('"to be or not to be"', ["a"]),
        ('title:"in to"', ["c"]),
        ('"the refund of it"', ["c"]),
        ('"refund it"', ["d"]),
        ('refund -"of it"', ["d"]),
        ('"the"', ["c", "d"]),
    ):
        assert [hit.id for hit in index.query(text)] == found
