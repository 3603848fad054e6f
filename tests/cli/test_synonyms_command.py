"""`tipsearch synonyms` and `tipsearch index --synonyms` as people run them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.cli import app as cli
from tipsearch.corpus.post import Post
from tipsearch.corpus.synonymfile import read_rules
from tipsearch.errors import LineError
from tipsearch.explore import synonym_candidates
from tipsearch.index import Index

RULES = "refund, reimbursement\n# one way\ncod => cash on delivery\n"
CORPUS = """{"id": "a", "text": "A refund of the money."}
{"id": "b", "text": "Reimbursement takes days."}
{"id": "c", "text": "Cash on delivery."}
"""


def _run(folder: Path, *words: str) -> Result:
    """The command, in this process; what it raises is raised."""
    done = CliRunner().invoke(cli.app, [*words, "--index", str(folder / "index")])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with posts, synonyms, and an index of both."""
    (tmp_path / "posts.jsonl").write_text(CORPUS)
    (tmp_path / "synonyms.txt").write_text(RULES)
    _index(tmp_path, "--synonyms", str(tmp_path / "synonyms.txt"))
    return tmp_path


def _index(folder: Path, *options: str) -> Result:
    return _run(folder, "index", str(folder / "posts.jsonl"), "--ranking", "bm25", *options)


def test_the_index_lists_its_synonyms(folder: Path) -> None:
    """As lines of a file, or as JSON; an index without any says how to add some."""
    assert _run(folder, "synonyms").stdout == RULES.replace("# one way\n", "")
    lines = _run(folder, "synonyms", "--json").stdout.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"line": "refund, reimbursement"},
        {"line": "cod => cash on delivery"},
    ]
    assert "synonyms:   2 rules" in _run(folder, "info").stdout


def test_a_build_without_the_option_drops_them_and_says_so(folder: Path) -> None:
    """`add` keeps them."""
    more = folder / "more.jsonl"
    more.write_text('{"id": "d", "text": "More."}')
    _run(folder, "add", str(more))
    assert _run(folder, "synonyms").stdout.startswith("refund")
    dropped = "The new index has no synonyms, which the old one had: --synonyms FILE keeps them.\n"
    assert _index(folder).stderr == dropped
    empty = _run(folder, "synonyms")
    assert empty.stdout == ""
    assert empty.stderr == (
        "The index has no synonyms: tipsearch index --synonyms FILE adds them.\n"
    )


def test_a_query_says_what_it_also_searched_for(folder: Path) -> None:
    """One note on stderr; with --exact there is none, and the post of the synonym is not found."""
    done = _run(folder, "query", "refund", "cod")
    assert [line[:2] for line in done.stdout.splitlines() if line[0].isdigit()] == [
        "1.",
        "2.",
        "3.",
    ]
    note = 'Also searched for "reimbursement" (for "refund"), "cash on delivery" (for "cod").'
    assert " ".join(done.stderr.split()).startswith(note)
    exact = _run(folder, "query", "refund", "cod", "--exact")
    assert [line[:2] for line in exact.stdout.splitlines() if line[0].isdigit()] == ["1."]
    assert "Also" not in exact.stderr


def test_a_bad_file_is_named_and_the_index_stays(folder: Path) -> None:
    """The error has the file and the line."""
    bad = folder / "bad.txt"
    bad.write_text("refund, money\nrefund\n")
    with pytest.raises(LineError, match=r"bad\.txt:2: 'refund' stands alone"):
        _index(folder, "--synonyms", str(bad))
    assert _run(folder, "synonyms").stdout.startswith("refund, reimbursement\n")


# --- suggestions


def _texts(*texts: str) -> list[Post]:
    return [Post(f"p{place}", str(place), text) for place, text in enumerate(texts)]


PAIRS = _texts(
    "The film was long.",
    "A film about trains.",
    "That movie was long.",
    "One movie about trains.",
    "Film and movie alike.",
    "A train is late.",
    "This film is new.",
    "This movie is new.",
)


@pytest.mark.semantic
def test_words_alike_in_meaning_that_stand_apart_are_suggested() -> None:
    """Film and movie are in four posts each and in one together; the counts are by hand."""
    index = Index.build(PAIRS, ranking="hybrid")
    found = {candidate.words: candidate for candidate in index.synonym_candidates()}
    pair = found["film", "movie"]
    assert (pair.posts, pair.together, pair.line) == ((4, 4), 1, "film, movie")
    assert pair.cosine is not None
    assert pair.cosine > synonym_candidates.MIN_COSINE
    assert {"long", "trains", "new"} == set(pair.context)
    assert pair.score == pair.cosine + 0.25 * pair.context_cosine
    for word, example in zip(pair.words, pair.examples, strict=True):
        assert word in example.text.lower()
        assert example.id != "p4"
    assert sum({"film", "movie"} <= {*words} for words in found) == 1


@pytest.mark.semantic
def test_pairs_that_are_known_together_or_rare_are_left_out() -> None:
    """Known: the index's synonyms, also by stem. Together: in more than a third. Rare: one post."""
    known = Index.build(PAIRS, ranking="hybrid", synonyms=["movies => films, cinema"])
    together = Index.build(_texts("film movie", "film movie", "film", "movie"), ranking="hybrid")
    rare = Index.build(_texts("film", "film", "movie"), ranking="hybrid")
    for index in (known, together, rare):
        assert ("film", "movie") not in [one.words for one in index.synonym_candidates()]


@pytest.mark.semantic
def test_words_of_one_piece_are_left_out() -> None:
    """Mark is a piece of markdown, so that their cosine tells of their letters alone."""
    index = Index.build(_texts("mark", "mark", "markdown", "markdown"), ranking="hybrid")
    assert index.synonym_candidates() == []


def test_without_embeddings_feedback_alone_suggests() -> None:
    """The words that stand with both are the evidence; the best come first, at most `limit`."""
    index = Index.build(PAIRS, ranking="feedback")
    found = index.synonym_candidates()
    assert ("film", "movie") in [one.words for one in found]
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= synonym_candidates.MIN_CONTEXT
    assert all(one.cosine is None for one in found)
    assert index.synonym_candidates(1) == found[:1]


@pytest.mark.semantic
def test_suggestions_of_the_seeds_are_a_file(posts: list[Post], tmp_path: Path) -> None:
    """What is printed is read as a file of these pairs; the JSON has the same with evidence."""
    index = Index.build(posts, ranking="hybrid")
    index.save(tmp_path / "index")
    done = _run(tmp_path, "synonyms", "--suggest", "-n", "8")
    assert done.stderr == "8 pairs to judge.\n"
    lines = [candidate.line for candidate in index.synonym_candidates(8)]
    assert list(map(str, read_rules(done.stdout.splitlines(), Analyzer()))) == lines
    assert "difficult, hard" in lines
    shown = _run(tmp_path, "synonyms", "--suggest", "-n", "8", "--json").stdout.splitlines()
    found = [json.loads(line) for line in shown]
    assert [one["line"] for one in found] == lines
    for one in found:
        for word, count, example in zip(one["words"], one["posts"], one["examples"], strict=True):
            term = index.analyzer.term(word)
            having = [p.id for p in posts if term in index.analyzer.analyze(f"{p.title} {p.text}")]
            assert len(having) == count
            assert example in having
