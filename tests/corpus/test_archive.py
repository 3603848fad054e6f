"""Archive dumps become posts, and every line of them is accounted for.

The pages are made up; each rule is held on pages that a careful reader would find hard.
"""

import os
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date as Date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import tipsearch
from tests.conftest import ends
from tipsearch.analysis.analyzer import fold
from tipsearch.corpus.post import Post, Source
from tipsearch.corpus.readers.archive import dump as archive
from tipsearch.corpus.report import POST, UNRECOGNISED, IngestReport
from tipsearch.errors import SourceError

HEADER = "government | Customer Service Solutions, Inc. - Page 5"
POSTED = "Posted on in Business Advice, Sports Please leave a comment"
SIGN_UP = "Signup for FREE Tips!    Contact Us    More Resources for You    Visit Our Home Page"
RELATED = "Did you like this post? Here are other Sports-related posts:"
ADVERT = "Interested in improving your company’s customer service? See more at: http://x.example/"
BOOK = "Check out our new customer service book at http://x.example/"
PAGES = "« Previous   1 2 ... 6 7 8 ... 17 18   Next »"
ONE = "The guest had waited for eleven minutes, and the clerk knew it from the first word that he"
TWO = "A caller asked about two receipts, a broken zipper and a long story about the parking lot,"
CUT = f"{TWO} and the agent wrote all of it down before she asked for the number of the ord"
WHAT = "The first paragraph of a post says what happened to the customer on that day."
HOW = "The second one says what the employee could have done about it, and how."

Seen = tuple[str, str, str | None, str]


def more(excerpt: str) -> str:
    """The line of an excerpt."""
    return f"{excerpt} Read more"


def teaser(title: str, date: str | None, text: str = ONE) -> Seen:
    """What is expected of a teaser."""
    return "teaser", title, date, text


def full(title: str, date: str | None, *text: str) -> Seen:
    """What is expected of a full post; WHAT and HOW if no text is given."""
    return "full", title, date, "\n\n".join(text or (WHAT, HOW))


def page(*lines: str) -> str:
    """Lines with one blank line between each."""
    return "\n\n".join(lines)


def drafts(text: str) -> list[Seen]:
    """What the parser sees on a page, in the order of the page."""
    found = archive.parse(re.split(r"\r\n|\r|\n", text)).drafts
    return [(d.kind, d.title, str(d.date) if d.date else None, d.text) for d in found]


def leftovers(text: str) -> dict[str, str]:
    """The kind of each line of a page that is in no post, by the line."""
    lines = re.split(r"\r\n|\r|\n", text)
    found = archive.parse(lines)
    used = {number for draft in found.drafts for number in draft.lines}
    return {
        line.strip(): found.boilerplate.get(number, UNRECOGNISED)
        for number, line in enumerate(lines, start=1)
        if line.strip() and number not in used
    }


def put(folder: Path, **pages: str | bytes) -> Path:
    """Write pages as files of a folder, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        data = text.encode() if isinstance(text, str) else text
        (folder / f"{name}.txt").write_bytes(data)
    return folder


def only(posts: Iterable[Post]) -> Post:
    """The one post that there is."""
    (post,) = posts
    return post


# Headers


@pytest.mark.parametrize(
    "header",
    [
        HEADER,
        "fan retention | Customer Service Solutions, Inc.",
        "a | b | c | Customer Service Solutions, Inc. - Page 2",
        "government\xa0|\xa0Customer Service Solutions, Inc.\xa0- Page 5\xa0",
        "Customer Service Solutions, Inc. - Page 7",
        "Customer Service Solutions, Inc.",
        "wow moment",
        "Customer Service Tip of the Week",
        "website",
        "2020",
    ],
)
@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n", "\n"])
def test_a_page_may_start_with_any_header(header: str, gap: str) -> None:
    """Tag, site and page number, or any part of them: it is the header, and no post's title."""
    text = gap.join([header, "One - 1/2/20", more(ONE), "Two - 1/9/20", more(TWO)])
    assert drafts(text) == [teaser("One", "2020-01-02"), teaser("Two", "2020-01-09", TWO)]
    assert leftovers(text) == {header.strip(): "page header"}


@pytest.mark.parametrize("header", [HEADER, "wow moment", "Wow Moment"])
def test_a_header_stands_before_posts_without_a_date_too(header: str) -> None:
    """The line before an undated title is the header, whether a teaser or a full post follows."""
    for text, expected in [
        (page(header, "Lessons Learned", more(ONE)), [teaser("Lessons Learned", None)]),
        (page(header, "Great Moments", POSTED, WHAT, HOW), [full("Great Moments", None)]),
    ]:
        assert drafts(text) == expected
        assert leftovers(text) == {header: "page header"}


@pytest.mark.parametrize(
    ("first", "titled"),
    [(HEADER, False), ("wow moment", False), ("Sports", False), ("Great Moments", True)],
)
def test_a_tag_before_a_post_without_title_is_not_its_title(first: str, titled: bool) -> None:
    """In front of "Posted on", lower case or the name of a category is a tag, all else a title."""
    text = page(first, POSTED, WHAT, HOW)
    assert drafts(text) == [full(first if titled else "", None)]
    assert leftovers(text) == ({} if titled else {first: "page header"})


def test_a_page_without_header_loses_nothing() -> None:
    """The first line may be a post's already, and a bar in a dated title makes no header of it."""
    text = page("Fast | Slow - 1/2/20", more(ONE), "Two - 1/9/20", more(TWO))
    assert drafts(text) == [teaser("Fast | Slow", "2020-01-02"), teaser("Two", "2020-01-09", TWO)]
    text = page(more(ONE), "Two - 1/9/20", more(TWO))
    assert drafts(text) == [teaser("", None), teaser("Two", "2020-01-09", TWO)]
    text = page(POSTED, WHAT, HOW)
    assert drafts(text) == [full("", None)]
    text = page("Lessons Learned", more(ONE), "Two - 1/9/20", more(TWO))
    assert drafts(text) == [teaser("Lessons Learned", None), teaser("Two", "2020-01-09", TWO)]


# Titles and dates

TITLES = [
    (
        "Be Slow, and Be Kind – Drive-thru - 10/13/20",
        "Be Slow, and Be Kind – Drive-thru",
        "2020-10-13",
    ),
    ("Waiting is a Gift, but... - 1/13/26", "Waiting is a Gift, but...", "2026-01-13"),
    ("Back to Work...for the Team - 7/30/19", "Back to Work...for the Team", "2019-07-30"),
    ("Don’t Wait…Be Early - 9/17/24", "Don’t Wait…Be Early", "2024-09-17"),
    ("2025 Holiday Poem - 12/23/25", "2025 Holiday Poem", "2025-12-23"),
    ("When You Can’t Say “Yes” - 2/7/23", "When You Can’t Say “Yes”", "2023-02-07"),
    ("“You Decide” - 2/20/24", "“You Decide”", "2024-02-20"),
    ("4 Rules for the Desk - 9/10/24", "4 Rules for the Desk", "2024-09-10"),
    (
        "Wait – Part 2: The 5-Minute Rule – 12/10/13 TOW",
        "Wait – Part 2: The 5-Minute Rule",
        "2013-12-10",
    ),
    ("Of 4/5/20 - and 4/6/20 - 4/7/20", "Of 4/5/20 - and 4/6/20", "2020-04-07"),
    ("2019 - 2020 - 1/2/21", "2019 - 2020", "2021-01-02"),
    ("Four Digits - 9/4/2014", "Four Digits", "2014-09-04"),
    ("Zeros – 02/04/14", "Zeros", "2014-02-04"),
    ("Last Century - 1/2/99", "Last Century", "1999-01-02"),
    ("Leap Day - 2/29/20", "Leap Day", "2020-02-29"),
    ("No Leap Day - 2/29/19", "No Leap Day - 2/29/19", None),
    ("No Such Day – 2/30/14 TOW", "No Such Day – 2/30/14", None),
    ("No Such Month - 13/45/22", "No Such Month - 13/45/22", None),
    ("Year Zero - 1/2/0000", "Year Zero - 1/2/0000", None),
    ("Glued–9/17/24", "Glued", "2024-09-17"),
    ("Half glued- 9/17/24", "Half glued", "2024-09-17"),
    ("Other Half -9/17/24", "Other Half", "2024-09-17"),
    ("Em Dash — 9/17/24", "Em Dash", "2024-09-17"),
    ("Two Hyphens -- 9/17/24", "Two Hyphens", "2024-09-17"),
    ("Non‑breaking ‑ 9/17/24", "Non‑breaking", "2024-09-17"),
    ("Mark First – TOW 12/10/13", "Mark First", "2013-12-10"),
    ("Mark Apart – 12/10/13 – TOW", "Mark Apart", "2013-12-10"),
    ("\xa0NBSPs\xa0and\xa0more\xa0-\xa09/17/24\xa0", "NBSPs\xa0and\xa0more", "2024-09-17"),
    ("Ends in a Full Stop. - 9/17/24", "Ends in a Full Stop.", "2024-09-17"),
    ("Ends in a Tab\t-\t9/17/24\t", "Ends in a Tab", "2024-09-17"),
    ("Why Wait? – 9/17/24", "Why Wait?", "2024-09-17"),
    ("Open 9-4/5/20", "Open 9-4/5/20", None),
    ("Did you like this post? - 9/17/24", "Did you like this post?", "2024-09-17"),
    ("Contact Us – 9/17/24", "Contact Us", "2024-09-17"),
    ("Read more - 9/17/24", "Read more", "2024-09-17"),
    ("Posted on - 9/17/24", "Posted on", "2024-09-17"),
    ("Next » - 9/17/24", "Next »", "2024-09-17"),
    ("a | b - Page 3 - 9/17/24", "a | b - Page 3", "2024-09-17"),
]


@pytest.mark.parametrize(("line", "title", "date"), TITLES)
def test_the_date_is_the_last_thing_on_the_line(line: str, title: str, date: str | None) -> None:
    """A title may hold anything; a date that no calendar has stays a part of it.

    It is the same for a teaser and for a full post, alone or after others.
    """
    text = page(HEADER, line, more(ONE))
    assert drafts(text) == [teaser(title, date)]
    text = page(HEADER, "Zero - 1/1/20", more(TWO), line, POSTED, WHAT, HOW)
    assert drafts(text) == [teaser("Zero", "2020-01-01", TWO), full(title, date)]
    text = page(HEADER, "Zero – 1/1/20", POSTED, WHAT, SIGN_UP, line, POSTED, WHAT, HOW)
    assert drafts(text) == [full("Zero", "2020-01-01", WHAT), full(title, date)]


def test_a_date_may_stand_for_the_whole_title() -> None:
    """A post without title has its date all the same; a date with nothing behind it is no post."""
    assert drafts(page(HEADER, "- 9/17/24", more(ONE))) == [teaser("", "2024-09-17")]
    assert drafts(page(HEADER, "– 9/17/24", POSTED, WHAT, HOW)) == [full("", "2024-09-17")]
    text = page(HEADER, "- 9/17/24", "Two - 1/9/20", more(TWO))
    assert drafts(text) == [teaser("Two", "2020-01-09", TWO)]
    assert leftovers(text)["- 9/17/24"] == "post without text"


@pytest.mark.parametrize("title", ["Lessons Learned from the 2020 Season", "Deal with It.", "Why?"])
@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n"])
def test_a_teaser_may_have_no_date(title: str, gap: str) -> None:
    """A short line between two excerpts is the title of the second, with a full stop or without."""
    lines = ["One - 1/2/20", more(ONE), title, more(TWO), "Two - 1/9/20", more(ONE)]
    text = page(HEADER, *(gap.join(lines[i : i + 2]) for i in (0, 2, 4)))
    expected = [teaser("One", "2020-01-02"), teaser(title, None, TWO), teaser("Two", "2020-01-09")]
    assert drafts(text) == expected
    assert leftovers(text) == {HEADER: "page header"}


@pytest.mark.parametrize(
    "title",
    [
        "Great Moments",
        "“Great” Moments…",
        "3 Responses",
        "Contact Us",
        "Website",
        "J.E.R.K.",
        "Why?",
    ],
)
@pytest.mark.parametrize("before", [[], ["Zero - 1/1/20", more(TWO)]])
def test_a_full_post_may_have_no_date(title: str, before: list[str]) -> None:
    """The line before "Posted on" is the title, even one that is boilerplate elsewhere."""
    gap = "\n\n\n" if before and title in ("3 Responses", "Contact Us", "Website") else "\n\n"
    text = gap.join([page(HEADER, *before), page(title, POSTED, WHAT, HOW)])
    assert drafts(text)[-1] == full(title, None)


@pytest.mark.parametrize("title", ["Deal with It.", "Contact Us", SIGN_UP, RELATED, "Read more"])
def test_a_title_is_told_by_its_place_where_its_words_do_not_tell(title: str) -> None:
    """Two blank lines before and one behind make a title of any short line before "Posted on"."""
    posts = [page("One – 1/2/20", POSTED, WHAT), page(title, POSTED, HOW)]
    text = page(HEADER, "\n\n\n".join(posts))
    title = " ".join(title.split())
    found = [(kind, " ".join(name.split()), *rest) for kind, name, *rest in drafts(text)]
    assert found == [full("One", "2020-01-02", WHAT), full(title, None, HOW)]


@pytest.mark.parametrize("footer", [SIGN_UP, ADVERT, BOOK, RELATED, "Contact Us", "2 Comments"])
def test_a_footer_is_not_the_title_of_a_post_without_one(footer: str) -> None:
    """A footer that stands as near to its post as to the next one belongs to its post."""
    for gap in ("\n\n", "\n\n \xa0\n\n\n"):
        text = gap.join([page(HEADER, "One – 1/2/20", POSTED, WHAT, footer), page(POSTED, HOW)])
        assert drafts(text) == [full("One", "2020-01-02", WHAT), full("", None, HOW)]
        assert leftovers(text)[footer] in {
            "sign-up",
            "advertisement",
            "related posts",
            "comment form",
        }


def test_the_last_line_of_a_body_is_not_the_next_title() -> None:
    """Nearer to its own body than to "Posted on", or a whole sentence: it stays in its body."""
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, "Be kind!") + "\n\n\n" + page(POSTED, HOW)
    assert drafts(text) == [full("One", "2020-01-02", WHAT, "Be kind!"), full("", None, HOW)]
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, "Be kind.", POSTED, HOW)
    assert drafts(text) == [full("One", "2020-01-02", WHAT, "Be kind."), full("", None, HOW)]


# Teasers


@pytest.mark.parametrize(
    "excerpt",
    [
        "From 1/2/20 – 3/4/20, 37% said so – “why?” she asked - and on 4/5/20 - that was - 9/9/19",
        "“Who told you that?” … “Bob.” Oh brother! You see, Bob - 4/5/20 - is our",
        "[An employee on the phone…] 1. Smile 2. Nod 3. Read more books and",
        "Posted on in the lobby was a sign that said that",
        "Did you like this post? That is what they asked us, and we said that",
        "One | Two | Three is what the screen said when",
        "Blog posts from 9-4-14 say that",
        "The value…",
        "Read more",
    ],
)
def test_an_excerpt_may_hold_anything(excerpt: str) -> None:
    """Numbers, dashes, dates, dialog, boilerplate: "Read more" at its end makes it an excerpt."""
    text = page(HEADER, "One - 1/2/20", more(excerpt), "Two - 1/9/20", more(TWO))
    assert drafts(text) == [
        teaser("One", "2020-01-02", excerpt),
        teaser("Two", "2020-01-09", TWO),
    ]


@pytest.mark.parametrize(
    "end",
    [
        " Read more",
        " Read More",
        "… Read more »",
        " [Read more]",
        " Read more…",
        "\xa0Read\xa0more ",
        "\tREAD MORE →",
    ],
)
def test_read_more_has_many_spellings(end: str) -> None:
    """Whatever the theme puts around it, "Read more" is cut off, and what stands before it kept."""
    expected = ONE + ("…" if end.startswith("…") else "")
    text = page(HEADER, "One - 1/2/20", ONE + end, "Lessons Learned", TWO + end)
    assert drafts(text)[0] == teaser("One", "2020-01-02", expected)
    assert drafts(text)[1][1] == "Lessons Learned"


def test_read_more_may_stand_alone() -> None:
    """On a line of its own it ends the excerpt before it; with nothing before it, it is no post."""
    text = page(HEADER, "One - 1/2/20", ONE, "Read more", "Lessons Learned", TWO, "Read more »")
    assert drafts(text) == [teaser("One", "2020-01-02"), teaser("Lessons Learned", None, TWO)]
    text = page(HEADER, ONE, "Read more", "Two - 1/9/20", more(TWO), "Read more")
    assert drafts(text) == [teaser("", None), teaser("Two", "2020-01-09", TWO)]
    assert leftovers(text) == {HEADER: "page header", "Read more": "post without text"}


@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n"])
def test_a_page_may_stop_inside_read_more(gap: str) -> None:
    """What is there of "Read more" is no part of the excerpt."""
    text = page(HEADER, "One - 1/2/20", more(ONE), "Two - 1/9/20") + gap + more(TWO)
    for cut in range(1, 6):
        assert drafts(text[:-cut])[1] == teaser("Two", "2020-01-09", TWO)


@pytest.mark.parametrize("gap", ["\n\n", "\n\n\n"])
def test_a_page_may_stop_inside_an_excerpt(gap: str) -> None:
    """An excerpt at the end of the page needs no "Read more", under a title with a date or none."""
    before = page(HEADER, "One - 1/2/20", more(ONE))
    for title, name, date in [("Two - 1/9/20", "Two", "2020-01-09"), ("Lessons", "Lessons", None)]:
        text = before + "\n\n" + title + gap + CUT
        assert drafts(text) == [teaser("One", "2020-01-02"), teaser(name, date, CUT)]
        assert leftovers(text) == {HEADER: "page header"}


@pytest.mark.parametrize("first", [HEADER, "wow moment"])
def test_a_page_may_stop_anywhere(first: str) -> None:
    """Behind a dated title, behind "Posted on" or in a word of the body: the rest is still read."""
    one = page("One - 1/2/20", more(ONE))
    assert drafts(page(first, one, "Two - 1/9/20"))[1:] == [teaser("Two", "2020-01-09", "")]
    assert drafts(page(first, "Two - 1/9/20")) == [teaser("Two", "2020-01-09", "")]
    assert drafts(page(first, one, "Two – 1/9/20", POSTED))[1:] == [full("Two", "2020-01-09", "")]
    assert drafts(page(first, one, "Two", POSTED))[1:] == [full("Two", None, "")]
    assert drafts(page(first, "Two", POSTED)) == [full("Two", None, "")]
    assert drafts(page(first, one, "Two", POSTED, CUT))[1:] == [full("Two", None, CUT)]
    text = page(first, one, "An Undated Title")
    assert drafts(text) == [teaser("One", "2020-01-02")]
    assert leftovers(text)["An Undated Title"] == UNRECOGNISED
    text = page(first, one, POSTED)
    assert drafts(text) == [teaser("One", "2020-01-02")]
    assert leftovers(text)[POSTED] == "post without text"


def test_a_short_post_is_its_own_excerpt() -> None:
    """An excerpt without "Read more" is one paragraph; what follows is not guessed at."""
    text = page(HEADER, "One - 1/2/20", "Happy days!", "Two - 1/9/20", more(TWO))
    assert drafts(text) == [
        teaser("One", "2020-01-02", "Happy days!"),
        teaser("Two", "2020-01-09", TWO),
    ]
    text = page(HEADER, "One - 1/2/20", "Happy days!", "Lessons", more(TWO))
    assert drafts(text) == [
        teaser("One", "2020-01-02", "Happy days!"),
        teaser("Lessons", None, TWO),
    ]
    text = page(HEADER, "One - 1/2/20", WHAT, HOW, "Two - 1/9/20", more(TWO))
    assert drafts(text)[0] == teaser("One", "2020-01-02", WHAT)
    assert leftovers(text)[HOW] == UNRECOGNISED


def test_a_title_that_waits_for_its_excerpt_gets_it() -> None:
    """A short line behind a dated title is its excerpt's, unless it stands off as a title does."""
    asks = "“Who said so?”"
    text = page(HEADER, "One - 1/2/20") + "\n\n\n" + page(asks, more(TWO))
    assert drafts(text) == [teaser("One", "2020-01-02", f"{asks}\n\n{TWO}")]
    text = page(HEADER, "One - 1/2/20", "Lessons") + "\n\n\n" + more(TWO)
    assert drafts(text) == [teaser("One", "2020-01-02", ""), teaser("Lessons", None, TWO)]


def test_teasers_may_follow_full_posts() -> None:
    """A dated title with an excerpt right behind it ends the body before it; two dumps in one file
    are two pages.
    """
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, "Two - 1/9/20", more(TWO))
    assert drafts(text) == [full("One", "2020-01-02", WHAT), teaser("Two", "2020-01-09", TWO)]
    text = page(text, HEADER, "Three - 1/16/20", more(ONE), "Four", POSTED, HOW)
    assert drafts(text)[2:] == [teaser("Three", "2020-01-16"), full("Four", None, HOW)]
    assert set(leftovers(text).values()) == {"page header"}


# Full posts


@pytest.mark.parametrize(
    ("line", "date", "categories"),
    [
        ("Posted on in Sports Please leave a comment", None, ["Sports"]),
        ("Posted on in Sports 1 Comment", None, ["Sports"]),
        ("Posted on in Sports 12 Comments", None, ["Sports"]),
        ("Posted on in Sports Leave a comment", None, ["Sports"]),
        ("Posted on in Sports Add a Comment", None, ["Sports"]),
        ("Posted on in Sports Comments Off", None, ["Sports"]),
        ("Posted on in Sports Comments Off on Great Moments", None, ["Sports"]),
        ("Posted on in Sports Comments are closed", None, ["Sports"]),
        ("Posted on in Sports No Comments", None, ["Sports"]),
        ("Posted on in Sports", None, ["Sports"]),
        ("Posted on in", None, []),
        ("Posted on in Please leave a comment", None, []),
        ("Posted\xa0on  in\tSports,  Go\xa0Team 2 Comments ", None, ["Sports", "Go Team"]),
        ("Posted on September 4, 2014 in My Advice 2 Comments", "2014-09-04", ["My Advice"]),
        ("Posted on Sept. 4, 2014 in Sports, covid-19", "2014-09-04", ["Sports", "covid-19"]),
        ("Posted on 9/4/2014 in Sports Comments Off", "2014-09-04", ["Sports"]),
        ("Posted on 9/4/14 in Sports", "2014-09-04", ["Sports"]),
        ("Posted on September 4, 2014", "2014-09-04", []),
        ("Posted on 13/45/2014 in Sports", None, ["Sports"]),
        ("Posted on February 30, 2014 in Sports", None, ["Sports"]),
    ],
)  # fmt: skip
def test_posted_on_has_many_shapes(line: str, date: str | None, categories: list[str]) -> None:
    """Date and comments may be there or not; the categories are what stands between them."""
    text = page(HEADER, "Great Moments", line, WHAT, HOW)
    assert drafts(text) == [full("Great Moments", date)]
    assert list(archive.parse(text.split("\n")).drafts[0].categories) == categories


def test_the_date_in_the_title_counts_more_than_the_one_behind_posted_on() -> None:
    """A title's own date is the post's, and where no calendar has it, that of "Posted on" is."""
    posted = "Posted on September 4, 2014 in Sports"
    assert drafts(page(HEADER, "One – 9/2/14", posted, WHAT)) == [full("One", "2014-09-02", WHAT)]
    text = page(HEADER, "One – 9/32/14", posted, WHAT)
    assert drafts(text) == [full("One – 9/32/14", "2014-09-04", WHAT)]


def test_posted_on_may_break_before_the_comment() -> None:
    """What asks for a comment is the form's, also on the line behind "Posted on"."""
    text = page(HEADER, "One", "Posted on in Sports", "Please leave a comment", WHAT, HOW)
    assert drafts(text) == [full("One", None)]
    assert leftovers(text)["Please leave a comment"] == "comment form"


@pytest.mark.parametrize(
    "line",
    [
        "Update - 4/5/20",
        "A Bold Lead-in – with a dash",
        "What Caring Requires",
        "No Communication = No Connection",
        "Read more",
        "To know how, Read more",
        "Contact Us",
        "Website",
        "E-mail",
        "Next",
        "Previous",
        "3 Responses",
        "No Comment",
        "Check out our own guide book for new staff",
        "Posted on September 4, 2014 in the lobby, a sign said that nobody was to wait.",
        "Posted on inside walls",
        "Great Moments",
        "government | local",
        "wow moment",
        "• a bullet",
        "→",
        "37",
        "Comments are what we asked them for",
        "\u200b",
    ],
)
def test_a_line_in_a_body_is_a_line_of_the_body(line: str) -> None:
    """Neither a heading nor a date, a "Read more" or a phrase of the footers splits a body."""
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, line, HOW, SIGN_UP, "Two", POSTED, WHAT)
    assert drafts(text) == [full("One", "2020-01-02", WHAT, line, HOW), full("Two", None, WHAT)]


@pytest.mark.parametrize(
    ("footers", "kinds"),
    [
        ([SIGN_UP], ["sign-up"]),
        (["Signup for FREE Tips!", "Contact Us", "Visit Our Home Page"], ["sign-up"] * 3),
        ([ADVERT, BOOK], ["advertisement"] * 2),
        ([RELATED], ["related posts"]),
        ([RELATED, "• Great Moments", "• Be Kind – 7/8/14 TOW", "Be Early"], ["related posts"] * 4),
        ([ADVERT, BOOK, SIGN_UP, RELATED], ["advertisement"] * 2 + ["sign-up", "related posts"]),
        (["3 Comments", "Add a Comment", "Name *", "E-mail *", "Website"], ["comment form"] * 5),
        (
            [
                "Leave a Reply Cancel reply",
                "Your email address will not be published.",
                "Comment *",
            ],
            ["comment form"] * 3,
        ),
        ([PAGES], ["pagination"]),
        (["1 2 3 Next »"], ["pagination"]),
        (["« Older posts"], ["pagination"]),
        (["Next Page"], ["pagination"]),
        ([PAGES, "About Our Firm", "Some words."], ["pagination", UNRECOGNISED, UNRECOGNISED]),
    ],
)
def test_footers_are_named_and_in_no_body(footers: list[str], kinds: list[str]) -> None:
    """What stands behind the body is boilerplate of its kind; behind the pagination, not known."""
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, HOW, *footers)
    assert drafts(text) == [full("One", "2020-01-02")]
    assert leftovers(text) == dict(zip([HEADER, *footers], ["page header", *kinds], strict=True))


def test_a_list_of_related_posts_ends_where_text_begins() -> None:
    """Only what may be a title is listed behind "Here are other posts"."""
    text = page(HEADER, "One – 1/2/20", POSTED, WHAT, RELATED, "• Be Kind", HOW, "Be Early", WHAT)
    assert drafts(text) == [full("One", "2020-01-02", WHAT, HOW, "Be Early", WHAT)]
    assert leftovers(text)["• Be Kind"] == "related posts"


def test_what_is_shown_is_as_it_was_written() -> None:
    """Curly quotes, NBSPs, bullets, runs of spaces and odd line ends stay in the text."""
    lines = ["“It’s\xa0fine…” she  said.", "  • one\u2028line", "  • two\x0cparts\x0b", "\xa0", HOW]
    text = page(HEADER, "One – 1/2/20", POSTED) + "\n\n" + "\n".join(lines)
    expected = "“It’s\xa0fine…” she  said.\n• one\u2028line\n• two\x0cparts\n\n" + HOW
    assert drafts(text) == [full("One", "2020-01-02", expected)]


@pytest.mark.parametrize(
    ("text", "shown", "caption"),
    [
        ("Blog 9-4-14In too", "In too", "Blog 9-4-14"),
        ("Tip Image 10.12.2014“In too", "“In too", "Tip Image 10.12.2014"),
        ("9-4-14In too", "In too", "9-4-14"),
        ("Blog 9-4-14 In too", "Blog 9-4-14 In too", ""),
        ("Blog 9-4-14in too", "Blog 9-4-14in too", ""),
        ("In 9/4/14In too", "In 9/4/14In too", ""),
        ("Some words and Blog 9-4-14In too", "Some words and Blog 9-4-14In too", ""),
    ],
)
def test_a_caption_glued_to_the_first_word_is_cut_off(
    text: str, shown: str, caption: str, tmp_path: Path
) -> None:
    """Only a dated caption that runs into a capital is cut, from excerpt and body, and reported."""
    rest = " many places, people wait and the clerk says that"
    assert drafts(page(HEADER, "One - 1/2/20", more(text + rest)))[0][3] == shown + rest
    put(tmp_path, a=page(HEADER, "One", POSTED, text + rest, HOW))
    posts, report = tipsearch.read(tmp_path)
    assert only(posts).text == f"{shown}{rest}\n\n{HOW}"
    assert [(r.line, r.removed) for r in report.repairs] == ([(7, caption)] if caption else [])


# A post on its own page

FORM = ["Add a Comment", "Name *", "E-mail *", "Website", "Post Comment"]


@pytest.mark.parametrize(
    "posted", [POSTED, "Posted on in Sports 2 Comments", "Posted on in Sports"]
)
@pytest.mark.parametrize("first", ["Great Moments", "Great Moments - 1/2/20"])
@pytest.mark.parametrize("form", [FORM, FORM[:1], []])
def test_posted_on_may_stand_behind_the_body(posted: str, first: str, form: list[str]) -> None:
    """A page without header may be one post: title, body, "Posted on", "Add a Comment"."""
    date = "2020-01-02" if first.endswith("20") else None
    for gap in ("\n\n", "\n\n\n", "\n"):
        text = gap.join([first, WHAT, HOW, posted, *form])
        assert drafts(text) == [
            full("Great Moments", date, gap.replace("\n\n\n", "\n\n").join([WHAT, HOW]))
        ]
        assert leftovers(text) == dict.fromkeys(form, "comment form")


@pytest.mark.parametrize(
    "body",
    [
        [WHAT, HOW],
        [WHAT, "What Caring Requires", HOW],
        [WHAT, "Be kind!"],
        [WHAT, HOW, "Great Moments"],
        [WHAT, "Update - 4/5/20", HOW],
        [WHAT, "To know how, Read more", HOW],
        [WHAT, "• one", "• two"],
        [WHAT, "Contact Us", HOW],
        [WHAT * 20],
    ],
)
def test_a_page_of_one_post_may_hold_what_a_body_may_hold(body: list[str]) -> None:
    """Headings, dates, bullets and a last line like a title are the body's, before the form."""
    for first, title, date in [("Be Early", "Be Early", None), ("Be – 1/2/20", "Be", "2020-01-02")]:
        text = page(first, *body, POSTED, *FORM)
        assert drafts(text) == [full(title, date, *body)]
        assert set(leftovers(text).values()) == {"comment form"}


def test_a_post_without_title_may_have_its_own_page() -> None:
    """A first line that is a whole sentence is the body's, unless it stands apart as a title."""
    for body in ([WHAT, HOW], [WHAT], [WHAT * 5]):
        assert drafts(page(*body, POSTED, *FORM)) == [full("", None, *body)]
        assert drafts(page(*body, POSTED)) == [full("", None, *body)]
    text = "Deal with It.\n\n\n" + page(WHAT, HOW, POSTED, *FORM)
    assert drafts(text) == [full("Deal with It.", None)]


def test_a_page_of_one_post_may_have_a_header() -> None:
    """A header that names the site stands before a single post too."""
    header = "Great Moments | Customer Service Solutions, Inc."
    text = page(header, "Great Moments", WHAT, HOW, POSTED, *FORM)
    assert drafts(text) == [full("Great Moments", None)]
    assert leftovers(text)[header] == "page header"


def test_comments_below_a_post_are_named() -> None:
    """What stands around the comment form is comments, and no part of the post."""
    said = ["Ann says:", "March 3, 2014 at 9:00 am", "Good tip!", "Bob says:", "No."]
    text = page("Great Moments", WHAT, HOW, "Posted on in Sports 2 Comments", *said, *FORM)
    assert drafts(text) == [full("Great Moments", None)]
    assert leftovers(text) == dict.fromkeys(said, "comments") | dict.fromkeys(FORM, "comment form")
    text = page("Great Moments", WHAT, HOW, POSTED, "Good tip.")
    assert drafts(text) == [full("Great Moments", None)]
    assert leftovers(text) == {"Good tip.": UNRECOGNISED}


def test_footers_of_a_post_on_its_own_page_are_named() -> None:
    """Footers and related titles before "Posted on" are not the body's."""
    related = ["• Great Moments", "• Be Kind – 7/8/14 TOW"]
    footers = [ADVERT, BOOK, SIGN_UP, RELATED, *related]
    text = page("Be Early", WHAT, HOW, *footers, POSTED, *FORM)
    assert drafts(text) == [full("Be Early", None)]
    kinds = ["advertisement"] * 2 + ["sign-up"] + ["related posts"] * 3 + ["comment form"] * 5
    assert leftovers(text) == dict(zip([*footers, *FORM], kinds, strict=True))


def test_a_page_of_one_post_may_stop_before_posted_on() -> None:
    """A dated title and then more text than an excerpt has is a full post."""
    assert drafts(page("Be Early - 1/2/20", WHAT, HOW)) == [full("Be Early", "2020-01-02")]
    long = WHAT * 6 + CUT
    assert drafts(page("Be Early - 1/2/20", long)) == [full("Be Early", "2020-01-02", long)]
    assert drafts(page("Be Early - 1/2/20", CUT)) == [teaser("Be Early", "2020-01-02", CUT)]
    body = [WHAT, "Update - 4/5/20", WHAT, HOW]
    assert drafts(page("Be Early - 1/2/20", *body)) == [full("Be Early", "2020-01-02", *body)]


def test_a_page_of_short_teasers_is_not_one_post() -> None:
    """Several dated titles with a paragraph each are several posts, alone or before a full one."""
    text = page("One - 1/2/20", WHAT, "Two - 1/9/20", HOW)
    short = [teaser("One", "2020-01-02", WHAT), teaser("Two", "2020-01-09", HOW)]
    assert drafts(text) == short
    assert drafts(page(text, "Three – 1/16/20", POSTED, HOW, WHAT)) == [
        *short,
        full("Three", "2020-01-16", HOW, WHAT),
    ]
    assert drafts(page("wow moment", text, "Three", POSTED, HOW)) == [
        *short,
        full("Three", None, HOW),
    ]


# What is no dump


@pytest.mark.parametrize(
    "text",
    [
        "Milk, eggs, bread.",
        page("Milk", WHAT * 3),
        page("# Project", "Intro", WHAT * 3, "- a", "- b"),
        page("# Changes", "## 1.1 - 1/2/20", "- a", "- b", "- c", "## 1.0 - 1/1/20", "- d", "- e"),
        page("| a | b |", "|---|---|", "| 1 | 2 |"),
        "id,when\n1,foo - 4/5/20\n2,bar - 4/6/20",
        "name;-1/2/20;x\n" * 20,
        "\n\n".join([WHAT] * 20 + ["Yours - 4/5/20"] + [HOW] * 20),
        "\n\n".join([WHAT] * 20 + ["To know how, Read more"] + [HOW] * 20),
        "\n\n".join(["Posted on"] * 3),
        "\x00\x01\x02",
        "{}",
        "<html>\n<body>\n</body>\n</html>",
    ],
)
def test_other_text_is_no_dump(text: str, tmp_path: Path) -> None:
    """Text without the marks of an archive page is a problem with a reason, and all of its lines
    are unrecognised.
    """
    put(tmp_path, notes=text, a=page(HEADER, "One - 1/2/20", more(ONE)))
    posts, report = tipsearch.read(tmp_path)
    assert only(posts).title == "One"
    (problem,) = report.problems
    assert (problem.problem or "").startswith("no post found")
    assert [line.kind for line in problem.lines] == [UNRECOGNISED] * len(problem.lines)
    assert len(problem.lines) == len([line for line in text.split("\n") if line.strip()])
    assert list(report.unrecognised()) == []


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t\r\n\xc2\xa0\n\x0c", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"Tip \xff", "not UTF-8: byte 0xff at line 1"),
        (b"a\rb\r\nc\nTip \xe9t", "not UTF-8: byte 0xe9 at line 4"),
        (b"\xef\xbb\xbfa\n\xc3(", "not UTF-8: byte 0xc3 at line 2"),
        (
            page(HEADER, "One - 1/2/20", more(ONE)).encode("utf-16"),
            "not UTF-8: byte 0xff at line 1",
        ),
        (bytes(range(256)) * 100, "not UTF-8: byte 0x80 at line 3"),
        (page(HEADER, "One - 1/2/20", more(ONE)).encode("utf-16-le"), "no post found"),
    ],
)
def test_what_cannot_be_read_is_reported_with_its_reason(
    data: bytes, reason: str, tmp_path: Path
) -> None:
    """Empty, binary and wrongly encoded files are named; the byte and its line are right."""
    put(tmp_path, bad=data, good=page(HEADER, "One - 1/2/20", more(ONE)))
    posts, report = tipsearch.read(tmp_path)
    assert only(posts).title == "One"
    ((path, found),) = [(file.path, file.problem or "") for file in report.problems]
    assert path == f"{tmp_path.name}/bad.txt"
    assert found.startswith(reason)
    assert report.sources.keys() == {f"{tmp_path.name}/good.txt"}


# Line ends


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_change_nothing(end: str, start: str, tmp_path: Path) -> None:
    """LF, CRLF, a lone CR and a BOM give the same posts at the same lines."""
    text = page(HEADER, "One - 1/2/20", more(ONE), "Two – 1/9/20", POSTED, WHAT, HOW, SIGN_UP)
    put(tmp_path, a=start + text.replace("\n", end) + end)
    posts, report = tipsearch.read(tmp_path)
    assert [post.sources[0][1:] for post in posts] == [(3, 5), (7, 13)]
    assert posts[1].text == f"{WHAT}\n\n{HOW}"
    assert [line.number for line in report.files[0].lines] == [1, 3, 5, 7, 9, 11, 13, 15]


def test_blank_is_what_white_space_makes() -> None:
    """NBSPs, tabs, form feeds and line separators alone on a line are a blank line."""
    blanks = "\n".join(["", "\xa0", " \t ", "\x0c", "\u2028", "\x1d", "\u3000", ""])
    text = blanks.join([HEADER, "One - 1/2/20", more(ONE), "Two – 1/9/20", POSTED, WHAT, HOW])
    assert drafts(text) == [teaser("One", "2020-01-02"), full("Two", "2020-01-09")]


# One post, several sightings


def read_pages(folder: Path, **pages: str) -> list[Post]:
    """The posts of pages, each a file of its own."""
    return tipsearch.read(put(folder, **pages))[0]


@pytest.mark.parametrize(
    ("one", "other", "title"),
    [
        ("Be Kind - 7/8/14", "Be Kind – 7/8/14 TOW", "Be Kind"),
        ("Patience is... - 7/8/14", "Patience is… – 7/8/14", "Patience is…"),
        ("It's “It” - 7/8/14", 'It’s "It" – 7/8/2014', 'It’s "It"'),
        ("Drive-thru - Rules - 7/8/14", "Drive-thru – Rules – 07/08/14", "Drive-thru – Rules"),
        ("BE KIND - 7/8/14", "Be\xa0kind – 7/8/14 TOW", "Be\xa0kind"),
        ("Be Kind", "Be Kind – 7/8/14 TOW", "Be Kind"),
        ("Be Kind - 7/8/14", "Be Kind", "Be Kind"),
        ("Be Kind", "Be Kind", "Be Kind"),
        ("", "Be Kind – 7/8/14", "Be Kind"),
        ("Be Kind - 7/8/14", "", "Be Kind"),
        ("", "", ""),
    ],
)
def test_a_full_post_supersedes_its_own_teaser(
    one: str, other: str, title: str, tmp_path: Path
) -> None:
    """On one page or two, whatever the quotes and dashes: one post, two sources, the full text."""
    excerpt = " ".join([*WHAT.split(), *HOW.split()][:20])
    short = page(*filter(None, [one]), more(excerpt))
    long = page(*filter(None, [other]), POSTED, WHAT, HOW)
    for name, pages in (
        ("same", {"a": page(HEADER, short, long)}),
        ("before", {"a": page(HEADER, short), "b": page(HEADER, long)}),
        ("behind", {"a": page(HEADER, long), "b": page(HEADER, short)}),
    ):
        post = only(read_pages(tmp_path / name, **pages))
        assert (post.kind, post.title, post.text) == ("full", title, f"{WHAT}\n\n{HOW}")
        assert post.date == (Date(2014, 7, 8) if "14" in one + other else None)
        assert len(post.sources) == 2
        assert post.categories == ("Business Advice", "Sports")


def test_a_teaser_on_two_pages_is_one_post_with_two_sources(tmp_path: Path) -> None:
    """The longest excerpt is shown, and its source stands first."""
    posts = read_pages(
        tmp_path,
        a=page(HEADER, "One - 1/2/20", more(ONE[:50])),
        b=page("wow moment", "Zero - 1/1/20", more(TWO), "One - 1/2/20", more(ONE)),
        c=page(HEADER, "One - 1/2/20", ONE[:30]),
    )
    name = tmp_path.name
    assert [post.title for post in posts] == ["Zero", "One"]
    assert posts[1].text == ONE
    assert posts[1].sources == (
        Source(f"{name}/b.txt", 7, 9),
        Source(f"{name}/a.txt", 3, 5),
        Source(f"{name}/c.txt", 3, 5),
    )


def test_the_longer_copy_of_a_full_post_wins(tmp_path: Path) -> None:
    """A page that stops inside a post does not shorten it, dated or not."""
    for title in ("Be Kind", "Be Kind – 7/8/14", ""):
        whole = page(*filter(None, [HEADER, title]), POSTED, WHAT, HOW)
        post = only(read_pages(tmp_path, a=whole[:-30], b=whole, c=whole[:-90]))
        assert post.text == f"{WHAT}\n\n{HOW}"
        assert [Path(source.path).stem for source in post.sources] == ["b", "a", "c"]


def test_a_full_post_that_stops_before_its_excerpt_does_is_completed_by_it(tmp_path: Path) -> None:
    """The excerpt is shown then, with the categories that only the full post has."""
    for cut in ([], [ONE[:20]]):
        post = only(
            read_pages(
                tmp_path,
                a=page(HEADER, "One – 1/2/20", POSTED, *cut),
                b=page(HEADER, "One - 1/2/20", more(ONE)),
            )
        )
        assert (post.kind, post.text) == ("teaser", ONE)
        assert post.categories == ("Business Advice", "Sports")
        assert [Path(source.path).stem for source in post.sources] == ["b", "a"]


def test_the_same_title_in_other_years_is_another_post(tmp_path: Path) -> None:
    """A title with the year in it, or the same title with another date: different posts."""
    posts = read_pages(
        tmp_path,
        a=page(HEADER, "2022 Holiday Poem - 12/20/22", more(ONE), "Poem - 12/20/22", more(ONE)),
        b=page(HEADER, "2025 Holiday Poem - 12/23/25", more(ONE), "Poem - 12/23/25", more(ONE)),
    )
    assert [post.id for post in posts] == [
        "2022-12-20-2022-holiday-poem",
        "2022-12-20-poem",
        "2025-12-23-2025-holiday-poem",
        "2025-12-23-poem",
    ]


def test_two_posts_without_date_may_share_a_title(tmp_path: Path) -> None:
    """Their texts tell them apart, and so do their ids, in any order of the files."""
    pages = {"a": page(HEADER, "Be Kind", POSTED, WHAT), "b": page(HEADER, "Be Kind", POSTED, HOW)}
    posts = read_pages(tmp_path, **pages)
    assert sorted(post.text for post in posts) == [WHAT, HOW]
    assert all(re.fullmatch("be-kind-[0-9a-f]{8}", post.id) for post in posts)
    swapped = read_pages(tmp_path, a=pages["b"], b=pages["a"])
    assert [(post.id, post.text) for post in swapped] == [(post.id, post.text) for post in posts]


def test_an_undated_copy_joins_the_dated_post_whose_text_it_has(tmp_path: Path) -> None:
    """Of several posts with its title, it is the one that begins as it does."""
    posts = read_pages(
        tmp_path,
        a=page(HEADER, "Poem - 12/20/22", more(ONE), "Poem - 12/23/25", more(TWO)),
        b=page(HEADER, "Poem", POSTED, f"{TWO} and there it ends.", HOW),
        c=page(HEADER, "Poem", POSTED, WHAT, HOW),
    )
    assert [(post.kind, str(post.date), len(post.sources)) for post in posts] == [
        ("teaser", "2022-12-20", 1),
        ("full", "2025-12-23", 2),
        ("full", "None", 1),
    ]


def test_a_short_text_without_title_joins_nothing(tmp_path: Path) -> None:
    """A few words that begin some post's text do not make them one."""
    posts = read_pages(
        tmp_path,
        a=page(HEADER, "One - 1/2/20", more(ONE)),
        b=page(HEADER, more("The guest"), "Two - 1/9/20", more(TWO)),
    )
    assert sorted(post.text for post in posts) == sorted([ONE, TWO, "The guest"])


def test_posts_with_ids_of_their_own_stay_apart_from_dumps(tmp_path: Path) -> None:
    """A dump's post whose id is taken by a JSON line has another one."""
    (tmp_path / "more.jsonl").write_text('{"id": "2020-01-02-one", "title": "One", "text": "a"}')
    posts = read_pages(tmp_path, a=page(HEADER, "One - 1/2/20", more(ONE)))
    assert sorted(post.text for post in posts) == sorted([ONE, "a"])
    assert len({post.id for post in posts}) == 2


@pytest.mark.parametrize(
    ("title", "id"),
    [
        ("It’s “Ünder” Way – Part 2…", "2020-01-02-its-ünder-way-part-2"),
        ("word " * 29, "2020-01-02-" + "-".join(["word"] * 16)),
        ("x" * 140, "2020-01-02-" + "x" * 80),
        ("a_b/c\\d..e", "2020-01-02-a-b-c-d-e"),
        ("😀", "2020-01-02-untitled"),
        ("", "2020-01-02-the-guest-had-waited-for-eleven-minutes-and"),
    ],
)
def test_an_id_is_made_of_date_and_title(title: str, id: str, tmp_path: Path) -> None:
    """It is short, has no spaces or slashes, and names the post for a reader too."""
    post = only(read_pages(tmp_path, a=page(HEADER, f"{title} - 1/2/20", more(ONE))))
    assert post.id == id


# Files and folders


GOOD = page(HEADER, "One - 1/2/20", more(ONE), "Two – 1/9/20", POSTED, WHAT, HOW, SIGN_UP)


def test_folders_are_read_with_all_below_them(tmp_path: Path) -> None:
    """Every file is read or named, in order, by its path from the source's name on."""
    put(tmp_path / "dumps", b=GOOD, a=page(HEADER, "Three - 1/16/20", more(TWO)))
    put(tmp_path / "dumps" / "old", c=page(HEADER, "Four - 1/23/20", more(TWO)))
    put(tmp_path / "dumps" / "old" / "bad", d=b"\xff")
    (tmp_path / "dumps" / "empty").mkdir()
    posts, report = tipsearch.read(tmp_path / "dumps")
    assert [post.title for post in posts] == ["One", "Two", "Three", "Four"]
    assert [file.path for file in report.files] == [
        "dumps/a.txt",
        "dumps/b.txt",
        "dumps/old/c.txt",
        "dumps/old/bad/d.txt",
    ]
    assert [file.path for file in report.problems] == ["dumps/old/bad/d.txt"]


def test_what_is_no_file_of_text_is_named_and_nothing_hangs(tmp_path: Path) -> None:
    """Pipes, sockets' kin, hidden things and links to folders are problems; a loop is no loop."""
    folder = put(tmp_path / "dumps", a=GOOD)
    os.mkfifo(folder / "pipe.txt")
    (folder / ".hidden.txt").write_text(GOOD)
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(GOOD)
    (folder / "loop").symlink_to(folder)
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "nowhere.txt").symlink_to("nothing.txt")
    (folder / "device").symlink_to("/dev/zero")
    posts, report = tipsearch.read(folder)
    assert [post.title for post in posts] == ["One", "Two"]
    assert {Path(file.path).name: file.problem for file in report.files} == {
        "a.txt": None,
        "pipe.txt": "not a regular file",
        "self.txt": "not a regular file",
        "nowhere.txt": "not a regular file",
        "device": "not a regular file",
        "loop": "link to a folder, not followed",
        ".hidden.txt": "hidden, not read",
        ".git": "hidden, not read",
    }
    assert [file.path for file in tipsearch.read(folder / "pipe.txt")[1].problems] == ["pipe.txt"]


def test_a_source_named_outright_is_read(tmp_path: Path) -> None:
    """A hidden file and a link to a folder are read where they are the source themselves."""
    folder = put(tmp_path / "dumps", a=GOOD)
    (tmp_path / ".hidden.txt").write_text(GOOD)
    (tmp_path / "link").symlink_to(folder)
    assert len(tipsearch.read(tmp_path / ".hidden.txt")[0]) == 2
    posts, report = tipsearch.read(tmp_path / "link")
    assert len(posts) == 2
    assert [file.path for file in report.files] == ["dumps/a.txt"]


@pytest.mark.parametrize("name", ["nothing", "a.txt/nothing", "x" * 300, "nul\0l", "loop"])
def test_a_source_that_is_not_there_is_an_error(name: str, tmp_path: Path) -> None:
    """A source must exist; nothing is read then."""
    put(tmp_path, a=GOOD)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SourceError, match="no such file or folder"):
        tipsearch.read(tmp_path / "a.txt", tmp_path / name)


def test_what_may_not_be_read_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file or folder without the permission to read it is named, and the rest is read."""
    folder = put(tmp_path / "dumps", a=GOOD, secret=GOOD)
    put(folder / "closed", c=GOOD)
    put(folder / "open", d=page(HEADER, "Three - 1/16/20", more(TWO)))
    open_file, listdir = Path.open, os.listdir

    def refuse_file(path: Path, *how: Any) -> Any:
        if path.name == "secret.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *how)

    def refuse_folder(path: Path) -> list[str]:
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(Path, "open", refuse_file)
    monkeypatch.setattr(os, "listdir", refuse_folder)
    posts, report = tipsearch.read(folder)
    assert [post.title for post in posts] == ["One", "Two", "Three"]
    assert [(file.path, file.problem) for file in report.problems] == [
        ("dumps/secret.txt", "cannot be read: Permission denied"),
        ("dumps/closed", "cannot be read: Permission denied"),
    ]


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    """By itself, by its folder, by a link: each line is accounted for once, with one source."""
    folder = put(tmp_path / "dumps", a=GOOD)
    (folder / "link.txt").symlink_to("a.txt")
    once = tipsearch.read(folder)
    for sources in (
        [folder, folder],
        [folder, folder / "a.txt"],
        [folder / "a.txt", folder, folder / "link.txt"],
        [folder / ".." / "dumps", folder],
        [folder, tmp_path / "dumps" / ".." / "dumps" / "a.txt"],
    ):
        assert tipsearch.read(*sources) == once
    assert [len(post.sources) for post in once[0]] == [1, 1]
    assert once[1].kinds() == {POST: 6, "page header": 1, "sign-up": 1}


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    """Two folders of one name hold different files: each has its own lines and its own sources."""
    one = put(tmp_path / "x" / "dumps", a=GOOD)
    two = put(tmp_path / "y" / "dumps", a=page(HEADER, "Three - 1/16/20", more(TWO)), b=GOOD)
    posts, report = tipsearch.read(one, two)
    paths = [file.path for file in report.files]
    assert paths == ["x/dumps/a.txt", "y/dumps/a.txt", "dumps/b.txt"]
    check_account(
        posts, report, dict(zip(paths, [one / "a.txt", two / "a.txt", two / "b.txt"], strict=True))
    )


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.txt",
        "ünï “cödé” 😀.txt".encode(),
        b"line\nbreak.txt",
        b"back\\slash.txt",
        b"-n --json",
        b"no ending",
        b"UPPER.JSONL.txt",
        b" ",
        b"~",
    ],
)
def test_a_file_may_have_any_name(name: bytes, tmp_path: Path) -> None:
    """What the report and the sources show of it is text that can be printed and stored."""
    with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
        file.write(GOOD.encode())
    posts, report = tipsearch.read(tmp_path)
    (path,) = {source.path for post in posts for source in post.sources}
    assert [file.path for file in report.files] == [path]
    assert path.encode("utf-8")
    assert report.problems == ()


def test_names_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    """A byte that is no character is spelt out, and another file may be spelt that way."""
    for name in (b"\xff.txt", rb"\udcff.txt"):
        with open(os.fsencode(tmp_path) + b"/" + name, "wb") as file:
            file.write(GOOD.encode())
    posts, report = tipsearch.read(tmp_path)
    assert len({file.path for file in report.files}) == 2
    assert [len(set(post.sources)) for post in posts] == [2, 2]


# The account of every line


def check_account(posts: Sequence[Post], report: IngestReport, files: dict[str, Path]) -> None:
    """Hold the account of some files against the files themselves."""
    ids = {post.id for post in posts}
    assert len(ids) == len(posts)
    assert [post.id for post in posts] == sorted(ids)
    assert [file.path for file in report.files] == list(files)
    named = {(file.path, line.number): line for file in report.files for line in file.lines}
    for file in report.files:
        lines = re.split(r"\r\n|\r|\n", files[file.path].read_bytes().decode("utf-8-sig"))
        numbers = [number for number, line in enumerate(lines, start=1) if line.strip()]
        assert [line.number for line in file.lines] == (numbers if file.problem != "empty" else [])
        for line in file.lines:
            assert line.kind
            assert (line.post is not None) == (line.kind == POST)
            assert line.post in ids or line.kind != POST
            assert line.note or line.kind != UNRECOGNISED
    for post in posts:
        assert post.title or post.text
        for source in post.sources:
            ends = [named[source.path, n] for n in (source.first, source.last)]
            assert [line.post for line in ends] == [post.id, post.id]
    used = {line.post for line in named.values() if line.kind == POST}
    assert used == ids
    assert report.entries == sum(len(post.sources) for post in posts)
    assert (report.full, report.teasers) == (
        sum(post.kind == "full" for post in posts),
        sum(post.kind == "teaser" for post in posts),
    )
    assert report.undated == sum(post.date is None for post in posts)


def check_pages(pages: Sequence[str]) -> list[Post]:
    """Write pages, read them in both orders, check the account, and return the posts."""
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(name) / f"{n}.txt" for n in range(len(pages))]
        for path, text in zip(paths, pages, strict=True):
            path.write_bytes(text.encode())
        posts, report = tipsearch.read(*paths)
        check_account(posts, report, {path.name: path for path in paths})
        again, swapped = tipsearch.read(*reversed(paths))
        assert (again, swapped.kinds()) == (posts, report.kinds())
        return posts


LINES = st.sampled_from(
    [
        HEADER,
        "wow moment",
        "tag | site",
        "One - 1/2/20",
        "One – 1/2/20 TOW",
        "One",
        "- 1/2/20",
        "Two - 13/45/22",
        "Deal with It.",
        more(ONE),
        more(TWO),
        CUT,
        WHAT,
        HOW,
        "Read more",
        "Be kind!",
        POSTED,
        "Posted on in",
        "Posted on September 4, 2014 in Sports 1 Comment",
        SIGN_UP,
        ADVERT,
        BOOK,
        RELATED,
        PAGES,
        "Contact Us",
        "Website",
        "Add a Comment",
        "3 Responses",
        "Next",
        "• bullet",
        "Update - 4/5/20",
        "Blog 9-4-14In too many",
        "…",
        "\u200b",
        "\ufeff",
    ]
)
ANY_LINE = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
BLANKS = st.sampled_from(["\n", "\n\n", "\n\n\n", "\r\n\r\n", "\r", "\n\xa0\n", "\n \t\n\x0c\n"])
JUNK = st.lists(st.tuples(st.one_of(LINES, LINES, ANY_LINE), BLANKS), max_size=14).map(
    lambda parts: "".join(line + blank for line, blank in parts)
)


@given(st.lists(JUNK, min_size=1, max_size=3))
@settings(max_examples=300, deadline=None, derandomize=True, database=None)
def test_every_line_of_any_page_is_accounted_for(pages: list[str]) -> None:
    """Whatever blocks follow each other: each line once, each post's lines its own, any order."""
    check_pages(pages)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=2))
@example(["\x1c\n\x85\n\u2028\n\u3000"])
@example(["\ufeff\ufeff"])
@settings(max_examples=200, deadline=None, derandomize=True, database=None)
def test_every_line_of_any_text_is_accounted_for(texts: list[str]) -> None:
    """Text of any characters is read without an error."""
    check_pages(texts)


@given(st.binary(max_size=60))
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
def test_any_bytes_are_read_or_reported(data: bytes) -> None:
    """A file of any bytes is a page or a problem."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.txt"
        path.write_bytes(data)
        posts, report = tipsearch.read(path)
        assert bool(posts) != bool(report.problems)


# Well-formed pages give back what was put into them

WORDS = "guest Desk phone 37 e-mail “calm” it’s J.E.R.K. staff…then 5-minute – 4/5/20 v.".split()
PHRASE = st.lists(st.sampled_from(WORDS), min_size=1, max_size=7).map(" ".join)
STARTS = st.sampled_from(["Be", "Why", "4 Ways:", "“Yes”", "A"])
ENDS = st.sampled_from(
    "guest Desk phone? 37 e-mail! “calm” J.E.R.K. staff…then but... – Part-2".split()
)
TITLE = st.builds(lambda *parts: " ".join(parts), STARTS, PHRASE, ENDS)
SENTENCES = st.lists(PHRASE, min_size=4, max_size=9).map(", ".join)
DAY = st.dates(Date(1970, 1, 1), Date(2069, 12, 31))
PARAGRAPH = st.one_of(
    SENTENCES.map("The {}.".format),
    SENTENCES.map("The {}.".format),
    st.sampled_from(["A Heading", "• one", "Read more", "Update - 4/5/20", "Contact Us", "Next"]),
)
BODY = st.builds(
    lambda first, rest, last: [f"All {first}.", *rest, f"So {last}, we know."],
    SENTENCES,
    st.lists(PARAGRAPH, max_size=3),
    SENTENCES,
)
FOOTERS = st.lists(st.sampled_from([SIGN_UP, ADVERT, RELATED]), max_size=2, unique=True)


def short_date(day: Date) -> str:
    """A date as the site writes it."""
    return f"{day.month}/{day.day}/{day.year % 100:02}"


@st.composite
def archive_pages(draw: st.DrawFn) -> tuple[str, list[Seen]]:
    """A page as the site has them, and what is on it."""
    gap = draw(st.sampled_from(["\n\n", "\n\n\n"]))
    titles = draw(st.lists(TITLE, min_size=1, max_size=6, unique_by=fold))
    split = draw(st.integers(0, len(titles)))
    parts, expected = [], list[Seen]()
    for title in titles[:split]:
        day, excerpt = draw(st.none() | DAY), draw(SENTENCES)
        parts.append(title + (f" - {short_date(day)}" if day else "") + gap + more(excerpt))
        expected.append(teaser(title, str(day) if day else None, excerpt))
    for title in titles[split:]:
        day, body = draw(st.none() | DAY), draw(BODY)
        mark = draw(st.sampled_from(["", " TOW"])) if day else ""
        line = title + (f" – {short_date(day)}{mark}" if day else "")
        parts.append(
            "\n\n".join([line, POSTED + gap + body[0], *body[1:], *draw(FOOTERS)]) + gap[2:]
        )
        expected.append(full(title, str(day) if day else None, *body))
    header = draw(st.sampled_from([HEADER, "fan retention | Site", "wow moment", "Wow Moment"]))
    last = draw(st.sampled_from([[], [PAGES]])) if split < len(titles) else []
    return "\n\n".join([header, *parts, *last]), expected


@given(st.lists(archive_pages(), min_size=1, max_size=2))
@settings(max_examples=80, deadline=None, derandomize=True, database=None)
def test_a_well_formed_page_gives_back_its_posts(pages: list[tuple[str, list[Seen]]]) -> None:
    """Exactly the posts that were put in come out, whole; over all pages, each of them once."""
    for text, expected in pages:
        assert drafts(text) == expected
        assert UNRECOGNISED not in leftovers(text).values()
    posts = check_pages([text for text, _ in pages])
    seen = {(kind, title, text) for _, expected in pages for kind, title, _, text in expected}
    assert {(post.kind, post.title, post.text) for post in posts} <= seen
    assert {fold(post.title) for post in posts} == {fold(title) for _, title, _ in seen}


@given(TITLE, st.none() | DAY, BODY, FOOTERS, st.sampled_from([[], FORM, FORM[:1]]))
@settings(max_examples=150, deadline=None, derandomize=True, database=None)
def test_a_well_formed_page_of_one_post_gives_it_back(
    title: str, day: Date | None, body: list[str], footers: list[str], form: list[str]
) -> None:
    """Title, body, footers, "Posted on" and the comment form: the post comes out whole."""
    line = title + (f" - {short_date(day)}" if day else "")
    text = page(line, *body, *footers, POSTED, *form)
    assert drafts(text) == [full(title, str(day) if day else None, *body)]
    assert UNRECOGNISED not in leftovers(text).values()
    check_pages([text])


# Size


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"No. {n} - {n % 12 + 1}/1/20\n\n{n} {more(ONE)}\n\n" for n in range(20_000)),
        "".join(f"Lessons\n\n{n} {more(ONE)}\n\n" for n in range(10_000)),
        "".join(f"{n} {more(ONE)}\n\n" for n in range(10_000)),
        "".join(f"{n}\n\n{POSTED}\n\n{n} {WHAT}\n\n{RELATED}\n\nBe {n}\n\n" for n in range(5_000)),
        "".join(f"Lessons\n\n{POSTED}\n\n{n} {WHAT}\n\n{SIGN_UP}\n\n" for n in range(5_000)),
        f"Lessons\n\n{POSTED}\n\n" + f"{WHAT}\n\nContact Us\n\nUpdate - 4/5/20\n\n" * 10_000,
        f"Lessons - 1/2/20\n\n{WHAT}\n\n" * 2 + f"{WHAT}\n\n" * 30_000 + POSTED,
        f"{WHAT}\n\n\nAlso Read more\n\n{POSTED}\n\n" * 10_000,
        "One - 1/2/20\n\n" + "word " * 1_000_000 + "Read more",
        "One - 1/2/20\n\nx" + " " * 5_000_000 + "x Read more",
        "One - 1/2/20\n\n" + " -" * 1_000_000 + " Read more",
        "One - 1/2/20\n\nNext " + "1" * 1_000_000 + "x\n\n" + "\n" * 4_000_000,
        "\n".join("next " + "1" * n + " x" for n in range(2_000)),
        f"{WHAT}\n\n" * 30_000,
    ],
    ids=[
        "dated teasers",
        "teasers of one title",
        "teasers without title",
        "full posts",
        "full posts of one title",
        "phrases and dates in a body",
        "one long post",
        "titles like excerpts",
        "one long excerpt",
        "spaces",
        "dashes",
        "digits and blank lines",
        "digits",
        "prose",
    ],
)  # fmt: skip
def test_time_grows_with_the_length_of_a_page_only(text: str, tmp_path: Path) -> None:
    """Millions of characters, of the worst shape for each pattern, are read to the end."""
    put(tmp_path, a=text)
    ends("import sys, tipsearch; tipsearch.read(sys.argv[1])", tmp_path)


def test_merging_does_not_compare_each_with_each() -> None:
    """Many copies of many posts, with dates and without, are merged to the end."""
    told = ends("""
from datetime import date
from tipsearch.corpus.dedupe import Sighting, merge
from tipsearch.corpus.draft import Draft
sightings = [
    Sighting(
        f"{n % 7}.txt",
        Draft("Poem", f"{n % 6000:05} Once upon a midnight dreary, while I pondered, weak and weary"
              [: 30 + n % 60], (None, date(2000 + n % 50, 1, 1))[n % 2], "full", (n,)),
    )
    for n in range(100_000)
]
posts, refused = merge(sightings)
print(sum(len(seen) for _, seen in posts), refused)
""")
    assert told == "100000 []\n"


def test_texts_that_differ_after_a_common_opening_are_two_posts(tmp_path: Path) -> None:
    """Posts without title or date that begin alike for long, and then differ, are both kept."""
    opening = "The same opening words again. " * 20
    body = [f"{opening}\n\nHere the {name} one goes on." for name in ("first", "second")]
    posted = "Posted on in Business Advice Please leave a comment"
    source = put(
        tmp_path / "dumps",
        a="\n\n".join([HEADER, *(f"\n{posted}\n\n{text}\n\n{SIGN_UP}" for text in body)]),
        b="\n\n".join([HEADER, *(f"\nOne Title\n\n{posted}\n\n{text}" for text in body)]),
    )
    posts, _ = tipsearch.read(source)
    shown = " ".join(post.text for post in posts)
    assert "first one" in shown
    assert "second one" in shown
