"""A first measure where nobody has judged anything: is a post found by its title, from its text?

Known-item search: the title of a post is the query and that post alone is relevant, in an index
where no post has its title.
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

MIN_TERMS = 2
SAMPLE = 1_000


class KnownItems(NamedTuple):
    """Titles as `queries`, the post that is relevant to each, and an index that has no titles."""

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    searched: Index


def task(index: Index, sample: int = SAMPLE) -> KnownItems:
    """The known items of an index, by the titles of at most `sample` posts.

    What is searched is in memory, with the settings of `index`. Raises CorpusError.
    """
    titles = queries(index, index.analyzer, sample)
    if not titles:
        reason = "no post has a title of two words or more that no other post has"
        raise CorpusError("no known items", reason, "give queries and judgments")
    searched = Index.build(
        masked(index),
        analyzer=index.analyzer, weighting=index.weighting, ranking=index.ranking,
    )  # fmt: skip
    return KnownItems(titles, {id: {id: 1} for id in titles}, searched)


def queries(posts: Iterable[Post], analyzer: Analyzer, sample: int) -> dict[str, str]:
    """The titles of at most `sample` posts by id; of those with two terms that no other post has.

    Which ones is drawn by their ids alone, so that samples of a growing corpus have much in common.

    >>> posts = [Post("a", "Angry callers", ""), Post("b", "Refunds", ""), Post("c", "“To be”", "")]
    >>> queries(posts, Analyzer(), 10)
    {'a': 'Angry callers'}
    """
    given = [(post.id, post.title) for post in posts if post.title.strip()]
    alike = Counter(fold(title) for _, title in given)
    drawn = sorted((_draw(id), id, title) for id, title in given if alike[fold(title)] == 1)
    fit = ((id, title) for _, id, title in drawn if len(analyzer.analyze(title)) >= MIN_TERMS)
    return dict(sorted(pair for pair, _ in zip(fit, range(sample), strict=False)))


def masked(posts: Iterable[Post]) -> Iterator[Post]:
    """The posts without their titles."""
    return (replace(post, title="") for post in posts)


def _draw(id: str) -> bytes:
    return hashlib.sha256(id.encode("utf-8", "surrogatepass")).digest()
