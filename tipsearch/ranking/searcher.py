"""Searcher: texts and titles in, hits and explanations out; the way into `ranking`."""

from __future__ import annotations

from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tipsearch.errors import check_limit
from tipsearch.query.lookup import find_row
from tipsearch.query.parser import QueryParser
from tipsearch.query.vocabulary import Vocabulary
from tipsearch.ranking.answer import Answer
from tipsearch.ranking.diversity import candidates
from tipsearch.ranking.search import RankedRows, Search

if TYPE_CHECKING:
    from tipsearch.query.suggest.suggester import Suggester
    from tipsearch.ranking.explanation import Explanation
    from tipsearch.ranking.hits import Hits
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader


class Searcher:
    """Answers queries, related posts and explanations. `kernel` is one of `topk.engine.KERNELS`."""

    def __init__(self, reader: Reader, kernel: str) -> None:
        self._reader, self.kernel = reader, kernel
        self.vocabulary = Vocabulary(reader)
        self.parser = QueryParser(reader, self.vocabulary)
        self.search = Search(reader, self.vocabulary, kernel)

    @property
    def ranking(self) -> Ranking:
        """The index's own ranking."""
        return self.search.ranking

    @cached_property
    def suggester(self) -> Suggester:
        """Completes texts; it holds its own arrays, made when they are first needed."""
        from tipsearch.query.suggest.suggester import Suggester  # a query needs none

        return Suggester(self._reader, self.vocabulary, self.search.bm25.postings)

    def query(
        self,
        text: str,
        limit: int,
        ranking: str | Ranking | None,
        *,
        exact: bool = False,
        plain: bool = False,
        diverse: bool = False,
    ) -> Hits:
        """The `limit` best hits of a query: see `Index.query`."""
        limit, chosen, start = check_limit(limit), self.search.usable(ranking), perf_counter()
        query = self.parser.parse(text, exact=exact, plain=plain)
        ranked = self.search.query(query, candidates(limit) if diverse else limit, chosen)
        if diverse:
            ranked = ranked._replace(best=self.search.diverse(ranked.best, limit))
        milliseconds = 1000 * (perf_counter() - start)
        return self._answer(chosen, ranked, query, milliseconds).hits()

    def related(
        self, title_or_id: str, limit: int, ranking: str | Ranking | None, diverse: bool
    ) -> Hits:
        """The `limit` posts most like a post: see `Index.related`."""
        limit, chosen = check_limit(limit), self.search.usable(ranking, of_post=True)
        row = find_row(self._reader, title_or_id)
        best = self.search.related(row, candidates(limit) if diverse else limit, chosen)
        if diverse:
            best = self.search.diverse(best, limit)
        return self._answer(chosen, RankedRows(best, {}, related_to=row)).hits()

    def _answer(self, *details: Any) -> Answer:
        return Answer(self._reader, self.vocabulary, self.search, *details)

    def explain(
        self, text: str, title_or_id: str, ranking: str | Ranking | None, exact: bool
    ) -> Explanation:
        """The parts of the score of a post for a query: see `Index.explain`."""
        from tipsearch.ranking.explanation import explanation

        chosen, query = self.search.usable(ranking), self.parser.parse(text, exact=exact)
        row = find_row(self._reader, title_or_id)
        parts = self.search.explain(query, row, chosen)
        return explanation(self.vocabulary, self._reader.post(row), parts, query)

    def explain_related(
        self, title_or_id: str, other: str, ranking: str | Ranking | None
    ) -> Explanation:
        """The parts of the score of a related post: see `Index.explain_related`."""
        from tipsearch.ranking.explanation import explanation

        chosen = self.search.usable(ranking, of_post=True)
        row, found = find_row(self._reader, title_or_id), find_row(self._reader, other)
        parts, post = self.search.explain_related(row, found, chosen), self._reader.post(row)
        return explanation(self.vocabulary, self._reader.post(found), parts, related_to=post)
