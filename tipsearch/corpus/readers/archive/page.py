"""What is each line of a page beside its neighbours: a title, a header, the end of a post?"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tipsearch.corpus.readers.archive import lines as shape
from tipsearch.corpus.readers.archive.lines import Posted

EXCERPT_WORDS = 70  # an excerpt has some 55 words; a lone paragraph of more is a post


@dataclass
class PageLines:
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
