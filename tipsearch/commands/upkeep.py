"""The commands that make an index, change it, and look at it: index, add, remove, info, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.commands.building import (
    SEEDS,
    build,
    print_index,
    print_outcome,
    replaced,
    require_posts,
)
from tipsearch.commands.console import (
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
    from tipsearch.index import Index
    from tipsearch.ingest.report import IngestReport


OwnRanking = Annotated[
    Ranking | None,
    typer.Option(
        "--ranking",
        envvar="TIPSEARCH_RANKING",
        help="How it ranks.  [default: hybrid with the extra semantic, else bm25]",
    ),
]


def index(
    source: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SOURCE]...",
            readable=False,
            help="Files and folders of dumps.  [default: seeds]",
        ),
    ] = None,
    ranking: OwnRanking = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Build or refresh the index. Sources are archive dumps and JSON Lines (.jsonl)."""
    build(source or [SEEDS], index, ranking, as_json=as_json)


def add(
    source: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", readable=False, help="Files and folders of dumps."),
    ],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Add the posts of some sources to the index; one with an id that is there takes its place."""

    def change(older: "Index") -> "tuple[Index, IngestReport]":
        with progress_bar("Adding") as progress:
            added = older.add(*source, progress=progress)
        require_posts(added[1], source, as_json)
        return added

    changed, report = replaced(index, change)
    print_outcome(changed, report, index, as_json)


def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="The ids of the posts.")],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Remove posts from the index. A later `index` brings back what its sources still hold."""
    changed, _ = replaced(index, lambda older: (older.remove(*ids), None))
    if as_json:
        say([json_line({"removed": len(set(ids)), "posts": len(changed)})])
    else:
        say([f"Removed {count(len(set(ids)), 'post')}."])
        print_index(changed, index)


def info(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Say what the index holds and how it was made."""
    from tipsearch import terminal
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
    from tipsearch import terminal
    from tipsearch.index import Index

    opened = Index.open(index)
    opened.verify()
    files = opened.files().items()
    if as_json:
        say(json_line({"file": file, "bytes": size, "ok": True}) for file, size in files)
    else:
        say(terminal.table([("bytes", "file"), *((size, file) for file, size in files)]))
        say([f"The index in {str(index)!r} is whole: {count(len(opened), 'post')}."])
