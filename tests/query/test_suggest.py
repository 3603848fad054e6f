"""Suggestions: completed words and titles are those that a plain search of all posts finds.

The truth is brute force: all forms of all posts, rapidfuzz's distance, and Python's `startswith`.
"""

from __future__ import annotations

from collections import Counter
from datetime import date as Date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from rapidfuzz.distance import OSA

from tests.strategies import CORPORA
from tipsearch.analysis.analyzer import Analyzer, fold
from tipsearch.corpus.post import Post
from tipsearch.errors import IndexClosed, SettingError
from tipsearch.index import Index
from tipsearch.query.suggest import company
from tipsearch.query.suggest.best import greatest
from tipsearch.query.suggest.mistakes import may_have_mistake, mistake
from tipsearch.query.suggest.typed import read
from tipsearch.query.suggest.words import Words

ANALYZER = Analyzer()
# Few letters, so that words are near each other; some of several bytes.
LETTERS = "bcdж字"
NEAR = st.text(LETTERS, min_size=1, max_size=11)


def _tokens(post: Post) -> list[str]:
    """The words of a post, joined words among them, without stop words."""
    words = [word for word, _ in ANALYZER.sequence(f"{post.title}\n{post.text}")]
    return [word for word in words if word not in ANALYZER.stop_words]


def _best(posts: list[Post], fits: set[str], among: list[Post]) -> list[str]:
    """The forms that fit, one a term, by the posts of the term, frequency, and bytes.

    By the posts `among` which their terms are first, if any of them is there.
    """
    often = Counter(token for post in posts for token in _tokens(post))
    terms = {form: ANALYZER.term(form) for form in often}

    def having(form: str, those: list[Post]) -> int:
        return sum(any(terms[token] == terms[form] for token in _tokens(post)) for post in those)

    shared = {form: having(form, among) for form in fits}
    if any(shared.values()):
        fits = {form for form in fits if shared[form]}
    key = {f: (-shared[f], -having(f, posts), -often[f], f.encode()) for f in fits}
    best: dict[str, str] = {}
    for form in sorted(fits, key=lambda form: key[form]):
        best.setdefault(terms[form], form)
    return [*best.values()]


def _index(*texts: str) -> Index:
    """An index of posts with these texts and no titles."""
    posts = [Post(id=f"{number:03}", title="", text=text) for number, text in enumerate(texts)]
    return Index.build(posts, ranking="feedback", jobs=1)


def _words(index: Index) -> Words:
    return index._searcher.suggester.words


# --- words


@settings(max_examples=40)
@given(CORPORA, st.data())
def test_completions_are_the_most_frequent_forms(posts: list[Post], data: st.DataObject) -> None:
    """Of the forms that start with a prefix, one a term is given, for the first terms."""
    index = Index.build(posts, ranking="feedback", jobs=1)
    forms = {token for post in posts for token in _tokens(post)}
    word = data.draw(st.sampled_from(sorted(forms) or ["x"]))
    prefix, limit = word[: data.draw(st.integers(1, len(word)))], data.draw(st.integers(1, 5))
    expected = _best(posts, {form for form in forms if form.startswith(prefix)}, [])
    found = _words(index).starting_with(prefix, limit)
    assert [completion.form for completion in found] == expected[:limit]
    for completion in found:
        term = ANALYZER.term(completion.form)
        having = sum(term in map(ANALYZER.term, _tokens(post)) for post in posts)
        assert completion.posts == having


@settings(max_examples=40)
@given(CORPORA, st.data())
def test_earlier_words_choose_the_completions(posts: list[Post], data: st.DataObject) -> None:
    """Forms in posts that have all earlier words come alone, most of these posts first."""
    index = Index.build(posts, ranking="feedback", jobs=1)
    forms = sorted({token for post in posts for token in _tokens(post)})
    assume(forms)
    earlier = data.draw(st.lists(st.sampled_from(forms), min_size=1, max_size=2))
    word = data.draw(st.sampled_from(forms))
    prefix = word[: data.draw(st.integers(1, 3))]
    terms = {ANALYZER.term(word) for word in earlier}
    among = [post for post in posts if terms <= set(map(ANALYZER.term, _tokens(post)))]
    text = f"{' '.join(earlier)} {prefix}"
    completed = [
        f"{' '.join(earlier)} {form}"
        for form in _best(posts, {form for form in forms if form.startswith(prefix)}, among)
        if ANALYZER.term(form) not in terms
    ]
    assert index.suggest(text, 1000).words == completed[:1000]


@settings(max_examples=150)
@given(st.lists(NEAR, max_size=30), st.text(LETTERS, min_size=2, max_size=11))
@example(["bcdbcdbcdb", "bcdbcdbcd", "bcdbcdbcж"], "bcdbcdbcdd")
@example(["bbc", "bc", "cb"], "bc")
def test_a_prefix_may_have_one_mistake(forms: list[str], prefix: str) -> None:
    """A form is found if a part of it from its start is at distance 1 and has the first letter."""
    posts = [Post(id=str(number), title="", text=form) for number, form in enumerate(forms)]
    index = Index.build(posts, ranking="feedback", jobs=1)
    fits = {
        form
        for form in {token for post in posts for token in _tokens(post)}
        if form[0] == prefix[0]
        and not form.startswith(prefix)
        and any(OSA.distance(prefix, form[:end]) == 1 for end in range(1, len(form) + 1))
    }
    found = [completion.form for completion in _words(index).mistaken(prefix, 1000)]
    assert found == _best(posts, fits, [])
    assert {form for form in {*forms} if mistake(prefix, form)} >= fits
    assert not any(mistake(prefix, form) for form in {*forms} - fits)


def test_mistakes_count_from_the_fourth_letter_where_few_posts_have_the_prefix() -> None:
    """Three letters, a digit, or a prefix that posts have leave no room for a mistake."""
    index = _index(*["service desk"] * 120, "sert", "mp3player")
    assert index.suggest("srv") == []
    assert index.suggest("srvi").words == ["service"]
    assert index.suggest("srvi")[0].why == "120 posts, one letter is missing"
    assert index.suggest("sert").words == ["sert", "service"]
    assert index.suggest("serv").words == ["service"]
    assert index.suggest("mp3plyer") == []
    assert _index(*["service desk"] * 90, "sert").suggest("sert").words == ["sert"]


def test_a_word_is_no_completion_of_a_text_that_has_it() -> None:
    """`fix f` is not completed to `fix fixed`, which says one word twice."""
    assert _index("fix fixed fast").suggest("fix f").words == ["fix fast"]


def test_earlier_words_are_corrected() -> None:
    """An unknown earlier word is replaced by the nearest known one, and the reason says so."""
    (found,) = _index("service recovery", "record").suggest("Servce rec")
    assert found.text == "service recovery"
    assert found.why == '1 post with service, "servce" read as "service"'
    assert found.posts == 1


def test_counts_of_many_posts_are_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    """With more earlier posts than SAMPLE, every n-th is looked at, and `why` says about."""
    monkeypatch.setattr(company, "SAMPLE", 5)
    (found,) = _index(*["angry customer"] * 20).suggest("angry cu")
    assert (found.posts, found.why) == (20, "about 20 posts with angry")


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("ANGRY Cu", "ANGRY customer"),
        ("angry “Cu", "angry “customer"),
        ('"angry cu"', '"angry customer"'),
        ("(angry cu)", "(angry customer)"),
        ("angry cu*", "angry customer*"),
        ("title:cu", "title:customer"),
        ("category:angry cu", "category:angry customer"),
        ("-angry cu", "-angry customer"),
        ('NOT "angry x" cu', 'NOT "angry x" customer'),
        ("the cu", "the customer"),
        ("+cu", "+customer"),
        ("cafe\u0301-cu", "café-customer"),
    ],
)
def test_only_the_last_word_is_completed(text: str, completed: str) -> None:
    """What stands before and behind the last word stays as it was typed."""
    assert completed in _index("angry customer café", "cup").suggest(text).words


def test_a_compound_is_completed_to_those_of_the_posts() -> None:
    """The last part is completed so that posts have the compound, its parts or as one word."""
    index = _index("e many moves, mail", "my email employs a co-worker", "check-in face-to-face")
    assert index.suggest("e-m").words == ["e-mail"] == index.suggest("e-mail").words
    assert index.suggest("angry “E‑m").words == ["angry “E‑mail"]
    assert index.suggest("e-m")[0].posts == 1
    assert index.suggest("face-to-f").words == ["face-to-face"]
    assert index.suggest("check-i").words == ["check-in"]
    assert index.suggest("e-mo").words == ["e-moves"]
    assert index.suggest("email e-m").words == []


@pytest.mark.parametrize(
    "text", ["", " ", "cu ", "cu,", "-cu", "category:cu", "x AND ", "!?", "cu-", "Sort:cu"]
)
def test_a_text_without_a_word_at_its_end_has_no_completed_word(text: str) -> None:
    """White space, punctuation, an exclusion or a filter at the end leave no word to complete."""
    assert _index("customer", "cup").suggest(text) == []


@given(st.text(max_size=60) | st.text('ab "-:()*OR NOT title:category:', max_size=40))
@example("\ud800")
@example("ﬁ" * 9)
def test_no_text_is_an_error(text: str) -> None:
    """Any text has suggestions or none; its parts are its own."""
    index = _FEW
    assert len(index.suggest(text, 3)) <= 3
    typed = read(text, ANALYZER)
    assert len(typed.plain) == len(typed.text)
    tokens = [*typed.finished, *([typed.last] if typed.last else [])]
    assert all(first.end <= second.start or first[1:] == second[1:]
               for first, second in pairwise(tokens))  # fmt: skip


_FEW = Index.build(
    [Post(id="1", title="Title: “a” b", text="ab ba not or fi"), Post(id="2", title="!?", text="")],
    ranking="feedback",
    jobs=1,
)


def test_terms_of_rows(index: Index) -> None:
    """`Reader.terms_of` gives the terms of each row, one after the other, and none for no row."""
    reader, rows = index._reader, np.array([5, 0, 5, 55])
    expected = [term for row in rows.tolist() for term in reader.row(row)[0].tolist()]
    assert reader.terms_of(rows).tolist() == expected
    assert len(reader.terms_of(rows[:0])) == 0


# --- titles


@settings(max_examples=40)
@given(CORPORA, st.data())
def test_titles_start_with_the_text_or_have_its_words(
    posts: list[Post], data: st.DataObject
) -> None:
    """Titles that start with the text: the same title first, then the newest; each title once.

    Behind these come titles that have all its words, the last one as the start of a word.
    """
    index = Index.build(posts, ranking="feedback", jobs=1)
    title = data.draw(st.sampled_from(posts)).title
    text = title[: data.draw(st.integers(0, len(title)))]
    folded = fold(text)
    found = [s for s in index.suggest(text, 1000) if s.kind == "title"]
    assert all(index[s.id or ""].title == s.text for s in found)
    folded_found = [fold(suggestion.text) for suggestion in found]
    assert len({*folded_found}) == len(folded_found)
    if not folded or read(text, ANALYZER).last is None:
        return
    newest = sorted(
        (p for p in posts if fold(p.title).startswith(folded)),
        key=lambda p: (
            fold(p.title) != folded,
            -p.date.toordinal() if p.date else 0,
            fold(p.title),
        ),
    )
    expected = [*dict.fromkeys(fold(post.title) for post in newest)]
    assert folded_found[: len(expected)] == expected
    *words, last = folded.split()
    for suggestion in found[: len(expected)]:
        assert suggestion.why == "starts with the text"
    for suggestion in found[len(expected) :]:
        of_title = fold(suggestion.text).split()
        assert {*words} <= {*of_title}
        assert any(word.startswith(last) or mistake(last, word) for word in of_title)
        assert suggestion.why.startswith("has ")


def _titled(*titles: str) -> Index:
    posts = [
        Post(id=str(number), title=title, text="", date=Date(2020, 1, 1 + number))
        for number, title in enumerate(titles)
    ]
    return Index.build(posts, ranking="feedback", jobs=1)


def test_titles_with_all_words() -> None:
    """The words may stand in any order; white space at the end says that the last one is whole."""
    index = _titled("Calm an Angry Customer", "Angry Customs", "Customer Care")
    assert index.suggest("customer ang").titles == ["Calm an Angry Customer"]
    assert index.suggest("customer ang")[-1].why == "has customer, angry"
    assert index.suggest("angry cust").titles == ["Angry Customs", "Calm an Angry Customer"]
    assert index.suggest("angry customer ").titles == ["Calm an Angry Customer"]
    assert index.suggest("Custo").titles[0] == "Customer Care"
    assert index.suggest("angry angry").titles == []


def test_a_title_with_a_mistake() -> None:
    """A title is found by a word with one mistake, and the reason names both."""
    found = _titled("The Empathy Roadmap").suggest("empahty")
    assert [(s.text, s.why) for s in found] == [
        ("empathy", "1 post, two letters are swapped"),
        ("The Empathy Roadmap", "has empathy, two letters are swapped"),
    ]


def test_words_and_titles_share_the_limit() -> None:
    """Each has half of the places; what one leaves free is for the other."""
    index = _titled(*(f"cu{letter}s care" for letter in "abcdefgh"))
    found = index.suggest("cu", 6)
    assert (len(found.words), len(found.titles)) == (3, 3)
    found = index.suggest("cu", 20)
    assert (len(found.words), len(found.titles)) == (8, 8)
    assert len(index.suggest("cu", 1)) == 1


def test_of_equal_titles_the_newest_is_given() -> None:
    """A title of several posts is suggested once, with the id of the newest post."""
    found = _titled("Patience", "Patience", "Patience is").suggest("patience")
    assert [(s.text, s.id) for s in found[1:]] == [("Patience", "1"), ("Patience is", "2")]


# --- the rest


def test_on_the_seeds(index: Index) -> None:
    """What a user sees while typing about the user's own posts."""
    assert [(s.text, s.why) for s in index.suggest("emp")] == [
        ("employee", "6 posts"),
        ("empathy", "4 posts"),
        ("empathize", "2 posts"),
        ("emphasizing", "1 post"),
        ("The Empathy Roadmap", "has empathy"),
    ]
    assert index.suggest("angry cu").words == ["angry customer"]
    found = index.suggest("servce rec")
    assert found.words[:2] == ["service recently", "service recovery"]
    assert found.titles == ["In Service Recovery, Say It Like You Mean It"]
    assert index.suggest("custamer").words == ["customer"]


def test_json_has_an_id_for_titles_alone() -> None:
    """A word names no post."""
    assert _titled("Patience").suggest("pat").to_json() == [
        {"text": "patience", "kind": "word", "why": "1 post", "posts": 1},
        {
            "text": "Patience",
            "kind": "title",
            "why": "starts with the text",
            "posts": 1,
            "id": "0",
        },
    ]


def test_what_cannot_be_completed_is_refused(index: Index) -> None:
    """A text is a string and a limit a number from 1 on; a closed index says that it is closed."""
    with pytest.raises(SettingError, match="a text to complete"):
        index.suggest(None)  # type: ignore[arg-type]
    with pytest.raises(SettingError, match="limit"):
        index.suggest("a", 0)
    closed = _index("a")
    closed.close()
    with pytest.raises(IndexClosed):
        closed.suggest("a")
    assert Index.build([]).suggest("abcd") == []


@given(st.lists(st.integers(0, 3) | st.integers(-(2**31), 1000), max_size=200), st.integers(1, 300))
def test_the_greatest_values(values: list[int], count: int) -> None:
    """`greatest` gives the places that a full sort gives."""
    expected = sorted(range(len(values)), key=lambda place: (-values[place], place))[:count]
    assert greatest(np.array(values, np.int32), count).tolist() == expected


@given(NEAR, NEAR)
def test_a_mistake_is_one_of_distance_one(prefix: str, word: str) -> None:
    """A mistake has words exactly where a part of the word from its start is at distance 1."""
    near = any(OSA.distance(prefix, word[:end]) == 1 for end in range(1, len(word) + 1))
    expected = near and prefix[0] == word[0] and not word.startswith(prefix)
    assert (mistake(prefix, word) is not None) == expected
    assert may_have_mistake(prefix) == (len(prefix) >= 4)
