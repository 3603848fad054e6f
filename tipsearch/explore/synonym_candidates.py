"""Synonym candidates: pairs of words that may mean the same, with evidence, for a person to judge.

The vectors of the embedding model say which words are alike in meaning, but antonyms and words of
one topic are alike too. So a pair counts only if its words rarely stand in the same post, as words
do of which a writer chooses one. Feedback adds evidence: the words that stand with both.

An index without embeddings has pairs by feedback alone. Few of these are synonyms.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.embedding import model
from tipsearch.corpus.synonymfile import SynonymRule
from tipsearch.errors import check_limit
from tipsearch.ranking.dense.encoder import Encoder
from tipsearch.ranking.feedback import expand_query

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.corpus.post import Post
    from tipsearch.ranking.searcher import Searcher
    from tipsearch.store.reader import Reader

    Floats = npt.NDArray[np.float32]
    Pair = tuple[float, int, int]  # likeness, and the places of two words

MIN_POSTS = 2  # that have a word
MIN_LETTERS = 3  # of a word
MAX_WORDS = 10_000  # the most frequent are compared with each other
MAX_PAIRS = 1_000  # the most alike are judged further
MAX_TOGETHER = 1 / 3  # share of the posts of the rarer word that have both
MIN_COSINE = 0.5  # of the vectors of words
MIN_CONTEXT = 0.3  # of the words by feedback, in an index without embeddings
LEAST_CONTEXT = 0.1  # to be judged further
CONTEXT_WEIGHT = 0.25  # of the words by feedback, beside the cosine of the vectors
CONTEXT_SHOWN = 4  # words
WORDS_AT_ONCE = 1_000  # bounds the memory for cosines


class SynonymCandidate(NamedTuple):
    """Two words that may be synonyms.

    `cosine` is that of their vectors, None in an index without embeddings. `posts` is the number of
    posts of each, `together` of those that have both. `context_cosine` is that of the words which
    feedback adds to each, from posts that have it without the other; `context` are words that it
    adds to both. `examples` is such a post of each.
    """

    words: tuple[str, str]
    cosine: float | None
    posts: tuple[int, int]
    together: int
    context_cosine: float
    context: tuple[str, ...]
    examples: tuple[Post, Post]

    @property
    def score(self) -> float:
        """What candidates are sorted by."""
        if self.cosine is None:
            return self.context_cosine
        return self.cosine + CONTEXT_WEIGHT * self.context_cosine

    @property
    def line(self) -> str:
        """The line of a synonym file for these words."""
        return str(SynonymRule(self.words, self.words))

    def to_json(self) -> dict[str, Any]:
        """The candidate as JSON types; an example is the id of a post."""
        return {
            **self._asdict(),
            "examples": [post.id for post in self.examples],
            "line": self.line,
        }


def find(reader: Reader, searcher: Searcher, limit: int) -> list[SynonymCandidate]:
    """The `limit` best candidates, by score, then by words. Raises SettingError, ExtraMissing."""
    limit, survey = check_limit(limit), _Survey(reader, searcher)
    found = filter(None, map(survey.candidate, survey.pairs()))
    return sorted(found, key=lambda one: (-one.score, one.words))[:limit]


class _Survey:
    """The words of an index that are compared: the most frequent form of each frequent term."""

    def __init__(self, reader: Reader, searcher: Searcher) -> None:
        self._reader, self._search = reader, searcher.search
        self._vocabulary = searcher.vocabulary
        frequencies = reader.document_frequencies()
        terms = np.argsort(-frequencies, kind="stable")
        terms = terms[frequencies[terms] >= MIN_POSTS]
        words = self._vocabulary.words(terms.tolist())
        usable = [i for i, word in enumerate(words) if word.isalpha() and len(word) >= MIN_LETTERS]
        self._words = [words[i] for i in usable[:MAX_WORDS]]
        self._terms: list[int] = terms[usable[:MAX_WORDS]].tolist()
        self._expansion = cache(self._expand)

    def pairs(self) -> list[Pair]:
        """The most alike pairs of words that the synonyms of the index do not have."""
        pairs = self._by_context() if self._reader.embedding is None else self._by_vectors()
        known = self._known()
        new = (pair for pair in pairs if (self._terms[pair[1]], self._terms[pair[2]]) not in known)
        return sorted(new, key=lambda pair: (-pair[0], pair[1:]))[:MAX_PAIRS]

    def candidate(self, pair: Pair) -> SynonymCandidate | None:
        """The candidate of a pair of words, or None where the evidence is against it."""
        likeness, *places = pair
        first, second = sorted(places, key=self._words.__getitem__)
        one, other = self._terms[first], self._terms[second]
        rows = [self._search.bm25.postings.rows_of(term) for term in (one, other)]
        together = np.intersect1d(rows[0], rows[1])
        if len(together) > MAX_TOGETHER * min(map(len, rows)):
            return None
        excluded = frozenset(together.tolist())
        left, right = self._expansion(one, excluded), self._expansion(other, excluded)
        context = sorted(left.keys() & right.keys(), key=lambda t: (-min(left[t], right[t]), t))
        context_cosine = round(_cosine(left, right), 6)
        has_vectors = self._reader.embedding is not None
        if not has_vectors and context_cosine < MIN_CONTEXT:
            return None
        best = [next(self._best(term, excluded))[0] for term in (one, other)]
        return SynonymCandidate(
            (self._words[first], self._words[second]),
            round(likeness, 6) if has_vectors else None,
            (len(rows[0]), len(rows[1])),
            len(together),
            context_cosine,
            tuple(self._vocabulary.words(context[:CONTEXT_SHOWN])) if context else (),
            (self._reader.post(best[0]), self._reader.post(best[1])),
        )

    def _known(self) -> set[tuple[int, int]]:
        """The pairs of terms that the synonyms of the index have, in both orders."""
        found, numbers = self._vocabulary.synonyms, self._vocabulary.numbers
        if found is None:
            return set()
        pairs = {
            (term, numbers(other)[0])
            for word, term in zip(self._words, self._terms, strict=True)
            for expansion in found.of([word])
            for other in expansion.alternatives
            if len(other) == 1
        }
        return pairs | {(other, term) for term, other in pairs}

    def _by_vectors(self) -> Iterator[Pair]:
        """Pairs of words by the cosine of their vectors, from MIN_COSINE on.

        Words that share a piece are alike by spelling, whatever they mean, and are left out.
        """
        embedding = self._reader.embedding
        assert embedding is not None
        loaded = model.load(embedding["sha256"])
        encoder = Encoder(self._reader.pieces, self._vocabulary.place, lambda: loaded)
        pieces = [set(encoder.pieces(word)) for word in self._words]
        vectors = np.array([encoder.vector([word]) for word in self._words], np.float32)
        for cosine, one, other in _alike(vectors, MIN_COSINE):
            if not pieces[one] & pieces[other]:
                yield cosine, one, other

    def _by_context(self) -> Iterator[Pair]:
        """Pairs of words by the cosine of the words that feedback adds to each."""
        from scipy.sparse import csr_array

        expansions = [self._expansion(term, frozenset()) for term in self._terms[:WORDS_AT_ONCE]]
        ends = np.cumsum([0, *map(len, expansions)])
        terms = np.array([term for e in expansions for term in e], np.int64)
        factors = np.array([factor for e in expansions for factor in e.values()])
        used, columns = np.unique(terms, return_inverse=True)
        table = csr_array((factors, columns, ends), shape=(len(expansions), len(used))).toarray()
        lengths = np.sqrt((table * table).sum(axis=1, keepdims=True))
        units = np.divide(table, lengths, out=np.zeros_like(table), where=lengths > 0)
        return _alike(units.astype(np.float32), LEAST_CONTEXT)

    def _best(self, term: int, excluded: frozenset[int]) -> Iterator[tuple[int, float]]:
        """The best rows for a term, best first, but for those that are excluded."""
        limit = self._search.ranking.feedback_posts + len(excluded) + 1
        best = self._search.bm25.top({term: 1.0}, limit)
        return (scored for scored in best if scored[0] not in excluded)

    def _expand(self, term: int, excluded: frozenset[int]) -> dict[int, float]:
        """The terms that feedback adds to a term, with their factors."""
        ranking = self._search.ranking
        best = [*self._best(term, excluded)][: ranking.feedback_posts]
        added = expand_query({term: 1.0}, best, ranking, ranking.feedback_terms, self._reader)
        return {other: factor for other, factor in added.items() if other != term}


def _alike(vectors: Floats, least: float) -> Iterator[Pair]:
    """The pairs of rows of length 1 whose cosine is at least `least`."""
    for start in range(0, len(vectors), WORDS_AT_ONCE):
        cosines = vectors[start : start + WORDS_AT_ONCE] @ vectors[start:].T
        rows, columns = np.nonzero(np.triu(cosines >= least, 1))
        found = zip(cosines[rows, columns].tolist(), rows + start, columns + start, strict=True)
        yield from ((cosine, int(one), int(other)) for cosine, one, other in found)


def _cosine(one: dict[int, float], other: dict[int, float]) -> float:
    """The cosine of two sets of factors."""
    dot = sum(factor * other.get(term, 0.0) for term, factor in one.items())
    squares = sum(f * f for f in one.values()) * sum(f * f for f in other.values())
    return float(dot / np.sqrt(squares)) if squares else 0.0
