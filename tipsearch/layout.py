"""What is an index made of, and what must hold between its parts?

Row i is one post everywhere: in `posts.jsonl`, the ids, the titles, the rows of the matrix and
the postings. Posts lie in order of id, so row order is the order of ties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.errors import IndexCorrupt

if TYPE_CHECKING:
    from tipsearch.storage import Array, Generation

FACTS = ("posts", "terms", "forms", "sources", "analyzer", "weighting")
STRINGS = ("posts.jsonl", "ids.txt", "titles.txt", "terms.txt", "forms.txt")
ARRAYS: dict[str, str] = {
    **{f"{name.partition('.')[0]}.offsets": "<i8" for name in STRINGS},
    "forms.terms": "<i4",
    "matrix.indptr": "<i4 <i8",
    "matrix.indices": "<i4 <i8",
    "matrix.data": "<f8",
    "postings.indptr": "<i4 <i8",
    "postings.rows": "<i4 <i8",
    "postings.bm25": "<f4",
    "postings.tfidf": "<f8",
    "idf": "<f8",
}


def check(generation: Generation, folder: str) -> None:
    """Raise IndexCorrupt where the parts do not fit together.

    The checksums say that the bytes are those that were written; this says that no place in them
    points outside, which scipy would follow into a crash.
    """

    def require(holds: bool, name: str, reason: str) -> None:
        if not holds:
            raise IndexCorrupt(folder, name, reason)

    arrays, blobs, facts = generation.arrays, generation.blobs, generation.facts
    require(set(facts) == set(FACTS), "manifest.json", "it holds other facts")
    numbers = all(type(facts[name]) is int for name in ("posts", "terms", "forms"))
    require(numbers, "manifest.json", "its counts are no whole numbers")
    require(
        set(blobs) == set(STRINGS) and set(arrays) == set(ARRAYS),
        "manifest.json",
        "it names other files",
    )
    for name, dtypes in ARRAYS.items():
        fits = arrays[name].ndim == 1 and arrays[name].dtype.str in dtypes.split()
        require(fits, f"{name}.npy", f"it is not a list of {dtypes.replace(' ', ' or ')}")
    posts, terms = facts["posts"], facts["terms"]
    for file in STRINGS:
        count = facts.get(table := file.partition(".")[0], posts)  # ids and titles: one a post
        fits = _pointers(arrays[f"{table}.offsets"], count, len(blobs[file]))
        require(fits, f"{table}.offsets.npy", f"its offsets do not fit {file}")
    entries = len(arrays["matrix.data"])
    for name, count in (("matrix.indptr", posts), ("postings.indptr", terms)):
        require(_pointers(arrays[name], count, entries), f"{name}.npy", "its pointers do not fit")
    for name, limit, length in (
        ("matrix.indices", terms, entries),
        ("postings.rows", posts, entries),
        ("forms.terms", terms, facts["forms"]),
    ):
        values = arrays[name]
        inside = not len(values) or (values.min() >= 0 and values.max() < limit)
        require(len(values) == length and bool(inside), f"{name}.npy", "a number is out of range")
    for name, length in (("postings.bm25", entries), ("postings.tfidf", entries), ("idf", terms)):
        require(len(arrays[name]) == length, f"{name}.npy", "its length does not fit")


def _pointers(array: Array, count: int, end: int) -> bool:
    """Whether it is `count` + 1 ascending numbers from 0 to `end`."""
    return (
        len(array) == count + 1
        and array[0] == 0
        and array[-1] == end
        and bool(np.all(array[1:] >= array[:-1]))
    )
