"""`tipsearch eval` as people run it: on judgments, on runs, and on the corpus's own titles."""

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tipsearch
from tipsearch.cli import app as cli
from tipsearch.cli.measuring import RANKINGS
from tipsearch.evaluate.measures import MEASURES, evaluate
from tipsearch.store import ranking

TIPSEARCH = Path(sys.executable).parent / "tipsearch"
FILES = ("eval", "--queries", "queries.jsonl", "--qrels", "qrels.tsv")
FIX_FAST, GOOD_GRACES, CONTROL = (
    "2014-02-04-fix-fast-to-reduce-stress",
    "2017-12-12-get-back-in-the-good-graces",
    "2025-09-16-gain-control-of-the-conversation",
)
QUERIES = {
    "q1": "angry customer on the phone",
    "q2": "fix it fast",
    "q3": "what nobody has judged",
    GOOD_GRACES: "service recovery",
}
QRELS = [("q1", CONTROL, 2), ("q1", "gone", 1), ("q2", FIX_FAST, 1), (GOOD_GRACES, FIX_FAST, 1),
         ("q4", FIX_FAST, 1)]  # fmt: skip


def _run(folder: Path, *words: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run tipsearch in a folder and check the exit code."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TIPSEARCH", "COLUMNS"))}
    done = subprocess.run(
        [TIPSEARCH, *words],
        cwd=folder, env=clean, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def _objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def index(posts: list[tipsearch.Post]) -> tipsearch.Index:
    """An index of the seeds that ranks as it does without any extra."""
    return tipsearch.Index.build(posts, ranking="feedback")


@pytest.fixture(scope="module")
def folder(index: tipsearch.Index, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an index of the seeds, some queries, and judgments of most of them."""
    folder = tmp_path_factory.mktemp("eval")
    index.save(folder / "index")
    lines = [json.dumps({"_id": id, "text": text}) for id, text in QUERIES.items()]
    (folder / "queries.jsonl").write_text("\n".join(lines))
    rows = ["query-id\tcorpus-id\tscore", *("\t".join(map(str, row)) for row in QRELS)]
    (folder / "qrels.tsv").write_text("\n".join(rows))
    return folder


def test_measures_in_json(folder: Path, index: tipsearch.Index) -> None:
    """A mean is one object a line; what of the files plays no part is counted on stderr."""
    done = _run(folder, *FILES, "--json")
    means = _objects(done)
    assert [list(mean) for mean in means] == [
        ["ranking", "measure", "mean", "low", "high", "queries"]
    ] * 4
    assert [mean["measure"] for mean in means] == list(MEASURES)
    assert {(mean["ranking"], mean["queries"]) for mean in means} == {("index", 3)}
    ranks = []
    for query, sought in (("q1", CONTROL), ("q2", FIX_FAST), (GOOD_GRACES, FIX_FAST)):
        hits = [hit.id for hit in index.query(QUERIES[query], 101) if hit.id != query]
        ranks.append(1 + hits.index(sought))
    assert means[3]["mean"] == pytest.approx(sum(1 / rank for rank in ranks) / 3)
    assert done.stderr.splitlines() == [
        "1 query without a judgment: left out.",
        "1 judged query not in queries.jsonl: left out.",
        "1 judged post not in the index: counted as not found.",
        "1 hit of index with the query's own id: dropped (see --keep-identical).",
    ]


def test_each_query_and_the_options_of_measures(folder: Path) -> None:
    """--per-query gives each query's measures; --gain and --keep-identical change what they say."""
    lines = _objects(_run(folder, *FILES, "--json", "--per-query"))
    assert [line.get("query") for line in lines] == ["q1", "q2", GOOD_GRACES] + [None] * 4
    assert list(lines[0]) == ["ranking", "query", *MEASURES]
    assert sum(line["MRR@100"] for line in lines[:3]) / 3 == pytest.approx(lines[6]["mean"])
    other = _objects(
        _run(folder, *FILES, "--json", "--per-query", "--gain", "exp", "--keep-identical")
    )
    assert other[0]["nDCG@10"] > lines[0]["nDCG@10"]
    assert other[2]["MRR@100"] < lines[2]["MRR@100"]
    assert other[1] == lines[1]


def test_tables_for_people(folder: Path) -> None:
    """Without --json there are tables: of queries, of means, of differences."""
    out = _run(folder, *FILES, "--per-query", "--compare", "feedback").stdout
    assert re.search(r"^q2 +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +\d\.\d{3}$", out, re.MULTILINE)
    assert re.search(r"^index, 3 queries +mean  95% from +to$", out, re.MULTILINE)
    assert re.search(r"^nDCG@10( +\d\.\d{3}){3}$", out, re.MULTILINE)
    same = r"^MRR@100 +\+0\.000 +\+0\.000 +\+0\.000 +0 +3 +0  1\.0000$"
    assert re.search(same, out, re.MULTILINE)
    assert out.count("\n\n") == 4


def test_a_run_is_saved_measured_and_compared(folder: Path, tmp_path: Path) -> None:
    """A saved run measures as the index did; a comparison is of the same queries, in pairs."""
    saved, worse = tmp_path / "saved.run", tmp_path / "worse.run"
    of_index = _objects(_run(folder, *FILES, "--json", "--save-run", str(saved)))
    of_run = _objects(_run(folder, "eval", "--run", str(saved), "--qrels", "qrels.tsv", "--json"))
    assert [mean["queries"] for mean in of_run] == [4] * 4  # q4 is judged, and has no hits
    assert [mean["mean"] * 4 / 3 for mean in of_run] == pytest.approx(
        [mean["mean"] for mean in of_index]
    )
    lines = saved.read_text().splitlines(keepends=True)
    worse.write_text("".join(line for line in lines if not line.startswith("q1 ")))
    done = _run(folder, *FILES, "--json", "--compare", str(worse))
    assert f"1 query without a hit in {worse}: counted as 0." in done.stderr
    difference = _objects(done)[-1]
    assert list(difference) == [
        "ranking", "against", "measure", "difference", "low", "high", "wins", "ties", "losses", "p",
    ]  # fmt: skip
    assert (difference["ranking"], difference["against"]) == ("index", str(worse))
    assert [difference[key] for key in ("wins", "ties", "losses", "p")] == [1, 2, 0, 1]


def test_known_items(folder: Path, index: tipsearch.Index) -> None:
    """Titles find their posts by the text alone; MRR comes first, and --sample says how many."""
    done = _run(folder, "eval", "--known-item", "--json", "--per-query")
    assert done.stderr == "Known items: 53 titles, sought in 56 texts.\n"
    lines = _objects(done)
    of_query = {line["query"]: line["MRR@100"] for line in lines[:53]}
    posts = [replace(post, title="") for post in index]
    untitled = tipsearch.Index.build(posts, ranking="feedback")
    for post in index:
        if post.id in of_query:
            ids = [hit.id for hit in untitled.query(post.title, 101)]
            expected = 1 / (1 + ids.index(post.id)) if post.id in ids else 0
            assert of_query[post.id] == pytest.approx(expected)
    assert lines[53]["measure"] == "MRR@100"
    some = _objects(_run(folder, "eval", "--known-item", "--sample", "5", "--json", "--per-query"))
    assert {line["query"]: line["MRR@100"] for line in some[:5]}.items() < of_query.items()
    assert len(some) == 9


def test_each_ranking_has_its_name(folder: Path, index: tipsearch.Index) -> None:
    """--ranking and --compare take the names of all rankings, and measure what they say."""
    assert sorted(RANKINGS) == sorted(ranking.NAMES)
    done = _run(folder, *FILES, "--ranking", "tfidf", "--compare", "feedback", "--json")
    means = _objects(done)
    assert [mean["ranking"] for mean in means] == ["tfidf"] * 4 + ["feedback"] * 4 + ["tfidf"] * 4
    hits = {id: index.query(text, 101, ranking="tfidf") for id, text in QUERIES.items()}
    run = {id: [(hit.id, hit.score) for hit in found] for id, found in hits.items()}
    qrels: dict[str, dict[str, int]] = {}
    for query, post, grade in QRELS[:4]:
        qrels.setdefault(query, {})[post] = grade
    expected = [mean.mean for mean in evaluate(run, qrels).means.values()]
    assert [mean["mean"] for mean in means[:4]] == expected


def test_no_title_to_search_for(tmp_path: Path) -> None:
    """A corpus without titles is an error that says what to give instead."""
    tipsearch.Index.build([tipsearch.Post("a", "", "text")]).save(tmp_path / "index")
    done = _run(tmp_path, "eval", "--known-item", code=1)
    assert "no post has a title of two words" in done.stderr
    assert "--queries and --qrels" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--queries none --qrels qrels.tsv", "none: cannot be read"),
        ("--queries qrels.tsv --qrels qrels.tsv", "a second query with the id 'q1'"),
        ("--queries queries.jsonl --qrels queries.jsonl", "queries.jsonl:1: columns"),
        ("--qrels qrels.tsv --run qrels.tsv", "qrels.tsv:1: columns: 3 where there should be 6"),
        ("--queries queries.jsonl --qrels other.tsv", "other.tsv: no query of queries.jsonl"),
        ("--queries queries.jsonl --qrels qrels.tsv --index none", "tipsearch index SOURCE"),
    ],
)
def test_errors_are_one_clear_line(folder: Path, words: str, message: str) -> None:
    """What cannot be used is named in one line, with exit code 1 and nothing on stdout."""
    (folder / "other.tsv").write_text("q\td\t1\n")
    done = _run(folder, "eval", *words.split(), code=1)
    assert message in done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        "",
        "--queries queries.jsonl",
        "--qrels qrels.tsv",
        "--qrels qrels.tsv --run x --compare bm25",
        "--qrels qrels.tsv --run x --ranking bm25",
        "--qrels qrels.tsv --run x --save-run y",
        "--known-item --qrels qrels.tsv",
        "--known-item --sample 0",
        "--qrels qrels.tsv --queries queries.jsonl --sample 5",
        "--known-item --ranking best",
    ],
)
def test_wrong_usage_is_exit_2(words: str) -> None:
    """Options that are missing, or do not go together, are exit code 2 and how to use them."""
    done = CliRunner().invoke(cli.app, ["eval", *words.split()], prog_name="tipsearch")
    assert done.exit_code == 2
    assert "Usage: tipsearch eval" in done.stderr


def test_without_the_library(folder: Path) -> None:
    """Where ir_measures is not installed, one line says how to get it."""
    probe = (
        "import sys, tipsearch.cli.app\n"
        "sys.modules['ir_measures'] = None\n"
        "tipsearch.cli.app.main()"
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", probe, *FILES],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    wanted = "tipsearch: this needs ir_measures, which is not installed: "
    wanted += 'get it with: pip install "tipsearch[eval]"\n'
    assert done.stderr == wanted


def test_only_measuring_loads_the_library() -> None:
    """Neither tipsearch nor `tipsearch.evaluate` loads ir_measures or scipy."""
    probe = (
        "import sys, tipsearch, tipsearch.cli.app, tipsearch.evaluate.measures; print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert not loaded & {"ir_measures", "pytrec_eval", "scipy", "sklearn", "nltk"}
