"""Files of test collections: each layout is read, and no line is passed over."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.errors import LineError, SourceError
from tipsearch.evaluate import collection

IDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=4)
SCORES = st.floats(allow_nan=False, allow_infinity=False)
HITS = st.dictionaries(IDS, SCORES, min_size=1, max_size=8)


def _file(folder: Path, content: str | bytes) -> Path:
    path = folder / "file"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- what is read


@pytest.mark.parametrize(
    "content",
    [
        '{"_id": "1", "text": "angry callers"}\n\n{"_id": "b", "text": "refunds", "x": {}}\n',
        '{"id": 1, "text": " angry callers "}\r\n{"id": "b", "text": "refunds"}',
        "1\tangry callers\nb\trefunds\n",
        "\ufeff1\tangry callers\r\n\r\nb\trefunds",
    ],
)
def test_queries_in_each_layout(tmp_path: Path, content: str) -> None:
    """JSON Lines with "_id" or "id", and id<TAB>text; a BOM and blank lines are nothing."""
    assert collection.read_queries(_file(tmp_path, content)) == {
        "1": "angry callers", "b": "refunds",
    }  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        "query-id\tcorpus-id\tscore\nq 1\td1\t2\nq 1\td2\t0\nq2\td1\t-1\n",
        "q 1\td1\t2\r\nq 1\td2\t0\r\nq2\td1\t-1\r\n",
    ],
)
def test_qrels_of_beir(tmp_path: Path, content: str) -> None:
    """BEIR's columns are parted by tabs, with a header or none."""
    qrels = collection.read_qrels(_file(tmp_path, content))
    assert qrels == {"q 1": {"d1": 2, "d2": 0}, "q2": {"d1": -1}}


@pytest.mark.parametrize("space", [" ", "\t", "   "])
def test_qrels_of_trec(tmp_path: Path, space: str) -> None:
    """TREC's four columns are parted by any white space; the same judgment twice is one."""
    lines = ["q1 0 d1 2", "q1 0 d1 2", "q2 Q0 d1 0"]
    content = "\n".join(line.replace(" ", space) for line in lines)
    assert collection.read_qrels(_file(tmp_path, content)) == {"q1": {"d1": 2}, "q2": {"d1": 0}}


def test_a_run_is_ordered_by_score_then_rank(tmp_path: Path) -> None:
    """The order of the lines is nothing; where scores are equal the rank decides."""
    content = "q Q0 a 3 1.5 t\nq Q0 b 2 1.5 t\nq\tQ0\tc\t9\t1e2\tt\np Q0 a 0 -1 t\n"
    run = collection.read_run(_file(tmp_path, content))
    assert run == {"q": [("c", 100.0), ("b", 1.5), ("a", 1.5)], "p": [("a", -1.0)]}


@given(st.dictionaries(IDS, HITS, min_size=1, max_size=4))
def test_a_run_is_read_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, hits: dict[str, dict[str, float]]
) -> None:
    """Writing a run and reading it back keeps ids, order and each bit of the scores."""
    run = {query: sorted(found.items(), key=lambda hit: -hit[1]) for query, found in hits.items()}
    path = tmp_path_factory.mktemp("run") / "run"
    collection.write_run(run, path)
    assert collection.read_run(path) == run


# --- what is refused


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"_id": "1", "text": "x"}\n{"_id": "2", "text":\n', "file:2: not JSON"),
        ('{"_id": "1", "text": "x"}\n\n["2", "x"]', "file:3: not a JSON object"),
        ('{"_id": true, "text": "x"}', "file:1: a query without id"),
        ('{"_id": "1"}', "file:1: a query without text"),
        ('{"_id": "1", "text": "\\ud83d"}', "file:1: half of a surrogate pair in its text"),
        ("[" * 100_000, "file:1: no tab"),
        ('{"a":' * 100_000, "file:1: "),
        ("1\tx\n2 x\n", "file:2: no tab between id and text"),
        ("1\tx\n2\t \n", "file:2: a query without text"),
        ("1\tx\n1\ty\n", "file:2: a second query with the id '1'"),
        (b"1\tx\n2\t\xff\n", "file:2: not UTF-8"),
        ("\n \n", "file: no query in it"),
    ],
)
def test_bad_queries(tmp_path: Path, content: str | bytes, message: str) -> None:
    """A line that is no query is an error that names file and line."""
    with pytest.raises(SourceError) as caught:
        collection.read_queries(_file(tmp_path, content))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q\td\t1\nq\te\n", "file:2: columns: 2 where there should be 3"),
        ("q 0 d 1\nq\te\t1\n", "file:2: columns: 3 where there should be 4"),
        ("q d 1\n", "file:1: columns: 3 where there should be 4"),
        ("q\td\tx\n", "file:1: 'x' is no whole number"),
        ("q\td\t0.5\n", "file:1: '0.5' is no whole number"),
        ("q\td\t1000000000\n", "file:1: '1000000000' is no whole number up to 1,000"),
        ("q\t\t1\n", "file:1: an id is empty"),
        ("q\td\t1\n\nq\td\t2\n", "file:3: another grade for query 'q' and post 'd'"),
        ("query-id\tcorpus-id\tscore\n", "file: no judgment in it"),
        ("", "file: no judgment in it"),
    ],
)
def test_bad_qrels(tmp_path: Path, content: str, message: str) -> None:
    """A line that is no judgment, or contradicts one, is an error that names file and line."""
    with pytest.raises(SourceError) as caught:
        collection.read_qrels(_file(tmp_path, content))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("q Q0 d 1 1.0\n", "file:1: columns: 5 where there should be 6"),
        ("q Q0 d x 1.0 t\n", "file:1: a rank or score that is no number"),
        ("q Q0 d 1 nan t\n", "file:1: a rank or score that is no number"),
        ("q Q0 d 1 1 t\nq Q0 d 2 1 t\n", "file:2: a second hit 'd' for query 'q'"),
    ],
)
def test_bad_runs(tmp_path: Path, content: str, message: str) -> None:
    """A line that is no hit, or repeats one, is an error that names file and line."""
    with pytest.raises(LineError) as caught:
        collection.read_run(_file(tmp_path, content))
    assert message in str(caught.value)
    assert (Path(caught.value.path).name, caught.value.line) == ("file", int(message[5]))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    """A file that is missing or cannot be written, and an id that a run cannot hold, are named."""
    for read in (collection.read_queries, collection.read_qrels, collection.read_run):
        with pytest.raises(SourceError, match="none: cannot be read: No such file"):
            read(tmp_path / "none")
    with pytest.raises(SourceError, match="cannot be written: Is a directory"):
        collection.write_run({}, tmp_path)
    with pytest.raises(SourceError, match="white space in the id 'a b'"):
        collection.write_run({"q": [("a b", 1.0)]}, tmp_path / "run")
