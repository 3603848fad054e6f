"""Matching: which posts fulfil the conditions of a query, as masks over all rows.

A mask is exact: it is computed from postings, streams, dates and categories, never from scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.corpus.dates import NO_DATE
from tipsearch.query.grammar import AnyOf, Category, Dates, Group, Kind, Phrase, Word

if TYPE_CHECKING:
    from tipsearch.query.grammar import Filter, Node
    from tipsearch.query.vocabulary import AnalyzedQuery, Vocabulary
    from tipsearch.ranking.bm25 import Bm25
    from tipsearch.ranking.terms import Mask
    from tipsearch.store.reader import Reader

KEPT_FILTERS = 16  # filters whose masks are kept in memory


class Matcher:
    """Finds the posts that fulfil a query. A mask is bool, shape (posts,)."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary, bm25: Bm25) -> None:
        self.reader, self.vocabulary, self.bm25 = reader, vocabulary, bm25
        self._filters: dict[Filter, Mask] = {}

    def allowed(self, query: AnalyzedQuery) -> Mask | None:
        """The posts that fulfil all that is written with an operator; None where nothing is."""
        if query.tree is None:
            return None
        return _Evaluation(self, query).root(with_optional=False)

    def matching(self, query: AnalyzedQuery, without: str = "") -> Mask:
        """The allowed posts that have a word of the query, where it has words but requires none.

        The filters of the facet `without` are left out.
        """
        if query.tree is None:
            return self.bm25.mask(query.factors)
        found = _Evaluation(self, query, without).root(with_optional=True)
        return np.ones(self.reader.posts, bool) if found is None else found

    def filtered(self, node: Filter) -> Mask:
        """The posts that pass a filter; not to be written to."""
        mask = self._filters.get(node)
        if mask is None:
            if len(self._filters) >= KEPT_FILTERS:
                self._filters.clear()
            self._filters[node] = mask = self._computed(node)
        return mask

    def _computed(self, node: Filter) -> Mask:
        if isinstance(node, Category):
            mask, (pointers, rows) = np.zeros(self.reader.posts, bool), self.reader.category_rows
            for place in self.vocabulary.categories_named(node.name):
                mask[rows[pointers[place] : pointers[place + 1]]] = True
            return mask
        if isinstance(node, Kind):
            return self.reader.is_teaser == (node.kind == "teaser")
        days = self.reader.days
        mask = days >= (NO_DATE + 1 if node.first is None else node.first)
        return mask if node.last is None else mask & (days <= node.last)


class _Evaluation:
    """The evaluation of one query. A node that says nothing, such as a stop word, gives None."""

    def __init__(self, matcher: Matcher, query: AnalyzedQuery, without: str = "") -> None:
        self._matcher, self._query, self._without = matcher, query, without

    def root(self, *, with_optional: bool) -> Mask | None:
        """The posts that fulfil the whole query, or all of it but that a word is in them."""
        tree = self._query.tree
        required = tuple(n for n in tree.required if not self._without or _facet(n) != self._without)
        return self._group(tree._replace(required=required), with_optional)

    def _node(self, node: Node) -> Mask | None:
        if isinstance(node, Group):
            return self._group(node)
        if isinstance(node, AnyOf):
            return self._any_of(node.parts)
        if isinstance(node, Word | Phrase):
            return self._text(node)
        return self._matcher.filtered(node)

    def _group(self, group: Group, with_optional: bool = True) -> Mask | None:
        """The posts that fulfil a group. A filter does not make its words optional."""
        masks = [self._node(node) for node in group.required]
        if with_optional and all(map(_facet, group.required)):
            masks.append(self._any_of(group.optional))
        wanted = [mask for mask in masks if mask is not None]
        unwanted = [mask for node in group.excluded if (mask := self._node(node)) is not None]
        if not wanted and not unwanted:
            return None
        result = wanted[0].copy() if wanted else np.ones(self._matcher.reader.posts, bool)
        for mask in wanted[1:]:
            result &= mask
        for mask in unwanted:
            result &= ~mask
        return result

    def _any_of(self, nodes: Sequence[Node]) -> Mask | None:
        masks = [mask for node in nodes if (mask := self._node(node)) is not None]
        return np.logical_or.reduce(masks) if masks else None

    def _text(self, node: Word | Phrase) -> Mask | None:
        """The posts that have a word, or the words of a text next to each other."""
        resolved = self._query.resolved(node)
        ...


def _facet(node: Node) -> str:
    """The facet that a filter narrows, or alternatives of filters that narrow one; else empty."""
    if isinstance(node, AnyOf):
        facets = {_facet(part) for part in node.parts}
        return facets.pop() if len(facets) == 1 else ""
    if isinstance(node, Dates):
        return "year"
    return "category" if isinstance(node, Category) else "kind" if isinstance(node, Kind) else ""
