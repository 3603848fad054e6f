"""From what people ask to the gaps: each query is answered, and the queries are put in groups."""

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
    """The gaps; see `Index.gaps`.

    `topics` gives the topics of posts, which are the queries that have a word beside stop words.
    """
    threshold = WEAK if weak is None else weak
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) \
            or not 0 <= threshold <= 1:  # fmt: skip
        raise SettingError("weak", weak, "a coverage from 0 to 1")
    counted, wordless = list[Asked](), list[tuple[str, int]]()
    different = tally(queries)
    for done, (text, count) in enumerate(different, 1):
        hits = searcher.query(text, 1, ranking, False)
        parsed = hits.parsed
        if parsed and not (parsed.terms or parsed.years or parsed.unknown):
            wordless.append((text, count))
        else:
            counted.append(_asked(text, count, hits, threshold))
        progress(done / (2 * len(different)))
    groups = _grouped(counted, topics) if counted else []  # which takes about as long
    progress(1.0)
    return Gaps(groups, threshold, wordless)


def _asked(text: str, count: int, hits: Hits, threshold: float) -> Asked:
    weak = hits.coverage < threshold
    if not hits:
        return Asked(text, count, hits.coverage, weak, None, None, None)
    best = hits[0]
    return Asked(text, count, hits.coverage, weak, best.id, best.post.label, best.score)


def _grouped(counted: Sequence[Asked], topics: Callable[[Sequence[Post]], Topics]) -> list[Gap]:
    """The queries by their own topics: so a label is in the words of those who ask."""
    # Ids as wide as this ascend with the place.
    found = topics([Post(f"{place:012}", "", asked.query) for place, asked in enumerate(counted)])
    groups: list[list[Asked]] = [[] for _ in found]
    for asked, place in zip(counted, found.main.tolist(), strict=True):
        groups[place].append(asked)
    return [_gap(topic.label, group) for topic, group in zip(found, groups, strict=True)]


def _gap(label: str, group: Sequence[Asked]) -> Gap:
    number = sum(asked.count for asked in group)
    covered = sum(asked.count * asked.coverage for asked in group) / number
    weak = sum(asked.count for asked in group if asked.weak)
    order = sorted(group, key=lambda asked: (asked.coverage, -asked.count, asked.query))
    return Gap(label, number, weak, covered, tuple(order))
