"""How does a post lie in `posts.jsonl`? One JSON array a line: what it says, in a fixed order.

What it does not say is left out at the end. The id is not in it, since `ids.txt` has it, nor where
the post was seen, which changes with every line that is put in before it; arrays tell that.
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
    """What a post says, whatever its id."""

    @property
    def title(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def date(self) -> Date | None: ...
    @property
    def categories(self) -> tuple[str, ...]: ...
    @property
    def kind(self) -> Kind: ...
    @property
    def url(self) -> str | None: ...


def record(post: Content) -> str:
    """The line of a post, without its end: title, text, date, categories, kind, url.

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
    """The post that `record` wrote as `line`; ValueError where it wrote no such line."""
    try:
        title, text, *rest = json.loads(line)
        date, categories, kind, url = rest + [None, [], "full", None][len(rest) :]
        when = None if date is None else Date.fromisoformat(date)
    except (RecursionError, TypeError) as error:
        raise ValueError("it is no list of what a post says") from error
    if type(categories) is not list:
        raise ValueError("what it says is not of the right type")
    try:
        return Post(id, title, text, when, tuple(categories), kind, url, sources)
    except SettingError as error:
        raise ValueError(str(error)) from error
