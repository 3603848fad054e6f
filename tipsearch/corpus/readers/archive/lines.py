"""Patterns of the lines of an archive dump, each matched without its neighbours."""

import re
from dataclasses import dataclass
from datetime import date as Date

MAX_TITLE = 150  # characters
MAX_PHRASE = 250  # more than any boilerplate has; no pattern is matched with a longer line

_DASHES = "(?:[-‐‑‒–—―−]+)"
# A hyphen between a digit and a date, without spaces, is that of a range: "9-4/5/20".
_DATED = re.compile(
    rf"(?P<title>.*?)(?:\s+|(?<!\d)){_DASHES}\s*(?:TOW\s*)?"
    rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}}|\d{{2}})(?:\s*{_DASHES}?\s*TOW)?"
)
_HEADER = re.compile(r"(?:.*\s)?\|\s.+")
_NUMBERED_HEADER = re.compile(r".+ - Page \d+")
_READ_MORE = re.compile(
    r"[\[(]?(?:\b|(?<=[a-z]))(?:Read\s+[Mm]ore|READ\s+MORE)[\])]?[\s»›→….]{0,20}$"
)
_CUT_READ_MORE = (" Read", " Read m", " Read mo", " Read mor")
_COMMENTS = (
    r"(?:please )?(?:leave|add) a (?:comment|reply)"
    r"|(?:no|\d+) (?:comments?|repl(?:y|ies)|responses?)(?: yet)?"
    r"|comments? (?:are )?(?:off|closed)(?: on .*)?"
)
_POSTED = re.compile(
    r"Posted on"
    r"(?: (?P<numbers>\d{1,2}/\d{1,2}/(?:\d{4}|\d{2}))| (?P<words>[A-Z]\w+\.? \d{1,2}, \d{4}))?"
    r"(?: in\b\s*(?:Categories:? )?(?P<categories>.*?))?"
    rf"(?P<comments>\s*\b(?i:{_COMMENTS}))?"
)
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()

PAGE_HEADER = "page header"
RELATED_POSTS = "related posts"
PAGINATION = "pagination"
COMMENT_FORM = "comment form"
_SIGN_UP = r"(?:sign ?up for free tips!?|contact us|more resources for you|visit our home page)"
_BOILERPLATE = {
    "sign-up": rf"{_SIGN_UP}(?:\s*{_SIGN_UP})+",
    RELATED_POSTS: r"did you like this post\?.*",
    "advertisement": r"interested in improving (?:your|the) .*customer service\?.*",
    COMMENT_FORM: r"your e-?mail address will not be published.*|required fields are marked.*"
    r"|save my name, e-?mail,? and website.*|you must be logged in to post a comment.*",
    PAGE_HEADER: r"(?:.*\s)?\|\s.+ - page \d+",
}
_PHRASES = {
    "sign-up": _SIGN_UP,
    "advertisement": r"check out our (?:new |latest )?.*\bbook\b.*",
    COMMENT_FORM: rf"(?:{_COMMENTS})\.?(?: cancel reply)?|cancel reply|(?:post|submit) comment"
    r"|(?:comment|name|e-?mail|website)(?: \(required\))?\s*\*?",
}
_STEPS = set("previous next older newer".split())
_PAGE_WORDS = set("page posts entries of ... …".split())
_ARROWS = set("«»←→‹›")


def _compiled(patterns: dict[str, str]) -> dict[str, re.Pattern[str]]:
    return {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in patterns.items()}


_BOILERPLATE_PATTERNS, _PHRASE_PATTERNS = _compiled(_BOILERPLATE), _compiled(_PHRASES)
_COMMENT_COUNT = re.compile(_COMMENTS, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Posted:
    """The date and the categories of a "Posted on ... in ..." line."""

    date: Date | None
    categories: tuple[str, ...]


def plain(line: str) -> str:
    """A line prepared for matching: white space as single spaces, straight apostrophes."""
    return " ".join(line.replace("’", "'").replace("‘", "'").split())


def boilerplate(line: str) -> str | None:
    """The kind of a line that is boilerplate wherever it stands, or None."""
    text = plain(line)
    if len(text) > MAX_PHRASE:
        return None
    if len(_pagination(text) & {"step", "number", "arrow"}) >= 2:
        return PAGINATION
    return _kind(text, _BOILERPLATE_PATTERNS)


def phrase(line: str) -> str | None:
    """The kind of a line that is boilerplate in a footer but may be a heading elsewhere."""
    text = plain(line)
    if len(text) > MAX_PHRASE:
        return None
    if "step" in (found := _pagination(text)) or found == {"word", "number"}:
        return PAGINATION
    return _kind(text, _PHRASE_PATTERNS)


def _kind(text: str, patterns: dict[str, re.Pattern[str]]) -> str | None:
    return next((kind for kind, pattern in patterns.items() if pattern.fullmatch(text)), None)


def _pagination(text: str) -> set[str]:
    """The elements of pagination in a line that has nothing else: step, arrow, number, word."""
    found = set()
    for word in re.findall(r"\w+|\.{3}|\S", text.lower()):
        if word in _STEPS:
            found.add("step")
        elif word in _ARROWS:
            found.add("arrow")
        elif word.isdecimal():
            found.add("number")
        elif word in _PAGE_WORDS:
            found.add("word")
        else:
            return set()
    return found


def is_comment_count(line: str) -> bool:
    """Whether the line is the number of comments, or asks for one."""
    return bool(_COMMENT_COUNT.fullmatch(plain(line)))


def is_header(line: str) -> bool:
    """Whether the first line of a page is a header for certain: a tag, a bar, the site's name."""
    text = plain(line)
    return len(text) <= MAX_PHRASE and bool(_HEADER.fullmatch(text))


def is_numbered_header(line: str) -> bool:
    """Whether the first line of a page has the number of the page in the archive."""
    text = plain(line)
    return len(text) <= MAX_PHRASE and bool(_NUMBERED_HEADER.fullmatch(text))


def is_tag(line: str) -> bool:
    """Whether the first line of a page is a tag and no title: up to six words in lower case."""
    text = plain(line)
    return text.islower() and bool(re.fullmatch(r"[\w'&-]+(?: [\w'&-]+){0,5}", text))


def dated_title(line: str) -> tuple[str, Date | None] | None:
    """The title and the date of a line that ends in a date after a hyphen or dash, or None.

    A date that does not exist stays in the title, and the date is None.
    """
    line = line.strip()
    if len(line) > MAX_TITLE + 30:
        return None
    match = _DATED.fullmatch(line)
    if not match or len(match["title"]) > MAX_TITLE:
        return None
    date = _date(match["year"], match["month"], match["day"])
    return (match["title"].strip(), date) if date else (undated_title(line), None)


def undated_title(line: str) -> str:
    """The title of a line without a date; the mark "TOW" of the weekly tips is cut off."""
    title = line.strip()
    if not title.endswith("TOW") or not title[:-3][-1:].isspace():
        return title
    return re.sub(r"\s[-–—]$", "", title[:-3].rstrip()).rstrip()


def may_be_title(line: str) -> bool:
    """Whether an undated line may be a title: short, no bullet, no full stop at its end."""
    text = plain(line)
    ends_sentence = re.search(r"(?<!\.)\.[\"'”)]*$", text) and not re.search(r"\b[A-Z]\.$", text)
    return is_short(text) and not ends_sentence


def is_short(line: str) -> bool:
    """Whether a line is no longer than a title may be, and no item of a list."""
    text = line.strip()
    return len(text) <= MAX_TITLE and text[:1] not in "•*«"


def without_read_more(line: str) -> str | None:
    """The line without the "Read more" at its end; None where it has none."""
    line = line.rstrip()
    match = _READ_MORE.search(line, max(0, len(line) - 40))
    return line[: match.start()].rstrip() if match else None


def excerpt(line: str) -> str:
    """The line without the "Read more" at its end, also where the page cuts that short."""
    text = without_read_more(line)
    if text is not None:
        return text
    line = line.rstrip()
    rest = next((end for end in _CUT_READ_MORE if line.endswith(end)), "")
    return line.removesuffix(rest).rstrip()


def posted(line: str) -> Posted | None:
    """The date, if any, and the categories of a "Posted on" line; None for any other line."""
    text = plain(line)
    match = _POSTED.fullmatch(text) if len(text) <= MAX_PHRASE else None
    if not match or text == "Posted on":
        return None
    categories = match["categories"] or ""
    if not match["comments"] and categories[-1:] in tuple(".!?:;"):
        return None  # a sentence
    date = None
    if match["numbers"]:
        month, day, year = match["numbers"].split("/")
        date = _date(year, month, day)
    elif match["words"] and (name := match["words"][:3].lower()) in _MONTHS:
        day, year = re.findall(r"\d+", match["words"])
        date = _date(year, str(_MONTHS.index(name) + 1), day)
    names = (name.strip() for name in categories.split(","))
    return Posted(date, tuple(name for name in names if name))


def _date(year: str, month: str, day: str) -> Date | None:
    """The date, with a year of two digits in 1970 to 2069; None where it does not exist."""
    century = "" if len(year) == 4 else "20" if int(year) < 70 else "19"
    try:
        return Date(int(century + year), int(month), int(day))
    except ValueError:
        return None
