"""Embeddings of posts: sums of word vectors, quantised to 8 bits.

The vector of a post is unit(title + text) + TITLE_WEIGHT * unit(title). The model's numbers are
float16, so their sums in float64 are exact in any order, and every computer has the same codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tipsearch.analysis.embedding.model import DIMENSIONS, Model

if TYPE_CHECKING:
    import re

    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

TITLE_WEIGHT = 0.2
MAX_CODE = 127
POSTS_AT_ONCE = 8192  # bounds the memory for the float64 sums
COARSE_DIMENSIONS = 64  # cells use the first dimensions: this model has the weightiest first
MAX_PIECES = 1 << 17  # more than any model has


class Embedded(NamedTuple):
    """Quantised vectors of posts.

    `codes` is int8 of shape (posts, DIMENSIONS). `scale` is float32 of shape (posts,): 1 / the
    length (L2) of a row of codes, and 0 for a post without a word.
    """

    codes: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float32]


class PreviousEmbedding(NamedTuple):
    """The embedding of a previous index, from which a build takes over what stays.

    `vectors` are those of its rows. `pieces` is a CSR matrix with a row for each of its forms, then
    for each stop word (see `pieces`).
    """

    vectors: Embedded
    pieces: Any


def no_vectors() -> Embedded:
    """An Embedded of no posts."""
    return Embedded(np.zeros((0, DIMENSIONS), np.int8), np.zeros(0, np.float32))


def embed(
    forms: Sequence[str],
    places: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    pattern: re.Pattern[str],
    model: Model,
) -> Embedded:
    """The vectors of posts, given by their words.

    Text 2i is the title of post i, and text 2i + 1 its text. `lengths[t]` is the number of words of
    text t; the words of all texts are in sequence, and word j is `forms[places[j]]`. The matches of
    `pattern` in a form are what the model's tokenizer is given.
    """
    from scipy.sparse import csr_array

    posts = len(lengths) // 2
    codes, scale = np.zeros((posts, DIMENSIONS), np.int8), np.zeros(posts, np.float32)
    of_forms = pieces([pattern.findall(form) for form in forms], model)
    used, indices = np.unique(of_forms.indices, return_inverse=True)
    table = model.table[used].astype(np.float64)
    of_forms = csr_array((of_forms.data, indices, of_forms.indptr), shape=(len(forms), len(used)))
    ends = np.append(0, np.cumsum(lengths, dtype=np.int64))
    for at in range(0, posts, POSTS_AT_ONCE):
        last = min(at + POSTS_AT_ONCE, posts)
        starts = ends[2 * at : 2 * last + 1]
        here = places[starts[0] : starts[-1]]
        of_texts = csr_array(
            (np.ones(len(here)), here, starts - starts[0]), shape=(len(starts) - 1, len(forms))
        )
        sums = (of_texts @ of_forms) @ table
        titles, texts = sums[::2], sums[1::2]
        codes[at:last], scale[at:last] = quantised(
            unit(titles + texts) + TITLE_WEIGHT * unit(titles)
        )
    return Embedded(codes, scale)


def pieces(texts: Sequence[Sequence[str]], model: Model) -> Any:
    """The word pieces of texts, each given by its words: CSR matrix, shape (texts, MAX_PIECES).

    Row i has a 1 for each piece of text i, in order of the text; a column may come twice in a row.
    """
    from scipy.sparse import csr_array

    of_words = iter(model.pieces([word for words in texts for word in words]))
    rows = [[piece for _ in words for piece in next(of_words)] for words in texts]
    ends = np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64))
    indices = np.array([piece for row in rows for piece in row], np.int32)
    return csr_array((np.ones(len(indices)), indices, ends), shape=(len(texts), MAX_PIECES))


def unit(vectors: Floats) -> Floats:
    """The vectors scaled to length 1 (L2); a vector of zeros stays as it is."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))


def quantised(vectors: Floats) -> Embedded:
    """The vectors in whole numbers from -MAX_CODE to MAX_CODE: rint(127 * v / max |v|).

    The dot product of two such vectors is below 2^24, so it is exact in float32, in any order.
    """
    largest = np.abs(vectors).max(axis=-1, keepdims=True)
    scaled = np.divide(vectors * MAX_CODE, largest, out=np.zeros_like(vectors), where=largest > 0)
    codes = np.rint(scaled).astype(np.int8)
    return Embedded(codes, scales(codes))


def scales(codes: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """1 / the length (L2) of each row of codes, in float32; 0 for a row of zeros."""
    squares = np.einsum("...i,...i->...", codes, codes, dtype=np.int32)
    lengths = np.sqrt(squares.astype(np.float64))
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(scale, np.float32)
