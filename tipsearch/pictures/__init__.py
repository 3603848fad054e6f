"""Pictures of a corpus: each function takes plain values and gives a `Picture`.

They need the extra `notebooks`, and raise ExtraMissing without it; to import them loads nothing.
"""

from tipsearch.pictures.counts import bars, histogram
from tipsearch.pictures.maps import MapPoint, corpus_map
from tipsearch.pictures.network import GraphNode, related_graph
from tipsearch.pictures.periods import Cell, over_time
from tipsearch.pictures.picture import Picture
from tipsearch.pictures.words import TopicWords, term_bars

__all__ = [
    "Cell",
    "GraphNode",
    "MapPoint",
    "Picture",
    "TopicWords",
    "bars",
    "corpus_map",
    "histogram",
    "over_time",
    "related_graph",
    "term_bars",
]
