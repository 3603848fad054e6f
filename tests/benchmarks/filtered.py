"""Phrases and filters of tipsearch beside tantivy with positions, on one corpus, in one run.

    python -m tests.benchmarks.filtered POSTS.jsonl [--queries 1000] [--rounds 5] [--work FOLDER]

Posts get a date out of ten years and a category that 5 % of them have, both by a checksum of the
id. Asks phrases of two words that stand in a post, and queries of 1 to 5 words among the posts of
1 %, 10 % and 50 % of the days and of the category. Prints a table of each: the engines take turns,
one thread each, ten hits. With --work the indexes stay in FOLDER and are used again.
"""

import argparse
import importlib
import json
import os
import random
import re
import tempfile
import zlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from tests.benchmarks import building
from tests.benchmarks.engines import HEAP, KERNELS, LIMIT, Kernel, sample_queries
from tests.benchmarks.measuring import ROUNDS, Answer, Engine, measure, speeds
from tests.benchmarks.peers import heading

FIRST, DAYS = date(2010, 1, 1), 3650
CHOSEN, ONE_OF = "chosen", 20


class Section(NamedTuple):
    """A kind of question: how each engine writes it around the words, and what it asks."""

    name: str
    tipsearch: str
    tantivy: str
    questions: list[str]


def day_and_category(post_id: str) -> tuple[int, str]:
    """The day of a post, from 0, and its category."""
    number = zlib.crc32(post_id.encode())
    return number % DAYS, CHOSEN if number // DAYS % ONE_OF == 0 else "other"


def posts_of(source: Path) -> Iterator[dict[str, Any]]:
    """The posts of a JSON Lines file."""
    with source.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write_posts(source: Path, target: Path) -> None:
    """The posts of `source`, with dates and categories."""
    with target.open("w", encoding="utf-8") as lines:
        for post in posts_of(source):
            day, category = day_and_category(post["id"])
            added = {"date": str(FIRST + timedelta(day)), "categories": [category]}
            lines.write(json.dumps(post | added) + "\n")


def build_tipsearch(source: Path, folder: Path) -> None:
    """An index of tipsearch."""
    import tipsearch

    tipsearch.Index.ingest(source)[0].save(folder)


def build_tantivy(source: Path, folder: Path) -> None:
    """One segment with positions; days as a fast field, which ranges are quickest on."""
    tantivy: Any = importlib.import_module("tantivy")
    schema = tantivy.SchemaBuilder()
    schema.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    schema.add_text_field("text", tokenizer_name="en_stem", index_option="position")
    schema.add_integer_field("day", indexed=True, fast=True)
    schema.add_text_field("category", tokenizer_name="raw", index_option="basic")
    folder.mkdir()
    writer = tantivy.Index(schema.build(), path=str(folder)).writer(HEAP, num_threads=1)
    for post in posts_of(source):
        day, category = day_and_category(post["id"])
        text = f"{post.get('title') or ''} {post['text']}"
        writer.add_document(tantivy.Document(id=post["id"], text=text, day=day, category=category))
    writer.commit()
    writer.wait_merging_threads()


def tipsearch_engine(folder: Path, kernel: Kernel, pattern: str) -> Engine:
    """BM25 with one of the kernels, without feedback, and words as they are."""
    import tipsearch

    index = tipsearch.Index.open(folder, kernel=kernel)
    index.verify()  # once here, or else block by block in the first queries
    plain = tipsearch.Ranking("bm25")

    def ask(words: str) -> Answer:
        hits = index.query(pattern.format(words), limit=LIMIT, ranking=plain, exact=True)
        return [(hit.score, hit.id) for hit in hits]

    return Engine(f"tipsearch, {kernel}", ask)


def tantivy_engine(folder: Path, pattern: str) -> Engine:
    """The query parser, and no count of all hits, so that it may prune."""
    tantivy: Any = importlib.import_module("tantivy")
    index = tantivy.Index.open(str(folder))
    searcher, fields = index.searcher(), ["text"]

    def ask(words: str) -> Answer:
        query = index.parse_query(pattern.format(words), fields)
        answer: Answer = searcher.search(query, LIMIT, count=False).hits
        return answer

    return Engine("tantivy", ask)


def sample_phrases(source: Path, count: int, seed: int = 1) -> list[str]:
    """Two words that follow each other in the text of a random post, with nothing but a space."""
    draw = random.Random(seed)
    texts = [post["text"] for post in posts_of(source)]
    phrases: list[str] = []
    while len(phrases) < count:
        found = re.findall("(?<![^ ])(?=([a-z]+ [a-z]+)(?![^ ]))", draw.choice(texts).lower())
        phrases += draw.sample(found, min(len(found), 1))
    return phrases


def sections(source: Path, count: int) -> Iterator[Section]:
    """The kinds of questions."""
    yield Section("phrases of two words", '"{}"', '"{}"', sample_phrases(source, count))
    words = sample_queries(source, count)
    for percent in (1, 10, 50):
        days = DAYS * percent // 100
        last = FIRST + timedelta(days - 1)
        dates, range_of_days = f"date:{FIRST}..{last}", f"day:[0 TO {days - 1}]"
        name = f"1 to 5 words, {percent} % of the dates"
        yield Section(name, "{} " + dates, "+({}) +" + range_of_days, words)
    name = f"1 to 5 words, a category of {100 // ONE_OF} %"
    yield Section(name, "{} category:" + CHOSEN, "+({}) +category:" + CHOSEN, words)


def compare(source: Path, work: Path, count: int, rounds: int) -> None:
    """Build what is not there yet, then print a table for each kind of question."""
    posts = work / "dated.jsonl"
    steps: dict[Path, Callable[[Path], Any]] = {
        posts: lambda path: write_posts(source, path),
        work / "tipsearch": lambda path: build_tipsearch(posts, path),
        work / "tantivy": lambda path: build_tantivy(posts, path),
    }
    for path, build in steps.items():
        if not path.exists():
            build(path)
    for section in sections(posts, count * (rounds + 1) // rounds):
        engines = [
            *(
                tipsearch_engine(work / "tipsearch", kernel, section.tipsearch)
                for kernel in KERNELS
            ),
            tantivy_engine(work / "tantivy", section.tantivy),
        ]
        print(f"{section.name}:\n")
        print(speeds(measure(engines, section.questions, rounds), ("tantivy",), "queries"))


def main() -> None:
    """Read the arguments; nothing that starts threads may be imported before this has run."""
    os.environ.update(building.ONE_THREAD)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("posts", type=Path, metavar="POSTS.jsonl")
    parser.add_argument("--queries", type=int, default=1000, help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="default: %(default)s")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="default: a temporary one")
    arguments = parser.parse_args()
    print(heading(arguments.posts))
    with tempfile.TemporaryDirectory() as temporary:
        work = arguments.work or Path(temporary)
        work.mkdir(exist_ok=True)
        compare(arguments.posts, work, arguments.queries, arguments.rounds)


if __name__ == "__main__":
    main()
