"""Generated corpora for the property tests."""

from hypothesis import strategies as st

from tipsearch.corpus.post import Post

# Few words, so that posts share them; forms of one stem, stop words and odd ones among them.
WORDS = st.sampled_from(
    "angry angrily customer customers customer’s phone phones call calling called the of you're "
    "e-mail J.E.R.K. don’t 37 café Ünïcode 😀 … – fixed fixing fix agreement agreed".split()
)
TEXTS = st.lists(WORDS, max_size=12).map(" ".join)
POSTS = st.builds(
    Post,
    id=st.text("abcXYZ019-é", min_size=1, max_size=6),
    title=TEXTS,
    text=st.one_of(TEXTS, st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
    date=st.none() | st.dates(),
    categories=st.lists(st.text("abc ,é", max_size=5), max_size=2).map(tuple),
)
CORPORA = st.lists(POSTS, min_size=1, max_size=12, unique_by=lambda post: post.id)
QUERIES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
