"""How is a WordPress archive page, rendered to text, taken apart again?

A page is a header, some teasers (`Title - m/d/yy`, an excerpt, "Read more"), then full posts
(`Title – m/d/yy TOW`, "Posted on in ...", the body, footers). Only three things are trusted to
start a post: a dated title, a "Posted on" line with the title before it, and an excerpt that
ends in "Read more". A heading or bold lead-in inside a body is none of them.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest

from tipsearch.ingest import lines as shape
from tipsearch.ingest.clean import cut_caption, paragraphs
from tipsearch.ingest.draft import Draft, Page
from tipsearch.ingest.lines import Posted
from tipsearch.model import Kind

EXCERPT_WORDS = 70  # an excerpt has some 55 words; a lone paragraph of more is a post
NO_TEXT = "post without text"
COMMENTS = "comments"


def parse(lines: Sequence[str]) -> Page:
    """The posts and the boilerplate of a page; a page that is no archive dump has no posts."""
    page = _Lines(lines)
    found = [_single_post(page)] if page.is_single_post() else _archive(page)
    drafts = [draft for draft in found if draft.title or draft.text]
    used = {number - 1 for draft in drafts for number in draft.lines}
    if not _is_dump(page, drafts, len(used)):
        return Page()
    named = {number - 1: NO_TEXT for draft in found for number in draft.lines}
    loose = {i: page.phrases[i] for i in page.text if i in page.phrases}
    boilerplate = {i + 1: kind for i, kind in (loose | page.boilerplate | named).items()}
    return Page(tuple(drafts), {i: kind for i, kind in boilerplate.items() if i - 1 not in used})


def _is_dump(page: "_Lines", drafts: list[Draft], used: int) -> bool:
    """Whether what was found is enough to call the page a dump.

    A lone "Read more" or a line that ends in a date may stand in any text: then most of the lines
    must have found their place.
    """
    if page.posted or page.is_numbered or len(page.read_more) > 1:
        return bool(drafts)
    most = 2 * used > len(page.text) - page.has_header
    return most and any(draft.text or page.has_header for draft in drafts)


@dataclass
class _Lines:
    """The lines of a page by what each is alone and beside its neighbours; places count from 0."""

    lines: Sequence[str]
    places: list[int] = field(default_factory=list)  # all that are not blank
    posted: dict[int, Posted] = field(default_factory=dict)
    boilerplate: dict[int, str] = field(default_factory=dict)
    text: list[int] = field(default_factory=list)  # neither of the two above
    phrases: dict[int, str] = field(default_factory=dict)  # boilerplate where a post has ended
    dated: set[int] = field(default_factory=set)  # ends in a date
    read_more: set[int] = field(default_factory=set)  # ends in "Read more"
    previous: dict[int, int] = field(default_factory=dict)
    excerpts: set[int] = field(default_factory=set)  # has "Read more" at its end or behind it
    has_header: bool = False  # for sure, whatever follows
    is_numbered: bool = False  # the header says which page it is

    def __post_init__(self) -> None:
        for i, line in enumerate(self.lines):
            if line.strip():
                self.places.append(i)
                self._sort(i, line)
        self.previous = {i: before for before, i in pairwise(self.places)}
        self.excerpts = {self._excerpt_of(i) for i in self.read_more} - {-1}
        self._settle_phrases()
        self.text = [i for i in self.places if i not in self.posted and i not in self.boilerplate]
        self._see_first_line()

    def _sort(self, i: int, line: str) -> None:
        if shape.without_read_more(line) is not None:
            self.read_more.add(i)
        elif found := shape.posted(line):
            self.posted[i] = found
        elif shape.dated_title(line):
            self.dated.add(i)
        elif kind := shape.boilerplate(line):
            self.boilerplate[i] = kind
        elif kind := shape.phrase(line):
            self.phrases[i] = kind

    def _settle_phrases(self) -> None:
        """Make boilerplate of the phrases behind which their post has no more text."""
        ended, following = True, -1
        for i in reversed(self.places):
            if i in self.phrases and ended:
                self.boilerplate[i] = self.phrases[i]
            elif i not in self.boilerplate and i not in self.phrases:
                ended = i in self.posted or self._starts_post(i, following)
            following = i
        for before, i in pairwise(self.places):
            asks = before in self.posted and shape.comments(self.lines[i])
            if i in self.phrases and (before in self.boilerplate or asks):
                self.boilerplate[i] = self.phrases[i]

    def _starts_post(self, i: int, following: int) -> bool:
        """Whether a line is a title, judged by itself and what is behind it alone."""
        if following in self.posted:
            return i in self.dated or shape.may_be_title(self.lines[i])
        teased = following in self.read_more and shape.without_read_more(self.lines[following])
        return i in self.dated and bool(teased)

    def _excerpt_of(self, i: int) -> int:
        """The place of the excerpt that a "Read more" ends: its own line, or the one before."""
        if shape.without_read_more(self.lines[i]):
            return i
        before = self.previous.get(i, -1)
        return before if self._is_text(before) else -1

    def _is_text(self, i: int) -> bool:
        """Whether a line is neither a title by its date nor any mark around the texts."""
        return i >= 0 and not any(i in kind for kind in (self.posted, self.dated, self.boilerplate))

    def _see_first_line(self) -> None:
        first = self.places[0] if self.places else -1
        if first < 0 or first in self.posted or first in self.dated or first in self.read_more:
            return
        line = self.lines[first]
        categories = {name for posted in self.posted.values() for name in posted.categories}
        self.is_numbered = shape.numbered(line)
        in_header = self.is_numbered or shape.header(line)
        self.has_header = in_header or shape.tag(line) or shape.plain(line) in categories

    def between(self, first: int, end: int) -> list[int]:
        """The places of text from `first` on and before `end`."""
        return self.text[bisect_left(self.text, first) : bisect_left(self.text, end)]

    def header(self) -> int | None:
        """The place of the page's header: a tag with the site's name, or a tag alone."""
        if self.has_header:
            return self.places[0]
        first = self.places[0] if self.places else -1
        starts_post = first in self.posted or first in self.dated or first in self.read_more
        if first < 0 or starts_post or not shape.short(self.lines[first]):
            return None
        rest = [i for i in self.places[1:20] if i not in self.boilerplate][:2]
        if rest and rest[0] in self.dated:
            return first
        near = [first, *rest[:1]]
        if len(rest) < 2 or not all(shape.may_be_title(self.lines[i]) for i in near):
            return None
        titled = rest[1] in self.posted and self._heads(rest[0], rest[1])
        starts_post = rest[0] in self.posted or rest[0] in self.read_more
        teased = rest[1] in self.excerpts and not starts_post
        return first if titled or teased else None

    def full_starts(self) -> list[tuple[int, int]]:
        """The first line of each full post, its title if it has one, and its "Posted on" line."""
        before = ((self.previous.get(posted, posted), posted) for posted in self.posted)
        return [(i if self._heads(i, posted) else posted, posted) for i, posted in before]

    def _blank_before(self, i: int) -> int:
        """The number of blank lines before; at the top of the page there is no end to them."""
        at_top = i == self.places[0] or (self.has_header and self.previous[i] == self.places[0])
        return len(self.lines) if at_top else i - self.previous[i] - 1

    def _heads(self, i: int, posted: int) -> bool:
        """Whether the last line before "Posted on" is the post's title, not the end of another.

        A line that has not the shape of a title, but stands apart as titles do, is one too.
        """
        is_header = self.has_header and i == self.places[0]
        if i in self.posted or is_header or not shape.short(self.lines[i]):
            return False
        if i in self.dated:
            return True
        before, behind = self._blank_before(i), posted - i - 1
        apart = before >= 2 and behind <= 1
        if i in self.read_more:
            above = self.previous.get(i, -1)
            return apart and self._is_text(above) and above not in self.read_more
        if i in self.boilerplate:
            return apart
        near = behind <= before or self.previous[i] in self.read_more
        return apart or (near and shape.may_be_title(self.lines[i]))

    def is_single_post(self) -> bool:
        """Whether this is a page of one post: "Posted on" after the body or nowhere."""
        text = [i for i in self.text if not (self.has_header and i == self.places[0])]
        if len(self.posted) > 1 or not text:
            return False
        if self.posted:
            (posted,) = self.posted
            return self._is_body(self.between(text[0], posted), posted)
        if self.has_header or self.read_more or text[0] not in self.dated:
            return False
        words = sum(len(self.lines[i].split()) for i in text[1:])
        return not self._only_teasers(text) and (len(text) > 2 or words > EXCERPT_WORDS)

    def _is_body(self, before: list[int], posted: int) -> bool:
        """Whether the text before the only "Posted on" line is its post."""
        teased = any(
            previous in self.dated or shape.may_be_title(self.lines[previous])
            for previous, i in pairwise(before)
            if i in self.read_more and not self.is_lone_read_more(i)
        )
        near = self.previous.get(posted)
        if not before or teased or self.read_more & {before[0], before[-1]}:
            return False
        titled = near is not None and self._heads(near, posted)
        if titled and near in self.dated:
            return False
        after = self.between(posted, len(self.lines))
        if not after or self.asks_for_comments(posted):
            if len(before) == 1:
                return not shape.may_be_title(self.lines[before[0]])
            return not (titled and after and len(before) == 2)
        if titled or self.has_header or len(before) == 1 or self._only_teasers(before):
            return False
        return self._length(before) >= self._length(after)

    def asks_for_comments(self, posted: int) -> bool:
        """Whether the comment form is on the page, behind its "Posted on" line."""
        kinds = [kind for i, kind in self.boilerplate.items() if i > posted]
        return shape.COMMENT_FORM in kinds

    def opens(self, first: int, rest: list[int]) -> bool:
        """Whether the first line of a post on its own page is its title.

        With a full stop at its end it is one where more blank lines follow it than a paragraph.
        """
        if shape.may_be_title(self.lines[first]):
            return True
        gaps = [i - self.previous[i] for i in rest]
        return shape.short(self.lines[first]) and len(gaps) > 1 and gaps[0] > max(gaps[1:])

    def is_anchored(self) -> bool:
        """Whether there is anything on the page that plain text has not."""
        return bool(self.posted or self.dated or self.read_more or self.is_numbered)

    def is_lone_read_more(self, i: int) -> bool:
        """Whether the line is a "Read more" that stands apart from its excerpt."""
        return i in self.read_more and not shape.without_read_more(self.lines[i])

    def heads_excerpt(self, i: int, following: int, expected: bool) -> bool:
        """Whether an undated line is the title of the excerpt in the next one.

        Where a title still expects its excerpt, that is what the line is, unless it stands nearer
        to that title than to what follows.
        """
        if following in self.dated or self.is_lone_read_more(following):
            return False
        nearer = self._blank_before(i) < following - i - 1
        if not (nearer if expected else shape.short(self.lines[i])):
            return False
        ends_page = following == self.text[-1] and not shape.may_be_title(self.lines[following])
        cut = ends_page and shape.may_be_title(self.lines[i])
        return following in self.excerpts or (cut and self.is_anchored())

    def _length(self, places: list[int]) -> int:
        return sum(len(self.lines[i]) for i in places)

    def _only_teasers(self, text: list[int]) -> bool:
        """Whether several dated titles have no more than a paragraph behind each of them."""
        titles = [place for place, i in enumerate(text) if i in self.dated]
        ends = [*titles[1:], len(text)]
        return len(titles) > 1 and all(b - a <= 2 for a, b in zip(titles, ends, strict=True))


def _single_post(page: _Lines) -> Draft:
    """The one post of its own page: a title, the body, and "Posted on" behind it if anywhere."""
    posted = next(iter(page.posted), None)
    end = len(page.lines) if posted is None else posted
    first, *rest = page.between(page.places[1] if page.has_header else 0, end)
    if page.has_header:
        page.boilerplate[page.places[0]] = shape.PAGE_HEADER
    if posted is not None and page.asks_for_comments(posted):
        page.boilerplate |= dict.fromkeys(page.between(posted, len(page.lines)), COMMENTS)
    titled = first in page.dated or (rest and page.opens(first, rest))
    body = _body(page, rest if titled else [first, *rest])
    return _draft(page, first if titled else None, body, "full", posted)


def _archive(page: _Lines) -> list[Draft]:
    """The teasers and the full posts of a page that shows several, or a few lines of one."""
    header = page.header()
    if header is not None:
        page.boilerplate[header] = shape.PAGE_HEADER
    starts = page.full_starts()
    ends = [start for start, _ in starts] + [len(page.lines)]
    drafts = _teasers(page, [i for i in page.between(0, ends[0]) if i != header])
    for (start, posted), end in zip(starts, ends[1:], strict=True):
        drafts += _full(page, start, posted, end)
    return drafts


def _full(page: _Lines, start: int, posted: int, end: int) -> list[Draft]:
    """A full post, and what teasers with a dated title stand behind it on the page."""
    text = page.between(posted, end)
    behind = [
        place
        for place, (i, following) in enumerate(pairwise(text))
        if i in page.dated and shape.without_read_more(page.lines[following])
    ]
    split = behind[0] if behind else len(text)
    body = _body(page, text[:split])
    title = start if start != posted else None
    return [_draft(page, title, body, "full", posted), *_teasers(page, text[split:])]


def _body(page: _Lines, text: list[int]) -> list[int]:
    """The text that is a post's own: none of the titles listed behind "Here are other ... posts",
    and nothing behind the pagination that ends a page.
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


def _teasers(page: _Lines, places: list[int]) -> list[Draft]:
    """The teasers that the lines at these places are; a line that fits none stays unrecognised."""
    drafts: list[Draft] = []
    title: int | None = None
    body: list[int] = []

    def close(whole: bool = False) -> None:
        nonlocal title, body
        if title is not None or body:
            # Without "Read more" nothing says where it ends: an excerpt is one paragraph.
            drafts.append(_draft(page, title, body if whole else body[:1], "teaser"))
        title, body = None, []

    for i, following in zip_longest(places, places[1:]):
        expected = title is not None and not body
        if i in page.dated:
            close()
            title = i
        elif i in page.read_more:
            body.append(i)
            close(whole=True)
        elif following is not None and page.heads_excerpt(i, following, expected):
            close()
            title = i
        elif title is not None or i in page.excerpts:
            body.append(i)
    close()
    return drafts


def _draft(
    page: _Lines, title: int | None, body: list[int], kind: Kind, mark: int | None = None
) -> Draft:
    """The draft of a post from the places of its title, its body and its "Posted on" line."""
    posted = page.posted[mark] if mark is not None else Posted(None, ())
    line = "" if title is None else page.lines[title]
    dated = shape.dated_title(line)
    shown = _with_gaps(page.lines, body)
    if kind == "teaser" and shown:
        shown[-1] = shape.excerpt(shown[-1])
    text, caption = cut_caption(paragraphs(shown))
    return Draft(
        title=dated[0] if dated else shape.undated_title(line),
        text=text,
        date=(dated[1] if dated else None) or posted.date,
        kind=kind,
        lines=tuple(sorted(i + 1 for i in (title, *body, mark) if i is not None)),
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
