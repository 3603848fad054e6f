"""Streams: the tokens of each post in order, as numbers, so that phrases can be found.

With T terms and S stop words, a number is one of these:

- t < T: a word of term t.
- T + s: stop word s of the analyzer.
- T + S: the separator between the title and the text of a post.
- T + S + n - 1, where n is 2 or more: the n tokens before are also one word, the next token.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_PARTS = 8  # tokens that one word may be joined of


class Codes(NamedTuple):
    """The numbers of a stream that are no terms, for an index of so many terms and stop words."""

    terms: int
    stop_words: int

    def stop_word(self, place: int) -> int:
        """The number of the stop word at this place of the analyzer's."""
        return self.terms + place

    @property
    def separator(self) -> int:
        """The number that stands between title and text."""
        return self.terms + self.stop_words

    def joined(self, parts: int) -> int:
        """The number that says that so many tokens before are also one word, the next token."""
        return self.separator + parts - 1
