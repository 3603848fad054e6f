"""Labels of topics: their most characteristic phrases, or words where there are too few."""

from __future__ import annotations

from collections import Counter
from math import log1p
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tipsearch.explore.topics.speech import Bigram, Phrases

LABEL_PARTS = 2  # phrases or words


def labels(counted: Sequence[Phrases], words: Sequence[Sequence[str]]) -> list[str]:
    """Return a label for each topic: its two best phrases, or words where it has too few.

    `counted` are the phrases of each topic, `words` its stems, the best first. A phrase belongs to
    the topic in which its class-based TF-IDF is greatest, and must be in at least two of its posts
    and 3 % of them. All labels differ, and no word is twice in one.
    """
    chosen: list[str] = []
    for phrases, bigrams, stems in zip(counted, _best_bigrams(counted), words, strict=True):
        parts = [*_without_repeats([*bigrams, *((stem,) for stem in stems)])]
        names = [phrases.surface(part if len(part) == 2 else part[0]) for part in parts]
        label = ", ".join(names[:LABEL_PARTS]) or "(no words)"
        more = iter(names[LABEL_PARTS:])
        while label in chosen:
            label += f", {next(more, len(chosen) + 1)}"
        chosen.append(label)
    return chosen


def _without_repeats(parts: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """The parts that share no stem with an earlier one."""
    taken: set[str] = set()
    for part in parts:
        if not taken & set(part):
            taken |= set(part)
            yield part


def _best_bigrams(counted: Sequence[Phrases]) -> list[list[Bigram]]:
    """The bigrams of each topic by descending class-based TF-IDF; see `words.class_tfidf`."""
    lengths = [sum(phrases.stems.values()) for phrases in counted]
    mean = sum(lengths) / max(len(counted), 1)
    totals: Counter[Bigram] = Counter()
    for phrases in counted:
        totals.update(phrases.bigrams)
    best: dict[Bigram, tuple[float, int]] = {}
    for topic, (phrases, length) in enumerate(zip(counted, lengths, strict=True)):
        for bigram, count in phrases.bigrams.items():
            weight = count / length * log1p(mean / totals[bigram])
            if weight > best.get(bigram, (0.0, 0))[0]:
                best[bigram] = weight, topic
    by_topic: list[list[Bigram]] = [[] for _ in counted]
    for bigram in sorted(best, key=lambda bigram: -best[bigram][0]):  # ties: the first in the posts
        topic = best[bigram][1]
        if counted[topic].bigram_posts[bigram] >= counted[topic].min_posts:
            by_topic[topic].append(bigram)
    return by_topic
