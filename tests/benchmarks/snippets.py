"""Time of the snippets of an answer, beside that of SQLite FTS5's `snippet()`.

    python -m tests.benchmarks.snippets

Two corpora: the seeds, and 500 posts of 250 words that are sentences of the seeds in random order.
For each query, the ten hits get a snippet with its spans and the spans of the title; their texts
are read before. SQLite gets `snippet()` of the text and `highlight()` of the title for its ten best
rows, and what the same statement takes without these is subtracted. "New" is an index that was just
opened and has made no snippet, "asked" one that has. Processor time; medians over the queries and
ROUNDS rounds in turn.
"""

import random
import re
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import tipsearch
from tests.benchmarks.measuring import significant, table
from tipsearch import Hits, Index, Post

SEEDS = Path(__file__).parents[2] / "seeds"
QUERIES = (
    "angry customer on the phone", "service recovery experience", "patience",
    "how to motivate my staff", "fix fast to reduce stress", "customer wait time",
)  # fmt: skip
WORDS, POSTS, ROUNDS, LIMIT = 250, 500, 30, 10
PLAIN, MARKED = (
    f"SELECT {columns} FROM posts WHERE posts MATCH ? ORDER BY rank LIMIT {LIMIT}"
    for columns in (
        "title, text",
        "highlight(posts, 0, '[', ']'), snippet(posts, 1, '[', ']', '…', 25), text",
    )
)


def mixed(posts: Sequence[Post]) -> Iterator[Post]:
    """POSTS posts of about WORDS words: sentences of `posts` in random order."""
    chance = random.Random(1)
    sentences = [s for post in posts for s in re.split(r"(?<=[.!?])\s+", post.text)]
    for number in range(POSTS):
        words: list[str] = []
        while len(words) < WORDS:
            words += chance.choice(sentences).split(" ")
        yield Post(str(number), chance.choice(posts).title, " ".join(words[:WORDS]))


def milliseconds(work: Callable[[], object]) -> float:
    """The processor time of one call, which other programs on the machine hardly change."""
    start = time.thread_time()
    work()
    return 1000 * (time.thread_time() - start)


def marked(hits: Hits) -> tuple[float, float]:
    """The time of the snippets of these hits and their spans, and that of the spans of the titles.

    Their posts are read first.
    """
    for hit in hits:
        assert hit.post
    return (
        milliseconds(lambda: [hit.snippet_spans for hit in hits]),
        milliseconds(lambda: [hit.title_spans for hit in hits]),
    )


def measure(posts: Sequence[Post]) -> list[float]:
    """The medians of snippets of a new index and of one asked, of its titles, and of SQLite."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE posts USING fts5(title, text, tokenize='porter')")
    rows = ((post.title, post.text) for post in posts)
    database.executemany("INSERT INTO posts VALUES (?, ?)", rows)
    database.execute("INSERT INTO posts(posts) VALUES ('optimize')")
    new, asked, titles, sqlite = [], [], [], []
    with tempfile.TemporaryDirectory() as folder:
        Index.build(posts, ranking="feedback").save(folder)
        opened = Index.open(folder)
        for _ in range(ROUNDS):
            new += [marked(Index.open(folder).query(query, LIMIT))[0] for query in QUERIES]
            for query in QUERIES:
                times = marked(opened.query(query, LIMIT))
                asked.append(times[0])
                titles.append(times[1])
            for query in QUERIES:
                words = (" OR ".join(opened.analyzer.tokens(query)),)
                plain, full = (
                    milliseconds(database.execute(statement, words).fetchall)
                    for statement in (PLAIN, MARKED)
                )
                sqlite.append(full - plain)
    return [statistics.median(times) for times in (new, asked, titles, sqlite)]


def main() -> None:
    """Print the table."""
    seeds, _ = tipsearch.read(SEEDS)
    rows = []
    for name, posts in (("seeds", seeds), (f"{WORDS} words", [*mixed(seeds)])):
        rows.append([name, *(f"{significant(median)} ms" for median in measure(posts))])
    heads = ["snippets, new index", "snippets, asked index", "titles", "SQLite FTS5, both"]
    print(table(["ten hits", *heads], rows))


if __name__ == "__main__":
    main()
