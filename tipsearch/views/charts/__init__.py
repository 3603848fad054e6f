"""Charts of a corpus, by Altair: each function takes plain values and returns a `Picture`.

They raise ExtraMissing without the extra `notebooks`. Importing this package does not load Altair.
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
