"""Ranking: the name and the settings of a ranking, as a value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tipsearch.errors import SettingError

NAMES = ("bm25", "feedback", "hybrid", "tfidf")


@dataclass(frozen=True, slots=True)
class Ranking:
    """The settings of a ranking; the manifest of an index holds those of its own ranking.

    `name` is one of:

    - "tfidf": the cosine of TF-IDF rows.
    - "bm25": plain BM25.
    - "feedback": BM25 with pseudo-relevance feedback (Rocchio).
    - "hybrid": feedback, fused with the cosine of embeddings.

    Feedback: the `feedback_terms` weightiest terms of the best `feedback_posts` posts of a first
    search are added to the query; the share `feedback` of the query's weight goes to them (0: no
    feedback). A post is weighted by (its score / the best score) ** `feedback_focus`.

    In "hybrid" a cosine of 1 adds `semantic_weight`. `semantic_feedback` times the mean embedding
    of the best posts is added to that of the query.
    """

    name: str = "feedback"
    feedback: float = 0.4
    feedback_posts: int = 10
    feedback_terms: int = 20
    feedback_focus: float = 8.0
    semantic_weight: float = 12.0
    semantic_feedback: float = 0.6

    def __post_init__(self) -> None:
        if self.name not in NAMES:
            raise SettingError("ranking", self.name, f"one of {', '.join(NAMES)}")
        for name, kinds, limit in (
            ("feedback", (int, float), 1),
            ("feedback_posts", int, 1000),
            ("feedback_terms", int, 1000),
            ("feedback_focus", (int, float), 1000),
            ("semantic_weight", (int, float), 1e6),
            ("semantic_feedback", (int, float), 1000),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= limit:
                number = "a whole number" if kinds is int else "a number"
                raise SettingError(f"ranking.{name}", value, f"{number} from 0 to {limit:g}")

    def named(self, name: str) -> Ranking:
        """The same settings under another name."""
        return replace(self, name=name)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON types; `from_json` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ranking:
        """The ranking that `to_json` wrote. Raises SettingError where the keys or values differ."""
        names = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or data.keys() != names:
            raise SettingError("ranking", data, f"the settings {sorted(names)}")
        return cls(**data)
