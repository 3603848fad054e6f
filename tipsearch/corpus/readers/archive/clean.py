"""Cleaning of text that was rendered from a page: image captions and blank lines."""

import re

_CAPTION = re.compile(
    r"""(?P<caption>(?:[A-Z][A-Za-z]*\s){0,3}   # "Blog ", "Tip Image "
        \d{1,2}[-._]\d{1,2}[-._](?:\d{4}|\d{2})) # "9-4-14"
        (?=["'“‘(\[]?[A-Z])                      # the first word, with no space before it""",
    re.VERBOSE,
)


def cut_caption(text: str) -> tuple[str, str]:
    """Cut off an image caption that is glued to the first word: the text, and the caption or "".

    A caption is a date with hyphens, dots or underscores, after up to three words, followed by a
    capital without a space. So "9-4-14 was" and "In 9/4/14In" stay as they are.

    >>> cut_caption("Blog 9-4-14In too many cities")
    ('In too many cities', 'Blog 9-4-14')
    >>> cut_caption("Blog 9-4-14 was about cities")
    ('Blog 9-4-14 was about cities', '')
    """
    match = _CAPTION.match(text)
    return (text[match.end() :], match["caption"]) if match else (text, "")


def paragraphs(lines: list[str]) -> str:
    """Join lines to a text, each stripped, with one blank line for each run of blank lines."""
    text = "\n".join(line.strip() for line in lines)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
