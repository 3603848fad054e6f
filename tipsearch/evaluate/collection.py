"""Readers of test collections: queries, judgments (qrels) and runs, as of BEIR or TREC.

The first line of a file decides its layout. A line of another layout is an error with file and
line: a judgment that is skipped would change the measures.
"""

import math
import re
from collections.abc import Mapping, Sequence

from tipsearch.corpus.textfile import (
    FilePath,
    display_name,
    nonblank_lines,
    parse_json_object,
    parse_tsv_query,
    query_field,
)
from tipsearch.errors import LineError, SourceError

MAX_GRADE = 1_000  # trec_eval has an array as long as the greatest grade
BEIR_HEADER = ["query-id", "corpus-id", "score"]
RUN_TAG = "tipsearch"


def read_queries(path: FilePath) -> dict[str, str]:
    """Return the texts of the queries by id.

    A line is `{"_id" or "id": ..., "text": ...}` or `id<TAB>text`. Raises SourceError and
    LineError.
    """
    advice = 'write {"_id": ..., "text": ...} or id<TAB>text on each line'
    queries = dict[str, str]()
    read = None
    for number, line in nonblank_lines(path, "query", advice):
        read = read or (_json_query if line.lstrip().startswith("{") else parse_tsv_query)
        try:
            id, text = read(line)
            if id in queries:
                raise ValueError(f"a second query with the id {id!r}")
        except (ValueError, RecursionError) as error:
            raise LineError(display_name(path), number, str(error), advice) from None
        queries[id] = text
    return queries


def _json_query(line: str) -> tuple[str, str]:
    data = parse_json_object(line)
    id = data.get("_id", data.get("id"))
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    return query_field(id, "id"), query_field(data.get("text"), "text")


def read_qrels(path: FilePath) -> dict[str, dict[str, int]]:
    """Return the grades of the judged posts by query and post id.

    A line is `query<TAB>post<TAB>grade`, with or without BEIR's header, or TREC's `query 0 post
    grade`. A grade is a whole number; a grade above 0 is relevant. Raises SourceError, LineError.
    """
    advice = "write query<TAB>post<TAB>grade, or the 'query 0 post grade' of TREC, on each line"
    qrels = dict[str, dict[str, int]]()
    columns = 0
    for number, line in nonblank_lines(path, "judgment", advice):
        if not columns:
            columns = 3 if line.count("\t") == 2 else 4
            if line.strip().split("\t") == BEIR_HEADER:
                continue
        try:
            query, post, grade = _judgment(line, columns)
        except ValueError as error:
            raise LineError(display_name(path), number, str(error), advice) from None
        if qrels.setdefault(query, {}).setdefault(post, grade) != grade:
            reason = f"another grade for query {query!r} and post {post!r} than before"
            raise LineError(display_name(path), number, reason, "keep one of the two")
    if not qrels:
        raise SourceError(display_name(path), "no judgment in it", advice)
    return qrels


def _judgment(line: str, columns: int) -> tuple[str, str, int]:
    """The query, post and grade of a line: BEIR's three columns, or TREC's four."""
    fields = [field.strip() for field in (line.split("\t") if columns == 3 else line.split())]
    if len(fields) != columns:
        raise ValueError(f"columns: {len(fields)} where there should be {columns}")
    query, post, grade = fields[0], fields[-2], fields[-1]
    if not query or not post:
        raise ValueError("an id is empty")
    if not _is_whole(grade) or int(grade) > MAX_GRADE:
        raise ValueError(f"{grade!r} is no whole number up to {MAX_GRADE:,}")
    return query, post, int(grade)


def read_run(path: FilePath) -> dict[str, list[tuple[str, float]]]:
    """Return the hits of each query, id and score, by descending score, then by rank.

    A line is TREC's `query Q0 post rank score tag`. Raises SourceError and LineError.
    """
    advice = "write 'query Q0 post rank score tag', as TREC does, on each line"
    found = dict[str, dict[str, tuple[float, int]]]()
    for number, line in nonblank_lines(path, "hit", advice):
        fields = line.split()
        if len(fields) != 6:
            reason = f"columns: {len(fields)} where there should be 6"
            raise LineError(display_name(path), number, reason, advice)
        query, _, post, rank, score, _ = fields
        if not _is_whole(rank) or not _is_number(score):
            raise LineError(display_name(path), number, "a rank or score that is no number", advice)
        if post in found.setdefault(query, {}):
            reason = f"a second hit {post!r} for query {query!r}"
            raise LineError(display_name(path), number, reason, "keep one of the two")
        found[query][post] = -float(score), int(rank)
    return {
        query: [(post, -hits[post][0]) for post in sorted(hits, key=hits.__getitem__)]
        for query, hits in found.items()
    }


def write_run(run: Mapping[str, Sequence[tuple[str, float]]], path: FilePath) -> None:
    """Write a run in the layout of TREC, which `read_run` reads. Raises SourceError."""
    for id in {id for query, hits in run.items() for id in (query, *(post for post, _ in hits))}:
        if len(id.split()) != 1 or id.strip() != id:
            reason = f"a run file has no room for the white space in the id {id!r}"
            raise SourceError(str(path), reason, "give the query or post another id")
    written = (
        f"{query} Q0 {post} {rank} {score!r} {RUN_TAG}\n"
        for query, hits in run.items()
        for rank, (post, score) in enumerate(hits, start=1)
    )
    try:
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(written)
    except OSError as error:
        reason = f"cannot be written: {error.strerror}"
        raise SourceError(str(path), reason, "name another file") from None


def _is_whole(text: str) -> bool:
    return re.fullmatch(r"[+-]?[0-9]{1,9}", text) is not None


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
