"""Compounds: people find a word that is written with a hyphen, as one word, or as two."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.analysis.compounds import JOINERS, MAX_LENGTH, MAX_PARTS, joined
from tipsearch.build import counting
from tipsearch.corpus.post import Post
from tipsearch.index import Index

ANALYZER = Analyzer()
TEXT = st.text(st.sampled_from("ab1é  -/&.'’‑_é"), max_size=30)


def _joined(text: str) -> list[str]:
    return [word for word, parts in ANALYZER.sequence(text) if parts > 1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("e-mail co-worker follow-up", ["email", "coworker", "followup"]),
        ("co‑worker co‐worker", ["coworker", "coworker"]),
        ("face-to-face", ["facetoface"]),
        ("AT&T, R&D", ["att", "rd"]),
        ("C.O.D. and U.S.A.", ["cod", "usa"]),
        ("24/7, 5-minute, COVID-19", ["247", "5minute", "covid19"]),
        ("my co-worker's e-mail.", ["coworker's", "email"]),
        ("phone/e-mail", ["email"]),
        ("how-to", ["howto"]),
    ],
)
def test_a_compound_is_also_one_word(text: str, words: list[str]) -> None:
    """Words with single joiners between them have a joined word besides."""
    assert _joined(text) == words


@pytest.mark.parametrize(
    "text",
    [
        "and/or his/her phone/fax",  # alternatives
        "12/10/13 2015-06-01 5-10 1/2",  # dates, ranges and fractions
        "3.7 2.10.1",
        "Done.Next example.com",
        "one-two-three-four-five",
        "self-congratulatory",  # longer than people write one word
        "a - b -- c- -d",
        "U.S.",  # a stop word: "us"
        "https://example.org/some/page?x=y",
    ],
)
def test_what_is_no_compound(text: str) -> None:
    """Dates, ranges, versions, alternatives, paths and long chains have no joined word."""
    assert _joined(text) == []


@given(TEXT)
def test_a_joined_word_is_its_parts(text: str) -> None:
    """It follows as many tokens as it says, and is these put together, within the limits."""
    found: list[str] = []
    for word, parts in ANALYZER.sequence(text):
        if parts > 1:
            assert word == "".join(found[-parts:])
            assert len(word) <= MAX_LENGTH
            assert parts <= MAX_PARTS
        else:
            found.append(word)
    assert found == ANALYZER.tokens(text)


@given(TEXT)
def test_a_normalised_text_has_joiners_between_words_only(text: str) -> None:
    """Each joiner has a letter or digit on both sides, and a dot single letters."""
    normalised = ANALYZER.normalise(text)
    word = f"[^ '{JOINERS}]"
    for match in re.finditer(f"[{JOINERS}]", normalised):
        start, end = match.span()
        assert re.match(word, normalised[start - 1 : start])
        assert re.match(word, normalised[end : end + 1])
        if match[0] == ".":
            assert re.search(r"(?:^|[^\w])[^\W\d_]$", normalised[:start])
            assert re.match(r"[^\W\d_](?:$|[^\w])", normalised[end:])


@given(TEXT)
def test_a_match_marks_the_whole_compound(text: str) -> None:
    """Where the joined word is asked for, the span is that of the compound, and none is inside."""
    joined_words = list(ANALYZER.joined_spans(text))
    everything = {word for word, _ in ANALYZER.sequence(text)}
    spans = list(ANALYZER.spans(text, everything))
    assert set(joined_words) <= set(spans)
    only = {word for _, _, word in joined_words}.difference(ANALYZER.tokens(text))
    assert set(ANALYZER.spans(text, only)) <= set(joined_words)


def test_spans_of_a_compound() -> None:
    """The hyphen and all parts are marked; a part alone where only that is asked for."""
    text = "Résumé by e‑mail, not E-MAIL."
    assert [text[a:b] for a, b, _ in ANALYZER.spans(text, {"email"})] == ["e‑mail", "E-MAIL"]
    assert [text[a:b] for a, b, _ in ANALYZER.spans(text, {"mail"})] == ["mail", "MAIL"]
    assert [text[a:b] for a, b, _ in ANALYZER.spans(text, {"resume"})] == ["Résumé"]


@pytest.mark.parametrize(
    "ways",
    [
        ("e-mail", "email", "e mail", "E‑mail"),
        ("co-workers", "coworkers", "co-worker", "coworker"),
        ("follow-up", "followup", "follow up"),
        ("face-to-face", "facetoface", "face to face"),
        ("24/7", "247"),
        ("AT&T", "ATT"),
        ("C.O.D.", "COD"),
        ("5-minute", "5minute", "5 minute"),
        ("COVID-19", "covid19", "covid 19"),
        ("café", "cafe", "cafe\u0301"),
        ("colour", "color"),
        ("organisation", "organization"),
    ],
)
def test_all_ways_to_write_it_find_the_same_posts(ways: tuple[str, ...]) -> None:
    """A post with any way but the one with spaces is found by all, without a correction."""
    written = [way for way in ways if " " not in way]
    posts = [Post(f"{n}", f"About {way} here", "Words.") for n, way in enumerate(written)]
    index = Index.build([*posts, Post("other", "Nothing like that", "Other words.")])
    for way in ways:
        hits = index.query(way, 10, ranking="bm25")
        assert {hit.id for hit in hits} == {str(n) for n in range(len(written))}, way
        assert all(hit.matched for hit in hits)
        parsed = index.parse(way)
        assert (parsed.unknown, parsed.corrected) == ((), {})


def test_an_unknown_joined_word_is_not_reported() -> None:
    """A compound that no post has is its parts: neither unknown nor corrected."""
    index = Index.build([Post("a", "Well done", "A red house. Web pages.")])
    parsed = index.parse("red-house")
    assert (parsed.unknown, parsed.corrected) == ((), {})
    assert parsed.terms == {"red": 1, "hous": 1}


@given(st.lists(TEXT, max_size=6))
def test_the_stream_has_all_tokens_in_order(texts: list[str]) -> None:
    """A stream decodes to the sequence of each text; its forms are the words that are counted."""
    tokens = counting.tokens(
        counting.split(texts, ANALYZER), ANALYZER, ANALYZER.pattern().findall, list[str].copy
    )
    codes, stop_words = tokens.stream.codes.tolist(), ANALYZER.stop_words
    decoded, ends = [], np.cumsum(tokens.stream.lengths).tolist()
    for end, length in zip(ends, tokens.stream.lengths.tolist(), strict=True):
        sequence, parts = [], 1
        for code in codes[end - length : end]:
            if code < -len(stop_words):
                parts = -1 - len(stop_words) - code
                continue
            word = tokens.words.forms[code] if code >= 0 else stop_words[-1 - code]
            sequence.append((word, parts))
            parts = 1
        decoded.append(sequence)
    assert decoded == [ANALYZER.sequence(text) for text in texts]
    assert tokens.words.places.tolist() == [code for code in codes if code >= 0]


def test_parts_have_limits() -> None:
    """Inner parts are short, and a possessive is possible at the end alone."""
    assert joined(["state", "of", "the", "art"], ()) == "stateoftheart"
    assert joined(["work", "life", "art"], ()) == ""
    assert joined(["co", "worker's"], ()) == "coworker's"
    assert joined(["worker's", "co"], ()) == ""
