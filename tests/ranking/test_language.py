"""Queries with operators: the posts found are those that fulfil the query, by any ranking."""

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
    st.sampled_from(["cust*", "Cust*", "e-ma*", "a*", "CAFÉ*", "title:ph*", "kind:full", "kind:teaser", "the", "of"]),
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
