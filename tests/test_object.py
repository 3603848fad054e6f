"""An index as an object: how it is told, shared between threads and processes, and closed."""

from __future__ import annotations

import copy
import gc
import multiprocessing
import pickle
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import joblib
import pytest

from tests.conftest import PATIENCE, ROOT
from tipsearch import errors
from tipsearch.corpus.post import Post
from tipsearch.errors import (
    EmptyQueryError,
    IndexClosed,
    LookupFailed,
    PostNotFound,
    SettingError,
    TipsearchError,
)
from tipsearch.index import Index
from tipsearch.ranking.topk import postings as of_postings

FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"
POSTS = (Post("a", "One", "x"), Post("b", "", "some words of it"))
MADE: list[TipsearchError] = [
    errors.SettingError("limit", 0, "at least 1"),
    errors.SettingError("subset", lambda: None, "posts"),  # a value that cannot be pickled
    errors.EmptyQueryError(),
    errors.SourceError("a.txt", "no post", "name another"),
    errors.LineError("a.txt", 5, "not JSON", "mend it"),
    errors.DuplicateIdError("a"),
    errors.ExtraMissing("semantic", "wordllama", "which is another"),
    errors.NotEnoughMemory(),
    errors.CorpusError("no topics", "no word", "index posts"),
    errors.PostNotFound("x", POSTS),
    errors.PostNotFound("x", ()),
    errors.AmbiguousTitle("x", POSTS, 12),
    errors.IndexNotFound("index"),
    errors.IndexClosed("index", "was closed"),
    errors.IndexCorrupt("index", "data.bin", "its checksum is wrong"),
    errors.IndexUnreadable("index", "data.bin", "Too many open files", 24),
    errors.IndexFormatError("index", 3, 4),
    errors.IndexLocked("index", 60.0),
    errors.IndexChanged("index"),
    errors.IndexWriteError("index", "No space left on device", 28),
]


def _tree(kind: type[TipsearchError]) -> set[type[TipsearchError]]:
    return {kind}.union(*map(_tree, kind.__subclasses__()))


# --- errors


def test_the_errors_of_these_tests_are_all_there_are() -> None:
    """Each error of the tree that is raised is among `MADE`."""
    parents = {errors.TipsearchError, errors.LookupFailed, errors.StorageError}
    assert {type(error) for error in MADE} == _tree(TipsearchError) - parents


@pytest.mark.parametrize("error", MADE, ids=lambda error: type(error).__name__)
def test_errors_survive_pickle_with_their_facts(error: TipsearchError) -> None:
    """Pickled or copied, an error is of its kind, with its message and all its facts."""
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is type(error)
        assert str(again) == str(error)
        assert "\n" not in str(again)
        told = {name: repr(v) if callable(v) else v for name, v in vars(error).items()}
        assert vars(again) == told


def _ask(query: str) -> int:
    return len(Index.build([Post("a", "", "refund")], ranking="bm25").query(query))


def test_an_error_in_another_process_reaches_the_caller() -> None:
    """One bad query among good ones is its own error in each kind of pool, and hangs none."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=spawn) as pool:
        found = [pool.submit(_ask, query) for query in ("refund", "", "refund")]
        assert found[0].result(PATIENCE) == 1
        with pytest.raises(EmptyQueryError):
            found[1].result(PATIENCE)
    with spawn.Pool(1) as processes, pytest.raises(EmptyQueryError):
        processes.map_async(_ask, ["refund", ""]).get(PATIENCE)
    with pytest.raises(EmptyQueryError):
        joblib.Parallel(2)(joblib.delayed(_ask)(query) for query in ("refund", ""))


def test_failed_look_ups_list_what_was_meant_in_python_too(index: Index) -> None:
    """The message names titles and ids to choose from, on one line."""
    with pytest.raises(LookupFailed, match=r"2 posts fit 'patience'.*'Patience is…' \(2025-03-04"):
        index.post("patience")
    with pytest.raises(
        LookupFailed, match=rf"nearest are 'Fix Fast to Reduce Stress' \({FIX_FAST}"
    ):
        index.post("Fix Fats to Reduce Stres")


# --- posts by id, and how it shows itself


def test_an_index_has_posts_by_id(index: Index) -> None:
    """`in` and brackets take ids; a post is in it if it is the very same."""
    post = index[FIX_FAST]
    assert post.title == "Fix Fast to Reduce Stress"
    assert FIX_FAST in index
    assert post in index
    assert Post(FIX_FAST, "another", "") not in index
    assert "Fix Fast to Reduce Stress" not in index  # a title is no id
    assert 0 not in index
    with pytest.raises(PostNotFound):
        index["nobody"]
    with pytest.raises(LookupError):
        index["nobody"]
    for wrong in (0, None, slice(3)):
        with pytest.raises(SettingError, match="an id cannot be"):
            index[wrong]  # type: ignore[index]


def test_a_repr_says_what_it_is(index: Index, tmp_path: Path) -> None:
    """How many posts, where it is, and how it ranks."""
    assert repr(index) == "<Index of 56 posts in memory, ranks by feedback>"
    index.save(tmp_path)
    assert repr(Index.open(tmp_path)) == f"<Index of 56 posts in '{tmp_path}', ranks by feedback>"
    assert repr(Index.build(POSTS[:1], ranking="tfidf")).startswith("<Index of 1 post in memory")


def test_help_shows_no_lambda() -> None:
    """The defaults in a signature are values that a reader can type."""
    import pydoc

    assert "<lambda>" not in pydoc.render_doc(Index)


@pytest.mark.parametrize("wrong", [None, 5, b"angry", ["angry"]])
def test_what_is_no_text_is_refused(index: Index, wrong: Any) -> None:
    """A query, a title and a folder that are no texts are named in a SettingError."""
    for ask in (index.query, index.related, index.post, index.parse):
        with pytest.raises(SettingError, match="it must be a text"):
            ask(wrong)
    if wrong is not None:
        with pytest.raises(SettingError, match="title or id"):
            index.remove(wrong)


@pytest.mark.parametrize("folder", ["", None, 5])
def test_an_empty_name_is_no_folder(index: Index, folder: Any) -> None:
    """Neither is the working directory taken for one."""
    for act in (index.save, Index.open):
        with pytest.raises(SettingError, match="the name of a folder"):
            act(folder)


def test_what_info_gives_is_the_caller_s_own(index: Index, tmp_path: Path) -> None:
    """To change it changes nothing in the index, which is then saved and opened."""
    facts = index.info()
    facts["analyzer"].pop("stop_words")
    facts["sources"].append(["x", "y"])
    assert index.info() != facts
    index.save(tmp_path)
    assert Index.open(tmp_path).info()["analyzer"] == index.info()["analyzer"]


# --- its life


def _mapped(folder: Path) -> int:
    """How many of the process's maps are of files of this folder."""
    return Path("/proc/self/maps").read_text().count(str(folder))


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="there is no /proc")
def test_a_closed_index_lets_go_of_its_file(index: Index, tmp_path: Path) -> None:
    """One file is mapped; after `close`, or at the end of a `with`, none is."""
    index.save(tmp_path)
    with Index.open(tmp_path) as opened:
        assert opened.query("angry customer", 3)[0].post
        assert _mapped(tmp_path) == 1
    gc.collect()
    assert _mapped(tmp_path) == 0
    other = Index.open(tmp_path)
    other.close()
    other.close()  # twice is no harm
    gc.collect()
    assert _mapped(tmp_path) == 0


def test_a_closed_index_says_so(index: Index, tmp_path: Path) -> None:
    """Whoever uses it is told to open it again; its hits go on, and keep what they need."""
    index.save(tmp_path)
    opened = Index.open(tmp_path)
    hits = opened.query("angry customer", 2)
    assert hits[0].post
    opened.close()
    assert [hit.post for hit in hits] == [index[hit.id] for hit in hits]
    asks: list[Callable[[], object]] = [
        lambda: opened.query("angry"), lambda: opened.related(FIX_FAST), lambda: len(opened),
        lambda: list(opened), opened.info, lambda: opened.save(tmp_path),
        lambda: FIX_FAST in opened, lambda: opened[FIX_FAST],
        lambda: pickle.dumps(opened), opened.refresh,
    ]  # fmt: skip
    for ask in asks:
        with pytest.raises(IndexClosed, match="was closed: open it again"):
            ask()
    with pytest.raises(AttributeError):
        index.nothing  # noqa: B018


def test_refresh_gives_the_newest(tmp_path: Path) -> None:
    """The newest generation of the folder, or the same object where that is it."""
    first = Index.build(POSTS[:1], ranking="bm25")
    first.save(tmp_path)
    opened = Index.open(tmp_path, kernel="numpy")
    assert opened.refresh() is opened
    Index.build(POSTS, ranking="bm25").save(tmp_path)
    newest = opened.refresh()
    assert (len(opened), len(newest), newest._searcher.kernel) == (1, 2, "numpy")
    assert newest.refresh() is newest
    assert first.refresh() is first


# --- between processes


def test_an_opened_index_is_pickled_by_folder_and_generation(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a few bytes, wherever the other process stands; a newer one is not taken for it."""
    index.save(tmp_path / "index")
    monkeypatch.chdir(tmp_path)
    data = pickle.dumps(Index.open("index"))
    assert len(data) < 1000
    monkeypatch.chdir("/")
    again = pickle.loads(data)
    assert again.query("angry customer") == index.query("angry customer")
    Index.build(POSTS, ranking="bm25").save(tmp_path / "index")
    with pytest.raises(IndexClosed, match="is another one than was pickled"):
        pickle.loads(data)


def test_an_index_in_memory_is_pickled_as_a_whole(index: Index) -> None:
    """It answers the same on the other side."""
    again = pickle.loads(pickle.dumps(index))
    assert list(again) == list(index)
    assert again.query("angry customer") == index.query("angry customer")
    assert repr(copy.deepcopy(index)) == repr(index)


def test_topics_are_pickled_with_their_posts(index: Index, tmp_path: Path) -> None:
    """All that can be asked of them is the same, whether the index was opened or built."""
    index.save(tmp_path)
    for each in (index, Index.open(tmp_path)):
        topics = each.topics(3)
        again = pickle.loads(pickle.dumps(topics))
        assert again.to_json() == topics.to_json()
        assert again.posts(1) == topics.posts(1)
        assert again.to_frame().equals(topics.to_frame())


def _first(index: Index, query: str) -> str:
    return index.query(query, 1)[0].id


def test_an_index_is_shared_by_processes(index: Index, tmp_path: Path) -> None:
    """joblib's processes ask an opened index that they are given."""
    index.save(tmp_path)
    opened, queries = Index.open(tmp_path), ["angry customer", "empathy", "apology", "patience"]
    jobs = (joblib.delayed(_first)(opened, query) for query in queries)
    assert joblib.Parallel(2)(jobs) == [_first(index, query) for query in queries]


def test_hits_are_pickled_with_what_they_know(index: Index) -> None:
    """The parse, the total and the coverage of an answer, and the words of its hits, are kept."""
    hits = index.query("angry custmer on the phone 2014", 4)
    again = pickle.loads(pickle.dumps(hits))
    for name in (
        "parsed", "corrections", "added", "total", "coverage", "weak", "reason", "milliseconds",
    ):  # fmt: skip
        assert getattr(again, name) == getattr(hits, name)
    for name in ("matched", "added", "title_spans", "snippet_spans"):
        assert [getattr(hit, name) for hit in again] == [getattr(hit, name) for hit in hits]


def test_an_answer_carries_what_a_page_needs(index: Index) -> None:
    """Corrections, what feedback added, and where titles and snippets match, of one parse."""
    hits = index.query("angry custmer pateince", 20)
    assert hits.corrections == {"custmer": "customer", "pateince": "patience"}
    assert hits.parsed == index.parse("angry custmer pateince")
    assert hits.milliseconds > 0
    terms = {index.analyzer.term(word) for word in hits.added}
    why = [index.explain("angry custmer pateince", hit.id) for hit in hits]
    assert terms == {part.term for each in why for part in each.parts if not part.in_query}
    assert terms.isdisjoint({"angri", "custom", "patienc"})
    marked = {
        index.analyzer.term(word)
        for hit in hits
        for text, spans in ((hit.post.title, hit.title_spans), (hit.snippet, hit.snippet_spans))
        for word in index.analyzer.tokens(" ".join(text[start:end] for start, end in spans))
    }
    assert marked == {"angri", "custom", "patienc"}
    assert any(hit.title_spans for hit in hits)
    related = index.related(FIX_FAST, 3)
    assert (related.corrections, related.added, related.parsed) == ({}, (), None)


def test_help_lists_methods_in_the_order_of_use() -> None:
    """`help(Index)` begins with what is done first, and leaves no public name out of that order."""
    import pydoc

    public = {name for name in vars(Index) if not name.startswith("_")}
    assert set(Index._fields) == public
    text = re.sub(r".\x08", "", pydoc.render_doc(Index))
    methods = re.findall(r"^ \|  ([a-z]\w*)\(", text, re.MULTILINE)
    classmethods = {"build", "ingest", "open"}
    expected = [name for name in Index._fields if name in methods and name not in classmethods]
    assert methods[: len(expected)] == expected


# --- between threads


@pytest.mark.parametrize("remembered", [1 << 16, 2], ids=["usual", "forgetful"])
def test_twenty_threads_share_an_index(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remembered: int
) -> None:
    """Queries beside `verify`, `matrix` and `topics` give what they give alone.

    With a cache of two terms it is cleared at nearly each look.
    """
    monkeypatch.setattr(of_postings, "CACHED_TERMS", remembered)
    index.save(tmp_path)
    texts = [post.title for post in index][:40]
    expected = {text: [(h.id, h.score) for h in index.query(text)] for text in texts}
    topics = index.topics(3).to_json()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(3):
            opened, together = Index.open(tmp_path), threading.Barrier(20)

            def ask(
                number: int, opened: Index = opened, together: threading.Barrier = together
            ) -> bool:
                together.wait(PATIENCE)
                if number == 0:
                    opened.verify()
                    return True
                if number == 1:
                    return bool(opened.matrix.shape == index.matrix.shape)
                if number == 2:
                    return opened.topics(3).to_json() == topics
                return all(
                    [(h.id, h.score) for h in opened.query(text)] == expected[text]
                    for text in texts[number:] + texts[:number]
                )

            with ThreadPoolExecutor(20) as threads:
                assert all(threads.map(ask, range(20)))
    finally:
        sys.setswitchinterval(interval)


# --- the process that it is a guest in


def test_the_host_keeps_its_filters_and_its_collector(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build in several processes leaves warning filters and garbage collection as they are."""
    from joblib.externals.loky import get_reusable_executor

    from tipsearch.build import bulk, pool

    lines = tmp_path / "posts.jsonl"
    lines.write_text("".join(f'{{"id": "{n}", "text": "post {n}"}}\n' for n in range(400)))
    monkeypatch.setattr(pool, "PARALLEL_BYTES", 0)
    monkeypatch.setattr(bulk, "PIECE_BYTES", 2_000)
    told: list[bool] = []
    filters = warnings.filters[:]
    try:
        built, _ = Index.ingest(
            lines, ranking="feedback", jobs=2, progress=lambda _: told.append(gc.isenabled())
        )
    finally:
        get_reusable_executor().shutdown(wait=True)
    assert len(built) == 400
    assert all(told)
    assert warnings.filters == filters


def test_progress_ends_with_the_work(tmp_path: Path) -> None:
    """The share grows, and is 1 when the index is there, not when the files are read."""
    (tmp_path / "a.jsonl").write_text('{"id": "a", "text": "refund"}\n')
    told: list[float] = []
    built, _ = Index.ingest(tmp_path / "a.jsonl", ROOT / "seeds", progress=told.append)
    assert told == sorted(told)
    assert told[0] < 0.5
    assert told[-1] == 1.0
    told.clear()
    Index.ingest(tmp_path / "a.jsonl", ROOT / "seeds", older=built, progress=told.append)
    assert told[-1] == 1.0


def test_importing_tipsearch_costs_next_to_nothing() -> None:
    """`import tipsearch` loads no other module that Python has not loaded by itself."""
    code = (
        "import sys; before = set(sys.modules); import tipsearch; print(set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = done.stdout.strip()
    assert not {"typing", "numpy", "json", "re"} & set(eval(loaded)), loaded
