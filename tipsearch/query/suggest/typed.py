"""Typed text: its finished words, and the word that is being typed at its end."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from tipsearch.query.grammar import FILTERS, ORDER

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer

# What a query leaves out, how it filters or sorts, and its operators: these hold no plain words.
_NO_WORDS = re.compile(
    rf"""(?<!\S)(?:
        (?:-|NOT\s+)(?:"[^"]*"?|\([^)]*\)?|\S+)
        |(?i:{"|".join((ORDER, *FILTERS))}):(?:"[^"]*"?|\S*)
        |(?i:title):
        |(?:AND|OR|NOT)(?=\s)
    )""",
    re.VERBOSE,
)
_CLOSING = "\"”'’)*"  # what may follow a word that is still being typed


class Token(NamedTuple):
    """A word as normalised, and where it starts and ends in the text."""

    word: str
    start: int
    end: int


class Typed(NamedTuple):
    """A text as typed: its finished plain words, and the `last` one, which may go on.

    `last` is None where white space or punctuation other than _CLOSING follows the last word, and
    where the text ends with an operator or a filter. `plain` is the text with spaces in place of
    operators and filters. `compound` is the joined word of the compound that `last` ends, or "".
    """

    text: str
    plain: str
    finished: list[Token]
    last: Token | None
    compound: str = ""

    def completed(self, word: str, corrections: dict[str, str]) -> str:
        """The text with the last word completed, and with others corrected."""
        new = [(token, corrections.get(token.word)) for token in self.finished]
        pieces, done = [], 0
        for token, replacement in (*new, (self.last, word)):
            if token is not None and replacement is not None:
                pieces += [self.text[done : token.start], replacement]
                done = token.end
        return "".join([*pieces, self.text[done:]])


def read(text: str, analyzer: Analyzer) -> Typed:
    """Take a typed text apart. Its accents are composed: one character each."""
    text = unicodedata.normalize("NFC", text)
    plain = _NO_WORDS.sub(lambda match: " " * len(match[0]), text)
    tokens = [Token(word, start, end) for start, end, word in analyzer.spans(plain)]
    if not tokens or plain[tokens[-1].end :].strip(_CLOSING):
        return Typed(text, plain, tokens, None)
    compounds = {end: joined for _, end, joined in analyzer.joined_spans(plain)}
    return Typed(text, plain, tokens[:-1], tokens[-1], compounds.get(tokens[-1].end, ""))
