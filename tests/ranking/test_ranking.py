"""Rankings by words: feedback, cosines, settings, and what explains a score."""

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.oracle import Words, is_title, query_counts, ranked
from tests.strategies import CORPORA, QUERIES
from tipsearch.corpus.post import Post
from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.index import Index
from tipsearch.ranking.hit import Hit
from tipsearch.store.ranking import NAMES, Ranking

some = settings(max_examples=60)
KINDS = CORPORA.map(  # some of them teasers
    lambda posts: [
        replace(post, kind="teaser" if len(post.text) % 3 == 0 else "full") for post in posts
    ]
)
RANKINGS = st.builds(
    Ranking,
    st.sampled_from(["bm25", "feedback"]),
    feedback=st.sampled_from([0, 0.1, 0.4, 0.9, 1]),
    feedback_posts=st.integers(0, 12),
    feedback_terms=st.integers(0, 25),
    feedback_focus=st.sampled_from([0, 1, 8.0]),
)


def _pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in hits]


def _same(found: list[Hit], expected: list[tuple[str, float]]) -> bool:
    """Whether hits are those of the oracle; float32 weights tell near ones apart otherwise."""
    scores = [score for _, score in expected]
    return (
        dict(_pairs(found)) == pytest.approx(dict(expected), rel=1e-5)
        and [hit.score for hit in found] == pytest.approx(scores, rel=1e-5)
        and _pairs(found) == ranked(dict(_pairs(found)))
    )


# --- feedback


def test_feedback_of_five_posts_by_hand() -> None:
    """A post without the word of the query is found by what the posts with it have in common."""
    built = Index.build([
        Post("a", "", "refund invoice"), Post("b", "", "refund invoice"), Post("c", "", "invoice"),
        Post("d", "", "hello lonely"), Post("e", "", "hello"),
    ])  # fmt: skip
    refund, invoice = math.log(1 + 3.5 / 2.5), math.log(1 + 2.5 / 3.5)
    pair, alone = (2.5 / (1 + 1.5 * (0.25 + 0.75 * length / 1.6)) for length in (2, 1))
    # The rows of the two best are alike, so the shares of their terms are those of the idf.
    added = 0.4 / (refund + invoice)
    said, more = (round(4096 * x) / 4096 for x in (0.6 + added * refund, added * invoice))
    both = pair * (said * refund + more * invoice)
    expected = {"a": both, "b": both, "c": more * invoice * alone}
    hits = built.query("refunds")
    assert [hit.id for hit in hits] == ["a", "b", "c"]
    assert dict(_pairs(hits)) == pytest.approx(expected, rel=1e-6)
    parts = built.explain("refunds", "a").parts
    assert {part.term: (part.factor, part.in_query) for part in parts} == {
        "refund": (said, True), "invoic": (more, False),
    }  # fmt: skip
    assert [part.in_query for part in built.explain("refunds", "c").parts] == [False]
    assert [hit.id for hit in built.query("refunds", ranking=Ranking(feedback=0))] == ["a", "b"]
    assert [hit.id for hit in built.query("lonely")] == ["d", "e"]


@some
@given(KINDS, QUERIES, RANKINGS)
def test_feedback_is_as_described(posts: list[Post], query: str, ranking: Ranking) -> None:
    """Any settings of feedback give the scores of an implementation with dictionaries."""
    assume(not is_title(query, posts))
    hits = Index.build(posts).query(query, len(posts), ranking=ranking, exact=True)
    assert _same(hits, Words(posts).query(query, ranking))


@some
@given(CORPORA, QUERIES)
def test_no_feedback_is_plain_bm25(posts: list[Post], query: str) -> None:
    """By "bm25", and with a feedback of 0 or of no posts, the scores are BM25's, to the bit.

    Each hit has a word of the query, and each post that has one is a hit.
    """
    assume(not is_title(query, posts))
    built, words = Index.build(posts), Words(posts)
    hits = built.query(query, len(posts), ranking="bm25", exact=True)
    assert _same(hits, ranked(words.scores(words.asked(query))))
    assert all(hit.matched and not hit.added for hit in hits)
    assert hits.total == len(hits)
    for none in (Ranking(feedback=0), Ranking(feedback_posts=0)):
        assert built.query(query, len(posts), ranking=none, exact=True) == hits


@pytest.mark.parametrize("more", [{}, {"feedback_terms": 0}])
def test_feedback_of_no_terms_leaves_the_query(more: dict[str, Any]) -> None:
    """Where all weight goes to terms that there are none of, the words of the query keep it."""
    built = Index.build([Post("a", "", "refund"), Post("b", "", "hello")])
    plain = built.query("refund", ranking=Ranking(feedback=0))
    assert built.query("refund", ranking=Ranking(feedback=1, **more)) == plain
    assert len(plain) == 1


# --- cosines


@some
@given(CORPORA, QUERIES)
def test_cosines_are_those_of_scikit_learn(posts: list[Post], query: str) -> None:
    """By "tfidf" a score is the cosine of a post's row and the query's counts times the idf."""
    assume(not is_title(query, posts))
    built = Index.build(posts)
    hits = built.query(query, len(posts), ranking="tfidf", exact=True)
    if not built.terms:
        assert hits == []
        return
    place = {term: column for column, term in enumerate(built.terms)}
    row, idf = np.zeros(len(place)), built.vectorizer().idf_
    for term, count in query_counts(query, place).items():
        row[place[term]] = count * idf[place[term]]
    cosines = built.matrix @ (row / (np.linalg.norm(row) or 1))
    expected = {post.id: float(c) for post, c in zip(built, cosines, strict=True) if c > 0}
    assert dict(_pairs(hits)) == pytest.approx(expected, abs=1e-11)
    assert _pairs(hits) == ranked(dict(_pairs(hits)))


# --- explanations


@some
@given(CORPORA, QUERIES, st.sampled_from(["bm25", "feedback", "tfidf"]), st.booleans())
def test_parts_sum_to_the_score(posts: list[Post], query: str, name: str, exact: bool) -> None:
    """Each post's score is what its explanation says, to the bit, and its parts sum to it."""
    built = Index.build(posts, ranking=name)
    scores = dict(_pairs(built.query(query, len(posts), exact=exact)))
    for post in posts:
        explained = built.explain(query, post.id, exact=exact)
        assert explained.score == scores.get(post.id, 0.0)
        told = math.fsum([*(part.score for part in explained.parts), explained.title])
        assert told == pytest.approx(explained.score, abs=1e-9)
        assert (explained.cosine, explained.semantic) == (0, 0)


# --- settings


WRONG = [
    *({"name": name} for name in ("", "BM25", "bm26", None, 5, ["bm25"])),
    *({"feedback": number} for number in (-0.1, 1.1, math.nan, math.inf, "1", None, True)),
    *({name: number} for name in ("feedback_posts", "feedback_terms")
      for number in (-1, 1001, 10**30, 1.0, "1", None, True)),
    *({name: number} for name in ("feedback_focus", "semantic_weight", "semantic_feedback")
      for number in (-1, 10**7, math.nan, -math.inf, "1", None, False)),
]  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_settings_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    """A name that there is not and a number out of range are a SettingError that names it."""
    (name,) = wrong
    with pytest.raises(SettingError, match=r"^ranking" if name == "name" else rf"ranking\.{name}"):
        Ranking(**wrong)
    with pytest.raises(SettingError):
        Ranking.from_json({**Ranking().to_json(), **wrong})


@pytest.mark.parametrize("ranking", [Ranking(), Ranking("tfidf", 1, 0, 1000, 0, 1e6, 1000)])
def test_settings_survive_json(ranking: Ranking) -> None:
    """What was written as JSON is read back; other keys, and no settings at all, are refused."""
    told = ranking.to_json()
    assert Ranking.from_json(json.loads(json.dumps(told))) == ranking
    less = {key: told[key] for key in told if key != "feedback"}
    wrong: list[Any] = [{**told, "more": 1}, less, {}, [], None, "bm25", 5]
    for data in wrong:
        with pytest.raises(SettingError, match="the settings"):
            Ranking.from_json(data)


@pytest.mark.parametrize("name", ["", "BM25", "bm26", "hybrid "])
def test_an_unknown_name_is_refused(index: Index, name: str) -> None:
    """Whoever asks for a ranking that there is not is told those that there are."""
    post = next(iter(index))
    for ask in (
        lambda: index.query("angry", ranking=name),
        lambda: index.related(post.id, ranking=name),
        lambda: index.explain("angry", post.id, ranking=name),
        lambda: Index.build([], ranking=name),
        lambda: Index.ingest(ranking=name),
    ):
        with pytest.raises(SettingError, match=", ".join(NAMES)):
            ask()


@pytest.mark.parametrize("ranking", ["tfidf", Ranking(feedback=0.2, feedback_terms=3)])
def test_an_index_keeps_its_ranking(tmp_path: Path, ranking: str | Ranking) -> None:
    """Saved and opened, added to and taken from, an index ranks as it was made to."""
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"id": "a", "text": "refund now"}\n{"id": "b", "text": "refund later"}\n')
    built, _ = Index.ingest(lines, ranking=ranking)
    own = Ranking(ranking) if isinstance(ranking, str) else ranking
    built.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    for each in (built, opened, opened.remove("a"), opened.remove("a").add(lines)):
        assert each.ranking == own
        assert each.query("refund") == each.query("refund", ranking=own)
    assert opened.info()["ranking"] == own.to_json()
    other = replace(own, name="bm25", feedback=0.3)
    assert Index.ingest(lines, older=opened, ranking=other)[0].ranking == other


def test_by_meaning_needs_vectors_and_the_model(index: Index) -> None:
    """Without vectors the remedy is named, and to make some needs the model."""
    for ask in (
        lambda: index.query("angry", ranking="hybrid"),
        lambda: index.related(next(iter(index)).id, ranking="hybrid"),
        lambda: index.explain("angry", next(iter(index)).id, ranking="hybrid"),
    ):
        with pytest.raises(SettingError, match="tipsearch index --ranking hybrid"):
            ask()
    with pytest.raises(ExtraMissing, match=r"pip install .tipsearch\[semantic\]"):
        Index.build([], ranking="hybrid")
