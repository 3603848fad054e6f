"""Mistakes in a prefix: one letter too many, missing or different, or two letters swapped.

The first letter is taken to be right.
"""

from __future__ import annotations

from collections.abc import Iterable

MIN_LETTERS, MAX_LETTERS = 4, 64  # letters of a prefix that may have a mistake


def may_have_mistake(prefix: str) -> bool:
    """Whether a prefix is of a length that may have a mistake, and has no digit.

    >>> [may_have_mistake(prefix) for prefix in ("cus", "cust", "mp3player")]
    [False, True, False]
    """
    return MIN_LETTERS <= len(prefix) <= MAX_LETTERS and not any(map(str.isdigit, prefix))


def variants(prefix: str, letters: Iterable[str]) -> set[str]:
    """All that may have been meant by a prefix with one mistake; `letters` are the alphabet.

    >>> sorted(variants("abc", "x"))
    ['ab', 'abx', 'abxc', 'ac', 'acb', 'axbc', 'axc']
    """
    found = set()
    for at in range(1, len(prefix)):
        before, letter, after = prefix[:at], prefix[at], prefix[at + 1 :]
        found.add(before + after)
        found.add(before + after[:1] + letter + after[1:])
        for other in letters:
            found.add(before + other + after)
            found.add(before + other + letter + after)
    return found - {prefix}


def mistake(prefix: str, word: str) -> str | None:
    """The one mistake in a prefix that makes `word` start differently, in words.

    None where the word starts with the prefix, or where one mistake does not explain it.

    >>> mistake("servce", "service"), mistake("cusst", "customer"), mistake("csut", "customer")
    ('one letter is missing', 'one letter too many', 'two letters are swapped')
    >>> mistake("custamer", "customers"), mistake("cust", "customer"), mistake("just", "customer")
    ('one letter differs', None, None)
    """
    if prefix[:1] != word[:1]:
        return None
    pairs = zip(prefix, word, strict=False)
    shared = min(len(prefix), len(word))
    # A mistake before the first difference has the same effect as one there.
    at = next((place for place, (one, other) in enumerate(pairs) if one != other), shared)
    if at == len(prefix):
        return None
    typed, meant = prefix[at:], word[at:]
    if len(typed) > 1 and meant.startswith(typed[1] + typed[0] + typed[2:]):
        return "two letters are swapped"
    if meant and meant[1:].startswith(typed[1:]):
        return "one letter differs"
    if meant[1:].startswith(typed):
        return "one letter is missing"
    return "one letter too many" if meant.startswith(typed[1:]) else None
