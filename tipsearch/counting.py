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

# Below this many characters one process is done before the workers have started (README, Speed).
PARALLEL_CHARACTERS = 20_000_000
CHUNK_POSTS = 20_000
CHUNK_FORMS = 20_000

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
        chunks: list[tuple[Ints, Ints, Ints]] = []
        numbers: dict[str, int] = {}
        done = pool(
            joblib.delayed(_tokens)(analyzer, chunk) for chunk in _chunks(posts, CHUNK_POSTS)
        )
        for forms, ids, title_lengths, text_lengths in done:
            known = np.array([numbers.setdefault(f, len(numbers)) for f in forms], dtype=np.int32)
            chunks.append((known[ids], title_lengths, text_lengths))
            progress(len(title_lengths))
        forms = list(numbers)
        stems = pool(joblib.delayed(_stems)(analyzer, part) for part in _chunks(forms, CHUNK_FORMS))
        terms_of_forms = [stem for part in stems for stem in part]
    return _assemble(forms, terms_of_forms, chunks, analyzer)


def _chunks(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


@cache
def _tokenizer(name: str) -> RegexpTokenizer:
    return RegexpTokenizer(TOKEN_PATTERNS[name])


def _tokens(analyzer: Analyzer, posts: list[Post]) -> tuple[list[str], Ints, Ints, Ints]:
    """The surface forms of a chunk, its tokens as places among them, and its field lengths.

    Tokens lie post by post, a post's title before its text.
    """
    tokenize = _tokenizer(analyzer.token_pattern).tokenize
    numbers: dict[str, int] = {}
    ids: list[int] = []
    lengths: tuple[list[int], list[int]] = ([], [])
    for post in posts:
        for field, field_lengths in zip((post.title, post.text), lengths, strict=True):
            tokens = tokenize(analyzer.normalise(field))
            ids.extend([numbers.setdefault(token, len(numbers)) for token in tokens])
            field_lengths.append(len(tokens))
    titles, texts = (np.array(part, dtype=np.int32) for part in lengths)
    return list(numbers), np.array(ids, dtype=np.int32), titles, texts


def _stems(analyzer: Analyzer, forms: list[str]) -> list[str]:
    stemmer = NLTK_STEMMERS[analyzer.stemmer]()
    return [stemmer.stem(form) for form in forms]


def _assemble(
    forms: list[str],
    stems: list[str],
    chunks: list[tuple[Ints, Ints, Ints]],
    analyzer: Analyzer,
) -> Counts:
    """Number the terms in sorted order, and count them by post and field."""
    stop = set(analyzer.stop_words)
    kept = sorted(i for i, form in enumerate(forms) if form not in stop)
    kept.sort(key=forms.__getitem__)
    terms = sorted({stems[i] for i in kept})
    numbers = {term: number for number, term in enumerate(terms)}
    term_of = np.full(len(forms), -1, dtype=np.int32)
    term_of[kept] = [numbers[stems[i]] for i in kept]

    ids = np.concatenate([chunk[0] for chunk in chunks])
    lengths = np.concatenate([np.stack(chunk[1:], axis=1).ravel() for chunk in chunks])
    fields = np.repeat(np.arange(len(lengths)), lengths)  # 2i: title of post i, 2i+1: its text
    columns = term_of[ids]
    titles, texts = (
        _count_matrix(fields[which] // 2, columns[which], (len(lengths) // 2, len(terms)))
        for which in ((columns >= 0) & (fields % 2 == 0), (columns >= 0) & (fields % 2 == 1))
    )
    return Counts(terms, [forms[i] for i in kept], term_of[kept], titles, texts)


def _count_matrix(rows: npt.NDArray[Any], columns: Ints, shape: tuple[int, int]) -> Any:
    matrix = csr_array((np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=shape)
    matrix.sum_duplicates()
    return matrix
