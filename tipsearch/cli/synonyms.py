"""The command `synonyms`: lists the synonyms of an index, or suggests some."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import AsJson, IndexOrSeeds, count, json_line, listing, note, say

if TYPE_CHECKING:
    from tipsearch.explore.synonym_candidates import SynonymCandidate

Suggest = Annotated[
    bool,
    typer.Option("--suggest", help="Suggest pairs of words for a file of synonyms, with evidence."),
]
PairLimit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="Suggest at most N pairs.")
]


def synonyms(
    suggest: Suggest = False,
    limit: PairLimit = 20,
    index: IndexOrSeeds = Path("index"),
    as_json: AsJson = False,
) -> None:
    """List the synonyms of the index, or suggest some.

    The output is a file for `tipsearch index --synonyms`. Delete the suggestions that are wrong
    first: words of opposite meaning are often among them.
    """
    opened = open_or_build(index)
    if not suggest:
        rules = opened.synonyms
        if not rules:
            note("The index has no synonyms: tipsearch index --synonyms FILE adds them.")
        say([json_line({"line": rule}) for rule in rules] if as_json else rules)
        return
    found = opened.synonym_candidates(limit)
    if not opened.info()["embedding"]:
        note("The index has no embeddings, so these are by feedback alone: few are synonyms.")
    note(f"{count(len(found), 'pair')} to judge.")
    if as_json:
        say(json_line(candidate.to_json()) for candidate in found)
    else:
        say(line for candidate in found for line in _candidate_text(candidate))


def _candidate_text(candidate: "SynonymCandidate") -> Iterator[str]:
    """The evidence for a candidate as comments, and the line for the file."""
    from tipsearch.cli import terminal

    alike = "" if candidate.cosine is None else f"cosine {candidate.cosine:.2f}, "
    facts = f"{alike}{count(candidate.together, 'post')} in common"
    if candidate.context:
        facts += f"; both beside {listing(candidate.context)}"
    yield terminal.plain(f"# {facts}")
    evidence = zip(candidate.words, candidate.posts, candidate.examples, strict=True)
    for word, posts, example in evidence:
        yield terminal.plain(f'# {word}: {count(posts, "post")}, such as "{example.label}"')
    yield terminal.plain(candidate.line)
    yield ""
