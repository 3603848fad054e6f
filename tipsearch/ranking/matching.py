"""Matching: which posts fulfil the conditions of a query, as masks over all rows.

A mask is exact: it is computed from postings, streams, dates and categories, never from scores.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus.dates import NO_DATE
from tipsearch.query import phrases
from tipsearch.query.grammar import AnyOf, Category, Dates, Filter, Group, Kind, Phrase, Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.grammar import Node
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.ranking.bm25 import Bm25
    from tipsearch.ranking.terms import Mask
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

LAST_DAY = 2**31 - 1
KEPT_FILTERS = 16  # filters whose masks are kept in memory


class Matcher:
    """Finds the posts that fulfil a query. A mask is bool, shape (posts,)."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary, bm25: Bm25) -> None:
        self.reader, self.vocabulary, self.bm25 = reader, vocabulary, bm25
        self._filters: dict[tuple[type, Filter], Mask] = {}

    def allowed(self, query: AnalyzedQuery) -> Mask | None:
        """The posts that fulfil all that is written with an operator; None where nothing is."""
        if query.tree is None:
            return None
        return _Evaluation(self, query).root(query.tree, with_optional=False)

    def matching(self, query: AnalyzedQuery, without: str = "") -> Mask:
        """The allowed posts that have a word of the query, where it has words but requires none.

        The filters on the facet `without` are left out. No post matches a query of stop words, but
        one whose title that is.
        """
        if query.tree is None:
            mask = self.bm25.mask(query.factors)
            mask[np.array(query.titled, np.int64)] = True
            return mask
        found = _Evaluation(self, query, without).root(query.tree, with_optional=True)
        if found is not None:
            return found
        return np.full(
            self.reader.posts, any(_is_on(without, node) for node in query.tree.required)
        )

    def is_narrowed(self, query: AnalyzedQuery, facet: str) -> bool:
        """Whether a query has a filter on a facet."""
        return query.tree is not None and any(_is_on(facet, node) for node in query.tree.required)

    def word(self, word: Word) -> Mask | None:
        """The posts that have a word; words that are joined by a mark are next to each other."""
        vocabulary = self.vocabulary
        if word.prefix:
            return self._with_prefix(word)
        tokens = vocabulary.analyzer.tokens(word.text)
        if vocabulary.are_stopped(tokens):
            return None
        if len(tokens) > 1 or word.title:
            return self.text(word.text, title=word.title)
        return self.bm25.mask(vocabulary.factors_of(tokens[0]))

    def text(self, text: str, *, title: bool) -> Mask | None:
        """The posts that have the words of a text next to each other; if `title`, in the title."""
        split, joined = self.vocabulary.readings(text)
        if not split:
            return None
        codes = self.reader.codes
        # No stream has two separators: this takes the place of a reading with an unknown word.
        nothing = [codes.separator, codes.separator]
        split, joined = (part if min(part) >= 0 else nothing for part in (split, joined))
        rows = self._having_all(split) if split == joined else self._having_any(split, joined)
        return phrases.posts_with(self._streams, rows, split, joined, title=title)

    def _having_any(self, *readings: Sequence[int]) -> Array:
        """The rows of the posts that have the terms of one of the readings, ascending."""
        mask = np.zeros(self.reader.posts, bool)
        for reading in readings:
            mask[self._having_all(reading)] = True
        return np.flatnonzero(mask)

    def _having_all(self, tokens: Sequence[int]) -> Array:
        """The rows of the posts that have the terms of all of some tokens, ascending."""
        codes = self.reader.codes
        terms = {token for token in tokens if token < codes.terms}
        if not terms:
            unknown = codes.separator in tokens
            return np.arange(0 if unknown else self.reader.posts)
        return self.bm25.postings.rows_of_all(terms)

    def _with_prefix(self, word: Word) -> Mask | None:
        """The posts that have a word that starts with a prefix."""
        if not self.vocabulary.analyzer.tokens(word.text):
            return None
        terms = self.vocabulary.terms_with_prefix(word.text)
        mask = self.bm25.mask(terms)
        if word.title:
            rows = np.flatnonzero(mask)
            mask[rows] = phrases.any_in_title(self._streams, rows, terms)
        return mask

    @cached_property
    def _streams(self) -> phrases.Streams:
        return phrases.Streams(*self.reader.stream, self.reader.codes.separator)

    def filtered(self, node: Filter) -> Mask:
        """The posts that pass a filter; not to be written to."""
        key = type(node), node  # nodes of two types may be equal as tuples
        mask = self._filters.get(key)
        if mask is None:
            if len(self._filters) >= KEPT_FILTERS:
                self._filters.clear()
            self._filters[key] = mask = self._computed(node)
        return mask

    def _computed(self, node: Filter) -> Mask:
        if isinstance(node, Category):
            mask, (pointers, rows) = np.zeros(self.reader.posts, bool), self.reader.category_rows
            for place in self.vocabulary.categories_named(node.name):
                mask[rows[pointers[place] : pointers[place + 1]]] = True
            return mask
        if isinstance(node, Kind):
            return self.reader.is_teaser if node.kind == "teaser" else ~self.reader.is_teaser
        first = NO_DATE + 1 if node.first is None else node.first
        return self.reader.days.mask(first, LAST_DAY if node.last is None else node.last)


class _Evaluation:
    """The evaluation of one query. A node that says nothing, such as a stop word, gives None."""

    def __init__(self, matcher: Matcher, query: AnalyzedQuery, without: str = "") -> None:
        self._matcher, self._query, self._without = matcher, query, without

    def root(self, tree: Group, *, with_optional: bool) -> Mask | None:
        """The posts that fulfil a tree, or all of it but that an optional word is in them."""
        required = tuple(node for node in tree.required if not _is_on(self._without, node))
        group, factors = tree._replace(required=required), self._query.factors
        return self._group(group, factors if with_optional else None)

    def _node(self, node: Node, *, excluded: bool = False) -> Mask | None:
        if isinstance(node, Group):
            return self._group(node, ())
        if isinstance(node, AnyOf):
            return self._any_of(node.parts, excluded=excluded)
        if isinstance(node, Phrase):
            return self._matcher.text(node.text, title=node.title)
        if isinstance(node, Word):
            texts = [node.text]
            if not excluded and not node.prefix:
                words = self._matcher.vocabulary.analyzer.tokens(node.text)
                texts = self._query.variants(node.text, words)
            return _union([self._matcher.word(node._replace(text=text)) for text in texts])
        return self._matcher.filtered(node)

    def _group(self, group: Group, factors: Iterable[int] | None) -> Mask | None:
        """The posts that fulfil a group. A filter does not make its words optional.

        Where nothing is required they have an optional word, or one of the `factors`, unless that
        is None.
        """
        required = [
            (node, mask) for node in group.required if (mask := self._node(node)) is not None
        ]
        said = [mask for _, mask in required]
        if factors is not None and all(_facet(node) for node, _ in required):
            said += self._any_optional(group, factors)
        unwanted = [self._node(node, excluded=True) for node in group.excluded]
        denied = [~mask for mask in unwanted if mask is not None]
        return _all_of([*said, *denied])

    def _any_optional(self, group: Group, factors: Iterable[int]) -> list[Mask]:
        """The posts that have an optional word of a group, or a factor, if it has such words.

        Of "e-mail" any part is enough, as where no operator is written.
        """
        masks: list[Mask | None] = []
        for node in group.optional:
            if not isinstance(node, Word) or node.prefix or node.title:
                masks.append(self._node(node))
                continue
            for word, _ in self._matcher.vocabulary.analyzer.sequence(node.text):
                masks.append(self._node(Word(word)))
        found = _union(masks)
        return [] if found is None else [found | self._matcher.bm25.mask([*factors])]

    def _any_of(self, nodes: Sequence[Node], *, excluded: bool = False) -> Mask | None:
        return _union([self._node(node, excluded=excluded) for node in nodes])


def _all_of(masks: Sequence[Mask]) -> Mask | None:
    """The posts of all masks; None where there is none."""
    if len(masks) < 2:
        return masks[0] if masks else None
    result = masks[0] & masks[1]
    for mask in masks[2:]:
        result &= mask
    return result


def _union(masks: Sequence[Mask | None]) -> Mask | None:
    """The posts of any mask; None where all are None."""
    said = [mask for mask in masks if mask is not None]
    return said[0] if len(said) == 1 else np.logical_or.reduce(said) if said else None


def _is_on(facet: str, node: Node) -> bool:
    """Whether a node is a filter on a facet; on none if that is empty."""
    return bool(facet) and _facet(node) == facet


def _facet(node: Node) -> str:
    """The facet that a filter narrows, or alternatives of filters that narrow one; else empty."""
    if isinstance(node, AnyOf):
        facets = {_facet(part) for part in node.parts}
        return facets.pop() if len(facets) == 1 else ""
    if isinstance(node, Dates):
        return "year"
    return "category" if isinstance(node, Category) else "kind" if isinstance(node, Kind) else ""
