"""Why has a post its score?"""

from __future__ import annotations

from dataclasses import dataclass

from tipsearch.model import Post


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one `term` in a score: `query_frequency` times `weight`."""

    term: str
    query_frequency: int
    document_frequency: int
    weight: float
    score: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why `post` has `score` for a query: its `parts`, largest first, sum to it."""

    post: Post
    score: float
    parts: tuple[Part, ...]
