"""Spelling correction: its time per word, and how often the first word is the one meant.

    python -m tests.benchmarks.typos FOLDER [WORDS]

FOLDER holds an index. Forms of its posts, drawn as often as posts have them, get one random mistake
or two (of 6 letters and more, every other one); what is a form itself is drawn anew. Each of WORDS
(default 500) is asked of an index that was just opened, so that all that it uses is checked, and
once more of one that has been asked before. Then some are asked in processes of their own.

Measured on one core of a Xeon at 2.6 GHz, in ms: median and p99 of 500 words, or of 15 processes
the median and the last but one, where the import of numpy and the opening are not counted:

    forms                       just opened    asked before   new process
    494,195 (680,000 posts)      6.7   12.4      1.5   3.3       8.7  12.5
    624,686 (886,323 posts)      8.6   15.3      1.9   4.1       8.3  14.5

What is just opened is mostly busy with checksums: of all signatures, and for two mistakes of all
forms. What was meant comes first for 76 % of the words, and is among the first three for 83 %.

A symmetric-delete index of the 624,686 forms (prefix 7, a hash and a form by form) holds 13.7
million pairs: 55 MB and a directory instead of 5 MB. It takes 11 s to make in Python instead of
0.2, and answers in 0.6 ms, p99 2.2, without any check: too little gained for that room.
"""

import itertools
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from tests.benchmarks.measuring import significant, table
from tipsearch.index import Index
from tipsearch.query.spelling import TWO_MISTAKES_FROM, Spelling, max_mistakes

LETTERS = "abcdefghijklmnopqrstuvwxyz"
COLD = """
import sys, time
from tipsearch.index import Index
index = Index.open(sys.argv[1])
spelling = index._searcher.vocabulary.spelling
index.parse(sys.argv[2], exact=True)
start = time.perf_counter()
spelling.nearest(sys.argv[2])
print(time.perf_counter() - start)
"""
PROCESSES = 15


def mistype(word: str, chance: random.Random) -> str:
    """The word with a letter left out, put in, put for another, or swapped with the next."""
    at, letter = chance.randrange(len(word)), chance.choice(LETTERS)
    before, here, after = word[:at], word[at], word[at + 1 :]
    return chance.choice(
        [before + after, before + letter + here + after, before + letter + after,
         before + after[:1] + here + after[1:]]
    )  # fmt: skip


def spelling_of(index: Index) -> Spelling:
    """What corrects the words that an index does not know."""
    return index._searcher.vocabulary.spelling


def drawn(index: Index, seed: int = 1) -> Iterator[tuple[str, str]]:
    """Words that the corpus does not know, and what was meant."""
    forms = index._reader.forms.strings
    often = index._reader.generation.arrays["forms.frequency"].whole()
    known = list(forms)
    chance, sums = random.Random(seed), list(itertools.accumulate(often.tolist()))
    while True:
        (meant,) = chance.choices(known, cum_weights=sums)
        word = mistype(meant, chance) if max_mistakes(meant) else ""
        if len(word) >= TWO_MISTAKES_FROM and chance.random() < 0.5:
            word = mistype(word, chance)
        if max_mistakes(word) and not index.parse(word, exact=True).terms:
            yield word, meant


def main() -> None:
    """Print the table."""
    folder, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 500
    index = Index.open(folder)
    words = list(itertools.islice(drawn(index), count))
    first = among = 0
    seconds: dict[str, list[float]] = {"just opened": [], "asked before": [], "new process": []}
    for word, meant in words:
        for name, asked in (("just opened", Index.open(folder)), ("asked before", index)):
            spelling = spelling_of(asked)
            asked.parse(word, exact=True)  # as each query does
            start = time.perf_counter()
            found = [correction.form for correction in spelling.nearest(word)]
            seconds[name].append(time.perf_counter() - start)
        first, among = first + (found[:1] == [meant]), among + (meant in found)
    for word, _ in words[:PROCESSES]:
        command = [sys.executable, "-c", COLD, folder, word]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        seconds["new process"].append(float(said))
    print(f"{index.info()['forms']:,} forms; what was meant is first {first / count:.0%},"
          f" among the first {among / count:.0%}\n")  # fmt: skip
    rows = [
        (name, *(significant(1000 * of(times)) for of in (statistics.median, _p99, max)))
        for name, times in seconds.items()
    ]
    print(table(["index", "median, ms", "p99, ms", "most, ms"], rows))


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.99 * (len(seconds) - 1))]


if __name__ == "__main__":
    main()
