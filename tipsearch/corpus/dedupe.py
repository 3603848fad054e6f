"""Which drafts are the same post, what is the best of them, and what is its id?"""

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

LONGEST_SLUG = 80
TELLING = 40  # characters of the folded text that two posts with different titles do not share


@dataclass(frozen=True, slots=True)
class Sighting:
    """A draft and the file that it is from."""

    path: str
    draft: Draft


Cluster = list[Sighting]


def merge(
    sightings: Iterable[Sighting], reserved: Container[str] = ()
) -> tuple[list[tuple[Post, Cluster]], Cluster]:
    """The posts in order of id, each with its sightings, and the sightings that were refused.

    Drafts with an id are one post if they have the same id, and refused if their title or text
    differs from the first one's. Drafts without are one post if title and date are the same, or,
    where one of them has no title or no date, if one text begins as the other does; these get an
    id that is not `reserved`. The order of the sightings does not matter.
    """
    named: dict[str, Cluster] = defaultdict(list)
    titled: dict[str, Cluster] = defaultdict(list)
    refused: Cluster = []
    for sighting in sorted(sightings, key=lambda s: (s.path, s.draft.lines)):
        draft = sighting.draft
        if draft.id is None:
            titled[fold(draft.title)].append(sighting)
        elif (same := named[draft.id]) and _content(same[0]) != _content(sighting):
            refused.append(sighting)
        else:
            same.append(sighting)
    untitled = _clusters(titled.pop("", []))
    clusters = [cluster for group in titled.values() for cluster in _clusters(group)]
    clusters = _joined(clusters, untitled, TELLING)
    posts = [(_post(id, cluster), cluster) for id, cluster in named.items()]
    posts += [(_post(id, cluster), cluster) for id, cluster in _with_ids(clusters, named, reserved)]
    return sorted(posts, key=lambda pair: pair[0].id), refused


def _content(sighting: Sighting) -> tuple[str, str]:
    return sighting.draft.title, sighting.draft.text


def _clusters(group: Cluster) -> list[Cluster]:
    """Sightings with the same folded title, by post."""
    dated: dict[Date | None, Cluster] = defaultdict(list)
    for sighting in group:
        dated[sighting.draft.date].append(sighting)
    undated = [[sighting] for sighting in dated.pop(None, [])]
    known = list(dated.values())
    if not group or not group[0].draft.title:
        known = [one for same in known for one in _joined([], [[sighting] for sighting in same])]
    return _joined(known, undated)


def _joined(known: list[Cluster], loose: list[Cluster], least: int = 0) -> list[Cluster]:
    """The clusters, each loose one joined to another whose text begins as its own does.

    Neither two that are known become one, nor two that have different dates. A text that begins
    several others goes to the first of them in the alphabet; one shorter than `least` to none.
    """
    clusters = [*known, *loose]
    dates = [next((s.draft.date for s in cluster if s.draft.date), None) for cluster in clusters]
    home = list(range(len(clusters)))
    # In this order, all texts that one begins stand right before it.
    texts = sorted(
        ((fold(s.draft.text), n) for n, c in enumerate(clusters) for s in c), reverse=True
    )
    for (longer, one), (shorter, other) in pairwise(texts):
        first, second = sorted((_root(home, one), _root(home, other)))
        date, agree = dates[first] or dates[second], not (dates[first] and dates[second])
        begins = len(shorter) >= least and longer.startswith(shorter)
        if begins and second >= len(known) and (agree or dates[first] == dates[second]):
            home[second], dates[first] = first, date
    joined: dict[int, Cluster] = defaultdict(list)
    for n, cluster in enumerate(clusters):
        joined[_root(home, n)] += cluster
    return list(joined.values())


def _root(home: list[int], n: int) -> int:
    """Where cluster `n` is now; the way there is made short for the next time."""
    while home[n] != n:
        home[n] = n = home[home[n]]
    return n


def _post(id: str, cluster: Cluster) -> Post:
    """The best sighting as a post, with what only another one knows of it.

    A full post is better than a teaser, unless it stops before the teaser does; then the longest
    text is the best.
    """
    ranked = sorted(
        cluster,
        key=lambda s: (s.draft.kind != "full", -len(s.draft.text), s.path, s.draft.lines),
    )
    teaser = next((s for s in ranked if s.draft.kind == "teaser"), None)
    if teaser and _is_cut(ranked[0].draft.text, teaser.draft.text):
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


def _is_cut(text: str, excerpt: str) -> bool:
    """Whether a text stops where its own excerpt goes on."""
    text, excerpt = fold(text[: 2 * len(excerpt)]), fold(excerpt)
    return len(text) < len(excerpt) and excerpt.startswith(text)


def _with_ids(
    clusters: list[Cluster], named: Container[str], reserved: Container[str]
) -> list[tuple[str, Cluster]]:
    """Each cluster with its id: date and title; where several share those, also their text."""
    wanted: dict[str, list[tuple[Post, Cluster]]] = defaultdict(list)
    for cluster in clusters:
        post = _post("", cluster)
        wanted[_slug(post)].append((post, cluster))
    used = {slug for slug, same in wanted.items() if len(same) == 1}
    identified = []
    for slug, same in wanted.items():
        for post, cluster in same:
            free = len(same) == 1 and slug not in named and slug not in reserved
            id = slug if free else f"{slug}-{_digest(post)}"
            while id != slug and (id in used or id in named or id in reserved):
                id += "-2"
            used.add(id)
            identified.append((id, cluster))
    return identified


def _slug(post: Post) -> str:
    words = re.sub(r"[^\w]+|_", "-", fold(post.title) or fold(" ".join(post.text.split()[:8])))
    slug = words.strip("-")
    if len(slug) > LONGEST_SLUG:
        cut = slug.rfind("-", 0, LONGEST_SLUG + 1)
        slug = slug[: cut if cut > 0 else LONGEST_SLUG]
    parts = [post.date.isoformat() if post.date else "", slug or "untitled"]
    return "-".join(part for part in parts if part)


def _digest(post: Post) -> str:
    return hashlib.sha256(f"{post.title}\0{post.text}".encode()).hexdigest()[:8]
