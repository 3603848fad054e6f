"""Topics: the same ones each time, for every post, well named, and numbered for good."""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date as Date
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import nnls
from scipy.sparse import csc_matrix, csr_matrix
from threadpoolctl import threadpool_info

from tests.conftest import ROOT
from tipsearch.corpus.post import Post
from tipsearch.errors import CorpusError, SettingError
from tipsearch.explore.topics import choice
from tipsearch.explore.topics.choice import candidates
from tipsearch.explore.topics.coherence import Quality, coherence, npmi
from tipsearch.explore.topics.corpus import usable
from tipsearch.explore.topics.factors import weigh
from tipsearch.explore.topics.topics import Topics
from tipsearch.explore.topics.words import class_tfidf
from tipsearch.index import Index

PLANTED = {
    "recovery": "service recovery means that you apologise and fix the complaint of a guest",
    "government": "local government clerks serve the residents of their town at the counter",
    "parcels": "a parcel shipment that is late makes the courier call the warehouse again",
}


def planted(copies: int = 8) -> list[Post]:
    """Posts of three kinds that share no word; the id says which kind."""
    posts = []
    for kind, text in PLANTED.items():
        words = text.split()
        for number in range(copies):
            some = " ".join(words[:8] if number % 2 else words[:3] + words[5:])
            posts.append(Post(f"{kind}-{number}", "", some, Date(2010 + 2 * number, 3, 1)))
    return posts


@pytest.fixture(scope="module")
def found(index: Index) -> Topics:
    """The topics of the seeds."""
    return index.topics()


# --- what is found


def test_planted_topics_are_found_and_named_by_their_phrases() -> None:
    """Kinds of posts without a word in common are the topics; phrases are their names."""
    topics = Index.build(planted(), ranking="feedback").topics(3)
    kinds: dict[int, set[str]] = {}
    for id, number in topics.numbers.items():
        kinds.setdefault(number, set()).add(id.partition("-")[0])
    assert sorted(map(sorted, kinds.values())) == [["government"], ["parcels"], ["recovery"]]
    labels = " / ".join(topic.label for topic in topics)
    for phrase in ("service recovery", "local government", "parcel shipment"):
        assert phrase in labels
    assert not {"servic", "recoveri", "govern"} & set(labels.replace(",", "").split())


def test_every_post_has_shares_and_one_main_topic(index: Index, found: Topics) -> None:
    """Shares are from 0 to 1 and sum to 1; the main topic has most; sizes count the posts."""
    assert found.shares.shape == (len(index), len(found))
    assert (found.shares >= 0).all()
    np.testing.assert_allclose(found.shares.sum(axis=1), 1, atol=1e-12)
    assert (found.main == found.shares.argmax(axis=1)).all()
    assert [topic.size for topic in found] == np.bincount(found.main).tolist()
    assert sum(topic.size for topic in found) == len(index)
    assert sum(topic.share for topic in found) == pytest.approx(1)
    assert set(found.numbers) == {post.id for post in index}
    assert ((found.fit >= 0) & (found.fit <= 1 + 1e-12)).all()


def test_numbers_go_by_size_and_lists_by_number(found: Topics) -> None:
    """The first topic is that of the most posts; numbers are 1, 2, 3 and so on."""
    assert [topic.number for topic in found] == [*range(1, len(found) + 1)]
    sizes = [topic.size for topic in found]
    assert sizes == sorted(sizes, reverse=True)


def test_labels_are_words_as_people_write_them(index: Index, found: Topics) -> None:
    """Labels differ, and each word of labels and of lists is in the posts of its topic."""
    assert len({topic.label for topic in found}) == len(found)
    for topic in found:
        texts = " ".join(f"{post.title} {post.text}" for post in found.posts(topic.number))
        said = index.analyzer.tokens(texts)
        for word, weight in topic.words:
            assert weight > 0
            assert set(index.analyzer.tokens(word)) <= set(said), word
        weights = [weight for _, weight in topic.words]
        assert weights == sorted(weights, reverse=True)
        assert len({index.analyzer.analyze(word)[-1] for word, _ in topic.words}) == len(weights)


def test_typical_posts_are_of_the_topic(found: Topics) -> None:
    """The posts that stand for a topic have it as their main one."""
    for topic in found:
        assert topic.posts
        assert {found.numbers[id] for id in topic.posts} == {topic.number}
        ids = [post.id for post in found.posts(topic.number)]
        assert len(ids) == topic.size
        assert set(topic.posts) <= set(ids)


def test_the_number_is_that_of_the_best_score(found: Topics) -> None:
    """Of the numbers tried the one with the greatest score is taken, or a smaller one as good."""
    best = max(quality.score for quality in found.tried)
    good = [quality.number for quality in found.tried if quality.score >= best - 0.005]
    assert len(found) == found.tried[0].number == min(good)
    assert sorted(quality.number for quality in found.tried) == candidates(56, 56)


def test_quality_is_the_product_of_its_parts() -> None:
    """(1 + .5) / 2 * .8 * .9 = .54."""
    assert Quality.of(7, 0.5, 0.8, 0.9).score == pytest.approx(0.54)


def test_order_of_posts_does_not_matter(posts: list[Post], found: Topics) -> None:
    """The same posts in another order have the same topics, to the bit."""
    again = Index.build(posts[::-1], ranking="feedback").topics()
    assert again.shares.tobytes() == found.shares.tobytes()
    assert again.to_json() == found.to_json()


def digest(topics: Topics) -> str:
    """All that topics say, shortened."""
    told = json.dumps(topics.to_json()).encode() + topics.shares.tobytes() + topics.fit.tobytes()
    return hashlib.sha256(told).hexdigest()


@pytest.mark.parametrize("threads", ["1", "4"])
def test_another_process_finds_the_same_to_the_bit(found: Topics, threads: str) -> None:
    """However many threads it may use."""
    script = (
        "import tipsearch\nfrom tests.explore.test_topics import digest\n"
        "index = tipsearch.Index.build(tipsearch.read('seeds')[0], ranking='bm25')\n"
        "print(digest(index.topics()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True,
        env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
    )  # fmt: skip
    assert done.stdout.strip() == digest(found)


# --- the numbers stay


def test_a_few_more_posts_leave_the_numbers_where_they_are(posts: list[Post]) -> None:
    """Nine of ten posts keep the number of their topic when three others come."""
    before = Index.build(posts[3:], ranking="feedback").topics(8)
    index = Index.build(posts, ranking="feedback")
    after = index.topics(older=before)
    assert len(after) == len(before)
    kept = sum(after.numbers[id] == number for id, number in before.numbers.items())
    assert kept >= 0.9 * len(before.numbers)
    assert index.topics(older=before.numbers).to_json() == after.to_json()


def test_a_topic_that_is_new_gets_a_number_that_is_new() -> None:
    """Older numbers stay with their posts, whatever they are; others go on counting."""
    older = {f"parcels-{number}": 7 for number in range(8)}
    older |= {f"recovery-{number}": 3 for number in range(8)} | {"gone": 12}
    topics = Index.build(planted(), ranking="feedback").topics(3, older=older)
    assert {topics.numbers[f"{kind}-1"] for kind in ("parcels", "recovery")} == {7, 3}
    assert topics.numbers["government-1"] == 13  # for 12 was of posts that are gone
    assert [topic.number for topic in topics] == [3, 7, 13]


@pytest.mark.parametrize(
    "older", ["t.json", [1], {"recovery-1": 0}, {"recovery-1": True}, {"x": 1.5}, {"x": None}]
)
def test_what_are_no_numbers_is_refused(older: object) -> None:
    """Topics are numbered from 1 on; anything else would be lost or written as it is."""
    with pytest.raises(SettingError, match="ids to numbers from 1 on"):
        Index.build(planted(2), ranking="feedback").topics(2, older=older)  # type: ignore[arg-type]


def test_numbers_of_numpy_will_do() -> None:
    """They become numbers that JSON knows."""
    older = {f"parcels-{number}": np.int64(7) for number in range(8)}
    topics = Index.build(planted(), ranking="feedback").topics(np.int64(3), older=older)  # type: ignore[arg-type]
    assert '"topic": 7' in json.dumps(topics.to_json())


def test_a_topic_outside_the_sample_keeps_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a large corpus too, where only some posts tell the topics, each older one has a post."""
    monkeypatch.setattr(choice, "MAX_FITTED_POSTS", 12)
    posts = [*planted(), Post("recovery-00", "", "umbrella umbrella stand")]  # not at a step
    index = Index.build(posts, ranking="feedback")
    older = {post.id: sorted(PLANTED).index(post.id.partition("-")[0]) + 1 for post in posts}
    older["recovery-00"] = 4
    assert index.topics(older=older).numbers["recovery-00"] == 4


def test_threads_leave_the_libraries_as_they_were() -> None:
    """Topics at once in several threads are the same, and the limit of one thread is lifted."""
    index = Index.build(planted(), ranking="feedback")
    before = [module["num_threads"] for module in threadpool_info()]
    with ThreadPoolExecutor(3) as pool:
        found = [*pool.map(lambda n: digest(index.topics(3)), range(6))]
    assert len(set(found)) == 1
    assert [module["num_threads"] for module in threadpool_info()] == before


def test_strangers_among_the_older_do_not_matter(index: Index, found: Topics) -> None:
    """Topics of other posts are no topics to go on from."""
    assert index.topics(older={"nobody": 5}).to_json() == found.to_json()


def test_many_older_topics_stay_as_many() -> None:
    """More than are ever tried by themselves, and a number for each is kept."""
    many = [Post(f"{n:02}-{copy}", "", f"w{n:02}x") for n in range(60) for copy in range(3)]
    older = {post.id: int(post.id[:2]) + 1 for post in many}
    assert Index.build(many, ranking="feedback").topics(older=older).numbers == older


# --- the measures, by hand and by another way


def test_npmi_by_hand() -> None:
    """x is in 2 of 4 posts, y in 3, both in 2: ln(.5 / .375) / -ln .5; z and x never meet."""
    presence = csc_matrix(np.array([[1, 1, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1]], float))
    pairs = npmi(presence, [0, 1, 2])
    assert pairs[0, 1] == pytest.approx(math.log(0.5 / 0.375) / -math.log(0.5))
    assert pairs[0, 2] == -1
    assert coherence(pairs) == pytest.approx((pairs[0, 1] - 2) / 3)
    assert coherence(npmi(presence, [0])) == 0


def test_coherence_as_counted_post_by_post(index: Index, found: Topics) -> None:
    """The coherence of each topic is what a count of the posts' own words gives."""
    texts = [set(index.analyzer.analyze(f"{post.title}\n{post.text}")) for post in index]

    def share(*terms: str) -> float:
        return sum(set(terms) <= text for text in texts) / len(texts)

    for topic in found:
        terms = [index.analyzer.analyze(word)[0] for word, _ in topic.words]
        pairs = []
        for x, y in combinations(terms, 2):
            both = share(x, y)
            pairs.append(math.log(both / share(x) / share(y)) / -math.log(both) if both else -1)
        assert topic.coherence == pytest.approx(sum(pairs) / len(pairs))


def test_class_tfidf_by_hand() -> None:
    """Two topics of 4 and 2 words: 3/4 ln(1 + 3/4), 1/4 ln(1 + 3/2), 1/2 ln(1 + 3/4)."""
    counts = csr_matrix(np.array([[2, 1], [1, 0], [1, 1]]))
    weights = class_tfidf(counts, np.array([0, 0, 1]), 2)
    expected = [[0.75 * math.log(1.75), 0.25 * math.log(2.5)],
                [0.5 * math.log(1.75), 0.5 * math.log(2.5)]]  # fmt: skip
    np.testing.assert_allclose(weights, expected)


def test_weights_are_the_least_squares_of_all_features() -> None:
    """Each post's weights are those of nnls on the features themselves, and fit is the cosine."""
    random = np.random.default_rng(1)
    topics = random.random((4, 30))
    topics /= np.linalg.norm(topics, axis=1, keepdims=True)
    rows = np.maximum(random.normal(size=(20, 30)), 0)
    rows[3] = 0
    weights, like, fit = weigh(csr_matrix(rows), topics)
    for row, found, cosines, cosine in zip(rows, weights, like, fit, strict=True):
        expected = nnls(topics.T, row)[0]
        np.testing.assert_allclose(found, expected, atol=1e-6)
        sums = expected @ topics
        if row.any():
            np.testing.assert_allclose(cosines, topics @ row / np.linalg.norm(row))
            by_hand = row @ sums / np.linalg.norm(row) / np.linalg.norm(sums)
            assert cosine == pytest.approx(by_hand, abs=1e-6)
        else:
            assert cosine == 0


def test_numbers_and_single_letters_stand_for_nothing() -> None:
    """A word of a topic has two letters."""
    assert usable(["1985", "3rd", "a", "a1", "co", "é1é"]).tolist() == [1, 4, 5]


# --- tables and HTML


def test_tables_have_a_row_a_topic_and_a_row_a_post(index: Index, found: Topics) -> None:
    """They say what the topics say, in pandas and in Arrow."""
    frame, posts = found.to_frame(), found.of_posts()
    assert frame.topic.tolist() == [topic.number for topic in found]
    assert frame["size"].sum() == len(index)
    assert frame.words[0] == [word for word, _ in found[0].words]
    assert posts.id.tolist() == [post.id for post in index]
    assert dict(zip(posts.id, posts.topic, strict=True)) == found.numbers
    shares = posts[[f"topic_{topic.number}" for topic in found]].to_numpy()
    np.testing.assert_array_equal(shares, found.shares)
    np.testing.assert_array_equal(posts.share, found.shares.max(axis=1))
    assert found.of_posts(arrow=True).column("topic").to_pylist() == posts.topic.tolist()
    assert found.to_frame(arrow=True).column_names == [*frame.columns]


def test_over_time_counts_each_dated_post_once(index: Index, found: Topics) -> None:
    """Years without a post are there, with zeros; shares of a year with posts sum to 1."""
    cells = found.over_time()
    years = [post.date.year for post in index if post.date]
    assert cells.period.unique().tolist() == [str(y) for y in range(min(years), max(years) + 1)]
    assert cells.posts.sum() == len(years) == len(index) - found.undated
    of_year = cells.groupby("period")
    assert of_year.posts.sum().to_dict() == {
        str(year): Counter(years)[year] for year in range(min(years), max(years) + 1)
    }
    for year, share in of_year.share.sum().items():
        assert share == pytest.approx(1 if Counter(years)[int(year)] else 0)


def test_early_years_are_years() -> None:
    """A date of the first century has a chart as any other."""
    posts = [Post(str(year), "", "service recovery", Date(year, 1, 1)) for year in (1, 12)]
    charts = Index.build(posts, ranking="feedback").topics(1).trends().chart.to_dict()
    assert "0001" in json.dumps(charts)


def test_months_follow_each_other() -> None:
    """2010-12 comes before 2011-01, and months between have zeros."""
    dates = [Date(2010, 11, 3), Date(2011, 1, 9)]
    posts = [Post(str(day), "", "service recovery", day) for day in dates]
    cells = Index.build(posts, ranking="feedback").topics().over_time("month")
    assert cells.period.tolist() == ["2010-11", "2010-12", "2011-01"]
    assert cells.posts.tolist() == [1, 0, 1]


def test_html_shows_all_and_obeys_nothing() -> None:
    """What posts say is text: no tag of theirs comes through."""
    posts = [Post(str(n), f"<script>alert({n})</script>", "<b>bold</b> claims") for n in range(4)]
    shown = Index.build(posts, ranking="feedback").topics(1)._repr_html_()
    assert "<script" not in shown
    assert "<b>" not in shown
    assert "&lt;script&gt;" in shown
    assert "1 topic of 4 posts" in shown


# --- what cannot be done, and what little can


def test_one_post_has_one_topic() -> None:
    """And all of it."""
    topics = Index.build(
        [Post("a", "Angry customers", "Listen first.")], ranking="feedback"
    ).topics()
    assert len(topics) == 1
    assert topics.shares.tolist() == [[1.0]]


def test_posts_that_are_alike_have_one_topic() -> None:
    """There is nothing to tell them apart by; to ask for more is refused, with the reason."""
    index = Index.build([Post(str(n), "", "angry customers") for n in range(9)], ranking="feedback")
    assert [topic.size for topic in index.topics()] == [9]
    with pytest.raises(SettingError, match=r"from 1 to 1, which is how many posts .* differ"):
        index.topics(2)


def test_posts_that_share_no_word_have_topics_all_the_same() -> None:
    """Each word is in one post only, in a corpus large enough to pass over such words."""
    posts = [Post(f"{n:02}", "", f"w{n:02}x v{n:02}x") for n in range(40)]
    topics = Index.build(posts, ranking="feedback").topics()
    assert sum(topic.size for topic in topics) == 40


@pytest.mark.parametrize("n", [0, -1, 57, True, 2.5, "many", None])
def test_a_number_that_cannot_be_is_refused(index: Index, n: object) -> None:
    """The message says which could be."""
    with pytest.raises(SettingError, match='"auto", or from 1 to 56'):
        index.topics(n)  # type: ignore[arg-type]


@pytest.mark.parametrize("posts", [[], [Post("a", "", "of the"), Post("b", "", "...")]])
def test_no_words_no_topics(posts: list[Post]) -> None:
    """The error names the remedy."""
    with pytest.raises(CorpusError, match=r"no topics: .*; index posts with text"):
        Index.build(posts, ranking="feedback").topics()


def test_posts_without_words_are_told_apart_by_their_fit() -> None:
    """Among others they have the shares of the whole, and fit 0: nothing is left out."""
    posts = [*planted(), Post("silent", "", "of the and")]
    topics = Index.build(posts, ranking="feedback").topics(3)
    rows = topics.of_posts().set_index("id")
    assert rows.fit["silent"] == 0
    assert (rows.fit.drop("silent") > 0).all()
    shares = [rows[f"topic_{number}"]["silent"] for number in (1, 2, 3)]
    assert shares == pytest.approx([1 / 3] * 3, abs=0.01)
    assert len(topics.numbers) == 25
    assert (topics.main == topics.shares.argmax(axis=1)).all()  # of the silent one, too


def test_no_dates_no_trend() -> None:
    """The error says how a date is given."""
    topics = Index.build([Post("a", "", "angry customers")], ranking="feedback").topics()
    with pytest.raises(CorpusError, match=r'no post has a date; .*"date": "2014-02-04"'):
        topics.over_time()


def test_what_is_not_a_period_is_refused(found: Topics) -> None:
    """Only years and months are counted."""
    with pytest.raises(SettingError, match='"year" or "month"'):
        found.over_time("week")  # type: ignore[arg-type]


def test_an_unknown_number_is_refused(found: Topics) -> None:
    """The message lists the known ones."""
    with pytest.raises(SettingError, match="topic cannot be 99: it must be one of 1, 2"):
        found.posts(99)


@settings(max_examples=25)
@given(st.lists(st.lists(st.sampled_from("angry call fix the of refund late 42".split()),
                         max_size=5), min_size=1, max_size=9), st.data())  # fmt: skip
def test_any_small_corpus_has_its_topics(texts: list[list[str]], data: st.DataObject) -> None:
    """However few and odd the posts: each has a topic, for every number that may be asked for."""
    posts = [Post(str(number), "", " ".join(words)) for number, words in enumerate(texts)]
    index = Index.build(posts, ranking="feedback")
    if not index.terms:
        with pytest.raises(CorpusError):
            index.topics()
        return
    rows = {tuple(row) for row in index.matrix.toarray().tolist() if any(row)}
    n = data.draw(st.sampled_from(["auto", *range(1, len(rows) + 1)]))
    topics = index.topics(n)
    assert 1 <= len(topics) <= len(rows)
    np.testing.assert_allclose(topics.shares.sum(axis=1), 1)
    assert sum(topic.size for topic in topics) == len(posts)
    assert len({topic.label for topic in topics}) == len(topics)
    topics._repr_html_()


@pytest.mark.semantic
def test_stop_words_are_no_topic_by_meaning_either() -> None:
    """They have embeddings, but nothing that could be said of a topic."""
    with pytest.raises(CorpusError, match="no post has a word but stop words"):
        Index.build([Post("a", "", "of the and")], ranking="hybrid").topics()


@pytest.mark.semantic
def test_meaning_puts_together_what_shares_no_word() -> None:
    """With embeddings, posts on one matter in different words have one topic."""
    money = ["refund money", "reimburse payment", "price discount", "invoice bill", "cash fee"]
    people = ["friendly smile", "polite kindness", "warm greeting", "empathy compassion"]
    posts = [Post(f"m{i}", "", text) for i, text in enumerate(money)]
    posts += [Post(f"p{i}", "", text) for i, text in enumerate(people)]
    numbers = Index.build(posts, ranking="hybrid").topics(2).numbers
    of_money = Counter(numbers[f"m{i}"] for i in range(5)).most_common(1)[0]
    of_people = Counter(numbers[f"p{i}"] for i in range(4)).most_common(1)[0]
    assert of_money[0] != of_people[0]
    assert of_money[1] + of_people[1] >= 8
