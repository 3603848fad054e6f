"""Query encoder: the embedding of a query, from the word pieces that the index has.

Most words of a query are forms of the corpus, whose pieces the index holds. The tokenizer of the
model is loaded only for a word that no post has, since loading takes longer than all else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.embedding.vectors import unit

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.analysis.embedding.model import Model
    from tipsearch.store.reader import Pieces


class Encoder:
    """Computes embeddings of queries.

    `place_of` returns the place of a word among the words of `pieces`, or -1; `load` the model.
    """

    def __init__(
        self,
        pieces: Pieces,
        place_of: Callable[[str], int],
        load: Callable[[], Model],
    ) -> None:
        self._offsets, self._ids = pieces
        self._place_of, self._load = place_of, load

    def vector(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The embedding of some words: float64, (DIMENSIONS,), of length 1; zeros for no words."""
        model = self._load()
        rows = [piece for word in words for piece in self.pieces(word)]
        return unit(model.table[rows].sum(axis=0, dtype=np.float64))

    def pieces(self, word: str) -> list[int]:
        """The rows of the model's table for the pieces of a word. Raises IndexCorrupt."""
        model, at = self._load(), self._place_of(word)
        if at < 0:
            return model.pieces([word])[0]
        start, end = self._offsets[at : at + 2].tolist()
        self._offsets.fail_unless(0 <= start <= end <= len(self._ids), "a pointer is out of range")
        pieces: list[int] = self._ids[start:end].tolist()
        inside = all(0 <= piece < len(model.table) for piece in pieces)
        self._ids.fail_unless(inside, "a number is out of range")
        return pieces
