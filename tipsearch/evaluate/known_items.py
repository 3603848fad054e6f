"""Known-item search: an evaluation without judgments, with titles as queries for their posts.

The only relevant post is the one with that title. The index searched has no titles, so that posts
are found by their texts.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from tipsearch.analysis.analyzer import Analyzer, fold
from tipsearch.corpus.post import Post
from tipsearch.errors import CorpusError
from tipsearch.index import Index

MIN_TITLE_TERMS = 2
DEFAULT_SAMPLE = 1_000  # posts


class KnownItems(NamedTuple):
    """Titles as `queries` by post id, `qrels`, and `searched`, an index without titles."""

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    searched: Index


def task(index: Index, sample: int = DEFAULT_SAMPLE) -> KnownItems:
    """Return the known items of an index: the titles of at most `sample` posts.

    The index to search is built in memory, with the settings of `index`. Raises CorpusError where
    no title can be a query.
    """
    titles = queries(index, index.analyzer, sample)
    if not titles:
        reason = "no post has a title of two words or more that no other post has"
        raise CorpusError("no known items", reason, "give queries and judgments")
    searched = Index.build(
        masked(index),
        analyzer=index.analyzer, weighting=index.weighting, ranking=index.ranking,
        synonyms=index.synonyms,
    )  # fmt: skip
    return KnownItems(titles, {id: {id: 1} for id in titles}, searched)


def queries(posts: Iterable[Post], analyzer: Analyzer, sample: int) -> dict[str, str]:
    """Return the titles of at most `sample` posts by id.

    A title needs two terms, and no other post may have it. The sample is drawn by a hash of the
    ids, so that samples of a growing corpus overlap.

    >>> posts = [Post("a", "Angry callers", ""), Post("b", "Refunds", ""), Post("c", "“To be”", "")]
    >>> queries(posts, Analyzer(), 10)
    {'a': 'Angry callers'}
    """
    titles = [(post.id, post.title) for post in posts if post.title.strip()]
    counts = Counter(fold(title) for _, title in titles)
    unique = sorted((_digest(id), id, title) for id, title in titles if counts[fold(title)] == 1)
    usable = (
        (id, title) for _, id, title in unique if len(analyzer.analyze(title)) >= MIN_TITLE_TERMS
    )
    return dict(sorted(pair for pair, _ in zip(usable, range(sample), strict=False)))


def masked(posts: Iterable[Post]) -> Iterator[Post]:
    """Yield the posts without their titles."""
    return (replace(post, title="") for post in posts)


def _digest(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()
