"""Counting words: normalises, tokenises and stems many texts at once.

Many texts are normalised and split at white space at once. Then each distinct run of characters is
tokenised once, and each distinct token stemmed once. A run is a word, or words with joiners between
them: see `analysis.compounds`. nltk does that for a build in one process; to
load it takes a second in each process. So a large corpus, which several processes share, and an
update use the pattern and the stemmer of the query path, which give the same terms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis import compounds
from tipsearch.analysis.analyzer import TOKEN_PATTERNS, Analyzer
from tipsearch.store.ranges import places_of
from tipsearch.store.strings import pointers

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


class Stream(NamedTuple):
    """All tokens of some texts in order, stop words included; text i has the next `lengths[i]`.

    A code from 0 on is the place of a form. Code -1 - s is stop word s of the S that the analyzer
    has. Code -1 - S - n (n from 2 on) marks a joined word, which is the next token: the n tokens
    before are its parts. Both arrays are int32.
    """

    codes: Ints
    lengths: Ints


class Tokens(NamedTuple):
    """The tokens of some texts: `words` without stop words, and `stream` with them.

    `stems[i]` is the stem of `words.forms[i]`, which is also the form of code i in the stream.
    Joined words are among both.
    """

    words: Words
    stems: list[str]
    stream: Stream


NO_WORDS = Words([], np.zeros(0, np.int32), np.zeros(0, np.int32))
NO_TOKENS = Tokens(NO_WORDS, [], Stream(NO_WORDS.places, NO_WORDS.lengths))


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


class _Codes(dict[str, int]):
    """The code of each token in a stream; a new form gets the next place."""

    def __init__(self, stop_words: Sequence[str]) -> None:
        super().__init__({word: -1 - stop_words.index(word) for word in stop_words})
        self._stop_words = len(self)

    def __missing__(self, form: str) -> int:
        self[form] = place = len(self) - self._stop_words
        return place

    def forms(self) -> list[str]:
        """The forms, in order of their places."""
        return list(self)[self._stop_words :]


def tokens(
    runs: Words,
    analyzer: Analyzer,
    tokenize: Callable[[str], list[str]],
    stem: Callable[[list[str]], list[str]],
) -> Tokens:
    """The tokens of the runs that `split` returned.

    `tokenize` splits one run into tokens; `stem` returns the stem of each form of a list.
    """
    codes, stop_words = _Codes(analyzer.stop_words), frozenset(analyzer.stop_words)
    first_marker = -1 - len(analyzer.stop_words)
    # A run of letters and digits is one token. The codes of all others are in `others`.
    is_single = np.fromiter(map(str.isalnum, runs.forms), bool, len(runs.forms))
    sizes, others = np.ones(len(runs.forms), np.int32), list[int]()
    singles = [codes[run] for run in compress(runs.forms, is_single)]
    for place in np.flatnonzero(~is_single).tolist():
        before = len(others)
        for token, parts in compounds.sequence(runs.forms[place], tokenize, stop_words):
            if parts > 1:
                others.append(first_marker - parts)
            others.append(codes[token])
        sizes[place] = len(others) - before
    of_runs = np.empty(int(sizes.sum()), np.int32)
    of_single = np.repeat(is_single, sizes)
    of_runs[of_single], of_runs[~of_single] = singles, others
    stream = Stream(
        of_runs[places_of(pointers(sizes), runs.places)],
        _sums(sizes[runs.places], runs.lengths),
    )
    forms, kept = codes.forms(), stream.codes >= 0
    words = Words(forms, stream.codes[kept], _sums(kept, stream.lengths))
    return Tokens(words, stem(forms), stream)


def without_joined(tokens: Tokens, analyzer: Analyzer) -> Words:
    """All tokens but joined words, stop words included, as words."""
    stream, stop_words = tokens.stream, analyzer.stop_words
    marks = stream.codes < -len(stop_words)
    kept = ~marks
    kept[1:] &= ~marks[:-1]
    codes, forms = stream.codes[kept], [*tokens.words.forms, *stop_words]
    places = np.where(codes >= 0, codes, len(tokens.words.forms) - 1 - codes)
    used = np.flatnonzero(np.bincount(places, minlength=len(forms)))
    number = np.zeros(len(forms), np.int32)
    number[used] = np.arange(len(used))
    lengths = _sums(kept, stream.lengths)
    return Words([forms[i] for i in used.tolist()], number[places], lengths)


def _sums(values: npt.NDArray[Any], lengths: Ints) -> Ints:
    """The sum of the values of each text; text i has the next `lengths[i]` of them."""
    before = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=before[1:])
    ends = np.cumsum(lengths)
    sums: Ints = (before[ends] - before[ends - lengths]).astype(np.int32)
    return sums


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
    return tokenizer.tokenize, lambda forms: [stem(analyzer.spelt(form)) for form in forms]
