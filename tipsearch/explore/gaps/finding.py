"""Finding gaps: the coverage of each query of a log, and the queries grouped by topic."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.explore.gaps.gap import Asked, Gap
from tipsearch.explore.gaps.gaps import Gaps
from tipsearch.explore.gaps.tally import tally
from tipsearch.ranking.coverage import WEAK

if TYPE_CHECKING:
    from tipsearch.explore.topics.topics import Topics
    from tipsearch.ranking.hits import Hits
    from tipsearch.ranking.searcher import Searcher
    from tipsearch.store.ranking import Ranking


def find(
    queries: Iterable[str | tuple[str, int]] | Mapping[str, int],
    searcher: Searcher,
    ranking: Ranking,
    topics: Callable[[Sequence[Post]], Topics],
    weak: float | None,
    progress: Callable[[float], None],
) -> Gaps:
    """Return the gaps of a query log; `Index.gaps` has the arguments.

    `topics` finds the topics of posts; it is called with a post for each query that has a term.
    `weak` is the coverage below which an answer is weak, `coverage.WEAK` for None. Raises
    SettingError and EmptyQueryError.
    """
    threshold = WEAK if weak is None else weak
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) \
            or not 0 <= threshold <= 1:  # fmt: skip
        raise SettingError("weak", weak, "a coverage from 0 to 1")
    answered, wordless = list[Asked](), list[tuple[str, int]]()
    distinct = tally(queries)
    for done, (text, count) in enumerate(distinct, 1):
        hits = searcher.query(text, 1, ranking)
        parsed = hits.parsed
        if parsed and not (parsed.terms or parsed.years or parsed.unknown):
            wordless.append((text, count))
        else:
            answered.append(_asked(text, count, hits, threshold))
        progress(done / (2 * len(distinct)))  # the topics take about as long as the queries
    groups = _group_by_topic(answered, topics) if answered else []
    progress(1.0)
    return Gaps(groups, threshold, wordless)


def _asked(text: str, count: int, hits: Hits, threshold: float) -> Asked:
    weak = hits.coverage < threshold
    if not hits:
        return Asked(text, count, hits.coverage, weak, None, None, None)
    best = hits[0]
    return Asked(text, count, hits.coverage, weak, best.id, best.post.label, best.score)


def _group_by_topic(
    answered: Sequence[Asked], topics: Callable[[Sequence[Post]], Topics]
) -> list[Gap]:
    """The queries grouped by topics of the queries, so that labels are in the askers' words."""
    # Padded ids keep the order of the queries.
    found = topics([Post(f"{row:012}", "", asked.query) for row, asked in enumerate(answered)])
    groups: list[list[Asked]] = [[] for _ in found]
    for asked, topic in zip(answered, found.main.tolist(), strict=True):
        groups[topic].append(asked)
    return [_gap(topic.label, group) for topic, group in zip(found, groups, strict=True)]


def _gap(label: str, group: Sequence[Asked]) -> Gap:
    total = sum(asked.count for asked in group)
    coverage = sum(asked.count * asked.coverage for asked in group) / total
    weak = sum(asked.count for asked in group if asked.weak)
    order = sorted(group, key=lambda asked: (asked.coverage, -asked.count, asked.query))
    return Gap(label, total, weak, coverage, tuple(order))
