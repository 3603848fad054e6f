"""What a measurement takes: queries, what is relevant to them, and the hits that they get."""

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
    """The queries, the grades of their judged posts, and the index to search, if any.

    With `keep_identical` a hit may be the post that has the id of its query.
    """

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    searched: "Index | None"
    keep_identical: bool


def known_items(folder: Path, sample: int) -> Task:
    """Titles as queries, to an index in memory in which no post has one."""
    from tipsearch.evaluate import known_items
    from tipsearch.index import Index

    opened = Index.open(folder)
    try:
        queries, qrels, searched = known_items.task(opened, sample)
    except CorpusError as error:
        raise SourceError(str(folder), error.reason, "give --queries and --qrels") from None
    note(f"Known items: {count(len(queries), 'title')}, sought in {count(len(searched), 'text')}.")
    return Task(queries, qrels, searched, keep_identical=True)


def judged(
    queries_file: Path | None, qrels_file: Path, folder: Path | None, keep_identical: bool
) -> Task:
    """The queries that are judged; what of the files plays no part is counted on stderr."""
    from tipsearch.evaluate import collection
    from tipsearch.index import Index

    opened = Index.open(folder) if folder is not None else None
    qrels = collection.read_qrels(qrels_file)
    queries = dict.fromkeys(qrels, "")
    if queries_file is not None:
        queries = collection.read_queries(queries_file)
    both = {id: qrels[id] for id in queries if id in qrels}
    if not both:
        reason, advice = f"no query of {queries_file} is judged", "name files whose ids go together"
        raise SourceError(str(qrels_file), reason, advice)
    _note_if(len(queries) - len(both), "query", "without a judgment: left out")
    _note_if(len(qrels) - len(both), "judged query", f"not in {queries_file}: left out")
    nothing = sum(max(grades.values()) <= 0 for grades in both.values())
    _note_if(nothing, "query", "without a relevant post: counted as 0")
    if opened is not None:
        missing = {post for grades in both.values() for post in grades}
        missing -= {post.id for post in opened}
        _note_if(len(missing), "judged post", "not in the index: counted as not found")
    return Task({id: queries[id] for id in both}, both, opened, keep_identical)


def measured(task: Task, source: Source, gain: Gain, saved_as: Path | None) -> "Evaluation":
    """The measures of a source of hits; these are written to a run file too, if one is named."""
    from tipsearch.evaluate import collection
    from tipsearch.evaluate import measures as evaluate

    run = _run(task, source)
    if saved_as is not None:
        collection.write_run(run, saved_as)
    if not task.keep_identical:
        own = sum(
            post == query and post not in grades
            for query, grades in task.qrels.items()
            for post, _ in run.get(query, ())
        )
        named = f"of {source or 'index'} with the query's own id"
        _note_if(own, "hit", f"{named}: dropped (see --keep-identical)")
    return evaluate.evaluate(run, task.qrels, gain=gain, keep_identical=task.keep_identical)


def _run(task: Task, source: Source) -> "Run":
    """The hits of each query: those of a run file, or by a ranking of the index."""
    from tipsearch.evaluate import collection
    from tipsearch.evaluate import measures as evaluate

    if task.searched is not None and not isinstance(source, Path):
        with progress_bar("Searching") as progress:
            rank = evaluate.ranker(task.searched, source)
            return evaluate.answers(rank, task.queries, progress=progress)
    run = collection.read_run(str(source))
    without = sum(query not in run for query in task.qrels)
    _note_if(without, "query", f"without a hit in {source}: counted as 0")
    return run


def _note_if(number: int, noun: str, what: str) -> None:
    if number:
        note(f"{count(number, noun)} {what}.")
