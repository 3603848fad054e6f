"""What the index makes of a query."""

from __future__ import annotations

from typing import NamedTuple


class ParsedQuery(NamedTuple):
    """What the index makes of a query.

    `terms` maps each term that the index knows to how often the query has it; `unknown` holds the
    words that no post has and `stopped` the stop words, in order, each once. `corrected` maps words
    that no post has to the known ones for which they are taken, and which count for less; they are
    not among the unknown. `years` maps each year in which there are posts to how often the query
    names it.
    """

    terms: dict[str, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    corrected: dict[str, str]
    years: dict[int, float]
