"""Ingesting in bulk, and bringing an index up to date: the same outcome as by the plain way."""

import json
import random
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import tipsearch
from tests.conftest import ROOT
from tests.strategies import WORDS
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.weighting import Weighting
from tipsearch.build import bulk, counting, pipeline, pool
from tipsearch.build.counting import Tokens, Words
from tipsearch.corpus.post import Post
from tipsearch.corpus.report import IngestReport
from tipsearch.errors import AmbiguousTitle, DuplicateIdError, IndexCorrupt, PostNotFound
from tipsearch.index import Index

DUMPS = {path.name: path.read_bytes() for path in sorted((ROOT / "seeds").glob("*.txt"))}
SHORT = min(DUMPS.values(), key=len)
BOM = b"\xef\xbb\xbf"

some = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


def _parts(index: Index, *, groups: bool) -> dict[str, Any]:
    """All that an index is made of, as bytes; with or without the groups of lines of its files."""
    generation = index._reader.generation
    parts: dict[str, Any] = {name: bytes(part.whole()) for name, part in generation.blobs.items()}
    for name, array in generation.arrays.items():
        if groups or not name.startswith("groups."):
            parts[name] = (array.whole().dtype.str, array.whole().tobytes())
    return parts | {"facts": json.dumps(dict(generation.facts), sort_keys=True)}


def _differences(one: Index, other: Index, *, groups: bool = True) -> list[str]:
    """The names of the parts in which two indexes differ."""
    ones, others = _parts(one, groups=groups), _parts(other, groups=groups)
    return sorted(
        name for name in ones.keys() | others.keys() if ones.get(name) != others.get(name)
    )


def _account(report: IngestReport) -> Any:
    """All that a report says."""
    files = [
        (file.path, file.sha256, file.problem, list(file.lines), len(file.lines), file.kinds(),
         list(file.unrecognised()))
        for file in report.files
    ]  # fmt: skip
    return report.to_json(), files, report.repairs, report.sources, report.entries


@contextmanager
def _folder(files: dict[str, bytes]) -> Iterator[Path]:
    """A folder of these files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "posts")
        folder.mkdir()
        _write(folder, files)
        yield folder


def _write(folder: Path, files: dict[str, bytes]) -> None:
    for old in folder.rglob("*.*"):
        old.unlink()
    for path, data in files.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(data)


# --- ingest is read and build

TEXTS = st.lists(WORDS, max_size=5).map(" ".join)
POSTS = st.fixed_dictionaries(
    {"id": st.integers(1, 12) | st.sampled_from(["a", "é", " b "]), "text": TEXTS},
    optional={
        "title": TEXTS,
        "date": st.sampled_from(["2014-02-04", "2014-02-04T10:00", None]),
        "categories": st.lists(WORDS, max_size=2),
        "kind": st.sampled_from(["full", "teaser"]),
        "url": st.just("https://example.org/"),
    },
).map(lambda post: json.dumps(post, ensure_ascii=False))
LINES = st.one_of(
    POSTS, POSTS, POSTS,
    st.sampled_from(
        ["", "  \t", "{}", "nothing", "[1]", '{"id": 5}', '{"id": "x", "text": "\\ud800"}',
         '{"id": "x", "text": 1}', '{"id": "y", "text": "same"}', ' {"id": 7, "text": "same"} ',
         '{"id": "z", "text": "vt \\u000b"}\x0b', "\ufeff{}", '{"id": "1", "text": "\x85"}'],
    ),
)  # fmt: skip


@st.composite
def json_lines(draw: st.DrawFn) -> bytes:
    """A file of JSON Lines, or one that means to be."""
    ends = draw(st.sampled_from([["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]]))
    lines = [line + draw(st.sampled_from(ends)) for line in draw(st.lists(LINES, max_size=12))]
    data = "".join(lines).encode()
    if draw(st.booleans()):
        data = data.rstrip(b"\r\n")
    mark = draw(st.sampled_from([b"", b"", b"", BOM, BOM + BOM]))
    return mark + data + draw(st.sampled_from([b""] * 9 + [b"\xff\n", b'{"id":"\xc3\n']))


FILES = st.dictionaries(
    st.sampled_from(["a.jsonl", "b.ndjson", "one/a.jsonl", "two/a.jsonl", "two/C.JSONL"]),
    json_lines(),
    max_size=5,
)
PAGES = st.dictionaries(
    st.sampled_from(["page.txt", "one/page.txt"]),
    st.sampled_from([SHORT, SHORT[: len(SHORT) // 2], b"nothing of a dump\n", b"", b"\xff"]),
    max_size=2,
)


@some
@given(FILES, PAGES, st.sampled_from([2_000_000, 300, 40, 1]))
@example(  # the only word is one of a line that is refused
    {"a.jsonl": b'{"id": 1, "text": ""}\n{"id": 1, "text": "angry"}\n'}, {}, 300
)
def test_ingest_is_read_and_build(
    files: dict[str, bytes], pages: dict[str, bytes], chunk: int
) -> None:
    """The posts, all that is stored of them, and the account of every line are the same.

    Whatever the pieces are in which files are taken. Only an ingest keeps the groups of lines.
    """
    with _folder(files | pages) as folder, pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(bulk, "PIECE_BYTES", chunk)
        posts, report = tipsearch.read(folder)
        built = Index.build(posts, sources=report.sources)
        ingested, account = Index.ingest(folder)
        assert _account(account) == _account(report)
        assert _differences(ingested, built, groups=False) == []
        assert list(ingested) == posts


def test_ingest_of_seeds_and_lines_beside_them(seeds: Path) -> None:
    """The dumps of the user and the same posts as JSON Lines, from two sources."""
    golden = ROOT / "tests" / "corpus" / "golden"
    posts, report = tipsearch.read(golden, seeds)
    ingested, account = Index.ingest(golden, seeds)
    assert _account(account) == _account(report)
    assert _differences(ingested, Index.build(posts, sources=report.sources), groups=False) == []


def test_ids_of_dumps_keep_clear_of_those_of_lines() -> None:
    """A post of a dump whose id a line has already gets another, as `read` gives it."""
    page = {"page.txt": SHORT}
    with _folder(page) as folder:
        taken = [post.id for post in tipsearch.read(folder)[0]]
    lines = "".join(json.dumps({"id": id, "text": "mine"}) + "\n" for id in taken[:2])
    with _folder(page | {"a.jsonl": lines.encode()}) as folder:
        posts, report = tipsearch.read(folder)
        old, account = Index.ingest(folder)
        assert list(old) == posts
        assert _account(account) == _account(report)
        assert Index.ingest(folder, older=old)[0].save(folder / "1") == old.save(folder / "2")


# --- an update is a fresh ingest


def _row(number: int) -> str:
    """A post of its own for each number, with words that few others have."""
    draw = random.Random(number)
    words = [f"w{int(draw.paretovariate(0.7)) % 5000}ing" for _ in range(draw.randint(1, 9))]
    return json.dumps({"id": f"p{number}", "title": f"t{number % 7}", "text": " ".join(words)})


def _start() -> dict[str, list[str]]:
    """Two files of 300 lines and a small one in a folder below."""
    rows = [_row(number) for number in range(640)]
    return {"a.jsonl": rows[:300], "b.jsonl": rows[300:600], "below/a.jsonl": rows[600:]}


NO_POSTS = {"blank": ["", " "], "spoil": ["no JSON", '{"id": 1}', "\ufeff"]}
EDITS = st.lists(
    st.tuples(
        st.sampled_from(
            "add change remove move copy repeat twist blank spoil page file mark".split()
        ),
        st.integers(0, 2**20),
        st.integers(1, 60),
    ),
    min_size=1,
    max_size=5,
)


def _edit(files: dict[str, list[str]], edit: tuple[str, int, int], dumps: dict[str, bytes]) -> None:
    """Make one edit of lines, at a place that the number gives."""
    what, number, length = edit
    names = sorted(files)
    lines, other = files[names[number % len(names)]], files[names[number // 7 % len(names)]]
    at, to = number % (len(lines) + 1), number // 3 % (len(other) + 1)
    stretch = lines[at : at + length]
    if what == "add":
        lines[at:at] = [_row(number + i + 1000) for i in range(length)]
    elif what == "change":
        lines[at : at + 1] = [line.replace("ing", "ed") for line in lines[at : at + 1]]
    elif what == "remove":
        del lines[at : at + length]
    elif what == "move":
        del lines[at : at + length]
        other[min(to, len(other)) : 0] = stretch
    elif what == "copy":  # the same posts a second time
        other[to:to] = stretch
    elif what == "repeat":  # the id of another line, with other words
        other[to:to] = [json.dumps({"id": f"p{number % 640}", "text": "another wording"})]
    elif what == "twist":
        lines.reverse()
    elif what in NO_POSTS:
        lines[at:at] = NO_POSTS[what]
    elif what == "page":
        dumps["page.txt"] = SHORT[: number % len(SHORT)]
        dumps[f"page{length % 3}.txt"] = SHORT
    elif what == "file":  # all of a file under another name, alone or beside the first
        files[f"new{length % 2}/a.jsonl"] = list(lines)
        if length > 20:
            lines.clear()
    else:
        lines[:1] = ["\ufeff" + line.removeprefix("\ufeff") for line in lines[:1]]


def _bytes(files: dict[str, list[str]], dumps: dict[str, bytes]) -> dict[str, bytes]:
    return dumps | {
        name: "".join(f"{line}\n" for line in lines).encode() for name, lines in files.items()
    }


@some
@given(EDITS, EDITS)
@example([("file", 0, 1)], [("file", 0, 30)])
@example([("mark", 0, 1)], [("add", 0, 60), ("mark", 0, 1)])
@example([("copy", 10, 60)], [("remove", 10, 60)])
@example([("repeat", 5, 1)], [("change", 5, 1)])
@example([("page", 500, 1)], [("page", 3000, 2)])
@example([("move", 3, 60), ("spoil", 9, 1)], [("twist", 1, 1)])
def test_an_update_is_a_fresh_ingest(one: Any, other: Any) -> None:
    """After any edits of lines and dumps, twice, an update is what a fresh ingest is, to the byte.

    So are the accounts of every line.
    """
    files, dumps = _start(), {"page.txt": SHORT}
    with _folder(_bytes(files, dumps)) as folder:
        older, _ = Index.ingest(folder)
        for edits in (one, other):
            for edit in edits:
                _edit(files, edit, dumps)
            _write(folder, _bytes(files, dumps))
            fresh, report = Index.ingest(folder)
            older, account = Index.ingest(folder, older=older)
            assert _differences(older, fresh) == []
            assert _account(account) == _account(report)


def test_an_update_of_an_opened_index_has_the_same_name(tmp_path: Path) -> None:
    """Saved, it is the same generation; and an index of nothing has changed is the old one."""
    files = _start()
    with _folder(_bytes(files, DUMPS)) as folder:
        name = Index.ingest(folder)[0].save(tmp_path / "old")
        opened = Index.open(tmp_path / "old")
        assert Index.ingest(folder, older=opened)[0].save(tmp_path / "same") == name
        for edit in (("add", 77, 5), ("change", 130, 1), ("remove", 401, 9), ("move", 50, 40)):
            _edit(files, edit, {})
        _write(folder, _bytes(files, DUMPS))
        update = Index.ingest(folder, older=opened)[0].save(tmp_path / "update")
        assert name != update == Index.ingest(folder)[0].save(tmp_path / "fresh")


@pytest.mark.parametrize(
    "old",
    [
        {"analyzer": Analyzer(stop_words=())},
        {"weighting": Weighting(k1=1.2)},
        {"weighting": Weighting(title_weight=1)},
    ],
    ids=str,
)
def test_an_older_index_of_other_settings_is_of_no_use(old: dict[str, Any]) -> None:
    """With another analyzer or weighting, an update is a fresh ingest with its own settings."""
    with _folder(_bytes(_start(), {"page.txt": SHORT})) as folder:
        older, _ = Index.ingest(folder, **old)
        assert _differences(Index.ingest(folder, older=older)[0], Index.ingest(folder)[0]) == []
        again = Index.ingest(folder, older=older, **old)[0]
        assert _differences(again, older) == []


def test_a_file_beside_its_copy() -> None:
    """A file that appears a second time, under another name, is the same posts seen twice."""
    files = _start()
    with _folder(_bytes(files, {})) as folder:
        older, _ = Index.ingest(folder)
        _write(folder, _bytes(files | {"c.jsonl": files["a.jsonl"]}, {}))
        update, fresh = Index.ingest(folder, older=older)[0], Index.ingest(folder)[0]
        assert _differences(update, fresh) == []
        assert [source.path for source in update.post("p0").sources] == [
            "posts/a.jsonl", "posts/c.jsonl",
        ]  # fmt: skip


def test_a_byte_order_mark_that_is_no_longer_first() -> None:
    """Where lines come before a byte order mark, it spoils its line; an update says so too."""
    rows = [_row(number) for number in range(200)]
    with _folder({"a.jsonl": BOM + "".join(f"{row}\n" for row in rows).encode()}) as folder:
        older, _ = Index.ingest(folder)
        assert len(older) == 200
        for number in range(1000, 1150):  # one in 64 lines ends a group, so that the old ones stay
            first = _row(number).encode() + b"\n"
            data = first + BOM + "".join(f"{row}\n" for row in rows).encode()
            _write(folder, {"a.jsonl": data})
            update, account = Index.ingest(folder, older=older)
            assert len(update) == 200
            assert [line.number for line in account.files[0].unrecognised()] == [2]


def test_forms_and_terms_that_are_gone_are_gone() -> None:
    """What only a removed or changed post said is in no table, and what others say too is."""
    lines = ['{"id": 1, "text": "unique shared"}', '{"id": 2, "text": "sharing lonely"}']
    with _folder({"a.jsonl": "\n".join(lines).encode()}) as folder:
        older, _ = Index.ingest(folder)
        assert older.terms == ["lone", "share", "uniqu"]
        _write(folder, {"a.jsonl": lines[1].replace("lonely", "alone").encode()})
        update, _ = Index.ingest(folder, older=older)
    for index in (update, older.remove("1")):
        assert b"unique" not in index._reader.generation.blobs["forms.txt"].whole()
        assert b"shared\n" not in index._reader.generation.blobs["forms.txt"].whole()
    assert update.terms == ["alon", "share"]
    assert older.remove("1").terms == ["lone", "share"]
    assert older.remove("2").terms == ["share", "uniqu"]


# --- by hand


def _read_all(folder: Path, older: Index) -> Index:
    """The index of the posts of an older one and of those of a folder, built by the plain way."""
    posts, report = tipsearch.read(folder)
    union = {post.id: post for post in older} | {post.id: post for post in posts}
    sources = dict(older.info()["sources"]) | report.sources
    return Index.build(
        union.values(), sources=sources, analyzer=older.analyzer, weighting=older.weighting
    )


@some
@given(FILES, PAGES, FILES, PAGES, st.booleans())
def test_add_is_the_union(
    old: dict[str, bytes], old_pages: dict[str, bytes],
    new: dict[str, bytes], new_pages: dict[str, bytes], other_settings: bool,
) -> None:  # fmt: skip
    """What is added is the same as a build of both; a post takes the place of that of its id."""
    chosen: dict[str, Any] = {"weighting": Weighting(b=0.5), "analyzer": Analyzer(stop_words=())}
    with _folder(old | old_pages) as folder, _folder(new | new_pages) as source:
        older, _ = Index.ingest(folder, **(chosen if other_settings else {}))
        added = older.add(source)
        assert _differences(added, _read_all(source, older), groups=False) == []
        assert added.report is not None
        assert _account(added.report) == _account(tipsearch.read(source)[1])
        again = added.add(source)  # and once more changes nothing
        assert _differences(again, added) == []


@some
@given(EDITS, EDITS)
def test_an_update_after_adding_is_a_fresh_ingest(one: Any, other: Any) -> None:
    """Posts that were added from a file that shares the name of another are not taken for those."""
    files = _start()
    with _folder(_bytes(files, {})) as folder, _folder({}) as source:
        older, _ = Index.ingest(folder)
        for edit in one:
            _edit(files, edit, {})
        _write(source, _bytes(files, {}))
        added = older.add(source)
        assert _differences(added, _read_all(source, older), groups=False) == []
        for edit in other:
            _edit(files, edit, {})
        for each in (source, folder):
            update, account = Index.ingest(each, older=added)
            fresh, report = Index.ingest(each)
            assert _differences(update, fresh) == []
            assert _account(account) == _account(report)
            _write(folder, _bytes(files, {}))


def test_a_file_of_the_same_name_is_another_file(tmp_path: Path) -> None:
    """Posts of two files named alike, one added to the other, keep apart in later updates."""
    for folder, numbers in (("1", range(1000, 1500)), ("2", range(400))):
        (tmp_path / folder).mkdir()
        lines = "".join(f"{_row(number)}\n" for number in numbers)
        (tmp_path / folder / "posts.jsonl").write_text(lines)
    one, other = (tmp_path / folder / "posts.jsonl" for folder in "12")
    for first, second in ((one, other), (other, one)):
        added = Index.ingest(first)[0].add(second)
        assert len(added) == 900
        for path in (first, second):
            update, fresh = Index.ingest(path, older=added)[0], Index.ingest(path)[0]
            assert _differences(update, fresh) == []


@some
@given(FILES, PAGES, st.randoms(use_true_random=False))
def test_remove_leaves_the_others(
    files: dict[str, bytes], pages: dict[str, bytes], draw: random.Random
) -> None:
    """What is left is a build of the other posts; nothing of the index that was has changed."""
    with _folder(files | pages) as folder:
        older, report = Index.ingest(folder)
        before, ids = _parts(older, groups=True), [post.id for post in older]
        gone = draw.sample(ids, draw.randint(0, len(ids)))
        left = older.remove(*gone, *gone[:1])
        posts = [post for post in older if post.id not in gone]
        expected = Index.build(posts, sources=report.sources)
        assert _differences(left, expected, groups=False) == []
        assert _parts(older, groups=True) == before
        update, fresh = Index.ingest(folder, older=left)[0], Index.ingest(folder)[0]
        assert _differences(update, fresh) == []


def test_what_is_not_there_cannot_be_removed(index: Index) -> None:
    """What names no post is an error, beside known ones too."""
    known = next(iter(index))
    for id in ("nothing of the kind", ""):
        with pytest.raises(PostNotFound):
            index.remove(known.id, id)


def test_posts_are_removed_by_title_too(index: Index) -> None:
    """A title or a part of one names a post, as in a look-up; one named twice is one."""
    left = index.remove("Fix Fast to Reduce Stress", "fix fast")
    assert len(left) == len(index) - 1
    assert "2014-02-04-fix-fast-to-reduce-stress" not in left
    with pytest.raises(AmbiguousTitle, match="2 posts fit 'patience'"):
        index.remove("patience")


def test_the_last_post_can_be_removed(tmp_path: Path) -> None:
    """An index of no posts is left, as one that was never filled, and it can be added to."""
    (tmp_path / "a.jsonl").write_text(_row(1))
    older, _ = Index.ingest(tmp_path / "a.jsonl")
    empty = older.remove("p1")
    assert (len(empty), empty.terms, empty.query("anything")) == (0, [], [])
    sources = dict(older.info()["sources"])
    assert _differences(empty, Index.build([], sources=sources), groups=False) == []
    empty.save(tmp_path / "index")
    refilled = Index.open(tmp_path / "index").add(tmp_path / "a.jsonl")
    assert _differences(refilled, older) == []


def test_other_answers_of_a_kernel_by_name_stay() -> None:
    """What is made of an index searches with the kernel that was chosen for it."""
    chosen = Index.build([Post("a", "", "x"), Post("b", "", "y")], kernel="numpy")
    assert chosen.remove("a")._searcher.kernel == "numpy"
    assert chosen.add(ROOT / "seeds")._searcher.kernel == "numpy"


@some
@given(FILES, PAGES, st.lists(st.integers(0, 8), max_size=4, unique=True))
def test_posts_are_added_beside_files(
    files: dict[str, bytes], pages: dict[str, bytes], numbers: list[int]
) -> None:
    """Posts that are objects join those of files, and take the place of those of their ids."""
    posts = [Post(str(number), "Given", f"by hand {number}") for number in numbers]
    with _folder(files | pages) as folder:
        older, _ = Index.ingest(folder)
        added = older.add(*posts)
        union = {post.id: post for post in older} | {post.id: post for post in posts}
        expected = Index.build(union.values(), sources=dict(older.info()["sources"]))
        assert _differences(added, expected, groups=False) == []
        both = Index.build([]).add(folder)
        known = {post.id for post in both}
        new = [post for post in posts if post.id not in known]
        together = Index.build([]).add(folder, *new)
        assert {post.id for post in together} == known | {post.id for post in new}
        assert together.report is not None
        assert together.report.entries == (both.report.entries if both.report else 0)
        with pytest.raises(DuplicateIdError):
            older.add(Post("twice", "", "one"), Post("twice", "", "other"))


# --- an update costs what has changed


def test_only_what_is_new_or_changed_is_analysed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 2,000 lines of which 3 changed, those are tokenised, before and after, and few parsed."""
    rows = [_row(number) for number in range(2000)]
    given_texts, parsed = [], []
    with _folder(_bytes({"a.jsonl": rows}, {"page.txt": SHORT})) as folder:
        older, _ = Index.ingest(folder)
        for at in (5, 1111, 1990):
            rows[at] = rows[at].replace("ing", "ed").replace('"text": "', '"text": "new ')
        _write(folder, _bytes({"a.jsonl": rows}, {"page.txt": SHORT}))
        tokens, parse = counting.tokens, bulk.parse

        def counted(runs: Words, *more: Any) -> Tokens:
            given_texts.append(len(runs.lengths))
            return tokens(runs, *more)

        def noted(piece: bytes, analyzer: Analyzer) -> Any:
            parsed.append(piece.count(b"\n"))
            return parse(piece, analyzer)

        monkeypatch.setattr(counting, "tokens", counted)
        monkeypatch.setattr(bulk, "parse", noted)
        update, _ = Index.ingest(folder, older=older)
        assert given_texts == [2 * 3, 2 * 3]  # title and text each: the old ones, the new ones
        assert 3 <= sum(parsed) < 1000
        given_texts.clear()
        assert _differences(update, Index.ingest(folder)[0]) == []
        assert sum(given_texts) > 4000


# --- several processes


def test_several_processes_do_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the work shared in small pieces, ingest, update and build have the same outcome."""
    from joblib.externals.loky import get_reusable_executor

    files = _start()
    some_lines = {**files, "bad.jsonl": ["{}", _row(1), '{"id": 1, "text": "café’s"}']}
    with _folder(_bytes(some_lines, {"page.txt": SHORT, "x.jsonl": b"\xff\n"})) as folder:
        older, report = Index.ingest(folder)
        posts = list(older)
        monkeypatch.setattr(pool, "PARALLEL_BYTES", 0)
        monkeypatch.setattr(pipeline, "ITEMS_AT_ONCE", 150)
        monkeypatch.setattr(bulk, "PIECE_BYTES", 9_000)
        try:
            shared, account = Index.ingest(folder)
            assert _differences(shared, older) == []
            assert _account(account) == _account(report)
            built = Index.build(posts, sources=report.sources)
            assert _differences(built, older, groups=False) == []
            _edit(files, ("change", 40, 1), {})
            _write(folder, _bytes(files, {}))
            update, fresh = Index.ingest(folder, older=older)[0], Index.ingest(folder)[0]
            assert _differences(update, fresh) == []
        finally:
            get_reusable_executor().shutdown(wait=True)


# --- the words of many texts at once

ODD = st.text(
    "aAsS  ''`’‘ʼ′‛´＇e\u0301\u0300ßﬁİΣΑé😀-_.\n\t\x1c\x85\u200d\xa0\u2028٣½ªǅ", max_size=20
)
ODD_TEXTS = st.lists(
    st.one_of(
        TEXTS, ODD, st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.integers(1, 30).map("'".__mul__), st.integers(5, 9).map(" ''''''' ".__mul__),
        st.sampled_from(["the", "don't", "'the'", "the's", "don''t", "rock'n'roll", "''", "it's'"]),
    ),
    max_size=8,
)  # fmt: skip


def _by_text(tokens: Tokens) -> list[Counter[str]]:
    """How often each stem is in each text."""
    ends = np.cumsum(tokens.words.lengths)
    stems = [tokens.stems[place] for place in tokens.words.places]
    return [
        Counter(stems[end - length : end])
        for end, length in zip(ends, tokens.words.lengths, strict=True)
    ]


@settings(max_examples=300, deadline=None)
@given(ODD_TEXTS)
@example(["'" * 7, "é", "'" * 13 + " a", ""])
def test_words_of_many_texts_are_those_of_each(texts: list[str]) -> None:
    """In bulk, by nltk or by the query's own path, each text has the terms that it has alone."""
    analyzer = Analyzer()
    runs = counting.split(texts, analyzer)
    own = counting.tokens(
        runs, analyzer, analyzer.pattern().findall, lambda forms: counting.stems(forms, analyzer)
    )
    theirs = counting.tokens(runs, analyzer, *counting.nltk_tools(analyzer))
    assert (own.words.forms, own.stems) == (theirs.words.forms, theirs.stems)
    assert own.words.places.tolist() == theirs.words.places.tolist()
    assert own.words.lengths.tolist() == theirs.words.lengths.tolist()
    assert _by_text(own) == [Counter(analyzer.analyze(text)) for text in texts]


@settings(max_examples=100, deadline=None)
@given(ODD_TEXTS, st.integers(0, 8))
def test_words_of_parts_are_those_of_the_whole(texts: Sequence[str], at: int) -> None:
    """Texts that are split in two lots and joined have the words that they have in one."""
    analyzer = Analyzer(stop_words=("the",))
    parts = [counting.split(some, analyzer) for some in (texts[:at], texts[at:])]
    one, other = (
        _by_text(counting.tokens(runs, analyzer, *counting.nltk_tools(analyzer)))
        for runs in (counting.joined(parts), counting.split(texts, analyzer))
    )
    assert one == other


def test_saving_what_is_live_already_repairs_it(tmp_path: Path) -> None:
    """An opened index that is saved where it lives leaves it alone, or mends it if damaged."""
    built, folder = Index.build([Post("a", "Fix it", "Fast.")]), tmp_path / "index"
    name = built.save(folder)
    opened = Index.open(folder)
    opened.verify()
    assert opened.save(folder) == name
    file = folder / name / "data.bin"
    kept = file.read_bytes()
    file.unlink()
    file.write_bytes(kept.replace(b"Fast", b"Slow"))
    assert opened.save(folder) == name
    assert file.read_bytes() == kept
    Index.open(folder).verify()


def test_a_damaged_older_index_is_built_anew(tmp_path: Path) -> None:
    """`ingest` takes nothing over from a damaged index, and `add`, which needs it, says so."""
    lines, folder = tmp_path / "a.jsonl", tmp_path / "index"
    lines.write_text('{"id": "a", "text": "Fix it fast"}\n{"id": "b", "text": "Call back"}\n')
    built, _ = Index.ingest(lines)
    file = folder / built.save(folder) / "data.bin"
    kept = file.read_bytes()
    file.unlink()
    file.write_bytes(kept.replace(b"fast", b"slow"))
    again, _ = Index.ingest(lines, older=Index.open(folder))
    assert _differences(again, built) == []
    with pytest.raises(IndexCorrupt, match=r"data\.bin"):
        Index.open(folder).add(lines)
