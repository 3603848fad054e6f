"""Reader of JSON Lines: a post a line, in the layout of the public retrieval collections.

A line is `{"id" or "_id", "title"?, "text", "date"?, "categories"?, "kind"?, "url"?}`; keys with ?
may be missing, and other keys are ignored.
"""

import json
from collections.abc import Sequence
from datetime import date as Date
from typing import Any

from tipsearch.corpus.draft import Draft, Page
from tipsearch.corpus.files import MAX_LINE_BYTES, OVERLONG_LINE
from tipsearch.corpus.textfile import parse_json


def parse(lines: Sequence[str]) -> Page:
    """Parse the lines of a file: a draft of each post, and why each other line is refused."""
    drafts, refused = list[Draft](), dict[int, str]()
    scan: Any = json.JSONDecoder().scan_once  # type: ignore[attr-defined]
    for number, line in enumerate(lines, start=1):
        try:
            data, end = scan(line, 0)
            drafts.append(_draft(data if end == len(line) else json.loads(line), number))
        except StopIteration:  # no JSON value starts at the first character
            if line.strip():
                _retry(line, number, drafts, refused)
        except (ValueError, RecursionError):
            _retry(line, number, drafts, refused)
    return Page(tuple(drafts), {}, refused)


def _retry(line: str, number: int, drafts: list[Draft], refused: dict[int, str]) -> None:
    """Parse a line the slow way, which allows white space around and gives a reason."""
    try:
        drafts.append(_draft(_decoded(line), number))
    except ValueError as error:
        refused[number] = str(error)


def _decoded(line: str) -> Any:
    """The JSON value of a line. Raises ValueError with the reason in plain words."""
    if line == OVERLONG_LINE:
        raise ValueError(f"longer than {MAX_LINE_BYTES >> 20} MiB, which no post is")
    return parse_json(line)


def _draft(data: Any, number: int) -> Draft:
    """The draft of the JSON value of line `number`. Raises ValueError where it is no post."""
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    get = data.get
    id = get("_id") if get("id") is None else data["id"]
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not id.strip():
        raise ValueError('it needs an "id" (or "_id") that is a string or a whole number')
    if get("text") is None:
        raise ValueError('it needs a "text"')
    categories = get("categories")
    if categories is not None and not isinstance(categories, list):
        raise ValueError('"categories" must be a list of strings')
    kind: Any = get("kind")
    if kind not in (None, "full", "teaser"):
        raise ValueError('"kind" must be "full" or "teaser"')
    title, text, date = get("title"), get("text"), get("date")
    return Draft(
        title if type(title) is str and title.isascii() else _string("title", title),
        text if type(text) is str and text.isascii() else _string("text", text),
        None if date is None else _date(date),
        kind or "full",
        (number,),
        tuple([_category(name) for name in categories]) if categories else (),
        id.strip() if id.isascii() else _string("id", id.strip()),
        _string("url", get("url")) or None,
    )


def _category(name: Any) -> str:
    if name is None:
        raise ValueError('"categories" must be a list of strings')
    return _string("categories", name)


def _string(key: str, value: Any) -> str:
    """The checked value of a key; "" for None. Raises ValueError."""
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be a string')
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f'"{key}" has half of a surrogate pair, which is no character') from None
    return value


def _date(value: Any) -> Date | None:
    """The day of an ISO 8601 date or time; None for an empty value. Raises ValueError."""
    if value is None or value == "":
        return None
    day, rest = (value[:10], value[10:11]) if isinstance(value, str) else ("", "")
    try:
        if rest in ("", "T", " "):  # a time of day may follow
            return Date.fromisoformat(day)
    except ValueError:
        pass
    raise ValueError('"date" must be a day such as "2014-02-04"')
