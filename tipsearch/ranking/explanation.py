"""Explanation: the score of one post for one query, as the sum of its parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tipsearch.corpus.post import Post


@dataclass(frozen=True, slots=True)
class Part:
    """The part of one `term` in a score: `score` is `factor` times `weight`.

    By "hybrid" it is also times L / M: see `ranking.hybrid`. `factor` is the weight of the term in
    the query, `weight` that in the post. `in_query` is False for a term that feedback or a synonym
    added. `synonym_of` are the words of the query that it is a synonym of, or empty.
    """

    term: str
    factor: float
    document_frequency: int
    weight: float
    score: float
    in_query: bool = True
    synonym_of: str = ""

    @property
    def kind(self) -> str:
        """Where the term comes from: "word" for the query itself, "synonym", or "feedback"."""
        return "word" if self.in_query else "synonym" if self.synonym_of else "feedback"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The `score` of `post` for a query: the sum of its `parts`, largest first, and `semantic`.

    `cosine` is that of the embeddings, and `semantic` the part by it. Both are 0 for a ranking
    without embeddings.
    """

    post: Post
    score: float
    parts: tuple[Part, ...]
    cosine: float = 0.0
    semantic: float = 0.0

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each part, largest first, as a pandas DataFrame or a pyarrow Table.

        `part` is the kind of the part, or "meaning" for the part by embeddings, whose row is there
        unless it is 0; `term`, empty for "meaning"; `posts`, the number of posts that have the
        term; `score`. The scores sum to that of the post. Raises ExtraMissing.
        """
        from tipsearch.views.tables import Column, Table

        rows: list[tuple[str, str | None, int | None, float]] = [
            (part.kind, part.term, part.document_frequency, part.score) for part in self.parts
        ]
        if self.semantic:
            rows.append(("meaning", None, None, self.semantic))
        rows.sort(key=lambda row: -row[-1])
        kinds, terms, posts, scores = zip(*rows, strict=True) if rows else ((),) * 4
        return Table(
            {
                "part": Column("text", kinds),
                "term": Column("text", terms),
                "posts": Column("int or none", posts),
                "score": Column("float", scores),
            }
        ).export(arrow)
