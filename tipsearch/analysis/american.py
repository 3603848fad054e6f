"""American spelling: the British spelling of a word as the American one, before stemming."""

from __future__ import annotations


def american(word: str) -> str:
    """The American spelling of a word in lower case."""
    return word
