"""Tables of results: named columns, exported as pandas DataFrames or pyarrow Tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tipsearch.errors import ExtraMissing

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.post import Post
    from tipsearch.ranking.hit import Hit

    Floats = npt.NDArray[np.float64]

Kind = Literal["text", "texts", "date", "int", "int or none", "float", "bool"]
PANDAS_DTYPES: dict[Kind, str] = {
    "text": "string", "texts": "object", "date": "datetime64[s]",
    "int": "int64", "int or none": "Int64", "float": "float64", "bool": "bool",
}  # fmt: skip


class Column(NamedTuple):
    """The kind of a column and its values, a list or an array of one dimension.

    Values of "texts" are lists of strings. Values of "text", "date", "float" and "int or none" may
    be None.
    """

    kind: Kind
    values: Sequence[Any] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Columns of equal length by name, in order."""

    columns: Mapping[str, Column]

    def export(self, arrow: bool) -> Any:
        """Return a pyarrow Table if `arrow`, else a pandas DataFrame. Raises ExtraMissing."""
        return self.arrow() if arrow else self.frame()

    def frame(self) -> Any:
        """Return a pandas DataFrame with an index from 0. Raises ExtraMissing.

        Texts have the dtype "string". Dates are datetime64[s], with NaT for None: nanoseconds hold
        only the years 1677 to 2262.
        """
        pandas = load_library(arrow=False)
        return pandas.DataFrame(
            {
                name: pandas.Series(
                    np.array(values, "datetime64[s]") if kind == "date" else values,
                    dtype=PANDAS_DTYPES[kind],
                )
                for name, (kind, values) in self.columns.items()
            }
        )

    def arrow(self) -> Any:
        """Return a pyarrow Table; dates are date32, texts are list<string>. Raises ExtraMissing."""
        pyarrow = load_library(arrow=True)
        types = {
            "text": pyarrow.string(), "texts": pyarrow.list_(pyarrow.string()),
            "date": pyarrow.date32(), "int": pyarrow.int64(),
            "int or none": pyarrow.int64(), "float": pyarrow.float64(),
            "bool": pyarrow.bool_(),
        }  # fmt: skip
        return pyarrow.table(
            {
                name: pyarrow.array(values, type=types[kind])
                for name, (kind, values) in self.columns.items()
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """A square matrix of posts: `values[i, j]`, float64, belongs to `ids[i]` and `ids[j]`."""

    ids: Sequence[str]
    values: Floats

    def export(self, arrow: bool) -> Any:
        """Return a pyarrow Table if `arrow`, else a pandas DataFrame. Raises ExtraMissing.

        The DataFrame has the ids as its index, named "id", and as its columns, named "other". The
        Arrow table has a column `id` and one for each post; where a post has the id "id", the
        first column is `id_`.
        """
        if not arrow:
            pandas = load_library(arrow=False)
            labels = (pandas.Index(self.ids, name=name, dtype="string") for name in ("id", "other"))
            return pandas.DataFrame(self.values, *labels)
        label = "id"
        while label in self.ids:
            label += "_"
        columns = {id: Column("float", self.values[:, j]) for j, id in enumerate(self.ids)}
        return Table({label: Column("text", self.ids), **columns}).arrow()


def load_library(*, arrow: bool) -> Any:
    """Return the module pyarrow if `arrow`, else pandas. Raises ExtraMissing."""
    name = "pyarrow" if arrow else "pandas"
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraMissing("notebooks", name) from error


def of_posts(posts: Iterable[Post], analyzer: Analyzer, terms: Sequence[int]) -> Table:
    """Return a table with a row for each post; `terms` are the numbers of distinct terms."""
    listed = list(posts)

    def column(kind: Kind, value: Any) -> Column:
        return Column(kind, list(map(value, listed)))

    return Table(
        {
            "id": column("text", lambda post: post.id),
            "title": column("text", lambda post: post.title),
            "date": column("date", lambda post: post.date),
            "year": column("int or none", lambda post: post.date and post.date.year),
            "kind": column("text", lambda post: post.kind),
            "categories": column("texts", lambda post: list(post.categories)),
            "words": column("int", lambda post: words(post, analyzer)),
            "terms": Column("int", terms),
            "url": column("text", lambda post: post.url),
            "text": column("text", lambda post: post.text),
            "sources": column("text", _sources),
        }
    )


def of_hits(hits: Iterable[Hit]) -> Table:
    """Return a table with a row for each hit, in their order."""
    listed = list(hits)
    columns: dict[str, tuple[Kind, Callable[[Hit], Any]]] = {
        "rank": ("int", lambda hit: hit.rank),
        "id": ("text", lambda hit: hit.id),
        "score": ("float", lambda hit: hit.score),
        "title": ("text", lambda hit: hit.post.title),
        "date": ("date", lambda hit: hit.post.date),
        "kind": ("text", lambda hit: hit.post.kind),
        "categories": ("texts", lambda hit: list(hit.post.categories)),
        "matched": ("texts", lambda hit: list(hit.matched)),
        "snippet": ("text", lambda hit: hit.snippet),
    }
    return Table(
        {name: Column(kind, list(map(of, listed))) for name, (kind, of) in columns.items()}
    )


def words(post: Post, analyzer: Analyzer) -> int:
    """Return the number of words of the title and text of a post, with stop words."""
    return len(analyzer.tokens(post.title)) + len(analyzer.tokens(post.text))


def _sources(post: Post) -> str:
    return "; ".join(f"{path}:{first}-{last}" for path, first, last in post.sources)
