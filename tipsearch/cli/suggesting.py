"""The command that completes a text: suggest."""

from pathlib import Path
from typing import Annotated

import typer

from tipsearch.cli.building import open_or_build
from tipsearch.cli.console import AsJson, IndexOrSeeds, json_line, note, say

Text = Annotated[
    list[str],
    typer.Argument(
        metavar="TEXT...",
        help="What has been typed so far. A space at its end, in quotes, ends the last word.",
    ),
]
Limit = Annotated[
    int, typer.Option("--limit", "-n", min=1, metavar="N", help="Show at most N suggestions.")
]


def suggest(
    text: Text, limit: Limit = 10, index: IndexOrSeeds = Path("index"), as_json: AsJson = False
) -> None:
    """Complete a typed text: its last word, and titles.

    At the right stands why: how many posts have the word, or what a title has. From the fourth
    letter on, a word may have one typing mistake.
    """
    from tipsearch.cli import terminal

    found = open_or_build(index).suggest(" ".join(text), limit)
    if as_json:
        say(json_line(suggestion) for suggestion in found.to_json())
    else:
        say(
            line
            for suggestion in found
            for line in terminal.headline("", suggestion.text, suggestion.why)
        )
    if not found:
        note("No word or title of the posts completes it.")
