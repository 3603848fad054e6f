"""How do the posts of a topic say it? The words behind its stems, and phrases, found by nltk."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.post import Post

SIGNIFICANT = 10.83  # a likelihood ratio that chance gives to one pair in a thousand
JOINTS = frozenset(" -\xa0‑")  # what is between the words of a phrase
LISTENED = 200  # posts of a topic
SPREAD = 0.03  # of the posts have what is not said in passing

Pair = tuple[str, str]  # two stems
Run = list[tuple[str, str, str]]  # of words: stem, how it is written, and what goes before it


class Speech(NamedTuple):
    """What some posts of one topic say: how often each stem and each pair of them comes.

    A pair is two words side by side, no stop word among them, that meet more often than by chance;
    `spread` has the number of posts that have it. `ways` counts how each is written. What comes
    in fewer posts than `enough` is said in passing.
    """

    enough: int
    stems: Counter[str]
    pairs: Counter[Pair]
    spread: Counter[Pair]
    ways: defaultdict[str | Pair, Counter[str]]

    def written(self, said: str | Pair) -> str:
        """The most usual way to write a stem or a pair."""
        ways = self.ways.get(said)
        if not ways:
            return said if isinstance(said, str) else " ".join(said)
        return min(ways, key=lambda way: (-ways[way], way))


def listen(topics: Sequence[Sequence[Post]], analyzer: Analyzer) -> list[Speech]:
    """The speech of the posts of each topic."""
    stem, every_run = cache(analyzer.term), []
    heard = []
    for posts in topics:
        enough = max(2, math.ceil(SPREAD * len(posts)))
        speech = Speech(enough, Counter(), Counter(), Counter(), defaultdict(Counter))
        for post in posts:
            runs = [*_runs(post.title, analyzer, stem), *_runs(post.text, analyzer, stem)]
            _count(speech, runs)
            every_run += [[said for said, _, _ in run] for run in runs]
        heard.append(speech)
    collocations = _collocations(every_run)
    for speech in heard:
        for pair in speech.pairs.keys() - collocations:
            del speech.pairs[pair]
    return heard


class _Every:
    """Has everything: for the places of all words."""

    def __contains__(self, form: object) -> bool:
        return True


def _runs(text: str, analyzer: Analyzer, stem: Callable[[str], str]) -> Iterator[Run]:
    """The words of a text that can stand for what it is about, broken where they do not join."""
    run: Run = []
    done = 0
    for start, end, form in analyzer.spans(text, _Every()):
        joint, word = text[done:start], text[start:end]
        stands = form not in analyzer.stop_words and any(map(str.isalpha, form))
        if run and not (stands and joint in JOINTS):
            yield run
            run = []
        if stands:
            shown = word if word.isupper() and len(word) > 1 else word.lower()
            run.append((stem(form), shown.replace("’", "'"), joint))
        done = end
    if run:
        yield run


def _count(speech: Speech, runs: Sequence[Run]) -> None:
    met = set()
    for run in runs:
        for said, word, _ in run:
            speech.stems[said] += 1
            speech.ways[said][word] += 1
        for (one, first, _), (other, second, joint) in pairwise(run):
            if one != other:
                pair = one, other
                speech.pairs[pair] += 1
                speech.ways[pair][f"{first}{'-' if joint in '-‑' else ' '}{second}"] += 1
                met.add(pair)
    speech.spread.update(met)


def _collocations(runs: list[list[str]]) -> set[Pair]:
    """The pairs that come twice or more, and more often than by chance.

    By the likelihood ratio of Dunning, "Accurate Methods for the Statistics of Surprise and
    Coincidence", 1993.
    """
    from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder

    finder = BigramCollocationFinder.from_documents(runs)
    finder.apply_freq_filter(2)
    finder.apply_ngram_filter(lambda one, other: one == other)  # its contingency table has no sense
    scored = finder.score_ngrams(BigramAssocMeasures.likelihood_ratio)
    return {pair for pair, ratio in scored if ratio > SIGNIFICANT}
