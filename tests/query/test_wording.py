"""Wording of queries: each kind of condition by example, and nothing left out."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import ROOT
from tipsearch.query.grammar import parse
from tipsearch.query.wording import MAX_LENGTH, MAX_SHOWN, in_words

EXAMPLES = {
    "": "nothing",
    "( - )": "nothing",
    "angry customer": "angry, customer",
    "Well, C++ (again)!": "Well, C++, again",
    "cust* phone": "words starting with cust, phone",
    "+refund angry": "angry; with refund",
    "+refund +return +cust*": "with refund, return and words starting with cust",
    '"on  the phone" “fix fast”': 'with "on the phone" and "fix fast"',
    '"a\0\0\ud800b"': 'with "a b"',
    'a -refund -"no way"': 'a; without refund or "no way"',
    "title:patience": "with patience in the title",
    'title:(calm "fix fast") b': 'b; with calm and "fix fast" in the title',
    "title:calm title:patience": "with calm or patience in the title",
    "-title:calm -patience": "without calm in the title; without patience",
    "category:Healthcare": "in the category Healthcare",
    'category:Healthcare category:"x y"': "in the category Healthcare or x y",
    "-category:a -category:b -category:c": "not in the category a, b or c",
    "kind:full": "only full posts",
    "kind:full kind:teaser": "only full posts or teasers",
    "-kind:teaser": "no teasers",
    "after:2020": "from 2020-01-01 on",
    "before:2015-06": "up to 2015-06-30",
    "after:2015 before:2016": "from 2015-01-01 on and up to 2016-12-31",
    "date:2020": "from 2020-01-01 to 2020-12-31",
    "date:2020-02-03": "on 2020-02-03",
    "date:2015 date:2018": "from 2015-01-01 to 2015-12-31 or from 2018-01-01 to 2018-12-31",
    "-date:2015": "not from 2015-01-01 to 2015-12-31",
    "a sort:date": "a; newest first",
    "a sort:score": "a",
    "sort:date": "newest first",
    "a OR b OR c": "with a, b or c",
    "a AND b": "with a and b",
    "(a OR b) (c OR d) e": "e; with a or b; with c or d",
    "a OR category:x": "with a, or in the category x",
    "a b -c OR d": "(with a or b; without c), or with d",
    "(a AND b) OR c OR -d": "(with a and b), with c, or (without d)",
    "(+a b) OR c": "(b; with a), or with c",
    "-(a AND b) c": "c; not (with a and b)",
    "-(a AND b) -(a AND -c)": "not (with a and b); not (with a; without c)",
    "((a OR category:x) -b) OR c": "(with a, or in the category x; without b), or with c",
}


@pytest.mark.parametrize(("text", "words"), EXAMPLES.items())
def test_examples(text: str, words: str) -> None:
    """Each kind of condition has its words."""
    assert in_words(parse(text)) == words


def test_all_at_once() -> None:
    """Words that rank come first, then conditions, exclusions and the order."""
    text = 'angry "on the phone" customer -refund title:patience category:Healthcare date:2020'
    assert in_words(parse(f"{text} sort:date")) == (
        'angry, customer; with "on the phone"; with patience in the title; in the category'
        " Healthcare; from 2020-01-01 to 2020-12-31; without refund; newest first"
    )


def test_long_queries_are_cut() -> None:
    """Of a long list the first ones are named, and of a long text its start."""
    words = [f"w{number}" for number in range(MAX_SHOWN + 3)]
    assert in_words(parse(" ".join(words))) == ", ".join([*words[:MAX_SHOWN], "3 more"])
    assert in_words(parse(" OR ".join(words))).endswith("w19 or 3 more")
    assert in_words(parse(" ".join(words[:MAX_SHOWN]))) == ", ".join(words[:MAX_SHOWN])
    assert in_words(parse("a" * (MAX_LENGTH + 1))) == "a" * MAX_LENGTH + "…"
    assert in_words(parse("a" * MAX_LENGTH)) == "a" * MAX_LENGTH


@given(st.text(st.characters()))
def test_one_printable_line(text: str) -> None:
    """The words are one line that any terminal prints, without controls and lone surrogates."""
    assert in_words(parse(text)).isprintable()


NAMES = ["one", "two", "three", "four", "five"]
SIGNS = [
    "",
    "+",
    "-",
    "title:",
    "-title:",
    'category:"',
    '-"',
    '"',
    "(",
    "-(",
    "NOT ",
    "| ",
    "AND ",
]


@given(st.lists(st.sampled_from(SIGNS), min_size=5, max_size=5))
def test_nothing_is_left_out(signs: list[str]) -> None:
    """Each word of a query is in its words, whatever stands before it."""
    ends = ['"' if sign.endswith('"') else "" for sign in signs]
    words = in_words(parse(" ".join(map("".join, zip(signs, NAMES, ends, strict=True)))))
    assert all(name in words for name in NAMES)


def test_the_table_of_the_architecture_page_is_true() -> None:
    """Each row of the table on the query language shows what its query is understood as."""
    page = (ROOT / "tipsearch" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \| (.*) \|$", page.partition("## The query language")[2], re.M)
    assert len(rows) == 22
    for typed, understood in rows:
        for text in typed.replace("\\|", "|")[1:-1].split("`, `"):
            assert in_words(parse(text)) == understood, text
