"""From the words of posts to their vectors, in whole numbers, so that each computer has the same.

A post is the sum of its words' vectors, and its title once more. The model's numbers are float16,
so their sums in float64 are exact, whatever their order; a vector is then rounded to 8 bits.
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

TITLE = 0.2  # of the direction of the title is added to that of the whole post
MOST = 127
AT_ONCE = 8192  # posts
COARSE = 64  # the first dimensions, which this model orders by weight, tell which cell
PIECES = 1 << 17  # more than any model has


class Embedded(NamedTuple):
    """The vectors of some posts: `codes` int8, shape (posts, DIMENSIONS), and `scale` float32.

    `scale` is 1 over the length of a row of codes, and 0 for a post without a word.
    """

    codes: npt.NDArray[np.int8]
    scale: npt.NDArray[np.float32]


class Known(NamedTuple):
    """What an older index has: the vectors of its rows, the pieces of its forms and stop words."""

    vectors: Embedded
    pieces: Any


def nothing() -> Embedded:
    """The vectors of no post."""
    return Embedded(np.zeros((0, DIMENSIONS), np.int8), np.zeros(0, np.float32))


def embed(
    forms: Sequence[str],
    places: npt.NDArray[np.int32],
    lengths: npt.NDArray[np.int32],
    pattern: re.Pattern[str],
    model: Model,
) -> Embedded:
    """The vectors of posts.

    Text 2i is the title of post i, text 2i + 1 its text; the next `lengths[t]` words are those of
    text t, and word j is `forms[places[j]]`, in which `pattern` finds what the model is told.
    """
    from scipy.sparse import csr_array

    posts = len(lengths) // 2
    codes, scale = np.zeros((posts, DIMENSIONS), np.int8), np.zeros(posts, np.float32)
    of_forms = pieces([pattern.findall(form) for form in forms], model)
    used, indices = np.unique(of_forms.indices, return_inverse=True)
    table = model.table[used].astype(np.float64)
    of_forms = csr_array((of_forms.data, indices, of_forms.indptr), shape=(len(forms), len(used)))
    ends = np.append(0, np.cumsum(lengths, dtype=np.int64))
    for at in range(0, posts, AT_ONCE):
        last = min(at + AT_ONCE, posts)
        starts = ends[2 * at : 2 * last + 1]
        here = places[starts[0] : starts[-1]]
        of_texts = csr_array(
            (np.ones(len(here)), here, starts - starts[0]), shape=(len(starts) - 1, len(forms))
        )
        sums = (of_texts @ of_forms) @ table
        titles, texts = sums[::2], sums[1::2]
        codes[at:last], scale[at:last] = quantised(unit(titles + texts) + TITLE * unit(titles))
    return Embedded(codes, scale)


def pieces(texts: Sequence[Sequence[str]], model: Model) -> Any:
    """The pieces of some texts, each given by its words: CSR matrix, shape (texts, pieces).

    Row i has a one for each piece of text i, in order, so a piece may come twice.
    """
    from scipy.sparse import csr_array

    found = iter(model.pieces([word for words in texts for word in words]))
    rows = [[piece for _ in words for piece in next(found)] for words in texts]
    ends = np.append(0, np.cumsum([len(row) for row in rows], dtype=np.int64))
    indices = np.array([piece for row in rows for piece in row], np.int32)
    return csr_array((np.ones(len(indices)), indices, ends), shape=(len(texts), PIECES))


def unit(vectors: Floats) -> Floats:
    """Each row at length 1; a row of zeros stays."""
    lengths = np.sqrt((vectors * vectors).sum(axis=-1, keepdims=True))
    return np.asarray(np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0))


def quantised(vectors: Floats) -> Embedded:
    """Whole numbers from -127 to 127 in the same proportions.

    Products of two such rows are below 2^24, so float32 adds them up exactly in any order.
    """
    most = np.abs(vectors).max(axis=-1, keepdims=True)
    whole = np.rint(np.divide(vectors * MOST, most, out=np.zeros_like(vectors), where=most > 0))
    codes = whole.astype(np.int8)
    return Embedded(codes, scales(codes))


def scales(codes: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """One over the length of each row of codes, and 0 for a row of zeros."""
    squares = np.einsum("...i,...i->...", codes, codes, dtype=np.int32)
    lengths = np.sqrt(squares.astype(np.float64))
    scale = np.divide(1.0, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    return np.asarray(scale, np.float32)
