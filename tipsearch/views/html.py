"""HTML of tables, paragraphs and links for notebooks, with all text escaped."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from html import escape

MAX_ROWS = 50  # of a table of posts, queries or files
NO_MATHS = ' class="tex2jax_ignore mathjax_ignore"'  # Jupyter sets text between two $ as maths
LEFT = ' style="text-align: left"'  # Jupyter's default is right
LEFT_NO_WRAP = ' style="text-align: left; white-space: nowrap"'


class Markup(str):
    """A string of HTML, which is not escaped again."""

    __slots__ = ()


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], unbroken: Container[str] = ()
) -> str:
    """Return the HTML of a table; headings and cells are escaped, except for `Markup`.

    Cells of the columns in `unbroken` stay on one line: a date would break at its hyphens.
    """
    styles = [LEFT_NO_WRAP if name in unbroken else LEFT for name in heads]
    head = "".join(f"<th{LEFT}>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row, styles))}</tr>" for row in rows)
    return f"<table{NO_MATHS}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str, style: str) -> str:
    return f"<td{style}>{text if isinstance(text, Markup) else escape(text)}</td>"


def paragraph(text: str) -> str:
    """Return the HTML of a paragraph; the text is escaped."""
    return f"<p>{escape(text)}</p>"


def link(text: str, url: str) -> str:
    """Return the text as an HTML link, or the text itself where the URL is not of http or https."""
    if not url.lower().startswith(("http://", "https://")):
        return text
    return Markup(f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(text)}</a>')
