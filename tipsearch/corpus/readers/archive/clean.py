"""Repairs of what rendering a page to text has broken. Each is pure and says what it refuses."""

import re

_CAPTION = re.compile(
    r"""(?P<caption>(?:[A-Z][A-Za-z]*\s){0,3}   # "Blog ", "Tip Image "
        \d{1,2}[-._]\d{1,2}[-._](?:\d{4}|\d{2})) # "9-4-14"
        (?=["'“‘(\[]?[A-Z])                      # the first word, with no space before it""",
    re.VERBOSE,
)


def cut_caption(text: str) -> tuple[str, str]:
    """The text without the image caption that is glued to its first word, and that caption.

    Refuses all but a date written with hyphens, dots or underscores, behind up to three words,
    that runs into a capital: "9-4-14 was" and "In 9-4-14In" stay as they are.

    >>> cut_caption("Blog 9-4-14In too many cities")
    ('In too many cities', 'Blog 9-4-14')
    >>> cut_caption("Blog 9-4-14 was about cities")
    ('Blog 9-4-14 was about cities', '')
    """
    match = _CAPTION.match(text)
    return (text[match.end() :], match["caption"]) if match else (text, "")


def paragraphs(lines: list[str]) -> str:
    """Lines as one text: no white space around a line, one blank line where there were several."""
    text = "\n".join(line.strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
