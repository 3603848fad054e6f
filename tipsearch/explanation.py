"""Why has a post its score?"""

from __future__ import annotations

from dataclasses import dataclass

from tipsearch.model import Post


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one `term` in a score: `factor` times `weight`.

    By "hybrid" that is times the share that the whole is of the best match by words (see there).
    `factor` is how much the query asks for the term, `weight` what the term weighs in the post.
    `said` is False for a term that no word of the query names: feedback has added it.
    """

    term: str
    factor: float
    document_frequency: int
    weight: float
    score: float
    said: bool = True


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
