"""Analysis: a query is analysed exactly as a post, and titles fold as people type them."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nltk.stem import SnowballStemmer
from nltk.tokenize import RegexpTokenizer

from tipsearch.analysis.analyzer import TOKEN_PATTERNS, Analyzer, fold
from tipsearch.analysis.compounds import sequence
from tipsearch.build import pipeline, pool
from tipsearch.corpus.post import Post
from tipsearch.errors import SettingError
from tipsearch.index import Index

ANALYZER = Analyzer()
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _terms_by_nltk(text: str) -> list[str]:
    """The reference: nltk's tokenizer and stemmer over the normalised text."""
    tokenizer = RegexpTokenizer(TOKEN_PATTERNS[ANALYZER.token_pattern])
    tokens = sequence(ANALYZER.normalise(text), tokenizer.tokenize, ANALYZER.stop_words)
    stem, stop_words = SnowballStemmer("english").stem, set(ANALYZER.stop_words)
    return [stem(ANALYZER.spelt(token)) for token, _ in tokens if token not in stop_words]


@given(TEXT)
def test_light_analysis_equals_nltk(text: str) -> None:
    """Without nltk a text has the terms that nltk gives it, whatever its characters."""
    assert ANALYZER.analyze(text) == _terms_by_nltk(text)


def test_every_seed_post_analyses_alike(index: Index, posts: list[Post]) -> None:
    """The counts that an index keeps of a post are those of the query path's analysis of it.

    The words of the title as often as the settings say.
    """
    arrays = index._reader.generation.arrays
    pointers = arrays["matrix.indptr"].whole()
    for row, post in enumerate(posts):
        stretch = slice(pointers[row], pointers[row + 1])
        numbers, counts = arrays["matrix.indices"][stretch], arrays["matrix.counts"][stretch]
        stored = {index.terms[t]: n for t, n in zip(numbers, counts.tolist(), strict=True)}
        title, text = ANALYZER.analyze(post.title), ANALYZER.analyze(post.text)
        assert stored == Counter(title * index.weighting.title_weight + text)


def test_unseen_word_meets_its_stem(index: Index) -> None:
    """A word that no post has finds the posts that have another form of it."""
    assert "retentions" not in " ".join(post.title + post.text for post in index).lower()
    assert index.parse("retentions").terms == {"retent": 1}
    assert index.query("retentions") == index.query("retention") != []


@given(TEXT)
def test_spans_are_the_tokens(text: str) -> None:
    """The places to mark hold the tokens that are asked for, in order and inside the text."""
    tokens = ANALYZER.tokens(text)
    spans = list(ANALYZER.spans(text))
    assert [form for _, _, form in spans] == tokens
    joined = {form for _, _, form in ANALYZER.joined_spans(text)}
    some = set(tokens[::2]) - joined
    assert list(ANALYZER.spans(text, some)) == [span for span in spans if span[2] in some]
    assert all(0 <= start < end <= len(text) for start, end, _ in spans)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The customer’s “e-mail”\xa0– don’t!", ["custom", "e", "mail", "email"]),
        ("extra…uh…difficult", ["extra", "uh", "difficult"]),
        ("J.E.R.K. 1-on-1", ["j", "e", "r", "k", "jerk", "1", "1", "1on1"]),
        ("ﬁx ＦＩＸ fix", ["fix", "fix", "fix"]),
        ("  • Just", []),
        ("😀 — …", []),
    ],
)
def test_known_texts(text: str, terms: list[str]) -> None:
    """Quotes, NBSPs, bullets, ellipses and compatibility forms are normalised for the index."""
    assert ANALYZER.analyze(text) == terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("“You’re the Boss”", "you're the boss"),
        ("Patience is…", "patience is..."),
        ("Value the Customer – Actions to Adopt", "VALUE THE CUSTOMER - actions to adopt"),
        ("Be\xa0Supportive,  Not Defensive", "be supportive not defensive"),
    ],
)
def test_fold_forgives_typing(one: str, other: str) -> None:
    """Case, quotes, dashes, ellipses and white space do not tell titles apart."""
    assert fold(one) == fold(other)


def test_fold_keeps_what_tells_titles_apart() -> None:
    """Digits and words do; a title of marks only is not empty."""
    assert fold("2022 Holiday Poem") != fold("2025 Holiday Poem")
    assert fold("?!") == "?!"


def test_analyzer_survives_json_and_refuses_unknown_settings() -> None:
    """An analyzer is its settings; a step or key that this version does not know is refused."""
    assert Analyzer.from_json(ANALYZER.to_json()) == ANALYZER
    with pytest.raises(SettingError, match="lemmas"):
        Analyzer(stemmer="lemmas")
    with pytest.raises(SettingError, match="stop_words"):
        Analyzer(stop_words=("The", "don’t"))
    with pytest.raises(SettingError, match="ngrams"):
        Analyzer.from_json({**ANALYZER.to_json(), "ngrams": 2})


def test_spread_over_the_cores_counts_the_same(
    posts: list[Post], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Worker processes, which use our stemmer, give in chunks the index that nltk gives here."""
    done: list[int] = []
    here = Index.build(posts, progress=done.append).save(tmp_path / "here")
    assert done == [len(posts)]
    monkeypatch.setattr(pool, "PARALLEL_BYTES", 0)
    monkeypatch.setattr(pipeline, "ITEMS_AT_ONCE", 7)
    done.clear()
    assert Index.build(posts, progress=done.append).save(tmp_path / "there") == here
    assert done == [7] * 8
