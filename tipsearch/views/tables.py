"""How does a result become a table? Named columns, given as a pandas DataFrame or as Arrow."""

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

Kind = Literal["text", "texts", "date", "whole", "whole or none", "real", "truth"]
DTYPES: dict[Kind, str] = {  # of pandas
    "text": "string", "texts": "object", "date": "datetime64[s]",
    "whole": "int64", "whole or none": "Int64", "real": "float64", "truth": "bool",
}  # fmt: skip


class Column(NamedTuple):
    """The values of a column, a list or an array of one dimension, and what they are.

    "texts" are lists of strings. Of "text", "date", "real" and "whole or none" one may
    be None.
    """

    kind: Kind
    values: Sequence[Any] | npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """Named columns of equal length, in order."""

    columns: Mapping[str, Column]

    def given(self, arrow: bool) -> Any:
        """The pyarrow Table where `arrow` is asked for, else the pandas DataFrame."""
        return self.arrow() if arrow else self.frame()

    def frame(self) -> Any:
        """A pandas DataFrame, its index the numbers from 0. Raises ExtraMissing.

        Texts are of the dtype "string", dates datetime64[s] with NaT for none: nanoseconds would
        not reach beyond the years 1677 to 2262.
        """
        pandas = library(arrow=False)
        return pandas.DataFrame(
            {
                name: pandas.Series(
                    np.array(values, "datetime64[s]") if kind == "date" else values,
                    dtype=DTYPES[kind],
                )
                for name, (kind, values) in self.columns.items()
            }
        )

    def arrow(self) -> Any:
        """A pyarrow Table; dates are date32, texts string or list<string>. Raises ExtraMissing."""
        pyarrow = library(arrow=True)
        types = {
            "text": pyarrow.string(), "texts": pyarrow.list_(pyarrow.string()),
            "date": pyarrow.date32(), "whole": pyarrow.int64(),
            "whole or none": pyarrow.int64(), "real": pyarrow.float64(),
            "truth": pyarrow.bool_(),
        }  # fmt: skip
        return pyarrow.table(
            {
                name: pyarrow.array(values, type=types[kind])
                for name, (kind, values) in self.columns.items()
            }
        )


@dataclass(frozen=True, slots=True, eq=False)
class Square:
    """A number for each two posts: `values[i, j]` is that of `ids[i]` and `ids[j]`."""

    ids: Sequence[str]
    values: Floats

    def given(self, arrow: bool) -> Any:
        """The pyarrow Table where `arrow` is asked for, else the DataFrame. Raises ExtraMissing.

        The DataFrame has the ids as its index, "id", and its columns, "other". The Arrow table
        has a column `id` and then one for each post (`id_` where a post has that id itself).
        """
        if not arrow:
            pandas = library(arrow=False)
            labels = (pandas.Index(self.ids, name=name, dtype="string") for name in ("id", "other"))
            return pandas.DataFrame(self.values, *labels)
        label = "id"
        while label in self.ids:
            label += "_"
        columns = {id: Column("real", self.values[:, j]) for j, id in enumerate(self.ids)}
        return Table({label: Column("text", self.ids), **columns}).arrow()


def library(*, arrow: bool) -> Any:
    """The module pyarrow or pandas; ExtraMissing where it is not installed."""
    name = "pyarrow" if arrow else "pandas"
    try:
        return import_module(name)
    except ImportError as error:
        raise ExtraMissing("notebooks", name) from error


def of_posts(posts: Iterable[Post], analyzer: Analyzer, terms: Sequence[int]) -> Table:
    """A row for each post, given how many different terms each has."""
    listed = list(posts)

    def column(kind: Kind, value: Any) -> Column:
        return Column(kind, list(map(value, listed)))

    return Table(
        {
            "id": column("text", lambda post: post.id),
            "title": column("text", lambda post: post.title),
            "date": column("date", lambda post: post.date),
            "year": column("whole or none", lambda post: post.date and post.date.year),
            "kind": column("text", lambda post: post.kind),
            "categories": column("texts", lambda post: list(post.categories)),
            "words": column("whole", lambda post: words(post, analyzer)),
            "terms": Column("whole", terms),
            "url": column("text", lambda post: post.url),
            "text": column("text", lambda post: post.text),
            "sources": column("text", _sources),
        }
    )


def of_hits(hits: Iterable[Hit]) -> Table:
    """A row for each hit, the best first."""
    listed = list(hits)
    columns: dict[str, tuple[Kind, Callable[[Hit], Any]]] = {
        "rank": ("whole", lambda hit: hit.rank),
        "id": ("text", lambda hit: hit.id),
        "score": ("real", lambda hit: hit.score),
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
    """How many words its title and its text have, stop words among them."""
    return len(analyzer.tokens(post.title)) + len(analyzer.tokens(post.text))


def _sources(post: Post) -> str:
    return "; ".join(f"{path}:{first}-{last}" for path, first, last in post.sources)
