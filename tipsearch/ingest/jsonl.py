"""JSON Lines: a post a line, in the layout of the public retrieval collections.

`{"id" or "_id", "title"?, "text", "date"?, "categories"?, "kind"?, "url"?}`: other keys are
ignored.
"""

import json
from collections.abc import Sequence
from datetime import date as Date
from typing import Any

from tipsearch.ingest.draft import Draft, Page


def parse(lines: Sequence[str]) -> Page:
    """A draft for each line that is a post; each other line is refused with its reason."""
    drafts, refused = [], {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                drafts.append(_draft(json.loads(line), number))
            except json.JSONDecodeError as error:
                refused[number] = f"not JSON: {error.msg} at column {error.colno}"
            except (ValueError, RecursionError) as error:
                refused[number] = str(error)
    return Page(tuple(drafts), {}, refused)


def _draft(data: Any, number: int) -> Draft:
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")
    id = data.get("id", data.get("_id"))
    if isinstance(id, int) and not isinstance(id, bool):
        id = str(id)
    if not isinstance(id, str) or not id.strip():
        raise ValueError('it needs an "id" (or "_id") that is a string or a number')
    if "text" not in data:
        raise ValueError('it needs a "text"')
    categories = data.get("categories") or []
    if not isinstance(categories, list):
        raise ValueError('"categories" must be a list of strings')
    kind = data.get("kind", "full")
    if kind not in ("full", "teaser"):
        raise ValueError('"kind" must be "full" or "teaser"')
    return Draft(
        title=_string(data, "title"),
        text=_string(data, "text"),
        date=_date(data.get("date")),
        kind=kind,
        lines=(number,),
        categories=tuple(_string({"categories": name}, "categories") for name in categories),
        id=_string({"id": id.strip()}, "id"),
        url=_string(data, "url") or None,
    )


def _string(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ValueError(f'"{key}" must be a string')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError(f'"{key}" has half of a surrogate pair, which is no character') from None
    return value


def _date(value: Any) -> Date | None:
    if value is None or value == "":
        return None
    try:
        return Date.fromisoformat(value[:10])
    except (TypeError, ValueError):
        raise ValueError('"date" must be a day such as "2014-02-04"') from None
