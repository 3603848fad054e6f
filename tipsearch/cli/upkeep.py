"""The commands that make, change and inspect an index: index, add, remove, info, verify."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tipsearch.cli.building import (
    SEEDS,
    build,
    check_has_posts,
    print_index,
    print_outcome,
    update,
)
from tipsearch.cli.console import (
    AsJson,
    IndexFolder,
    NewIndexFolder,
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
    "Files, or folders of files: JSON Lines (.jsonl, .ndjson), and archive dumps (pages of a"
    " blog's archive, saved as text)."
)
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs", "-j", min=1, metavar="N", help="Use N processes.  [default: one per core]"
    ),
]
DefaultRanking = Annotated[
    Ranking | None,
    typer.Option(
        "--ranking",
        help="How queries score posts unless they say otherwise. Only hybrid stores the"
        " embeddings that a search by meaning needs.  [default: hybrid if the extra semantic is"
        " installed, else feedback]",
    ),
]


SynonymFile = Annotated[
    Path | None,
    typer.Option(
        "--synonyms",
        metavar="FILE",
        readable=False,
        help='Words that queries find for each other: "a, b, c" on a line, or "a, b => c" for one'
        " way.  [default: none]",
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
    ranking: DefaultRanking = None,
    synonyms: SynonymFile = None,
    jobs: Jobs = None,
    index: NewIndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Build the index, or bring it up to date.

    The index then holds the posts of these sources and no others. Posts that have not changed since
    the last run are not analysed again. Ranking and synonyms are those of the options; `tipsearch
    add` and `tipsearch remove` keep what the index has.
    """
    build(source or [SEEDS], index, ranking, jobs, synonyms=synonyms, as_json=as_json)


def add(
    source: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", readable=False, help=SOURCES),
    ],
    jobs: Jobs = None,
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Add posts to the index.

    A post replaces the one that has the same id. A later `tipsearch index` keeps added posts only
    if its sources hold them.
    """

    def add_sources(previous: "Index") -> "tuple[Index, IngestReport]":
        with progress_bar("Adding") as progress:
            added = previous.add(*source, jobs=jobs, progress=progress)
        assert added.report is not None
        check_has_posts(added.report, source, as_json)
        return added, added.report

    changed, report = update(index, add_sources)
    print_outcome(changed, report, index, as_json)


def remove(
    posts: Annotated[
        list[str],
        typer.Argument(
            metavar="TITLE_OR_ID...",
            help="The posts: for each its title, a part of it, its id, or its date"
            " (YYYY-MM-DD). Put quotes around a title of several words.",
        ),
    ],
    index: IndexFolder = Path("index"),
    as_json: AsJson = False,
) -> None:
    """Remove posts from the index.

    A later `tipsearch index` brings back those that its sources still hold.
    """
    changed, before = update(index, lambda previous: (previous.remove(*posts), len(previous)))
    removed = before - len(changed)
    if as_json:
        say([json_line({"removed": removed, "posts": len(changed)})])
    else:
        say([f"Removed {count(removed, 'post')}."])
        print_index(changed, index)


def info(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Show what the index holds and how it was made."""
    from tipsearch.cli import terminal
    from tipsearch.index import Index

    shown: dict[str, Any] = Index.open(index).info()
    if as_json:
        say([json_line(shown)])
        return
    analyzer, weighting = shown["analyzer"], shown["weighting"]
    del shown["paths"], shown["lengths"]  # the sources tell as much; these are for computing
    stop_words = len(analyzer.pop("stop_words"))
    shown["analyzer"] = f"{', '.join(analyzer.values())}, {stop_words} stop words"
    shown["weighting"] = ", ".join(f"{name} {value}" for name, value in weighting.items())
    shown["ranking"] = shown["ranking"]["name"]
    shown["embedding"] = (shown["embedding"] or {}).get("model", "none")
    shown["synonyms"] = count(len(shown["synonyms"]), "rule")
    shown["sources"] = listing([path for path, _ in shown["sources"]]) or "not recorded"
    say(terminal.facts(shown))


def verify(index: IndexFolder = Path("index"), as_json: AsJson = False) -> None:
    """Check every byte of the index, and how its parts fit.

    Damage is an error that names the file.
    """
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
