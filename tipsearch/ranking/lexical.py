"""Which posts share words with a query, or with another post? Ranks by BM25 and by TF-IDF.

A query may also name years. To BM25 a year is a word that each post of that year has once, and
that adds nothing to its length.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from tipsearch.build import weights as weighting
from tipsearch.corpus.dates import span
from tipsearch.ranking.topk.engine import Engine
from tipsearch.ranking.topk.postings import Postings
from tipsearch.ranking.topk.selection import in_order
from tipsearch.store import layout
from tipsearch.store.records import TEASER

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.build.weights import Weighting
    from tipsearch.ranking.settings import Ranking
    from tipsearch.store.storage import Array, Checked, Generation

    Scores = npt.NDArray[np.float64]

FINENESS = 4096  # parts of 1 in a factor: so few bits that sums of float32 weights stay exact
Best = list[tuple[int, float]]  # rows and their scores, the best first
Factors = Mapping[int, float]  # how much a query asks for each term, by number; for a year, -year


class Portion(NamedTuple):
    """What a term adds to the score of a row: `factor` times `weight`."""

    term: int
    factor: float
    document_frequency: int
    weight: float


class Lexical:
    """The postings of an index, and the rankings that need nothing else."""

    def __init__(self, generation: Generation, settings: Weighting, kernel: str) -> None:
        self._arrays, self._facts = generation.arrays, generation.facts
        self._posts: int = generation.facts["posts"]
        self._settings, self.engine = settings, Engine(kernel)

    @cached_property
    def bm25(self) -> Postings:
        """The postings with their BM25 weights."""
        return self._postings("bm25", "postings.bm25")

    @cached_property
    def cosine(self) -> Postings:
        """The postings with the weights of TF-IDF rows of length 1, each over its term's idf."""
        return self._postings("cosine", "postings.counts", self._arrays["matrix.scale"])

    def _postings(self, name: str, values: str, scale: Checked[Array] | None = None) -> Postings:
        arrays = self._arrays
        return Postings(
            arrays["postings.indptr"], arrays["postings.rows"], arrays[values],
            arrays["frequent"], arrays[f"blocks.{name}"], arrays["blocks.starts"],
            self._posts, scale,
        )  # fmt: skip

    def trust(self) -> None:
        """Check nothing again: all of it was checked."""
        self.bm25.trusted = self.cosine.trusted = True

    # --- BM25

    def best(self, factors: Factors, limit: int) -> Best:
        """The best rows by the sum of each term's factor times its BM25 weight."""
        terms = sorted(factors.items())
        years = [-term for term, _ in terms if term < 0] if terms and terms[0][0] < 0 else []
        terms = terms[len(years) :]
        best = self.engine.top(self.bm25, self.bm25.plan(terms), limit) if terms else []
        if not years:
            return best
        # What is of no such year and among the best is so by its words alone.
        rows = np.unique(np.concatenate(
            [rows_of(best), *(self.of_year(year) for year in years)]
        ))  # fmt: skip
        return in_order(rows, self.scores(factors, rows), limit)

    def of_year(self, year: int) -> Array:
        """The rows of the posts of a year, ascending."""
        first, last = span(f"{year:04}") or (0, -1)
        days = self._arrays["posts.days"].whole()
        return np.flatnonzero((days >= first) & (days <= last))

    def wanted(self, named: Factors, ranking: Ranking) -> Factors:
        """What a query of these terms asks for, by "feedback" with what its first answers add."""
        if ranking.name != "feedback" or not ranking.feedback or not ranking.feedback_posts:
            return named
        best = self.best(named, ranking.feedback_posts)
        return self.widened(named, best, ranking, ranking.feedback_terms)

    def widened(self, named: Factors, best: Best, ranking: Ranking, limit: int) -> Factors:
        """The query with feedback: the `limit` weightiest terms of the `best` posts join it.

        Rocchio's way ("Relevance feedback in information retrieval", 1971) with BM25 weights: of
        the mean of the posts' rows, in which a post of score s counts (s / best s)^focus, the
        terms that weigh most, and that are in more posts than one. The query's own terms never
        leave it, whatever their factor is rounded to.
        """
        if not best or not ranking.feedback:
            return named
        shares = (np.array([score for _, score in best]) / best[0][1]) ** ranking.feedback_focus
        rows = [self._row(row) for row, _ in best]
        lengths = self._lengths(np.array([row for row, _ in best]), [row[1].sum() for row in rows])
        terms, places = np.unique(np.concatenate([row[0] for row in rows]), return_inverse=True)
        sizes = [len(row[0]) for row in rows]
        frequencies = self._frequencies(terms)
        weights = weighting.bm25_of(
            np.concatenate([row[1] for row in rows]),
            frequencies[places],
            np.repeat(lengths, sizes),
            self._posts,
            self._settings,
        )
        mean = np.bincount(places, weights * np.repeat(shares, sizes), len(terms))
        mean[frequencies < 2] = 0
        chosen = np.lexsort((terms, -mean))[:limit]
        chosen = chosen[mean[chosen] > 0]
        if not len(chosen):
            return named
        factors = {term: (1 - ranking.feedback) * factor for term, factor in named.items()}
        parts = mean[chosen] * (ranking.feedback * sum(named.values()) / mean[chosen].sum())
        for term, part in zip(terms[chosen].tolist(), parts.tolist(), strict=True):
            factors[term] = factors.get(term, 0.0) + part
        parts_of = {
            term: max(round(factor * FINENESS), int(term in named))
            for term, factor in factors.items()
        }
        return {term: parts / FINENESS for term, parts in parts_of.items() if parts}

    def most(self, named: Factors, unknown: int) -> float:
        """Upper bound of the BM25 score of a query over all posts that there could be.

        A word that no post has counts as one of document frequency 0.
        """
        terms = [term for term in named if term >= 0]
        frequencies = np.append(self._frequencies(np.array(terms, np.int64)), 0)
        factors = np.array([*(named[term] for term in terms), unknown])
        idf = weighting.bm25_idf(frequencies, self._posts)
        of_years = sum(f * self._of_year(-term) for term, f in named.items() if term < 0)
        return float((idf * factors).sum() * (self._settings.k1 + 1) + of_years)

    def _of_year(self, year: int) -> float:
        """What a year weighs in each post of it: its inverse document frequency."""
        return float(weighting.bm25_idf(np.array(len(self.of_year(year))), self._posts))

    def share(self, named: Factors, unknown: int, row: int) -> float:
        """How much of the `most` that a post could score one does, from 0 to 1."""
        most = self.most(named, unknown)
        return float(self.scores(named, np.array([row]))[0]) / most if most else 0.0

    def scores(self, factors: Factors, rows: Array) -> Scores:
        """The BM25 scores of some rows (ascending); as `best` has them."""
        terms = {term: factor for term, factor in factors.items() if term >= 0}
        scores = self._scores(self.bm25, terms, rows)
        for term, factor in sorted(factors.items(), reverse=True):
            if term < 0:
                of_year = np.isin(rows, self.of_year(-term), assume_unique=True)
                scores[of_year] += factor * self._of_year(-term)
        return scores

    def portions(self, factors: Factors, row: int, postings: Postings) -> list[Portion]:
        """What each term, and each year, that a row has adds to its score, as it is added up."""
        terms = [(term, factor) for term, factor in factors.items() if term >= 0]
        found = [
            Portion(term, factor, postings.document_frequency(term), postings.weight(term, row))
            for term, factor in postings.order(terms)
        ]
        for term, factor in sorted(factors.items(), reverse=True):
            if term < 0 and row in (rows := self.of_year(-term)):
                found.append(Portion(term, factor, len(rows), self._of_year(-term)))
        return [portion for portion in found if portion.weight]

    def total(self, factors: Factors) -> int:
        """How many posts have any of some terms, or are of any of some years."""
        found = np.zeros(self._posts, bool)
        for term in factors:
            found[self.bm25.rows_of(term) if term >= 0 else self.of_year(-term)] = True
        return int(np.count_nonzero(found))

    def having(self, terms: Iterable[int], row: int) -> set[int]:
        """Which of some terms and years a row has."""
        return {
            term
            for term in terms
            if (self.bm25.weight(term, row) if term >= 0 else row in self.of_year(-term))
        }

    # --- TF-IDF

    def nearest(self, factors: Iterable[tuple[int, float]], limit: int) -> Best:
        """The best rows by the cosine, given the terms of `of_row` or `of_words`."""
        return self.engine.top(self.cosine, self.cosine.plan(factors), limit)

    def cosines(self, factors: Iterable[tuple[int, float]], rows: Array) -> Scores:
        """The cosines of some rows (ascending); as `nearest` has them."""
        return self._scores(self.cosine, dict(factors), rows).round(12)

    def of_words(self, named: Factors) -> list[tuple[int, float]]:
        """The terms of a query, each with its weight in a row of length 1 times the term's idf."""
        numbers = sorted(named)
        idf = weighting.idf(self._frequencies(np.array(numbers, np.int64)), self._posts)
        weights = np.array([named[number] for number in numbers]) * idf
        length = float(np.sqrt((weights * weights).sum())) or 1.0
        return list(zip(numbers, (weights * idf / length).tolist(), strict=True))

    def of_row(self, row: int) -> list[tuple[int, float]]:
        """The terms of a post, each with its TF-IDF weight times the term's idf."""
        numbers, counts = self._row(row)
        idf = weighting.idf(self._frequencies(numbers), self._posts)
        scale = self._arrays["matrix.scale"][row : row + 1]
        factors = counts * idf * idf * scale
        self._arrays["matrix.counts"].require(bool(np.all(factors > 0)), "a number is out of range")
        return list(zip(numbers.tolist(), factors.tolist(), strict=True))

    # --- rows and terms

    def _row(self, row: int) -> tuple[Array, Array]:
        """The terms of a post, ascending, and how often it has each (float64)."""
        indices, counts = self._arrays["matrix.indices"], self._arrays["matrix.counts"]
        start, end = layout.stretch(self._arrays["matrix.indptr"], row, len(indices))
        terms = indices[start:end]
        inside = not len(terms) or (terms[0] >= 0 and terms[-1] < self._facts["terms"])
        indices.require(inside and bool(np.all(terms[1:] > terms[:-1])), "a number is out of range")
        return terms, counts[start:end].astype(np.float64)

    def _lengths(self, rows: Array, sums: list[float]) -> Array:
        """The relative lengths of some rows, given the sums of their counts."""
        teasers = self._arrays["posts.flags"].take(rows) & TEASER > 0
        of_kinds = self._facts["lengths"]
        return weighting.relative_lengths(np.array(sums), teasers, of_kinds, self._posts)

    def _frequencies(self, terms: Array) -> Array:
        """In how many posts each term is."""
        indptr = self._arrays["postings.indptr"]
        found = indptr.take(terms + np.int64(1)) - indptr.take(terms.astype(np.int64))
        inside = bool(np.all((found > 0) & (found <= self._posts)))
        indptr.require(inside, "a pointer is out of range")
        return found

    def _scores(self, postings: Postings, factors: Factors, rows: Array) -> Scores:
        """Sums in the order in which the kernels add."""
        scores = np.zeros(len(rows))
        for term, factor in postings.order(factors.items()):
            places, weights = postings.of_rows(term, rows)
            scores[places] += factor * weights
        return scores


def rows_of(best: Sequence[tuple[int, float]]) -> Array:
    """The rows of a ranking, ascending."""
    return np.sort(np.array([row for row, _ in best], np.int64))
