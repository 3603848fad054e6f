"""What is a topic called? By the phrases that are most its own, else by its words."""

from __future__ import annotations

from collections import Counter
from math import log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tipsearch.explore.topics.speech import Pair, Speech

PARTS = 2  # of a label


def labels(heard: Sequence[Speech], words: Sequence[Sequence[str]]) -> list[str]:
    """A label for each topic, all different: its two best phrases, or words where it has none.

    `words` are the stems that stand for each topic, the best first. A phrase belongs to the topic
    where its class-based TF-IDF is greatest, and two of its posts or 3 % of them must have it. No
    word comes twice in a label.
    """
    phrases = _phrases(heard)
    found: list[str] = []
    for speech, own, stems in zip(heard, phrases, words, strict=True):
        parts = [*_different([*own, *((stem,) for stem in stems)])]
        said = [speech.written(part if len(part) == 2 else part[0]) for part in parts]
        label = ", ".join(said[:PARTS]) or "(no words)"
        more = iter(said[PARTS:])
        while label in found:
            label += f", {next(more, len(found) + 1)}"
        found.append(label)
    return found


def _different(parts: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Those that share no stem with one before."""
    taken: set[str] = set()
    for part in parts:
        if not taken & set(part):
            taken |= set(part)
            yield part


def _phrases(heard: Sequence[Speech]) -> list[list[Pair]]:
    """The phrases of each topic, the best first."""
    lengths = [sum(speech.stems.values()) for speech in heard]
    mean = sum(lengths) / max(len(heard), 1)
    everywhere: Counter[Pair] = Counter()
    for speech in heard:
        everywhere.update(speech.pairs)
    best: dict[Pair, tuple[float, int]] = {}
    for topic, (speech, length) in enumerate(zip(heard, lengths, strict=True)):
        for pair, count in speech.pairs.items():
            weight = count / length * log1p(mean / everywhere[pair])
            if weight > best.get(pair, (0.0, 0))[0]:
                best[pair] = weight, topic
    found: list[list[Pair]] = [[] for _ in heard]
    for pair in sorted(best, key=lambda pair: -best[pair][0]):  # of equals what is said first
        topic = best[pair][1]
        if heard[topic].spread[pair] >= heard[topic].enough:
            found[topic].append(pair)
    return found
