"""Query parser: the text of a query to an `AnalyzedQuery`, by the query language of `grammar`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis import weighting
from tipsearch.analysis.analyzer import fold
from tipsearch.errors import EmptyQueryError, SettingError
from tipsearch.query import grammar
from tipsearch.query.grammar import Filter, Phrase, Word

if TYPE_CHECKING:
    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.store.reader import Reader

MOST_TITLED = 100  # posts of one title that are read, to tell whether it was typed as it is
# Of judged questions in prose, those with quotes or signs find less if these are operators: hybrid
# nDCG@10 of six collections is 0.667 then, and 0.672 with this limit.
PROSE_WORDS = 10
PREFIX_TERMS = 50  # terms of a prefix that score: those that most posts have


class QueryParser:
    """Parses queries for one index."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary) -> None:
        self._reader, self._vocabulary = reader, vocabulary

    def parse(self, text: str, *, exact: bool = False, plain: bool = False) -> AnalyzedQuery:
        """Parse a query; if `plain`, as words without operators.

        A query that is the title of a post, typed as it is, is words without operators; where no
        title is, one that is written otherwise may be, such as without capitals. So is prose (see
        `_is_prose`). Words are corrected and synonyms added, unless `exact`; not in phrases and in
        what is excluded. Raises EmptyQueryError for white space, and SettingError for what is not a
        string.
        """
        if not isinstance(text, str):
            raise SettingError("a query", text, "a text")
        if not text.strip():
            raise EmptyQueryError
        titled, language = self._reader.rows_titled(fold(text)), grammar.parse(text)
        has_operators = language.operators and not plain and not _is_prose(language)
        # To read titles takes longer than all else, so it is done only where it matters.
        typed = self._typed(titled, text) if has_operators or len(titled) > 1 else []
        if has_operators and not typed:
            return self._with_operators(language, exact)
        query = self._vocabulary.parse(text, exact=exact)
        return query._replace(titled=tuple(typed or titled)) if titled else query

    def _typed(self, rows: list[int], text: str) -> list[int]:
        """Those of the first MOST_TITLED rows whose title is a text, but for white space."""
        typed = text.split()
        return [r for r in rows[:MOST_TITLED] if self._reader.post(r).title.split() == typed]

    def _with_operators(self, language: grammar.Query, exact: bool) -> AnalyzedQuery:
        """The analyzed query of a tree: the words that posts are to have, and its conditions."""
        texts, vocabulary = language.texts, self._vocabulary
        words = [node.text for node in texts if isinstance(node, Word) and not node.prefix]
        query = vocabulary.parse(" ".join(words), exact=exact)
        alone = frozenset(query.terms)
        phrases = [node.text for node in texts if isinstance(node, Phrase)]
        for text in phrases:
            query = query.joined(vocabulary.parse(text, exact=True)._replace(stopped=()))
        terms, unknown, prefixes = dict(query.terms), [*query.unknown], dict[str, frozenset[int]]()
        for node in texts:
            if isinstance(node, Word) and node.prefix:
                factors = self._factors_of_prefix(node.text)
                for term, factor in factors.items():
                    terms[term] = max(terms.get(term, 0.0), factor)
                prefixes[f"{node.text.lower()}*"] = frozenset(factors)
                unknown += [] if factors else [f"{node.text.lower()}*"]
        return query._replace(
            terms=terms,
            unknown=tuple(dict.fromkeys(unknown)),
            language=language,
            phrases=tuple(phrases),
            prefixes=prefixes,
            only_in_phrases=frozenset(query.terms) - alone - frozenset().union(*prefixes.values()),
        )

    def _factors_of_prefix(self, prefix: str) -> dict[int, float]:
        """The terms that start with a prefix, at most PREFIX_TERMS of them, with their factors.

        All weigh as much as the one that most posts have: a rare word, whose idf is greater, says
        no more about what was typed.
        """
        terms = np.array(self._vocabulary.terms_with_prefix(prefix), np.int64)
        if not len(terms):
            return {}
        frequencies = self._reader.document_frequencies(terms)
        best = np.lexsort((terms, -frequencies))[:PREFIX_TERMS]
        idf = weighting.bm25_idf(frequencies[best], self._reader.posts)
        return dict(zip(terms[best].tolist(), (idf[0] / idf).tolist(), strict=True))


def _is_prose(language: grammar.Query) -> bool:
    """Whether a text is prose, in which quotes and signs are no operators.

    It has more than PROSE_WORDS words outside of operators, and no field and no prefix.
    """
    if len(language.tree.optional) <= PROSE_WORDS or language.sort != "score":
        return False
    nodes = [*grammar.nodes(language.tree)]
    has_field = any(
        isinstance(node, Filter) or (isinstance(node, Word | Phrase) and node.title)
        for node in nodes
    )
    return not has_field and not any(isinstance(node, Word) and node.prefix for node in nodes)
