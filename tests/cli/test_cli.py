"""The installed command, as people run it: in a folder, in a pipe, in a terminal."""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import tipsearch
from tipsearch.analysis.analyzer import Analyzer

TIPSEARCH = Path(sys.executable).parent / "tipsearch"
FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"
COMMANDS = (
    "index", "add", "remove", "query", "related", "show", "suggest", "topics", "gaps",
    "duplicates", "synonyms", "info", "verify", "eval",
)  # fmt: skip
CLEAN = {k: v for k, v in os.environ.items() if not k.startswith(("TIPSEARCH", "COLUMNS"))}
HEAVY = (
    "sklearn", "scipy", "numba", "nltk", "joblib", "pandas", "pyarrow", "rapidfuzz", "filelock",
    "rich", "html",
)  # fmt: skip


def _run(
    folder: Path, *words: str, code: int = 0, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run tipsearch in a folder, without the caller's settings, and check the exit code."""
    done = subprocess.run(
        [TIPSEARCH, *words],
        cwd=folder,
        env=CLEAN | {"TIPSEARCH_RANKING": "feedback"} | (env or {}),
        capture_output=True,
        encoding="latin-1" if env and "PYTHONIOENCODING" in env else "utf-8",
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def _objects(done: subprocess.CompletedProcess[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def indexed(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the seeds and an index of them, made by the command."""
    folder = tmp_path_factory.mktemp("indexed")
    shutil.copytree(seeds, folder / "seeds")
    _run(folder, "index", "--ranking", "feedback")
    return folder


# --- query and related


def test_query_answers_in_the_contract_s_json(indexed: Path) -> None:
    """A hit is one JSON object a line, with the keys of the contract in its order."""
    hits = _objects(_run(indexed, "query", "angry customer on the phone", "-n", "3", "--json"))
    keys = ["rank", "id", "score", "title", "date", "kind", "categories", "snippet"]
    more = ["matched", "added", "title_spans", "snippet_spans", "weak", "reason"]
    assert [list(hit) for hit in hits] == [[*keys, *more]] * 3
    assert {(hit["weak"], hit["reason"]) for hit in hits} == {
        (True, 'no post has both "angry" and "phone"')
    }
    assert hits[0]["matched"] == ["angry", "customer"]
    assert str(hits[0]["snippet"]).startswith("The customer’s angry or upset")
    assert (hits[0]["snippet_spans"], hits[0]["title_spans"]) == ([[4, 14], [15, 20]], [])
    related = _objects(_run(indexed, "related", FIX_FAST, "--json"))
    assert [list(hit) for hit in related] == [keys] * 10
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    assert hits[0]["title"] == "Gain Control of the Conversation"
    assert (hits[0]["date"], hits[0]["kind"]) == ("2025-09-16", "teaser")


def test_words_need_no_quotes(indexed: Path) -> None:
    """Words given one by one are one query."""
    one = _run(indexed, "query", "angry customer", "--json")
    assert _run(indexed, "query", "angry", "customer", "--json").stdout == one.stdout


def test_related_by_title_and_by_id(indexed: Path) -> None:
    """A title, quoted or not, and an id give the same related posts, never the post itself."""
    by_id = _run(indexed, "related", FIX_FAST, "--json")
    assert _run(indexed, "related", "Fix Fast to Reduce Stress", "--json").stdout == by_id.stdout
    assert _run(indexed, "related", "fix", "fast", "to", "--json").stdout == by_id.stdout
    assert FIX_FAST not in [hit["id"] for hit in _objects(by_id)]
    assert len(_objects(by_id)) == 10


@pytest.mark.parametrize("command", [["query", "angry customer"], ["related", FIX_FAST]])
def test_plain_and_narrow_when_piped(indexed: Path, command: list[str]) -> None:
    """In a pipe the output has no escape codes and fits in 80 columns."""
    lines = _run(indexed, *command).stdout.splitlines()
    assert len(lines) > 10
    assert all(len(line) <= 80 and "\x1b" not in line for line in lines)


@pytest.mark.parametrize(
    ("query", "note"),
    [
        ("the of and", 'the query holds only stop words: "the", "of", "and".'),
        ("thier", 'Searched for "their" instead of "thier" (--exact searches as typed).'),
        ("xyzzy", 'No title or text has: "xyzzy".'),
        ("😀", "holds no letter or digit"),
    ],
)
def test_nothing_found_is_said_on_stderr(indexed: Path, query: str, note: str) -> None:
    """Where nothing matches, the exit code is 0, stdout is empty and stderr says why."""
    done = _run(indexed, "query", query)
    assert done.stdout == ""
    assert note in done.stderr
    assert len(done.stderr.splitlines()) == 1 + (query == "thier")


def test_unknown_words_are_named_beside_the_answer(indexed: Path) -> None:
    """A word that no post has is named, and the others are still searched for."""
    done = _run(indexed, "query", "angry xyzzy")
    assert "Gain Control" in done.stdout
    assert done.stderr.startswith('No post has "xyzzy".')


def test_ten_thousand_words(indexed: Path) -> None:
    """A query of 10,000 words is answered, and what is unknown in it is not all listed."""
    done = _run(indexed, "query", "angry " + " ".join(f"word{i}" for i in range(9_999)))
    assert "Gain Control" in done.stdout
    assert "and 9,989 more" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["query", ""], "the query is empty"),
        (["related", "Fix Fats to Reduce Stres"], "no post has the id, title or date"),
        (["related", "patience"], "2 posts fit 'patience':"),
        (["show", "nothing of the kind"], "no post has the id, title or date"),
        (["show", "2014-02-05"], "no post has the id, title or date '2014-02-05'"),
        (["index", "nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_errors_are_clear(indexed: Path, words: list[str], message: str) -> None:
    """A TipsearchError is a line on stderr and exit code 1; stdout stays empty."""
    done = _run(indexed, *words, code=1)
    first, *listed = done.stderr.splitlines()
    assert first.startswith("tipsearch: ")
    assert message in first
    assert done.stdout == ""
    assert all(line.startswith("  ") for line in listed)


def test_look_ups_that_fail_list_what_to_choose_from(indexed: Path) -> None:
    """Several fits and near misses are listed with the ids to give instead."""
    several = _run(indexed, "related", "patience", code=1).stderr
    assert "  2025-03-04-patience-is  Patience is…\n" in several
    assert f"  {FIX_FAST}  Fix Fast" in _run(indexed, "show", "Fix Fats to Reduce", code=1).stderr


@pytest.mark.parametrize(
    "words",
    [[], ["query"], ["query", "angry", "-n", "0"], ["query", "angry", "-n", "x"], ["nonsense"]],
)
def test_wrong_usage_is_exit_2(indexed: Path, words: list[str]) -> None:
    """Missing words, a bad limit, an unknown command: exit code 2 and how to use it."""
    assert "Usage: tipsearch" in _run(indexed, *words, code=2).stderr


# --- where the index is


def test_first_query_builds_from_seeds(seeds: Path, tmp_path: Path) -> None:
    """Where there is no index and seeds/ is there, query builds one and says so on stderr."""
    shutil.copytree(seeds, tmp_path / "seeds")
    done = _run(tmp_path, "query", "angry customer", "--json")
    assert "building it from seeds/" in done.stderr
    assert len(_objects(done)) == 10
    again = _run(tmp_path, "related", FIX_FAST, "--json")
    assert again.stderr == ""


def test_nothing_to_build_from_names_the_command(tmp_path: Path) -> None:
    """Where neither is there, each command names the one to run."""
    for words in (["query", "x"], ["related", "x"], ["show", "x"], ["info"], ["verify"]):
        assert "tipsearch index SOURCE" in _run(tmp_path, *words, code=1).stderr


def test_index_folder_by_option_and_environment(indexed: Path, tmp_path: Path) -> None:
    """--index wins over TIPSEARCH_INDEX, which wins over index/."""
    there = str(indexed / "index")
    by_option = _run(tmp_path, "info", "--index", there, "--json", env={"TIPSEARCH_INDEX": "no"})
    by_environment = _run(tmp_path, "info", "--json", env={"TIPSEARCH_INDEX": there})
    assert by_option.stdout == by_environment.stdout == _run(indexed, "info", "--json").stdout


# --- the other commands


def test_index_reports_every_line(indexed: Path, tmp_path: Path) -> None:
    """`index` prints the account as a short table; --json prints it as one object."""
    table = _run(indexed, "index", "--index", str(tmp_path / "new"))
    assert "5 files, 65 entries, 56 posts (15 full, 41 teasers, 7 undated)" in table.stdout
    assert re.search(r"^ +0  unrecognised$", table.stdout, re.MULTILINE)
    assert "image caption 'Blog 9-4-14' cut off" in table.stdout
    (report,) = _objects(_run(indexed, "index", "--index", str(tmp_path / "new"), "--json"))
    assert (report["entries"], report["posts"], report["unrecognised"]) == (65, 56, [])


def test_bad_files_are_reported_and_the_rest_is_indexed(seeds: Path, tmp_path: Path) -> None:
    """A file that cannot be read is named with its reason; JSON Lines and dumps go together."""
    mixed = tmp_path / "mixed"
    shutil.copytree(seeds, mixed)
    (mixed / "bad.txt").write_bytes(b"Tip \xff")
    (mixed / "notes.txt").write_text("Milk, eggs, bread.\n")
    (mixed / "posts.json").write_text('[{"id": 1, "text": "A refund"}]')
    (mixed / "more.jsonl").write_text('{"_id": "x1", "text": "A refund in time"}\n{"text": 1}\n')
    out = _run(tmp_path, "index", "mixed").stdout
    assert "57 posts" in out
    assert "Not read: mixed/bad.txt: not UTF-8: byte 0xff at line 1" in out
    assert "Not read: mixed/notes.txt: no post found" in out
    assert re.search(
        r"Not read: mixed/posts.json: .* JSON Lines, a post a line, must be named", out
    )
    assert 'Unrecognised: mixed/more.jsonl:2: it needs an "id"' in out
    assert _objects(_run(tmp_path, "query", "refund", "--json"))[0]["id"] == "x1"


def test_nothing_to_index_leaves_the_old_index(indexed: Path, tmp_path: Path) -> None:
    """A source without a post is an error, and the index stays as it was."""
    shutil.copytree(indexed / "index", tmp_path / "index")
    (tmp_path / "notes.txt").write_text("Milk, eggs, bread.\n")
    done = _run(tmp_path, "index", "notes.txt", code=1)
    assert "no post found" in done.stderr
    assert _run(tmp_path, "info", "--json").stdout == _run(indexed, "info", "--json").stdout


def test_show_prints_the_whole_post(indexed: Path, seeds: Path) -> None:
    """`show` prints the text as it is, NBSPs and curly quotes too, and where it was read."""
    (post,) = _objects(_run(indexed, "show", "get back in the good graces", "--json"))
    source = (seeds / "000_068bef2741a2040b.txt").read_text()
    assert all(part in source for part in str(post["text"]).split("\n\n"))
    shown = _run(indexed, "show", "get back in the good graces").stdout
    assert str(post["text"]) in shown
    assert "from: seeds/000_068bef2741a2040b.txt, lines 53 to" in shown


def test_info_and_verify(indexed: Path, tmp_path: Path) -> None:
    """`info` says what is in the index; `verify` names each file, and fails on a damaged one."""
    (info,) = _objects(_run(indexed, "info", "--json"))
    assert (info["posts"], info["format"]) == (56, 5)
    assert "56" in _run(indexed, "info").stdout
    files = _objects(_run(indexed, "verify", "--json"))
    assert {file["file"] for file in files} == {"data.bin", "digests.bin", "manifest.json"}
    copy = tmp_path / "copy"
    shutil.copytree(indexed / "index", copy)
    target = next(copy.glob("*/data.bin"))
    target.write_bytes(target.read_bytes().replace(b"stress", b"strezz", 1))
    done = _run(indexed, "verify", "--index", str(copy), code=1)
    assert "data.bin: its checksum is wrong" in done.stderr


def test_help_is_plain_and_complete(indexed: Path) -> None:
    """Help names every command and fits in 80 columns; each command has its own, with examples."""
    shown = _run(indexed, "--help").stdout
    assert "..." not in shown.partition("Commands:")[2]  # no summary is cut
    for command in COMMANDS:
        assert re.search(rf"^  {command} +\w", shown, re.MULTILINE)
        own = _run(indexed, command, "-h").stdout
        assert "--index DIR" in own
        assert "--json" in own
        assert all(len(line) <= 80 for line in own.splitlines())
        assert 1 <= len(_examples(own)) <= 3


def _examples(help: str) -> list[str]:
    """The commands that stand at the end of a help text, a line each."""
    _, _, end = help.replace("Example:\n", "Examples:\n").partition("\n  Examples:\n")
    assert all(line.startswith("    ") for line in end.splitlines())
    return [line.strip() for line in end.splitlines()]


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_in_the_help_work(seeds: Path, tmp_path: Path, command: str) -> None:
    """Each example runs as it stands, one after the other, in a folder with what it names."""
    shutil.copytree(seeds, tmp_path / "seeds")
    shutil.copytree(seeds, tmp_path / "pages")
    for name, id in (("posts", "p1"), ("more", "p2")):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"id": id, "text": "A refund."}))
    for name in ("questions.txt", "searches.txt"):
        (tmp_path / name).write_text("refund policy\nangry customers\n")
    (tmp_path / "synonyms.txt").write_text("refund, reimbursement\n")
    (tmp_path / "queries.jsonl").write_text('{"_id": "q1", "text": "fix it fast"}\n')
    (tmp_path / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\nq1\t{FIX_FAST}\t1\n")
    _run(tmp_path, "index", "--ranking", "feedback", "--synonyms", "synonyms.txt")
    path = f"{TIPSEARCH.parent}{os.pathsep}{os.environ['PATH']}"
    for example in _examples(_run(tmp_path, command, "--help").stdout):
        assert f"tipsearch {command}" in example
        done = subprocess.run(
            example, shell=True, cwd=tmp_path, env=CLEAN | {"PATH": path},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (example, done.stderr)
        assert done.stdout or ">" in example


def test_version(indexed: Path) -> None:
    """`--version` prints the version of the package."""
    assert _run(indexed, "--version").stdout == f"tipsearch {tipsearch.__version__}\n"


# --- completion in the shell


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("tipsearch ", set(COMMANDS)),
        ("tipsearch re", {"remove", "related"}),
        ("tipsearch query --e", {"--exact", "--explain"}),
        ("tipsearch query angry --ranking ", {"hybrid", "feedback", "bm25", "tfidf"}),
        ("tipsearch query -5 minutes --l", {"--limit"}),
    ],
)
def test_completion_offers_what_fits(indexed: Path, line: str, offered: set[str]) -> None:
    """Completion in bash offers commands, options and their values, and prints nothing else."""
    words = line.split(" ")
    env = {"COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = _run(indexed, env=env | {"_TIPSEARCH_COMPLETE": "complete_bash"})
    assert set(done.stdout.split()) == offered
    assert done.stderr == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_completion_works_in_bash(indexed: Path) -> None:
    """What `--show-completion` prints under bash completes a command there."""
    script = (
        'eval "$(tipsearch --show-completion bash)"; COMP_WORDS=(tipsearch re); COMP_CWORD=1; '
        '_tipsearch_completion tipsearch; echo "${COMPREPLY[*]}"; complete -p tipsearch'
    )
    path = f"{TIPSEARCH.parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "--norc", "-c", script],
        cwd=indexed, env=CLEAN | {"PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    offered, registered = done.stdout.rsplit("\n", 2)[:2]
    assert set(offered.split()) == {"remove", "related"}
    assert registered == "complete -o default -F _tipsearch_completion tipsearch"


# --- rankings

OWN = {"TIPSEARCH_RANKING": ""}  # what the index says


@pytest.fixture(scope="module")
def hybrid(indexed: Path) -> Path:
    """A folder that also has an index with vectors, in `meaning`."""
    _run(indexed, "index", "--ranking", "hybrid", "--index", "meaning", env=OWN)
    return indexed


@pytest.fixture(scope="module")
def unmodelled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which wordllama cannot be found."""
    folder = tmp_path_factory.mktemp("unmodelled")
    (folder / "sitecustomize.py").write_text('import sys\nsys.modules["wordllama"] = None\n')
    return {**OWN, "PYTHONPATH": str(folder)}


def test_the_index_s_own_ranking_is_the_default(hybrid: Path) -> None:
    """An index ranks as it was made to, unless an option or the environment names another way."""
    query = ("query", "furious clients", "--json", "--index", "meaning")
    own = _run(hybrid, *query, env=OWN).stdout
    for words, env in (
        (["--ranking", "hybrid"], OWN),
        ([], {"TIPSEARCH_RANKING": "hybrid"}),
        (["--ranking", "hybrid"], {"TIPSEARCH_RANKING": "tfidf"}),
    ):
        assert _run(hybrid, *query, *words, env=env).stdout == own
    query = ("query", "angry customer", "--json", "--index", "meaning")
    by_words = {
        name: _run(hybrid, *query, env={"TIPSEARCH_RANKING": name}).stdout
        for name in ("feedback", "hybrid", "tfidf")
    }
    assert len(set(by_words.values())) == 3
    for name, expected in by_words.items():
        assert _run(hybrid, *query, "--ranking", name, env=OWN).stdout == expected
    related = ("related", FIX_FAST, "--json", "--index", "meaning")
    own = _run(hybrid, *related, env=OWN).stdout
    assert own == _run(hybrid, *related, "--ranking", "hybrid").stdout
    assert own != _run(hybrid, *related, "--ranking", "tfidf").stdout
    assert '"name": "hybrid"' in _run(hybrid, "info", "--json", "--index", "meaning").stdout
    _run(hybrid, "verify", "--index", "meaning")


@pytest.mark.parametrize("command", [["query", "x"], ["related", FIX_FAST], ["index"]])
def test_an_unknown_ranking_is_wrong_usage(hybrid: Path, command: list[str]) -> None:
    """A ranking that there is not is exit 2, with those there are; so it is in the environment."""
    wrong = [(["--ranking", "bm26"], OWN)]
    if command != ["index"]:
        wrong.append(([], {"TIPSEARCH_RANKING": "bm26"}))
    for words, env in wrong:
        refused = _run(hybrid, *command, *words, code=2, env=env).stderr
        assert all(name in refused for name in ("bm25", "feedback", "hybrid", "tfidf"))


def test_the_environment_chooses_how_to_ask_never_how_to_build(indexed: Path) -> None:
    """TIPSEARCH_RANKING takes no vectors from an index; who leaves them out is told so."""
    there = ("--index", "asked")
    by_words = {"TIPSEARCH_RANKING": "bm25"}
    built = _run(indexed, "index", *there, env=by_words)
    assert "ranks by hybrid" in built.stdout
    (info,) = _objects(_run(indexed, "info", "--json", *there))
    assert info["embedding"]
    hits = _objects(_run(indexed, "query", "angry customer", "--json", *there, env=by_words))
    assert all(hit["matched"] and not hit["added"] for hit in hits)
    without = _run(indexed, "index", "--ranking", "feedback", *there)
    assert "ranks by feedback" in without.stdout
    assert without.stderr == (
        "The new index has no embeddings, which the old one had: --ranking hybrid keeps them.\n"
    )


@pytest.mark.parametrize("command", [["query", "angry"], ["related", FIX_FAST]])
def test_meaning_asked_of_an_index_without_vectors(hybrid: Path, command: list[str]) -> None:
    """Where there are no vectors, one line says how to get them."""
    done = _run(hybrid, *command, "--ranking", "hybrid", code=1)
    assert done.stderr.count("\n") == 1
    assert "tipsearch index --ranking hybrid SOURCE" in done.stderr
    assert done.stdout == ""


def test_without_the_model_the_answer_is_by_words(hybrid: Path, unmodelled: dict[str, str]) -> None:
    """A query says once that it ranks by words alone; related posts need no model."""
    query = ("query", "angry customer on the phone", "--json", "--index", "meaning")
    done = _run(hybrid, *query, env=unmodelled)
    assert done.stderr.startswith("tipsearch: ranking by words alone: this needs wordllama")
    assert done.stderr.count("tipsearch: ") == 1
    assert 'pip install "tipsearch[semantic]"' in done.stderr
    assert done.stdout == _run(hybrid, *query, "--ranking", "feedback").stdout
    related = ("related", FIX_FAST, "--json", "--index", "meaning")
    done = _run(hybrid, *related, env=unmodelled)
    assert done.stderr == ""
    assert done.stdout == _run(hybrid, *related, "--ranking", "hybrid").stdout


def test_what_needs_the_model_says_how_to_get_it(
    hybrid: Path, unmodelled: dict[str, str], tmp_path: Path
) -> None:
    """To rank by meaning or to add posts is one line and exit 1; to remove some needs no model."""
    folder, file = str(tmp_path / "copy"), tmp_path / "new.jsonl"
    shutil.copytree(hybrid / "meaning", folder)
    file.write_text('{"id": "new", "text": "Refund it."}\n')
    for words in (
        ["query", "angry", "--ranking", "hybrid", "--index", folder],
        ["add", str(file), "--index", folder],
        ["index", str(file), "--ranking", "hybrid", "--index", folder],
    ):
        done = _run(tmp_path, *words, code=1, env=unmodelled)
        assert done.stderr.count("\n") == 1
        assert 'pip install "tipsearch[semantic]"' in done.stderr
    _run(tmp_path, "remove", FIX_FAST, "--index", folder, env=unmodelled)
    _run(tmp_path, "verify", "--index", folder, env=unmodelled)
    _run(tmp_path, "query", "angry", "--ranking", "hybrid", "--index", folder)
    _run(tmp_path, "index", str(file), "--index", folder, env=unmodelled)
    assert '"name": "feedback"' in _run(tmp_path, "info", "--json", "--index", folder).stdout


# --- the terminal


def _in_terminal(folder: Path, *words: str, columns: int = 80, **env: str) -> str:
    """What tipsearch writes to a terminal of so many columns, its stderr on it too."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ.update({"COLUMNS": str(columns), "TERM": "xterm-256color", **env})
        os.environ.setdefault("TIPSEARCH_RANKING", "feedback")
        os.execve(TIPSEARCH, [str(TIPSEARCH), *words], dict(os.environ))
    output = b"".join(_until_closed(terminal))
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, output
    return output.decode()


def _until_closed(terminal: int) -> Iterator[bytes]:
    while select.select([terminal], [], [], 60)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        yield data
    os.close(terminal)


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_matches_are_marked_on_a_terminal(indexed: Path) -> None:
    """On a terminal the words that matched are coloured, other words are not."""
    shown = _in_terminal(indexed, "query", "angry", "customer")
    marked = re.findall(r"\x1b\[31m\x1b\[1m([^\x1b]+)\x1b\[0m", shown)
    assert {term for word in marked for term in Analyzer().analyze(word)} == {"angri", "custom"}
    assert "\x1b" not in _in_terminal(indexed, "query", "angry", "customer", NO_COLOR="1")


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
@pytest.mark.parametrize("columns", [50, 80, 200])
def test_lines_fit_the_terminal(indexed: Path, columns: int) -> None:
    """No line is wider than the terminal, and none than 100 columns."""
    for words in (["query", "angry", "customer"], ["related", FIX_FAST], ["show", FIX_FAST]):
        plain = re.sub(r"\x1b\[\d+m", "", _in_terminal(indexed, *words, columns=columns))
        assert max(map(len, plain.splitlines())) <= min(columns, 100)


@pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
def test_index_shows_progress_on_a_terminal(indexed: Path, tmp_path: Path) -> None:
    """`index` shows a bar that reaches 100 % on a terminal, and none in a pipe."""
    assert "100%" in _in_terminal(indexed, "index", "--index", str(tmp_path / "new"))
    assert "%" not in _run(indexed, "index", "--index", str(tmp_path / "new")).stderr


def test_output_that_cannot_be_encoded_is_replaced(indexed: Path) -> None:
    """A terminal without curly quotes gets question marks, not a traceback."""
    latin = {"PYTHONIOENCODING": "latin-1"}
    assert "?" in _run(indexed, "show", "You're the Boss", env=latin).stdout


@pytest.mark.parametrize("command", ["query customer", "info --json", "--help"])
def test_output_that_cannot_be_written_is_a_clear_error(indexed: Path, command: str) -> None:
    """A full disk behind stdout is one line and exit code 1; a closed stdout no traceback."""
    for target, codes in ((">/dev/full", {1}), (">&-", {0, 1})):
        done = subprocess.run(
            f"{TIPSEARCH} {command} {target}",
            shell=True, cwd=indexed, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode in codes, done.stderr
        assert "Traceback" not in done.stderr
        assert len(done.stderr.splitlines()) <= 1


def test_json_survives_any_encoding(indexed: Path) -> None:
    """JSON keeps each character where the output is not UTF-8."""
    latin = _run(indexed, "show", FIX_FAST, "--json", env={"PYTHONIOENCODING": "latin-1"})
    assert _objects(latin) == _objects(_run(indexed, "show", FIX_FAST, "--json"))


def test_nothing_in_a_post_commands_the_terminal(tmp_path: Path) -> None:
    """Escape codes and other control characters of a post or file reach no terminal."""
    bad = {"id": "x\x1b[31m", "title": "red\x1b[31m \x07bell", "text": "\x1b]0;t\x07 red \x9b31m"}
    (tmp_path / "bad.jsonl").write_text(
        "\n".join([json.dumps(bad), json.dumps(bad | {"id": "y"}), "no \x07JSON"])
    )
    out = _run(tmp_path, "index", "bad.jsonl").stdout + _run(tmp_path, "query", "red").stdout
    out += _run(tmp_path, "show", "y").stdout + _run(tmp_path, "show", "red bell", code=1).stderr
    assert "red" in out
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out)


def test_an_index_is_not_taken_for_a_source(indexed: Path, tmp_path: Path) -> None:
    """To index a folder with an index in it, twice, gives the posts once."""
    shutil.copytree(indexed / "seeds", tmp_path / "seeds")
    for _ in range(2):
        assert "65 entries, 56 posts" in _run(tmp_path, "index", ".").stdout
        assert "65 entries, 56 posts" in _run(tmp_path, "index", "--index", "seeds").stdout


def test_closed_pipe_is_no_traceback(indexed: Path) -> None:
    """`tipsearch query ... | head -1` ends in silence."""
    done = subprocess.run(
        f"{TIPSEARCH} query customer -n 50 | head -1",
        shell=True, cwd=indexed, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(" 1. ")
    assert done.stderr == ""


# --- what a cold query loads


@pytest.mark.parametrize(
    "command", [["query", "angry customers apologizing"], ["related", FIX_FAST], ["show", FIX_FAST]]
)
def test_a_cold_answer_imports_nothing_heavy(indexed: Path, command: list[str]) -> None:
    """Query, related and show answer without scikit-learn, scipy, nltk, joblib or pandas."""
    probe = (
        "import sys, tipsearch.cli.app\n"
        "try: tipsearch.cli.app.main()\n"
        "except SystemExit: pass\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe, *command],
        cwd=indexed, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "numpy" in loaded
    assert not loaded & set(HEAVY)


def test_importing_tipsearch_loads_nothing_heavy() -> None:
    """`import tipsearch` and `tipsearch.Index` load neither scikit-learn nor nltk."""
    probe = "import sys, tipsearch; tipsearch.Index; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & set(HEAVY)


def test_add_and_remove(indexed: Path, tmp_path: Path) -> None:
    """Posts are added and removed by hand; what names none changes nothing."""
    folder, lines = str(tmp_path / "new"), tmp_path / "more.jsonl"
    lines.write_text('{"id": "more", "title": "Smile audibly", "text": "They hear a smile."}\n')
    _run(indexed, "index", "--index", folder)
    assert "57 posts" in _run(indexed, "add", str(lines), "--index", folder).stdout
    hit = _objects(_run(indexed, "query", "audibly", "--json", "--index", folder))[0]
    assert hit["id"] == "more"
    before = (tmp_path / "new" / "CURRENT").read_bytes()
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    for words, message in (
        (["add", str(empty)], "no post found"),
        (["add", str(tmp_path / "none.jsonl")], "no such file"),
        (["remove", "more", "nobody"], "'nobody'"),
    ):
        done = _run(indexed, *words, "--index", folder, code=1)
        assert message in done.stderr
        assert (tmp_path / "new" / "CURRENT").read_bytes() == before
    (said,) = _objects(_run(indexed, "remove", "more", "--json", "--index", folder))
    assert said == {"removed": 1, "posts": 56}
    gone = _run(indexed, "query", "audibly", "--index", folder)
    assert 'No title or text has: "audibly"' in gone.stderr


def test_an_unchanged_source_leaves_the_index_as_it_is(indexed: Path, tmp_path: Path) -> None:
    """`index` run again publishes nothing where nothing has changed, and says what it read."""
    folder = tmp_path / "new"
    first = _run(indexed, "index", "--index", str(folder))
    inode = (folder / "CURRENT").stat().st_ino
    assert _run(indexed, "index", "--index", str(folder)).stdout == first.stdout
    assert (folder / "CURRENT").stat().st_ino == inode
