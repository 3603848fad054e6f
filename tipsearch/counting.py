"""Which words has each post? The analysis of many posts at once.

Many texts are normalised and split at their spaces in one go; each distinct run of characters is
tokenised once, and each distinct token stemmed once. That is nltk's work, but starting it takes a
second in every process: a large corpus, which several share, and a few posts that change are
given to the pattern and the stemmer of the query path, which give the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.text import TOKEN_PATTERNS, Analyzer

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]


class Words(NamedTuple):
    """The words of some texts: word i is `forms[places[i]]`, in text `owners[i]`.

    `forms` are distinct; the arrays are int32 and `owners` ascend; there are `texts` texts.
    """

    forms: list[str]
    places: Ints
    owners: Ints
    texts: int


class Tokens(NamedTuple):
    """The tokens of some texts, stop words left out, and the `stems` of their forms."""

    words: Words
    stems: list[str]


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first asked for."""

    def __missing__(self, string: str) -> int:
        self[string] = number = len(self)
        return number


def split(texts: Sequence[str], analyzer: Analyzer) -> Words:
    """The runs of characters between spaces in the normalised texts."""
    numbers = _Numbers()
    plain = [i for i, text in enumerate(texts) if text.isascii()]
    other = [i for i, text in enumerate(texts) if not text.isascii()]
    places, owners = [], []
    for chosen in (plain, other):  # apart, since what is plain is normalised much faster
        runs, lengths = _runs([texts[i] for i in chosen], analyzer)
        places.append(np.array(list(map(numbers.__getitem__, runs)), np.int32))
        owners.append(np.repeat(np.array(chosen, np.int32), lengths))
    order = np.argsort(np.concatenate(owners), kind="stable")
    return Words(
        list(numbers), np.concatenate(places)[order], np.concatenate(owners)[order], len(texts)
    )


def _runs(texts: list[str], analyzer: Analyzer) -> tuple[list[str], Ints]:
    """The runs of all texts in a row, and how many each text has."""
    # Apostrophes by themselves are no word, so a run of them can stand between two texts.
    mark, runs, between = "'", list[str](), list[int]()
    while len(between) != len(texts):
        mark += "'" * 6
        runs = analyzer.normalise("".join(f"{text} {mark} " for text in texts)).split()
        between = [place for place, run in enumerate(runs) if run == mark]
    lengths = np.diff(between, prepend=-1) - 1
    return [run for run in runs if run != mark], lengths.astype(np.int32)


def joined(parts: Sequence[Words]) -> Words:
    """The words of several parts as one."""
    numbers, texts = _Numbers(), 0
    places, owners = [np.zeros(0, np.int32)], [np.zeros(0, np.int32)]
    for part in parts:
        known = np.array(list(map(numbers.__getitem__, part.forms)), np.int32)
        places.append(known[part.places])
        owners.append(part.owners + np.int32(texts))
        texts += part.texts
    return Words(list(numbers), np.concatenate(places), np.concatenate(owners), texts)


def tokens(
    runs: Words,
    analyzer: Analyzer,
    tokenize: Callable[[str], list[str]],
    stem: Callable[[list[str]], list[str]],
) -> Tokens:
    """The tokens of what `split` gave; `stem` gives the stems of a list of forms."""
    forms, stop = _Numbers(), frozenset(analyzer.stop_words)
    parts = [
        [forms[form] for form in (tokenize(run) if "'" in run else (run,)) if form not in stop]
        for run in runs.forms
    ]
    sizes = np.array([len(part) for part in parts], np.int32)
    flat = np.array([form for part in parts for form in part], np.int32)
    places = flat[_stretches(sizes, runs.places)]
    owners = np.repeat(runs.owners, sizes[runs.places])
    return Tokens(Words(list(forms), places, owners, runs.texts), stem(list(forms)))


def stems(forms: list[str], analyzer: Analyzer) -> list[str]:
    """The stem of each form."""
    return [analyzer.term(form) for form in forms]


@cache
def nltk_tools(
    analyzer: Analyzer,
) -> tuple[Callable[[str], list[str]], Callable[[list[str]], list[str]]]:
    """nltk's tokenizer, and its stemmer over lists, for `tokens`."""
    from nltk.stem import SnowballStemmer
    from nltk.tokenize import RegexpTokenizer

    stemmers: dict[str, Any] = {"snowball-english": lambda: SnowballStemmer("english").stem}
    stem = stemmers[analyzer.stemmer]()
    tokenizer = RegexpTokenizer(TOKEN_PATTERNS[analyzer.token_pattern])
    return tokenizer.tokenize, lambda forms: [stem(form) for form in forms]


def _stretches(sizes: Ints, chosen: Ints) -> npt.NDArray[np.int64]:
    """The places of some of the stretches that lie in a row, given the sizes of all."""
    starts, lengths = np.cumsum(sizes) - sizes, sizes[chosen]
    ends = np.cumsum(lengths)
    within = np.arange(int(lengths.sum())) - np.repeat(ends - lengths, lengths)
    return np.asarray(np.repeat(starts[chosen], lengths) + within)
