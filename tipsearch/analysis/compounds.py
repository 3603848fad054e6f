"""Compounds: words joined by a hyphen or another mark also give one joined word.

"E-mail" has the words "e" and "mail", and is found by "email" too, since its parts without the
hyphen are a joined word at the same place. A compound is a run of words with single joiners of one
kind between them. In a normalised text each joiner is one of `JOINERS`, and stands between two
words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator
from typing import NamedTuple

JOINERS = "-/&."
WORD = f"[^ '{JOINERS}]+(?:'[^ '{JOINERS}]+)*"  # apostrophes may be inside
MAX_PARTS = 4
MAX_LENGTH = 20  # characters of a joined word
MAX_NUMBER = 4  # digits of a number that is a part
SHORT = 3  # characters: a slash joins only short parts, and few parts may be longer
MAX_LONG_PARTS = 2

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
        joined = "".join(parts)
        if joined not in stop_words and _is_joined(parts, joined, joiner, stop_words):
            yield Compound(match.start(), match.end(), len(parts), joined)


def sequence(
    text: str, tokenize: Callable[[str], Iterable[str]], stop_words: Container[str]
) -> Iterator[tuple[str, int]]:
    """The words of a normalised text in order, each with 1.

    After the parts of a compound comes its joined word, with the number of the parts.
    """
    done = 0
    for compound in compounds(text, stop_words):
        for word in tokenize(text[done : compound.end]):
            yield word, 1
        yield compound.joined, compound.parts
        done = compound.end
    for word in tokenize(text[done:]):
        yield word, 1


def _is_joined(parts: list[str], joined: str, joiner: str, stop_words: Container[str]) -> bool:
    """Whether the parts are one word to people, and not a range, a date, a path or a choice."""
    if len(parts) > MAX_PARTS or len(joined) > MAX_LENGTH or "'" in "".join(parts[:-1]):
        return False
    numbers = [part for part in parts if part.isdecimal()]
    if len(numbers) == len(parts):  # "24/7" is a word, but "1/2", "5-10" and "12/10/13" are not
        return joiner == "/" and len(parts) == 2 and len(joined) == 3
    if any(len(number) > MAX_NUMBER for number in numbers):
        return False
    long_parts = sum(len(part) > SHORT for part in parts)
    if joiner == "/":
        return not long_parts and not all(part in stop_words for part in parts)
    return long_parts <= MAX_LONG_PARTS
