"""Why a post was found: the parts of a related score, and the reasons in plain words."""

from __future__ import annotations

import math
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tipsearch
from tests.strategies import CORPORA
from tipsearch.corpus.post import Post
from tipsearch.errors import AmbiguousTitle, PostNotFound, SettingError
from tipsearch.index import Index

FIX_FAST = "2014-02-04-fix-fast-to-reduce-stress"


@pytest.fixture(scope="module")
def hybrid(seeds: Path) -> Index:
    """An index of the seeds with vectors."""
    return Index.build(tipsearch.read(seeds)[0], ranking="hybrid")


# --- parts


@settings(max_examples=60)
@given(CORPORA, st.sampled_from(["feedback", "tfidf"]))
def test_parts_of_related_posts_sum_to_the_cosine(posts: list[Post], name: str) -> None:
    """Each two posts have the score of `related`, to the bit, by the terms that both have."""
    built = Index.build(posts, ranking=name)
    terms = {
        post.id: set(built.analyzer.analyze(post.title) + built.analyzer.analyze(post.text))
        for post in posts
    }
    for post in posts:
        scores = {hit.id: hit.score for hit in built.related(post.id, len(posts))}
        for other in posts:
            if other.id == post.id:
                continue
            explained = built.explain_related(post.id, other.id)
            assert explained.score == scores.get(other.id, 0.0)
            assert (explained.post, explained.related_to) == (other, post)
            told = math.fsum(part.score for part in explained.parts)
            assert told == pytest.approx(explained.score, abs=1e-11)
            assert {part.term for part in explained.parts} == terms[post.id] & terms[other.id]


@pytest.mark.semantic
def test_meaning_is_a_part_of_related(hybrid: Index) -> None:
    """By meaning the parts and the fourth power of the cosine, a fifth of it, are the score."""
    for hit in hybrid.related(FIX_FAST, len(hybrid)):
        explained = hybrid.explain_related(FIX_FAST, hit.id)
        assert explained.score == hit.score
        assert explained.semantic == pytest.approx(0.2 * max(explained.cosine, 0) ** 4)
        words = math.fsum(part.score for part in explained.parts)
        assert words + explained.semantic == pytest.approx(hit.score, abs=1e-11)
        by_words = hybrid.explain_related(FIX_FAST, hit.id, ranking="tfidf")
        assert by_words.score == pytest.approx(words, abs=1e-11)
        assert by_words.semantic == 0


@pytest.mark.semantic
@pytest.mark.parametrize("name", ["bm25", "feedback", "tfidf", "hybrid"])
def test_a_hit_explains_itself_as_the_index_does(hybrid: Index, name: str) -> None:
    """`explanation` of a hit is what `explain` or `explain_related` gives, also once pickled."""
    query = "angry custmer 2014"
    for hit in hybrid.query(query, 12, ranking=name):
        assert hit.explanation == hybrid.explain(query, hit.id, ranking=name)
        assert pickle.loads(pickle.dumps(hit)).why == hit.why
    for hit in hybrid.related(FIX_FAST, 5, ranking=name):
        assert hit.explanation == hybrid.explain_related(FIX_FAST, hit.id, ranking=name)


def test_what_cannot_be_explained_is_an_error(index: Index) -> None:
    """Both posts are looked up as `post` does, and the ranking is one that there is."""
    with pytest.raises(PostNotFound):
        index.explain_related("zzzz", FIX_FAST)
    with pytest.raises(AmbiguousTitle):
        index.explain_related(FIX_FAST, "patience")
    with pytest.raises(SettingError, match="hybrid"):
        index.explain_related(FIX_FAST, FIX_FAST, ranking="hybrid")


# --- in words


def test_words_are_shown_as_the_two_posts_write_them() -> None:
    """The form most frequent in the two posts stands for a term, whatever the rest prefers."""
    built = Index.build([
        Post("a", "Waiting", "Waiting customers need patience."),
        Post("b", "Patience", "A customer waits, and waiting takes patience."),
        *(Post(f"c{n}", "Customer", "Wait, wait, a customer waited.") for n in range(5)),
    ])  # fmt: skip
    words = {part.term: part.word for part in built.explain_related("a", "b").parts}
    assert words == {"patienc": "patience", "wait": "waiting", "custom": "customer"}
    assert built.explain_related("a", "b").why == "both speak of patience, waiting"
    assert built.explain("patience waiting", "b", ranking="bm25").why == "has patience, waiting"
    assert {part.word for part in built.explain("waited", "c1").parts} >= {"wait"}


def test_a_joined_word_is_shown_as_the_post_writes_it() -> None:
    """A compound that is found as one word has its hyphens, unless the post has none."""
    texts = {"a": "E‑mail, e-mail or email, face-to-face", "b": "an email", "c": "E-mails"}
    built = Index.build([Post(id, "", text) for id, text in texts.items()], ranking="bm25")
    shown = {hit.id: built.explain("email", hit.id).why for hit in built.query("email")}
    assert shown == {"a": "has e-mail", "b": "has email", "c": "has e-mails"}
    words = {part.word for part in built.explain("face-to-face", "a").parts}
    assert words == {"face", "face-to-face"}


def test_no_word_in_common_is_said() -> None:
    """Posts that share nothing say so, and so does a post without a word of the query."""
    built = Index.build([Post("a", "", "refund"), Post("b", "", "hello")])
    assert built.explain_related("a", "b").why == "no word in common"
    assert built.explain("refund", "b").why == "none of the words"
    assert built.explain("refund", "b").to_json() == {"why": "none of the words", "parts": []}


def test_words_that_feedback_adds_are_told_apart() -> None:
    """Words of the query come first; those of the best posts are named as such."""
    built = Index.build([
        Post("a", "", "refund invoice"), Post("b", "", "refund invoices"),
        Post("c", "", "invoice"), Post("d", "", "hello lonely"), Post("e", "", "hello"),
    ])  # fmt: skip
    why = {hit.id: hit.why for hit in built.query("refunds", ranking="feedback")}
    assert why == {
        "a": "has refund; from the best posts: invoice",
        "b": "has refund; from the best posts: invoices",
        "c": "none of the words; from the best posts: invoice",
    }


@pytest.mark.semantic
def test_likeness_in_meaning_is_said(hybrid: Index) -> None:
    """From a cosine of 0.5 on posts are alike in meaning; below only where no word tells why."""
    hits = [*hybrid.related("Patience is…", 20), *hybrid.query("blood", 20)]
    for hit in hits:
        explained = hit.explanation
        own = any(part.in_query for part in explained.parts)
        said = [reason for reason in hit.why.split("; ") if reason.endswith("alike in meaning")]
        if explained.cosine >= 0.5:
            assert said == ["alike in meaning"]
        elif not own and explained.cosine > 0:
            assert said == ["somewhat alike in meaning"]
        else:
            assert said == []
    assert hits[0].why == "both speak of patience; alike in meaning"
    assert {"alike in meaning", "somewhat alike in meaning"} <= {
        reason for hit in hits for reason in hit.why.split("; ")
    }


@pytest.mark.semantic
def test_json_has_the_parts_of_the_frame(hybrid: Index) -> None:
    """`parts` are the rows of `to_frame`, largest first; their scores sum to that of the hit."""
    hit = hybrid.query("angry customer")[0]
    told = hit.explanation.to_json()
    frame = hit.explanation.to_frame()
    assert told["why"] == hit.why
    assert [[*part] for part in told["parts"]] == [[*frame.columns]] * len(frame)
    assert [part["score"] for part in told["parts"]] == frame.score.tolist()
    assert frame.score.is_monotonic_decreasing
    assert frame.score.sum() == pytest.approx(hit.score)
    assert {part["part"] for part in told["parts"]} == {"word", "feedback", "meaning"}
    (meaning,) = [part for part in told["parts"] if part["part"] == "meaning"]
    assert (meaning["word"], meaning["term"], meaning["posts"]) == (None, None, None)
