"""The commands that make an index, change it, and look at it: index, add, remove, info, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.cli.building import SEEDS, build, print_index, print_outcome, replaced, require_posts
from tipsearch.cli.console import (
    AsJson,
    IndexFolder,
    Ranking,
    count,
    json_line,
    listing,
    progress_bar,
    say,
)

if TYPE_CHECKING:
    from tipsearch.corpus.report import IngestReport
    from tipsearch.index import Index


SOURCES = (
    "Files and folders: archive dumps (pages of a blog's archive, saved as text) and JSON Lines"
    " (.jsonl, .ndjson)."
)
Jobs = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, metavar="N", help="Processes.  [default: one a core]"),
]
OwnRanking = Annotated[
    Ranking | None,
    typer.Option(
        "--ranking",
        help="How it ranks; only hybrid has vectors.  [default: hybrid, which needs the extra"
        " semantic, else feedback]",
    ),
]


def index(
    source: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            readable=False,
            help=f"{SOURCES}  [default: seeds]",
        ),
    ] = None,
    ranking: OwnRanking = None,
    jobs: Jobs = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Build or refresh the index."""
    build(source or [SEEDS], index, ranking, jobs, as_json=as_json)


def add(
    source: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", readable=False, help=SOURCES),
    ],
    jobs: Jobs = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Add the posts of some sources to the index; one with an id that is there takes its place."""

    def change(older: "Index") -> "tuple[Index, IngestReport]":
        with progress_bar("Adding") as progress:
            added = older.add(*source, jobs=jobs, progress=progress)
        assert added.report is not None
        require_posts(added.report, source, as_json)
        return added, added.report

    changed, report = replaced(index, change)
    print_outcome(changed, report, index, as_json)


def remove(
    posts: Annotated[
        list[str],
        typer.Argument(metavar="TITLE_OR_ID...", help="The posts; quote a title of several words."),
    ],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Remove posts from the index. A later `index` brings back what its sources still hold."""
    changed, before = replaced(index, lambda older: (older.remove(*posts), len(older)))
    removed = before - len(changed)
    if as_json:
        say([json_line({"removed": removed, "posts": len(changed)})])
    else:
        say([f"Removed {count(removed, 'post')}."])
        print_index(changed, index)


def info(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Say what the index holds and how it was made."""
    from tipsearch.cli import terminal
    from tipsearch.index import Index

    facts: dict[str, Any] = Index.open(index).info()
    if as_json:
        say([json_line(facts)])
        return
    analyzer, weighting = facts["analyzer"], facts["weighting"]
    del facts["paths"], facts["lengths"]  # the sources tell as much; these are for computing
    stop_words = len(analyzer.pop("stop_words"))
    facts["analyzer"] = f"{', '.join(analyzer.values())}, {stop_words} stop words"
    facts["weighting"] = ", ".join(f"{name} {value}" for name, value in weighting.items())
    facts["ranking"] = facts["ranking"]["name"]
    facts["embedding"] = (facts["embedding"] or {}).get("model", "none")
    facts["sources"] = listing([path for path, _ in facts["sources"]]) or "not recorded"
    say(terminal.facts(facts))


def verify(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Check every byte of the index, and that its parts fit together."""
    from tipsearch.cli import terminal
    from tipsearch.index import Index

    opened = Index.open(index)
    opened.verify()
    files = opened.files().items()
    if as_json:
        say(json_line({"file": file, "bytes": size, "ok": True}) for file, size in files)
    else:
        say(terminal.table([("bytes", "file"), *((size, file) for file, size in files)]))
        say([f"The index in {str(index)!r} is whole: {count(len(opened), 'post')}."])
