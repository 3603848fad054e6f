"""What an analyst asks for shows itself: accounts, explanations and measures as tables."""

import math
from pathlib import Path

import pytest

from tipsearch.corpus.post import Post
from tipsearch.corpus.report import FileReport, IngestReport, Line, Repair
from tipsearch.errors import CorpusError
from tipsearch.evaluate import known_items
from tipsearch.evaluate import measures as evaluate
from tipsearch.index import Index


def test_the_account_of_the_seeds(reading: tuple[list[Post], IngestReport]) -> None:
    """A row for each file, whose kinds add up to its lines; the page says what the console says."""
    report = reading[1]
    frame = report.to_frame()
    assert len(frame) == 5
    assert frame.columns[:3].tolist() == ["file", "lines", "post"]
    assert frame.columns[-2:].tolist() == ["unrecognised", "problem"]
    assert frame.iloc[:, 2:-1].sum(axis=1).tolist() == frame.lines.tolist()
    assert report.to_frame(arrow=True).to_pylist()[0]["post"] == frame.post[0]
    html = report._repr_html_()
    assert "<p>5 files, 65 entries, 56 posts (15 full, 41 teasers, 7 undated)</p>" in html
    assert html.count("<tr>") == 1 + 7
    assert '>0</td><td style="text-align: left">unrecognised</td>' in html
    assert "image caption &#x27;Blog 9-4-14&#x27; cut off" in html


def test_what_files_say_is_escaped() -> None:
    """Neither paths, nor problems, nor what was cut off, opens a tag."""
    broken = FileReport("<b>.txt", None, (Line(1, "post", "a"),), "<i>")
    report = IngestReport((broken,), (Repair("<b>.txt", 1, "<u>", "<s>"),), 1, 1, 0, 0)
    html = report._repr_html_()
    assert "Not read: &lt;b&gt;.txt: &lt;i&gt;" in html
    assert not {"<b>", "<i>", "<u>", "<s>"} & {*html.replace("><", "> <").split()}
    assert html.count("<") == html.count(">")
    assert report.to_frame().problem.tolist() == ["<i>"]


@pytest.mark.semantic
@pytest.mark.parametrize("ranking", ["feedback", "hybrid"])
def test_the_rows_of_an_explanation_sum_to_the_score(seeds: Path, ranking: str) -> None:
    """A row for each part, the largest first; meaning, where it adds something, is one."""
    index = Index.ingest(seeds, ranking=ranking)[0]
    why = index.explain("angry customer on the phone", "When Technology Fails")
    frame = why.to_frame()
    assert math.fsum(frame.score) == pytest.approx(why.score)
    assert frame.score.is_monotonic_decreasing
    assert (frame.part == "meaning").sum() == (ranking == "hybrid")
    assert frame.posts.isna().tolist() == (frame.part == "meaning").tolist()
    added = index.explain("patience", "Define Customer Service Success", ranking="feedback")
    assert added.to_frame().part.tolist() == ["feedback"]
    nothing = index.explain("zzzz", "When Technology Fails", exact=True, ranking="feedback")
    assert nothing.to_frame().empty


def test_known_items_are_measured_in_two_calls(index: Index) -> None:
    """The task of an index; its measures, and the difference of two rankings, as tables."""
    titles, relevant, searched = known_items.task(index)
    assert len(titles) == 53
    assert {post.title for post in searched} == {""}
    assert searched.ranking == index.ranking
    words, tfidf = (
        evaluate.measure(searched, titles, relevant, ranking=name, keep_identical=True)
        for name in ("feedback", "tfidf")
    )
    frame = words.to_frame()
    assert frame.columns.tolist() == ["measure", "mean", "low", "high"]
    assert frame["mean"].tolist() == [mean.mean for mean in words.means.values()]
    compared = evaluate.compare(words, tfidf)
    frame = compared.to_frame()
    assert frame.measure.tolist() == [*compared]
    assert (frame.wins + frame.ties + frame.losses).tolist() == [53] * 4
    assert len(known_items.task(index, 10).queries) == 10


def test_where_no_title_is_a_query() -> None:
    """Posts without a title of their own give no known items, and the error says so."""
    with pytest.raises(CorpusError, match="no known items: no post has a title of two words"):
        known_items.task(Index.build([Post("a", "Refunds", "text")], ranking="feedback"))
