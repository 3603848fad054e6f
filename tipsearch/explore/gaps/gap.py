"""A gap: the queries of one topic, how often they were asked, and their coverage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """A query that was asked `count` times, with its best hit.

    `coverage`, from 0 to 1, is how much of the query the best hit covers (formula:
    `ranking.coverage.coverage`); `weak` whether that is below the threshold. `post` and `title` are
    the id and label of that post, `score` the score of the hit; all None where there is no hit.
    """

    query: str
    count: int
    coverage: float
    weak: bool
    post: str | None
    title: str | None
    score: float | None

    def to_json(self) -> dict[str, Any]:
        """Return the fields as a dict of JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Gap:
    """The queries of one topic, by ascending coverage, with a label in the words of the askers.

    `asked` is the sum of the counts of its queries, `weak` that of the weak queries. `coverage` is
    the mean coverage, weighted by the counts.
    """

    label: str
    asked: int
    weak: int
    coverage: float
    queries: tuple[Asked, ...]

    @property
    def weak_share(self) -> float:
        """weak / asked: the share of askings with a weak answer, from 0 to 1."""
        return self.weak / self.asked

    @property
    def size(self) -> float:
        """asked * (1 - coverage), by which gaps are ordered."""
        return self.asked * (1 - self.coverage)

    def to_json(self) -> dict[str, Any]:
        """Return the gap and its queries as a dict of JSON types."""
        return {
            "label": self.label,
            "asked": self.asked,
            "weak": self.weak,
            "weak_share": self.weak_share,
            "coverage": self.coverage,
            "queries": [asked.to_json() for asked in self.queries],
        }
