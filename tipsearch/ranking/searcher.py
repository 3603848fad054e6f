"""The searcher of an index: from what a caller gives to what a caller gets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tipsearch.errors import check_limit
from tipsearch.query.lookup import find_row
from tipsearch.query.vocabulary import Vocabulary
from tipsearch.ranking.answer import Answer
from tipsearch.ranking.search import Search

if TYPE_CHECKING:
    from tipsearch.ranking.explanation import Explanation
    from tipsearch.ranking.hits import Hits
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader


class Searcher:
    """Answers queries with hits, and explains them. `kernel` is as for `Index.build`."""

    def __init__(self, reader: Reader, kernel: str) -> None:
        self._reader, self.kernel = reader, kernel
        self.vocabulary = Vocabulary(reader)
        self.search = Search(reader, self.vocabulary, kernel)

    @property
    def ranking(self) -> Ranking:
        """The index's own ranking."""
        return self.search.ranking

    def query(self, text: str, limit: int, ranking: str | Ranking | None, exact: bool) -> Hits:
        """The hits of a query: see `Index.query`."""
        limit, chosen = check_limit(limit), self.search.usable(ranking)
        query = self.vocabulary.parse(text, exact=exact)
        best, factors = self.search.query(query, limit, chosen)
        return self._answer(chosen, best, query, factors).hits()

    def related(self, title_or_id: str, limit: int, ranking: str | Ranking | None) -> Hits:
        """The posts nearest to a post: see `Index.related`."""
        limit, chosen = check_limit(limit), self.search.usable(ranking, of_post=True)
        row = find_row(self._reader, title_or_id)
        return self._answer(chosen, self.search.related(row, limit, chosen)).hits()

    def _answer(self, *parts: Any) -> Answer:
        return Answer(self._reader, self.vocabulary, self.search, *parts)

    def explain(
        self, text: str, title_or_id: str, ranking: str | Ranking | None, exact: bool
    ) -> Explanation:
        """The parts of a score: see `Index.explain`."""
        from tipsearch.ranking.explanation import Explanation, Part

        chosen, query = self.search.usable(ranking), self.vocabulary.parse(text, exact=exact)
        row, asked = find_row(self._reader, title_or_id), query.factors
        score, terms, share, cosine, semantic = self.search.explain(query, row, chosen)
        parts = [
            Part(self.vocabulary.shown(term), factor, posts, weight,
                 factor * weight * share, term in asked)
            for term, factor, posts, weight in terms
        ]  # fmt: skip
        parts.sort(key=lambda part: -part.score)
        return Explanation(self._reader.post(row), score, tuple(parts), cosine, semantic)
