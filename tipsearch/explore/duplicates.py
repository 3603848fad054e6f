"""Duplicates: groups of posts that repeat each other, by the exact cosine of their TF-IDF rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple, overload

import numpy as np

from tipsearch.errors import SettingError
from tipsearch.explore.allpairs import similar_pairs
from tipsearch.views.tables import Column, Table

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.store.reader import Reader

    Ints = npt.NDArray[np.int64]
    Floats = npt.NDArray[np.float64]

LEAST = 0.5  # below it posts do not repeat each other, and there are too many pairs


class Copy(NamedTuple):
    """A post that another one repeats; `title` is its label.

    `similarity` is its cosine with the post of its group that is most like it.
    """

    id: str
    title: str
    date: Date | None
    similarity: float


Group = tuple[Copy, ...]  # two posts at least, the oldest first


@dataclass(frozen=True)
class Duplicates(Sequence[Group]):
    """Groups of posts that repeat each other: a sequence, the group of the oldest post first.

    Two posts are in one group if their cosine is `at_least` or more, or if other posts of the group
    link them so. Within a group the oldest post is first; posts without a date are last, and posts
    of one date are in order of id. `compared` is the number of posts that have a word.
    """

    groups: tuple[Group, ...]
    at_least: float
    compared: int

    @overload
    def __getitem__(self, place: int) -> Group: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Group, ...]: ...
    def __getitem__(self, place: int | slice) -> Group | tuple[Group, ...]:
        return self.groups[place]

    def __len__(self) -> int:
        return len(self.groups)

    def __repr__(self) -> str:
        groups = f"{len(self):,} group{'s' if len(self) != 1 else ''}"
        return f"<Duplicates: {groups} of {self.posts:,} posts, at least {self.at_least} alike>"

    @property
    def posts(self) -> int:
        """The number of posts in the groups."""
        return sum(map(len, self.groups))

    def to_json(self) -> list[dict[str, Any]]:
        """Return each group as JSON types: its number, from 1, and its posts."""
        return [
            {
                "group": number,
                "posts": [
                    copy._asdict() | {"date": copy.date and copy.date.isoformat()} for copy in group
                ],
            }
            for number, group in enumerate(self.groups, start=1)
        ]

    def to_frame(self, *, arrow: bool = False) -> Any:
        """Return a pandas DataFrame or pyarrow Table with a row for each post. Raises ExtraMissing.

        Columns: `group` (its number, from 1), `id`, `title`, `date` and `similarity`.
        """
        rows = [(number, *copy) for number, group in enumerate(self, 1) for copy in group]
        numbers, ids, titles, dates, similarities = zip(*rows, strict=True) if rows else ((),) * 5
        return Table(
            {
                "group": Column("int", numbers),
                "id": Column("text", ids),
                "title": Column("text", titles),
                "date": Column("date", dates),
                "similarity": Column("float", similarities),
            }
        ).export(arrow)


def find(reader: Reader, matrix: Any, at_least: float) -> Duplicates:
    """Return the groups of posts that repeat each other.

    `matrix` has the TF-IDF rows of the index: CSR, shape (posts, terms), rows of length 1. Raises
    SettingError for a threshold that is no number from LEAST to 1.
    """
    if isinstance(at_least, bool) or not isinstance(at_least, int | float):
        raise SettingError("at_least", at_least, f"a number from {LEAST} to 1")
    if not LEAST <= at_least <= 1:
        raise SettingError("at_least", at_least, f"a number from {LEAST} to 1")
    filled = np.flatnonzero(np.diff(matrix.indptr))
    labels, similarities = _components(matrix[filled], at_least)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1, append=-1)).tolist()
    groups = [
        tuple(
            sorted(
                (_copy(reader, int(filled[row]), float(similarities[row])) for row in order[a:b]),
                key=_by_age,
            )
        )
        for a, b in pairwise(starts)
        if b - a > 1
    ]
    groups.sort(key=lambda group: _by_age(group[0]))
    return Duplicates(tuple(groups), at_least, len(filled))


def _components(rows: Any, at_least: float) -> tuple[Ints, Floats]:
    """Return the number of the group of each row, and its greatest cosine with another row of it.

    A row alone in its group has 0. Equal rows are compared with the others as one.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    first, distinct = _equal_rows(rows)
    pairs = similar_pairs(rows[first], at_least)
    links = np.ones(len(pairs.first), np.int8), (pairs.first, pairs.second)
    graph = coo_matrix(links, shape=(len(first),) * 2)
    labels = connected_components(graph, directed=False)[1]
    nearest = np.zeros(len(first))
    np.maximum.at(nearest, pairs.first, pairs.cosines)
    np.maximum.at(nearest, pairs.second, pairs.cosines)
    nearest[np.bincount(distinct, minlength=len(first)) > 1] = 1.0
    return labels[distinct].astype(np.int64), nearest[distinct]


def _equal_rows(rows: Any) -> tuple[Ints, Ints]:
    """Return the first of each set of equal rows, and for each row the place of its set there."""
    places: dict[bytes, int] = {}
    first, distinct = list[int](), np.empty(rows.shape[0], np.int64)
    for row, (start, end) in enumerate(pairwise(rows.indptr.tolist())):
        content = rows.indices[start:end].tobytes() + rows.data[start:end].tobytes()
        digest = blake2b(content, digest_size=16).digest()
        distinct[row] = place = places.setdefault(digest, len(places))
        if place == len(first):
            first.append(row)
    return np.array(first, np.int64), distinct


def _copy(reader: Reader, row: int, similarity: float) -> Copy:
    post = reader.post(row)
    return Copy(post.id, post.label, post.date, similarity)


def _by_age(copy: Copy) -> tuple[bool, Date, str]:
    return copy.date is None, copy.date or Date.min, copy.id
