"""Counting words: normalises, tokenises and stems many texts at once.

Many texts are normalised and split at white space at once. Then each distinct run of characters is
tokenised once, and each distinct token stemmed once. nltk does that for a build in one process; to
load it takes a second in each process. So a large corpus, which several processes share, and an
update use the pattern and the stemmer of the query path, which give the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.analyzer import TOKEN_PATTERNS, Analyzer

if TYPE_CHECKING:
    import numpy.typing as npt

    Ints = npt.NDArray[np.int32]


class Words(NamedTuple):
    """The words of some texts, one after the other; text i has the next `lengths[i]` of them.

    Word j is `forms[places[j]]`. The `forms` are distinct. Both arrays are int32.
    """

    forms: list[str]
    places: Ints
    lengths: Ints


class Tokens(NamedTuple):
    """The tokens of some texts without stop words; `stems[i]` is the stem of `words.forms[i]`."""

    words: Words
    stems: list[str]


NO_WORDS = Words([], np.zeros(0, np.int32), np.zeros(0, np.int32))
NO_TOKENS = Tokens(NO_WORDS, [])


class _Numbers(dict[str, int]):
    """Numbers strings in the order in which they are first asked for."""

    def __missing__(self, string: str) -> int:
        self[string] = number = len(self)
        return number


def split(texts: Sequence[str], analyzer: Analyzer) -> Words:
    """The runs of characters between white space in the normalised texts."""
    mask = np.fromiter(map(str.isascii, texts), bool, len(texts))
    # ASCII texts are normalised much faster, so the others are kept apart.
    plain, plain_lengths = _runs([t for t, m in zip(texts, mask, strict=True) if m], analyzer)
    other, other_lengths = _runs([t for t, m in zip(texts, mask, strict=True) if not m], analyzer)
    numbers, lengths = _Numbers(), np.empty(len(texts), np.int32)
    lengths[mask], lengths[~mask] = plain_lengths, other_lengths
    places = np.empty(len(plain) + len(other), np.int32)
    of_plain = np.repeat(mask, lengths)
    places[of_plain] = list(map(numbers.__getitem__, plain))
    places[~of_plain] = list(map(numbers.__getitem__, other))
    return Words(list(numbers), places, lengths)


def _runs(texts: Sequence[str], analyzer: Analyzer) -> tuple[list[str], Ints]:
    """The runs of all texts, one after the other, and how many each text has."""
    # A run of apostrophes is no word, so a long one can separate two texts.
    mark, runs, between = "'", list[str](), list[int]()
    while len(between) != len(texts):
        mark += "'" * 6
        runs = analyzer.normalise("".join(f"{text} {mark} " for text in texts)).split()
        between = [place for place, run in enumerate(runs) if run == mark]
    lengths = np.diff(between, prepend=-1) - 1
    return [run for run in runs if run != mark], lengths.astype(np.int32)


def joined(parts: Sequence[Words]) -> Words:
    """The words of all parts, one after the other."""
    if len(parts) == 1:
        return parts[0]
    numbers, empty = _Numbers(), [np.zeros(0, np.int32)]
    renumbered = [np.array(list(map(numbers.__getitem__, part.forms)), np.int32) for part in parts]
    places = [number[part.places] for number, part in zip(renumbered, parts, strict=True)]
    lengths = np.concatenate(empty + [part.lengths for part in parts])
    return Words(list(numbers), np.concatenate(empty + places), lengths)


def tokens(
    runs: Words,
    analyzer: Analyzer,
    tokenize: Callable[[str], list[str]],
    stem: Callable[[list[str]], list[str]],
) -> Tokens:
    """The tokens of the words that `split` returned, without stop words.

    `tokenize` splits one run into tokens; `stem` returns the stem of each form of a list.
    """
    stop = frozenset(analyzer.stop_words)
    # A run without an apostrophe is one token; all others are looked at one by one.
    odd = np.array(["'" in run or run in stop for run in runs.forms], bool)
    numbers = _Numbers()
    for run, is_odd in zip(runs.forms, odd.tolist(), strict=True):
        if not is_odd:
            numbers[run] = len(numbers)
    first = np.cumsum(~odd, dtype=np.int32) - 1
    places, lengths, more = runs.places, runs.lengths.copy(), list[tuple[int, int]]()
    for place in np.flatnonzero(odd).tolist():
        found = [numbers[form] for form in tokenize(runs.forms[place]) if form not in stop]
        first[place] = found[0] if found else -1
        more += [(place, number) for number in found[1:]]
    ends, inserted = np.cumsum(lengths), [np.zeros(0, np.int64)]
    for place, _ in more:
        inserted.append(np.flatnonzero(places == place))
        np.add.at(lengths, np.searchsorted(ends, inserted[-1], side="right"), 1)
    places = first[places]
    if more:
        numbers_of = [np.full(len(at), n) for at, (_, n) in zip(inserted[1:], more, strict=True)]
        places = np.insert(places, np.concatenate(inserted), np.concatenate(numbers_of))
    kept = places >= 0
    before = np.zeros(len(kept) + 1, np.int32 if len(kept) < 2**31 else np.int64)
    np.cumsum(kept, dtype=before.dtype, out=before[1:])
    ends = np.cumsum(lengths)
    lengths = before[ends] - before[ends - lengths]
    forms = list(numbers)
    return Tokens(Words(forms, places[kept], lengths), stem(forms))


def stems(forms: list[str], analyzer: Analyzer) -> list[str]:
    """The stem of each form."""
    return [analyzer.term(form) for form in forms]


@cache
def nltk_tools(
    analyzer: Analyzer,
) -> tuple[Callable[[str], list[str]], Callable[[list[str]], list[str]]]:
    """The arguments `tokenize` and `stem` of `tokens`, by nltk."""
    from nltk.stem import SnowballStemmer
    from nltk.tokenize import RegexpTokenizer

    stemmers: dict[str, Any] = {"snowball-english": lambda: SnowballStemmer("english").stem}
    stem = stemmers[analyzer.stemmer]()
    tokenizer = RegexpTokenizer(TOKEN_PATTERNS[analyzer.token_pattern])
    return tokenizer.tokenize, lambda forms: [stem(form) for form in forms]
