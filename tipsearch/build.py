"""How do posts become an index? Analysis, weights, postings and the tables to look things up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date as Date
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from tipsearch import counting, lexicon, weighting
from tipsearch.errors import DuplicateIdError, SettingError
from tipsearch.model import Post
from tipsearch.storage import Generation
from tipsearch.text import Analyzer, fold

if TYPE_CHECKING:
    from tipsearch.storage import Array
    from tipsearch.weighting import Weighting

    Progress = Callable[[int], None]


def build(
    posts: Iterable[Post],
    analyzer: Analyzer,
    settings: Weighting,
    sources: Mapping[str, str],
    progress: Progress,
) -> Generation:
    """The parts of an index of `posts`, in order of id; `layout` says what they are."""
    ordered = _by_id(posts)
    counts = counting.count(ordered, analyzer, progress)
    arrays, blobs = _tables(ordered, counts)
    arrays |= _weights(counts, settings)
    facts = {
        "posts": len(ordered),
        "terms": len(counts.terms),
        "forms": len(counts.forms),
        "analyzer": analyzer.to_json(),
        "weighting": settings.to_json(),
        "sources": [[path, sha256] for path, sha256 in sorted(sources.items())],
    }
    return Generation(facts, arrays, blobs)


def _by_id(posts: Iterable[Post]) -> list[Post]:
    ordered = sorted(posts, key=lambda post: post.id)
    if not ordered:
        raise SettingError("posts", [], "at least one post")
    for post in ordered:
        if type(post.date) not in (Date, type(None)):  # a time of day would be lost
            raise SettingError(f"the date of {post.id!r}", post.date, "a datetime.date or None")
    for post, following in pairwise(ordered):
        if post.id == following.id:
            raise DuplicateIdError(post.id)
    return ordered


def _tables(
    posts: Sequence[Post], counts: counting.Counts
) -> tuple[dict[str, Array], dict[str, lexicon.Blob]]:
    """The posts and all strings that are looked up, each as a blob with its offsets."""
    tables: dict[str, Iterable[str]] = {
        "posts.jsonl": (json.dumps(post.to_json(), ensure_ascii=False) for post in posts),
        "ids.txt": (post.id for post in posts),
        "titles.txt": (fold(post.title) for post in posts),
        "terms.txt": counts.terms,
        "forms.txt": counts.forms,
    }
    arrays: dict[str, Array] = {"forms.terms": counts.form_terms}
    blobs: dict[str, lexicon.Blob] = {}
    for file, strings in tables.items():
        blobs[file], arrays[f"{file.partition('.')[0]}.offsets"] = lexicon.encode(strings)
    return arrays, blobs


def _weights(counts: counting.Counts, settings: Weighting) -> dict[str, Array]:
    """The TF-IDF rows, and the postings: one list of rows with the weights of both weightings."""
    matrix = weighting.field_counts(counts.titles, counts.texts, settings)
    tfidf, idf = weighting.tfidf(matrix)
    bm25 = weighting.bm25(matrix, settings)
    # Rows ascend within each term, since a stable sort keeps the order of the matrix.
    by_term = np.argsort(matrix.indices, kind="stable")
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    frequencies = np.bincount(matrix.indices, minlength=matrix.shape[1])
    # One dtype for all places, since scipy copies a matrix whose two differ.
    place = np.int32 if matrix.nnz <= np.iinfo(np.int32).max else np.int64
    return {
        "matrix.indptr": matrix.indptr.astype(place),
        "matrix.indices": matrix.indices.astype(place),
        "matrix.data": tfidf,
        "postings.indptr": np.append(0, np.cumsum(frequencies)).astype(place),
        "postings.rows": rows[by_term].astype(place),
        "postings.bm25": bm25[by_term],
        "postings.tfidf": tfidf[by_term],
        "idf": idf,
    }
