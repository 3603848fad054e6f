"""What is a gap? Queries of one kind, how often they are asked, and how well they are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that was asked `count` times, and the best post for it.

    `coverage`, from 0 to 1, is how well that answers it, and `weak` whether that is too little;
    see `coverage.coverage`. `post`, `title` and `score` are the post's id, what to call it, and the
    score of the hit; None where there is no hit.
    """

    query: str
    count: int
    coverage: float
    weak: bool
    post: str | None
    title: str | None
    score: float | None

    def to_json(self) -> dict[str, Any]:
        """The query as JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Gap:
    """A group of queries, the weakest answered first, with a label in the words of those who asked.

    `asked` sums up the counts of its queries, `weak` those of the weak ones among them; `coverage`
    is the mean, in which a query counts as often as it was asked.
    """

    label: str
    asked: int
    weak: int
    coverage: float
    queries: tuple[Asked, ...]

    @property
    def weak_share(self) -> float:
        """How much of what was asked is answered weakly, from 0 to 1."""
        return self.weak / self.asked

    @property
    def size(self) -> float:
        """asked * (1 - coverage): how much is asked in vain; gaps are in this order."""
        return self.asked * (1 - self.coverage)

    def to_json(self) -> dict[str, Any]:
        """The gap as JSON types."""
        return {
            "label": self.label,
            "asked": self.asked,
            "weak": self.weak,
            "weak_share": self.weak_share,
            "coverage": self.coverage,
            "queries": [asked.to_json() for asked in self.queries],
        }
