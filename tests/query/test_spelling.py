"""Spelling: the words that a mistyped one may stand for are the nearest, and always the same.

The truth is another implementation: rapidfuzz's distance from the word to each form there is.
"""

from __future__ import annotations

import json
import random
import string
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.errors import IndexCorrupt
from tipsearch.index import Index
from tipsearch.query.spelling import STOPPED, Correction, Spelling, distances, max_mistakes
from tipsearch.store import strings as lexicon
from tipsearch.store.reader import Forms
from tipsearch.store.signatures import signatures
from tipsearch.store.storage import Checked
from tipsearch.store.strings import HashedStrings, Strings, encode

# Few letters, so that words are near each other; some of the same class, and of several bytes.
LETTERS = "abcAéя字'ñ😀1"
WORDS = st.text(LETTERS, min_size=1, max_size=9)
STOP_WORDS = ("ab", "abc", "abcb", "cabba")


class Form(NamedTuple):
    """A form with all that an index knows of it."""

    text: str
    term: int
    frequency: int


@st.composite
def mistyped(draw: st.DrawFn, words: st.SearchStrategy[str] = WORDS) -> tuple[str, str]:
    """A word, and what up to three mistakes make of it."""
    word = other = draw(words)
    for _ in range(draw(st.integers(0, 3))):
        at, letter = draw(st.integers(0, len(other))), draw(st.sampled_from(LETTERS))
        before, after = other[:at], other[at:]
        swapped = after[1:2] + after[:1] + after[2:]
        changes = [after[1:], letter + after, letter + after[1:], swapped]
        other = before + draw(st.sampled_from(changes))
    return word, other


FORMS = st.lists(
    st.builds(Form, WORDS, st.integers(0, 5), st.integers(1, 3)),
    max_size=30,
    unique_by=lambda form: form.text,
)


def table(forms: list[Form], stop_words: tuple[str, ...] = ()) -> Spelling:
    """The spelling of a table of forms."""
    ordered = sorted(forms, key=lambda form: lexicon.hash_key(form.text))
    texts = [form.text for form in ordered]
    stored, terms = encode(texts), encode(["term"] * 6)
    slots, _ = lexicon.by_hash(stored)
    return Spelling(
        Analyzer(stop_words=stop_words),
        Strings(Checked(terms.blob), Checked(terms.offsets)),
        Forms(
            HashedStrings(Checked(stored.blob), Checked(stored.offsets), Checked(slots)),
            Checked(np.array([form.term for form in ordered], np.int32)),
            Checked(np.array([form.frequency for form in ordered], np.int32)),
            Checked(signatures(stored)),
            Checked(lexicon.prefix_order(stored)),
        ),
    )


def spelling_of(index: Index) -> Spelling:
    """The spelling of an index's words."""
    return index._searcher.vocabulary.spelling


def brute_force(word: str, forms: list[Form], limit: int) -> list[Correction]:
    """The rule, form by form."""
    if word in {form.text for form in forms}:
        return []
    apart = {
        form: OSA.distance(word, form.text) + (form.text[:1] != word[:1])
        for form in forms
        if not any(map(str.isdigit, form.text))
    }
    apart = {form: far for form, far in apart.items() if far <= max_mistakes(word, form.text)}
    best = min(apart.values(), default=99)
    ranked = sorted(
        (form for form in apart if apart[form] == best),
        key=lambda form: (form.text[:1] != word[:1], -form.frequency, form.text),
    )
    first: dict[int, Form] = {}
    for form in ranked:
        first.setdefault(form.term, form)
    return [Correction(*form[:2], best, form[2]) for form in first.values()][:limit]


def posts(*texts: str) -> list[Post]:
    return [Post(id=str(number), title="", text=text) for number, text in enumerate(texts)]


# --- against brute force


@given(FORMS, WORDS, st.integers(1, 4))
def test_the_nearest_are_those_of_brute_force(forms: list[Form], word: str, limit: int) -> None:
    """The filter loses nothing, and the order is the rule's, whatever the forms."""
    assert table(forms).nearest(word, limit) == brute_force(word, forms, limit)


@given(st.lists(mistyped(), max_size=20), st.data())
def test_mistakes_are_found_again(pairs: list[tuple[str, str]], data: st.DataObject) -> None:
    """So it is where the forms are much like the word, and where they are its mistakes."""
    texts = sorted({text for pair in pairs for text in pair if text})
    forms = [Form(text, number % 4, 1 + number % 3) for number, text in enumerate(texts)]
    word = data.draw(mistyped(st.sampled_from(texts) if texts else WORDS))[1]
    assert table(forms).nearest(word) == brute_force(word, forms, 3)


def test_a_large_table_gives_what_brute_force_gives() -> None:
    """So it is for 20,000 forms, where many are alike and the whole table is read at once."""
    chance = random.Random(5)
    weights = [12 if letter in "etaoinsr" else 2 for letter in string.ascii_lowercase]
    texts = {
        "".join(chance.choices(string.ascii_lowercase, weights, k=chance.choice((4, 5, 6, 7, 9))))
        for _ in range(20_000)
    }
    forms = [Form(text, chance.randrange(6), chance.randrange(1, 50)) for text in sorted(texts)]
    spelling = table(forms)
    for _ in range(40):
        word = list(chance.choice(forms).text)
        for _ in range(chance.choice((1, 2))):
            word[chance.randrange(len(word))] = chance.choice("etaoinsrx")
        assert spelling.nearest("".join(word)) == brute_force("".join(word), forms, 3)


@given(mistyped(st.text(LETTERS, max_size=80)))
@example(("a" * 32 + "b", "a" * 33 + "b"))
@example(("x" + "a" * 31 + "b", "a" * 31 + "b" + "x"))
def test_signatures_differ_by_no_more_bits_than_the_distance(pair: tuple[str, str]) -> None:
    """Each of two strings has at most as many bits alone as they are apart: nothing is lost."""
    one, other = signatures(encode(pair))
    apart = OSA.distance(*pair)
    assert np.bitwise_count(one & ~other) <= apart
    assert np.bitwise_count(other & ~one) <= apart


@given(st.lists(st.text(LETTERS, max_size=40), max_size=8))
def test_a_signature_is_what_the_format_s_page_says(texts: list[str]) -> None:
    """Bit c: a character of the first 32 that is c modulo 32; bit 32 + c: two of them."""
    expected = []
    for text in texts:
        classes = [ord(letter) % 32 for letter in text[:32]]
        once = sum(1 << c for c in set(classes))
        expected.append(once + sum(1 << 32 + c for c in set(classes) if classes.count(c) > 1))
    assert signatures(encode(texts)).tolist() == expected


@given(st.text(LETTERS, min_size=1), st.lists(st.text(LETTERS, max_size=14)), st.integers(1, 3))
def test_distances_are_those_of_rapidfuzz(word: str, others: list[str], most: int) -> None:
    """Up to `most` they are optimal string alignment distances, and `most` + 1 beyond."""
    expected = [min(OSA.distance(word, other), most + 1) for other in others]
    assert distances(word, others, most).tolist() == expected


@given(mistyped(), st.integers(1, 3))
def test_distances_of_near_words_are_those_of_rapidfuzz(pair: tuple[str, str], most: int) -> None:
    """So it is for words a few mistakes apart."""
    assert distances(*pair[:1], [pair[1]], most) == [min(OSA.distance(*pair), most + 1)]


# --- by hand


@pytest.fixture(scope="module")
def seeds_spelling(index: Index) -> Spelling:
    """The spelling of the seeds."""
    return spelling_of(index)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("defensve", "defensive"), ("custmer", "customer"), ("custommer", "customer"),
        ("custmoers", "customers"), ("recieve", "receive"), ("servcie", "service"),
        ("phoen", "phone"), ("cal", None), ("hel", None), ("angy", "angry"),
        ("complant", "complaint"), ("rimpobsilty", None), ("xyzzyq", None),
    ],
)  # fmt: skip
def test_words_of_the_seeds(seeds_spelling: Spelling, word: str, meant: str | None) -> None:
    """What is meant comes first, and what is like nothing is nothing."""
    assert next((found.form for found in seeds_spelling.nearest(word)), None) == meant


def test_no_word_that_is_there_is_corrected(seeds_spelling: Spelling, index: Index) -> None:
    """Forms, other forms of their stems and stop words have no corrections."""
    assert index.parse("retentions").unknown == ()
    known = [*index._reader.forms.strings, *index.analyzer.stop_words, "retentions"]
    assert [word for word in known if seeds_spelling.nearest(word)] == []


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("wxya", []),  # of one to four letters none,
        ("plyr", []),
        ("plyrs", []),
        ("caf", []),
        ("prvet", []),  # but by the length of the longer
        ("wxyzz", ["wxyz"]),
        ("wxyab", []),  # of five to eight one mistake
        ("vxyzab", []),  # that of the first letter is two
        ("mp3plyer", []),  # none of what has a digit,
        ("playr9", []),
        ("payers", ["players"]),  # nor such a form: "payers2" is as near
        ("playesr", ["players"]),
        ("pleyars", []),
        ("mixtps", []),
        ("mixtappes", ["mixtapes"]),
        ("mixtuppes", ["mixtapes"]),  # of nine and more two
        ("dixtapess", []),
        ("dixtapesq", []),
        ("приветы", ["привет"]),  # one letter, though two bytes
        ("naïvetés", []),
        ("привте", ["привет"]),
        ("l" * 64, ["l" * 65]),
        ("l" * 66, []),  # nobody types that
    ],
)
def test_mistakes_by_length(word: str, found: list[str]) -> None:
    """So many mistakes are looked for, by the letters of the word."""
    texts = [
        "wxyz",
        "mp3player",
        "player9",
        "players",
        "payers2",
        "café",
        "naivete",
        "привет",
        "mixtapes",
    ]
    spelling = spelling_of(Index.build(posts(" ".join([*texts, "l" * 65]))))
    assert [correction.form for correction in spelling.nearest(word)] == found


def test_what_comes_first() -> None:
    """A smaller distance, then frequency, then the order of letters; each term counts once.

    Another first letter is one more, so it comes up where two mistakes are looked for.
    """
    spelling = table([
        Form("hosting", 0, 1), Form("hosing", 0, 7), Form("haste", 1, 999), Form("heasting", 1, 9),
        Form("hastings", 1, 10), Form("hustling", 2, 99), Form("casting", 3, 99),
        Form("fasting", 4, 99), Form("chasing", 5, 999), Form("chasting", 3, 100),
    ])  # fmt: skip
    assert spelling.nearest("hasting", 9) == [
        Correction("hastings", 1, 1, 10), Correction("hosting", 0, 1, 1),
    ]  # fmt: skip
    assert [found.form for found in spelling.nearest("hasting", 1)] == ["hastings"]
    spelling = table([Form("restlings", 0, 9), Form("hostlings", 1, 1), Form("wastlings", 2, 5)])
    assert [found.form for found in spelling.nearest("hastlings")] == ["hostlings"]
    spelling = table([Form("wastlings", 0, 1), Form("hostlinga", 1, 1), Form("bastlinks", 2, 5)])
    assert spelling.nearest("hastlings") == [
        Correction("hostlinga", 1, 2, 1), Correction("wastlings", 0, 2, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("teh", "the"),  # though "tech" is as near
        ("adn", "and"),
        ("thier", "their"),  # though "tier" is
        ("wich", "which"),  # a letter is missing, though "witch" is
        ("becase", "because"),
        ("cal", None),  # of short ones that says little
        ("mush", None),
        ("thoze", "those"),  # another letter: there is nothing else
    ],
)
def test_a_mistyped_stop_word_is_one(word: str, meant: str | None) -> None:
    """It is the only answer, so that no rare word is put in its place."""
    found = spelling_of(Index.build(posts("tech tier witch call"))).nearest(word)
    if meant is None:
        assert found == []
    else:
        assert found == [Correction(meant, STOPPED, 1, 0)]


def test_a_word_as_near_comes_before_a_stop_word_with_another_letter() -> None:
    """So "wherx" is the "whera" of the corpus; with two mistakes a word comes after a stop word."""
    assert spelling_of(Index.build(posts("whera"))).nearest("wherx")[0].form == "whera"
    assert spelling_of(Index.build(posts("theorem"))).nearest("therem") != []
    assert spelling_of(Index.build(posts("yoursilvaz"))).nearest("yourselvas") == [
        Correction("yourselves", STOPPED, 1, 0)
    ]


def test_two_words_without_the_space_between() -> None:
    """They are two forms of at least three letters each; the rarer one is as frequent as can be."""
    spelling = spelling_of(
        Index.build(posts("customer service service", "custom custom erservice", "an other"))
    )
    assert spelling.parts("customerservice") == ("customer", "service")
    assert spelling.parts("servicecustom") == ("service", "custom")
    for word in ("another", "customer", "custo", "", "service24", "servicex"):
        assert spelling.parts(word) is None


def test_an_index_without_words_has_no_corrections() -> None:
    """No posts, or only stop words: nothing is near, and a mistyped stop word is still one."""
    for spelling in (spelling_of(Index.build([])), spelling_of(Index.build(posts("the of")))):
        assert spelling.nearest("custmer") == []
        assert spelling.nearest("thier") == [Correction("their", STOPPED, 1, 0)]
        assert spelling.parts("customerservice") is None


def test_half_of_a_surrogate_pair_is_near_nothing(seeds_spelling: Spelling) -> None:
    """It is in no form; to ask for it does no harm."""
    assert seeds_spelling.nearest("\udce9\udce9\udce9") == []


@given(st.permutations(["worms", "works", "words", "wordy", "fords"]))
def test_the_order_of_the_posts_does_not_matter(words: list[str]) -> None:
    """The same corpus gives the same corrections."""
    found = spelling_of(Index.build(posts(*words))).nearest("worxs")
    assert [correction.form for correction in found] == ["words", "works", "worms"]


# --- what is read from disk


@pytest.mark.parametrize(
    "part", ["forms.txt", "forms.offsets", "forms.terms", "forms.frequency", "forms.signatures"]
)
def test_each_part_is_checked_before_it_is_used(index: Index, tmp_path: Path, part: str) -> None:
    """A flipped byte in what a correction is made of is an IndexCorrupt."""
    generation = tmp_path / index.save(tmp_path)
    told = json.loads((generation / "manifest.json").read_bytes())["parts"][part]
    data = bytearray((generation / "data.bin").read_bytes())
    data[told["offset"]] ^= 1
    (generation / "data.bin").write_bytes(data)
    with pytest.raises(IndexCorrupt, match="its checksum is wrong"):
        spelling_of(Index.open(tmp_path)).nearest("custmer")


@pytest.mark.parametrize(("term", "frequency"), [(-1, 1), (6, 1), (0, 0), (0, -1)])
def test_numbers_out_of_range_are_damage(term: int, frequency: int) -> None:
    """A term that there is not, and a form that is never there, are an IndexCorrupt."""
    with pytest.raises(IndexCorrupt):
        table([Form("customer", term, frequency)]).nearest("custmer")


@pytest.mark.parametrize("number", [3, lexicon.MANY])
def test_several_strings_are_those_one_by_one(number: int) -> None:
    """Few or many, they are the same, and of a damaged table an IndexCorrupt."""
    stored = encode([f"é{number}" for number in range(1000)])
    strings = Strings(Checked(stored.blob), Checked(stored.offsets))
    places = np.arange(number) * 3
    assert strings.several(places) == [strings[place] for place in places.tolist()]
    shifted = Strings(Checked(stored.blob), Checked(stored.offsets + 1))
    beyond = Strings(Checked(stored.blob[:5]), Checked(stored.offsets))
    for damaged in (shifted, beyond):
        with pytest.raises(IndexCorrupt):
            damaged.several(places)
