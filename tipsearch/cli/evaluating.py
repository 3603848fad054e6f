"""The command that measures a ranking: eval."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tipsearch.cli import measuring
from tipsearch.cli.console import AsJson, IndexFolder, RankingName, count, json_line, say
from tipsearch.cli.measuring import RANKINGS, Gain, Source

if TYPE_CHECKING:
    from tipsearch.evaluate.measures import Difference, Evaluation

    Measured = Sequence[tuple[str, Evaluation]]

SAMPLE = 1_000
KNOWN_ITEM = "MRR@100"  # where one post is relevant it says most, so it comes first

QueriesFile = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        readable=False,
        help='The queries: {"_id", "text"} or id<TAB>text a line.',
    ),
]
QrelsFile = Annotated[
    Path | None,
    typer.Option(
        "--qrels",
        metavar="FILE",
        readable=False,
        help="The judgments, as in BEIR or TREC; a grade above 0 is relevant.",
    ),
]
RunFile = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FILE", readable=False, help="A TREC run to measure, not the index."
    ),
]
SavedRun = Annotated[
    Path | None,
    typer.Option(
        "--save-run", metavar="FILE", readable=False, help="Write the hits as a TREC run."
    ),
]
Compare = Annotated[
    str | None,
    typer.Option(metavar="RANKING|FILE", help="A ranking or a TREC run to compare with, by query."),
]
KnownItem = Annotated[
    bool,
    typer.Option(
        "--known-item", help="Needs no judgments: are posts found by title, in text alone?"
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help=f"Titles for --known-item.  [default: {SAMPLE}]"),
]
OfGain = Annotated[
    Gain, typer.Option("--gain", help="What nDCG adds up: the grade, or 2^grade - 1.")
]
KeepIdentical = Annotated[
    bool,
    typer.Option(
        "--keep-identical",
        help="Keep hits that have the id of their query. By default they are dropped as the query"
        " itself, as BEIR does, unless they are judged.",
    ),
]
PerQuery = Annotated[bool, typer.Option("--per-query", help="Print each query's measures too.")]


def eval_command(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    queries: QueriesFile = None,
    qrels: QrelsFile = None,
    index: IndexFolder = Path("index"),
    ranking: RankingName = None,
    run: RunFile = None,
    save_run: SavedRun = None,
    compare: Compare = None,
    known_item: KnownItem = False,
    sample: Sample = None,
    gain: OfGain = "linear",
    keep_identical: KeepIdentical = False,
    per_query: PerQuery = False,
    as_json: AsJson = False,
) -> None:
    """Measure a ranking on judgments: means over queries, with 95% bootstrap intervals."""
    asks = run is None or compare in RANKINGS
    for wrong, message in (
        (known_item and (queries or qrels or run), "--known-item takes no queries, qrels or run."),
        (sample and not known_item, "--sample goes with --known-item."),
        (run and (ranking or save_run), "--run goes without --ranking and --save-run."),
        (not (known_item or qrels), "Missing option '--qrels' (or '--known-item')."),
        (not (known_item or queries) and asks, "Missing option '--queries'."),
    ):
        if wrong:
            context.fail(message)
    from tipsearch.evaluate.measures import MEASURES, require

    require()
    if qrels is None:
        task = measuring.known_items(index, sample or SAMPLE)
    else:
        task = measuring.judged(queries, qrels, index if asks else None, keep_identical)
    sources: list[Source] = [run or ranking]
    if compare:
        sources.append(compare if compare in RANKINGS else Path(compare))
    measured = [
        (str(source or "index"), measuring.measured(task, source, gain, saved_as))
        for source, saved_as in zip(sources, (save_run, None), strict=False)
    ]
    names = sorted(MEASURES, key=lambda name: known_item and name != KNOWN_ITEM)
    say((_json if as_json else _text)(measured, names, per_query))


def _json(measured: "Measured", names: Sequence[str], per_query: bool) -> Iterator[str]:
    """A line for each query, if wanted, for each mean, and for each difference of two rankings."""
    for ranking, found in measured:
        for query, values in found.per_query.items() if per_query else ():
            yield json_line({"ranking": ranking, "query": query} | {n: values[n] for n in names})
    for ranking, found in measured:
        for name in names:
            facts = found.means[name]._asdict() | {"queries": len(found.per_query)}
            yield json_line({"ranking": ranking, "measure": name} | facts)
    for one, other, differences in _compared(measured):
        for name in names:
            facts = differences[name]._asdict()
            facts = {"difference": facts.pop("mean")} | facts
            yield json_line({"ranking": one, "against": other, "measure": name} | facts)


def _text(measured: "Measured", names: Sequence[str], per_query: bool) -> Iterator[str]:
    """The same as tables, with an empty line between two."""
    from tipsearch.cli import terminal

    tables = list[list[list[str]]]()
    for ranking, found in measured if per_query else ():
        rows = [[id, *(f"{of[name]:.3f}" for name in names)] for id, of in found.per_query.items()]
        tables.append([[ranking, *names], *rows])
    for ranking, found in measured:
        head = f"{ranking}, {count(len(found.per_query), 'query')}"
        rows = [[name, *(f"{value:.3f}" for value in found.means[name])] for name in names]
        tables.append([[head, "mean", "95% from", "to"], *rows])
    for one, other, differences in _compared(measured):
        columns = ["mean", "95% from", "to", "wins", "ties", "losses", "p"]
        rows = [[name, *_cells(differences[name])] for name in names]
        tables.append([[f"{one} less {other}", *columns], *rows])
    for number, table in enumerate(tables):
        yield from [""][:number]
        yield from terminal.grid(table)


def _cells(of: "Difference") -> list[str]:
    shares = [f"{value:+.3f}" for value in (of.mean, of.low, of.high)]
    return [*shares, *(f"{queries:,}" for queries in (of.wins, of.ties, of.losses)), f"{of.p:.4f}"]


def _compared(measured: "Measured") -> "Iterator[tuple[str, str, Mapping[str, Difference]]]":
    from tipsearch.evaluate import measures as evaluate

    if len(measured) == 2:
        (one, first), (other, second) = measured
        yield one, other, evaluate.compare(first, second)
