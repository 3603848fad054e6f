"""Words under operators: unknown ones, corrections, synonyms, compounds and prefixes."""

import json

import pytest

from tipsearch.index import Index


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Index:
    """Four posts, and synonyms."""
    rules = tmp_path_factory.mktemp("rules") / "synonyms.txt"
    rules.write_text("refund, money back\nteam => crew\n")
    lines = [
        {"id": "a", "title": "Refund", "text": "the refund of a customer"},
        {"id": "b", "text": "money back for an e-mail, at any café"},
        {"id": "c", "text": "back to the money of the crew"},
        {"id": "d", "text": "a team by email"},
    ]
    posts = rules.parent / "posts.jsonl"
    posts.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return Index.ingest(posts, ranking="bm25", synonyms=rules)[0]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+refnd", "a b"),  # corrected, with the synonyms of the correction
        ("title:refnd", "a"),
        ("refnd AND custmer", "a"),
        ("-refnd", "a b c d"),  # what is excluded is taken as it is
        ('"refnd"', ""),
        ("+teh refund", "a b c"),  # corrected to a stop word
        ("teh AND custmer", "a"),
        ("+refund", "a b"),
        ("+refund -money", "a"),
        ("+team", "c d"),
        ("+crew", "c"),
        ("-team", "a b c"),
        ("+xyzzyq refund", ""),
        ("xyzzyq OR customer", "a"),
        ("xyzzyq AND customer", ""),
        ("NOT xyzzyq customer", "a"),
        ("title:xyzzyq customer", ""),
        ('"xyzzyq customer" OR team', "c d"),
        ("xyzzyq -customer", ""),
        ("xyzzyq kind:full", ""),
        ("+cust*", "a"),
        ("+CUST*", "a"),
        ("Café*", "b"),
        ("+e-ma*", "b d"),
        ("e-mail* -team", "b"),
        ("zzq* kind:full", ""),
        ("zzq* OR crew", "c"),
        ("-zzq* crew", "c"),
        ("title:re* customer", "a"),
        ("+e-mail", "b d"),
        ("+email -e-mail", ""),
        ("+2015", ""),
    ],
)
def test_words_under_operators(shop: Index, text: str, found: str) -> None:
    """The posts found, by all rankings by words."""
    for ranking in ("bm25", "tfidf"):
        assert sorted(hit.id for hit in shop.query(text, ranking=ranking)) == found.split()
    assert shop.query(text).total == len(found.split())


def test_a_prefix_scores_as_it_is_normalised(shop: Index) -> None:
    """In capitals, with an accent, or as a compound, it is the same query."""
    for one, two in (("Cust*", "cust*"), ("CAFÉ*", "cafe*"), ("E-Ma*", "ema*")):
        first, second = shop.query(one), shop.query(two)
        assert first == second
        assert first
        assert all(hit.score > 0 for hit in first)
        assert first.parsed
        assert not first.parsed.unknown
