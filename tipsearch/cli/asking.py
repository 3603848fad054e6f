"""The commands that find posts: query, related, show."""

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import (
    AsJson,
    Diverse,
    Explain,
    Facets,
    IndexFolder,
    IndexOrSeeds,
    Limit,
    RankingName,
    RelatedRankingName,
    TitleOrId,
    json_line,
    listing,
    note,
    quoted,
    say,
)
from tipsearch.cli.terminal import is_similar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tipsearch.cli.terminal import Spans
    from tipsearch.query.parsed import ParsedQuery
    from tipsearch.ranking.hit import Hit
    from tipsearch.ranking.hits import Hits


Exact = Annotated[
    bool,
    typer.Option(
        "--exact", help="Search for the words as typed, without corrections and synonyms."
    ),
]


def query(  # noqa: PLR0913, PLR0917
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="WORDS...",
            help="What to search for: words, or words with the operators above. A year, such as"
            " 2014, also finds the posts of that year.",
        ),
    ],
    limit: Limit = 10,
    ranking: RankingName = None,
    exact: Exact = False,
    diverse: Diverse = False,
    explain: Explain = False,
    facets: Facets = False,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts that match a query, the best first.

    The number at the right is the score. A "~" behind it marks a post that has no word of the
    query, but a similar meaning.

    Words rank posts. Operators say what each post must have:

    \b
      "on the phone"         these words next to each other
      +word  -word           must have it; must not have it (also -"a phrase")
      a OR b   a AND b       one of them; both (capitals); (a OR b) c groups
      cust*                  a word that starts so
      title:word             in the title (also title:"a phrase")
      category:"x y"         in this category; named twice: in one of them
      kind:full              whole posts only (kind:teaser: excerpts only)
      after:2020  before:2015-06  date:2015..2018
                             a year, month or day, which counts too
      sort:date              the newest first

    Anything else is plain text, and so is a text of more than ten plain words without a
    field. In a shell put the query in single quotes.
    """
    opened = open_or_build(index)
    hits = opened.query(" ".join(words), limit, ranking=ranking, exact=exact, diverse=diverse)
    parsed = hits.parsed or opened.parse(" ".join(words))
    notes = _query_notes(hits, parsed, limit, opened.categories if not hits else [])
    counts = hits.facets() if facets else {}
    _print_hits(hits, as_json, opened.matcher(parsed), notes, explain, counts)


def _query_notes(
    hits: "Hits", parsed: "ParsedQuery", limit: int, categories: list[str]
) -> list[str]:
    """What stderr says about an answer: how the query was read, and how much more there is.

    `categories` are named where a query for a category finds nothing.
    """
    notes = []
    if parsed.has_operators:
        notes.append(f"Read as: {parsed.understood}.")
    if parsed.corrected:
        pairs = [f'"{new}" instead of "{typed[:40]}"' for typed, new in parsed.corrected.items()]
        notes.append(f"Searched for {listing(pairs)} (--exact searches as typed).")
    if parsed.synonyms:
        pairs = [
            f'{listing(quoted(added))} (for "{typed[:40]}")'
            for typed, added in parsed.synonyms.items()
        ]
        notes.append(f"Also searched for {listing(pairs)}.")
    if parsed.unknown and not (hits and hits.weak):  # the reason names them
        notes.append(f"No title or text has: {listing(quoted(parsed.unknown))}.")
    wordless = not (parsed.terms or parsed.unknown or parsed.years or hits)
    if wordless and (parsed.stopped or not parsed.has_operators):
        stopped = listing(quoted(parsed.stopped))
        reason = f"only stop words: {stopped}" if stopped else "no letter or digit"
        notes.append(f"Nothing can match, as the query holds {reason}.")
    elif not hits and not parsed.unknown:
        notes.append("No post matches.")
        if "category" in parsed.understood:
            notes.append(f"The categories are: {listing(quoted(categories)) or 'none'}.")
    remarks = []
    if hits and hits.weak:
        remarks.append(f"{hits.reason[0].upper()}{hits.reason[1:]}.")
    similar = sum(map(is_similar, hits))
    if similar:
        remarks.append("~ has none of the words, but a similar meaning.")
    more = hits.total - (len(hits) - similar)
    if len(hits) == limit and more > 0:
        what = "" if parsed.has_operators else " with a word of the query"
        remarks.append(f"{more:,} more{what}: -n {len(hits) + more}.")
    return [*notes, " ".join(remarks)] if remarks else notes


def related(
    title_or_id: TitleOrId,
    limit: Limit = 10,
    ranking: RelatedRankingName = None,
    diverse: Diverse = False,
    explain: Explain = False,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Find the posts that are most similar to a given one."""
    hits = open_or_build(index).related(
        " ".join(title_or_id), limit, ranking=ranking, diverse=diverse
    )
    notes = [] if hits else ["No other post shares a word with it."]
    _print_hits(hits, as_json, None, notes, explain)


def show(
    title_or_id: TitleOrId, index: IndexFolder = Path("index"), as_json: AsJson = False
) -> None:
    """Show one post in full."""
    from tipsearch.cli import terminal
    from tipsearch.index import Index

    post = Index.open(index).post(" ".join(title_or_id))
    say([json_line(post.to_json())] if as_json else terminal.post(post))


def _print_hits(
    hits: "Hits",
    as_json: bool,
    spans: "Spans | None",
    notes: list[str],
    explain: bool,
    facets: "Mapping[str, Mapping[str, int]]" = MappingProxyType({}),
) -> None:
    """Print hits and facets to stdout, then notes to stderr; on a terminal all fit the screen."""
    from tipsearch.cli import terminal

    note_lines = [line for text in notes for line in terminal.paragraph("", text)]
    if as_json:
        answer = {"weak": hits.weak, "reason": hits.reason} if hits.parsed else {}
        say(json_line(_hit_json(hit, spans is not None, explain) | answer) for hit in hits)
        say([json_line({"total": hits.total, "facets": facets})] if facets else [])
    else:
        facet_lines = [line for pair in facets.items() for line in terminal.facet(*pair)]
        height = terminal.height()
        # Two lines are for the command and the prompt.
        taken = len(note_lines) + len(facet_lines) + 2
        room = height - taken if height is not None else None
        say(terminal.hits(hits, spans, room, explain=explain))
        say(facet_lines)
    note(*note_lines)


def _hit_json(hit: "Hit", of_query: bool, explain: bool) -> dict[str, Any]:
    """A hit as JSON.

    One of a query has `matched`, `added` and the spans to mark, an explained one `why`, `parts`.
    """
    post = hit.post.to_json()
    shown = {"rank": hit.rank, "id": hit.post.id, "score": hit.score}
    shown |= {key: post[key] for key in ("title", "date", "kind", "categories")}
    shown["snippet"] = hit.snippet
    if of_query:
        shown |= {"matched": hit.matched, "added": hit.added}
        shown |= {"title_spans": hit.title_spans, "snippet_spans": hit.snippet_spans}
    return shown | (hit.explanation.to_json() if explain else {})
