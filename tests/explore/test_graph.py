"""The graph of related posts: hand-made graphs, and that of the seeds."""

import numpy as np
import pytest

from tipsearch.errors import SettingError
from tipsearch.explore.graph import Edge, Node, RelatedGraph
from tipsearch.index import Index

SMALL = {
    "a": [("b", 0.9), ("c", 0.5)],
    "b": [("a", 0.9)],
    "c": [("a", 0.4)],
    "d": [("a", 0.1)],
    "e": [("f", 0.3)],
    "f": [],
}


@pytest.fixture(scope="module")
def graph() -> RelatedGraph:
    """The graph of SMALL."""
    return RelatedGraph.of(SMALL)


def test_counts_by_hand(graph: RelatedGraph) -> None:
    """Degrees, orphans, mutual pairs, reciprocity and components are those counted by hand."""
    assert graph.in_degrees.tolist() == [3, 1, 1, 0, 0, 1]
    assert graph.orphans == ("d", "e")
    assert graph.mutual_pairs == (("a", "b"), ("a", "c"))
    assert graph.reciprocity == 4 / 6
    assert graph.components == (("a", "b", "c", "d"), ("e", "f"))
    assert graph.nodes[4] == Node("e", 0, 1, 1, False, True)
    assert graph.edges[:2] == (Edge("a", "b", 0.9, True), Edge("a", "c", 0.5, True))
    assert graph.edges[-1] == Edge("e", "f", 0.3, False)
    assert graph.skewness == 1.0  # cubes 8, 0, 0, -1, -1, 0; deviation 1


def test_summary(graph: RelatedGraph) -> None:
    """The numbers of a graph are its own, and those of no graph are 0."""
    assert graph.summary() == {
        "posts": 6, "edges": 6, "highest in-degree": 3, "hubs": 0, "orphans": 2, "reached": 4 / 6,
        "skewness": 1.0, "reciprocity": 4 / 6, "components": 2,
    }  # fmt: skip
    assert not any(RelatedGraph.of({}).summary().values())


def test_hub_rule() -> None:
    """A hub's in-degree is over the mean by more than two standard deviations, and no other's."""
    star = RelatedGraph.of([("hub", []), *((f"p{n}", [("hub", 1.0)]) for n in range(9))])
    assert star.hubs == ("hub",)  # in-degree 9; mean 0.9, deviation 2.7
    ring = RelatedGraph.of([(str(n), [(str((n + 1) % 5), 1.0)]) for n in range(5)])
    assert ring.hubs == ()
    assert ring.skewness == 0
    assert len(ring.components) == 1


@pytest.mark.parametrize(
    "nearest",
    [
        [("a", []), ("a", [])],
        [("a", [("a", 1.0)])],
        [("a", [("b", 1.0), ("b", 1.0)]), ("b", [])],
        [("a", [("z", 1.0)])],
    ],
    ids=["list twice", "its own", "named twice", "not a post"],
)
def test_what_is_no_graph_is_refused(nearest: list[tuple[str, list[tuple[str, float]]]]) -> None:
    """A post has one list, of other posts of the graph, each once."""
    with pytest.raises(SettingError, match="nearest cannot be"):
        RelatedGraph.of(nearest)


def test_graph_of_nothing() -> None:
    """No posts, or posts without lists, are a graph too."""
    empty, alone = RelatedGraph.of([]), RelatedGraph.of([("a", [])])
    assert not any((empty.nodes, empty.edges, empty.hubs, empty.orphans, empty.components))
    assert empty.reciprocity == empty.skewness == 0
    assert empty.layout().shape == (0, 2)
    assert alone.orphans == ("a",)
    assert alone.layout().tolist() == [[0, 0]]


def test_layout_has_linked_posts_near(graph: RelatedGraph) -> None:
    """The layout is the same each time, finite, and linked posts are nearer than others."""
    places = graph.layout()
    assert np.array_equal(places, RelatedGraph.of(SMALL).layout())
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    linked = np.zeros((6, 6), np.bool_)
    linked[graph.sources, graph.targets] = linked[graph.targets, graph.sources] = True
    assert distances[linked].mean() < 0.7 * distances[~linked & ~np.eye(6, dtype=bool)].mean()


def test_layout_refuses_what_cannot_be_seen() -> None:
    """A graph of more than 3,000 posts is not laid out."""
    with pytest.raises(SettingError, match="at most 3000 posts"):
        RelatedGraph.of([(str(n), []) for n in range(3_001)]).layout()


def test_graph_of_the_seeds(index: Index) -> None:
    """On the seeds, each list counts: the in-degrees sum up to the edges."""
    graph = RelatedGraph.of(
        (post.id, [(hit.id, hit.score) for hit in index.related(post.id, 10)]) for post in index
    )
    assert graph.in_degrees.sum() == len(graph.edges) == 560
    assert set(graph.hubs).isdisjoint(graph.orphans)
    assert 2 * len(graph.mutual_pairs) == graph.mutual.sum()
