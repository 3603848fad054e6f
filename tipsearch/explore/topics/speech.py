"""Stems, phrases and their surface forms in the posts of each topic; phrases by nltk."""

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

MIN_LIKELIHOOD_RATIO = 10.83  # chi-squared, one degree of freedom, p = 0.001
PHRASE_SEPARATORS = frozenset(" -\xa0‑")  # what may stand between the words of a phrase
MAX_LABEL_POSTS = 200  # of a topic, which are counted
MIN_PHRASE_SHARE = 0.03  # of the posts of a topic have a phrase that can be in its label

Bigram = tuple[str, str]  # two stems
WordRun = list[tuple[str, str, str]]  # words in sequence: stem, surface form, text before it


class Phrases(NamedTuple):
    """The counts of stems and bigrams in the posts of one topic.

    A bigram is two adjacent words, neither a stop word, that co-occur more often than by chance.
    `bigram_posts` is the number of posts that have it, and `min_posts` how many must, so that it
    can be in a label. `forms` counts the surface forms of each stem and bigram.
    """

    min_posts: int
    stems: Counter[str]
    bigrams: Counter[Bigram]
    bigram_posts: Counter[Bigram]
    forms: defaultdict[str | Bigram, Counter[str]]

    def surface(self, key: str | Bigram) -> str:
        """Return the most frequent surface form of a stem or bigram; itself where it has none."""
        forms = self.forms.get(key)
        if not forms:
            return key if isinstance(key, str) else " ".join(key)
        return min(forms, key=lambda form: (-forms[form], form))


def count_phrases(topics: Sequence[Sequence[Post]], analyzer: Analyzer) -> list[Phrases]:
    """Return the stems and bigrams of each topic, given its posts."""
    stem, all_runs = cache(analyzer.term), []
    counted = []
    for posts in topics:
        min_posts = max(2, math.ceil(MIN_PHRASE_SHARE * len(posts)))
        phrases = Phrases(min_posts, Counter(), Counter(), Counter(), defaultdict(Counter))
        for post in posts:
            runs = [*_runs(post.title, analyzer, stem), *_runs(post.text, analyzer, stem)]
            for text in (post.title, post.text):
                for start, end, form in analyzer.joined_spans(text):
                    phrases.forms[stem(form)][text[start:end].lower()] += 1
            _count(phrases, runs)
            all_runs += [[word for word, _, _ in run] for run in runs]
        counted.append(phrases)
    collocations = _collocations(all_runs)
    for phrases in counted:
        for bigram in phrases.bigrams.keys() - collocations:
            del phrases.bigrams[bigram]
    return counted


def _runs(text: str, analyzer: Analyzer, stem: Callable[[str], str]) -> Iterator[WordRun]:
    """The runs of adjacent words in a text; stop words, numbers and punctuation end a run."""
    run: WordRun = []
    done = 0
    for start, end, form in analyzer.spans(text):
        separator, word = text[done:start], text[start:end]
        counts = form not in analyzer.stop_words and any(map(str.isalpha, form))
        if run and not (counts and separator in PHRASE_SEPARATORS):
            yield run
            run = []
        if counts:
            surface = word if word.isupper() and len(word) > 1 else word.lower()
            run.append((stem(form), surface.replace("’", "'"), separator))
        done = end
    if run:
        yield run


def _count(phrases: Phrases, runs: Sequence[WordRun]) -> None:
    """Add the stems and bigrams of one post."""
    in_post = set()
    for run in runs:
        for stem, form, _ in run:
            phrases.stems[stem] += 1
            phrases.forms[stem][form] += 1
        for (stem, form, _), (next_stem, next_form, separator) in pairwise(run):
            if stem != next_stem:
                bigram = stem, next_stem
                phrases.bigrams[bigram] += 1
                hyphen = "-" if separator in "-‑" else " "
                phrases.forms[bigram][f"{form}{hyphen}{next_form}"] += 1
                in_post.add(bigram)
    phrases.bigram_posts.update(in_post)


def _collocations(runs: list[list[str]]) -> set[Bigram]:
    """The bigrams that occur at least twice, and significantly more often than by chance.

    The test is the likelihood ratio of Dunning, "Accurate Methods for the Statistics of Surprise
    and Coincidence", 1993.
    """
    from nltk.collocations import BigramAssocMeasures, BigramCollocationFinder

    finder = BigramCollocationFinder.from_documents(runs)
    finder.apply_freq_filter(2)
    finder.apply_ngram_filter(
        lambda one, other: one == other
    )  # its contingency table makes no sense
    scored = finder.score_ngrams(BigramAssocMeasures.likelihood_ratio)
    return {bigram for bigram, ratio in scored if ratio > MIN_LIKELIHOOD_RATIO}
