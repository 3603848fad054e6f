"""How does a table look in a notebook? HTML in the notebook's own colours, what is said escaped."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from html import escape

SHOWN = 50  # rows at most, where each is of a post, a query or a file
PLAIN = ' class="tex2jax_ignore mathjax_ignore"'  # or Jupyter sets what is between two $ as maths
LEFT = ' style="text-align: left"'  # Jupyter's own is to the right
WHOLE = ' style="text-align: left; white-space: nowrap"'


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], unbroken: Container[str] = ()
) -> str:
    """A table with these headings and rows of cells; all but `Markup` is escaped.

    Cells below the headings in `unbroken` stay on one line: a date would break at its hyphens.
    """
    styles = [WHOLE if name in unbroken else LEFT for name in heads]
    head = "".join(f"<th{LEFT}>{escape(name)}</th>" for name in heads)
    body = "".join(f"<tr>{''.join(map(_cell, row, styles))}</tr>" for row in rows)
    return f"<table{PLAIN}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _cell(text: str, style: str) -> str:
    return f"<td{style}>{text if isinstance(text, Markup) else escape(text)}</td>"


def paragraph(text: str) -> str:
    """A paragraph of a text, escaped."""
    return f"<p>{escape(text)}</p>"


def link(text: str, url: str) -> str:
    """The text as a link, where it leads to the web."""
    if not url.lower().startswith(("http://", "https://")):
        return text
    return Markup(f'<a href="{escape(url)}" rel="noopener noreferrer">{escape(text)}</a>')
