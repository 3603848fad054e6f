"""A query that is the title of a post, typed as it is, finds that post first, by any ranking."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence

import pytest

from tipsearch.analysis.analyzer import STOP_WORDS, fold
from tipsearch.build import cells
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.query.grammar import parse

BY_WORDS = ["bm25", "feedback", "tfidf"]
ODD = [
    '"Fix fast"', 'Say "no" -or else', "Fix-it OR leave-it", "title:patience", "Re: your call",
    "kind:full", "after:2020", "sort:date", "(Not) a refund", "NOT this again", "+1 for patience",
    "-20% on e-mail", "24/7 | 365", "AT&T AND C.O.D.", "cust*", "category:x", "The", "As it was",
    "!!!", "…", "“You’re the Boss”", "O'Neill's", "café", "CAFÉ", "Café", "2015", "in 2015",
    "Ünïcode 😀", "a", "A-a", "A a", "xyzzy",
]  # fmt: skip


def _fail_unless_first(index: Index, title: str, ranking: str, typed: str = "") -> None:
    hits = index.query(typed or title, 3, ranking=ranking)
    assert hits, title
    assert hits[0].post.title == title, hits[0].post.title


def _odd_posts() -> list[Post]:
    """Posts of odd titles, each with a post that has the title as its text, three times."""
    titles = [Post(f"{number:03}", title, "") for number, title in enumerate(ODD)]
    rivals = [Post(f"r{post.id}", "", " ".join([post.title] * 3)) for post in titles]
    return rivals + titles


@pytest.mark.parametrize("ranking", BY_WORDS)
def test_odd_titles_come_first(ranking: str) -> None:
    """Also those of operators, of stop words, and of punctuation alone."""
    index = Index.build(_odd_posts(), ranking="feedback")
    for title in ODD:
        _fail_unless_first(index, title, ranking)
        assert index.explain(title, title, ranking=ranking).score >= 0


@pytest.mark.semantic
def test_odd_titles_come_first_by_meaning() -> None:
    """By meaning too."""
    index = Index.build(_odd_posts(), ranking="hybrid")
    for title in ODD:
        _fail_unless_first(index, title, "hybrid")


def _typed(titles: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each title as it is and, where that has no operators, in lower case."""
    for title in titles:
        yield title, title
        if not parse(title.lower()).operators:
            yield title, title.lower()


@pytest.mark.parametrize("ranking", BY_WORDS)
def test_titles_of_the_seeds_come_first(index: Index, posts: list[Post], ranking: str) -> None:
    """Every one, in lower case too."""
    for title, typed in _typed(post.title for post in posts):
        _fail_unless_first(index, title, ranking, typed)


@pytest.mark.semantic
def test_titles_of_the_seeds_come_first_by_meaning(posts: list[Post]) -> None:
    """Every one, in lower case too."""
    index = Index.build(posts, ranking="hybrid")
    for title, typed in _typed(post.title for post in posts):
        _fail_unless_first(index, title, "hybrid", typed)


@pytest.mark.parametrize("ranking", BY_WORDS)
def test_of_equal_titles_one_is_first(ranking: str) -> None:
    """All of them come before posts of other titles."""
    posts = [Post(f"{number:03}", "Fix it -fast", f"word{number}") for number in range(150)]
    index = Index.build([Post("a", "Fix", "it fast " * 9), *posts], ranking="feedback")
    hits = index.query("Fix it -fast", 20, ranking=ranking)
    assert {hit.post.title for hit in hits} == {"Fix it -fast"}
    assert len({hit.id for hit in hits}) == 20


def test_a_title_of_stop_words_is_all_that_is_found() -> None:
    """It counts as a match; where no post has the title, stop words find nothing."""
    index = Index.build([Post("a", "As it was", ""), Post("b", "", "as it was")], ranking="bm25")
    for typed in ("As it was", "as it was", "as it was!"):
        hits = index.query(typed)
        assert [hit.id for hit in hits] == ["a"]
        assert (hits.total, hits.weak, hits.facets("kind")) == (1, False, {"kind": {"full": 1}})
    assert index.query("it was") == []


def _composed(posts: Sequence[Post], count: int) -> list[str]:
    """Titles of the words of others, with quotes, signs, operators and fields between them."""
    draw = random.Random(count)
    words = [word for post in posts for word in post.title.split()]
    forms = [
        "{}", "{}", "{}", '"{}"', "“{}”", "-{}", "+{}", "({})", "title:{}", "{}:", "{}*", "{}-{}",
        "{} OR", "| {}", "NOT {}", "{} AND", "{}’s", "'{}", "category:{}", "kind:full {}", "{}…",
        "after:2015 {}", '"{}', "{})", "sort:date {}", "{}/{}", "😀 {}", "{} – {}", "{} 2015",
    ]  # fmt: skip
    made: list[str] = []
    while len(made) < count:
        parts = [draw.choice(forms) for _ in range(draw.randint(1, 6))]
        source = STOP_WORDS if draw.random() < 0.02 else words
        made.append(re.sub(r"\{\}", lambda _: draw.choice(source), " ".join(parts)))  # noqa: B023
    return made


def _fail_unless_all_come_first(
    posts: Sequence[Post], titles: Sequence[str], *rankings: str
) -> None:
    made = [Post(f"{number:05}", title, "") for number, title in enumerate(titles)]
    texts = [Post(f"x{post.id}", "", f"{post.title} {post.text}") for post in posts]
    index = Index.build(made + texts, ranking=rankings[-1])
    for number, title in enumerate(titles):
        _fail_unless_first(index, title, rankings[number % len(rankings)])


def test_composed_titles_come_first(posts: list[Post]) -> None:
    """400 titles with operators in them."""
    _fail_unless_all_come_first(posts, _composed(posts, 400), *BY_WORDS)


@pytest.mark.long
@pytest.mark.semantic
def test_many_composed_titles_come_first(
    posts: list[Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """10,000 titles with operators in them, of one index, whose posts lie in cells."""
    monkeypatch.setattr(cells, "SMALL", 5_000)
    titles = _composed(posts, 10_000)
    assert len(set(map(fold, titles))) < len(titles)  # some are alike
    _fail_unless_all_come_first(posts, titles, *BY_WORDS, "hybrid")
