"""The part of an index that tells what its posts are about: vectors, cells, pieces of words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.analysis.embedding import model
from tipsearch.analysis.embedding.vectors import Embedded, Known, embed, nothing, pieces
from tipsearch.build.cells import cells
from tipsearch.store.strings import pointers

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.build.counting import Words
    from tipsearch.build.merge import Built
    from tipsearch.store.storage import Array


def described() -> dict[str, Any]:
    """What the manifest says of the embedding. Raises ExtraMissing."""
    loaded = model.load()
    return {"model": model.NAME, "sha256": loaded.digest, "dimensions": model.DIMENSIONS}


def embedded(words: Words, analyzer: Analyzer, embedding: Mapping[str, Any]) -> Embedded:
    """The vectors of posts; `words` are those of the title and the text of each, in turn.

    Raises ExtraMissing where the model is not there, or not the one that `embedding` describes.
    """
    if not len(words.lengths):
        return nothing()
    loaded = model.load(embedding["sha256"])
    return embed(words.forms, words.places, words.lengths, analyzer.pattern(), loaded)


def arrays(
    built: Built, known: Known | None, new: Embedded | None, analyzer: Analyzer
) -> dict[str, Array]:
    """The arrays of an index of these posts; empty ones if `new` is None.

    `known` is of the older index that it was built on, `new` has the vectors of the new posts.
    """
    if new is None:
        none = np.zeros(0, np.int32)
        return {
            "vectors.codes": none.astype(np.int8),
            "vectors.scale": none.astype(np.float32),
            "pieces.offsets": none,
            "pieces.ids": none,
            **cells(nothing())[1],
        }
    old = known.vectors if known else nothing()
    vectors = Embedded(
        np.concatenate([old.codes, new.codes])[built.kept],
        np.concatenate([old.scale, new.scale])[built.kept],
    )
    stored, of_cells = cells(vectors)
    of_words = _pieces(built, known, analyzer)
    return {
        "vectors.codes": stored.codes.ravel(),
        "vectors.scale": stored.scale,
        "pieces.offsets": pointers(np.diff(of_words.indptr)),
        "pieces.ids": of_words.indices.astype(np.int32),
        **of_cells,
    }


def _pieces(built: Built, known: Known | None, analyzer: Analyzer) -> Any:
    """The pieces of each form, then of each stop word; only what is not known is asked for."""
    from scipy.sparse import vstack

    lines = bytes(built.tables["forms"].blob).split(b"\n")[:-1]
    stop_words = list(analyzer.stop_words)
    places = np.full(len(lines) + len(stop_words), -1, np.int64)
    if known is not None:
        there = np.flatnonzero(built.forms.old >= 0)
        places[built.forms.old[there]] = there
        places[len(lines) :] = len(built.forms.old) + np.arange(len(stop_words))
    missing = np.flatnonzero(places < 0)
    if not len(missing) and known is not None:
        return known.pieces[places]
    words = [[lines[i].decode() if i < len(lines) else stop_words[i - len(lines)]]
             for i in missing.tolist()]  # fmt: skip
    asked = pieces(words, model.load())
    places[missing] = (known.pieces.shape[0] if known else 0) + np.arange(len(missing))
    return (vstack([known.pieces, asked], format="csr") if known else asked)[places]
