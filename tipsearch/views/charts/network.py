"""The chart of the graph of related posts, with hubs and orphans marked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from tipsearch.views.charts.frame import Frame
from tipsearch.views.charts.picture import Picture, altair
from tipsearch.views.charts.style import COLOURS, LIGHT, LONGEST_TOOLTIP, picture, rows, short

SUBTITLE = "A line leads from each post to those in its list of related posts."
CROWDED_NODES = 200  # of more posts, the points are smaller
MAX_LABELLED_HUBS = 12  # those in the most lists
LABEL_OFFSET = 20.0  # pixels, of a label over its hub
LONGEST_HUB_LABEL = 32
NAMES = {"hub": "hub: in many lists", "post": "other post", "orphan": "orphan: in no list"}
COLOUR = {"hub": COLOURS[0], "post": COLOURS[5], "orphan": COLOURS[1]}
SHAPE = {"hub": "circle", "post": "circle", "orphan": "diamond"}


class GraphNode(NamedTuple):
    """A post of the graph: its coordinates, title, in-degree and kind."""

    x: float
    y: float
    title: str
    in_degree: int
    kind: Literal["hub", "post", "orphan"]


def related_graph(
    nodes: Sequence[GraphNode],
    edges: Sequence[tuple[int, int]],
    *,
    title: str = "Related posts",
) -> Picture:
    """Return a chart of posts as points, and edges as lines; edges are pairs of rows of `nodes`.

    The size of a point shows its in-degree. The twelve largest hubs of different titles are
    labelled where there is room. Hovering over a point shows title and in-degree. Raises
    ExtraMissing.
    """
    alt = altair()
    # A hub counts as five points, so that labels avoid it.
    hubs = [node for node in nodes if node.kind == "hub"]
    frame = Frame([(node.x, node.y) for node in [*nodes, *hubs * 4]])
    lines = [
        {"x": float(a.x), "y": float(a.y), "x2": float(b.x), "y2": float(b.y)}
        for a, b in ((nodes[source], nodes[target]) for source, target in edges)
    ]
    links = (
        alt.Chart(rows(alt, lines))
        .mark_rule(color="#8A8A8A", strokeWidth=0.6, opacity=_line_opacity(len(edges)))
        .encode(**frame.axes(alt), x2="x2:Q", y2="y2:Q")
    )
    # Large points are drawn first, so that they hide no other; hubs are drawn last.
    ordered = sorted(nodes, key=lambda node: (node.kind == "hub", -node.in_degree))
    marks = (
        alt.Chart(rows(alt, map(_row, ordered)))
        .mark_point(filled=True, stroke="white", strokeWidth=0.8, opacity=0.95)
        .encode(**frame.axes(alt), **_node_encodings(alt, nodes))
        .add_params(frame.zoom(alt))
    )
    ascending = sorted(hubs, key=lambda hub: hub.in_degree)
    by_label = {short(hub.title, LONGEST_HUB_LABEL): hub for hub in ascending}
    largest = sorted(by_label.items(), key=lambda pair: -pair[1].in_degree)[:MAX_LABELLED_HUBS]
    labels = [(float(hub.x), float(hub.y), text) for text, hub in largest]
    texts = frame.labels(alt, labels, above=LABEL_OFFSET, keep_all=False)
    chart = frame.sized(alt.layer(links, marks, *texts))
    return picture(alt, chart, title, SUBTITLE)


def _node_encodings(alt: Any, nodes: Sequence[GraphNode]) -> dict[str, Any]:
    """The encodings: size by in-degree, colour and shape by kind, and tooltips."""
    kinds = [kind for kind in NAMES if any(node.kind == kind for node in nodes)]
    names, legend = [NAMES[kind] for kind in kinds], alt.Legend(title="Post")
    colours, shapes = [COLOUR[kind] for kind in kinds], [SHAPE[kind] for kind in kinds]
    highest = int(max((node.in_degree for node in nodes), default=0) or 1)
    sizes = [60, 560] if len(nodes) <= CROWDED_NODES else [30, 320]
    return {
        "size": alt.Size("in_degree:Q", scale=alt.Scale(domain=[0, highest], range=sizes)).legend(
            title="Lists that have it", tickCount=4, format="d", symbolType="circle",
            symbolFillColor=LIGHT, symbolStrokeColor=LIGHT,
        ),
        "color": alt.Color("kind:N", scale=alt.Scale(domain=names, range=colours), legend=legend),
        "shape": alt.Shape("kind:N", scale=alt.Scale(domain=names, range=shapes), legend=legend),
        "tooltip": [
            alt.Tooltip("title:N", title="Title"),
            alt.Tooltip("in_degree:Q", title="Lists that have it"),
            alt.Tooltip("kind:N", title="Post"),
        ],
    }  # fmt: skip


def _row(node: GraphNode) -> dict[str, Any]:
    return {
        "x": float(node.x),
        "y": float(node.y),
        "title": short(node.title, LONGEST_TOOLTIP),
        "in_degree": int(node.in_degree),
        "kind": NAMES[node.kind],
    }


def _line_opacity(edges: int) -> float:
    """The opacity of a line: the more edges, the fainter, so that points stay visible."""
    return min(0.6, max(0.12, 300.0 / max(edges, 1)))
