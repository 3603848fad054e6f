"""Queries as people type them, with mistakes: each is answered."""

import random
from collections.abc import Iterator, Sequence

from tipsearch.corpus.post import Post
from tipsearch.index import Index

TYPED = """
angry customer -refund
"on the phone" angry
title:patience OR (calm AND listen)
+email "thank you" after:2015
category:"Customer Service Tip of the Week" cust*
how do I calm an angry caller?
refund NOT "gift card" kind:full
date:2015..2018 voicemail sort:date
Re: your call at 10:30 - http://example.com/a?b=c#d
("say no" | "say yes") -title:email
C.O.D. AT&T 24/7 5-minute COVID-19 face-to-face
“it’s not my job” before:2015-06
""".strip().splitlines()
PIECES = [
    *'"“”()|*:-+^~&!?\\/ \t\n,.\'0é😀\0', " OR ", " AND ", " NOT ", " -", " +", "title:", "kind:",
    "category:", "kind:full ", "date:2015..", "date:..", "after:", "before:2015-06 ", "sort:date ",
    "the ", "refund", "customer ", "..", "(((", ")))", "&&", "||", '""', "* ", "9999999999", "ﬁ",
    "\ud800",
]  # fmt: skip


def _mutated(titles: Sequence[str], count: int) -> Iterator[str]:
    """Queries that people type, and titles, with pieces put in, left out and repeated."""
    draw = random.Random(count)
    for _ in range(count):
        query = [*draw.choice([*TYPED, *titles])]
        for _ in range(draw.randint(1, 6)):
            start = draw.randint(0, len(query))
            query[start : start + draw.randint(0, 3)] = draw.choice(PIECES) * draw.randint(0, 3)
        yield "".join(query)


def test_no_mutated_query_is_an_error(index: Index, posts: list[Post]) -> None:
    """2,000 of them are answered, with what is said of the answer."""
    answered = 0
    for query in _mutated([post.title for post in posts], 2_000):
        if not query.strip():
            continue
        hits = index.query(query, ranking="feedback")
        assert len(hits) <= 10
        assert hits.parsed
        assert hits.parsed.understood
        assert hits.facets().keys() == {"category", "year", "kind"}
        assert hits.total >= 0
        assert bool(hits.reason) == hits.weak
        answered += bool(hits)
    assert answered > 1_000


def test_quotes_in_prose_are_no_operators() -> None:
    """Of ten plain words or fewer a phrase is a condition; of more it is words, without a field."""
    index = Index.build(
        [Post("a", "", "one two three"), Post("b", "", "two one"), Post("c", "", "four")],
        ranking="bm25",
    )
    few, many = "x " * 9 + "four", "x " * 10 + "four"
    assert not index.query(f'{few} "one two three four"')
    assert index.parse(f'{few} -"one"').has_operators
    assert {hit.id for hit in index.query(f'{many} "one two three four"')} == {"a", "b", "c"}
    assert not index.parse(f'{many} -"one"').has_operators
    for field in ("kind:full", "sort:date", "title:four", "fo*"):
        assert index.parse(f'{many} -"one" {field}').has_operators
