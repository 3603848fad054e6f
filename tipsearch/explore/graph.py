"""The graph of related posts: who is in whose list, what is in all of them, what is in none.

Each post points to its nearest n. How unevenly the arrows arrive is called hubness: M. Radovanović,
A. Nanopoulos, M. Ivanović, "Hubs in Space: Popular Nearest Neighbors in High-Dimensional Data",
Journal of Machine Learning Research 11 (2010).
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
MOST_LAID_OUT = 3_000  # posts: the forces are between all pairs, and more cannot be seen anyway
STEPS = 150
STRIPE = 256  # posts whose distances to all others are held at once
SEED = 2_010


class Node(NamedTuple):
    """A post of the graph: in how many lists it is, how long its own is, and its component."""

    id: str
    in_degree: int
    out_degree: int
    component: int
    hub: bool
    orphan: bool


class Edge(NamedTuple):
    """`target` is in the list of `source`, by that score; `mutual`: and the other way."""

    source: str
    target: str
    score: float
    mutual: bool


@dataclass(frozen=True, eq=False)
class RelatedGraph:
    """A directed graph of posts; `RelatedGraph.of` makes one.

    `ids` are the posts in the order given. Edge e goes from post `sources[e]` to `targets[e]`
    (int64, places in `ids`) and has `scores[e]` (float64); edges are in order of source, then as
    its list has them.
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
        """The graph of each post's nearest ones: `(id, [(id, score), ...])`, or a mapping.

        `titles` are what to call the posts, in the same order; the ids, if there are none. Raises
        SettingError where an id comes twice, is in its own list, or is in a list only.
        """
        lists = list(nearest.items() if isinstance(nearest, Mapping) else nearest)
        rows = {id: row for row, (id, _) in enumerate(lists)}
        if len(rows) < len(lists):
            raise SettingError("nearest", f"{len(lists)} lists", "one list for each post")
        for id, near in lists:
            named = [other for other, _ in near]
            if len({id, *named}) <= len(named) or not rows.keys() >= set(named):
                raise SettingError("nearest", id, "a list of other posts of the graph, each once")
        edges = [(rows[id], rows[other], score) for id, near in lists for other, score in near]
        sources, targets, scores = zip(*edges, strict=True) if edges else ((), (), ())
        whole = np.array(sources, np.int64), np.array(targets, np.int64)
        return cls(tuple(rows), *whole, np.array(scores, np.float64), tuple(titles or rows))

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"<RelatedGraph of {len(self):,} posts and {len(self.targets):,} edges>"

    # --- posts

    @cached_property
    def in_degrees(self) -> Rows:
        """In how many lists each post is, the N_k of the paper: int64, shape (posts,)."""
        return np.bincount(self.targets, minlength=len(self)).astype(np.int64)

    @cached_property
    def hubs(self) -> tuple[str, ...]:
        """The posts in many more lists than most, those in the most lists first.

        Their in-degree is over the mean by more than two standard deviations, the threshold that
        is usual in the literature on hubness. Where all in-degrees are equal there are none.
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
        """The posts in no other post's list, in order: nobody is led to them."""
        return tuple(id for id, degree in zip(self.ids, self.in_degrees, strict=True) if not degree)

    @property
    def skewness(self) -> float:
        """The hubness of the graph: the skewness of the in-degrees, E(N - mean)³ / sd³.

        About 0 where no post is in more lists than chance has it; 0 where all are in as many.
        """
        degrees = self.in_degrees.astype(np.float64)
        if not len(degrees) or degrees.std() == 0:
            return 0.0
        return float((((degrees - degrees.mean()) / degrees.std()) ** 3).mean())

    # --- pairs

    @cached_property
    def mutual(self) -> npt.NDArray[np.bool_]:
        """Which edges have one the other way: bool, shape (edges,)."""
        there, back = self._keys(self.sources, self.targets), self._keys(self.targets, self.sources)
        return np.isin(there, back)

    @property
    def mutual_pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs that have each other in their lists, each once, in order of the posts."""
        once = self.mutual & (self.sources < self.targets)
        rows = sorted(zip(self.sources[once].tolist(), self.targets[once].tolist(), strict=True))
        return tuple((self.ids[first], self.ids[second]) for first, second in rows)

    @property
    def reciprocity(self) -> float:
        """The share of the edges that have one the other way; 0 where there are none."""
        return float(self.mutual.mean()) if len(self.mutual) else 0.0

    def _keys(self, first: Rows, second: Rows) -> Rows:
        return first * len(self) + second

    # --- the whole

    @cached_property
    def component_of(self) -> Rows:
        """The connected component of each post, whichever way edges point: int64, shape (posts,).

        Number 0 is the largest; of equals, the one with the earlier post.
        """
        from scipy.sparse import csr_matrix
        from scipy.sparse.csgraph import connected_components

        if not len(self):
            return np.zeros(0, np.int64)
        ones = np.ones(len(self.sources), np.int8), (self.sources, self.targets)
        found = connected_components(csr_matrix(ones, shape=(len(self),) * 2), directed=False)[1]
        _, first, sizes = np.unique(found, return_index=True, return_counts=True)
        rank = np.argsort(np.lexsort((first, -sizes)))
        return np.asarray(rank[found], np.int64)

    @property
    def components(self) -> tuple[tuple[str, ...], ...]:
        """The ids of each connected component, the largest first."""
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
        """A place for each post, so that few edges are long: float64, shape (posts, 2).

        By the forces of T. Fruchterman and E. Reingold, "Graph Drawing by Force-directed
        Placement" (1991), and a weak pull to the middle, so that components stay together. The
        same graph has the same layout. Raises SettingError above 3,000 posts.
        """
        if len(self) > MOST_LAID_OUT:
            raise SettingError("graph", f"{len(self)} posts", f"of at most {MOST_LAID_OUT} posts")
        places = np.random.default_rng(SEED).uniform(-1.0, 1.0, (len(self), 2))
        ideal = 2.0 / max(len(self), 1) ** 0.5
        for heat in np.linspace(0.2, 0.002, STEPS):
            moves = np.empty_like(places)
            for first in range(0, len(self), STRIPE):
                some = slice(first, first + STRIPE)
                x, y = (places[some, axis, None] - places[:, axis] for axis in (0, 1))
                push = ideal**2 / (x * x + y * y + 1e-9)
                moves[some, 0] = np.einsum("ij,ij->i", x, push)
                moves[some, 1] = np.einsum("ij,ij->i", y, push)
            along = places[self.targets] - places[self.sources]
            pull = along * np.sqrt((along**2).sum(axis=1, keepdims=True)) / ideal
            np.add.at(moves, self.sources, pull)
            np.subtract.at(moves, self.targets, pull)
            moves -= places * ideal
            lengths = np.sqrt((moves**2).sum(axis=1, keepdims=True)) + 1e-12
            places = places + moves / lengths * np.minimum(lengths, heat)
        return places - places.mean(axis=0) if len(self) else places

    def summary(self) -> dict[str, float]:
        """The graph in numbers, to put two side by side: `pandas.Series(graph.summary())`.

        `posts`, `edges`; `highest in-degree`, in how many lists the post is that is in most;
        `hubs`, `orphans`; `reached`, the share of the posts that are in some list; `skewness`,
        `reciprocity`, and `components`.
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

    # --- as tables and a picture

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each post, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `id`, `title`, `in_degree`, `out_degree`, `component`, and `kind`: "hub", "post", "orphan".
        """
        columns = [*zip(*self.nodes, strict=True)] or [()] * len(Node._fields)
        kinds = [*map(_kind, self.nodes)]
        return Table(
            {
                "id": Column("text", self.ids),
                "title": Column("text", self.titles),
                **{
                    name: Column("whole", columns[Node._fields.index(name)])
                    for name in ("in_degree", "out_degree", "component")
                },
                "kind": Column("text", kinds),
            }
        ).given(arrow)

    def edges_frame(self, *, arrow: bool = False) -> Any:
        """A row for each edge, as a pandas DataFrame or a pyarrow Table. Raises ExtraMissing.

        `source` and `target` (ids), `source_title`, `target_title`, `score`, and `mutual`.
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
                "score": Column("real", self.scores),
                "mutual": Column("truth", self.mutual),
            }
        ).given(arrow)

    def picture(self) -> Picture:
        """The graph as it lies: hubs large, orphans marked. Raises ExtraMissing, SettingError."""
        from tipsearch.views import charts as pictures

        nodes = [
            pictures.GraphNode(x, y, title, node.in_degree, _kind(node))
            for (x, y), title, node in zip(
                self.layout().tolist(), self.titles, self.nodes, strict=True
            )
        ]
        edges = [*zip(self.sources.tolist(), self.targets.tolist(), strict=True)]
        return pictures.related_graph(nodes, edges)


def _kind(node: Node) -> Literal["hub", "post", "orphan"]:
    return "hub" if node.hub else "orphan" if node.orphan else "post"


def graph_of(
    reader: Reader, search: Search, limit: int, ranking: str | Ranking | None
) -> RelatedGraph:
    """The graph in which each post of an index points to its `limit` related ones."""
    limit, chosen = check_limit(limit), search.usable(ranking, of_post=True)
    ids = [*reader.ids]
    nearest = (
        (id, [(ids[other], score) for other, score in search.related(row, limit, chosen)])
        for row, id in enumerate(ids)
    )
    return RelatedGraph.of(nearest, [reader.post(row).label for row in range(reader.posts)])
