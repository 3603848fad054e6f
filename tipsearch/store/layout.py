"""Layout: the parts of an index, their types, and the checks that they fit together.

Row i is one post everywhere: in `posts.jsonl`, the ids, the titles, the rows of the matrix and
the postings. Posts lie in order of id, so hits of equal score are in order of id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.embedding.model import DIMENSIONS
from tipsearch.analysis.embedding.vectors import COARSE_DIMENSIONS, MAX_PIECES
from tipsearch.corpus.post import Source
from tipsearch.errors import IndexCorrupt
from tipsearch.store import blocks
from tipsearch.store.storage import HEXADECIMAL
from tipsearch.store.streams import MAX_PARTS, Codes
from tipsearch.store.strings import bucket_count

if TYPE_CHECKING:
    from tipsearch.store.storage import Array, Checked, Generation

FACTS = (
    "posts", "terms", "forms", "categories", "lengths", "paths", "sources", "analyzer",
    "weighting", "ranking", "embedding", "synonyms",
)  # fmt: skip
COUNTS = ("posts", "terms", "forms", "categories")
STRINGS = ("posts.jsonl", "ids.txt", "titles.txt", "terms.txt", "categories.txt", "forms.txt")
POINTERS, NUMBERS = "<i4 <i8", "|u1 <u2 <i4"
ARRAYS: dict[str, str] = {
    **{f"{name.partition('.')[0]}.offsets": POINTERS for name in STRINGS},
    "posts.flags": "|u1",
    "posts.days": "<i4",
    "posts.newest": "<i4",
    "titles.buckets": POINTERS,
    "titles.rows": "<i4",
    "titles.order": "<i4",
    "categories.indptr": POINTERS,
    "categories.rows": "<i4",
    "stream.offsets": POINTERS,
    "stream.tokens": NUMBERS,
    "forms.buckets": POINTERS,
    "forms.order": "<i4",
    "forms.terms": "<i4",
    "forms.frequency": "<i4",
    "forms.signatures": "<u8",
    "sources.offsets": POINTERS,
    "sources.path": NUMBERS,
    "sources.first": "<i4",
    "sources.lines": NUMBERS,
    "groups.digest": "|u1",
    "groups.source": "<i4",
    "groups.lines": "<i4",
    "matrix.indptr": POINTERS,
    "matrix.indices": POINTERS,
    "matrix.counts": NUMBERS,
    "matrix.scale": "<f8",
    "postings.indptr": POINTERS,
    "postings.rows": "<i4",
    "postings.counts": NUMBERS,
    "postings.bm25": "<f4",
    "frequent": "<i4",
    "blocks.starts": "<i4",
    "blocks.bm25": "|u1",
    "blocks.cosine": "|u1",
    "vectors.codes": "|i1",
    "vectors.scale": "<f4",
    "pieces.offsets": POINTERS,
    "pieces.ids": "<i4",
    "cells.rows": "<i4",
    "cells.places": "<i4",
    "cells.starts": "<i4",
    "cells.centroids": "<f4",
}
CELL_PARTS = ("rows", "places", "starts", "centroids")
VECTOR_PREFIXES = ("vectors.", "pieces.", "cells.")
MAX_COUNT = 1 << 53  # float64 holds each whole number below


def check(generation: Generation, folder: str) -> None:
    """Raise IndexCorrupt unless the facts, types and lengths fit together; reads no content."""

    def fail_unless(holds: bool, name: str, reason: str) -> None:
        if not holds:
            raise IndexCorrupt(folder, name, reason)

    arrays, blobs, facts = generation.arrays, generation.blobs, generation.facts
    fail_unless(set(facts) == set(FACTS), "manifest.json", "it holds other facts")
    lengths = facts["lengths"] if isinstance(facts["lengths"], list) else []
    fail_unless(len(lengths) == 3, "manifest.json", "its lengths are no three numbers")
    counts = [*lengths, *(facts[name] for name in COUNTS)]
    numbers = all(type(count) is int and 0 <= count < MAX_COUNT for count in counts)
    fail_unless(numbers, "manifest.json", "its counts are no whole numbers")
    fail_unless(_are_strings(facts["paths"]), "manifest.json", "its paths are no strings")
    pairs = facts["sources"] if isinstance(facts["sources"], list) else [None]
    analyzer = facts["analyzer"]
    listed = isinstance(analyzer, dict) and _are_strings(analyzer.get("stop_words"))
    fail_unless(listed, "manifest.json", "its stop words are no strings")
    described = facts["embedding"] is None or _is_description(facts["embedding"])
    fail_unless(described, "manifest.json", "its embedding is not described")
    fail_unless(_are_rules(facts["synonyms"]), "manifest.json", "its synonyms are no rules")
    are_pairs = all(_are_strings(pair) and len(pair or ()) == 2 for pair in pairs)
    fail_unless(are_pairs, "manifest.json", "its sources are no pairs of strings")
    fail_unless(
        set(blobs) == set(STRINGS) and set(arrays) == set(ARRAYS),
        "manifest.json",
        "it names other files",
    )
    for name, dtypes in ARRAYS.items():
        fits = arrays[name].data.dtype.str in dtypes.split()
        fail_unless(fits, name, f"it is not a list of {dtypes.replace(' ', ' or ')}")
    for name, length in _lengths(generation).items():
        fail_unless(len(arrays[name]) == length, name, "its length does not fit")
    starts = len(arrays["cells.starts"])
    fail_unless(starts != 1, "cells.starts", "its length does not fit")
    fits = len(arrays["cells.centroids"]) == COARSE_DIMENSIONS * max(starts - 1, 0)
    fail_unless(fits, "cells.centroids", "its length does not fit")
    for name, strings in (("titles.buckets", facts["posts"]), ("forms.buckets", facts["forms"])):
        fits = len(arrays[name]) == bucket_count(strings) + 1
        fail_unless(fits, name, "its length does not fit")
    same = arrays["matrix.indptr"].data.dtype == arrays["matrix.indices"].data.dtype
    fail_unless(same, "matrix.indices", "its type is not that of the pointers")  # or scipy copies


def _are_strings(value: object) -> bool:
    return isinstance(value, list) and all(type(item) is str for item in value)


def _are_rules(value: object) -> bool:
    """Whether the fact `synonyms` is a list of pairs of sources and targets, lists of texts."""
    return isinstance(value, list) and all(
        isinstance(rule, list) and len(rule) == 2 and all(map(_are_strings, rule)) and all(rule)
        for rule in value
    )


def _is_description(embedding: object) -> bool:
    """Whether the fact `embedding` names a model whose vectors this version can compare."""
    if not isinstance(embedding, dict) or set(embedding) != {"model", "sha256", "dimensions"}:
        return False
    model, sha256, dimensions = (embedding[name] for name in ("model", "sha256", "dimensions"))
    is_digest = type(sha256) is str and len(sha256) == 64 and set(sha256) <= HEXADECIMAL
    return type(model) is str and is_digest and type(dimensions) is int and dimensions == DIMENSIONS


def _lengths(generation: Generation) -> dict[str, int]:
    """The length that each array must have, given the facts and the lengths of others."""
    arrays, facts = generation.arrays, generation.facts
    posts, terms, forms = (facts[name] for name in ("posts", "terms", "forms"))
    entries, groups = len(arrays["matrix.counts"]), len(arrays["groups.lines"])
    sightings, frequent = len(arrays["sources.path"]), len(arrays["frequent"])
    tables = {f"{(table := file.partition('.')[0])}.offsets": facts.get(table, posts) + 1
              for file in STRINGS}  # fmt: skip
    return {
        **tables,
        **{f"forms.{part}": forms for part in ("terms", "frequency", "signatures", "order")},
        **dict.fromkeys(("titles.rows", "titles.order"), posts),
        "categories.indptr": facts["categories"] + 1,
        **dict.fromkeys(("sources.offsets", "matrix.indptr", "stream.offsets"), posts + 1),
        **dict.fromkeys(("sources.first", "sources.lines"), sightings),
        "groups.digest": 16 * groups,
        "groups.source": groups,
        **dict.fromkeys(("matrix.indices", "postings.rows"), entries),
        **dict.fromkeys(("postings.counts", "postings.bm25"), entries),
        "matrix.scale": posts,
        **dict.fromkeys(("posts.flags", "posts.days", "posts.newest"), posts),
        "postings.indptr": terms + 1,
        **dict.fromkeys(("blocks.bm25", "blocks.cosine"), frequent * blocks.count(posts)),
        "blocks.starts": frequent * (blocks.group_count(posts) + 1),
        **_lengths_of_vectors(generation),
    }


def _lengths_of_vectors(generation: Generation) -> dict[str, int]:
    """The lengths of the arrays of the embedding; without one they are empty."""
    facts, stop_words = generation.facts, len(generation.facts["analyzer"]["stop_words"])
    if facts["embedding"] is None:
        return dict.fromkeys((name for name in ARRAYS if name.startswith(VECTOR_PREFIXES)), 0)
    posts, words = facts["posts"], facts["forms"] + stop_words + 1
    in_cells = len(generation.arrays["cells.starts"]) > 0
    return {
        "vectors.codes": DIMENSIONS * posts,
        "vectors.scale": posts,
        "pieces.offsets": words,
        **dict.fromkeys(("cells.rows", "cells.places"), in_cells * posts),
    }


def verify(generation: Generation) -> None:
    """Check the digest of every byte, and that no number in a part points outside another part.

    After that code without checks of its own, such as scipy, can use the arrays. Raises
    IndexCorrupt. `store.verify` checks the content besides.
    """
    generation.verify()
    arrays, facts = generation.arrays, generation.facts
    posts, terms, forms = (facts[name] for name in ("posts", "terms", "forms"))
    entries = len(arrays["matrix.counts"])
    for file in STRINGS:
        check_pointers(
            arrays[f"{file.partition('.')[0]}.offsets"], len(generation.blobs[file]), True
        )
    check_pointers(arrays["forms.buckets"], forms)
    check_pointers(arrays["titles.buckets"], posts)
    check_pointers(arrays["categories.indptr"], len(arrays["categories.rows"]), True)
    check_pointers(arrays["stream.offsets"], len(arrays["stream.tokens"]), True)
    check_ascending(arrays["categories.rows"], arrays["categories.indptr"].data)
    check_pointers(arrays["sources.offsets"], len(arrays["sources.path"]))
    check_pointers(arrays["matrix.indptr"], entries)
    check_pointers(arrays["postings.indptr"], entries)
    if facts["embedding"]:
        check_pointers(arrays["pieces.offsets"], len(arrays["pieces.ids"]))
    if len(arrays["cells.starts"]):
        check_pointers(arrays["cells.starts"], posts)
    check_ascending(arrays["matrix.indices"], arrays["matrix.indptr"].data)
    counts = arrays["matrix.counts"]
    counts.fail_unless(bool(np.all(counts.data > 0)), "a count is out of range")
    for name in ("terms", "titles", "forms"):
        text = np.frombuffer(generation.blobs[f"{name}.txt"].data, np.uint8)
        ends = np.flatnonzero(text == ord("\n"))
        same = np.array_equal(ends + 1, arrays[f"{name}.offsets"].data[1:])
        generation.blobs[f"{name}.txt"].fail_unless(same, "a line does not end where it should")
    for name, limit in (
        ("forms.terms", terms), ("frequent", terms), ("matrix.indices", terms),
        ("postings.rows", posts), ("sources.path", len(facts["paths"])),
        ("groups.source", len(facts["sources"])), ("cells.rows", posts), ("cells.places", posts),
        ("pieces.ids", MAX_PIECES), ("titles.rows", posts), ("titles.order", posts),
        ("posts.newest", posts),
        ("forms.order", forms), ("categories.rows", posts),
        ("stream.tokens", Codes(terms, len(facts["analyzer"]["stop_words"])).joined(MAX_PARTS) + 1),
    ):  # fmt: skip
        checked_below(arrays[name], limit)


def check_pointers(part: Checked[Array], end: int, strict: bool = False) -> None:
    """Raise IndexCorrupt unless the numbers ascend from 0 to `end`, by 1 or more if `strict`."""
    array = part.whole()
    steps = array[1:] > array[:-1] if strict else array[1:] >= array[:-1]
    part.fail_unless(
        array[0] == 0 and array[-1] == end and bool(np.all(steps)), "it does not ascend"
    )


def check_ascending(part: Checked[Array], indptr: Array) -> None:
    """Raise IndexCorrupt unless the numbers ascend strictly between one pointer and the next."""
    array = part.whole()
    up = array[1:] > array[:-1]
    firsts = indptr[(indptr > 0) & (indptr < len(array))]
    up[firsts - 1] = True
    part.fail_unless(bool(np.all(up)), "it does not ascend")


def checked_below(part: Checked[Array], limit: int) -> Array:
    """All numbers of the part. Raises IndexCorrupt where one is negative, or `limit` or more."""
    array = part.whole()
    fits = not len(array) or (array.min() >= 0 and array.max() < limit)
    part.fail_unless(bool(fits), "a number is out of range")
    return array


def item_range(pointers: Checked[Array], row: int, limit: int) -> tuple[int, int]:
    """Where the items of a row start and end. Raises IndexCorrupt where `limit` is exceeded."""
    start, end = pointers[row : row + 2].tolist()
    pointers.fail_unless(0 <= start <= end <= limit, "a pointer is out of range")
    return start, end


def sources(generation: Generation, row: int) -> tuple[Source, ...]:
    """The sources of the post of a row. Raises IndexCorrupt where a number points outside."""
    arrays, paths = generation.arrays, generation.facts["paths"]
    start, end = item_range(arrays["sources.offsets"], row, len(arrays["sources.path"]))
    places = [arrays[f"sources.{part}"][start:end] for part in ("path", "first", "lines")]
    inside = all(0 <= path < len(paths) for path in places[0].tolist())
    arrays["sources.path"].fail_unless(inside, "a number is out of range")
    return tuple(
        Source(paths[path], first, first + lines)
        for path, first, lines in zip(*(part.tolist() for part in places), strict=True)
    )


def frequencies(generation: Generation) -> Array:
    """The document frequency of each term. Raises IndexCorrupt where that cannot be."""
    indptr = generation.arrays["postings.indptr"]
    check_pointers(indptr, len(generation.arrays["postings.rows"]), True)
    frequencies: Array = np.diff(indptr.data)
    inside = bool(np.all(frequencies <= generation.facts["posts"]))
    indptr.fail_unless(inside, "a pointer is out of range")
    return frequencies
