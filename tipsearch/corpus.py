"""From posts, or from the files that hold them, to an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date as Date
from itertools import islice
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np

from tipsearch import build, columns
from tipsearch.columns import Columns
from tipsearch.counting import Tokens
from tipsearch.errors import SettingError
from tipsearch.model import Post
from tipsearch.storage import Checked, Generation
from tipsearch.text import Analyzer

if TYPE_CHECKING:
    from tipsearch.weighting import Weighting

Progress = Callable[[int], None]

# Below this many characters one process is done before the workers have started.
PARALLEL_CHARACTERS = 8_000_000
CHUNK = 20_000
NO_TOKENS = Tokens([], [], np.zeros(0, np.int32), np.zeros(0, np.int32), 0)


def of_posts(
    posts: Iterable[Post],
    analyzer: Analyzer,
    settings: Weighting,
    sources: Mapping[str, str],
    progress: Progress,
) -> Generation:
    """An index of `posts` in memory; `layout` says what its parts are."""
    given = list(posts)
    for post in given:
        if type(post.date) not in (Date, type(None)):  # a time of day would be lost
            raise SettingError(f"the date of {post.id!r}", post.date, "a datetime.date or None")
    parallel = sum(len(post.text) for post in given) >= PARALLEL_CHARACTERS
    with joblib.Parallel(n_jobs=-1 if parallel else 1, return_as="generator") as pool:
        parts = []
        for part in pool(
            joblib.delayed(columns.columns)(chunk, analyzer, with_nltk=not parallel)
            for chunk in _chunks(given)
        ):
            parts.append(part)
            progress(len(part.ids))
    new = columns.joined(parts)
    return _generation(build.nothing(), NO_TOKENS, new, _seen(given), analyzer, settings, sources)


def _chunks(items: Sequence[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


def _seen(posts: Sequence[Post]) -> build.Sightings:
    places = [source for post in posts for source in post.sources]
    numbers = {path: n for n, path in enumerate({place.path: None for place in places})}
    return build.Sightings(
        list(numbers),
        np.array([len(post.sources) for post in posts], np.int32),
        np.array([numbers[place.path] for place in places], np.int32),
        np.array([place.first for place in places], np.int32),
        np.array([place.last - place.first for place in places], np.int32),
    )


def _generation(
    base: build.Base,
    gone: Tokens,
    new: Columns,
    seen: build.Sightings,
    analyzer: Analyzer,
    settings: Weighting,
    sources: Mapping[str, str],
) -> Generation:
    facts, arrays, tables = build.build(base, gone, new, seen, analyzer, settings)
    facts["sources"] = [[path, sha256] for path, sha256 in sorted(sources.items())]
    arrays |= {"groups.digest": np.zeros(0, np.uint8), "groups.source": np.zeros(0, np.int32),
               "groups.lines": np.zeros(0, np.int32)}
    blobs = {f"{n}.jsonl" if n == "posts" else f"{n}.txt": t.blob for n, t in tables.items()}
    return Generation(
        facts,
        {name: Checked(array) for name, array in arrays.items()},
        {file: Checked(blob) for file, blob in blobs.items()},
    )
