"""Hits in a notebook: a list like any other, shown as HTML that no post can break out of."""

import copy
import pickle
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tipsearch.corpus.post import Post
from tipsearch.index import Index
from tipsearch.ranking.explanation import Explanation
from tipsearch.ranking.hit import Hit
from tipsearch.ranking.hits import Hits
from tipsearch.ranking.snippet import Found

EVIL = """<script>alert("1")</script> & 'quoted' </td></table><img src=x onerror=alert(2)>"""


class _Page(HTMLParser):
    """What a browser makes of some HTML: its tags, the text of its cells, and where links lead."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.cells: list[str] = []
        self.links: list[str | None] = []
        self.open = self.styled = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open += 1
        assert set(dict(attrs)) <= {"class", "style", "href", "rel"}
        self.links += [value for name, value in attrs if name == "href"]
        self.cells += [""] * (tag in ("td", "th"))

    def handle_endtag(self, tag: str) -> None:
        self.open -= 1

    def handle_data(self, data: str) -> None:
        if self.cells:
            self.cells[-1] += data


class _Wordless(NamedTuple):
    """The details of a hit without a word of the query."""

    of: Post

    def post(self, id: str) -> Post:
        return self.of

    def matched(self, id: str) -> tuple[str, ...]:
        return ()

    def added(self, id: str) -> tuple[str, ...]:
        return ()

    def find(self, runs: Sequence[str]) -> list[Found]:
        return []

    def explain(self, id: str) -> Explanation:
        return Explanation(self.of, 1.5, ())


def _hit(post: Post) -> Hit:
    return Hit(1, post.id, 1.5, _Wordless(post))


def test_hits_are_a_list(index: Index) -> None:
    """Query and related give lists; a slice shows itself as they do; copies are equal."""
    hits = index.query("angry customer", 4)
    assert isinstance(hits, list)
    assert hits == list(hits)
    assert isinstance(index.related(hits[0].id), Hits)
    assert isinstance(hits[1:3], Hits)
    assert hits[1:3] == [hits[1], hits[2]]
    assert isinstance(hits[-1], Hit)
    assert pickle.loads(pickle.dumps(hits)) == copy.copy(hits) == hits


def test_a_table_of_hits(index: Index) -> None:
    """A row for each hit, of its rank, title, date, score and snippet; nothing sets a colour.

    Two dollar signs are no formula: Jupyter is told not to look for any.
    """
    hits = index.query("angry customer", 2)
    page = _Page(html := hits._repr_html_())
    assert page.cells == [
        "rank", "title", "date", "score", "snippet",
        "1", "Gain Control of the Conversation", "2025-09-16", f"{hits[0].score:.3f}",
        hits[0].snippet,
        "2", "Don’t Hibernate on Your Customers", "", f"{hits[1].score:.3f}", hits[1].snippet,
    ]  # fmt: skip
    assert page.tags == {"table", "thead", "tbody", "tr", "th", "td"}
    assert html.startswith('<table class="tex2jax_ignore mathjax_ignore">')
    assert "color" not in html
    assert "background" not in html


def test_what_posts_say_is_escaped() -> None:
    """Tags and quotes in a title, an address or a snippet are text and open nothing."""
    post = Post("a", EVIL, EVIL, date(2024, 5, 6), url=f'https://example.com/"onclick="x{EVIL}')
    page = _Page(Hits([_hit(post)])._repr_html_())
    assert page.cells[5:] == ["1", EVIL, "2024-05-06", "1.500", EVIL]
    assert page.links == [post.url]
    assert not page.tags & {"script", "img"}
    assert page.open == 0


WHOLE = st.text(st.characters(exclude_categories=["Cs"]))


@settings(max_examples=50)
@given(WHOLE, WHOLE, WHOLE)
def test_no_text_breaks_the_table(title: str, url: str, text: str) -> None:
    """Whatever the texts are, there are five cells in one table, and each tag is closed."""
    post = Post("a", title, text, url=f"http://{url}")
    page = _Page(Hits([_hit(post)])._repr_html_())
    assert len(page.cells) == 10
    assert page.tags == {"table", "thead", "tbody", "tr", "th", "td", "a"}
    assert page.open == 0


@pytest.mark.parametrize(
    ("url", "linked"),
    [
        ("https://example.com/a?b=1&c=2", True),
        ("HTTP://EXAMPLE.COM", True),
        ("javascript:alert(1)", False),
        (" javascript:alert(1)", False),
        ("JavaScript://example.com/%0aalert(1)", False),
        ("data:text/html,<script>alert(1)</script>", False),
        ("//example.com", False),
        ("", False),
        (None, False),
    ],
)
def test_only_the_web_is_linked(url: str | None, linked: bool) -> None:
    """A title is a link where its address is of http or https, and plain where it is not."""
    page = _Page(Hits([_hit(Post("a", "Title", "", url=url))])._repr_html_())
    assert page.links == ([url] if linked else [])
    assert page.cells[6] == "Title"


def test_none_and_many() -> None:
    """No hit says so; of very many the first fifty are shown, and how many more there are."""
    assert Hits()._repr_html_() == "<p>No post was found.</p>"
    many = Hits([_hit(Post("a", "", "An untitled text"))] * 1250)
    html = many._repr_html_()
    assert html.count("[An untitled text]") == 50
    assert html.endswith("<p>… and 1,200 more</p>")
    assert "more" not in many[:50]._repr_html_()
