"""What is an index made of, and what must hold between its parts?

Row i is one post everywhere: in `posts.jsonl`, the ids, the titles, the rows of the matrix and
the postings. Posts lie in order of id, so row order is the order of ties.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import COARSE, PIECES
from tipsearch.corpus.post import Source
from tipsearch.errors import IndexCorrupt
from tipsearch.store import blocks
from tipsearch.store.storage import HEXADECIMAL
from tipsearch.store.strings import bucket_count

if TYPE_CHECKING:
    from tipsearch.store.storage import Array, Checked, Generation

FACTS = (
    "posts", "terms", "forms", "lengths", "paths", "sources", "analyzer", "weighting", "ranking",
    "embedding",
)  # fmt: skip
STRINGS = ("posts.jsonl", "ids.txt", "titles.txt", "terms.txt", "forms.txt")
PLACES, NUMBERS = "<i4 <i8", "|u1 <u2 <i4"
ARRAYS: dict[str, str] = {
    **{f"{name.partition('.')[0]}.offsets": PLACES for name in STRINGS},
    "posts.flags": "|u1",
    "posts.days": "<i4",
    "forms.buckets": PLACES,
    "forms.terms": "<i4",
    "forms.frequency": "<i4",
    "forms.signatures": "<u8",
    "sources.offsets": PLACES,
    "sources.path": NUMBERS,
    "sources.first": "<i4",
    "sources.lines": NUMBERS,
    "groups.digest": "|u1",
    "groups.source": "<i4",
    "groups.lines": "<i4",
    "matrix.indptr": PLACES,
    "matrix.indices": PLACES,
    "matrix.counts": NUMBERS,
    "matrix.scale": "<f8",
    "postings.indptr": PLACES,
    "postings.rows": "<i4",
    "postings.counts": NUMBERS,
    "postings.bm25": "<f4",
    "frequent": "<i4",
    "blocks.starts": "<i4",
    "blocks.bm25": "|u1",
    "blocks.cosine": "|u1",
    "vectors.codes": "|i1",
    "vectors.scale": "<f4",
    "pieces.offsets": PLACES,
    "pieces.ids": "<i4",
    "cells.rows": "<i4",
    "cells.places": "<i4",
    "cells.starts": "<i4",
    "cells.centroids": "<f4",
}
OF_CELLS = ("rows", "places", "starts", "centroids")
OF_VECTORS = ("vectors.", "pieces.", "cells.")
MOST = 1 << 53  # no float64 holds each whole number beyond


def check(generation: Generation, folder: str) -> None:
    """Raise IndexCorrupt where files, types and lengths do not fit together; reads no content."""

    def require(holds: bool, name: str, reason: str) -> None:
        if not holds:
            raise IndexCorrupt(folder, name, reason)

    arrays, blobs, facts = generation.arrays, generation.blobs, generation.facts
    require(set(facts) == set(FACTS), "manifest.json", "it holds other facts")
    lengths = facts["lengths"] if isinstance(facts["lengths"], list) else []
    require(len(lengths) == 3, "manifest.json", "its lengths are no three numbers")
    counts = [*lengths, *(facts[name] for name in ("posts", "terms", "forms"))]
    numbers = all(type(count) is int and 0 <= count < MOST for count in counts)
    require(numbers, "manifest.json", "its counts are no whole numbers")
    require(_strings(facts["paths"]), "manifest.json", "its paths are no strings")
    pairs = facts["sources"] if isinstance(facts["sources"], list) else [None]
    analyzer = facts["analyzer"]
    listed = isinstance(analyzer, dict) and _strings(analyzer.get("stop_words"))
    require(listed, "manifest.json", "its stop words are no strings")
    told = facts["embedding"] is None or _describes(facts["embedding"])
    require(told, "manifest.json", "its embedding is not described")
    named = all(_strings(pair) and len(pair or ()) == 2 for pair in pairs)
    require(named, "manifest.json", "its sources are no pairs of strings")
    require(
        set(blobs) == set(STRINGS) and set(arrays) == set(ARRAYS),
        "manifest.json",
        "it names other files",
    )
    for name, dtypes in ARRAYS.items():
        fits = arrays[name].data.dtype.str in dtypes.split()
        require(fits, name, f"it is not a list of {dtypes.replace(' ', ' or ')}")
    for name, length in _lengths(generation).items():
        require(len(arrays[name]) == length, name, "its length does not fit")
    starts = len(arrays["cells.starts"])
    require(starts != 1, "cells.starts", "its length does not fit")
    whole = len(arrays["cells.centroids"]) == COARSE * max(starts - 1, 0)
    require(whole, "cells.centroids", "its length does not fit")
    slots = len(arrays["forms.buckets"]) - 1
    require(slots == bucket_count(facts["forms"]), "forms.buckets", "its length does not fit")
    same = arrays["matrix.indptr"].data.dtype == arrays["matrix.indices"].data.dtype
    require(same, "matrix.indices", "its type is not that of the pointers")  # or scipy copies


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value)


def _describes(embedding: object) -> bool:
    """Whether it says which model made vectors that this version can compare."""
    if not isinstance(embedding, dict) or set(embedding) != {"model", "sha256", "dimensions"}:
        return False
    model, sha256, dimensions = (embedding[name] for name in ("model", "sha256", "dimensions"))
    whole = type(sha256) is str and len(sha256) == 64 and set(sha256) <= HEXADECIMAL
    return type(model) is str and whole and type(dimensions) is int and dimensions == DIMENSIONS


def _lengths(generation: Generation) -> dict[str, int]:
    """How long each array must be, given the facts and the lengths of others."""
    arrays, facts = generation.arrays, generation.facts
    posts, terms, forms = (facts[name] for name in ("posts", "terms", "forms"))
    entries, groups = len(arrays["matrix.counts"]), len(arrays["groups.lines"])
    seen, frequent = len(arrays["sources.path"]), len(arrays["frequent"])
    tables = {f"{(table := file.partition('.')[0])}.offsets": facts.get(table, posts) + 1
              for file in STRINGS}  # fmt: skip
    return {
        **tables,
        **dict.fromkeys(("forms.terms", "forms.frequency", "forms.signatures"), forms),
        **dict.fromkeys(("sources.offsets", "matrix.indptr"), posts + 1),
        **dict.fromkeys(("sources.first", "sources.lines"), seen),
        "groups.digest": 16 * groups,
        "groups.source": groups,
        **dict.fromkeys(("matrix.indices", "postings.rows"), entries),
        **dict.fromkeys(("postings.counts", "postings.bm25"), entries),
        "matrix.scale": posts,
        **dict.fromkeys(("posts.flags", "posts.days"), posts),
        "postings.indptr": terms + 1,
        **dict.fromkeys(("blocks.bm25", "blocks.cosine"), frequent * blocks.count(posts)),
        "blocks.starts": frequent * (blocks.groups(posts) + 1),
        **_lengths_of_vectors(generation),
    }


def _lengths_of_vectors(generation: Generation) -> dict[str, int]:
    """How long the arrays of the embedding must be; without one they are empty."""
    facts, stop_words = generation.facts, len(generation.facts["analyzer"]["stop_words"])
    if facts["embedding"] is None:
        return dict.fromkeys((name for name in ARRAYS if name.startswith(OF_VECTORS)), 0)
    posts, words = facts["posts"], facts["forms"] + stop_words + 1
    in_cells = len(generation.arrays["cells.starts"]) > 0
    return {
        "vectors.codes": DIMENSIONS * posts,
        "vectors.scale": posts,
        "pieces.offsets": words,
        **dict.fromkeys(("cells.rows", "cells.places"), in_cells * posts),
    }


def verify(generation: Generation) -> None:
    """Check every byte, and that no place in any part points outside another.

    Raises IndexCorrupt. The checksums say that the bytes are those that were written; the rest
    says that nothing that follows them, such as scipy, can be led astray. `verification` goes on.
    """
    generation.verify()
    arrays, facts = generation.arrays, generation.facts
    posts, terms, forms = (facts[name] for name in ("posts", "terms", "forms"))
    entries = len(arrays["matrix.counts"])
    for file in STRINGS:
        pointers(arrays[f"{file.partition('.')[0]}.offsets"], len(generation.blobs[file]), True)
    pointers(arrays["forms.buckets"], forms)
    pointers(arrays["sources.offsets"], len(arrays["sources.path"]))
    pointers(arrays["matrix.indptr"], entries)
    pointers(arrays["postings.indptr"], entries)
    if facts["embedding"]:
        pointers(arrays["pieces.offsets"], len(arrays["pieces.ids"]))
    if len(arrays["cells.starts"]):
        pointers(arrays["cells.starts"], posts)
    ascend(arrays["matrix.indices"], arrays["matrix.indptr"].data)
    counts = arrays["matrix.counts"]
    counts.fail_unless(bool(np.all(counts.data > 0)), "a count is out of range")
    for name in ("terms", "titles", "forms"):
        text = np.frombuffer(generation.blobs[f"{name}.txt"].data, np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        whole = np.array_equal(ends + 1, arrays[f"{name}.offsets"].data[1:])
        generation.blobs[f"{name}.txt"].fail_unless(whole, "a line does not end where it should")
    for name, limit in (
        ("forms.terms", terms), ("frequent", terms), ("matrix.indices", terms),
        ("postings.rows", posts), ("sources.path", len(facts["paths"])),
        ("groups.source", len(facts["sources"])), ("cells.rows", posts), ("cells.places", posts),
        ("pieces.ids", PIECES),
    ):  # fmt: skip
        inside(arrays[name], limit)


def pointers(part: Checked[Array], end: int, strict: bool = False) -> None:
    """Raise IndexCorrupt unless it is numbers from 0 to `end` that ascend."""
    array = part.whole()
    steps = array[1:] > array[:-1] if strict else array[1:] >= array[:-1]
    part.fail_unless(
        array[0] == 0 and array[-1] == end and bool(np.all(steps)), "it does not ascend"
    )


def ascend(part: Checked[Array], indptr: Array) -> None:
    """Raise IndexCorrupt unless the numbers from one pointer to the next ascend, for each."""
    array = part.whole()
    up = array[1:] > array[:-1]
    firsts = indptr[(indptr > 0) & (indptr < len(array))]
    up[firsts - 1] = True
    part.fail_unless(bool(np.all(up)), "it does not ascend")


def inside(part: Checked[Array], limit: int) -> Array:
    """The numbers, or IndexCorrupt where one is not from 0 to `limit`."""
    array = part.whole()
    fits = not len(array) or (array.min() >= 0 and array.max() < limit)
    part.fail_unless(bool(fits), "a number is out of range")
    return array


def stretch(pointers: Checked[Array], row: int, limit: int) -> tuple[int, int]:
    """Where the items of a row start and end; IndexCorrupt where that is not from 0 to `limit`."""
    start, end = pointers[row : row + 2].tolist()
    pointers.fail_unless(0 <= start <= end <= limit, "a pointer is out of range")
    return start, end


def sources(generation: Generation, row: int) -> tuple[Source, ...]:
    """Where a post was seen."""
    arrays, paths = generation.arrays, generation.facts["paths"]
    start, end = stretch(arrays["sources.offsets"], row, len(arrays["sources.path"]))
    places = [arrays[f"sources.{part}"][start:end] for part in ("path", "first", "lines")]
    within = all(0 <= path < len(paths) for path in places[0].tolist())
    arrays["sources.path"].fail_unless(within, "a number is out of range")
    return tuple(
        Source(paths[path], first, first + lines)
        for path, first, lines in zip(*(part.tolist() for part in places), strict=True)
    )


def frequencies(generation: Generation) -> Array:
    """In how many posts each term is."""
    indptr = generation.arrays["postings.indptr"]
    pointers(indptr, len(generation.arrays["postings.rows"]), True)
    found: Array = np.diff(indptr.data)
    indptr.fail_unless(
        bool(np.all(found <= generation.facts["posts"])), "a pointer is out of range"
    )
    return found
