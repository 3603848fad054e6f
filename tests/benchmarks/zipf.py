"""Short posts with the statistics of real ones, as many as wanted, the same for everyone.

    python tests/benchmarks/zipf.py N [--seed SEED] > posts.jsonl

Writes N JSON Lines {"id", "title", "text"}; the first lines of a longer run are those of a shorter
one. The constants are fitted to the names and one-line summaries of 886,000 software packages:

- The probability of a word by its rank follows Zipf and Mandelbrot, 1 / (rank + q) ** s, and the
  ranks never end. So the vocabulary grows as N ** (1 / s): of a million words 14% are distinct,
  of ten million 8%, and three quarters of these occur once.
- The most frequent words are the function words of English; any other is a pseudo-word of
  syllables. It has a base and one of a few endings, so that stemming has something to do.
- A title has 1 to 4 words, none a function word; the number of words of a text is lognormal.
- Words are drawn one by one: no post has a topic, and no two words attract each other.
"""

import argparse
import sys
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.int64]
    Words = NDArray[np.object_]

SEED = 1
BLOCK = 50_000  # posts that are made at once, from a random generator of their own
S, Q = 1.33, 10.0  # the exponent and the offset of Zipf and Mandelbrot
TITLE = (0.5, 0.8, 0.93)  # at most 1, 2, 3 words
MEDIAN, SPREAD, LONGEST = 8.0, 0.6, 100  # of the words of a text

FUNCTION_WORDS = """
the a of and to for in with is that from on this it your by as an be are or which you at not can
has all have was so when but
""".split()
ONSETS = "b c d f g h j k l m n p r s t v w z br dr gr pl pr sc sl st tr cl".split()
NUCLEI = "a e i o u ea ai".split()
CODAS = "n t r l m ct nd st rm x d p".split()
SYLLABLES = [onset + nucleus for nucleus in NUCLEI for onset in ONSETS]
ENDINGS = ("", "s", "ing", "ed", "er", "ation", "able", "ness")
ENDING = (0.6, 0.78, 0.85, 0.9, 0.95, 0.97, 0.985)  # the share of each and those before it


def lines(seed: int = SEED) -> Iterator[str]:
    """JSON Lines without end, always the same for a seed.

    >>> print(next(lines()), end="")
    {"id": "00000000", "title": "vaigan feap", "text": "to slan mud secting are"}
    """
    block = 0
    while True:
        yield from _block(block * BLOCK, np.random.Generator(np.random.PCG64([seed, block])))
        block += 1


def _block(first: int, random: np.random.Generator) -> Iterator[str]:
    """The lines of one block; the id of a post is its place, from `first`."""
    titles = np.searchsorted(TITLE, random.random(BLOCK)) + 1
    texts = _lengths(random)
    in_title = np.repeat(np.tile([True, False], BLOCK), np.stack([titles, texts], 1).ravel())
    words = _words(_ranks(random, in_title), random).tolist()
    start = 0
    for place, (title, text) in enumerate(zip(titles.tolist(), texts.tolist(), strict=True), first):
        middle, end = start + title, start + title + text
        yield (
            f'{{"id": "{place:08}", "title": "{" ".join(words[start:middle])}", '
            f'"text": "{" ".join(words[middle:end])}"}}\n'
        )
        start = end


def _lengths(random: np.random.Generator) -> "Numbers":
    """How many words each text has: lognormal, by the formula of Box and Muller.

    From plain random numbers, as numpy promises no stream for its other distributions.
    """
    radius = np.sqrt(-2 * np.log1p(-random.random(BLOCK)))
    normal = radius * np.cos(2 * np.pi * random.random(BLOCK))
    lengths: Numbers = np.rint(MEDIAN * np.exp(SPREAD * normal)).astype(np.int64)
    return np.clip(lengths, 1, LONGEST)


def _ranks(random: np.random.Generator, no_function: "NDArray[np.bool_]") -> "Numbers":
    """A rank for each word, from 0; that of a function word only where there may be one."""
    longest = float(len(SYLLABLES)) ** 5
    least = np.where(no_function, float(len(FUNCTION_WORDS)), 0.0)
    share = 1 - random.random(len(no_function))  # above 0
    ranks = (least + Q) * share ** (-1 / (S - 1)) - Q
    result: Numbers = np.minimum(ranks, longest).astype(np.int64)
    return result


def _words(ranks: "Numbers", random: np.random.Generator) -> "Words":
    """The word of each rank, with an ending drawn for it unless it is a function word."""
    functions = len(FUNCTION_WORDS)
    endings = np.searchsorted(ENDING, random.random(len(ranks)))
    endings[ranks < functions] = 0
    forms, places = np.unique(ranks * len(ENDINGS) + endings, return_inverse=True)
    bases, endings = np.divmod(forms, len(ENDINGS))
    words = _bases(np.maximum(bases - functions, 0)) + np.array(ENDINGS, object)[endings]
    known = bases < functions
    words[known] = np.array(FUNCTION_WORDS, object)[bases[known]]
    result: Words = words[places]
    return result


def _bases(numbers: "Numbers") -> "Words":
    """The base of each number from 0: one or more syllables and a coda, each base once."""
    syllables = np.array(["", *SYLLABLES], object)
    rest, first = np.divmod(numbers, len(SYLLABLES))
    rest, coda = np.divmod(rest, len(CODAS))
    words: Words = syllables[first + 1]
    while rest.any():  # digits from 1 on: what has come to its end gets nothing more
        more = rest > 0
        rest, digit = np.divmod(rest - more, len(SYLLABLES))
        words = words + syllables[np.where(more, digit + 1, 0)]
    result: Words = words + np.array(CODAS, object)[(coda + first) % len(CODAS)]
    return result


def main() -> None:
    """Write as many lines as were asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("n", type=int, metavar="N", help="how many posts")
    parser.add_argument("--seed", type=int, default=SEED, help="(default: %(default)s)")
    arguments = parser.parse_args()
    sys.stdout.writelines(islice(lines(arguments.seed), arguments.n))


if __name__ == "__main__":
    main()
