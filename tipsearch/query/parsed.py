"""Parsed query: the terms, years, corrections and unknown words of a query, as shown to users."""

from __future__ import annotations

from typing import NamedTuple


class ParsedQuery(NamedTuple):
    """A query as the index understands it.

    `terms` maps each term that the index has to its count in the query; a corrected word counts
    for less than 1. `unknown` are the words that no post has and `stopped` the stop words, each
    once, in order. `corrected` maps words that no post has to the known word or words that replace
    them; they are not among the unknown. `years` maps each year that has posts to its count.
    `synonyms` maps words of the query to the synonyms whose terms were added, which count for less
    than 1. `phrases` are the texts of its phrases. `understood` says in words what the query asks
    for, and `has_operators` whether some of it is written with operators.
    """

    terms: dict[str, float]
    unknown: tuple[str, ...]
    stopped: tuple[str, ...]
    corrected: dict[str, str]
    years: dict[int, float]
    synonyms: dict[str, tuple[str, ...]]
    phrases: tuple[str, ...]
    understood: str
    has_operators: bool
