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

    __version__: str

    from tipsearch.analysis.analyzer import Analyzer as Analyzer
    from tipsearch.analysis.weighting import Weighting as Weighting
    from tipsearch.corpus.post import Post as Post
    from tipsearch.corpus.post import Source as Source
    from tipsearch.corpus.read import read as read
    from tipsearch.corpus.report import IngestReport as IngestReport
    from tipsearch.errors import TipsearchError as TipsearchError
    from tipsearch.explore.topics.topics import Topics as Topics
    from tipsearch.index import Index as Index
    from tipsearch.ranking.explanation import Explanation as Explanation
    from tipsearch.ranking.hit import Hit as Hit
    from tipsearch.ranking.hits import Hits as Hits
    from tipsearch.store.ranking import Ranking as Ranking

_HOMES = {
    "Analyzer": "analysis.analyzer",
    "Explanation": "ranking.explanation",
    "Hit": "ranking.hit",
    "Hits": "ranking.hits",
    "Index": "index",
    "IngestReport": "corpus.report",
    "Post": "corpus.post",
    "Ranking": "store.ranking",
    "Source": "corpus.post",
    "TipsearchError": "errors",
    "Topics": "explore.topics.topics",
    "Weighting": "analysis.weighting",
    "read": "corpus.read",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


if not TYPE_CHECKING:  # so that a type checker still finds a wrong name

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            value = version(__name__)
        elif name in _HOMES:
            value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return __all__
