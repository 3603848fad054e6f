"""tipsearch and its peers, each at its best settings, as callables from a query to its ten best.

Peers index title and text as one field, take single letters for words and stem where they can. All
of them give scores and the numbers or addresses of posts, and none fetches a post's text. Run as

    python -m tests.benchmarks.engines bm25s|tantivy POSTS.jsonl FOLDER

it builds that peer's index on disk, which `building` measures. Peers are imported where they are
used, and as `Any`: most have no types, and the tests do without them.
"""

import importlib
import itertools
import json
import random
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

from tests.benchmarks.measuring import Answer, Engine

LIMIT = 10
SLOW = 10  # questions in a round for an engine that takes tenths of a second for each
WORD = r"(?u)\b\w+\b"
HEAP = 2_000_000_000  # bytes; so large that tantivy flushes once, hence writes one segment

Kernel = Literal["numba", "numpy"]
KERNELS: tuple[Kernel, ...] = ("numba", "numpy")


def texts(source: Path) -> Iterator[tuple[str, str]]:
    """Id, and title and text as one, of each post of a JSON Lines file."""
    with source.open(encoding="utf-8") as lines:
        for line in lines:
            post = json.loads(line)
            yield post["id"], f"{post.get('title') or ''} {post['text']}"


def sample_queries(source: Path, count: int, seed: int = 1) -> list[str]:
    """Queries of 1 to 5 words, each word from the text of a random post, and no stop words.

    So their words are as frequent as in the posts, and know nothing of each other.
    """
    from tipsearch.analysis.analyzer import STOP_WORDS

    draw = random.Random(seed)
    with source.open(encoding="utf-8") as lines:
        posts = [json.loads(line)["text"] for line in lines]
    stop = {*STOP_WORDS, *"dmst", "ll", "re", "ve"}  # the last of "I'd" and "we're"

    def word() -> str:
        while True:
            words = re.findall("[a-z0-9]+", draw.choice(posts).lower())
            if words := [word for word in words if word not in stop]:
                return str(draw.choice(words))

    return [" ".join(word() for _ in range(draw.randint(1, 5))) for _ in range(count)]


# --- tipsearch


def tipsearch_queries(folder: Path, kernel: Kernel) -> Engine:
    """BM25 with one of the kernels, as the peers have it: no feedback, and words as they are.

    A hit's post and snippet are lazy, and stay unread.
    """
    import tipsearch

    index = tipsearch.Index.open(folder, kernel=kernel)
    index.verify()  # once here, or else block by block in the first queries
    plain = tipsearch.Ranking("bm25")

    def ask(query: str) -> Answer:
        hits = index.query(query, limit=LIMIT, ranking=plain, exact=True)
        return [(hit.score, hit.id) for hit in hits]

    return Engine(f"tipsearch, {kernel}", ask)


def tipsearch_related(folder: Path, kernel: Kernel) -> Engine:
    """`related` by id with one of the kernels."""
    import tipsearch

    index = tipsearch.Index.open(folder, kernel=kernel)
    index.verify()  # once here, or else block by block in the first queries

    def ask(post_id: str) -> Answer:
        return [(hit.score, hit.id) for hit in index.related(post_id, limit=LIMIT, ranking="tfidf")]

    return Engine(f"tipsearch, {kernel}", ask)


# --- tantivy


def build_tantivy(source: Path, folder: Path) -> None:
    """One segment, written by one thread; no positions, as no phrase is asked for."""
    tantivy: Any = importlib.import_module("tantivy")
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="en_stem", index_option="freq")
    folder.mkdir()
    writer = tantivy.Index(schema.build(), path=str(folder)).writer(HEAP, num_threads=1)
    for post_id, text in texts(source):
        writer.add_document(tantivy.Document(id=post_id, text=text))
    writer.commit()
    writer.wait_merging_threads()


def tantivy_queries(folder: Path) -> Engine:
    """The query parser, which stems: as fast as a query put together from stems.

    Without a count of all hits, so that it may prune.
    """
    tantivy: Any = importlib.import_module("tantivy")
    index = tantivy.Index.open(str(folder))
    searcher, fields = index.searcher(), ["text"]
    if searcher.num_segments != 1:
        print(f"tantivy has {searcher.num_segments} segments, not 1")

    def ask(query: str) -> Answer:
        answer: Answer = searcher.search(index.parse_query(query, fields), LIMIT, count=False).hits
        return answer

    return Engine("tantivy", ask)


# --- bm25s


def _bm25s_tokens() -> Callable[[Any], Any]:
    """Its tokeniser with stop words and PyStemmer, for many texts or one."""
    bm25s: Any = importlib.import_module("bm25s")
    stemmer = importlib.import_module("Stemmer").Stemmer("english")

    def tokens(text: Any) -> Any:
        return bm25s.tokenize(
            text, stopwords="en", stemmer=stemmer, token_pattern=WORD, show_progress=False
        )

    return tokens


def build_bm25s(source: Path, folder: Path) -> None:
    """Lucene's BM25, saved with the posts; scipy builds its matrix fastest, faster than numba."""
    bm25s: Any = importlib.import_module("bm25s")
    with source.open(encoding="utf-8") as lines:
        posts = [json.loads(line) for line in lines]
    tokens = _bm25s_tokens()([f"{post.get('title') or ''} {post['text']}" for post in posts])
    retriever = bm25s.BM25(method="lucene", csc_backend="scipy")
    retriever.index(tokens, show_progress=False)
    retriever.save(str(folder), corpus=posts, show_progress=False)


def bm25s_queries(folder: Path, backend: Kernel) -> Engine:
    """The index in memory, without its posts. No threads: a pool for each query costs a fifth."""
    bm25s: Any = importlib.import_module("bm25s")
    tokens, settings = _bm25s_tokens(), {"backend": backend}
    retriever = bm25s.BM25.load(str(folder), override_params=settings, show_progress=False)

    def ask(query: str) -> Answer:
        rows, scores = retriever.retrieve(tokens(query), k=LIMIT, n_threads=0, show_progress=False)
        return list(zip(scores[0].tolist(), rows[0].tolist(), strict=True))

    return Engine(f"bm25s, {backend}", ask)


# --- SQLite FTS5


def fts5_queries(source: Path) -> Engine:
    """In memory, merged into one tree, with Porter's stemmer; any of the words, by rank."""
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE VIRTUAL TABLE posts USING fts5(text, content='', tokenize='porter unicode61')"
    )
    rows = ((row, text) for row, (_, text) in enumerate(texts(source)))
    database.executemany("INSERT INTO posts(rowid, text) VALUES (?, ?)", rows)
    database.execute("INSERT INTO posts(posts) VALUES ('optimize')")
    best = f"SELECT -rank, rowid FROM posts WHERE posts MATCH ? ORDER BY rank LIMIT {LIMIT}"

    def ask(query: str) -> Answer:
        return database.execute(best, (query.replace(" ", " OR "),)).fetchall()

    return Engine("SQLite FTS5", ask, SLOW)


# --- scikit-learn and scipy


def sklearn_queries(source: Path) -> Engine:
    """TF-IDF rows in term-major order, which is 5 times as fast, and a full sort."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(stop_words="english", token_pattern=WORD, dtype=np.float32)
    columns = vectorizer.fit_transform(text for _, text in texts(source)).T.tocsr()

    def ask(query: str) -> Answer:
        return _sorted((vectorizer.transform([query]) @ columns).toarray().ravel())

    return Engine("scikit-learn", ask, SLOW)


def sample_rows(folder: Path, count: int, seed: int = 1) -> dict[str, int]:
    """Random posts of an index of tipsearch: their ids and rows, in random order."""
    import tipsearch

    index = tipsearch.Index.open(folder)
    wanted = random.Random(seed).sample(range(len(index)), min(count, len(index)))
    rows = iter(sorted(wanted))
    ids, row = {}, next(rows, None)
    for place, post in enumerate(index):
        if place == row:
            ids[place], row = post.id, next(rows, None)
    return {ids[row]: row for row in wanted}


def scipy_related(folder: Path, rows: dict[str, int], *, transposed: bool) -> Engine:
    """The product of tipsearch's own matrix with one of its rows, and a full sort.

    As one writes it, or with the matrix in term-major order, made once.
    """
    import tipsearch

    matrix = tipsearch.Index.open(folder).matrix
    columns = matrix.T.tocsr() if transposed else None

    def ask(post_id: str) -> Answer:
        row = matrix[rows[post_id]]
        scores = (matrix @ row.T if columns is None else row @ columns).toarray().ravel()
        scores[rows[post_id]] = 0  # never itself
        return _sorted(scores)

    return Engine(f"scipy, {'term-major' if transposed else 'post-major'}", ask, SLOW)


def _sorted(scores: Any) -> Answer:
    """The best of all scores, by sorting all of them."""
    import numpy as np

    rows = np.argsort(-scores)[:LIMIT]
    return list(zip(scores[rows].tolist(), rows.tolist(), strict=True))


def difference(one: Engine, other: Engine, questions: Sequence[str]) -> float:
    """The largest difference between the scores of two engines' hits, rank by rank."""
    differences = (
        abs(score - against)
        for question in questions
        for score, against in itertools.zip_longest(
            *([score for score, _ in engine.ask(question) if score > 0] for engine in (one, other)),
            fillvalue=0.0,
        )
    )
    return max(map(float, differences), default=0.0)


BUILDERS = {"bm25s": build_bm25s, "tantivy": build_tantivy}

if __name__ == "__main__":
    BUILDERS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
