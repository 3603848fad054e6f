"""What do people ask? The queries of a search log, or customers' questions, as a file has them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tipsearch.corpus.textfile import File, json_object, numbered, part, shown, tsv_query
from tipsearch.errors import LineError, SourceError

MAX_COUNT = 10**12  # times that one query is asked: sums stay whole in any table
ADVICE = 'write a query, id<TAB>text or {"text": ..., "count": ...} on each line'


class Log(NamedTuple):
    """Each query that was read with how often it was asked, in order, and how many lines are blank.

    A query is here as often as lines have it.
    """

    queries: list[tuple[str, int]]
    blank: int


def read_log(path: File) -> Log:
    """The queries of a file, or of standard input where `path` is "-".

    The first line tells the layout: `{"text", "count"?}` a line in JSON, `id<TAB>text` as
    `tipsearch eval` takes it, or the bare text. A query without a count was asked once for each
    line that has it; ids are passed over. Raises SourceError and LineError.
    """
    queries = list[tuple[str, int]]()
    blank, read = 0, None
    for number, line in numbered(path, "query", ADVICE):
        if not line.strip():
            blank += 1
            continue
        read = read or _layout(line)
        try:
            queries.append(read(line))
        except (ValueError, RecursionError) as error:
            raise LineError(shown(path), number, str(error), ADVICE) from None
    if not queries:
        raise SourceError(shown(path), "no query in it", ADVICE)
    if read is _tsv and all(text.isdecimal() for text, _ in queries):
        advice = 'write {"text": ..., "count": ...} where the second column counts'
        raise SourceError(shown(path), "what follows the tabs is numbers, not queries", advice)
    return Log(queries, blank)


def _layout(line: str) -> Callable[[str], tuple[str, int]]:
    return _json if line.lstrip().startswith("{") else _tsv if "\t" in line.strip() else _bare


def _json(line: str) -> tuple[str, int]:
    data = json_object(line)
    count = data.get("count", 1)
    if not isinstance(count, int) or isinstance(count, bool) or not 1 <= count <= MAX_COUNT:
        raise ValueError(f"the count {count!r} is no whole number from 1 to 10^12")
    return part(data.get("text"), "text"), count


def _tsv(line: str) -> tuple[str, int]:
    return tsv_query(line)[1], 1


def _bare(line: str) -> tuple[str, int]:
    return part(line, "text"), 1
