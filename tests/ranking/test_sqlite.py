"""Phrases, prefixes and AND, OR, NOT find the posts that SQLite's FTS5 finds."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.benchmarks.zipf import CODAS, SYLLABLES
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.index import Index


class Corpus(NamedTuple):
    """Posts of made-up words, which are their own terms, in both engines."""

    words: list[str]
    posts: list[Post]
    built: Index
    table: sqlite3.Connection

    def found_by_sqlite(self, query: str) -> list[str]:
        """The ids of the posts that FTS5 finds."""
        rows = self.table.execute("SELECT id FROM posts WHERE posts MATCH ? ORDER BY id", [query])
        return [id for (id,) in rows]


def _words(draw: random.Random, count: int) -> Iterator[str]:
    """Different words of two syllables, many of them with the same start."""
    analyzer, found = Analyzer(), set[str]()
    starts = draw.sample(SYLLABLES, 6)
    while len(found) < count:
        word = draw.choice(starts) + draw.choice(SYLLABLES) + draw.choice(CODAS)
        if analyzer.analyze(word) == [word] and word not in found:
            found.add(word)
            yield word


def _corpus(posts: int, words: int, ranking: str) -> Corpus:
    draw = random.Random(posts)
    known = list(_words(draw, words))

    def text(most: int) -> str:
        return " ".join(draw.choices(known, k=draw.randint(0, most)))

    made = [Post(f"{number:05}", text(4), text(30)) for number in range(posts)]
    table = sqlite3.connect(":memory:")
    try:
        table.execute("CREATE VIRTUAL TABLE posts USING fts5(id UNINDEXED, title, text)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no FTS5")
    rows = [(post.id, post.title, post.text) for post in made]
    table.executemany("INSERT INTO posts VALUES (?, ?, ?)", rows)
    return Corpus(known, made, Index.build(made, ranking=ranking), table)


class Asked(NamedTuple):
    """A query in the language of tipsearch and in that of FTS5."""

    own: str
    sqlite: str


def _leaf(draw: random.Random, corpus: Corpus) -> Asked:
    """A word, a prefix or a phrase, of which most are in a post; often in the title alone."""
    word = draw.choice([*corpus.words, "xyzzy"])
    kind = draw.choice(["word", "prefix", "phrase", "phrase"])
    if kind == "prefix":
        word = f"{word[: draw.randint(2, len(word))]}*"
    elif kind == "phrase":
        post = draw.choice(corpus.posts)
        words = draw.choice([post.title, post.text, f"{post.title} {post.text}"]).split()
        start = draw.randrange(len(words) + 1)
        word = f'"{" ".join(words[start : start + draw.randint(1, 4)]) or word}"'
    if draw.random() < 0.3:
        return Asked(f"title:{word}", f"title : {word}")
    return Asked(word, word)


def _query(draw: random.Random, corpus: Corpus, depth: int) -> Asked:
    """A tree of operators in both languages. FTS5 has a NOT between two operands alone."""
    if depth == 0 or draw.random() < 0.2:
        return _leaf(draw, corpus)
    one, two = _query(draw, corpus, depth - 1), _query(draw, corpus, depth - 1)
    operator = draw.choice(["AND", "OR", "NOT"])
    own = {
        "AND": [f"{one.own} AND {two.own}", f"+{one.own} +{two.own}"],
        "OR": [f"{one.own} OR {two.own}", f"{one.own} | {two.own}"],
        "NOT": [
            f"+{one.own} -{two.own}", f"{one.own} AND NOT {two.own}", f"NOT {two.own} +{one.own}",
        ],
    }  # fmt: skip
    return Asked(f"({draw.choice(own[operator])})", f"({one.sqlite} {operator} {two.sqlite})")


def _compare(corpus: Corpus, asked: Asked, ranking: str) -> int:
    """Check that both find the same posts, and return how many these are."""
    hits = corpus.built.query(asked.own, len(corpus.posts), ranking=ranking, exact=True)
    found = corpus.found_by_sqlite(asked.sqlite)
    assert sorted(hit.id for hit in hits) == found, asked
    assert hits.total == len(found), asked
    return len(found)


def _compare_many(corpus: Corpus, queries: int, *rankings: str) -> None:
    draw, found = random.Random(queries), list[int]()
    for number in range(queries):
        one, two = (_query(draw, corpus, depth) for depth in (2, draw.randint(0, 2)))
        operator = draw.choice(["AND", "OR"])
        asked = Asked(
            f"{one.own} {operator} {two.own}", f"({one.sqlite}) {operator} ({two.sqlite})"
        )
        found.append(_compare(corpus, asked, rankings[number % len(rankings)]))
    share = sum(0 < count < len(corpus.posts) for count in found) / queries
    assert share > 0.5  # most queries tell posts from others


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """300 posts of 40 words."""
    return _corpus(300, 40, "feedback")


def test_operators_find_what_sqlite_finds(corpus: Corpus) -> None:
    """The same posts, by each ranking by words."""
    _compare_many(corpus, 300, "bm25", "tfidf", "feedback")


@pytest.mark.semantic
def test_operators_find_what_sqlite_finds_by_meaning() -> None:
    """By meaning too only posts that fulfil the query are found, and all of them."""
    _compare_many(_corpus(300, 40, "hybrid"), 150, "hybrid")


@pytest.mark.parametrize("ranking", ["bm25", "tfidf"])
def test_plain_words_are_alternatives(corpus: Corpus, ranking: str) -> None:
    """Of plain words one is enough, beside what is excluded; none is needed beside a +word."""
    draw = random.Random(7)
    for _ in range(100):
        one, two, three = draw.sample(corpus.words, 3)
        for own, sqlite in (
            (f"{one} {two} -{three}", f"({one} OR {two}) NOT {three}"),
            (f"{one} {two}* -({three})", f"({one} OR {two}*) NOT {three}"),
            (f"{one} +{two}", two),
            (f'{one} "{two} {three}"', f'"{two} {three}"'),
            (f"{one} title:{two}", f"title : {two}"),
            (f"{one} {two} OR {three}", f"({one} OR {two}) OR {three}"),
            (f"{one} AND {two} {three}", f"{one} AND {two}"),
        ):
            _compare(corpus, Asked(own, sqlite), ranking)


@pytest.mark.long
@pytest.mark.semantic
def test_many_operators_over_many_posts() -> None:
    """10,000 queries over 5,000 posts, by all rankings."""
    corpus = _corpus(5_000, 300, "hybrid")
    _compare_many(corpus, 10_000, "bm25", "tfidf", "feedback", "hybrid")
