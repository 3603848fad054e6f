"""Search and related posts over a corpus of short posts.

    posts, report = tipsearch.read("seeds/")
    index = tipsearch.Index.build(posts)
    index.query("angry customer on the phone", limit=5)

The names below load on first use, so that importing tipsearch costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # to import typing takes as long as all else here
if TYPE_CHECKING:
    from typing import Any

    from tipsearch.errors import TipsearchError as TipsearchError
    from tipsearch.explanation import Explanation as Explanation
    from tipsearch.hits import Hits as Hits
    from tipsearch.index import Index as Index
    from tipsearch.ingest.reader import read as read
    from tipsearch.ingest.report import IngestReport as IngestReport
    from tipsearch.model import Hit as Hit
    from tipsearch.model import Post as Post
    from tipsearch.model import Source as Source
    from tipsearch.ranking import Ranking as Ranking
    from tipsearch.text import Analyzer as Analyzer
    from tipsearch.topics.topics import Topics as Topics
    from tipsearch.weighting import Weighting as Weighting

_HOMES = {
    "Analyzer": "text",
    "Explanation": "explanation",
    "Hit": "model",
    "Hits": "hits",
    "Index": "index",
    "IngestReport": "ingest.report",
    "Post": "model",
    "Ranking": "ranking",
    "Source": "model",
    "TipsearchError": "errors",
    "Topics": "topics.topics",
    "Weighting": "weighting",
    "read": "ingest.reader",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


if not TYPE_CHECKING:  # so that a type checker still finds a wrong name

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)

    def __dir__() -> list[str]:
        return __all__
