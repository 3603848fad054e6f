"""Worth of an answer: the coverage that its best post needs, and in words what it lacks.

An answer is weak if there is no hit, or if the best post lacks a word of the query and its coverage
(`ranking.coverage`) is below LEVEL + SLOPE ln(T / M). M is the upper bound of the BM25 score of the
query. T is the mean number of different terms of a post.

M is the evidence that a query can give: it grows with the number of its words and with their idf.
A post that covers half of five rare words is less of a coincidence than one that covers half of two
common ones, so less coverage is enough. T is the room for coincidence: a post of many terms has
words of any query, and has them several times, which raises its BM25 weights.

`python -m tests.benchmarks.gaps` measures the rule. LEVEL is the threshold at which 20 % of the
answers that have a relevant post are called weak, as the mean of four collections, and SLOPE the
compromise between both rankings. Of the queries without a relevant post 61 % are found by words
(with 21 % false alarms) and 61 % with embeddings. A threshold of the coverage alone, with 20 %
false alarms, finds 41 % and 57 %. The figures of single collections differ widely: see the table in
`tests/benchmarks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

LEVEL, SLOPE = 0.55, 0.07
MAX_WORDS, MAX_LETTERS = 10, 40  # in a reason, and of each of its words


def required_coverage(bound: float, terms: float) -> float:
    """The coverage below which an answer is weak, given M as `bound` and T as `terms`.

    >>> required_coverage(50, 50), round(required_coverage(10, 50), 3)
    (0.55, 0.663)
    """
    return LEVEL + SLOPE * log(max(terms, 1.0) / bound) if bound > 0 else LEVEL


def reason(
    unknown: Sequence[str],
    lacking: Sequence[str],
    apart: tuple[str, str] | None,
    *,
    by_meaning: bool,
) -> str:
    """What a weak answer lacks, in words.

    `unknown` are the words of the query that no post has, and `lacking` those that other posts than
    the best one have. `apart` are two words that no post has together. `by_meaning` says that the
    best post has no word of the query.

    >>> reason(["refund"], [], None, by_meaning=True)
    'no post has "refund"; these mean something like it'
    >>> reason([], ["refund"], ("refund", "hotel"), by_meaning=False)
    'no post has both "refund" and "hotel"'
    >>> reason([], ["hotel"], None, by_meaning=False)
    'the best post lacks "hotel"'
    """
    if unknown:
        absent = f"no post has {_listing(unknown, 'or')}"
        one = len(unknown) == 1 and not lacking
        meant = "it" if one else "them"
        return f"{absent}; these mean something like {meant}" if by_meaning else absent
    if apart:
        return f"no post has both {_listing(apart, 'and')}"
    if by_meaning:
        return "the best post has none of the words; it means something like them"
    return f"the best post lacks {_listing(lacking, 'and')}"


def _listing(words: Sequence[str], last: str) -> str:
    """The first MAX_WORDS words in quotes, and how many more there are; `last` joins the last."""
    shown = [
        f'"{word[:MAX_LETTERS]}{"…" * (len(word) > MAX_LETTERS)}"' for word in words[:MAX_WORDS]
    ]
    if len(words) > MAX_WORDS:
        shown.append(f"{len(words) - MAX_WORDS:,} more")
    *first, end = shown
    return f"{', '.join(first)} {last} {end}" if first else end
