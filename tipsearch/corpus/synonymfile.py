"""Reader of synonym files: groups of words that mean the same, in Solr's format.

A line is a group, `refund, reimbursement`, or goes one way, `cod => cash on delivery, c.o.d.`.
Entries may have several words. A backslash takes the meaning from the character behind it, so that
`\\,` and `\\=>` are part of an entry. Blank lines, empty entries, and lines that start with # are
ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import PathLike
from typing import NamedTuple

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.textfile import FilePath, display_name, numbered_lines
from tipsearch.errors import LineError, SettingError, SourceError

ADVICE = 'write "a, b, c" for words that mean the same, or "a, b => c" for one way'
_PIECE = re.compile(r"=>|,|\\?.", re.DOTALL)
_SPECIAL = re.compile(r"\\|,|=(?=>)|^#")


class SynonymRule(NamedTuple):
    """Each of the `targets` is a synonym of each of the `sources`; in a group both are the same.

    >>> str(SynonymRule(("a", "b"), ("a", "b"))), str(SynonymRule(("24,7",), ("all day", "always")))
    ('a, b', '24\\\\,7 => all day, always')
    """

    sources: tuple[str, ...]
    targets: tuple[str, ...]

    def __str__(self) -> str:
        """The line of a file that gives this rule."""
        sides = [self.sources] if self.sources == self.targets else [self.sources, self.targets]
        entries = [[_SPECIAL.sub(r"\\\g<0>", entry) for entry in side] for side in sides]
        return " => ".join(map(", ".join, entries))

    def to_json(self) -> list[list[str]]:
        """The rule as JSON types; `from_json` takes it back."""
        return [[*self.sources], [*self.targets]]

    @classmethod
    def from_json(cls, data: list[list[str]], analyzer: Analyzer) -> SynonymRule:
        """The rule that `to_json` wrote. Raises ValueError for an entry without a word."""
        sources, targets = map(tuple, data)
        for entry in dict.fromkeys(sources + targets):
            _check_entry(entry, analyzer)
        return cls(sources, targets)


def read_rules(given: FilePath | Iterable[str] | None, analyzer: Analyzer) -> list[SynonymRule]:
    """Read the rules of a file, or of its lines; there are none in None. "-" is standard input.

    Raises SourceError where the file has no rule, LineError for a line that is none, and
    SettingError for what is neither a file nor lines.
    """
    if given is None:
        return []
    if isinstance(given, str | PathLike):
        name, lines = display_name(given), numbered_lines(given, "synonym", ADVICE)
    else:
        name, lines = "synonyms", enumerate(_checked(given), start=1)
    rules = []
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            rules.append(parse_rule(line, analyzer))
        except ValueError as error:
            raise LineError(name, number, str(error), ADVICE) from None
    if not rules and isinstance(given, str | PathLike):
        raise SourceError(name, "no synonym in it", ADVICE)
    return rules


def _checked(lines: Iterable[str]) -> list[str]:
    """The lines as a list. Raises SettingError unless they are texts that can be stored."""
    listed = list(lines) if isinstance(lines, Iterable) else [lines]
    for line in listed:
        if not isinstance(line, str) or re.search("[\ud800-\udfff]", line):
            raise SettingError("synonyms", line, "the name of a file, or its lines in a list")
    return listed


def parse_rule(line: str, analyzer: Analyzer) -> SynonymRule:
    r"""The rule of a line. Raises ValueError with the reason in plain words.

    >>> parse_rule("i-pod, i pod => ipod,", Analyzer())
    SynonymRule(sources=('i-pod', 'i pod'), targets=('ipod',))
    >>> parse_rule(r"AT\,T, AT&T", Analyzer()).sources
    ('AT,T', 'AT&T')
    """
    sides = [[""]]
    for piece in _PIECE.findall(line):
        if piece == "=>":
            sides.append([""])
        elif piece == ",":
            sides[-1].append("")
        else:
            sides[-1][-1] += piece[-1]
    entries = [(*dict.fromkeys(filter(None, map(_tidy, side))),) for side in sides]
    if len(entries) > 2:
        raise ValueError('more than one "=>"')
    for side, where in zip(entries, ("before", "after"), strict=False):
        if not side:
            raise ValueError(f'nothing {where} "=>"' if len(entries) == 2 else "no entry")
        for entry in side:
            _check_entry(entry, analyzer)
    if len(entries) == 1 and len(entries[0]) == 1:
        raise ValueError(f"{entries[0][0]!r} stands alone")
    return SynonymRule(entries[0], entries[-1])


def _tidy(entry: str) -> str:
    return " ".join(entry.split())


def _check_entry(entry: str, analyzer: Analyzer) -> None:
    """Raise ValueError where no word of an entry can be searched for."""
    words = analyzer.tokens(entry)
    if not words:
        raise ValueError(f"no letter or digit in {entry!r}")
    if all(word in analyzer.stop_words for word in words):
        raise ValueError(f"only stop words in {entry!r}")
