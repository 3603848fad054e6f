"""Settings of a build: analyzer, weighting, ranking, embedding and synonyms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.analysis.weighting import Weighting
from tipsearch.build import embeddings
from tipsearch.corpus.synonymfile import SynonymRule, read_rules
from tipsearch.corpus.textfile import FilePath
from tipsearch.store.ranking import Ranking


class Settings(NamedTuple):
    """The settings of an index; `embedding` is that fact of the manifest, None without a model."""

    analyzer: Analyzer
    weighting: Weighting
    ranking: Ranking
    embedding: Mapping[str, Any] | None
    synonyms: Sequence[SynonymRule]


def settings(
    analyzer: Analyzer | None,
    weighting: Weighting | None,
    ranking: str | Ranking | None,
    synonyms: FilePath | Iterable[str] | None,
) -> Settings:
    """The settings of an index, with the defaults for what is None.

    The default ranking is "hybrid" where the extra `semantic` is installed, else "feedback". Raises
    ExtraMissing for "hybrid" without that extra, SettingError for an unknown ranking,
    SourceError and LineError for a file of synonyms that cannot be used.
    """
    if ranking is None:
        ranking = "hybrid" if model.installed() else "feedback"
    chosen = Ranking(ranking) if isinstance(ranking, str) else ranking
    embedding = embeddings.description() if chosen.name == "hybrid" else None
    analyzer = analyzer or Analyzer()
    rules = read_rules(synonyms, analyzer)
    return Settings(analyzer, weighting or Weighting(), chosen, embedding, rules)
