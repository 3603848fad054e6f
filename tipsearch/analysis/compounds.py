"""Compounds: words joined by a hyphen or another mark also give one joined word.

"E-mail" has the words "e" and "mail", and is found by "email" too, since its parts without the
hyphen are a joined word at the same place. A compound is a run of words with single joiners of one
kind between them. In a normalised text each joiner is one of `JOINERS`, and stands between two
words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import NamedTuple

JOINERS = "-/&."
WORD = f"[^ '{JOINERS}]+(?:'[^ '{JOINERS}]+)*"  # apostrophes may be inside
MAX_PARTS = 4
MAX_LENGTH = 14  # characters of a joined word; of longer ones few are also written as one word
MAX_NUMBER = 4  # digits of a number that is a part
SHORT = 3  # characters of a part that is short

_LETTER, _IN_WORD = r"[^\W\d_]", f"[^ '{JOINERS}]"
# A joiner that is not between two words. A dot joins only letters that stand alone.
_STRAY = re.compile(
    rf"[{JOINERS}](?:(?<!{_IN_WORD}.)|(?!{_IN_WORD})|(?<=\.)(?!"
    rf"(?<={_LETTER}\.)(?<!{_IN_WORD}.\.){_LETTER}(?!{_IN_WORD})))"
)
# A hyphen binds more tightly than other joiners: "phone/e-mail" has the compound "e-mail".
_WHOLE = WORD.replace("+", "++").replace(")*", ")*+")
_COMPOUND = re.compile(
    rf"{_WHOLE}(?:-{_WHOLE})++|{_WHOLE}([/&.]){_WHOLE}(?:\1{_WHOLE})*+(?![{JOINERS}])"
)


class Compound(NamedTuple):
    """A compound from `start` to `end` of a text, its number of parts, and its joined word."""

    start: int
    end: int
    parts: int
    joined: str


def without_stray(text: str) -> str:
    """The text with a space for each joiner that is not between two words."""
    return _STRAY.sub(" ", text)


def compounds(text: str, stop_words: Container[str]) -> Iterator[Compound]:
    """The compounds of a normalised text that have a joined word, in order."""
    for match in _COMPOUND.finditer(text):
        joiner = match[1] or "-"
        parts = match[0].split(joiner)
        if word := joined(parts, stop_words, joiner):
            yield Compound(match.start(), match.end(), len(parts), word)


def sequence(
    text: str, tokenize: Callable[[str], Iterable[str]], stop_words: Container[str]
) -> list[tuple[str, int]]:
    """The words of a normalised text in order, each with 1.

    After the parts of a compound comes its joined word, with the number of the parts.
    """
    if not any(joiner in text for joiner in JOINERS):
        return [(word, 1) for word in tokenize(text)]
    parts = text.split("-")
    if len(parts) > 1 and all(map(str.isalnum, parts)):  # most compounds; no need to search
        words = [(part, 1) for part in parts]
        if word := joined(parts, stop_words):
            words.append((word, len(parts)))
        return words
    words, done = [], 0
    for compound in compounds(text, stop_words):
        words += [(word, 1) for word in tokenize(text[done : compound.end])]
        words.append((compound.joined, compound.parts))
        done = compound.end
    if done < len(text):
        words += [(word, 1) for word in tokenize(text[done:])]
    return words


def joined(parts: Sequence[str], stop_words: Container[str], joiner: str = "-") -> str:
    """The joined word of two parts or more; "" where people would not write them as one word.

    The limits keep out ranges ("5-10"), dates, paths, alternatives ("and/or") and names put
    together of many words. No stop word is a joined word ("U.S.").

    >>> [joined(parts.split("-"), ()) for parts in ("co-worker's", "face-to-face", "covid-19")]
    ["coworker's", 'facetoface', 'covid19']
    >>> [joined(parts.split("-"), ()) for parts in ("5-10", "well-thought-out", "customer-service")]
    ['', '', '']
    >>> [joined(parts.split("/"), ["and", "or"], "/") for parts in ("24/7", "1/2", "and/or")]
    ['247', '', '']
    """
    word = "".join(parts)
    if len(word) > MAX_LENGTH or len(parts) > MAX_PARTS or word in stop_words:
        return ""
    if len(parts) > 2 and len(max(parts[1:-1], key=len)) > SHORT:
        return ""
    if not word.isalpha() and not _with_numbers(parts, joiner):
        return ""
    if joiner == "/" and (
        len(max(parts, key=len)) > SHORT or all(part in stop_words for part in parts)
    ):
        return ""
    return word


def _with_numbers(parts: Sequence[str], joiner: str) -> bool:
    """Whether parts that have digits or apostrophes may be one word."""
    if any("'" in part for part in parts[:-1]):  # "co-worker's" may
        return False
    numbers = [part for part in parts if part.isdecimal()]
    if len(numbers) == len(parts):  # of numbers alone only such as "24/7"
        return joiner == "/" and len(parts) == 2 and sum(map(len, parts)) == 3
    return all(len(number) <= MAX_NUMBER for number in numbers)
