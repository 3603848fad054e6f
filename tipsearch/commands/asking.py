"""The commands that ask an index: query, related, show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.commands.building import open_or_build
from tipsearch.commands.console import (
    AsJson,
    IndexFolder,
    Limit,
    RankingName,
    TitleOrId,
    json_line,
    listing,
    note,
    quoted,
    say,
)

if TYPE_CHECKING:
    from tipsearch.model import Hit


Exact = Annotated[bool, typer.Option("--exact", help="Correct no typing mistakes.")]


def query(
    words: Annotated[list[str], typer.Argument(metavar="WORDS...", help="What to search for.")],
    limit: Limit = 10,
    ranking: RankingName = None,
    exact: Exact = False,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts that fit some words best, the best first."""
    opened, text = open_or_build(index), " ".join(words)
    parsed = opened.parse(text, exact=exact)
    found = opened.query(text, limit, ranking=ranking, exact=exact)
    if parsed.corrected:
        taken = [f'"{meant}" instead of "{word[:40]}"' for word, meant in parsed.corrected.items()]
        note(f"Showing results for {listing(taken)} (as typed: --exact).")
    if parsed.unknown:
        note(f"No post has: {listing(quoted(parsed.unknown))}")
    if not found and not parsed.unknown:
        stopped = listing(quoted(parsed.stopped))
        reason = f"only stop words ({stopped})" if stopped else "no word"
        note(f"The query holds {reason}, so nothing can match it.")
    _print_hits(found, as_json, opened.matcher(parsed))


def related(
    title_or_id: TitleOrId,
    limit: Limit = 10,
    ranking: RankingName = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts nearest to a given one."""
    found = open_or_build(index).related(" ".join(title_or_id), limit, ranking=ranking)
    if not found:
        note("No other post shares a word with it.")
    _print_hits(found, as_json, lambda _: [])


def show(
    title_or_id: TitleOrId, index: IndexFolder = Path("index"), as_json: AsJson = False
) -> None:
    """Show one post in full."""
    from tipsearch import terminal
    from tipsearch.index import Index

    post = Index.open(index).post(" ".join(title_or_id))
    say([json_line(post.to_json())] if as_json else terminal.post(post))


def _print_hits(found: "list[Hit]", as_json: bool, spans: Any) -> None:
    from tipsearch import terminal

    if not as_json:
        say(terminal.hits(found, spans))
        return
    for hit in found:
        post = hit.post.to_json()
        shown = {"rank": hit.rank, "id": hit.post.id, "score": hit.score}
        shown |= {key: post[key] for key in ("title", "date", "kind", "categories")}
        say([json_line(shown | {"snippet": hit.snippet})])
