"""How an index is made: its analyzer, weights, ranking and embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.analysis.weighting import Weighting
from tipsearch.build import embeddings as semantics
from tipsearch.store.ranking import Ranking


class Settings(NamedTuple):
    """How an index is made, and how it ranks; `embedding` is what the manifest says of one."""

    analyzer: Analyzer
    weighting: Weighting
    ranking: Ranking
    embedding: Mapping[str, Any] | None


def settings(
    analyzer: Analyzer | None, weighting: Weighting | None, ranking: str | Ranking | None
) -> Settings:
    """How an index is made: what is not given is the default.

    That ranks by words and meaning where the extra `semantic` is installed, else by words. Raises
    ExtraMissing where "hybrid" is asked for and it is not, SettingError for another name.
    """
    if ranking is None:
        ranking = "hybrid" if model.installed() else "feedback"
    chosen = Ranking(ranking) if isinstance(ranking, str) else ranking
    embedding = semantics.described() if chosen.name == "hybrid" else None
    return Settings(analyzer or Analyzer(), weighting or Weighting(), chosen, embedding)
