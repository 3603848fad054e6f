"""The commands that ask an index: query, related, show."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import (
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
    from tipsearch.cli.terminal import Spans
    from tipsearch.query.parsed import ParsedQuery
    from tipsearch.ranking.hit import Hit
    from tipsearch.ranking.hits import Hits


Exact = Annotated[bool, typer.Option("--exact", help="Correct no typing mistakes.")]


def query(
    words: Annotated[
        list[str],
        typer.Argument(metavar="WORDS...", help="What to search for; a year means its posts too."),
    ],
    limit: Limit = 10,
    ranking: RankingName = None,
    exact: Exact = False,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts that fit some words best, the best first."""
    opened = open_or_build(index)
    found = opened.query(" ".join(words), limit, ranking=ranking, exact=exact)
    parsed = found.parsed or opened.parse(" ".join(words))
    _print_hits(found, as_json, opened.matcher(parsed), _notes(found, parsed, limit))


def _notes(found: "Hits", parsed: "ParsedQuery", limit: int) -> list[str]:
    """What a person should know of an answer beside its hits, a line each."""
    notes = []
    if parsed.corrected:
        taken = [f'"{meant}" for "{word[:40]}"' for word, meant in parsed.corrected.items()]
        notes.append(f"Took {listing(taken)} (as typed: --exact).")
    if parsed.unknown:
        notes.append(f"No title or text has: {listing(quoted(parsed.unknown))}.")
    if not parsed.terms and not parsed.unknown and not parsed.years:
        stopped = listing(quoted(parsed.stopped))
        reason = f"only stop words: {stopped}" if stopped else "no letter or digit"
        notes.append(f"Nothing can match, as the query holds {reason}.")
    elif not found and not parsed.unknown:
        notes.append("No post fits.")
    told = []
    similar = sum(not hit.matched for hit in found)
    if similar:
        told.append("~ has none of the words, but means the like.")
    if found and found.weak:
        told.append("No post covers the query well.")
    more = found.total - (len(found) - similar)
    if len(found) == limit and more > 0:
        told.append(f"And {more:,} more with a word of it: -n {len(found) + more}.")
    return [*notes, " ".join(told)] if told else notes


def related(
    title_or_id: TitleOrId,
    limit: Limit = 10,
    ranking: RankingName = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts nearest to a given one."""
    found = open_or_build(index).related(" ".join(title_or_id), limit, ranking=ranking)
    notes = [] if found else ["No other post shares a word with it."]
    _print_hits(found, as_json, None, notes)


def show(
    title_or_id: TitleOrId, index: IndexFolder = Path("index"), as_json: AsJson = False
) -> None:
    """Show one post in full."""
    from tipsearch.cli import terminal
    from tipsearch.index import Index

    post = Index.open(index).post(" ".join(title_or_id))
    say([json_line(post.to_json())] if as_json else terminal.post(post))


def _print_hits(found: "Hits", as_json: bool, spans: "Spans | None", notes: list[str]) -> None:
    """The hits on standard output, then the notes on standard error; on a terminal all fit it."""
    from tipsearch.cli import terminal

    told = [line for text in notes for line in terminal.entry("", text)]
    if as_json:
        say(json_line(_as_json(hit, spans is not None)) for hit in found)
    else:
        lines = terminal.height()
        room = lines - len(told) - 2 if lines is not None else None  # the command and the prompt
        say(terminal.hits(found, spans, room))
    note(*told)


def _as_json(hit: "Hit", of_query: bool) -> dict[str, Any]:
    post = hit.post.to_json()
    shown = {"rank": hit.rank, "id": hit.post.id, "score": hit.score}
    shown |= {key: post[key] for key in ("title", "date", "kind", "categories")}
    shown["snippet"] = hit.snippet
    return shown | ({"matched": hit.matched, "added": hit.added} if of_query else {})
