"""Embeddings of an index: vectors of posts, cells, and the word pieces of forms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.analysis.embedding import model
from tipsearch.analysis.embedding.vectors import (
    Embedded,
    PreviousEmbedding,
    embed,
    no_vectors,
    pieces,
)
from tipsearch.build.cells import cells
from tipsearch.store.strings import pointers

if TYPE_CHECKING:
    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.build.counting import Words
    from tipsearch.build.merge import Built
    from tipsearch.store.storage import Array


def description() -> dict[str, Any]:
    """The fact `embedding` of the manifest, for the installed model. Raises ExtraMissing."""
    loaded = model.load()
    return {"model": model.NAME, "sha256": loaded.digest, "dimensions": model.DIMENSIONS}


def embedded(words: Words, analyzer: Analyzer, embedding: Mapping[str, Any]) -> Embedded:
    """The vectors of posts; `words` are those of the title and then the text of each post.

    Raises ExtraMissing where the model that `embedding` describes is not installed.
    """
    if not len(words.lengths):
        return no_vectors()
    loaded = model.load(embedding["sha256"])
    return embed(words.forms, words.places, words.lengths, analyzer.pattern(), loaded)


def arrays(
    built: Built, known: PreviousEmbedding | None, new: Embedded | None, analyzer: Analyzer
) -> dict[str, Array]:
    """The arrays of vectors, pieces and cells; all empty if `new` is None.

    `known` has the vectors and pieces of the previous index, `new` the vectors of the new posts.
    """
    if new is None:
        empty = np.zeros(0, np.int32)
        return {
            "vectors.codes": empty.astype(np.int8),
            "vectors.scale": empty.astype(np.float32),
            "pieces.offsets": empty,
            "pieces.ids": empty,
            **cells(no_vectors())[1],
        }
    old = known.vectors if known else no_vectors()
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


def _pieces(built: Built, known: PreviousEmbedding | None, analyzer: Analyzer) -> Any:
    """The word pieces of each form, then of each stop word (CSR); those `known` are taken over."""
    from scipy.sparse import vstack

    lines = bytes(built.tables["forms"].blob).split(b"\n")[:-1]
    stop_words = list(analyzer.stop_words)
    places = np.full(len(lines) + len(stop_words), -1, np.int64)
    if known is not None:
        kept = np.flatnonzero(built.forms.old >= 0)
        places[built.forms.old[kept]] = kept
        places[len(lines) :] = len(built.forms.old) + np.arange(len(stop_words))
    missing = np.flatnonzero(places < 0)
    if not len(missing) and known is not None:
        return known.pieces[places]
    words = [[lines[i].decode() if i < len(lines) else stop_words[i - len(lines)]]
             for i in missing.tolist()]  # fmt: skip
    computed = pieces(words, model.load())
    places[missing] = (known.pieces.shape[0] if known else 0) + np.arange(len(missing))
    return (vstack([known.pieces, computed], format="csr") if known else computed)[places]
