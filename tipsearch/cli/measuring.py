"""Inputs of `tipsearch eval`: queries, their judgments, and runs to measure."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

from tipsearch.cli.console import Ranking, count, note, progress_bar
from tipsearch.errors import CorpusError, SourceError

if TYPE_CHECKING:
    from tipsearch.evaluate.measures import Evaluation, Run
    from tipsearch.index import Index

RANKINGS: tuple[str, ...] = get_args(Ranking)
Gain = Literal["linear", "exp"]
Source = str | Path | None  # a ranking by name, a run file, or what the index ranks by


class Task(NamedTuple):
    """What to measure: queries, the grades of their judged posts, and the index to search, if any.

    With `keep_identical` a hit may be the post that has the id of its query.
    """

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    search_index: "Index | None"
    keep_identical: bool


def known_item_task(folder: Path, sample: int) -> Task:
    """Titles as queries, to a copy of the index in memory without titles.

    Raises SourceError if no post has a title to search for.
    """
    from tipsearch.evaluate import known_items
    from tipsearch.index import Index

    opened = Index.open(folder)
    try:
        queries, qrels, searched = known_items.task(opened, sample)
    except CorpusError as error:
        raise SourceError(str(folder), error.reason, "give --queries and --qrels") from None
    note(f"Known items: {count(len(queries), 'title')}, sought in {count(len(searched), 'text')}.")
    return Task(queries, qrels, searched, keep_identical=True)


def judged_task(
    queries_file: Path | None, qrels_file: Path, folder: Path | None, keep_identical: bool
) -> Task:
    """The judged queries; stderr says how many queries and judgments are left out.

    Raises SourceError if no query is judged.
    """
    from tipsearch.evaluate import collection
    from tipsearch.index import Index

    opened = Index.open(folder) if folder is not None else None
    qrels = collection.read_qrels(qrels_file)
    queries = dict.fromkeys(qrels, "")
    if queries_file is not None:
        queries = collection.read_queries(queries_file)
    judged = {id: qrels[id] for id in queries if id in qrels}
    if not judged:
        reason, advice = (
            f"no query of {queries_file} is judged",
            "give two files with the same query ids",
        )
        raise SourceError(str(qrels_file), reason, advice)
    _note_if(len(queries) - len(judged), "query", "without a judgment: left out")
    _note_if(len(qrels) - len(judged), "judged query", f"not in {queries_file}: left out")
    no_relevant = sum(max(grades.values()) <= 0 for grades in judged.values())
    _note_if(no_relevant, "query", "without a relevant post: counted as 0")
    if opened is not None:
        missing = {post for grades in judged.values() for post in grades}
        missing -= {post.id for post in opened}
        _note_if(len(missing), "judged post", "not in the index: counted as not found")
    return Task({id: queries[id] for id in judged}, judged, opened, keep_identical)


def measure(task: Task, source: Source, gain: Gain, saved_as: Path | None) -> "Evaluation":
    """Measure a source of hits, and write them to the run file `saved_as` if one is given."""
    from tipsearch.evaluate import collection
    from tipsearch.evaluate import measures as evaluate

    run = _run(task, source)
    if saved_as is not None:
        collection.write_run(run, saved_as)
    if not task.keep_identical:
        identical = sum(
            post == query and post not in grades
            for query, grades in task.qrels.items()
            for post, _ in run.get(query, ())
        )
        where = f"of {source or 'index'} with the query's own id"
        _note_if(identical, "hit", f"{where}: dropped (see --keep-identical)")
    return evaluate.evaluate(run, task.qrels, gain=gain, keep_identical=task.keep_identical)


def _run(task: Task, source: Source) -> "Run":
    """The hits of each query, read from a run file or found by a ranking of the index."""
    from tipsearch.evaluate import collection
    from tipsearch.evaluate import measures as evaluate

    if task.search_index is not None and not isinstance(source, Path):
        with progress_bar("Searching") as progress:
            rank = evaluate.ranker(task.search_index, source)
            return evaluate.answers(rank, task.queries, progress=progress)
    run = collection.read_run(str(source))
    no_hit = sum(query not in run for query in task.qrels)
    _note_if(no_hit, "query", f"without a hit in {source}: counted as 0")
    return run


def _note_if(number: int, noun: str, what: str) -> None:
    if number:
        note(f"{count(number, noun)} {what}.")
