"""Deduplication: drafts of the same post become one post, with an id."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import date as Date
from itertools import pairwise

from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.draft import Draft
from tipsearch.corpus.post import Post, Source

MAX_SLUG = 80  # characters
MIN_PREFIX = 40  # characters of folded text: two different posts do not begin with the same


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a post was seen: a draft and its file."""

    path: str
    draft: Draft


Cluster = list[Sighting]


def merge(
    sightings: Iterable[Sighting], reserved: Container[str] = ()
) -> tuple[list[tuple[Post, Cluster]], Cluster]:
    """Merge sightings into posts: the posts in order of id, each with its sightings.

    Sightings with the same id are one post; those whose title or text differs from the first one's
    are refused, and returned last. Sightings without an id are one post if their folded title and
    their date are the same. Where one has no title or no date, they are one post if the text of one
    begins with that of the other. These posts get an id that is not `reserved`. The order of the
    sightings does not matter.
    """
    by_id: dict[str, Cluster] = defaultdict(list)
    by_title: dict[str, Cluster] = defaultdict(list)
    refused: Cluster = []
    for sighting in sorted(sightings, key=lambda s: (s.path, s.draft.lines)):
        draft = sighting.draft
        if draft.id is None:
            by_title[fold(draft.title)].append(sighting)
        elif (same := by_id[draft.id]) and _content(same[0]) != _content(sighting):
            refused.append(sighting)
        else:
            same.append(sighting)
    untitled = _clusters(by_title.pop("", []))
    clusters = [cluster for group in by_title.values() for cluster in _clusters(group)]
    clusters = _join_by_prefix(clusters, untitled, MIN_PREFIX)
    identified = [*by_id.items(), *_with_ids(clusters, by_id, reserved)]
    posts = [(_post(id, cluster), cluster) for id, cluster in identified]
    return sorted(posts, key=lambda pair: pair[0].id), refused


def _content(sighting: Sighting) -> tuple[str, str]:
    return sighting.draft.title, sighting.draft.text


def _clusters(group: Cluster) -> list[Cluster]:
    """Cluster sightings with the same folded title by post."""
    by_date: dict[Date | None, Cluster] = defaultdict(list)
    for sighting in group:
        by_date[sighting.draft.date].append(sighting)
    undated = [[sighting] for sighting in by_date.pop(None, [])]
    dated = list(by_date.values())
    if not group or not group[0].draft.title:  # without titles a date alone makes no post
        singles = ([[sighting] for sighting in same] for same in dated)
        dated = [cluster for single in singles for cluster in _join_by_prefix([], single)]
    return _join_by_prefix(dated, undated)


def _join_by_prefix(
    fixed: list[Cluster], loose: list[Cluster], min_length: int = 0
) -> list[Cluster]:
    """Join each loose cluster to another one if the text of one begins with that of the other.

    Two fixed clusters are never joined, nor two with different dates. A text that begins several
    others is joined to the first of them by alphabet; one shorter than `min_length` to none.
    """
    clusters = [*fixed, *loose]
    dates = [next((s.draft.date for s in cluster if s.draft.date), None) for cluster in clusters]
    parents = list(range(len(clusters)))
    # In descending order, the texts that begin with a text come right before it.
    texts = sorted(
        ((fold(s.draft.text), n) for n, c in enumerate(clusters) for s in c), reverse=True
    )
    for (longer, m), (shorter, n) in pairwise(texts):
        first, second = sorted((_root(parents, m), _root(parents, n)))
        same_date = dates[first] == dates[second] or not (dates[first] and dates[second])
        is_prefix = len(shorter) >= min_length and longer.startswith(shorter)
        if is_prefix and same_date and second >= len(fixed):
            parents[second], dates[first] = first, dates[first] or dates[second]
    joined: dict[int, Cluster] = defaultdict(list)
    for n, cluster in enumerate(clusters):
        joined[_root(parents, n)] += cluster
    return list(joined.values())


def _root(parents: list[int], n: int) -> int:
    """The root of cluster `n` in a union-find forest, with path halving."""
    while parents[n] != n:
        parents[n] = n = parents[parents[n]]
    return n


def _post(id: str, cluster: Cluster) -> Post:
    """The post of a cluster: the best sighting, and what is missing in it from the next best.

    A full post is better than a teaser, unless it stops before the teaser does. Of one kind, the
    longest text is the best.
    """
    ranked = sorted(
        cluster,
        key=lambda s: (s.draft.kind != "full", -len(s.draft.text), s.path, s.draft.lines),
    )
    teaser = next((s for s in ranked if s.draft.kind == "teaser"), None)
    if teaser and _is_truncated(ranked[0].draft.text, teaser.draft.text):
        ranked.remove(teaser)
        ranked.insert(0, teaser)
    drafts = [sighting.draft for sighting in ranked]
    return Post(
        id=id,
        title=next((draft.title for draft in drafts if draft.title), ""),
        text=drafts[0].text,
        date=next((draft.date for draft in drafts if draft.date), None),
        categories=next((draft.categories for draft in drafts if draft.categories), ()),
        kind=drafts[0].kind,
        url=next((draft.url for draft in drafts if draft.url), None),
        sources=tuple(Source(s.path, s.draft.lines[0], s.draft.lines[-1]) for s in ranked),
    )


def _is_truncated(text: str, excerpt: str) -> bool:
    """Whether a text stops before its own excerpt does."""
    text, excerpt = fold(text[: 2 * len(excerpt)]), fold(excerpt)
    return len(text) < len(excerpt) and excerpt.startswith(text)


def _with_ids(
    clusters: list[Cluster], given: Container[str], reserved: Container[str]
) -> list[tuple[str, Cluster]]:
    """Each cluster with an id of its date and title, and a digest where the id is not free."""
    by_slug: dict[str, list[tuple[Post, Cluster]]] = defaultdict(list)
    for cluster in clusters:
        post = _post("", cluster)
        by_slug[_slug(post)].append((post, cluster))
    used = {slug for slug, same in by_slug.items() if len(same) == 1}
    identified = []
    for slug, same in by_slug.items():
        for post, cluster in same:
            free = len(same) == 1 and slug not in given and slug not in reserved
            id = slug if free else f"{slug}-{_digest(post)}"
            while id != slug and (id in used or id in given or id in reserved):
                id += "-2"
            used.add(id)
            identified.append((id, cluster))
    return identified


def _slug(post: Post) -> str:
    """The date and the words of the title, or the first words of the text, with hyphens."""
    words = re.sub(r"[^\w]+|_", "-", fold(post.title) or fold(" ".join(post.text.split()[:8])))
    slug = words.strip("-")
    if len(slug) > MAX_SLUG:
        cut = slug.rfind("-", 0, MAX_SLUG + 1)
        slug = slug[: cut if cut > 0 else MAX_SLUG]
    parts = [post.date.isoformat() if post.date else "", slug or "untitled"]
    return "-".join(part for part in parts if part)


def _digest(post: Post) -> str:
    return hashlib.sha256(f"{post.title}\0{post.text}".encode()).hexdigest()[:8]
