"""How do answers look in a notebook? A list of hits that shows itself as a small HTML table."""

from __future__ import annotations

from typing import Any, SupportsIndex, overload

from tipsearch.model import Hit

HEADS = ("rank", "title", "date", "score", "snippet")


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
        from tipsearch import markup

        if not self:
            return markup.paragraph("No post was found.")
        shown = markup.table(HEADS, map(_cells, self[: markup.SHOWN]), {"date"})
        more = len(self) - markup.SHOWN
        return shown + (markup.paragraph(f"… and {more:,} more") if more > 0 else "")


def _cells(hit: Hit) -> tuple[str, ...]:
    from tipsearch.markup import link

    post = hit.post
    title, date = link(post.label, post.url or ""), str(post.date or "")
    return str(hit.rank), title, date, f"{hit.score:.3f}", hit.snippet
