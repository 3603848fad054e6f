"""Synonyms: the format of the file, what they add to a query, and that an index keeps them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import CORPORA, QUERIES
from tipsearch.analysis.analyzer import Analyzer
from tipsearch.corpus.post import Post
from tipsearch.corpus.synonymfile import SynonymRule, parse_rule, read_rules
from tipsearch.errors import LineError, SettingError, SourceError
from tipsearch.index import Index
from tipsearch.query.synonyms import SYNONYM_DISCOUNT, Expansion, Synonyms

ANALYZER = Analyzer()
few = settings(max_examples=25)


def posts(*texts: str) -> list[Post]:
    """A post for each text; their ids are a, b, c and so on."""
    return [Post(chr(ord("a") + place), "", text) for place, text in enumerate(texts)]


def synonyms(*lines: str) -> Synonyms:
    return Synonyms(read_rules(lines, ANALYZER), ANALYZER)


# --- the file


# The sample that Solr and Elasticsearch document.
SOLR = r"""
# blank lines and lines starting with pound are comments.

i-pod, i pod => ipod,
sea biscuit, sea biscit => seabiscuit

ipod, i-pod, i pod
foozball , foosball
universe , cosmos
foo => foo bar
foo => baz
"""


def test_the_documented_sample(tmp_path: Path) -> None:
    """Comments and blank lines are left out, spaces around entries and a last comma too."""
    file = tmp_path / "synonyms.txt"
    file.write_text(SOLR)
    assert read_rules(file, ANALYZER) == [
        (("i-pod", "i pod"), ("ipod",)),
        (("sea biscuit", "sea biscit"), ("seabiscuit",)),
        (("ipod", "i-pod", "i pod"), ("ipod", "i-pod", "i pod")),
        (("foozball", "foosball"), ("foozball", "foosball")),
        (("universe", "cosmos"), ("universe", "cosmos")),
        (("foo",), ("foo bar",)),
        (("foo",), ("baz",)),
    ]


def test_rules_of_one_source_are_merged() -> None:
    """So `foo => foo bar` and `foo => baz` are as `foo => foo bar, baz`."""
    of_two, of_one = synonyms("foo => foo bar", "foo => baz"), synonyms("foo => foo bar, baz")
    expected = [Expansion(0, 1, (("foo", "bar"), ("baz",)))]
    assert of_two.of(["foo"]) == of_one.of(["foo"]) == expected


@pytest.mark.parametrize(
    ("line", "entries"),
    [
        (r"a\,b c, d1", ("a,b c", "d1")),
        (r"x\=>y, z", ("x=>y", "z")),
        (r"x=\>y, z", ("x=>y", "z")),
        (r"back\\slash, z", ("back\\slash", "z")),
        (r"\#1, first", ("#1", "first")),
        (r"one\, two", ("one, two",)),
        ("tab\tand   space, z", ("tab and space", "z")),
        ("COD, cod", ("COD", "cod")),
        ("x,x , y", ("x", "y")),
    ],
)
def test_escapes_and_spaces(line: str, entries: tuple[str, ...]) -> None:
    """A backslash takes the meaning from the next character; white space is one space."""
    assert parse_rule(f"{line} => end", ANALYZER).sources == entries


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("x => y => z", 'more than one "=>"'),
        ("=> y", 'nothing before "=>"'),
        (" , => y", 'nothing before "=>"'),
        ("x =>", 'nothing after "=>"'),
        ("x", "'x' stands alone"),
        ("x, x,", "'x' stands alone"),
        (",", "no entry"),
        ("x, !?", "no letter or digit in '!?'"),
        ("x => about us", "only stop words in 'about us'"),
        (b"x, \xff", "not UTF-8"),
    ],
)
def test_a_line_that_is_no_rule_is_named(tmp_path: Path, line: str | bytes, reason: str) -> None:
    """The error has the file, the line from 1, and the reason, on one line."""
    file = tmp_path / "synonyms.txt"
    file.write_bytes(b"# first\n\n" + (line.encode() if isinstance(line, str) else line))
    with pytest.raises(LineError) as caught:
        Index.build([], synonyms=file)
    assert (caught.value.path, caught.value.line) == (str(file), 3)
    assert str(caught.value).startswith(f"{file}:3: {reason}; ")
    assert "\n" not in str(caught.value)


def test_files_and_lines_that_cannot_be_used(tmp_path: Path) -> None:
    """A file without a rule or that is none is a SourceError; no lines are no synonyms."""
    for name, content, reason in (("a", "# none", "no synonym"), ("b", " \n", "no synonym")):
        (tmp_path / name).write_text(content)
        with pytest.raises(SourceError, match=reason):
            read_rules(tmp_path / name, ANALYZER)
    with pytest.raises(SourceError, match="cannot be read"):
        read_rules(tmp_path, ANALYZER)
    wrong: list[Any] = [5, [5], ["a\ud800, b"]]
    for lines in wrong:
        with pytest.raises(SettingError, match="synonyms"):
            read_rules(lines, ANALYZER)
    with pytest.raises(LineError, match=r"^synonyms:2: 'x' stands alone"):
        read_rules(["x, y", "x"], ANALYZER)
    assert Index.build([], synonyms=[]).synonyms == []


ENTRIES = st.lists(
    st.text(st.sampled_from("ab,=>\\# é1"), min_size=1)
    .map(lambda text: " ".join(text.split()))
    .filter(lambda text: set(ANALYZER.tokens(text)) - set(ANALYZER.stop_words)),
    min_size=1,
    max_size=4,
    unique=True,
).map(tuple)
GROUPS = ENTRIES.filter(lambda entries: len(entries) > 1).map(lambda both: SynonymRule(both, both))
RULES = st.builds(SynonymRule, ENTRIES, ENTRIES).filter(
    lambda rule: rule.sources != rule.targets or len(rule.sources) > 1
)


@few
@given(st.lists(RULES | GROUPS, max_size=5))
def test_rules_come_back_from_their_lines_and_from_an_index(rules: list[SynonymRule]) -> None:
    """The line of a rule gives that rule again, and an index keeps all of them in order."""
    lines = [str(rule) for rule in rules]
    assert read_rules(lines, ANALYZER) == rules
    built = Index.build(posts("x"), ranking="bm25", synonyms=lines)
    assert built.synonyms == lines
    assert [SynonymRule.from_json(rule, ANALYZER) for rule in built.info()["synonyms"]] == rules


# --- which words


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("refund", [(0, 1, ["reimbursement", "money back"])]),
        ("my refunds please", [(1, 2, ["reimbursement", "money back"])]),
        ("money back", [(0, 2, ["refund", "reimbursement"])]),
        ("money", []),
        ("back money", []),
        ("pay cash on delivery", [(1, 4, ["cod"])]),
        ("cash delivery", [(0, 1, ["coins"])]),
        ("cash in delivery", [(0, 1, ["coins"])]),
        ("cash on money back", [(0, 1, ["coins"]), (2, 4, ["refund", "reimbursement"])]),
        ("cod", []),
        ("", []),
    ],
)
def test_the_longest_source_is_taken(
    words: str, expected: list[tuple[int, int, list[str]]]
) -> None:
    """Words match by stem, next to each other and in order; each is part of one source."""
    found = synonyms(
        "refund, reimbursement, money back", "cash on delivery => cod", "cash => coins"
    ).of(words.split())
    assert [(s, e, [" ".join(other) for other in others]) for s, e, others in found] == expected


@given(st.lists(RULES | GROUPS, max_size=4), st.lists(st.sampled_from("a b ab 1 é".split())))
def test_sources_do_not_overlap_and_have_synonyms(
    rules: list[SynonymRule], words: list[str]
) -> None:
    """Each expansion is of other words, ascending, and what it offers is not what is there."""
    found = Synonyms(rules, ANALYZER).of(words)
    ends = [0, *(place for start, end, _ in found for place in (start, end)), len(words)]
    assert ends == sorted(ends)
    for start, end, others in found:
        assert start < end
        assert others
        assert tuple(words[start:end]) not in others
        assert len(set(others)) == len(others)


# --- what they add to a query


CORPUS = posts(
    "refund of money fast",
    "reimbursement of the money",
    "cash on delivery only",
    "a patron and a customer",
    "customer care",
    "customers love",
)


def small(*lines: str, ranking: str = "bm25") -> Index:
    return Index.build(CORPUS, ranking=ranking, synonyms=lines)


def test_a_synonym_counts_half() -> None:
    """Both words are in one post each; the post of the typed word comes first."""
    index = small("refund, reimbursement")
    parsed = index.parse("refunds")
    assert parsed.terms == {"refund": 1, "reimburs": SYNONYM_DISCOUNT}
    assert parsed.synonyms == {"refunds": ("reimbursement",)}
    hits = index.query("refunds")
    assert [(hit.id, hit.matched) for hit in hits] == [
        ("a", ("refunds",)),
        ("b", ("reimbursement",)),
    ]
    assert hits.added == ()
    assert hits[1].snippet_spans == [(0, len("reimbursement"))]


def test_one_way_is_one_way() -> None:
    """The target finds only itself."""
    index = small("refund => reimbursement")
    assert [hit.id for hit in index.query("refund")] == ["a", "b"]
    assert [hit.id for hit in index.query("reimbursement")] == ["b"]
    assert index.parse("reimbursement").synonyms == {}


def test_a_rare_synonym_adds_no_more_than_half_of_the_word() -> None:
    """Customer is in three posts, patron in one: its greater idf does not count.

    idf = ln(1 + (6 - n + .5) / (n + .5)): ln 2 for three posts, ln(14 / 3) for one.
    """
    terms = small("customer, patron").parse("customer").terms
    assert terms == {"custom": 1, "patron": round(0.5 * 0.693147 / 1.540445 * 4096) / 4096}
    assert small("customer, patron").parse("patron").terms == {"patron": 1, "custom": 0.5}


def test_the_words_of_a_synonym_share_its_count() -> None:
    """Cash on delivery has two words that count; a word that is unknown keeps its share."""
    index = small("cod => cash on delivery", "fee => cash payment")
    assert index.parse("cod").terms == {"cash": 0.25, "deliveri": 0.25}
    assert index.parse("cod").unknown == ("cod",)
    assert index.parse("cod").synonyms == {"cod": ("cash on delivery",)}
    assert index.parse("fee").terms == {"cash": 0.25}


def test_what_the_query_has_or_no_post_has_is_not_added() -> None:
    """Terms of the query keep their count, and a synonym that no post has is not shown."""
    index = small("refund, reimbursement, rebate")
    parsed = index.parse("refund reimbursement")
    assert (parsed.terms, parsed.synonyms) == ({"refund": 1, "reimburs": 1}, {})
    assert index.parse("refund refund") == index.parse("refund")._replace(
        terms={"refund": 2, "reimburs": SYNONYM_DISCOUNT}
    )
    two = small("refund => reimbursement", "money => reimbursement").parse("refund money").terms
    assert two["reimburs"] == SYNONYM_DISCOUNT  # once


def test_corrected_words_have_synonyms_and_words_with_synonyms_are_not_corrected() -> None:
    """A correction halves with its own discount; the file knows better than the spelling."""
    index = small("refund, reimbursement", "refand => customer")
    parsed = index.parse("refumd")
    assert parsed.corrected == {"refumd": "refund"}
    assert parsed.terms == {"refund": 0.75, "reimburs": 0.375}
    assert parsed.synonyms == {"refund": ("reimbursement",)}
    kept = index.parse("refand")
    assert (kept.corrected, kept.synonyms) == ({}, {"refand": ("customer",)})
    useless = small("refand => rebate").parse("refand")
    assert (useless.corrected, useless.synonyms) == ({"refand": "refund"}, {})


@few
@given(CORPORA, QUERIES)
def test_exact_and_an_index_without_synonyms_are_the_same(corpus: list[Post], query: str) -> None:
    """`exact` leaves synonyms out, and without one of its words in the query nothing changes."""
    lines = ["angry, calling", "phone call => customer", "zebra, agreement"]
    plain = Index.build(corpus, ranking="feedback")
    index = Index.build(corpus, ranking="feedback", synonyms=lines)
    assert index.query(query, exact=True) == plain.query(query, exact=True)
    if not index.parse(query).synonyms:
        assert index.parse(query) == plain.parse(query)
        assert index.query(query) == plain.query(query)


@few
@given(CORPORA, QUERIES, st.sampled_from(["bm25", "feedback", "tfidf"]))
def test_explain_adds_up_and_names_synonyms(corpus: list[Post], query: str, ranking: str) -> None:
    """The parts sum to the score; a synonym says of which words, and feedback's say of none."""
    index = Index.build(corpus, ranking=ranking, synonyms=["angry, calling", "customer => phones"])
    parsed = index.parse(query)
    for hit in index.query(query, 3):
        explained = index.explain(query, hit.id)
        parts = explained.parts
        total = sum(part.score for part in parts) + explained.title
        assert total == pytest.approx(hit.score)
        for part in parts:
            assert part.synonym_of == "" or part.synonym_of in parsed.synonyms
            assert (part.kind == "word") == part.in_query
            assert (part.kind == "synonym") == bool(part.synonym_of)
            assert part.kind == "feedback" or part.term in parsed.terms or part.term.isdecimal()


@pytest.mark.semantic
def test_explain_adds_up_by_hybrid() -> None:
    """The parts of words and of synonyms, and that by meaning, sum to the score of each hit."""
    index = small("refund, reimbursement", ranking="hybrid")
    hits = index.query("refund")
    assert {hit.id: hit.matched for hit in hits}["b"] == ("reimbursement",)
    for hit in hits:
        explained = index.explain("refund", hit.id)
        total = sum(part.score for part in explained.parts) + explained.semantic
        assert total == pytest.approx(hit.score)


def test_explain_by_hand() -> None:
    """The table marks the part of a synonym."""
    index = small("refund, reimbursement")
    explained = index.explain("refund money", "b")
    parts = {part.term: (part.kind, part.factor, part.synonym_of) for part in explained.parts}
    assert parts == {"money": ("word", 1, ""), "reimburs": ("synonym", 0.5, "refund")}
    frame = explained.to_frame(arrow=True).to_pylist()
    assert {row["term"]: row["part"] for row in frame} == {"money": "word", "reimburs": "synonym"}


def test_a_post_that_has_all_words_of_the_query_is_not_weak() -> None:
    """It need not have the synonyms too, which take nothing from the coverage."""
    plain, index = Index.build(CORPUS, ranking="bm25"), small("customer, patron", "care, money")
    before, after = plain.query("customer care"), index.query("customer care")
    assert (before[0].id, before.weak) == (after[0].id, after.weak) == ("e", False)
    assert after.coverage == before.coverage


# --- kept by the index


def test_synonyms_are_saved_and_stay_when_posts_change(tmp_path: Path) -> None:
    """`add` and `remove` keep them; `ingest` has those that it is given, whatever is reused."""
    index = small("refund, reimbursement")
    index.save(tmp_path / "index")
    opened = Index.open(tmp_path / "index")
    opened.verify()
    changed = opened.remove("c").add(Post("z", "", "a refund"))
    for each in (index, opened, changed):
        assert each.synonyms == ["refund, reimbursement"]
        assert each.parse("refund").synonyms == {"refund": ("reimbursement",)}
    source = tmp_path / "posts.jsonl"
    source.write_text('{"id": "a", "text": "refund"}\n{"id": "b", "text": "rebate"}')
    lines = ["refund, rebate"]
    first, _ = Index.ingest(source, ranking="bm25", synonyms=lines)
    without, _ = Index.ingest(source, ranking="bm25", older=first)
    again, _ = Index.ingest(source, ranking="bm25", older=without, synonyms=lines)
    assert (first.synonyms, without.synonyms, again.synonyms) == (lines, [], lines)
    assert [hit.id for hit in again.query("refund")] == ["a", "b"]
