"""Words under operators: unknown ones, corrections, synonyms, compounds and prefixes."""

import json
from datetime import date

import pytest

from tipsearch.corpus.post import Post
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


@pytest.mark.parametrize("ranking", ["bm25", "tfidf", "feedback"])
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+2015", "a b"),
        ("-2015", "c d"),
        ("refund AND 2015", "a"),
        ("refund -2015", "d"),
        ("title:2015", "b"),
        ('"in 2015"', "b"),
        ("2015 category:x", "a"),
        ("+2016", "c"),
        ("+1999", ""),
        ("date:2015 refund", "a"),
        ("2016 OR 2015", "a b c"),
    ],
)
def test_a_year_is_a_word_of_its_posts(ranking: str, text: str, found: str) -> None:
    """Of posts that name it, and of those that are dated so, but not in a title or a phrase."""
    index = Index.build(
        [
            Post("a", "", "refund", date(2015, 5, 1), ("x",)),
            Post("b", "In 2015", "patience", date(2017, 1, 1)),
            Post("c", "", "patience", date(2016, 12, 31), ("x",)),
            Post("d", "", "refund"),
        ],
        ranking="feedback",
    )
    hits = index.query(text, ranking=ranking, exact=True)
    assert sorted(hit.id for hit in hits) == found.split()
    assert hits.total == len(hits)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("xyzzyq OR kind:full", 'no post has "xyzzyq"'),
        ("cust* xyzzyq vwxyzq", 'no post has "xyzzyq" or "vwxyzq"'),
        ("+xyzzyq customer", 'no post has "xyzzyq"'),
        ("zzq* kind:full", 'no post has "zzq*"'),
        ("category:nothing", "no post matches"),
        ("kind:teaser the", "no post matches"),
        ("crew -crew", "no post matches"),
        ("kind:full", ""),
        ("+cust*", ""),
    ],
)
def test_the_reason_of_a_poor_answer(shop: Index, text: str, reason: str) -> None:
    """A post that was found by a filter or a prefix is not said to be found by its meaning."""
    assert shop.query(text).reason == reason
