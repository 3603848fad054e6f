"""The k-nearest-neighbour graph of posts: hubs, orphans, mutual pairs, components and a layout.

Each post points to its k nearest posts. The unevenness of the in-degrees is called hubness:
M. Radovanović, A. Nanopoulos, M. Ivanović, "Hubs in Space: Popular Nearest Neighbors in
High-Dimensional Data", Journal of Machine Learning Research 11 (2010).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tipsearch.errors import SettingError, check_limit
from tipsearch.views.tables import Column, Table

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.ranking.search import Search
    from tipsearch.store.ranking import Ranking
    from tipsearch.store.reader import Reader
    from tipsearch.views.charts import Picture

    Rows = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]
    Nearest = Sequence[tuple[str, float]]

HUB_DEVIATIONS = 2.0
MAX_LAYOUT_POSTS = 3_000  # forces act between all pairs, and more posts cannot be seen anyway
LAYOUT_STEPS = 150
LAYOUT_BATCH = 256  # posts whose distances to all others are in memory together
SEED = 2_010


class Node(NamedTuple):
    """A post of the graph: its degrees, its component, and whether it is a hub or an orphan."""

    id: str
    in_degree: int
    out_degree: int
    component: int
    hub: bool
    orphan: bool


class Edge(NamedTuple):
    """`target` is in the list of `source`; `mutual` is whether `source` is in that of `target`."""

    source: str
    target: str
    score: float
    mutual: bool


@dataclass(frozen=True, eq=False)
class RelatedGraph:
    """A directed graph of posts, made by `RelatedGraph.of`.

    `ids` are the posts, and `titles` their labels, in the order given. Edge e goes from post
    `sources[e]` to `targets[e]` (int64, positions in `ids`) and has `scores[e]` (float64). Edges
    are in order of source, then in the order of its list.
    """

    ids: tuple[str, ...]
    sources: Rows
    targets: Rows
    scores: Floats
    titles: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        nearest: Mapping[str, Nearest] | Iterable[tuple[str, Nearest]],
        titles: Sequence[str] = (),
    ) -> RelatedGraph:
        """Build the graph from the list of neighbours of each post.

        `nearest` has pairs `(id, [(id, score), ...])`, or is a mapping of these. `titles` are
        labels of the posts in the same order; without them the ids are the labels. Raises
        SettingError where an id has two lists, is in its own list, is twice in one list, or has no
        list.
        """
        lists = list(nearest.items() if isinstance(nearest, Mapping) else nearest)
        rows = {id: row for row, (id, _) in enumerate(lists)}
        if len(rows) < len(lists):
            raise SettingError("nearest", f"{len(lists)} lists", "one list for each post")
        for id, neighbours in lists:
            others = [other for other, _ in neighbours]
            if len({id, *others}) <= len(others) or not rows.keys() >= set(others):
                raise SettingError("nearest", id, "a list of other posts of the graph, each once")
        edges = [
            (rows[id], rows[other], score)
            for id, neighbours in lists
            for other, score in neighbours
        ]
        sources, targets, scores = zip(*edges, strict=True) if edges else ((), (), ())
        return cls(
            tuple(rows),
            np.array(sources, np.int64),
            np.array(targets, np.int64),
            np.array(scores, np.float64),
            tuple(titles or rows),
        )

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<RelatedGraph of {len(self):,} posts and {len(self.targets):,} edges>"

    # --- posts

    @cached_property
    def in_degrees(self) -> Rows:
        """The number of lists that each post is in, N_k in the paper: int64, shape (posts,)."""
        return np.bincount(self.targets, minlength=len(self)).astype(np.int64)

    @cached_property
    def hubs(self) -> tuple[str, ...]:
        """The ids of the hubs, by descending in-degree.

        A hub's in-degree exceeds the mean by more than two standard deviations, the usual threshold
        in the literature on hubness. Where all in-degrees are equal there are none.
        """
        order = np.argsort(-self.in_degrees, kind="stable")
        return tuple(self.ids[row] for row in order.tolist() if self._is_hub[row])

    @cached_property
    def _is_hub(self) -> npt.NDArray[np.bool_]:
        degrees = self.in_degrees
        if not len(degrees):
            return np.zeros(0, np.bool_)
        return np.asarray(degrees > degrees.mean() + HUB_DEVIATIONS * degrees.std() + 1e-9)

    @property
    def orphans(self) -> tuple[str, ...]:
        """The ids of the posts that are in no list, in order."""
        return tuple(id for id, degree in zip(self.ids, self.in_degrees, strict=True) if not degree)

    @property
    def skewness(self) -> float:
        """The hubness of the graph: the skewness of the in-degrees N, E(N - mean)³ / sd³.

        It is near 0 without hubs, and 0 where all in-degrees are equal.
        """
        degrees = self.in_degrees.astype(np.float64)
        if not len(degrees) or degrees.std() == 0:
            return 0.0
        return float((((degrees - degrees.mean()) / degrees.std()) ** 3).mean())

    # --- pairs

    @cached_property
    def mutual(self) -> npt.NDArray[np.bool_]:
        """Whether each edge has its reverse in the graph: bool, shape (edges,)."""
        forward = self._keys(self.sources, self.targets)
        return np.isin(forward, self._keys(self.targets, self.sources))

    @property
    def mutual_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of posts in each other's list, each pair once, in order of the posts."""
        once = self.mutual & (self.sources < self.targets)
        rows = sorted(zip(self.sources[once].tolist(), self.targets[once].tolist(), strict=True))
        return tuple((self.ids[first], self.ids[second]) for first, second in rows)

    @property
    def reciprocity(self) -> float:
        """The share of the edges whose reverse is in the graph; 0 without edges."""
        return float(self.mutual.mean()) if len(self.mutual) else 0.0

    def _keys(self, first: Rows, second: Rows) -> Rows:
        """A number for each pair of posts."""
        return first * len(self) + second

    # --- the graph

    @cached_property
    def component_of(self) -> Rows:
        """The weakly connected component of each post: int64, shape (posts,).

        Components are numbered from 0 by descending size, then by their first post.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        if not len(self):
            return np.zeros(0, np.int64)
        ones = np.ones(len(self.sources), np.int8), (self.sources, self.targets)
        adjacency = csr_matrix(ones, shape=(len(self),) * 2)
        labels = connected_components(adjacency, directed=False)[1]
        _, first, sizes = np.unique(labels, return_index=True, return_counts=True)
        rank = np.argsort(np.lexsort((first, -sizes)))
        return np.asarray(rank[labels], np.int64)

    @property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """The ids of each weakly connected component, the largest first."""
        members: list[list[str]] = [[] for _ in range(self.component_of.max(initial=-1) + 1)]
        for id, component in zip(self.ids, self.component_of.tolist(), strict=True):
            members[component].append(id)
        return tuple(map(tuple, members))

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """The posts, in order."""
        degrees = self.in_degrees.tolist()
        out = np.bincount(self.sources, minlength=len(self)).tolist()
        parts, hubs = self.component_of.tolist(), self._is_hub.tolist()
        orphans = [degree == 0 for degree in degrees]
        return tuple(map(Node, self.ids, degrees, out, parts, hubs, orphans))

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, in order."""
        sources = [self.ids[row] for row in self.sources.tolist()]
        targets = [self.ids[row] for row in self.targets.tolist()]
        return tuple(map(Edge, sources, targets, self.scores.tolist(), self.mutual.tolist()))

    def layout(self) -> Floats:
        """Return a force-directed layout, centred at 0: float64, shape (posts, 2).

        The forces are those of T. Fruchterman and E. Reingold, "Graph Drawing by Force-directed
        Placement" (1991), and a weak pull to the middle, which keeps components together. The same
        graph has the same layout. Raises SettingError above 3,000 posts.
        """
        if len(self) > MAX_LAYOUT_POSTS:
            expected = f"of at most {MAX_LAYOUT_POSTS} posts"
            raise SettingError("graph", f"{len(self)} posts", expected)
        places = np.random.default_rng(SEED).uniform(-1.0, 1.0, (len(self), 2))
        ideal = 2.0 / max(len(self), 1) ** 0.5
        for heat in np.linspace(0.2, 0.002, LAYOUT_STEPS):
            moves = _repulsion(places, ideal)
            along = places[self.targets] - places[self.sources]
            pull = along * np.sqrt((along**2).sum(axis=1, keepdims=True)) / ideal
            np.add.at(moves, self.sources, pull)
            np.subtract.at(moves, self.targets, pull)
            moves -= places * ideal
            lengths = np.sqrt((moves**2).sum(axis=1, keepdims=True)) + 1e-12
            places = places + moves / lengths * np.minimum(lengths, heat)
        return places - places.mean(axis=0) if len(self) else places

    def summary(self) -> dict[str, float]:
        """Return the measures of the graph by name, such as for `pandas.Series(graph.summary())`.

        `posts`, `edges`, `hubs`, `orphans` and `components` are counts. `highest in-degree` is the
        greatest number of lists that one post is in, and `reached` the share of the posts that are
        in some list. `skewness` and `reciprocity` are as the properties.
        """
        return {
            "posts": len(self),
            "edges": len(self.targets),
            "highest in-degree": int(self.in_degrees.max(initial=0)),
            "hubs": len(self.hubs),
            "orphans": len(self.orphans),
            "reached": float((self.in_degrees > 0).mean()) if len(self) else 0.0,
            "skewness": self.skewness,
            "reciprocity": self.reciprocity,
            "components": len(self.components),
        }

    # --- tables and a chart

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each post. Raises ExtraMissing.

        Columns: `id`, `title`, `in_degree`, `out_degree`, `component`, and `kind`
        ("hub", "post" or "orphan").
        """
        columns = [*zip(*self.nodes, strict=True)] or [()] * len(Node._fields)
        kinds = [*map(_kind, self.nodes)]
        return Table(
            {
                "id": Column("text", self.ids),
                "title": Column("text", self.titles),
                **{
                    name: Column("int", columns[Node._fields.index(name)])
                    for name in ("in_degree", "out_degree", "component")
                },
                "kind": Column("text", kinds),
            }
        ).export(arrow)

    def edges_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each edge. Raises ExtraMissing.

        Columns: `source` and `target` (ids), `source_title`, `target_title`, `score`, and `mutual`.
        """
        ends = {"source": self.sources.tolist(), "target": self.targets.tolist()}
        return Table(
            {
                **{
                    name: Column("text", [self.ids[row] for row in rows])
                    for name, rows in ends.items()
                },
                **{
                    f"{name}_title": Column("text", [self.titles[row] for row in rows])
                    for name, rows in ends.items()
                },
                "score": Column("float", self.scores),
                "mutual": Column("bool", self.mutual),
            }
        ).export(arrow)

    def picture(self) -> Picture:
        """Return a chart of the layout: hubs are large and labelled, orphans marked.

        Raises ExtraMissing, and SettingError above 3,000 posts.
        """
        from tipsearch.views import charts as pictures

        nodes = [
            pictures.GraphNode(x, y, title, node.in_degree, _kind(node))
            for (x, y), title, node in zip(
                self.layout().tolist(), self.titles, self.nodes, strict=True
            )
        ]
        edges = [*zip(self.sources.tolist(), self.targets.tolist(), strict=True)]
        return pictures.related_graph(nodes, edges)


def _repulsion(places: Floats, ideal: float) -> Floats:
    """The sum of the forces by which all others push each post away: shape (posts, 2)."""
    forces = np.empty_like(places)
    for first in range(0, len(places), LAYOUT_BATCH):
        batch = slice(first, first + LAYOUT_BATCH)
        x, y = (places[batch, axis, None] - places[:, axis] for axis in (0, 1))
        push = ideal**2 / (x * x + y * y + 1e-9)
        forces[batch, 0] = np.einsum("ij,ij->i", x, push)
        forces[batch, 1] = np.einsum("ij,ij->i", y, push)
    return forces


def _kind(node: Node) -> Literal["hub", "post", "orphan"]:
    return "hub" if node.hub else "orphan" if node.orphan else "post"


def graph_of(
    reader: Reader, search: Search, limit: int, ranking: str | Ranking | None
) -> RelatedGraph:
    """Return the graph of an index, in which each post points to its `limit` related posts.

    Raises SettingError for a limit below 1 or a ranking that the index cannot give.
    """
    limit, chosen = check_limit(limit), search.usable(ranking, of_post=True)
    ids = [*reader.ids]
    nearest = (
        (id, [(ids[other], score) for other, score in search.related(row, limit, chosen)])
        for row, id in enumerate(ids)
    )
    return RelatedGraph.of(nearest, [reader.post(row).label for row in range(reader.posts)])
