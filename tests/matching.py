"""Which posts fulfil a query, read post by post: the oracle of `ranking.matching`."""

from __future__ import annotations

from collections.abc import Sequence

from tipsearch.analysis.analyzer import Analyzer, fold
from tipsearch.corpus.dates import day
from tipsearch.corpus.post import Post
from tipsearch.query.grammar import (
    AnyOf,
    Category,
    Dates,
    Group,
    Kind,
    Node,
    Word,
)

ANALYZER = Analyzer()
STOP = frozenset(ANALYZER.stop_words)


class Oracle:
    """Decides for each post of a corpus whether it fulfils a tree."""

    def __init__(self, posts: Sequence[Post]) -> None:
        self.posts = posts
        self._forms = {
            token
            for post in posts
            for text in (post.title, post.text)
            for token, _ in ANALYZER.sequence(text)
            if token not in STOP
        }

    def fulfils(self, post: Post, node: Node) -> bool | None:  # noqa: PLR0911
        """Whether a post fulfils a node; None where that says nothing, as a stop word."""
        if isinstance(node, Group):
            return self._group(post, node)
        if isinstance(node, AnyOf):
            return _any([self.fulfils(post, part) for part in node.parts])
        if isinstance(node, Category):
            return fold(node.name) in map(fold, post.categories)
        if isinstance(node, Kind):
            return post.kind == node.kind
        if isinstance(node, Dates):
            first, last = node.first, node.last
            return post.date is not None and (
                (first is None or first <= day(post.date))
                and (last is None or day(post.date) <= last)
            )
        parts = [post.title] if node.title else [post.title, post.text]
        if isinstance(node, Word) and node.prefix:
            return self._starts(node.text, parts)
        if not (tokens := ANALYZER.tokens(node.text)):
            return None
        if isinstance(node, Word) and STOP.issuperset(tokens):
            return None
        return any(
            _occurs(_reading(node.text, joined=joined), _reading(part, joined=joined))
            for part in parts
            for joined in (False, True)
        )

    def _group(self, post: Post, group: Group) -> bool | None:
        of_nodes = [(node, self.fulfils(post, node)) for node in group.required]
        required = [(node, found) for node, found in of_nodes if found is not None]
        conditions = [found for _, found in required]
        if all(_facet(node) for node, _ in required):
            optional = _any([self._optional(post, node) for node in group.optional])
            conditions += [] if optional is None else [optional]
        for node in group.excluded:
            if (found := self.fulfils(post, node)) is not None:
                conditions.append(not found)
        return all(conditions) if conditions else None

    def _optional(self, post: Post, node: Node) -> bool | None:
        """An optional word of several parts, such as "e-mail", is several words."""
        if not isinstance(node, Word) or node.prefix or node.title:
            return self.fulfils(post, node)
        return _any([self.fulfils(post, Word(word)) for word, _ in ANALYZER.sequence(node.text)])

    def _starts(self, prefix: str, parts: Sequence[str]) -> bool | None:
        """Whether a part has a term of which a form of the corpus starts with a prefix."""
        if not (words := ANALYZER.sequence(prefix)):
            return None
        start = words[-1][0]
        wanted = {f"={ANALYZER.term(form)}" for form in self._forms if form.startswith(start)}
        return any(
            wanted & {*_reading(part, joined=False), *_reading(part, joined=True)} for part in parts
        )


def _any(found: list[bool | None]) -> bool | None:
    said = [value for value in found if value is not None]
    return any(said) if said else None


def _facet(node: Node) -> str:
    """What a filter is on, or alternatives that are filters on one thing; else empty."""
    if isinstance(node, AnyOf):
        names = set(map(_facet, node.parts))
        return names.pop() if len(names) == 1 else ""
    return type(node).__name__ if isinstance(node, Category | Kind | Dates) else ""


def _reading(text: str, *, joined: bool) -> list[str]:
    """The terms and stop words of a text; compounds split, or each as its joined word."""
    found: list[str] = []
    for token, parts in ANALYZER.sequence(text):
        if parts > 1 and not joined:
            continue
        if parts > 1:
            del found[-parts:]
        found.append(token if token in STOP else f"={ANALYZER.term(token)}")
    return found


def _occurs(wanted: Sequence[str], found: Sequence[str]) -> bool:
    length = len(wanted)
    return any(found[at : at + length] == wanted for at in range(len(found) - length + 1))
