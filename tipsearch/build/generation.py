"""Generation: puts the facts, arrays and tables of an index together, for `store.publish`."""

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
    """The generation of a built index.

    `sources` has the SHA-256 of each source file by name; `groups` the groups of lines of those
    that are JSON Lines.
    """
    facts, arrays = built.facts, built.arrays
    facts["ranking"] = settings.ranking.to_json()
    facts["embedding"] = dict(settings.embedding) if settings.embedding else None
    facts["synonyms"] = [rule.to_json() for rule in settings.synonyms]
    paths = sorted(sources)
    facts["sources"] = [[path, sources[path]] for path in paths]
    of_files = [(number, groups[path]) for number, path in enumerate(paths) if path in groups]
    digests = b"".join(digest for _, of_file in of_files for digest in of_file.digests)
    numbers = [np.full(len(of_file.digests), number) for number, of_file in of_files]
    arrays["groups.digest"] = np.frombuffer(digests, np.uint8)
    arrays["groups.source"] = np.concatenate([[], *numbers]).astype(np.int32)
    lines = [of_file.lines for _, of_file in of_files]
    arrays["groups.lines"] = np.concatenate([[], *lines]).astype(np.int32)
    return Generation(
        facts,
        {name: Checked(array) for name, array in arrays.items()},
        {"posts.jsonl" if name == "posts" else f"{name}.txt": Checked(table.blob)
         for name, table in built.tables.items()},
    )  # fmt: skip
