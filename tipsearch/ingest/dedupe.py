"""Which drafts are the same post, what is the best of them, and what is its id?"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tipsearch.ingest.draft import Draft
from tipsearch.model import Post, Source
from tipsearch.text import fold

LONGEST_SLUG = 80
COMPARED = 200  # characters of the folded text; an excerpt has some 300


@dataclass(frozen=True, slots=True)
class Sighting:
    """A draft and the file that it is from."""

    path: str
    draft: Draft


def merge(
    sightings: Iterable[Sighting],
) -> tuple[list[tuple[Post, list[Sighting]]], list[Sighting]]:
    """The posts in order of id, each with its sightings, and the sightings that were refused.

    Drafts with an id are one post if they have the same id, and refused if their title or text
    differs from the first one's. Drafts without are one post if title and date are the same, or,
    where one of them has no title or no date, if one text begins as the other does.
    """
    named: dict[str, list[Sighting]] = defaultdict(list)
    titled: dict[str, list[Sighting]] = defaultdict(list)
    refused: list[Sighting] = []
    for sighting in sightings:
        draft = sighting.draft
        if draft.id is None:
            titled[fold(draft.title)].append(sighting)
        elif (same := named[draft.id]) and _content(same[0]) != _content(sighting):
            refused.append(sighting)
        else:
            same.append(sighting)
    clusters = [cluster for group in titled.values() for cluster in _clusters(group)]
    posts = [(_post(id, cluster), cluster) for id, cluster in named.items()]
    posts += [(_post(id, cluster), cluster) for id, cluster in _with_ids(clusters, set(named))]
    return sorted(posts, key=lambda pair: pair[0].id), refused


def _content(sighting: Sighting) -> tuple[str, str]:
    return sighting.draft.title, sighting.draft.text


def _clusters(group: list[Sighting]) -> list[list[Sighting]]:
    """Sightings with the same folded title, by post."""
    dated: dict[object, list[list[Sighting]]] = defaultdict(list)
    # The longest text first, so that each shorter one meets the one that it is the beginning of.
    for sighting in sorted(group, key=lambda s: (s.draft.date is None, -len(s.draft.text))):
        date, titled = sighting.draft.date, bool(sighting.draft.title)
        near = dated[date] if date else [c for same in dated.values() for c in same]
        for cluster in near:
            if (date and titled) or _begins_alike(cluster[0].draft.text, sighting.draft.text):
                cluster.append(sighting)
                break
        else:
            dated[date].append([sighting])
    return [cluster for same in dated.values() for cluster in same]


def _begins_alike(one: str, other: str) -> bool:
    one, other = fold(one)[:COMPARED], fold(other)[:COMPARED]
    return one.startswith(other) or other.startswith(one)


def _post(id: str, cluster: Sequence[Sighting]) -> Post:
    """The best sighting as a post: a full one before a teaser, then the longest text."""
    ranked = sorted(
        cluster,
        key=lambda s: (s.draft.kind != "full", -len(s.draft.text), s.path, s.draft.lines),
    )
    best = ranked[0].draft
    dates = [s.draft.date for s in ranked if s.draft.date]
    return Post(
        id=id,
        title=best.title,
        text=best.text,
        date=dates[0] if dates else None,
        categories=best.categories,
        kind=best.kind,
        url=best.url,
        sources=tuple(Source(s.path, s.draft.lines[0], s.draft.lines[-1]) for s in ranked),
    )


def _with_ids(clusters: list[list[Sighting]], taken: set[str]) -> list[tuple[str, list[Sighting]]]:
    """Each cluster with its id: date and title; where several share those, also their text."""
    wanted: dict[str, list[list[Sighting]]] = defaultdict(list)
    for cluster in clusters:
        wanted[_slug(_post("", cluster))].append(cluster)
    named = []
    for slug, same in wanted.items():
        for cluster in same:
            unique = len(same) == 1 and slug not in taken
            named.append((slug if unique else f"{slug}-{_digest(cluster)}", cluster))
    return named


def _slug(post: Post) -> str:
    words = re.sub(r"[^\w]+|_", "-", fold(post.title) or fold(" ".join(post.text.split()[:8])))
    slug = words.strip("-")
    if len(slug) > LONGEST_SLUG:
        slug = slug[: slug.rfind("-", 0, LONGEST_SLUG + 1) if "-" in slug[:LONGEST_SLUG] else 80]
    parts = [post.date.isoformat() if post.date else "", slug or "untitled"]
    return "-".join(part for part in parts if part)


def _digest(cluster: list[Sighting]) -> str:
    text = "\0".join(_content(cluster[0]))
    return hashlib.sha256(text.encode()).hexdigest()[:8]
