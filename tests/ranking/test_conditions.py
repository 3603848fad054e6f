"""Conditions of a query and its ranking: what they leave of the order, the scores and feedback."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain, islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.benchmarks import zipf
from tests.matching import Oracle
from tests.ranking.test_language import LANGUAGE
from tests.strategies import CORPORA, QUERIES
from tipsearch.analysis.analyzer import Analyzer, fold
from tipsearch.build import cells
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.query import grammar
from tipsearch.ranking import hybrid
from tipsearch.ranking.dense import search as dense
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.search import Search

few = settings(max_examples=40)
FILTERS = st.lists(
    st.sampled_from(
        "kind:full -kind:full after:1500 before:5000-06 -angry -title:call (-phone)".split()
    ),
    min_size=1,
    max_size=2,
).map(" ".join)


def pairs(hits: list[Hit]) -> list[tuple[str, float]]:
    """The ids with their scores."""
    return [(hit.id, hit.score) for hit in hits]


# --- the order and the scores


@pytest.mark.parametrize("ranking", ["bm25", "tfidf"])
@few
@given(posts=CORPORA, words=QUERIES, filters=FILTERS)
def test_a_condition_changes_no_score_and_no_order(
    posts: list[Post], words: str, filters: str, ranking: str
) -> None:
    """The answer is that of the words without the posts that do not fulfil the conditions."""
    assume(fold(words) not in {fold(post.title) for post in posts})
    index, oracle = Index.build(posts, ranking="bm25"), Oracle(posts)
    tree = grammar.parse(filters).tree
    hits = index.query(words, len(posts), ranking=ranking, exact=True)
    if not hits:
        return
    expected = [
        (hit.id, hit.score) for hit in hits if oracle.fulfils(hit.post, tree) in (True, None)
    ]
    text = f"{words} {filters}"
    for limit in (1, 3, len(posts)):
        found = pairs(index.query(text, limit, ranking=ranking, exact=True))
        assert found == expected[:limit]


@pytest.mark.parametrize("ranking", ["bm25", "tfidf", "feedback"])
@few
@given(posts=CORPORA, text=LANGUAGE)
def test_hits_fall_in_score_and_are_explained(posts: list[Post], text: str, ranking: str) -> None:
    """Each hit has the score that its explanation has; of equal scores the row decides.

    Posts without a word that scores come by date. A larger limit only adds hits.
    """
    assume(grammar.parse(text).sort == "score")
    index = Index.build(posts, ranking="feedback")
    hits = index.query(text, len(posts), ranking=ranking)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.rank for hit in hits] == [*range(1, len(hits) + 1)]
    with_score = [(-hit.score, hit.id) for hit in hits if hit.score > 0]
    assert with_score == sorted(with_score)
    days = [(hit.post.date is None, hit.post.date or date.min, hit.id) for hit in hits]
    rest = [day for day, hit in zip(days, hits, strict=True) if not hit.score]
    assert rest == sorted(rest, key=lambda day: (day[0], -day[1].toordinal(), day[2]))
    for hit in hits:
        assert hit.explanation.score == hit.score
    for limit in (1, 2, 5):
        assert pairs(index.query(text, limit, ranking=ranking)) == pairs(hits)[:limit]


@pytest.mark.semantic
@few
@given(posts=CORPORA, text=LANGUAGE)
def test_hits_by_meaning_fall_in_score_and_fulfil_the_query(posts: list[Post], text: str) -> None:
    """Each post that has the words is a hit, and each hit fulfils what has an operator."""
    query, index, oracle = grammar.parse(text), Index.build(posts, ranking="hybrid"), Oracle(posts)
    assume(query.operators and not any(post.title.split() == text.split() for post in posts))
    hits = index.query(text, len(posts), exact=True)
    scores = [hit.score for hit in hits]
    assert scores == sorted(scores, reverse=True)
    for hit in hits:
        assert hit.explanation.score == hit.score
    having = {post.id for post in posts if oracle.fulfils(post, query.tree) is True}
    conditions = query.tree._replace(optional=())
    fulfilling = {post.id for post in posts if oracle.fulfils(post, conditions) is not False}
    assert having <= {hit.id for hit in hits} <= fulfilling


# --- answers by date


def _by_date(posts: list[Post]) -> list[str]:
    """The ids, the newest first, those without a date last; of equal dates by id."""
    return [
        post.id
        for post in sorted(
            posts, key=lambda post: (-post.date.toordinal() if post.date else 0, post.id)
        )
    ]


def _has_word(node: grammar.Word | grammar.Phrase) -> bool:
    """Whether a node has a word but stop words."""
    prefix = isinstance(node, grammar.Word) and node.prefix
    return prefix or bool(Analyzer().analyze(node.text))


@pytest.mark.parametrize("ranking", ["bm25", "tfidf", "feedback"])
@few
@given(posts=CORPORA, text=LANGUAGE)
def test_posts_come_by_date(posts: list[Post], text: str, ranking: str) -> None:
    """So they do where that is asked for, and where the query has conditions but no words."""
    query, oracle = grammar.parse(text), Oracle(posts)
    assume(query.operators and not any(post.title.split() == text.split() for post in posts))
    index = Index.build(posts, ranking="feedback")
    found = [post for post in posts if oracle.fulfils(post, query.tree) is True]
    for limit in (2, len(posts)):
        hits = index.query(f"{text} sort:date", limit, ranking=ranking, exact=True)
        assert [hit.id for hit in hits] == _by_date(found)[:limit]
        if not any(map(_has_word, query.texts)):
            hits = index.query(text, limit, ranking=ranking, exact=True)
            assert [hit.id for hit in hits] == _by_date(found)[:limit]


@pytest.mark.semantic
@pytest.mark.parametrize("query", ["refund", "refund -refund", "kind:teaser", "xyzzy OR kind:full"])
def test_posts_come_by_date_by_meaning(query: str) -> None:
    """Also none at all."""
    days = [date(2015, 1, 1) + timedelta(7 * number % 40) for number in range(40)]
    posts = [Post(f"{n:02}", "", "refund" * (n % 3 > 0), day) for n, day in enumerate(days)]
    index, oracle = Index.build(posts, ranking="hybrid"), Oracle(posts)
    tree = grammar.parse(query).tree
    found = [post for post in posts if oracle.fulfils(post, tree) is True]
    hits = index.query(f"{query} sort:date", 100, exact=True)
    assert [hit.id for hit in hits] == _by_date(found)


# --- filters come before the cut


def _dated(count: int) -> Iterator[Post]:
    """Posts that nobody wrote, one a day, every hundredth of one category."""
    for number, line in enumerate(islice(zipf.lines(), count)):
        categories = ("rare",) if number % 100 == 50 else ()
        day = date(2000, 1, 1) + timedelta(number)
        yield Post(**json.loads(line), date=day, categories=categories)


@pytest.fixture(scope="module")
def many() -> list[Post]:
    """2,000 posts, of which 20 are rare."""
    return list(_dated(2_000))


@pytest.fixture(scope="module")
def in_cells(many: list[Post]) -> Index:
    """An index of them whose posts lie in cells."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cells, "SMALL", 100)
        built = Index.build(many, ranking="hybrid")
    assert len(built._reader.generation.arrays["cells.starts"].whole()) > 10
    return built


@pytest.mark.semantic
def test_where_few_posts_pass_cells_change_no_answer(many: list[Post], in_cells: Index) -> None:
    """As many as are candidates are all compared with the query, by words and by meaning."""
    whole, draw = Index.build(many, ranking="hybrid"), random.Random(3)
    for _ in range(25):
        post = draw.choice(many)
        words = f"{draw.choice(post.text.split())} {draw.choice(many).title}"
        for condition in (f"date:{post.date}", f"date:{post.date:%Y-%m}", "category:rare"):
            hits = in_cells.query(f"{words} {condition}", 50, exact=True)
            assert pairs(hits) == pairs(whole.query(f"{words} {condition}", 50, exact=True))


@pytest.mark.semantic
def test_all_posts_that_pass_and_have_a_word_are_candidates(
    many: list[Post], in_cells: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where few cells are looked at, and more posts that do not pass have the word."""
    monkeypatch.setattr(dense, "SCANNED", 1)
    monkeypatch.setattr(hybrid, "CANDIDATES", 20)
    monkeypatch.setattr(Search, "_filled_up", lambda self, prepared, query, best, limit: best)
    terms = {post.id: {*Analyzer().analyze(f"{post.title} . {post.text}")} for post in many}
    rare = {post.id for post in many if post.categories}
    having = {
        term: ids
        for term, count in Counter(chain.from_iterable(terms.values())).items()
        if count > 25 and (ids := {id for id in rare if term in terms[id]})
    }
    assert len(having) > 10
    for term, ids in having.items():
        hits = {hit.id for hit in in_cells.query(f"{term} category:rare", 20, exact=True)}
        assert ids <= hits <= rare


@pytest.mark.parametrize(
    "condition",
    [
        "category:in",
        "-category:out",
        "kind:full date:2015",
        '"refund today"',
        "+today",
        "today AND refund",
    ],
)
@pytest.mark.parametrize(
    "ranking", ["feedback", pytest.param("hybrid", marks=pytest.mark.semantic)]
)
def test_feedback_sees_only_posts_that_fulfil_the_conditions(condition: str, ranking: str) -> None:
    """No word comes from a post that does not, though these are better by the words alone."""
    inside = [
        Post(f"in{n}", "", f"refund today banana orange and {n} other words of a long text",
             date(2015, 1, 1), ("in",))
        for n in range(4)
    ]  # fmt: skip
    outside = [
        Post(f"out{n}", "Refund", "refund apple pear", date(2016, 1, 1), ("out",))
        for n in range(6)
    ]  # fmt: skip
    others = [Post(f"x{n}", "", f"nothing {n}") for n in range(20)]
    index = Index.build(inside + outside + others, ranking=ranking)
    assert {"apple", "pear"} & {*index.query("refund", ranking=ranking).added}
    hits = index.query(f"refund {condition}", 100, ranking=ranking)
    assert {"banana", "orange"} <= {*hits.added}
    assert not {"apple", "pear"} & {*hits.added}
    assert not {"out0", "out5"} & {hit.id for hit in hits}
