"""Suggester: completes the last word of a typed text, and the text to titles."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.analysis.analyzer import fold
from tipsearch.errors import SettingError, check_limit
from tipsearch.query.suggest.best import greatest
from tipsearch.query.suggest.company import Company, Context, Postings
from tipsearch.query.suggest.mistakes import may_have_mistake, mistake
from tipsearch.query.suggest.suggestion import Suggestion, Suggestions
from tipsearch.query.suggest.titles import Titles
from tipsearch.query.suggest.typed import Typed, read
from tipsearch.query.suggest.words import Completion, Words

if TYPE_CHECKING:
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.store.reader import Reader
    from tipsearch.store.storage import Array

RARE = 100  # times as many posts must have a word that a mistake may stand for
FIRST = 3  # completions as typed that come before those
IN_TITLES = 3  # completions that are looked for in titles
RANKED = 64  # posts whose titles are compared with the typed words
JOINED = 100  # joined words that are compared with the parts of a compound
CACHED = 1 << 10  # words whose correction is kept in memory


class Suggester:
    """Suggests completions for a text."""

    def __init__(self, reader: Reader, vocabulary: Vocabulary, postings: Postings) -> None:
        self._reader, self._vocabulary, self._postings = reader, vocabulary, postings
        self._corrected = lru_cache(CACHED)(self._correction)

    @cached_property
    def words(self) -> Words:
        """The surface forms by prefix."""
        return Words(self._reader)

    @cached_property
    def titles(self) -> Titles:
        """The titles by prefix."""
        return Titles(self._reader)

    def suggest(self, text: str, limit: int) -> Suggestions:
        """At most `limit` suggestions: see `Index.suggest`."""
        limit = check_limit(limit)
        if not isinstance(text, str):
            raise SettingError("a text to complete", text, "a text")
        typed = read(text, self._vocabulary.analyzer)
        context = self._context(typed)
        words = self._words(typed, context, limit)
        titles = self._titles(typed, context, words, limit)
        # Each kind has half of the places; those that one leaves free are for the other.
        words = words[: limit - min(len(titles), limit // 2)]
        shown = [self._word(typed, context, completion) for completion in words]
        for row, why in [*titles.items()][: limit - len(words)]:
            post = self._reader.post(row)
            shown.append(Suggestion(post.title, "title", why, 1, post.id))
        return Suggestions(shown)

    # --- the finished words

    def _context(self, typed: Typed) -> Context:
        """The finished words of a text, with corrections of those that no post has."""
        stop_words, corrections = self._vocabulary.analyzer.stop_words, dict[str, str]()
        known: dict[int, str] = {}
        for token in typed.finished:
            word = token.word
            (term,) = self._vocabulary.numbers([word])
            if term < 0 and word not in stop_words and (correction := self._corrected(word)):
                corrections[word] = word = correction
                (term,) = self._vocabulary.numbers([word])
            if term >= 0:
                known.setdefault(term, word)
        return Context(known, corrections, Company(self._reader, self._postings, [*known]))

    def _correction(self, word: str) -> str | None:
        """The nearest word that some post has, or a stop word; None if no word is near."""
        nearest = self._vocabulary.spelling.nearest(word, 1)
        return nearest[0].form if nearest else None

    # --- words

    def _words(self, typed: Typed, context: Context, limit: int) -> list[Completion]:
        """The completions of the last word.

        At the end of a compound, those that complete one that posts have come alone.
        """
        if typed.last is None:
            return []
        found = self._compounds(typed.compound, typed.last.word) or self._starting(
            typed.last.word, limit + len(context.known), context.company.counts
        )
        # A word is no completion of a text that has it.
        return [completion for completion in found if completion.term not in context.known][:limit]

    def _starting(self, prefix: str, enough: int, counts: Array | None) -> list[Completion]:
        """The completions of a prefix: as typed, and where these are rare, of a mistake."""
        found = self.words.starting_with(prefix, enough, counts)
        least = RARE * sum(completion.posts for completion in found)
        if may_have_mistake(prefix) and least < self.words.most_posts:
            mistaken = self.words.mistaken(prefix, enough, counts)
            often = [completion for completion in mistaken if completion.posts > least]
            found = [*found[:FIRST], *often, *found[FIRST:]]
        return found

    def _compounds(self, compound: str, last: str) -> list[Completion]:
        """The completions of the last part of a compound whose joined word posts have.

        Each has the term of the joined word: "mail" that of "email" for "e-m".
        """
        if not compound:
            return []
        start = len(compound) - len(last)
        joined = self.words.starting_with(compound, JOINED)
        parts = [completion._replace(form=completion.form[start:]) for completion in joined]
        return [part for part in parts if self._vocabulary.place(part.form) >= 0]

    def _word(self, typed: Typed, context: Context, completion: Completion) -> Suggestion:
        """A completed word as a suggestion."""
        company, posts, reasons = context.company, completion.posts, [_posts(completion.posts)]
        if company.counts is not None and (shared := int(company.counts[completion.term])):
            posts = shared * company.step
            about = "about " * (company.step > 1)
            reasons = [f"{about}{_posts(posts)} with {', '.join(context.known.values())}"]
        if typed.last and (wrong := mistake(typed.last.word, completion.form)):
            reasons.append(wrong)
        reasons += [f'"{old}" read as "{new}"' for old, new in context.corrections.items()]
        text = typed.completed(completion.form, context.corrections)
        return Suggestion(text, "word", ", ".join(reasons), posts)

    # --- titles

    def _titles(
        self, typed: Typed, context: Context, completions: Sequence[Completion], limit: int
    ) -> dict[int, str]:
        """The rows of titles that start with the text, then of those that have all its words.

        Each row has the reason in words.
        """
        folded = fold(typed.plain)
        if not folded:
            return {}
        folded += " " * bool(typed.finished and typed.last is None)  # the last word is whole
        starting = self.titles.starting_with(folded, limit)
        why = dict.fromkeys(starting, "starts with the text")
        if len(starting) < limit:
            why = {**self._having(typed, context, completions), **why}
        return {row: why[row] for row in self.titles.distinct([*starting, *why], limit)}

    def _having(
        self, typed: Typed, context: Context, completions: Sequence[Completion]
    ) -> dict[int, str]:
        """The rows whose title has all words, of those RANKED best, with the reason in words."""
        prefix = typed.last.word if typed.last else ""
        text = typed._replace(text=typed.plain).completed(prefix, context.corrections)
        *words, last = [*fold(text).split(), *[""] * (typed.last is None)]
        terms = [completion.term for completion in completions[:IN_TITLES]]
        if typed.last is None:
            terms = [*context.known][-1:]
        rows = self._heaviest(terms, context.company)
        mistaken = any(mistake(prefix, completion.form) for completion in completions)
        reasons = {}
        for row, word in self.titles.having(rows, words, last, mistaken=mistaken).items():
            shown, wrong = filter(None, [*words, word]), mistake(last, word)
            reasons[row] = f"has {', '.join(shown)}" + (f", {wrong}" if wrong else "")
        return reasons

    def _heaviest(self, terms: Sequence[int], company: Company) -> list[int]:
        """The RANKED rows of the company in which any of some terms weighs most, heaviest first.

        A word weighs most in the posts that have it in the title and are short.
        """
        found = [(np.zeros(0, np.int64), np.zeros(0))]
        for term in terms:
            rows, weights = self._postings.weights_in(term, self._all_rows)
            if company.mask is not None:
                here = company.mask[rows]
                rows, weights = rows[here], weights[here]
            best = greatest(weights, RANKED)
            found.append((rows[best], weights[best]))
        rows, weights = map(np.concatenate, zip(*found, strict=True))
        heaviest: list[int] = rows[greatest(weights, RANKED)].tolist()
        return heaviest

    @cached_property
    def _all_rows(self) -> Array:
        return np.arange(self._reader.posts, dtype=np.int32)


def _posts(number: int) -> str:
    """A number of posts, in words."""
    return f"{number:,} post{'s' * (number != 1)}"
