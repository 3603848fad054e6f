"""Snippets: the window that has the most of a query, and what is marked in it."""

import itertools
import pickle
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.query.runs import Runs, words_of
from tipsearch.ranking.snippet import Marker

ANALYZER = Analyzer()
STOP_WORDS = set(ANALYZER.stop_words)


def marker(text: str, words: str, phrases: Sequence[str] = ()) -> Marker:
    """The marker of a query of some words and phrases, by an index of one post of this text."""
    vocabulary = Index.build([Post("a", "", text)])._searcher.vocabulary
    terms = vocabulary.terms(set(ANALYZER.analyze(words)))
    return Marker(vocabulary, terms, phrases)


def shown(text: str, words: str, phrases: Sequence[str] = (), width: int = 60) -> str:
    """The snippet with its spans in brackets."""
    return bracketed(*marker(text, words, phrases).snippet(text, width))


def bracketed(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text with the spans in brackets."""
    for start, end in reversed(spans):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return text


# --- golden cases

FILLER = "Nothing of interest is written in this sentence, which is long. "


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        # A short text is shown whole, its white space as one space.
        ("Angry  customers\n\n\tcall.", "customer", "Angry [customers] call."),
        # Two different words are better than three forms of one.
        (
            f"Refund the refunds, refunded. {FILLER}The customer got a refund.",
            "customer refund",
            "The [customer] got a [refund].",
        ),
        (
            f"The customer got a refund from us all. {FILLER}Refund the refunds, refunded.",
            "customer refund",
            "The [customer] got a [refund] from us all.",
        ),
        # Of equal windows the one with the most matches is shown, then the first one.
        (f"A refund. {FILLER}Refund any refunds, I said twice. {FILLER}", "refund",
         "[Refund] any [refunds], I said twice."),
        (f"{FILLER}A refund, he said, is due to you. {FILLER}No refund.", "refund",
         "A [refund], he said, is due to you."),
        # It starts at a sentence, ends at one if more than half is filled, or else at a word.
        (f"{FILLER}“Stop!” Pay the refund. Then go and see her. {FILLER}", "refund",
         "Pay the [refund]. Then go and see her."),
        (f"{FILLER}\nA list of the refunds of May\n* and so on for a long, long time", "refund",
         "A list of the [refunds] of May * and so on for a long, long…"),
        (f"{FILLER}\nA list of all of the refunds of May\nand so on for a very, very long time",
         "refund", "A list of all of the [refunds] of May"),
        # Neither a title nor a word in lower case starts a sentence.
        (f"{FILLER}Mr. Smith… he said that he got a refund. {FILLER}", "refund",
         "Mr. Smith… he said that he got a [refund]."),
        # A sentence that is too long is cut between words, in the middle of the window.
        (
            "All of the words that stand at this place come before the refund and "
            "all of the words that stand at this place come after it.",
            "refund",
            "…this place come before the [refund] and all of the words that…",
        ),
        # The end of a text fills the window.
        (f"{FILLER}It is so. We saw. A refund.", "refund", "It is so. We saw. A [refund]."),
        # Without a word of the query it is the start of the text.
        (FILLER * 2, "zebra", "Nothing of interest is written in this sentence, which is…"),
        ("", "zebra", ""),
        # A ligature marks its run; no-break spaces and line breaks are spaces.
        ("The oﬃce was\xa0fixed, newly\nﬁxed.", "fix office",
         "The [oﬃce] was [fixed], newly [ﬁxed.]"),
        # Curly quotes and hyphens are outside of the marks, apostrophes inside.
        ("“Customer’s e-mail” (angry)", "customer’s mail anger angry",
         "“[Customer’s] e-[mail]” ([angry])"),
        # A compound is marked as a whole for its joined word, and for all of its parts.
        ("E-mail, email, e mail: an e-mail’s.", "email",
         "[E-mail], [email], e mail: an [e-mail’s]."),
        ("E-mail, email, e mail.", "e-mail", "[E-mail], [email], [e] [mail]."),
        ("We ﬁx-ﬁx and co-work.", "fixfix coworker", "We [ﬁx-ﬁx] and [co-work]."),
    ],
)  # fmt: skip
def test_known_snippets(text: str, words: str, expected: str) -> None:
    """What is shown of these texts in 60 characters, chosen by hand."""
    assert shown(text, words) == expected


FIX_FAST = f"Fix it. Be fast, customer, be angry. {FILLER}We said that we can fix – fast. {FILLER}"


@pytest.mark.parametrize(
    ("text", "words", "phrases", "expected"),
    [
        # A phrase is worth more than any number of words, and is one span.
        (FIX_FAST, "fix fast customer angry", ["fix fast"], "We said that we can [fix – fast]."),
        (FIX_FAST, "fix fast customer angry", [],
         "[Fix] it. Be [fast], [customer], be [angry]."),
        # Words outside of a phrase are marked only if they are words of the query too.
        ("Fix it; fix fast.", "", ["fix fast"], "Fix it; [fix fast]."),
        ("Fix it; fix fast.", "fix", ["fix fast"], "[Fix] it; [fix fast]."),
        # Its words match by term, stop words as they are.
        ("Fixing, then fixed\nfaster fast", "", ["fix fast"], "Fixing, then fixed faster fast"),
        ("On hold, in hold, on-holding.", "", ["on hold"], "[On hold], in hold, [on-holding]."),
        # A window holds all phrases if it can.
        (f"On hold. {FILLER}Fix fast. {FILLER}Now we fix fast, or are put on hold. {FILLER}", "",
         ["on hold", "fix fast"], "Now we [fix fast], or are put [on hold]."),
        # Phrases that overlap are one span; inside a ligature's run the order of words counts.
        ("So fix fast now.", "", ["fix fast", "fast now"], "So [fix fast now]."),
        ("We ﬁx-fast now, ﬁx-now.", "", ["fix fast now"], "We [ﬁx-fast now], ﬁx-now."),
        # A phrase that is too long is marked as far as it is shown.
        (FILLER * 2, "", [FILLER * 2],
         "[Nothing of interest is written in this sentence, which is]…"),
        # A phrase fits the parts of compounds, or their joined words.
        ("E-mail etiquette, email etiquette, e mail etiquette.", "", ["email etiquette"],
         "[E-mail etiquette], [email etiquette], e mail etiquette."),
        ("E-mail etiquette, email etiquette, e mail etiquette.", "", ["e-mail etiquette"],
         "[E-mail etiquette], [email etiquette], [e mail etiquette]."),
        ("Face to face, face-to-face.", "", ["face to face"], "[Face to face], [face-to-face]."),
        ("Face to face, face-to-face.", "", ["face-to-face"], "[Face to face], [face-to-face]."),
        ("By e-mail and co-op; by email and co op.", "", ["email and co op"],
         "By e-mail and co-op; by [email and co op]."),
    ],
)  # fmt: skip
def test_known_phrases(text: str, words: str, phrases: list[str], expected: str) -> None:
    """What is shown of these texts for phrases in 60 characters, chosen by hand."""
    assert shown(text, words, phrases) == expected


def test_a_run_longer_than_the_window() -> None:
    """Of an address that does not fit, the part with the match is shown."""
    address = f"https://example.com/{'x' * 50}/refund-policy"
    assert shown(f"See {address} for more.", "refund", width=30) == "…[refund]-policy for more."
    assert (
        shown(f"See {address} for more.", "", ["refund policy"], width=30)
        == "…[refund-policy] for more."
    )


def test_words_of_feedback_are_not_marked(index: Index) -> None:
    """Corrected words are marked; those by feedback are not, though snippets have them."""
    hits = index.query("pateince", 20)
    assert hits.corrections == {"pateince": "patience"}
    marked = {
        hit.snippet[start:end].lower() for hit in hits for start, end in hit.snippet_spans
    }  # fmt: skip
    assert marked == {"patience", "patient"} & marked != set()
    shown_terms = {term for hit in hits for term in ANALYZER.analyze(hit.snippet)}
    assert shown_terms & set(map(ANALYZER.term, hits.added))


def test_titles_are_marked(index: Index) -> None:
    """The spans of a title are those of the words of the query in it."""
    hits = index.query("fix stress", 10)
    titles = [bracketed(hit.post.title, hit.title_spans) for hit in hits]
    assert "[Fix] Fast to Reduce [Stress]" in titles


def test_a_pickled_hit_can_be_cut_anew(index: Index) -> None:
    """Excerpts of another width, with the words of the query, need no index."""
    for hit in index.query("angry customer on the phone", 10):
        again = pickle.loads(pickle.dumps(hit))
        for width in (40, 90, 10_000):
            assert again.excerpt(width) == hit.excerpt(width)


# --- properties

WORDS = st.sampled_from(
    "angry angrily customer customers customer’s phone Phones call the of on “hold” on-hold "
    "e-mail J.E.R.K. don’t 37 café CAFÉ ﬁx ﬁx-on fixed fix… fix. call! hold.” 😀 – ½ Mr.".split()
)
SPACES = st.sampled_from([" ", " ", " ", "  ", "\n", "\n\n", "\xa0", "\t"])
PAIRS = st.tuples(WORDS, SPACES)
TEXTS, LONG_TEXTS = (
    st.lists(PAIRS, min_size=least, max_size=most).map(
        lambda pairs: "".join(itertools.chain.from_iterable(pairs))
    )
    for least, most in ((0, 30), (25, 60))
)
QUERIES = st.lists(
    st.sampled_from("angry customer phone call hold mail email jerk fix 37 1".split()), max_size=5
)
PHRASES = st.lists(
    st.sampled_from(
        ["on hold", "the customer", "fix fix", "e-mail", "email on", "fixing on", "1 2", "of"]
    ),
    max_size=3,
    unique=True,
)
WIDTHS = st.integers(40, 120)


def readings(text: str) -> tuple[list[str], list[str]]:
    """The words of a text: with the parts of compounds, and with joined words in their place."""
    joined = list[str]()
    for word, parts in ANALYZER.sequence(text):
        if parts > 1:
            del joined[-parts:]
        joined.append(word)
    return ANALYZER.tokens(text), joined


def units(words: Sequence[str]) -> list[str]:
    """Words by term, stop words as they are."""
    return [word if word in STOP_WORDS else ANALYZER.term(word) for word in words]


def has_phrase(text: str, phrase: str) -> bool:
    """Whether the words of the phrase follow each other in the text, both in one reading."""
    return any(
        units(of_text[i : i + len(of_phrase)]) == units(of_phrase)
        for of_text, of_phrase in zip(readings(text), readings(phrase), strict=True)
        for i in range(len(of_text) - len(of_phrase) + 1)
    )


def value(text: str, words: Sequence[str], phrases: Sequence[str]) -> tuple[int, int]:
    """How many of the phrases a text has, and of the different terms of the words."""
    terms = set(map(ANALYZER.term, words)) & set(ANALYZER.analyze(text))
    return sum(has_phrase(text, phrase) for phrase in phrases), len(terms)


@settings(max_examples=100)
@given(LONG_TEXTS, QUERIES, PHRASES, WIDTHS)
def test_no_window_is_better(text: str, words: list[str], phrases: list[str], width: int) -> None:
    """No stretch of runs that fits has more phrases, or as many and more different terms."""
    runs = text.split()
    windows = (
        " ".join(runs[i:j])
        for i, j in itertools.combinations(range(len(runs) + 1), 2)
        if len(" ".join(runs[i:j])) <= width
    )
    best = max(value(window, words, phrases) for window in windows)
    found = marker(text, " ".join(words), phrases).snippet(text, width)[0]
    assert value(found, words, phrases) >= best


@settings(max_examples=100)
@given(TEXTS, QUERIES, PHRASES, st.integers(0, 120))
def test_spans_mark_the_query(text: str, words: list[str], phrases: list[str], width: int) -> None:
    """A snippet is a part of the text; each span in it is of a word or of a phrase, none overlap.

    All words of the query that the snippet has are inside of spans.
    """
    snippet, spans = marker(text, " ".join(words)).snippet(text, width)
    shown = snippet.removeprefix("…").removesuffix("…")
    assert shown in " ".join(text.split())
    assert len(shown) <= width
    terms = set(map(ANALYZER.term, words))
    assert [0, *itertools.chain(*spans), len(snippet)] == sorted(
        [0, *itertools.chain(*spans), len(snippet)]
    )
    assert all(terms & set(ANALYZER.analyze(snippet[start:end])) for start, end in spans)
    if width >= 40:
        ends = [0, *itertools.chain(*spans), len(snippet)]
        unmarked = [snippet[ends[i] : ends[i + 1]] for i in range(0, len(ends), 2)]
        assert terms.isdisjoint(ANALYZER.analyze(" ".join(unmarked)))
    snippet, spans = marker(text, "", phrases).snippet(text, max(width, 40))
    for start, end in spans:
        assert any(has_phrase(snippet[start:end], phrase) for phrase in phrases)


@settings(max_examples=100)
@given(TEXTS, QUERIES)
def test_spans_of_a_text(text: str, words: list[str]) -> None:
    """In a text as it is, spans are those of the analyzer whose terms are in the query."""
    terms = set(map(ANALYZER.term, words))
    of_text = {word for word, _ in ANALYZER.sequence(text)} - STOP_WORDS
    forms = {word for word in of_text if ANALYZER.term(word) in terms}
    spans = {(start, end) for start, end, _ in ANALYZER.spans(text, forms)}
    assert marker(text, " ".join(words)).spans(text) == sorted(spans)


RUNS = st.text(
    st.characters(exclude_categories=["Cs", "Z"]) | st.sampled_from("aB’'.,-_`ﬁé1…“”"), min_size=1
).filter(lambda text: len(text.split()) == 1 and text.split()[0] == text)


@given(st.lists(RUNS, max_size=8))
def test_words_of_runs_are_the_tokens(runs: list[str]) -> None:
    """The words of the runs of a text, looked up or with offsets, are those of the text."""
    text, cache = " ".join(runs), Runs(ANALYZER)
    words = [word for word, _ in ANALYZER.sequence(text)]
    assert [word for run in runs for word in words_of(run, ANALYZER)] == words
    assert [word for run in runs for word in cache[run]] == words
    of_runs = [cache.readings(run) for run in runs]
    split = [token.word for reading in of_runs for token in reading.split]
    joined = [token.word for reading in of_runs for token in reading.joined]
    assert (split, joined) == readings(text)


def test_every_word_of_a_post_is_a_form(index: Index, posts: list[Post]) -> None:
    """The forms of the terms of a post are all its words but the stop words."""
    vocabulary = index._searcher.vocabulary
    for post in posts:
        words = {*ANALYZER.tokens(post.title), *ANALYZER.tokens(post.text)} - STOP_WORDS
        forms = vocabulary.forms_of(set(vocabulary.terms(map(ANALYZER.term, words))))
        assert words <= forms.keys()
        assert all(index.terms[forms[word]] == ANALYZER.term(word) for word in words)
