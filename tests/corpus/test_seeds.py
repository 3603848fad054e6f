"""The user's own five dumps, read as a person reads them.

`python tests/corpus/test_seeds.py` writes the golden file anew; compare it with the dumps then.
"""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

import tipsearch
from tipsearch.corpus.post import Post, Source
from tipsearch.corpus.report import IngestReport, Repair

SEEDS = Path(__file__).parents[2] / "seeds"
GOLDEN = Path(__file__).parent / "golden" / "seeds.jsonl"
ENDS = 40

FILES = [
    "000_068bef2741a2040b.txt",
    "001_3ca9448200eb23c7.txt",
    "002_e59f8b13e08f2cb1.txt",
    "003_69826b85ab2bce6d.txt",
    "004_fceb601efc308540.txt",
]
# Read off the dumps by a person: file, title, "Posted on", first and last line of the body.
FULL = [
    (0, 53, 55, 58, 76),
    (0, 83, 85, 88, 106),
    (0, 113, 115, 118, 130),
    (1, 53, 55, 57, 65),
    (1, 70, 72, 75, 87),
    (1, 90, 92, 94, 107),
    (2, 53, 55, 57, 69),
    (2, 74, 76, 79, 103),
    (2, 106, 108, 111, 123),
    (3, 53, 55, 57, 77),
    (3, 80, 82, 84, 94),
    (3, 99, 101, 103, 114),
    (4, 53, 55, 57, 73),
    (4, 80, 82, 84, 94),
    (4, 101, 103, 105, 111),
]
# On each page ten teasers, five lines apart, the excerpt three lines below its title.
TEASERS = [(file, title, title + 3) for file in range(5) for title in range(3, 49, 5)]
BOILERPLATE = {
    "page header": [(0, 1), (1, 1), (2, 1), (3, 1), (4, 1)],
    "sign-up": [(0, 78), (0, 108), (0, 132), (3, 96), (3, 116)],
    "advertisement": [(4, 75), (4, 77), (4, 96), (4, 98), (4, 113)],
    "related posts": [(1, 67), (1, 109), (2, 71)],
    "pagination": [(2, 126)],
}
CAPTION = "Blog 9-4-14"

Reading = tuple[list[Post], IngestReport]


@pytest.fixture(scope="module")
def seen() -> Reading:
    """The posts of the seeds and the account of them."""
    return tipsearch.read(SEEDS)


def source_lines(file: int) -> list[str]:
    """The lines of a dump; line 1 is at 1."""
    return ["", *(SEEDS / FILES[file]).read_text(encoding="utf-8").split("\n")]


def golden(posts: list[Post]) -> str:
    """What is kept of each post: all but its text, of which both ends and a digest are."""
    rows = []
    for post in posts:
        row: dict[str, Any] = post.to_json()
        text = row.pop("text")
        assert row.pop("url") is None
        row |= {"first": text[:ENDS], "last": text[-ENDS:]}
        row["sha256"] = hashlib.sha256(text.encode()).hexdigest()
        rows.append(json.dumps(row, ensure_ascii=False) + "\n")
    return "".join(rows)


def test_the_posts_are_those_of_the_golden_file(seen: Reading) -> None:
    """Id, title, date, kind, categories, sources and text of all posts are as they were checked."""
    found, expected = golden(seen[0]).splitlines(), GOLDEN.read_text(encoding="utf-8").splitlines()
    assert found == expected


def test_the_numbers_are_those_of_the_dumps(seen: Reading) -> None:
    """65 entries are 56 posts: 15 full ones, 41 teasers; 7, all of them full, have no date."""
    posts, report = seen
    assert (report.entries, len(posts)) == (65, 56)
    assert (report.full, report.teasers, report.undated) == (15, 41, 7)
    assert len(FULL) + len(TEASERS) == 65
    assert [post.kind for post in posts if post.date is None] == ["full"] * 7
    assert sum(len(post.sources) == 2 for post in posts) == 9
    assert len({(post.title, post.date) for post in posts}) == 56


def test_every_line_has_the_kind_that_a_person_gives_it(seen: Reading) -> None:
    """Each line is a post's, or boilerplate of the kind that it was read as; none is left over."""
    _, report = seen
    assert report.problems == ()
    assert list(report.unrecognised()) == []
    assert report.kinds() == {
        "post": 250,
        "page header": 5,
        "sign-up": 5,
        "advertisement": 5,
        "related posts": 3,
        "pagination": 1,
    }
    assert [file.path for file in report.files] == [f"seeds/{name}" for name in FILES]
    found: dict[str, list[tuple[int, int]]] = {}
    for n, file in enumerate(report.files):
        numbers = [number for number, line in enumerate(source_lines(n)) if line.strip()]
        assert [line.number for line in file.lines] == numbers
        for line in file.lines:
            found.setdefault(line.kind, []).append((n, line.number))
    assert len(found.pop("post")) == 250
    assert found == BOILERPLATE


@pytest.mark.parametrize(("file", "title", "posted", "first", "last"), FULL)
def test_a_full_post_starts_and_ends_where_it_does_in_the_dump(
    seen: Reading, file: int, title: int, posted: int, first: int, last: int
) -> None:
    """Its text is the lines of its body, all of them and no other; title and date stand above."""
    posts, report = seen
    path, lines = f"seeds/{FILES[file]}", source_lines(file)
    (post,) = (p for p in posts if p.sources == (Source(path, title, last),))
    body = "\n".join(line.strip() for line in lines[first : last + 1])
    expected = re.sub(r"\n\n+", "\n\n", body)
    assert post.text == expected.removeprefix(CAPTION)
    heading, _, date = lines[title].removesuffix(" TOW").rpartition(" – ")
    assert (post.kind, post.title) == ("full", heading if "/" in date else lines[title])
    if post.date:
        assert date == f"{post.date.month}/{post.date.day}/{post.date.year % 100}"
    else:
        assert "/" not in date
    says = " ".join(lines[posted].split())
    categories = re.sub(r" (Please leave a c|1 C)omment$", "", says)
    assert f"Posted on in {', '.join(post.categories)}" == categories
    used = {line.number for line in report.files[file].lines if line.post == post.id}
    blank = {number for number, line in enumerate(lines) if not line.strip()}
    assert used == {title, posted, *range(first, last + 1)} - blank


@pytest.mark.parametrize(("file", "title", "excerpt"), TEASERS)
def test_a_teaser_is_its_title_and_its_excerpt(
    seen: Reading, file: int, title: int, excerpt: int
) -> None:
    """A teaser's text is its excerpt without "Read more", on both pages if it is on two."""
    source, lines = Source(f"seeds/{FILES[file]}", title, excerpt), source_lines(file)
    (post,) = (p for p in seen[0] if source in p.sources)
    heading, _, date = lines[title].rpartition(" - ")
    assert (post.kind, post.title) == ("teaser", heading)
    assert post.date is not None
    assert date == f"{post.date.month}/{post.date.day}/{post.date.year % 100}"
    assert post.text == lines[excerpt].strip().removesuffix("Read more").strip()


def test_one_caption_is_repaired(seen: Reading) -> None:
    """The caption that is glued to a body's first word is cut off, and no other text is touched."""
    posts, report = seen
    path = f"seeds/{FILES[2]}"
    assert report.repairs == (Repair(path, 57, "image caption", CAPTION),)
    (post,) = (p for p in posts if p.sources == (Source(path, 53, 69),))
    assert post.text.startswith("In too many local municipalities, when")
    assert source_lines(2)[57].startswith(f"{CAPTION}In too many")


def test_what_is_shown_keeps_quotes_and_bullets(seen: Reading) -> None:
    """Curly quotes and bullets are in the texts as in the dumps; headings stay in their bodies."""
    texts = {post.title: post.text for post in seen[0]}
    assert "\n• When considering retention, think" in texts["Customer Retention for Marketers"]
    assert texts["Get Back in the Good Graces"].startswith("What is “Service Recovery?” I was")
    covid = texts["Increase Research for Improved Customer Relations During COVID-19"]
    for heading in (
        "No Communication = No Connection",
        "What Caring for the Customer Requires",
        "Design with the Customer in Mind",
    ):
        assert f"\n\n{heading}\n\n" in covid


def test_the_order_of_the_files_does_not_matter(seen: Reading) -> None:
    """The same files, given one by one and backwards, are the same posts but for the path."""
    posts, _ = tipsearch.read(*(SEEDS / name for name in reversed(FILES)))
    assert [(p.id, p.title, p.text, p.date, p.categories) for p in posts] == [
        (p.id, p.title, p.text, p.date, p.categories) for p in seen[0]
    ]
    assert [[f"seeds/{s.path}" for s in p.sources] for p in posts] == [
        [s.path for s in p.sources] for p in seen[0]
    ]


if __name__ == "__main__":
    GOLDEN.write_text(golden(tipsearch.read(SEEDS)[0]), encoding="utf-8")
