"""Why has a post its score?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tipsearch.corpus.post import Post


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one `term` in a score: `factor` times `weight`.

    By "hybrid" that is times the share that the whole is of the best match by words (see there).
    `factor` is how much the query asks for the term, `weight` what the term weighs in the post.
    `in_query` is False for a term that no word of the query names: feedback has added it.
    """

    term: str
    factor: float
    document_frequency: int
    weight: float
    score: float
    in_query: bool = True


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `post` has `score` for a query: its `parts`, largest first, and `semantic` sum to it.

    `semantic` is what the likeness of meaning adds, and `cosine` is that likeness; both are 0
    where a ranking does not look at it.
    """

    post: Post
    score: float
    parts: tuple[Part, ...]
    cosine: float = 0.0
    semantic: float = 0.0

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each part, as a pandas DataFrame or a pyarrow Table, the largest first.

        `part` is "word", for a term that the query names, "feedback", for one that it does not, or
        "meaning", whose one row is there if it adds something and has no term; `term`; `posts`, how
        many have it; and `score`, which sum to that of the whole. Raises ExtraMissing.
        """
        from tipsearch.views.tables import Column, Table

        rows: list[tuple[str, str | None, int | None, float]] = [
            (
                "word" if part.in_query else "feedback",
                part.term,
                part.document_frequency,
                part.score,
            )
            for part in self.parts
        ]
        if self.semantic:
            rows.append(("meaning", None, None, self.semantic))
        rows.sort(key=lambda row: -row[-1])
        kinds, terms, posts, scores = zip(*rows, strict=True) if rows else ((),) * 4
        return Table(
            {
                "part": Column("text", kinds),
                "term": Column("text", terms),
                "posts": Column("whole or none", posts),
                "score": Column("real", scores),
            }
        ).given(arrow)
