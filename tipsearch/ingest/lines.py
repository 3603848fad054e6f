"""What can a line of an archive dump be? Each shape is told without a look at its neighbours."""

import re
from dataclasses import dataclass
from datetime import date as Date

_DATED = re.compile(
    r"(?P<title>.*?)\s*[-–—]\s*(?:TOW\s*)?"
    r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4}|\d{2})(?:\s*[-–—]?\s*TOW)?"
)
_HEADER = re.compile(r"(?P<tag>.+?)\s\|\s.+")
_READ_MORE = re.compile(r"\s*\[?\bRead [Mm]ore\b\]?[\s»→›….]*$")
_COMMENTS = (
    r"(?:please )?(?:leave|add) a (?:comment|reply)"
    r"|(?:no|\d+) (?:comments?|repl(?:y|ies)|responses?)(?: yet)?"
    r"|comments? (?:are )?(?:off|closed)(?: on .*)?"
)
_POSTED = re.compile(
    r"Posted on "
    r"(?:(?P<numbers>\d{1,2}/\d{1,2}/\d{2,4}) |(?P<words>[A-Z]\w+\.? \d{1,2}, \d{4}) )?"
    rf"in\b\s*(?P<categories>.*?)\s*(?:\b(?i:{_COMMENTS}))?"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

RELATED_POSTS = "related posts"
PAGINATION = "pagination"
PAGE_HEADER = "page header"
_BOILERPLATE = {
    "sign-up": r"(?:(?:sign ?up for free tips!?|contact us|more resources for you|"
    r"visit our home page)\s*)+",
    RELATED_POSTS: r"did you like this post\?.*",
    "advertisement": r"interested in improving (?:your|the) .*customer service\?.*"
    r"|check out our (?:new |latest )?.*\bbook\b.*",
    PAGINATION: r"(?=.*(?:previous|next|«|»|older|newer))"
    r"(?:(?:« )?(?:previous|older)(?: (?:page|posts|entries))?|(?:next|newer)"
    r"(?: (?:page|posts|entries))?(?: »)?|page|of|\d+|\.{3}|…|«|»|←|→|\s)+",
    "comment form": rf"(?:{_COMMENTS})(?: cancel reply)?|cancel reply|post comment|submit comment"
    r"|your e-?mail address will not be published.*|required fields are marked.*"
    r"|(?:comment|name|e-?mail|website)\s*\*?|save my name, e-?mail, and website.*"
    r"|you must be logged in to post a comment.*",
}
_KINDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _BOILERPLATE.items()}

LONGEST_TITLE = 150


@dataclass(frozen=True, slots=True)
class Posted:
    """What a "Posted on ... in ..." line says."""

    date: Date | None
    categories: tuple[str, ...]


def plain(line: str) -> str:
    """A line for matching: NBSPs and runs of white space as one space, quotes straight."""
    return " ".join(line.replace("’", "'").replace("‘", "'").split())


def boilerplate(line: str) -> str | None:
    """The kind of boilerplate that the whole line is, if any."""
    text = plain(line)
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(text)), None)


def header(line: str) -> bool:
    """Whether a page's first line is its header: a tag, a bar and the site's name."""
    return bool(_HEADER.fullmatch(plain(line)))


def dated_title(line: str) -> tuple[str, Date] | None:
    """Title and date of a line that ends in a date behind a hyphen or dash."""
    match = _DATED.fullmatch(line.strip())
    if not match or len(match["title"]) > LONGEST_TITLE:
        return None
    date = _date(int(match["year"]), int(match["month"]), int(match["day"]))
    return (match["title"].strip(), date) if date else None


def undated_title(line: str) -> str:
    """The title that a whole line is, without the mark of the weekly tips."""
    return re.sub(r"\s*[-–—]?\s+TOW$", "", line.strip())


def may_be_title(line: str) -> bool:
    """Whether an undated line has the shape of a title: short, no bullet, no end of a sentence."""
    text = plain(line)
    ends_sentence = re.search(r"(?<!\.)\.[\"'”)]*$", text) and not re.search(r"\b[A-Z]\.$", text)
    return len(text) <= LONGEST_TITLE and not ends_sentence and text[:1] not in "•*«"


def without_read_more(line: str) -> str | None:
    """An excerpt without the "Read more" that it ends in, or None where it ends in none."""
    match = _READ_MORE.search(line)
    return line[: match.start()] if match else None


def posted(line: str) -> Posted | None:
    """The date, if any, and the categories of a "Posted on" line."""
    match = _POSTED.fullmatch(plain(line))
    if not match:
        return None
    date = None
    if match["numbers"]:
        month, day, year = (int(part) for part in match["numbers"].split("/"))
        date = _date(year, month, day)
    elif match["words"] and (name := match["words"][:3].lower()) in _MONTHS:
        day, year = (int(part) for part in re.findall(r"\d+", match["words"]))
        date = _date(year, _MONTHS.index(name) + 1, day)
    names = (name.strip() for name in match["categories"].split(","))
    return Posted(date, tuple(name for name in names if name))


def _date(year: int, month: int, day: int) -> Date | None:
    """The day, with a year of two digits between 1970 and 2069; None where there is no such day."""
    if year < 100:
        year += 2000 if year < 70 else 1900
    try:
        return Date(year, month, day)
    except ValueError:
        return None
