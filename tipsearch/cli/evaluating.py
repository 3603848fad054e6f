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

SAMPLE = 1_000  # titles
KNOWN_ITEM_MEASURE = "MRR@100"  # the best one where a query has one relevant post, so shown first

QueriesFile = Annotated[
    Path | None,
    typer.Option(
        "--queries",
        metavar="FILE",
        readable=False,
        help='The queries, one a line: JSON with "_id" and "text", or id<TAB>text.',
    ),
]
QrelsFile = Annotated[
    Path | None,
    typer.Option(
        "--qrels",
        metavar="FILE",
        readable=False,
        help="The judgments (qrels), as in BEIR or TREC; a grade above 0 means relevant.",
    ),
]
RunFile = Annotated[
    Path | None,
    typer.Option(
        "--run", metavar="FILE", readable=False, help="Measure this TREC run instead of the index."
    ),
]
SavedRun = Annotated[
    Path | None,
    typer.Option(
        "--save-run",
        metavar="FILE",
        readable=False,
        help="Write the hits to this file, as a TREC run.",
    ),
]
Compare = Annotated[
    str | None,
    typer.Option(
        metavar="RANKING|FILE",
        help="Compare, query by query, with this ranking or TREC run.",
    ),
]
KnownItem = Annotated[
    bool,
    typer.Option(
        "--known-item",
        help="Measure without judgments: search the texts for each post by its title.",
    ),
]
Sample = Annotated[
    int | None,
    typer.Option(min=1, metavar="N", help=f"Use N titles for --known-item.  [default: {SAMPLE}]"),
]
GainName = Annotated[
    Gain, typer.Option("--gain", help="Gain of a post in nDCG: its grade, or 2^grade - 1.")
]
KeepIdentical = Annotated[
    bool,
    typer.Option(
        "--keep-identical",
        help="Keep hits that have the id of their query. By default they are dropped unless they"
        " are judged, as in BEIR.",
    ),
]
PerQuery = Annotated[
    bool, typer.Option("--per-query", help="Print the measures of each query too.")
]


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
    gain: GainName = "linear",
    keep_identical: KeepIdentical = False,
    per_query: PerQuery = False,
    as_json: AsJson = False,
) -> None:
    """Measure how well a ranking finds the relevant posts.

    Prints the mean of each measure over the queries, with its 95% bootstrap interval.
    """
    searches = run is None or compare in RANKINGS
    for is_wrong, message in (
        (
            known_item and (queries or qrels or run),
            "--known-item goes without --queries, --qrels and --run.",
        ),
        (sample and not known_item, "--sample needs --known-item."),
        (run and (ranking or save_run), "--run goes without --ranking and --save-run."),
        (not (known_item or qrels), "Missing option '--qrels' (or '--known-item')."),
        (not (known_item or queries) and searches, "Missing option '--queries'."),
    ):
        if is_wrong:
            context.fail(message)
    from tipsearch.evaluate.measures import MEASURES, load_ir_measures

    load_ir_measures()
    if qrels is None:
        task = measuring.known_item_task(index, sample or SAMPLE)
    else:
        task = measuring.judged_task(queries, qrels, index if searches else None, keep_identical)
    sources: list[Source] = [run or ranking]
    if compare:
        sources.append(compare if compare in RANKINGS else Path(compare))
    measured = [
        (str(source or "index"), measuring.measure(task, source, gain, saved_as))
        for source, saved_as in zip(sources, (save_run, None), strict=False)
    ]
    names = sorted(MEASURES, key=lambda name: known_item and name != KNOWN_ITEM_MEASURE)
    say((_json if as_json else _text)(measured, names, per_query))


def _json(measured: "Measured", names: Sequence[str], per_query: bool) -> Iterator[str]:
    """JSON lines: the measures of each query if `per_query`, the means, the differences."""
    for ranking, evaluation in measured:
        for query, values in evaluation.per_query.items() if per_query else ():
            yield json_line({"ranking": ranking, "query": query} | {n: values[n] for n in names})
    for ranking, evaluation in measured:
        for name in names:
            facts = evaluation.means[name]._asdict() | {"queries": len(evaluation.per_query)}
            yield json_line({"ranking": ranking, "measure": name} | facts)
    for one, other, differences in _compared(measured):
        for name in names:
            facts = differences[name]._asdict()
            facts = {"difference": facts.pop("mean")} | facts
            yield json_line({"ranking": one, "against": other, "measure": name} | facts)


def _text(measured: "Measured", names: Sequence[str], per_query: bool) -> Iterator[str]:
    """Tables of the same, with an empty line between two."""
    from tipsearch.cli import terminal

    tables = list[list[list[str]]]()
    for ranking, evaluation in measured if per_query else ():
        rows = [
            [query, *(f"{values[name]:.3f}" for name in names)]
            for query, values in evaluation.per_query.items()
        ]
        tables.append([[ranking, *names], *rows])
    for ranking, evaluation in measured:
        head = f"{ranking}, {count(len(evaluation.per_query), 'query')}"
        rows = [[name, *(f"{value:.3f}" for value in evaluation.means[name])] for name in names]
        tables.append([[head, "mean", "95% from", "to"], *rows])
    for one, other, differences in _compared(measured):
        columns = ["mean", "95% from", "to", "wins", "ties", "losses", "p"]
        rows = [[name, *_cells(differences[name])] for name in names]
        tables.append([[f"{one} less {other}", *columns], *rows])
    for number, table in enumerate(tables):
        yield from [""][:number]
        yield from terminal.grid(table)


def _cells(difference: "Difference") -> list[str]:
    means = [f"{x:+.3f}" for x in (difference.mean, difference.low, difference.high)]
    counts = [f"{n:,}" for n in (difference.wins, difference.ties, difference.losses)]
    return [*means, *counts, f"{difference.p:.4f}"]


def _compared(measured: "Measured") -> "Iterator[tuple[str, str, Mapping[str, Difference]]]":
    """The names of two rankings and their differences by measure; nothing if there is one."""
    from tipsearch.evaluate import measures as evaluate

    if len(measured) == 2:
        (one, first), (other, second) = measured
        yield one, other, evaluate.compare(first, second)
