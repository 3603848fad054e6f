"""Reader of query logs: the queries of a file, with how often each was asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tipsearch.corpus.textfile import (
    FilePath,
    display_name,
    numbered_lines,
    parse_json_object,
    parse_tsv_query,
    query_field,
)
from tipsearch.errors import LineError, SourceError

MAX_COUNT = 10**12  # of one query, so that sums stay exact in any table
ADVICE = 'write a query, id<TAB>text or {"text": ..., "count": ...} on each line'


class Log(NamedTuple):
    """The queries of a log with their counts, in order of the lines, and the number of blank lines.

    A query is in `queries` once for each line that has it.
    """

    queries: list[tuple[str, int]]
    blank: int


def read_log(path: FilePath) -> Log:
    """Read the queries of a file, or of standard input where `path` is "-".

    The first line decides the layout of all: `{"text": ..., "count": ...}`, where the count may be
    missing and is then 1; `id<TAB>text`, as `tipsearch eval` takes it, of which ids are ignored; or
    the text alone. Raises SourceError and LineError.
    """
    queries = list[tuple[str, int]]()
    blank, parse = 0, None
    for number, line in numbered_lines(path, "query", ADVICE):
        if not line.strip():
            blank += 1
            continue
        parse = parse or _parser(line)
        try:
            queries.append(parse(line))
        except (ValueError, RecursionError) as error:
            raise LineError(display_name(path), number, str(error), ADVICE) from None
    if not queries:
        raise SourceError(display_name(path), "no query in it", ADVICE)
    if parse is _tsv and all(text.isdecimal() for text, _ in queries):
        advice = 'write {"text": ..., "count": ...} where the second column counts'
        raise SourceError(
            display_name(path), "what follows the tabs is numbers, not queries", advice
        )
    return Log(queries, blank)


def _parser(line: str) -> Callable[[str], tuple[str, int]]:
    """The parser of the layout of a line."""
    return _json if line.lstrip().startswith("{") else _tsv if "\t" in line.strip() else _plain


def _json(line: str) -> tuple[str, int]:
    data = parse_json_object(line)
    count = data.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_COUNT:
        raise ValueError(f"the count {count!r} is no whole number from 1 to 10^12")
    return query_field(data.get("text"), "text"), count


def _tsv(line: str) -> tuple[str, int]:
    return parse_tsv_query(line)[1], 1


def _plain(line: str) -> tuple[str, int]:
    return query_field(line, "text"), 1
