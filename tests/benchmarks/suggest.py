"""Suggestions: the time to complete a text that is being typed.

    python -m tests.benchmarks.suggest INDEX [TEXTS]

INDEX holds an index. Words are drawn as often as its posts have them. A text (default 1,000) is the
first 1 to 8 letters of one; every fourth text has a whole word before these, and every fourth has a
random mistake. Each is asked ROUNDS times of an index that has been asked before. The least time of
the processor counts, so that other work of the machine is left out.
"""

import itertools
import random
import sys
import time

from tests.benchmarks.measuring import Timings, significant, table
from tests.benchmarks.typos import mistype
from tipsearch.index import Index

MOST_LETTERS, ROUNDS = 8, 5


def drawn(index: Index, count: int, seed: int = 1) -> dict[str, list[str]]:
    """Texts of each kind."""
    forms = index._reader.forms
    known, often = [*forms.strings], forms.frequency.whole().tolist()
    chance, sums = random.Random(seed), list(itertools.accumulate(often))
    texts: dict[str, list[str]] = {"one word": [], "two words": [], "one mistake": []}
    for number in range(count):
        before, word = chance.choices(known, cum_weights=sums, k=2)
        start = word[: chance.randint(1, MOST_LETTERS)]
        if number % 4 == 0:
            texts["two words"].append(f"{before} {start}")
        elif number % 4 == 1:
            texts["one mistake"].append(mistype(word[:MOST_LETTERS], chance))
        else:
            texts["one word"].append(start)
    return texts


def main() -> None:
    """Print the table."""
    index, count = Index.open(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    start = time.perf_counter()
    index.suggest("custamer")
    first = time.perf_counter() - start
    texts = drawn(index, count)
    texts["all"] = [*itertools.chain(*texts.values())]
    least = dict.fromkeys(texts["all"], float("inf"))
    for text in [*least] * ROUNDS:
        start = time.thread_time()
        index.suggest(text)
        least[text] = min(least[text], time.thread_time() - start)
    rows = []
    for name, asked in texts.items():
        timings = Timings(seconds=[least[text] for text in asked])
        times = (significant(1000 * timings.percentile(share)) for share in (0.5, 0.99, 1))
        rows.append((name, f"{len(asked):,}", *times))
    print(f"{index.info()['forms']:,} forms; the first text takes {first:.2f} s\n")
    head = ["text", "asked", "median, ms", "p99, ms", "most, ms"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
