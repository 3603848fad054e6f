"""Pictures of a corpus: each function takes plain values and gives a `Picture`.

They need the extra `notebooks`, and raise ExtraMissing without it; to import them loads nothing.
"""

from tipsearch.views.charts.counts import bars, histogram
from tipsearch.views.charts.maps import MapPoint, corpus_map
from tipsearch.views.charts.network import GraphNode, related_graph
from tipsearch.views.charts.periods import Cell, over_time
from tipsearch.views.charts.picture import Picture
from tipsearch.views.charts.words import TopicWords, term_bars

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
