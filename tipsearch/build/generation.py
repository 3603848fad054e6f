"""The parts of an index put together: what `store` publishes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.store.storage import Checked, Generation

if TYPE_CHECKING:
    from tipsearch.build.groups import Groups
    from tipsearch.build.merge import Built
    from tipsearch.build.settings import Settings


def generation_of(
    built: Built, settings: Settings, sources: Mapping[str, str], groups: Mapping[str, Groups]
) -> Generation:
    """The generation of what was built.

    `sources` are the SHA-256 of the files, `groups` the groups of lines of those that have any.
    """
    facts, arrays = built.facts, built.arrays
    facts["ranking"] = settings.ranking.to_json()
    facts["embedding"] = dict(settings.embedding) if settings.embedding else None
    named = sorted(sources.items())
    facts["sources"] = [[path, sha256] for path, sha256 in named]
    kept = [(number, groups[path]) for number, (path, _) in enumerate(named) if path in groups]
    digests = b"".join(digest for _, those in kept for digest in those.digests)
    numbers = [np.full(len(those.digests), number) for number, those in kept]
    arrays["groups.digest"] = np.frombuffer(digests, np.uint8)
    arrays["groups.source"] = np.concatenate([[], *numbers]).astype(np.int32)
    lines = [those.lines for _, those in kept]
    arrays["groups.lines"] = np.concatenate([[], *lines]).astype(np.int32)
    return Generation(
        facts,
        {name: Checked(array) for name, array in arrays.items()},
        {"posts.jsonl" if name == "posts" else f"{name}.txt": Checked(table.blob)
         for name, table in built.tables.items()},
    )  # fmt: skip
