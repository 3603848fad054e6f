"""Which words has each post? The analysis of many posts at once.

A text is normalised and split at its spaces; each distinct run of characters is tokenised once, by
nltk, and each distinct token is stemmed once. Starting nltk takes a second in every process, so the
workers that share a large corpus use the stemmer and the pattern of the query path instead, which
give the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.text import TOKEN_PATTERNS, Analyzer

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]


class Tokens(NamedTuple):
    """The tokens of some texts, without stop words.

    `forms` are the distinct surface forms and `stems` theirs. Token i (both arrays int32) is
    `forms[places[i]]` in text `owners[i]` of `texts`; owners ascend.
    """

    forms: list[str]
    stems: list[str]
    places: Ints
    owners: Ints
    texts: int


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first asked for."""

    def __missing__(self, string: str) -> int:
        self[string] = number = len(self)
        return number


def tokens(texts: Iterable[str], analyzer: Analyzer, *, with_nltk: bool) -> Tokens:
    """Analyse texts: with nltk's tokenizer and stemmer, or with ours."""
    tokenize, stem = _nltk(analyzer) if with_nltk else (analyzer.pattern().findall, analyzer.term)
    normalise, runs = analyzer.normalise, list[str]()
    lengths = []
    for text in texts:
        in_text = normalise(text).split()
        runs += in_text
        lengths.append(len(in_text))
    of_runs = _Numbers()
    numbers = np.array(list(map(of_runs.__getitem__, runs)), np.int32)
    owners = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
    forms, stop = _Numbers(), frozenset(analyzer.stop_words)
    parts = [[forms[f] for f in tokenize(run) if f not in stop] for run in of_runs]
    sizes = np.array([len(part) for part in parts], np.int32)
    flat = np.array([form for part in parts for form in part], np.int32)
    places, owners = flat[_stretches(sizes, numbers)], np.repeat(owners, sizes[numbers])
    return Tokens(list(forms), [stem(form) for form in forms], places, owners, len(lengths))


def _stretches(sizes: Ints, chosen: Ints) -> npt.NDArray[np.int64]:
    """The places of some of the stretches that lie in a row, given the sizes of all."""
    starts, lengths = np.cumsum(sizes) - sizes, sizes[chosen]
    ends = np.cumsum(lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
    return np.asarray(np.repeat(starts[chosen], lengths) + within)


@cache
def _nltk(analyzer: Analyzer) -> tuple[Callable[[str], list[str]], Callable[[str], str]]:
    from nltk.stem import SnowballStemmer
    from nltk.tokenize import RegexpTokenizer

    stemmers: dict[str, Any] = {"snowball-english": lambda: SnowballStemmer("english").stem}
    tokenizer = RegexpTokenizer(TOKEN_PATTERNS[analyzer.token_pattern])
    return tokenizer.tokenize, stemmers[analyzer.stemmer]()


def joined(parts: Sequence[Tokens]) -> Tokens:
    """The tokens of several parts as one."""
    numbers, stems, texts = _Numbers(), list[str](), 0
    places, owners = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for part in parts:
        known = np.array(list(map(numbers.__getitem__, part.forms)), np.int32)
        new = (known >= len(stems)).tolist()
        stems += [stem for stem, is_new in zip(part.stems, new, strict=True) if is_new]
        places.append(known[part.places])
        owners.append(part.owners + np.int32(texts))
        texts += part.texts
    return Tokens(list(numbers), stems, np.concatenate(places), np.concatenate(owners), texts)
