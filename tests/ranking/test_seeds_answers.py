"""What a reader of the seeds expects of a query: answers checked by hand, most posts excerpts."""

import pytest

from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.store.ranking import Ranking

# The queries, and titles of which one must come first.
BY_WORDS = {
    "angry customer on the phone": [
        "Gain Control of the Conversation",
        "Fix Fast to Reduce Stress",  # of angry customers who wait on the phone
    ],
    "how to apologize to a customer": ["The Miracle of an Apology"],
    "customer retention strategy": ["Customer Retention for Marketers"],
    "surveys and customer feedback": ["Avoid Hearing Only Complaints"],
    "call center hold times": ["In Service Recovery, Say It Like You Mean It"],
    "setting expectations": ["Address the Expectations that Were Set"],
    "empathy": ["The Empathy Roadmap"],
    "teach a customer how to use it": ["Effectively Teach the Customer"],
    "patience": ["Patience is…", "When Patience Begets Patience"],
    "restaurant server": ["When Patience Begets Patience"],
    "allergy shots": ["A Tale of Two Texts"],
    "golf": ["Don’t Let This Shot Affect Your Next Shot"],
    "website is down": ["When Technology Fails the Customer"],
    "the secrets of great service": ["The Secret Sauce for Great Customer Service"],
    "defensive when criticized": [
        "Critique Yourself before Others Do",
        "Defend without Being Defensive",
        "Be Supportive, Not Defensive",
    ],
    "government customer service": [
        "Govern Strategically for Great Customer Service",
        "Culture can be the Root of City Government Service Issues",
    ],
}
# These share no word, or none that says much, with the post that a reader expects.
BY_MEANING = {
    "the customer made a mistake": ["How to Handle the Customer’s Error"],
    "apologise sincerely": ["The Miracle of an Apology"],
    "stay calm under attack": ["When Customers are…Jerks", "Defend without Being Defensive"],
    "instruct newbies": ["Effectively Teach the Customer"],
}


@pytest.mark.parametrize("query", BY_WORDS)
def test_the_first_answer_by_words(index: Index, query: str) -> None:
    """By words alone the first answer is one that a reader would give."""
    assert index.query(query, 1)[0].post.title in BY_WORDS[query]


@pytest.fixture(scope="module")
def semantic_index(posts: list[Post]) -> Index:
    """An index of the seeds with vectors."""
    return Index.build(posts, ranking="hybrid")


@pytest.mark.semantic
@pytest.mark.parametrize("query", BY_WORDS | BY_MEANING)
def test_the_first_answer_by_words_and_meaning(semantic_index: Index, query: str) -> None:
    """With meaning the answers by words stay right, and those without a shared word come up."""
    expected = (BY_WORDS | BY_MEANING)[query]
    assert semantic_index.query(query, 1)[0].post.title in expected


def test_an_excerpt_is_neither_favoured_nor_punished_for_its_length(posts: list[Post]) -> None:
    """A word that two posts have once weighs the same in each, if each is as long as its like."""
    long, short = " ".join(f"w{i}" for i in range(99)), " ".join(f"w{i}" for i in range(9))
    built = Index.build([
        Post("full", "", f"refund {long}"), Post("other", "", f"{long} extra"),
        Post("teaser", "", f"refund {short}", kind="teaser"),
        Post("another", "", f"{short} extra", kind="teaser"),
    ])  # fmt: skip
    hits = {hit.id: hit.score for hit in built.query("refund", ranking=Ranking(feedback=0))}
    assert hits["full"] == hits["teaser"]


def test_neither_kind_has_the_first_place_for_itself(index: Index) -> None:
    """Of the words that both kinds have, no kind comes first for more than four of five."""
    kinds = {post.id: post.kind for post in index}
    first = {"full": 0, "teaser": 0}
    for term in index.terms:
        hits = index.query(term, 56, ranking=Ranking(feedback=0), exact=True)
        if len({kinds[hit.id] for hit in hits}) == 2:
            first[kinds[hits[0].id]] += 1
    assert min(first.values()) > 0.2 * sum(first.values())
