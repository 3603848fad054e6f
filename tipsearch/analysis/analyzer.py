"""Text analysis: normalise, tokenise, remove stop words, unify spelling, stem.

The steps of an `Analyzer` are defined here. A build runs them with nltk (`build.counting`), a query
with the standard library alone; both give the same terms.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from typing import Any

from tipsearch.analysis import compounds
from tipsearch.analysis.american import american
from tipsearch.errors import SettingError

# Each character gives one character, so offsets in the text stay valid.
_UNIFIED = {
    **dict.fromkeys(map(ord, "‘’‚‛′ʼ`´"), "'"),
    **dict.fromkeys(map(ord, "“”–—…•\xa0"), " "),
    **dict.fromkeys(map(ord, "\xad‐‑‒⁃−"), "-"),
}

_ASCII = {
    code: char.lower() if char.isalnum() or char in f"'{compounds.JOINERS}" else " "
    for code, char in enumerate(map(chr, range(128)))
} | {ord("`"): "'"}

_FOLDED_TITLE: dict[int, str | None] = {
    code: char.lower() if char.isalnum() else None if char == "'" else " "
    for code, char in enumerate(map(chr, range(128)))
}

# English function words, with their contractions.
STOP_WORDS = tuple(
    sorted(
        set(
            """
    a about after again against all also am an and any are aren't as at be because been before
    being between both but by can can't cannot could couldn't did didn't do does doesn't doing
    don't down during each few for from further had hadn't has hasn't have haven't having he he'd
    he'll he's her here here's hers herself him himself his how how's i i'd i'll i'm i've if in
    into is isn't it it's its itself just let's me might more most must my myself no nor not now
    of off on once only or other ought our ours ourselves out over own same shall she she'd
    she'll she's should shouldn't so some such than that that's the their theirs them themselves
    then there there's these they they'd they'll they're they've this those through to too under
    until up us very was wasn't we we'd we'll we're we've were weren't what what's when when's
    where where's which while who who's whom why why's will with won't would wouldn't you you'd
    you'll you're you've your yours yourself yourselves
    """.split()
        )
    )
)


def _nfkc_lower_latin(text: str) -> str:
    """NFKC, lower case, straight quotes, Latin letters without accents.

    Letters, digits, marks of other scripts and apostrophes stay, and joiners between two words (see
    `analysis.compounds`). All else becomes a space. After that a token pattern needs no character
    classes, which nltk's regular expressions and those of the standard library define differently.
    """
    if not text.isascii():  # ASCII, which most English text is, needs none of this
        text = unicodedata.normalize("NFKC", text.translate(_UNIFIED)).lower()
        text = _NOT_ASCII_OR_WORD.sub(_marks_of_letter, text.translate(_without_accents()))
    return compounds.without_stray(text.translate(_ASCII))


_NOT_ASCII_OR_WORD = re.compile(r"[^\x00-\x7f\w]+")


def _marks_of_letter(match: re.Match[str]) -> str:
    """The matched characters; a space for each but marks on the letter before, as vowel signs."""
    kept, characters = match.string[match.start() - 1 : match.start()].isalpha(), list[str]()
    for character in match[0]:
        kept = kept and unicodedata.category(character).startswith("M")
        characters.append(character if kept else " ")
    return "".join(characters)


@cache
def _without_accents() -> dict[int, str]:
    """Each lower-case Latin letter with an accent, and the ASCII letter that it stands for."""
    plain = {ord(letter): base for letter, base in zip("øłđħŧı", "oldhti", strict=True)}
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        base = unicodedata.normalize("NFD", chr(code))[0]
        if base.isascii():
            plain[code] = base
    return plain


def _porter2(token: str) -> str:
    from tipsearch.analysis.stemmer import stem  # few queries need it

    return stem(token)


NORMALISERS: dict[str, Callable[[str], str]] = {"nfkc-lower-latin": _nfkc_lower_latin}
# A word is a run of letters and digits, with apostrophes inside; a joiner ends it.
TOKEN_PATTERNS: dict[str, str] = {"words-and-compounds": compounds.WORD}
SPELLINGS: dict[str, Callable[[str], str]] = {"american": american}
STEMMERS: dict[str, Callable[[str], str]] = {"snowball-english": _porter2}


@dataclass(frozen=True, slots=True)
class Analyzer:
    """The steps from a text to its terms: normalise, tokenise, remove stop words, spell, stem.

    Analyzers with equal fields give equal terms. The manifest of an index has the names of the
    steps. Raises SettingError for an unknown name, and for stop words that are not normalised.

    >>> Analyzer().analyze("The customer’s e-mail was “apologising”")
    ['custom', 'e', 'mail', 'email', 'apolog']
    """

    normaliser: str = "nfkc-lower-latin"
    token_pattern: str = "words-and-compounds"
    stop_words: tuple[str, ...] = STOP_WORDS
    spelling: str = "american"
    stemmer: str = "snowball-english"

    def __post_init__(self) -> None:
        for name, known in (
            ("normaliser", NORMALISERS),
            ("token_pattern", TOKEN_PATTERNS),
            ("spelling", SPELLINGS),
            ("stemmer", STEMMERS),
        ):
            if getattr(self, name) not in [*known]:  # a list, since the value may be unhashable
                raise SettingError(
                    f"analyzer.{name}", getattr(self, name), f"one of {', '.join(sorted(known))}"
                )
        words = " ".join(self.stop_words)
        if self.normalise(words) != words:
            raise SettingError("analyzer.stop_words", words, "words as normalised: 'the', 'don't'")

    def normalise(self, text: str) -> str:
        """The normalised text, from which `pattern` takes the tokens."""
        return NORMALISERS[self.normaliser](text)

    def pattern(self) -> re.Pattern[str]:
        """The regular expression of one token of a normalised text."""
        return re.compile(TOKEN_PATTERNS[self.token_pattern])

    def tokens(self, text: str) -> list[str]:
        """The tokens of `text`, in order, with stop words, without joined words."""
        return self.pattern().findall(self.normalise(text))

    def sequence(self, text: str) -> list[tuple[str, int]]:
        """The tokens of `text`, with stop words and joined words: see `compounds.sequence`."""
        return compounds.sequence(self.normalise(text), self.pattern().findall, self.stop_words)

    def spelt(self, token: str) -> str:
        """The one spelling of a surface form, from which the stemmer takes its stem."""
        return SPELLINGS[self.spelling](token)

    def term(self, token: str) -> str:
        """The term of a surface form: the stem of its spelling."""
        return STEMMERS[self.stemmer](self.spelt(token))

    def analyze(self, text: str) -> list[str]:
        """The terms of `text`, in order, without stop words; a joined word follows its parts."""
        stop = set(self.stop_words)
        return [self.term(token) for token, _ in self.sequence(text) if token not in stop]

    def spans(
        self, text: str, forms: Container[str] | None = None
    ) -> Iterator[tuple[int, int, str]]:
        """Start, end and surface form of each token of `text` that is in `forms`.

        A compound whose joined word is in `forms` is one token. Without `forms` each token is
        given, and no joined word. The offsets are of `text` as it is, not of the normalised text.
        Where normalising changes a length ("ﬁ" becomes "fi"), they are those of the whole run
        between white space.
        """
        if forms is None:
            yield from self._placed(text, self._words)
        else:
            yield from self._placed(text, lambda normalised: self._matches(normalised, forms))

    def joined_spans(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Start, end and joined word of each compound of `text`; offsets as in `spans`."""
        return self._placed(text, self._joined)

    def _placed(
        self, text: str, find: Callable[[str], Iterable[tuple[int, int, str]]]
    ) -> Iterator[tuple[int, int, str]]:
        """What `find` finds in the normalised text, with the offsets that it has in `text`."""
        if text.isascii():  # offsets are the same in both
            yield from find(self.normalise(text))
            return
        for run in re.finditer(r"\S+", text):
            start, end = run.span()
            normalised = self.normalise(run.group())
            exact = len(normalised) == end - start
            for first, last, form in find(normalised):
                yield *((start + first, start + last) if exact else (start, end)), form

    def _words(self, normalised: str) -> Iterator[tuple[int, int, str]]:
        return (
            (match.start(), match.end(), match[0]) for match in self.pattern().finditer(normalised)
        )

    def _joined(self, normalised: str) -> Iterator[tuple[int, int, str]]:
        found = compounds.compounds(normalised, self.stop_words)
        return ((compound.start, compound.end, compound.joined) for compound in found)

    def _matches(self, normalised: str, forms: Container[str]) -> Iterator[tuple[int, int, str]]:
        """Words and whole compounds in `forms`; a word inside such a compound is left out."""
        whole = {start: (start, end, form) for start, end, form in self._joined(normalised)
                 if form in forms}  # fmt: skip
        done = 0
        for start, end, form in self._words(normalised):
            if start in whole:
                done = whole[start][1]
                yield whole[start]
            elif start >= done and form in forms:
                yield start, end, form

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON types; `from_json` takes them back."""
        return {**asdict(self), "stop_words": list(self.stop_words)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Analyzer:
        """The analyzer that `to_json` wrote. Raises SettingError for other keys or values."""
        names = {field.name for field in fields(cls)}
        if not isinstance(data, dict) or data.keys() != names:
            raise SettingError(
                "analyzer",
                [*data] if isinstance(data, dict) else data,
                f"the settings {sorted(names)}",
            )
        words = data["stop_words"]
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise SettingError("analyzer.stop_words", words, "a list of words")
        return cls(**{**data, "stop_words": tuple(data["stop_words"])})


def fold(title: str) -> str:
    """A title folded for comparison: lower case, no apostrophes, other punctuation as one space.

    A title of punctuation alone keeps it.

    >>> fold("In Service Recovery – Say “It” Like…") == fold("in service recovery - say it like...")
    True
    """
    if title.isascii():
        words = title.translate(_FOLDED_TITLE).split()
    else:
        text = unicodedata.normalize("NFKC", title).casefold()
        words = re.sub(r"[^\w\s]|_", lambda m: "" if m[0] in "'’‘ʼ" else " ", text).split()
    return " ".join(words) or " ".join(unicodedata.normalize("NFKC", title).casefold().split())
