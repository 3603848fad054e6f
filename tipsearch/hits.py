"""How do answers look in a notebook? A list of hits that shows itself as a small HTML table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from tipsearch.model import Hit

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOWN = 50  # each row loads a post
HEADS = ("rank", "title", "date", "score", "snippet")
PLAIN = ' class="tex2jax_ignore mathjax_ignore"'  # or Jupyter sets what is between two $ as maths
LEFT = ' style="text-align: left"'  # Jupyter's own is to the right
WHOLE = ' style="text-align: left; white-space: nowrap"'  # a date would break at its hyphens


class Hits(list[Hit]):
    """Hits, the best first: a list, equal to any other of the same hits; a slice is one too."""

    __slots__ = ()

    @overload
    def __getitem__(self, place: SupportsIndex, /) -> Hit: ...
    @overload
    def __getitem__(self, place: slice[Any, Any, Any], /) -> Hits: ...
    def __getitem__(self, place: SupportsIndex | slice[Any, Any, Any], /) -> Hit | Hits:
        if isinstance(place, slice):
            return Hits(super().__getitem__(place))
        return super().__getitem__(place)

    def _repr_html_(self) -> str:
        """A table of the first 50, in the notebook's own colours; what posts say is escaped."""
        if not self:
            return "<p>No post was found.</p>"
        head = "".join(f"<th{LEFT}>{name}</th>" for name in HEADS)
        more = f"<p>… and {len(self) - SHOWN:,} more</p>" if len(self) > SHOWN else ""
        return (
            f"<table{PLAIN}><thead><tr>{head}</tr></thead>"
            f"<tbody>{''.join(map(_row, self[:SHOWN]))}</tbody></table>{more}"
        )


def _row(hit: Hit) -> str:
    styled = zip((LEFT, LEFT, WHOLE, LEFT, LEFT), _cells(hit), strict=True)
    return f"<tr>{''.join(f'<td{style}>{cell}</td>' for style, cell in styled)}</tr>"


def _cells(hit: Hit) -> Iterator[str]:
    """The content of each cell as HTML; a title is a link only where it leads to the web."""
    from html import escape

    post = hit.post
    yield str(hit.rank)
    title, url = escape(post.label), post.url or ""
    linked = url.lower().startswith(("http://", "https://"))
    yield f'<a href="{escape(url)}" rel="noopener noreferrer">{title}</a>' if linked else title
    yield str(post.date or "")
    yield f"{hit.score:.3f}"
    yield escape(hit.snippet)
