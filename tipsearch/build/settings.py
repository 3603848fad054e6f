"""Settings of a build: analyzer, weighting, ranking and embedding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.analysis.weighting import Weighting
from tipsearch.build import embeddings
from tipsearch.store.ranking import Ranking


class Settings(NamedTuple):
    """The settings of an index; `embedding` is that fact of the manifest, None without a model."""

    analyzer: Analyzer
    weighting: Weighting
    ranking: Ranking
    embedding: Mapping[str, Any] | None


def settings(
    analyzer: Analyzer | None, weighting: Weighting | None, ranking: str | Ranking | None
) -> Settings:
    """The settings of an index, with the defaults for what is None.

    The default ranking is "hybrid" where the extra `semantic` is installed, else "feedback". Raises
    ExtraMissing for "hybrid" without that extra, SettingError for an unknown ranking.
    """
    if ranking is None:
        ranking = "hybrid" if model.installed() else "feedback"
    chosen = Ranking(ranking) if isinstance(ranking, str) else ranking
    embedding = embeddings.description() if chosen.name == "hybrid" else None
    return Settings(analyzer or Analyzer(), weighting or Weighting(), chosen, embedding)
