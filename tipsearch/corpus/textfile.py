"""Readers of text files by line, with errors that name the file and the line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from tipsearch.errors import LineError, SourceError

FilePath = str | PathLike[str]
STDIN = "-"


def display_name(path: FilePath) -> str:
    """The name of a file in messages; "-" is standard input."""
    return "<stdin>" if fspath(path) == STDIN else str(path)


def numbered_lines(path: FilePath, noun: str, advice: str) -> Iterator[tuple[int, str]]:
    """The number (from 1) and text of each line of a file of UTF-8; "-" is standard input.

    Blank lines are included. `noun` names in messages what a line holds, `advice` how to write it.
    Raises SourceError where the file cannot be read or is all white space, and LineError where a
    line is not UTF-8.
    """
    try:
        data = sys.stdin.buffer.read() if fspath(path) == STDIN else Path(path).read_bytes()
    except OSError as error:
        reason = f"cannot be read: {error.strerror}"
        raise SourceError(display_name(path), reason, "name a file that can") from None
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data.strip():
        raise SourceError(display_name(path), f"no {noun} in it", advice)
    for number, line in enumerate(data.splitlines(), start=1):
        try:
            yield number, line.decode()
        except UnicodeDecodeError:
            advice = "save the file as UTF-8"
            raise LineError(display_name(path), number, "not UTF-8", advice) from None


def nonblank_lines(path: FilePath, noun: str, advice: str) -> Iterator[tuple[int, str]]:
    """The lines of `numbered_lines` that are not blank; there is at least one."""
    return ((number, line) for number, line in numbered_lines(path, noun, advice) if line.strip())


def parse_json(line: str) -> Any:
    """The JSON value of a line. Raises ValueError with the reason in plain words."""
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        reason = error.msg.removesuffix(" at")  # of "Unterminated string starting at"
        raise ValueError(f"not JSON: {reason} at column {error.colno}") from None
    except RecursionError:
        raise ValueError("not JSON that can be read: nested too deeply") from None
    except ValueError:  # Python's own message is about its settings
        raise ValueError("not JSON that can be read: a number of too many digits") from None


def parse_json_object(line: str) -> dict[str, Any]:
    """The JSON object of a line. Raises ValueError with the reason in plain words."""
    data = parse_json(line)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    return data


def parse_tsv_query(line: str) -> tuple[str, str]:
    """The id and the text of a line `id<TAB>text`. Raises ValueError."""
    id, tab, text = line.partition("\t")
    if not tab:
        raise ValueError("no tab between id and text")
    return query_field(id, "id"), query_field(text, "text")


def query_field(value: Any, name: str) -> str:
    """The id or the text of a query, checked and stripped; `name` is "id" or "text".

    Raises ValueError for what is no string, is blank, or has half of a surrogate pair.
    """
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"a query without {name}")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f"half of a surrogate pair in its {name}") from None
    return value.strip()
