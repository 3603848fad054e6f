"""What makes one post a better answer than another? The settings of a ranking, and its name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from tipsearch.errors import SettingError

NAMES = ("bm25", "feedback", "hybrid", "tfidf")


@dataclass(frozen=True, slots=True)
class Ranking:
    """A value, kept in the manifest of an index as its own way to rank.

    `name` is "tfidf" (the cosine of TF-IDF rows), "bm25" (plain BM25), "feedback" (BM25 with the
    words that the best posts add to the query) or "hybrid" (that, and the cosine of embeddings).
    Feedback: the best `feedback_posts` of a first search add their `feedback_terms` weightiest
    terms to the query, with `feedback` of its weight in all; a post's say in it falls with the
    power `feedback_focus` of its score. No feedback is 0. In "hybrid" a cosine of 1 counts as much
    as a lexical score of `semantic_weight`, and the best posts pull the embedding of the query
    `semantic_feedback` of the way.
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
        for name, kinds, most in (
            ("feedback", (int, float), 1),
            ("feedback_posts", int, 1000),
            ("feedback_terms", int, 1000),
            ("feedback_focus", (int, float), 1000),
            ("semantic_weight", (int, float), 1e6),
            ("semantic_feedback", (int, float), 1000),
        ):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= most:
                whole = "a whole number" if kinds is int else "a number"
                raise SettingError(f"ranking.{name}", value, f"{whole} from 0 to {most:g}")

    def named(self, name: str) -> Ranking:
        """The same settings under another name."""
        return replace(self, name=name)

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON types; `from_json` takes them back."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Ranking:
        """The ranking that `to_json` wrote; SettingError where it is not just those settings."""
        names = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or data.keys() != names:
            raise SettingError("ranking", data, f"the settings {sorted(names)}")
        return cls(**data)
