"""How is a WordPress archive page, rendered to text, taken apart again?

A page is a header, some teasers (`Title - m/d/yy`, an excerpt, "Read more"), then full posts
(`Title – m/d/yy TOW`, "Posted on in ...", the body, footers). Only three things are trusted to
start a post: a dated title, a "Posted on" line with the title before it, and an excerpt that
ends in "Read more". A heading or bold lead-in inside a body is none of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tipsearch.ingest import lines as shape
from tipsearch.ingest.clean import cut_caption, paragraphs
from tipsearch.ingest.draft import Draft, Page
from tipsearch.ingest.lines import Posted
from tipsearch.model import Kind

EXCERPT_WORDS = 70  # an excerpt has some 55 words; a lone paragraph of more is a post


def parse(lines: Sequence[str]) -> Page:
    """The posts and the boilerplate of a page; a page that is no archive dump has no posts."""
    page = _Lines(lines)
    if page.is_single_post():
        return _single_post(page)
    header = page.header()
    starts = page.full_starts()
    drafts: list[Draft] = []
    first = min((start for start, _ in starts), default=len(lines))
    drafts += _teasers(page, [i for i in page.text if i < first and i != header])
    ends = [start for start, _ in starts[1:]] + [len(lines)]
    for (start, posted), end in zip(starts, ends, strict=True):
        drafts += _full(page, start, posted, end)
    if header is not None and drafts:
        page.boilerplate[header] = shape.PAGE_HEADER
    boilerplate = {i + 1: kind for i, kind in page.boilerplate.items()}
    return Page(tuple(drafts), boilerplate if drafts else {})


@dataclass
class _Lines:
    """The lines of a page by what each is alone; places count from 0."""

    lines: Sequence[str]
    boilerplate: dict[int, str] = field(default_factory=dict)
    posted: dict[int, Posted] = field(default_factory=dict)
    text: list[int] = field(default_factory=list)  # non-blank and neither of the above

    def __post_init__(self) -> None:
        for i, line in enumerate(self.lines):
            if not line.strip():
                continue
            if found := shape.posted(line):
                self.posted[i] = found
            elif kind := shape.boilerplate(line):
                self.boilerplate[i] = kind
            else:
                self.text.append(i)

    def ends_in_read_more(self, i: int) -> bool:
        return shape.without_read_more(self.lines[i]) is not None

    def is_single_post(self) -> bool:
        """Whether this is a page of one post: no header, "Posted on" after the body or nowhere."""
        if not self.text or shape.header(self.lines[self.text[0]]):
            return False
        if any(map(self.ends_in_read_more, self.text)):
            return False
        if len(self.posted) == 1:
            (posted,) = self.posted
            before = [i for i in self.text if i < posted]
            under_a_tag = len(before) == 2 and self._may_be_title(before[1], posted)
            return len(before) >= 2 and not (under_a_tag and self.text[-1] > posted)
        if self.posted or not shape.dated_title(self.lines[self.text[0]]):
            return False
        body = self.text[1:]
        words = sum(len(self.lines[i].split()) for i in body)
        return len(body) >= 2 or words > EXCERPT_WORDS

    def header(self) -> int | None:
        """The place of the page's header: a tag with the site's name, or a tag alone."""
        if not self.text:
            return None
        first, *rest = self.text[:3]
        if shape.header(self.lines[first]):
            return first
        if shape.dated_title(self.lines[first]) or self.ends_in_read_more(first) or not rest:
            return None
        is_title = (
            shape.dated_title(self.lines[rest[0]]) is not None
            or any(start == rest[0] for start, _ in self.full_starts())
            or (
                len(rest) == 2
                and shape.may_be_title(self.lines[rest[0]])
                and not self.ends_in_read_more(rest[0])
                and self.ends_in_read_more(rest[1])
            )
        )
        return first if is_title and shape.may_be_title(self.lines[first]) else None

    def full_starts(self) -> list[tuple[int, int]]:
        """The first line of each full post, its title if it has one, and its "Posted on" line."""
        starts = []
        for posted in self.posted:
            before = next((i for i in range(posted - 1, -1, -1) if self.lines[i].strip()), None)
            titled = before is not None and before in self.text and self._heads(before, posted)
            starts.append((before if titled and before is not None else posted, posted))
        return starts

    def _heads(self, i: int, posted: int) -> bool:
        if self.ends_in_read_more(i) or (i == self.text[0] and shape.header(self.lines[i])):
            return False
        return shape.dated_title(self.lines[i]) is not None or self._may_be_title(i, posted)

    def _may_be_title(self, i: int, posted: int) -> bool:
        """Whether an undated line before "Posted on" is a title and not the end of a post.

        Where it stands apart as titles do, two blank lines before and one behind, a full stop at
        its end does not matter.
        """
        apart = posted - i <= 2 and i >= 2 and not "".join(self.lines[i - 2 : i]).strip()
        short = len(self.lines[i]) <= shape.LONGEST_TITLE
        return shape.may_be_title(self.lines[i]) or (apart and short)


def _single_post(page: _Lines) -> Page:
    """The one post of its own page: a title, the body, and "Posted on" behind it if anywhere."""
    posted = next(iter(page.posted), len(page.lines))
    first, *rest = (i for i in page.text if i < posted)
    body = _without_related(page, rest)
    dated = shape.dated_title(page.lines[first])
    if not dated and not shape.may_be_title(page.lines[first]):
        first, body = -1, [first, *body]
    draft = _draft(page, first, body, "full", posted if page.posted else None)
    return Page((draft,), {i + 1: kind for i, kind in page.boilerplate.items()})


def _full(page: _Lines, start: int, posted: int, end: int) -> list[Draft]:
    """A full post, and what teasers with a dated title stand behind it on the page."""
    body = [i for i in page.text if posted < i < end]
    for place, i in enumerate(body[:-1]):
        if shape.dated_title(page.lines[i]) and page.ends_in_read_more(body[place + 1]):
            teasers = _teasers(page, body[place:])
            body = body[:place]
            break
    else:
        teasers = []
    pages = [i for i, kind in page.boilerplate.items() if kind == shape.PAGINATION and i > posted]
    body = [i for i in body if not pages or i < min(pages)]
    title = start if start != posted else -1
    body = _without_related(page, body)
    return [_draft(page, title, body, "full", posted), *teasers]


def _without_related(page: _Lines, body: list[int]) -> list[int]:
    """The body without the titles that are listed behind "Here are other ... posts"."""
    marks = [i for i, kind in page.boilerplate.items() if kind == shape.RELATED_POSTS]
    kept: list[int] = []
    for i in body:
        mark = max((mark for mark in marks if mark < i), default=None)
        listed = mark is not None and not any(mark < other for other in kept)
        if listed and shape.may_be_title(page.lines[i].strip().lstrip("•*- ")):
            page.boilerplate[i] = shape.RELATED_POSTS
        else:
            kept.append(i)
    return kept


def _teasers(page: _Lines, places: list[int]) -> list[Draft]:
    """The teasers that the lines at these places are; a line that fits none stays unrecognised."""
    drafts: list[Draft] = []
    title, body = -1, list[int]()

    def close(whole: bool = False) -> None:
        nonlocal title, body
        if title >= 0 or body:
            # Without "Read more" nothing says where it ends: an excerpt is one paragraph.
            drafts.append(_draft(page, title, body if whole else body[:1], "teaser"))
        title, body = -1, []

    for place, i in enumerate(places):
        following = places[place + 1] if place + 1 < len(places) else None
        read_more = page.ends_in_read_more(i)
        if shape.dated_title(page.lines[i]):
            close()
            title = i
        elif read_more:
            body.append(i)
            close(whole=True)
        elif following is not None and _heads_excerpt(page, i, following):
            close()
            title = i
        elif title >= 0:
            body.append(i)
    close()
    return drafts


def _heads_excerpt(page: _Lines, i: int, following: int) -> bool:
    """Whether an undated line is the title of the excerpt in the next one."""
    return (
        shape.may_be_title(page.lines[i])
        and not shape.dated_title(page.lines[following])
        and (
            page.ends_in_read_more(following)
            or (following == page.text[-1] and not shape.may_be_title(page.lines[following]))
        )
    )


def _draft(page: _Lines, title: int, body: list[int], kind: Kind, mark: int | None = None) -> Draft:
    """The draft of a post from the places of its title (-1: none), body and "Posted on" line."""
    posted = page.posted[mark] if mark is not None else Posted(None, ())
    dated = shape.dated_title(page.lines[title]) if title >= 0 else None
    undated = shape.undated_title(page.lines[title]) if title >= 0 else ""
    shown = _with_gaps(page.lines, body)
    if kind == "teaser" and shown:
        excerpt = shape.without_read_more(shown[-1])
        shown[-1] = shown[-1] if excerpt is None else excerpt
    text, caption = cut_caption(paragraphs(shown))
    used = {title, *body, -1 if mark is None else mark} - {-1}
    return Draft(
        title=dated[0] if dated else undated,
        text=text,
        date=dated[1] if dated else posted.date,
        kind=kind,
        lines=tuple(sorted(i + 1 for i in used)),
        categories=posted.categories,
        caption=caption,
    )


def _with_gaps(lines: Sequence[str], body: list[int]) -> list[str]:
    """The body's lines, with a blank one where blank or left-out lines stood between them."""
    shown: list[str] = []
    for previous, i in zip([-1, *body], body, strict=False):
        if shown and i > previous + 1:
            shown.append("")
        shown.append(lines[i])
    return shown
