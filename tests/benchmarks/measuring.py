"""Engines side by side: the same questions in rounds, taken in turn, and tables of the medians."""

import gc
import itertools
import math
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

ROUNDS = 5

# The best hits as an engine gives them, each a pair of a score and whatever names a post.
Answer = Sequence[tuple[float, Any]]


@dataclass(frozen=True)
class Engine:
    """A name and a callable that answers one question.

    `most` is how many questions of a round it gets, the first ones, where it is too slow for all.
    """

    name: str
    ask: Callable[[str], Answer]
    most: int | None = None


@dataclass
class Timings:
    """What was measured of one engine."""

    per_second: list[float] = field(default_factory=list)  # of each round
    seconds: list[float] = field(default_factory=list)  # of each question
    hits: int = 0

    @property
    def median_per_second(self) -> float:
        """The median of the rounds' questions per second."""
        return statistics.median(self.per_second)

    def percentile(self, share: float) -> float:
        """The seconds that a `share` of the questions did not exceed."""
        ordered = sorted(self.seconds)
        return ordered[min(math.ceil(share * len(ordered)), len(ordered)) - 1]


def measure(
    engines: Sequence[Engine], questions: Sequence[str], rounds: int = ROUNDS
) -> dict[str, Timings]:
    """Ask every engine a slice of the questions in each round; whose turn is first goes round.

    There is a slice more than there are rounds: that of the round that warms up and is not counted.
    Collection of garbage is left on, but what the engines have loaded is none of its business.
    """
    timings = {engine.name: Timings() for engine in engines}
    slices = _slices(questions, rounds + 1)
    gc.collect()
    gc.freeze()
    try:
        for number, asked in enumerate(slices):
            turn = number % len(engines)
            for engine in (*engines[turn:], *engines[:turn]):
                seconds, hits = _ask(engine, asked[: engine.most])
                if number:
                    found = timings[engine.name]
                    found.per_second.append(len(seconds) / sum(seconds))
                    found.seconds += seconds
                    found.hits += hits
    finally:
        gc.unfreeze()
    return timings


def _slices(questions: Sequence[str], count: int) -> list[Sequence[str]]:
    """The questions in `count` slices that are equal to one question."""
    ends = [len(questions) * place // count for place in range(count + 1)]
    return [questions[start:end] for start, end in itertools.pairwise(ends)]


def _ask(engine: Engine, questions: Sequence[str]) -> tuple[list[float], int]:
    """The seconds of each question, and how many hits with a score above 0 there were."""
    answers, seconds = [], []
    for question in questions:
        start = time.perf_counter()
        answers.append(engine.ask(question))
        seconds.append(time.perf_counter() - start)
    return seconds, sum(score > 0 for answer in answers for score, _ in answer)


def speeds(timings: dict[str, Timings], bases: Sequence[str], what: str) -> str:
    """A table of throughput, its ratio to that of each of the `bases`, and latency."""
    rows = [
        (
            name,
            significant(found.median_per_second),
            *(
                significant(found.median_per_second / timings[base].median_per_second)
                for base in bases
            ),
            significant(found.percentile(0.5) * 1000),
            significant(found.percentile(0.99) * 1000),
            f"{found.hits / len(found.seconds):.2f}",
            f"{len(found.seconds):,}",
        )
        for name, found in timings.items()
    ]
    head = ["engine", f"{what}/s", *(f"to {base}" for base in bases)]
    head += ["p50, ms", "p99, ms", "hits each", "asked"]
    return table(head, rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table, its first column to the left and the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def significant(number: float, digits: int = 3) -> str:
    """The number to 3 significant digits, and all the digits of a larger whole one.

    >>> [significant(number) for number in (12345.6, 123.4, 1.234, 0.0012341)]
    ['12,346', '123', '1.23', '0.00123']
    """
    if not number or abs(number) >= 10 ** (digits - 1):
        return f"{number:,.0f}"
    return f"{number:.{digits - 1 - math.floor(math.log10(abs(number)))}f}"


def megabytes(size: float) -> str:
    """Bytes as MB of 10**6 bytes."""
    return f"{size / 1e6:,.0f}"
