"""A file of lines: UTF-8, numbered from 1. What it cannot be is an error that names it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from tipsearch.errors import LineError, SourceError

File = str | PathLike[str]
STDIN = "-"


def shown(path: File) -> str:
    """What to call a file in a message; "-" is standard input."""
    return "<stdin>" if fspath(path) == STDIN else str(path)


def numbered(path: File, noun: str, advice: str) -> Iterator[tuple[int, str]]:
    """Number and text of each line, blank ones among them; of "-", those of standard input.

    Raises SourceError where the file cannot be read or holds nothing but white space, which is to
    say no `noun`, and LineError where a line is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if fspath(path) == STDIN else Path(path).read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise SourceError(shown(path), reason, "name a file that can") from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise SourceError(shown(path), f"no {noun} in it", advice)
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            advice = "save the file as UTF-8"
            raise LineError(shown(path), number, "not UTF-8", advice) from None


def lines(path: File, noun: str, advice: str) -> Iterator[tuple[int, str]]:
    """Those of `numbered` that are not blank: one at least."""
    return ((number, line) for number, line in numbered(path, noun, advice) if line.strip())


def json_of(line: str) -> Any:
    """The JSON value that a line holds. Raises ValueError, which says what is wrong with it."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        told = error.msg.removesuffix(" at")  # as in "Unterminated string starting at"
        raise ValueError(f"not JSON: {told} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None
    except ValueError:  # Python's own message speaks of its settings
        raise ValueError("not JSON that can be read: a number of too many digits") from None


def json_object(line: str) -> dict[str, Any]:
    """The JSON object that a line holds. Raises ValueError, which says what is wrong with it."""
    data = json_of(line)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def tsv_query(line: str) -> tuple[str, str]:
    """The id and the text of `id<TAB>text`. Raises ValueError."""
    id, tab, text = line.partition("\t")
    if not tab:
        raise ValueError("no tab between id and text")
    return part(id, "id"), part(text, "text")


def part(value: Any, name: str) -> str:
    """The id or the text of a query, as `name` says, if it can be one. Raises ValueError."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a query without {name}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"half of a surrogate pair in its {name}") from None
    return value.strip()
