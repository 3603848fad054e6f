"""The vector of a query. Its words are mostly in the corpus, and their pieces in the index.

Only for a word that no post has, the model's tokenizer is loaded: that takes longer than all else.
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
    """Makes vectors of queries, with the model that `load` gives.

    `place` gives a word's place among those whose pieces are kept, or -1.
    """

    def __init__(
        self,
        pieces: Pieces,
        place: Callable[[str], int],
        load: Callable[[], Model],
    ) -> None:
        self._offsets, self._ids = pieces
        self._place, self._load = place, load

    def vector(self, words: Sequence[str]) -> npt.NDArray[np.float64]:
        """The vector of a text, float64, of length 1, or 0 where there is no word."""
        model = self._load()
        pieces = [self._pieces(word, model) for word in words]
        rows = [piece for found in pieces for piece in found]
        return unit(model.table[rows].sum(axis=0, dtype=np.float64))

    def _pieces(self, word: str, model: Model) -> list[int]:
        place = self._place(word)
        if place < 0:
            return model.pieces([word])[0]
        start, end = self._offsets[place : place + 2].tolist()
        self._offsets.fail_unless(0 <= start <= end <= len(self._ids), "a pointer is out of range")
        found: list[int] = self._ids[start:end].tolist()
        inside = all(0 <= piece < len(model.table) for piece in found)
        self._ids.fail_unless(inside, "a number is out of range")
        return found
