"""Parser of a page of a WordPress archive that was rendered to text.

A page is a header, some teasers (`Title - m/d/yy`, an excerpt, "Read more"), then full posts
(`Title – m/d/yy TOW`, "Posted on in ...", the body, footers). A post starts at a dated title, at a
"Posted on" line with the title before it, or at an excerpt that ends in "Read more"; a heading
inside a body starts none.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import pairwise, zip_longest

from tipsearch.corpus.draft import Draft, Page
from tipsearch.corpus.post import Kind
from tipsearch.corpus.readers.archive import lines as shape
from tipsearch.corpus.readers.archive.clean import cut_caption, paragraphs
from tipsearch.corpus.readers.archive.lines import Posted
from tipsearch.corpus.readers.archive.page import PageLines

NO_TEXT = "post without text"
COMMENTS = "comments"


def parse(lines: Sequence[str]) -> Page:
    """Parse the lines of a page: its drafts and boilerplate; none if it is no archive dump."""
    page = PageLines(lines)
    found = [_single_post(page)] if page.is_single_post() else _archive(page)
    drafts = [draft for draft in found if draft.title or draft.text]
    used = {number - 1 for draft in drafts for number in draft.lines}
    if not _is_dump(page, drafts, len(used)):
        return Page()
    empty = {number - 1: NO_TEXT for draft in found for number in draft.lines}
    phrases = {i: page.phrases[i] for i in page.text if i in page.phrases}
    kinds = (phrases | page.boilerplate | empty).items()
    return Page(tuple(drafts), {i + 1: kind for i, kind in kinds if i not in used})


def _is_dump(page: PageLines, drafts: list[Draft], used: int) -> bool:
    """Whether a page with these drafts, of `used` lines, is an archive dump.

    Any text may have a "Read more" or a line that ends in a date; then most lines of the page must
    be in a draft.
    """
    if page.posted or page.is_numbered or len(page.read_more) > 1:
        return bool(drafts)
    mostly_used = 2 * used > len(page.text) - page.has_header
    return mostly_used and any(draft.text or page.has_header for draft in drafts)


def _single_post(page: PageLines) -> Draft:
    """The draft of a page of one post: a title, the body, then "Posted on" if it has that."""
    posted = next(iter(page.posted), None)
    end = len(page.lines) if posted is None else posted
    first, *rest = page.between(page.places[1] if page.has_header else 0, end)
    if page.has_header:
        page.boilerplate[page.places[0]] = shape.PAGE_HEADER
    if posted is not None and page.has_comment_form(posted):
        page.boilerplate |= dict.fromkeys(page.between(posted, len(page.lines)), COMMENTS)
    titled = first in page.dated or (rest and page.is_first_title(first, rest))
    body = _body(page, rest if titled else [first, *rest])
    return _draft(page, first if titled else None, body, "full", posted)


def _archive(page: PageLines) -> list[Draft]:
    """The drafts of a page of several posts: teasers, then full posts."""
    header = page.header()
    if header is not None:
        page.boilerplate[header] = shape.PAGE_HEADER
    starts = page.full_starts()
    ends = [start for start, _ in starts] + [len(page.lines)]
    drafts = _teasers(page, [i for i in page.between(0, ends[0]) if i != header])
    for (start, posted), end in zip(starts, ends[1:], strict=True):
        drafts += _full(page, start, posted, end)
    return drafts


def _full(page: PageLines, start: int, posted: int, end: int) -> list[Draft]:
    """A full post, and the teasers with dated titles that follow it on the page."""
    text = page.between(posted, end)
    teasers = [
        place
        for place, (i, following) in enumerate(pairwise(text))
        if i in page.dated and shape.without_read_more(page.lines[following])
    ]
    split = teasers[0] if teasers else len(text)
    body = _body(page, text[:split])
    title = start if start != posted else None
    return [_draft(page, title, body, "full", posted), *_teasers(page, text[split:])]


def _body(page: PageLines, text: list[int]) -> list[int]:
    """The places that are the body of a post.

    Titles listed after "Here are other ... posts" are left out, and so is all after the pagination.
    """
    kept: list[int] = []
    listing = False
    first, end = (text[0], text[-1] + 1) if text else (0, 0)
    for i in page.places[bisect_left(page.places, first) : bisect_left(page.places, end)]:
        kind = page.boilerplate.get(i)
        if kind in (shape.PAGINATION, shape.PAGE_HEADER):
            break
        if kind == shape.RELATED_POSTS:
            listing = True
        elif kind is None:
            listing = listing and shape.may_be_title(page.lines[i].strip().lstrip("•*- "))
            if listing:
                page.boilerplate[i] = shape.RELATED_POSTS
            else:
                kept.append(i)
    return kept


def _teasers(page: PageLines, places: list[int]) -> list[Draft]:
    """The teasers of the lines at these places; a line that fits none stays unrecognised."""
    drafts: list[Draft] = []
    title: int | None = None
    body: list[int] = []

    def close(has_read_more: bool = False) -> None:
        nonlocal title, body
        if title is not None or body:
            # Without "Read more" the end is unknown, so the excerpt is one paragraph.
            drafts.append(_draft(page, title, body if has_read_more else body[:1], "teaser"))
        title, body = None, []

    for i, following in zip_longest(places, places[1:]):
        expected = title is not None and not body
        if i in page.dated:
            close()
            title = i
        elif i in page.read_more:
            body.append(i)
            close(has_read_more=True)
        elif following is not None and page.is_excerpt_title(i, following, expected):
            close()
            title = i
        elif title is not None or i in page.excerpts:
            body.append(i)
    close()
    return drafts


def _draft(
    page: PageLines, title: int | None, body: list[int], kind: Kind, posted_at: int | None = None
) -> Draft:
    """The draft of a post, given the places of its title, its body and its "Posted on" line."""
    posted = page.posted[posted_at] if posted_at is not None else Posted(None, ())
    line = "" if title is None else page.lines[title]
    dated = shape.dated_title(line)
    lines = _with_gaps(page.lines, body)
    if kind == "teaser" and lines:
        lines[-1] = shape.excerpt(lines[-1])
    text, caption = cut_caption(paragraphs(lines))
    return Draft(
        title=dated[0] if dated else shape.undated_title(line),
        text=text,
        date=(dated[1] if dated else None) or posted.date,
        kind=kind,
        lines=tuple(sorted(i + 1 for i in (title, *body, posted_at) if i is not None)),
        categories=posted.categories,
        caption=caption,
        caption_line=body[0] + 1 if body else 0,
    )


def _with_gaps(lines: Sequence[str], body: list[int]) -> list[str]:
    """The lines of a body, with a blank line wherever lines of the page are left out."""
    kept: list[str] = []
    for previous, i in zip([-1, *body], body, strict=False):
        if kept and i > previous + 1:
            kept.append("")
        kept.append(lines[i])
    return kept
