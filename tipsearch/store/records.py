"""Records: a post as one line of `posts.jsonl`, a JSON array of its fields in a fixed order.

Fields at the end that have their default value are left out. The id is in `ids.txt`. The sources
are in arrays, since their line numbers change with every line that is put in before them.
"""

from __future__ import annotations

import json
from datetime import date as Date
from json.encoder import encode_basestring as quoted
from typing import Protocol

from tipsearch.corpus.post import Kind, Post, Source
from tipsearch.errors import SettingError

TEASER = 1  # the bit of a post's flags


class Content(Protocol):
    """The fields of a record: those of a post without its id and sources. A draft has them too."""

    @property
    def title(self) -> str:
        """The title; may be empty."""

    @property
    def text(self) -> str:
        """The text; may be empty."""

    @property
    def date(self) -> Date | None:
        """The day of publication, if known."""

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories."""

    @property
    def kind(self) -> Kind:
        """ "full", or "teaser" where only an excerpt is known."""

    @property
    def url(self) -> str | None:
        """The address of the post, if known."""


def record(post: Content) -> str:
    """The record of a post, without a newline: title, text, date, categories, kind, url.

    >>> record(Post("a", "Fix it", "Fast."))
    '["Fix it","Fast."]'
    >>> record(Post("a", "Fix it", "Fast.", kind="teaser"))
    '["Fix it","Fast.",null,[],"teaser"]'
    """
    line = f"[{quoted(post.title)},{quoted(post.text)}"
    if post.url is None and post.kind == "full" and not post.categories and post.date is None:
        return line + "]"
    rest: list[object] = [post.date and post.date.isoformat(), post.categories, post.kind, post.url]
    while rest[-1] in (None, (), "full"):
        rest.pop()
    return f"{line},{json.dumps(rest, ensure_ascii=False, separators=(',', ':'))[1:]}"


def post(id: str, line: str, sources: tuple[Source, ...] = ()) -> Post:
    """The post whose record is `line`. Raises ValueError where that is no record."""
    try:
        title, text, *rest = json.loads(line)
        date, categories, kind, url = rest + [None, [], "full", None][len(rest) :]
        day = None if date is None else Date.fromisoformat(date)
    except (RecursionError, TypeError) as error:
        raise ValueError("it is no list of the fields of a post") from error
    if type(categories) is not list:
        raise ValueError("its categories are no list")
    try:
        return Post(id, title, text, day, tuple(categories), kind, url, sources)
    except SettingError as error:
        raise ValueError(str(error)) from error
