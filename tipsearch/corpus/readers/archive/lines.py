"""What can a line of an archive dump be? Each shape is told without a look at its neighbours."""

import re
from dataclasses import dataclass
from datetime import date as Date

LONGEST_TITLE = 150
LONGEST_PHRASE = 250  # more than any boilerplate has; also keeps the patterns from long lines

_DASHES = "(?:[-‐‑‒–—―−]+)"
# Without a space before it, a hyphen behind a digit is that of a range: "9-4/5/20".
_DATED = re.compile(
    rf"(?P<title>.*?)(?:\s+|(?<!\d)){_DASHES}\s*(?:TOW\s*)?"
    rf"(?P<month>\d{{1,2}})/(?P<day>\d{{1,2}})/(?P<year>\d{{4}}|\d{{2}})(?:\s*{_DASHES}?\s*TOW)?"
)
_HEADER = re.compile(r"(?:.*\s)?\|\s.+")
_NUMBERED = re.compile(r".+ - Page \d+")
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


_KINDS, _WEAK_KINDS = _compiled(_BOILERPLATE), _compiled(_PHRASES)
_COMMENT_COUNT = re.compile(_COMMENTS, re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Posted:
    """What a "Posted on ... in ..." line says."""

    date: Date | None
    categories: tuple[str, ...]


def plain(line: str) -> str:
    """A line for matching: NBSPs and runs of white space as one space, quotes straight."""
    return " ".join(line.replace("’", "'").replace("‘", "'").split())


def boilerplate(line: str) -> str | None:
    """The kind of boilerplate that the whole line is, if no post would have such a line."""
    text = plain(line)
    if len(text) > LONGEST_PHRASE:
        return None
    if len(_pagination(text) & {"step", "number", "arrow"}) >= 2:
        return PAGINATION
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(text)), None)


def phrase(line: str) -> str | None:
    """The kind of boilerplate that the line is in a footer; elsewhere it may be a heading."""
    text = plain(line)
    if len(text) > LONGEST_PHRASE:
        return None
    if "step" in (found := _pagination(text)) or found == {"word", "number"}:
        return PAGINATION
    return next((kind for kind, pattern in _WEAK_KINDS.items() if pattern.fullmatch(text)), None)


def _pagination(text: str) -> set[str]:
    """What a line has of pagination: steps, arrows, numbers, words; empty if it has more."""
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


def comments(line: str) -> bool:
    """Whether the line says how many comments there are, or asks for one."""
    return bool(_COMMENT_COUNT.fullmatch(plain(line)))


def header(line: str) -> bool:
    """Whether a page's first line can only be its header: a tag, a bar and the site's name."""
    text = plain(line)
    return len(text) <= LONGEST_PHRASE and bool(_HEADER.fullmatch(text))


def numbered(line: str) -> bool:
    """Whether a page's first line says which page of the archive it is."""
    text = plain(line)
    return len(text) <= LONGEST_PHRASE and bool(_NUMBERED.fullmatch(text))


def tag(line: str) -> bool:
    """Whether a page's first line is a tag rather than a title: a few words, all in lower case."""
    text = plain(line)
    return text.islower() and bool(re.fullmatch(r"[\w'&-]+(?: [\w'&-]+){0,5}", text))


def dated_title(line: str) -> tuple[str, Date | None] | None:
    """Title and date of a line that ends in a date behind a hyphen or dash.

    A date that no calendar has stays in the title, as the only trace of what was meant.
    """
    line = line.strip()
    if len(line) > LONGEST_TITLE + 30:
        return None
    match = _DATED.fullmatch(line)
    if not match or len(match["title"]) > LONGEST_TITLE:
        return None
    date = _date(match["year"], match["month"], match["day"])
    return (match["title"].strip(), date) if date else (undated_title(line), None)


def undated_title(line: str) -> str:
    """The title that a whole line is, without the mark of the weekly tips."""
    title = line.strip()
    if not title.endswith("TOW") or not title[:-3][-1:].isspace():
        return title
    return re.sub(r"\s[-–—]$", "", title[:-3].rstrip()).rstrip()


def may_be_title(line: str) -> bool:
    """Whether an undated line has the shape of a title: short, no bullet, no end of a sentence."""
    text = plain(line)
    ends_sentence = re.search(r"(?<!\.)\.[\"'”)]*$", text) and not re.search(r"\b[A-Z]\.$", text)
    return short(text) and not ends_sentence


def short(line: str) -> bool:
    """Whether a line is no longer than a title and no item of a list."""
    text = line.strip()
    return len(text) <= LONGEST_TITLE and text[:1] not in "•*«"


def without_read_more(line: str) -> str | None:
    """An excerpt without the "Read more" that it ends in, or None where it ends in none."""
    line = line.rstrip()
    match = _READ_MORE.search(line, max(0, len(line) - 40))
    return line[: match.start()].rstrip() if match else None


def excerpt(line: str) -> str:
    """An excerpt without its "Read more", be it all there or cut off where the page stops."""
    whole = without_read_more(line)
    if whole is not None:
        return whole
    line = line.rstrip()
    cut = next((end for end in _CUT_READ_MORE if line.endswith(end)), "")
    return line.removesuffix(cut).rstrip()


def posted(line: str) -> Posted | None:
    """The date, if any, and the categories of a "Posted on" line."""
    text = plain(line)
    match = _POSTED.fullmatch(text) if len(text) <= LONGEST_PHRASE else None
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
    """The day, with a year of two digits between 1970 and 2069; None where there is no such day."""
    century = "" if len(year) == 4 else "20" if int(year) < 70 else "19"
    try:
        return Date(int(century + year), int(month), int(day))
    except ValueError:
        return None
