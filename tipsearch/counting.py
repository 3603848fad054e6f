"""Which terms has each post, and how often? The analysis of a whole corpus, with nltk.

Each distinct surface form is stemmed once, and joblib spreads the work over the cores where that
pays: starting the workers costs about two seconds, which a small corpus never earns back.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import joblib
import numpy as np
import numpy.typing as npt
from nltk.stem import SnowballStemmer
from nltk.tokenize import RegexpTokenizer
from scipy.sparse import csr_array

from tipsearch.model import Post
from tipsearch.text import TOKEN_PATTERNS, Analyzer

Progress = Callable[[int], None]
Ints = npt.NDArray[np.int32]

# Below this many characters one process is done before the workers have started.
PARALLEL_CHARACTERS = 8_000_000
CHUNK = 20_000

NLTK_STEMMERS = {"snowball-english": lambda: SnowballStemmer("english")}


@dataclass(frozen=True, slots=True)
class Counts:
    """Term counts of a corpus; row i of both arrays is post i, column j is `terms[j]`.

    `terms` and `forms` are sorted; `form_terms[i]` (int32) is the term of the surface form
    `forms[i]`. Stop words are in neither. `titles` and `texts` are CSR, int32, shape
    (posts, terms), with sorted indices.
    """

    terms: list[str]
    forms: list[str]
    form_terms: Ints
    titles: Any
    texts: Any


def count(posts: Sequence[Post], analyzer: Analyzer, progress: Progress = lambda _: None) -> Counts:
    """Analyse the titles and texts of `posts`; `progress` is told how many are done, in chunks."""
    parallel = sum(len(post.text) for post in posts) >= PARALLEL_CHARACTERS
    with joblib.Parallel(n_jobs=-1 if parallel else 1, return_as="generator") as pool:
        numbers: dict[str, int] = {}
        ids: list[Ints] = []
        lengths: list[Ints] = []
        fields = (
            [f for post in chunk for f in (post.title, post.text)] for chunk in _chunks(posts)
        )
        for forms, chunk_ids, chunk_lengths in pool(
            joblib.delayed(_tokens)(analyzer, chunk) for chunk in fields
        ):
            known = [numbers.setdefault(form, len(numbers)) for form in forms]
            ids.append(np.array(known, dtype=np.int32)[chunk_ids])
            lengths.append(chunk_lengths)
            progress(len(chunk_lengths) // 2)
        stems = pool(joblib.delayed(_stems)(analyzer, part) for part in _chunks(list(numbers)))
        stem_of = dict(zip(numbers, (stem for part in stems for stem in part), strict=True))
    return _assemble(stem_of, np.concatenate(ids), np.concatenate(lengths), analyzer)


def _chunks(items: Sequence[Any]) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


@cache
def _tokenizer(name: str) -> RegexpTokenizer:
    return RegexpTokenizer(TOKEN_PATTERNS[name])


def _tokens(analyzer: Analyzer, fields: list[str]) -> tuple[list[str], Ints, Ints]:
    """The surface forms of some texts, their tokens as places among these, and their lengths."""
    tokenize = _tokenizer(analyzer.token_pattern).tokenize
    numbers: dict[str, int] = {}
    ids: list[int] = []
    lengths: list[int] = []
    for field in fields:
        tokens = tokenize(analyzer.normalise(field))
        ids.extend([numbers.setdefault(token, len(numbers)) for token in tokens])
        lengths.append(len(tokens))
    return list(numbers), np.array(ids, dtype=np.int32), np.array(lengths, dtype=np.int32)


def _stems(analyzer: Analyzer, forms: list[str]) -> list[str]:
    stemmer = NLTK_STEMMERS[analyzer.stemmer]()
    return [stemmer.stem(form) for form in forms]


def _assemble(stem_of: dict[str, str], ids: Ints, lengths: Ints, analyzer: Analyzer) -> Counts:
    """Number the terms in sorted order, and count them by post and field.

    `ids` are the tokens as places in `stem_of`, `lengths` how many each field has: field 2i is the
    title of post i, field 2i + 1 its text.
    """
    kept = stem_of.keys() - set(analyzer.stop_words)
    forms = sorted(kept)
    terms = sorted({stem_of[form] for form in forms})
    numbers = {term: number for number, term in enumerate(terms)}
    columns = np.array(
        [numbers[s] if f in kept else -1 for f, s in stem_of.items()], dtype=np.int32
    )
    column = columns[ids]
    field = np.repeat(np.arange(len(lengths)), lengths)
    titles, texts = (
        _count_matrix(field[which] // 2, column[which], (len(lengths) // 2, len(terms)))
        for which in ((column >= 0) & (field % 2 == 0), (column >= 0) & (field % 2 == 1))
    )
    form_terms = np.array([numbers[stem_of[form]] for form in forms], dtype=np.int32)
    return Counts(terms, forms, form_terms, titles, texts)


def _count_matrix(rows: npt.NDArray[Any], columns: Ints, shape: tuple[int, int]) -> Any:
    matrix = csr_array((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix
