"""PageLines: the lines of a page of an archive dump, classified with regard to their neighbours."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tipsearch.corpus.readers.archive import lines as shape
from tipsearch.corpus.readers.archive.lines import Posted

MAX_EXCERPT_WORDS = 70  # an excerpt has some 55 words; a single paragraph of more is a post


@dataclass
class PageLines:
    """The classified lines of a page.

    A place is the index of a line, from 0. `text` are the places that are neither in `posted` nor
    in `boilerplate`.
    """

    lines: Sequence[str]
    places: list[int] = field(default_factory=list)  # of all lines that are not blank
    posted: dict[int, Posted] = field(default_factory=dict)  # "Posted on" lines
    boilerplate: dict[int, str] = field(default_factory=dict)  # their kinds
    text: list[int] = field(default_factory=list)
    phrases: dict[int, str] = field(default_factory=dict)  # kinds, if their post has ended
    dated: set[int] = field(default_factory=set)  # ends in a date
    read_more: set[int] = field(default_factory=set)  # ends in "Read more"
    previous: dict[int, int] = field(default_factory=dict)  # the place before each
    excerpts: set[int] = field(default_factory=set)  # "Read more" is at its end or follows it
    has_header: bool = False  # for certain, whatever follows
    is_numbered: bool = False  # the header has the number of the page

    def __post_init__(self) -> None:
        for i, line in enumerate(self.lines):
            if line.strip():
                self.places.append(i)
                self._classify(i, line)
        self.previous = {i: before for before, i in pairwise(self.places)}
        self.excerpts = {self._excerpt_of(i) for i in self.read_more} - {-1}
        self._classify_phrases()
        self.text = [i for i in self.places if i not in self.posted and i not in self.boilerplate]
        self._classify_first_line()

    def _classify(self, i: int, line: str) -> None:
        """Classify a line by its own text."""
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

    def _classify_phrases(self) -> None:
        """Make boilerplate of each phrase that no more text of its post follows."""
        ended, following = True, -1
        for i in reversed(self.places):
            if i in self.phrases and ended:
                self.boilerplate[i] = self.phrases[i]
            elif i not in self.boilerplate and i not in self.phrases:
                ended = i in self.posted or self._starts_post(i, following)
            following = i
        for before, i in pairwise(self.places):
            comments = before in self.posted and shape.is_comment_count(self.lines[i])
            if i in self.phrases and (before in self.boilerplate or comments):
                self.boilerplate[i] = self.phrases[i]

    def _starts_post(self, i: int, following: int) -> bool:
        """Whether a line is a title, by itself and the line that follows."""
        if following in self.posted:
            return i in self.dated or shape.may_be_title(self.lines[i])
        excerpt = following in self.read_more and shape.without_read_more(self.lines[following])
        return i in self.dated and bool(excerpt)

    def _excerpt_of(self, i: int) -> int:
        """The place of the excerpt of a "Read more": its line or the one before; -1 for none."""
        if shape.without_read_more(self.lines[i]):
            return i
        before = self.previous.get(i, -1)
        return before if self._is_text(before) else -1

    def _is_text(self, i: int) -> bool:
        """Whether a line is no "Posted on", no boilerplate and no dated title."""
        return i >= 0 and not any(i in kind for kind in (self.posted, self.dated, self.boilerplate))

    def _classify_first_line(self) -> None:
        """Set `is_numbered` and `has_header`."""
        first = self.places[0] if self.places else -1
        if first < 0 or first in self.posted or first in self.dated or first in self.read_more:
            return
        line = self.lines[first]
        categories = {name for posted in self.posted.values() for name in posted.categories}
        self.is_numbered = shape.is_numbered_header(line)
        has_site = self.is_numbered or shape.is_header(line)
        self.has_header = has_site or shape.is_tag(line) or shape.plain(line) in categories

    def between(self, first: int, end: int) -> list[int]:
        """The places of text from `first` to before `end`."""
        return self.text[bisect_left(self.text, first) : bisect_left(self.text, end)]

    def header(self) -> int | None:
        """The place of the header, a tag with or without the site's name; None for no header."""
        if self.has_header:
            return self.places[0]
        first = self.places[0] if self.places else -1
        starts_post = first in self.posted or first in self.dated or first in self.read_more
        if first < 0 or starts_post or not shape.is_short(self.lines[first]):
            return None
        rest = [i for i in self.places[1:20] if i not in self.boilerplate][:2]
        if rest and rest[0] in self.dated:
            return first
        titles = [first, *rest[:1]]
        if len(rest) < 2 or not all(shape.may_be_title(self.lines[i]) for i in titles):
            return None
        before_full_post = rest[1] in self.posted and self._is_title_of(rest[0], rest[1])
        starts_post = rest[0] in self.posted or rest[0] in self.read_more
        before_teaser = rest[1] in self.excerpts and not starts_post
        return first if before_full_post or before_teaser else None

    def full_starts(self) -> list[tuple[int, int]]:
        """The places of the title (or else of "Posted on") and of "Posted on" of each full post."""
        before = ((self.previous.get(posted, posted), posted) for posted in self.posted)
        return [(i if self._is_title_of(i, posted) else posted, posted) for i, posted in before]

    def _blank_before(self, i: int) -> int:
        """The number of blank lines before a line; at the top of the page, more than any other."""
        at_top = i == self.places[0] or (self.has_header and self.previous[i] == self.places[0])
        return len(self.lines) if at_top else i - self.previous[i] - 1

    def _is_title_of(self, i: int, posted: int) -> bool:
        """Whether the line before a "Posted on" is the title of that post, not the end of another.

        A line that does not look like a title is one if it stands apart as titles do.
        """
        is_header = self.has_header and i == self.places[0]
        if i in self.posted or is_header or not shape.is_short(self.lines[i]):
            return False
        if i in self.dated:
            return True
        before, after = self._blank_before(i), posted - i - 1  # blank lines
        apart = before >= 2 and after <= 1
        if i in self.read_more:
            above = self.previous.get(i, -1)
            return apart and self._is_text(above) and above not in self.read_more
        if i in self.boilerplate:
            return apart
        is_near = after <= before or self.previous[i] in self.read_more
        return apart or (is_near and shape.may_be_title(self.lines[i]))

    def is_single_post(self) -> bool:
        """Whether this is the page of one post: its "Posted on" is after the body or missing."""
        text = [i for i in self.text if not (self.has_header and i == self.places[0])]
        if len(self.posted) > 1 or not text:
            return False
        if self.posted:
            (posted,) = self.posted
            return self._is_body(self.between(text[0], posted), posted)
        if self.has_header or self.read_more or text[0] not in self.dated:
            return False
        words = sum(len(self.lines[i].split()) for i in text[1:])
        return not self._only_teasers(text) and (len(text) > 2 or words > MAX_EXCERPT_WORDS)

    def _is_body(self, before: list[int], posted: int) -> bool:
        """Whether the text before the only "Posted on" line is its post."""
        has_teaser = any(
            previous in self.dated or shape.may_be_title(self.lines[previous])
            for previous, i in pairwise(before)
            if i in self.read_more and not self.is_lone_read_more(i)
        )
        last = self.previous.get(posted)
        if not before or has_teaser or self.read_more & {before[0], before[-1]}:
            return False
        titled = last is not None and self._is_title_of(last, posted)
        if titled and last in self.dated:
            return False
        after = self.between(posted, len(self.lines))
        if not after or self.has_comment_form(posted):
            if len(before) == 1:
                return not shape.may_be_title(self.lines[before[0]])
            return not (titled and after and len(before) == 2)
        if titled or self.has_header or len(before) == 1 or self._only_teasers(before):
            return False
        return self._length(before) >= self._length(after)

    def has_comment_form(self, posted: int) -> bool:
        """Whether a comment form follows the "Posted on" line."""
        kinds = [kind for i, kind in self.boilerplate.items() if i > posted]
        return shape.COMMENT_FORM in kinds

    def is_first_title(self, first: int, rest: list[int]) -> bool:
        """Whether the first line of a post on its own page is its title; `rest` is what follows.

        A line with a full stop is a title if more blank lines follow it than any paragraph.
        """
        if shape.may_be_title(self.lines[first]):
            return True
        gaps = [i - self.previous[i] for i in rest]
        return shape.is_short(self.lines[first]) and len(gaps) > 1 and gaps[0] > max(gaps[1:])

    def has_marks(self) -> bool:
        """Whether the page has any mark of a dump, such as "Posted on" or a dated title."""
        return bool(self.posted or self.dated or self.read_more or self.is_numbered)

    def is_lone_read_more(self, i: int) -> bool:
        """Whether the line is a "Read more" alone, without its excerpt."""
        return i in self.read_more and not shape.without_read_more(self.lines[i])

    def is_excerpt_title(self, i: int, following: int, expected: bool) -> bool:
        """Whether an undated line is the title of the excerpt in the next line.

        `expected` tells that the title before has no excerpt yet. Then the line is that excerpt,
        unless it stands nearer to that title than to the next line.
        """
        if following in self.dated or self.is_lone_read_more(following):
            return False
        nearer = self._blank_before(i) < following - i - 1
        if not (nearer if expected else shape.is_short(self.lines[i])):
            return False
        ends_page = following == self.text[-1] and not shape.may_be_title(self.lines[following])
        is_cut = ends_page and shape.may_be_title(self.lines[i])  # the page ends in the excerpt
        return following in self.excerpts or (is_cut and self.has_marks())

    def _length(self, places: list[int]) -> int:
        return sum(len(self.lines[i]) for i in places)

    def _only_teasers(self, text: list[int]) -> bool:
        """Whether there are several dated titles, each with no more than one paragraph."""
        titles = [place for place, i in enumerate(text) if i in self.dated]
        ends = [*titles[1:], len(text)]
        return len(titles) > 1 and all(b - a <= 2 for a, b in zip(titles, ends, strict=True))
