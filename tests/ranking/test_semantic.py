"""Ranking by meaning: vectors that are the same everywhere, and what it is without the model."""

from __future__ import annotations

import json
import random
import re
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import assume, given, settings

from tests import oracle
from tests.benchmarks import zipf
from tests.strategies import CORPORA, QUERIES
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.embedding import model
from tipsearch.analysis.embedding.vectors import COARSE_DIMENSIONS, quantised
from tipsearch.build import cells
from tipsearch.corpus.post import Post
from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.index import Index
from tipsearch.ranking import hybrid
from tipsearch.ranking.dense import search as vectors
from tipsearch.ranking.explanation import Explanation
from tipsearch.ranking.hit import Hit
from tipsearch.store.ranking import Ranking

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

pytestmark = pytest.mark.semantic
few = settings(max_examples=25)
INSTALL = re.escape('pip install "tipsearch[semantic]"')
OF_MEANING = ("vectors.", "pieces.", "cells.")


def _pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in hits]


@cache
def _lines() -> list[str]:
    """Three hundred posts that nobody wrote, as lines of JSON."""
    return list(islice(zipf.lines(), 300))


@cache
def _posts() -> list[Post]:
    return [Post(**json.loads(line)) for line in _lines()]


@cache
def _queries() -> list[str]:
    """Words of some posts, and of none."""
    found = [" ".join(post.text.split()[:3]) for post in _posts()[::20]]
    return [*(query for query in found if Analyzer().analyze(query)), "xyzzy", "xyzzy angry phone"]


@contextmanager
def _cells(small: int) -> Iterator[None]:
    """Let an index of so many posts have cells."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SMALL", small)
        yield


@pytest.fixture
def without_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it is as if the extra were not installed."""
    monkeypatch.setattr(model, "installed", lambda: None)


def _meaning(index: Index) -> dict[str, Any]:
    """The part of an index that tells what its posts are about, as bytes."""
    arrays = index._reader.generation.arrays
    told = {name: arrays[name].whole().tobytes() for name in arrays if name.startswith(OF_MEANING)}
    return {**told, "embedding": index.info()["embedding"]}


def _vectors(index: Index) -> dict[str, Floats]:
    """The vector of each post, in whole numbers."""
    arrays = index._reader.generation.arrays
    table = arrays["vectors.codes"].whole().reshape(-1, model.DIMENSIONS).astype(np.float64)
    places = arrays["cells.places"].whole() if len(arrays["cells.places"]) else range(len(index))
    return {post.id: table[place] for post, place in zip(index, places, strict=True)}


# --- against wordllama itself


@cache
def _wordllama() -> Any:
    from wordllama import WordLlama

    return WordLlama.load(cache_dir=model.installed(), disable_download=True)


@cache
def _of_word(word: str) -> Floats:
    """The sum of the vectors of a word's pieces; wordllama gives their mean."""
    pieces = len(_wordllama().tokenize([word])[0].ids)
    return np.asarray(_wordllama().embed([word])[0].astype(np.float64) * pieces)


def _of_text(text: str) -> Floats:
    words = Analyzer().tokens(text)
    return np.asarray(np.sum([np.zeros(model.DIMENSIONS), *map(_of_word, words)], axis=0))


def _unit(vector: Floats) -> Floats:
    return np.asarray(vector / (np.linalg.norm(vector) or 1))


def _of_post(post: Post) -> Floats:
    title, text = _of_text(post.title), _of_text(post.text)
    return _unit(title + text) + 0.2 * _unit(title)


@few
@given(CORPORA)
def test_vectors_are_those_of_wordllama(posts: list[Post]) -> None:
    """A post is the sum of its words and its title's direction, rounded: no cosine is 0.02 off."""
    stored = np.array([_unit(v) for v in _vectors(Index.build(posts)).values()])
    exact = np.array([_unit(_of_post(post)) for post in sorted(posts, key=lambda post: post.id)])
    assert np.abs(stored @ stored.T - exact @ exact.T).max() < 0.02
    lengths = np.linalg.norm(exact, axis=1) > 0
    assert np.all((stored * exact).sum(axis=1)[lengths] > 0.9995)
    assert not stored[~lengths].any()


@few
@given(CORPORA, QUERIES)
def test_hybrid_is_as_described(posts: list[Post], query: str) -> None:
    """Scores are those of an implementation with dictionaries, given the vectors of the posts."""
    assume(not oracle.is_title(query, posts))
    built = Index.build(posts, ranking="hybrid")
    for ranking in (Ranking("hybrid"), Ranking("hybrid", 0.2, 2, 5, 1, 3, 1)):
        hits = built.query(query, len(posts), ranking=ranking, exact=True)
        expected = oracle.Meaning(posts, _vectors(built)).query(query, _of_text(query), ranking)
        assert dict(_pairs(hits)) == pytest.approx(dict(expected), rel=1e-4, abs=1e-4)
        assert _pairs(hits) == oracle.ranked(dict(_pairs(hits)))


@few
@given(CORPORA)
def test_related_adds_what_is_meant(posts: list[Post]) -> None:
    """The score is the cosine of the rows and 0.2 times the fourth power of the vectors'."""
    built = Index.build(posts, ranking="hybrid")
    units = {id: _unit(vector) for id, vector in _vectors(built).items()}
    for post in posts:
        words = dict(_pairs(built.related(post.id, len(posts), ranking="tfidf")))
        likeness = {id: max(float(units[post.id] @ unit), 0) for id, unit in units.items()}
        hits = _pairs(built.related(post.id, len(posts)))
        found = {id: dict(hits).get(id, 0) for id in units}
        expected = {id: words.get(id, 0) + 0.2 * likeness[id] ** 4 for id in units} | {post.id: 0}
        assert found == pytest.approx(expected, abs=1e-6)
        assert hits == oracle.ranked(dict(hits))


def _found(explained: Explanation) -> bool:
    """Whether a post has a word of the query, or means something like it."""
    return bool(explained.parts) or explained.cosine >= oracle.LIKE


@few
@given(CORPORA, QUERIES)
def test_parts_and_meaning_sum_to_the_score(posts: list[Post], query: str) -> None:
    """An explanation has the hit's score, to the bit, and the sum of what it names is that."""
    built = Index.build(posts, ranking="hybrid")
    scores = dict(_pairs(built.query(query, len(posts))))
    for post in posts:
        explained = built.explain(query, post.id)
        assert scores.get(post.id, explained.score) == explained.score
        assert (post.id in scores) == _found(explained)
        assert (explained.score > 0) or not explained.parts  # a post with a word is always a hit
        whole = sum(part.score for part in explained.parts) + explained.semantic + explained.title
        assert whole == pytest.approx(explained.score, abs=1e-9)
        assert explained.semantic == pytest.approx(12 * max(explained.cosine, 0))
        assert abs(explained.cosine) <= 1 + 1e-6


def test_words_that_no_post_has_are_understood() -> None:
    """A post is found by what it means, and not by a word that it lacks."""
    built = Index.build([
        Post("a", "Angry callers", "How to calm a furious client on the phone."),
        Post("b", "Parking", "Where to leave your car in the winter."),
    ])  # fmt: skip
    assert built.ranking.name == "hybrid"
    assert [hit.id for hit in built.query("automobile garage", 1)] == ["b"]
    assert built.explain("automobile garage", "b").parts == ()
    assert built.query("automobile garage", ranking="feedback", exact=True) == []


# --- the same bytes


@pytest.mark.parametrize("small", [10, 1000])
def test_any_order_gives_the_same_bytes(tmp_path: Path, small: int) -> None:
    """With cells and without, the order in which posts are given shows nowhere."""
    with _cells(small):
        names = {
            Index.build(random.Random(seed).sample(_posts(), 300)).save(tmp_path / str(seed))
            for seed in range(3)
        }
        index = Index.open(tmp_path / "0")
    index.verify()
    assert len(names) == 1
    assert bool(len(index._reader.generation.arrays["cells.rows"])) == (small == 10)


@few
@given(CORPORA)
def test_a_vector_depends_on_its_post_alone(posts: list[Post]) -> None:
    """Beside other posts, or by itself, a post has the same vector."""
    together = _vectors(Index.build(posts))
    for post in posts:
        alone = _vectors(Index.build([post]))[post.id]
        assert np.array_equal(alone, together[post.id])


@pytest.mark.parametrize("small", [10, 250, 1000])
def test_updates_give_the_bytes_of_a_build(tmp_path: Path, small: int) -> None:
    """However an index came to its posts, it is that of a fresh ingest, as it crosses `SMALL`."""
    lines = _lines()
    changed = [line.replace('"text": "', '"text": "new xyzzy ') for line in lines[:7]]
    file, other = tmp_path / "a.jsonl", tmp_path / "b.jsonl"
    other.write_text("".join(lines[150:220]))
    versions = [lines[:200], lines, changed + lines[30:], [], lines[100:140], lines[:260]]
    with _cells(small):
        older, _ = Index.ingest(other)
        for number, version in enumerate(versions):
            file.write_text("".join(version))
            older, _ = Index.ingest(tmp_path / "a.jsonl", older=older)
            fresh, _ = Index.ingest(tmp_path / "a.jsonl")
            name = older.save(tmp_path / "index")
            assert name == fresh.save(tmp_path / f"fresh-{number}")
            older = Index.open(tmp_path / "index")
        older.verify()
        other.write_text("".join(changed[:3] + lines[250:]))
        added = older.add(other)
        union = {post.id: post for post in older} | {p.id: p for p in Index.ingest(other)[0]}
        assert _meaning(added) == _meaning(Index.build(union.values()))
        left = added.remove(*[post.id for post in _posts()[40:300:2]])
        assert _meaning(left) == _meaning(Index.build(list(left)))
        left.verify()


def test_nothing_is_embedded_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of what stays, neither a vector nor a piece is made anew: the model is not even loaded."""
    file = tmp_path / "a.jsonl"
    file.write_text("".join(_lines()))
    older, _ = Index.ingest(file)
    asked: list[int] = []
    pieces = model.Model.pieces

    def counted(self: model.Model, words: Sequence[str]) -> list[list[int]]:
        asked.append(len(words))
        return pieces(self, words)

    monkeypatch.setattr(model.Model, "pieces", counted)
    older.remove(_posts()[5].id)
    older.add(file)
    assert asked == []
    file.write_text("".join([*_lines(), '{"id": "x", "text": "xyzzy plugh xyzzy"}\n']))
    Index.ingest(file, older=older)
    assert asked == [2, 2]  # the words of the vector, and the forms


# --- cells


@pytest.fixture(scope="module")
def in_cells() -> Index:
    """An index whose posts lie in cells."""
    with _cells(10):
        return Index.build(_posts(), ranking="hybrid")


def test_a_look_at_all_cells_is_the_whole_search(
    in_cells: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where every cell is looked into and all are candidates, cells change no bit of an answer."""
    whole = Index.build(_posts(), ranking="hybrid")
    monkeypatch.setattr(vectors, "SCANNED", 300)
    monkeypatch.setattr(hybrid, "CANDIDATES", 300)
    for query in _queries():
        assert in_cells.query(query, 300) == whole.query(query, 300)
        assert in_cells.query(query, 3) == whole.query(query, 3)
    for post in _posts()[::15]:
        assert in_cells.related(post.id, 300) == whole.related(post.id, 300)


def test_no_computer_draws_cells_otherwise() -> None:
    """The cell of a post is that of whole numbers, which no order of adding up can change."""
    draw = np.random.default_rng(1)
    coarse = draw.integers(-127, 128, (3000, COARSE_DIMENSIONS), np.int8)
    centroids = quantised(draw.normal(size=(50, COARSE_DIMENSIONS)))
    products = (coarse.astype(np.int64) @ centroids.codes.T.astype(np.int64)).astype(np.float32)
    expected = (products * centroids.scale).argmax(axis=1)
    assert np.array_equal(cells._nearest(coarse, centroids), expected)
    for order in (slice(None, None, -1), draw.permutation(COARSE_DIMENSIONS)):
        turned = centroids._replace(codes=centroids.codes[:, order])
        assert np.array_equal(cells._nearest(coarse[:, order], turned), expected)


@pytest.mark.parametrize(("looked_at", "candidates"), [(10_000, 150), (40, 10), (1, 1)])
def test_a_look_at_few_cells_is_consistent(
    in_cells: Index, monkeypatch: pytest.MonkeyPatch, looked_at: int, candidates: int
) -> None:
    """Whatever is looked at, hits fall in order, each once, with the score that is explained."""
    monkeypatch.setattr(vectors, "SCANNED", looked_at)
    monkeypatch.setattr(hybrid, "CANDIDATES", candidates)
    for query in _queries():
        hits = in_cells.query(query, 12)
        assert _pairs(hits) == oracle.ranked(dict(_pairs(hits)))
        assert len({hit.id for hit in hits}) == len(hits)
        for hit in hits[::4]:
            assert in_cells.explain(query, hit.id).score == hit.score
    for post in _posts()[::50]:
        related = _pairs(in_cells.related(post.id, 12))
        assert related == oracle.ranked(dict(related))
        assert post.id not in dict(related)


def test_a_larger_limit_only_adds_in_cells(
    in_cells: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to the number of candidates, the first k of a larger limit are those of limit k."""
    monkeypatch.setattr(vectors, "SCANNED", 40)
    monkeypatch.setattr(hybrid, "CANDIDATES", 31)
    for query, post in zip(_queries(), _posts()[::7], strict=False):
        for limit in (1, 3, 10):
            assert in_cells.query(query, limit) == in_cells.query(query, 30)[:limit]
            assert in_cells.related(post.id, limit) == in_cells.related(post.id, 30)[:limit]


def test_threads_share_an_index(in_cells: Index, tmp_path: Path) -> None:
    """Asked from several threads at once, an index that was just opened answers as one does."""
    in_cells.save(tmp_path)
    expected = [_pairs(in_cells.query(query)) for query in _queries()]
    for _ in range(3):
        opened = Index.open(tmp_path)
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(lambda q, i=opened: _pairs(i.query(q)), _queries() * 4))
        assert found == expected * 4


# --- without the model


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """The folder of an index with vectors."""
    posts = [Post("a", "Refunds", "wait for it"), Post("b", "", "refund now"), Post("c", "", "hi")]
    Index.build(posts).save(tmp_path / "index")
    return tmp_path / "index"


def _exchange_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on it is as if another model of that name were installed."""
    monkeypatch.setattr(model, "_loaded", {})
    monkeypatch.setattr(model.Model, "digest", "0" * 64)


def _as_by_words(opened: Index, related: list[tuple[str, float]]) -> None:
    """Check that an index warns once, ranks by words, and goes on to relate posts by meaning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _pairs(opened.related("a")) == related
        by_words = [
            _pairs(opened.query(query, ranking="feedback")) for query in ("refund", "hi now")
        ]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for _ in range(3):
            assert [_pairs(opened.query(query)) for query in ("refund", "hi now")] == by_words
            assert opened.explain("refund", "b").score == dict(by_words[0])["b"]
    assert len(told) == 1
    assert re.search(f"ranking by words alone: .*{INSTALL}", str(told[0].message))
    assert told[0].filename == __file__
    for ask in (opened.query, lambda q, **by: opened.explain(q, "a", **by)):
        with pytest.raises(ExtraMissing, match=INSTALL):
            ask("refund", ranking="hybrid")


def _changes(saved: Path, kept: Mapping[str, Any], related: list[tuple[str, float]]) -> None:
    """Check that an index can lose posts and keeps its vectors, and that none can be added."""
    opened, file = Index.open(saved), saved.parent / "more.jsonl"
    left = opened.remove("c")
    assert _meaning(left) == kept
    assert _pairs(left.related("a")) == related
    assert opened.remove("a", "b", "c").query("refund", ranking="feedback") == []
    file.write_text('{"id": "d", "text": "refund them"}\n')
    with pytest.raises(ExtraMissing, match=INSTALL):
        opened.add(file)


def _of_two(saved: Path) -> tuple[dict[str, Any], list[tuple[str, float]]]:
    left = Index.open(saved).remove("c")
    return _meaning(left), _pairs(left.related("a"))


def test_without_the_model_a_query_ranks_by_words(
    saved: Path, request: pytest.FixtureRequest
) -> None:
    """One warning says so; what needs no model of a query goes on by meaning."""
    related, of_two = _pairs(Index.open(saved).related("a")), _of_two(saved)
    request.getfixturevalue("without_model")
    _as_by_words(Index.open(saved), related)
    _changes(saved, *of_two)


def test_another_model_is_no_model(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors of one model are never compared with those of another, nor put beside them."""
    related, of_two = _pairs(Index.open(saved).related("a")), _of_two(saved)
    _exchange_model(monkeypatch)
    _as_by_words(Index.open(saved), related)
    _changes(saved, *of_two)


def test_an_older_index_of_another_model_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An ingest on it is a fresh one, with vectors of the model that is there."""
    file = tmp_path / "a.jsonl"
    file.write_text("".join(_lines()[:5]))
    older, _ = Index.ingest(file)
    _exchange_model(monkeypatch)
    update, fresh = Index.ingest(file, older=older)[0], Index.ingest(file)[0]
    assert _meaning(update) == _meaning(fresh) != _meaning(older)


def test_an_ingest_without_the_model_ranks_by_words(
    saved: Path, tmp_path: Path, without_model: None
) -> None:
    """What is made without it has no vectors, whatever the older index had."""
    file = tmp_path / "a.jsonl"
    file.write_text("".join(_lines()[:5]))
    built, _ = Index.ingest(file, older=Index.open(saved))
    assert (built.ranking.name, built.info()["embedding"]) == ("feedback", None)


@pytest.mark.parametrize("ranking", ["feedback", "tfidf"])
def test_an_index_without_vectors_names_the_remedy(ranking: str) -> None:
    """Where there is the model but no vectors, meaning cannot be asked for."""
    built = Index.build([Post("a", "", "refund")], ranking=ranking)
    for ask in (built.query, built.related):
        with pytest.raises(SettingError, match="tipsearch index --ranking hybrid"):
            ask("a", ranking="hybrid")
    assert all(not data for name, data in _meaning(built).items() if name != "embedding")


# --- odd corpora and queries

ODD: dict[str, list[Post]] = {
    "none": [],
    "one": [Post("a", "Refunds", "Wait for it.")],
    "no words": [Post("a", "", ""), Post("b", "…", "😀"), Post("c", "the", "of and")],
    "some words": [Post("a", "", "refund"), Post("b", "", ""), Post("c", "Refund", "")],
}


@pytest.mark.parametrize("small", [1, 1000])
@pytest.mark.parametrize("name", ODD)
def test_odd_corpora(name: str, small: int) -> None:
    """Of no posts, one, or such without a word, there is an index that answers."""
    with _cells(small):
        built = Index.build(ODD[name])
    with tempfile.TemporaryDirectory() as folder:
        built.save(folder)
        opened = Index.open(folder)
        opened.verify()
        for index in (built, opened):
            for query in ("refund", "xyzzy plugh", "refund xyzzy the", "x " * 300):
                hits = index.query(query, 1000)
                assert {hit.id for hit in hits} <= {post.id for post in ODD[name]} - {"b"}
                assert all(hit.score > 0 for hit in hits)
                for post in ODD[name]:
                    explained, scores = index.explain(query, post.id), dict(_pairs(hits))
                    assert scores.get(post.id, explained.score) == explained.score
            for query in ("the of and", "… 😀", "the"):
                hits = index.query(query)
                assert [hit.id for hit in hits] == [
                    post.id for post in ODD[name] if post.title == query
                ]
                for post in ODD[name]:
                    assert index.explain(query, post.id).score == dict(_pairs(hits)).get(post.id, 0)
            for post in ODD[name]:
                related = index.related(post.id, 1000)
                assert {hit.id for hit in related} <= {"a", "c"} - {post.id}


def test_ten_thousand_words_by_meaning(in_cells: Index) -> None:
    """A query of 10,000 words that no post has is answered, in no more than their number's time."""
    unknown = " ".join(f"zyx{number}q" for number in range(10_000))
    assert len(in_cells.query(f"{_queries()[0]} {unknown}", exact=True)) == 10


ASK: dict[str, Callable[[Index], object]] = {
    "query": lambda index: index.query("refund"),
    "related": lambda index: index.related("a"),
    "explain": lambda index: index.explain("refund", "a"),
}


@pytest.mark.parametrize("asked", ASK)
def test_a_new_process_s_first_question(saved: Path, asked: str) -> None:
    """Each question may be the first that an opened index is asked."""
    assert ASK[asked](Index.open(saved)) == ASK[asked](Index.open(saved))
