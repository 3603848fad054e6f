"""Suggester: completes the last word of a typed text, and the text to titles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from tipsearch.analysis.analyzer import fold
from tipsearch.errors import SettingError, check_limit
from tipsearch.query.suggest.company import Company, Context
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
RANKED = 64  # best posts whose titles are compared with the typed words
CACHED = 1 << 10  # words whose correction is kept in memory


class Suggester:
    """Suggests completions for a text.

    `rows_of` gives the rows of the posts that have a term, ascending; `best_rows` the best rows for
    terms with their factors, and their scores.
    """

    def __init__(
        self,
        reader: Reader,
        vocabulary: Vocabulary,
        rows_of: Callable[[int], Array],
        best_rows: Callable[[Mapping[int, float], int], Sequence[tuple[int, float]]],
    ) -> None:
        self._reader, self._vocabulary = reader, vocabulary
        self._rows_of, self._best_rows = rows_of, best_rows
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
        return Suggestions(
            [
                *(self._word(typed, context, completion) for completion in words),
                *titles[: limit - len(words)],
            ]
        )

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
        return Context(known, corrections, Company(self._reader, self._rows_of, [*known]))

    def _correction(self, word: str) -> str | None:
        """The nearest word that some post has, or a stop word; None if no word is near."""
        nearest = self._vocabulary.spelling.nearest(word, 1)
        return nearest[0].form if nearest else None

    # --- words

    def _words(self, typed: Typed, context: Context, limit: int) -> list[Completion]:
        """The completions of the last word: as typed, and where these are rare, of a mistake."""
        if typed.last is None:
            return []
        prefix, counts = typed.last.word, context.company.counts
        found = self.words.starting_with(prefix, limit, counts)
        least = RARE * sum(completion.posts for completion in found)
        if may_have_mistake(prefix) and least < self.words.most_posts:
            mistaken = self.words.mistaken(prefix, limit, counts)
            often = [completion for completion in mistaken if completion.posts > least]
            found = [*found[:FIRST], *often, *found[FIRST:]]
        return found[:limit]

    def _word(self, typed: Typed, context: Context, completion: Completion) -> Suggestion:
        """A completed word as a suggestion."""
        posts, reasons = context.company.count(completion.term), list[str]()
        if posts:
            reasons.append(f"{_posts(posts)} with {', '.join(context.known.values())}")
        else:
            reasons.append(_posts(completion.posts))
        if typed.last and (wrong := mistake(typed.last.word, completion.form)):
            reasons.append(wrong)
        reasons += [f'"{old}" read as "{new}"' for old, new in context.corrections.items()]
        text = typed.completed(completion.form, context.corrections)
        return Suggestion(text, "word", ", ".join(reasons), posts or completion.posts)

    # --- titles

    def _titles(
        self, typed: Typed, context: Context, words: Sequence[Completion], limit: int
    ) -> list[Suggestion]:
        """The titles that start with the text, then those that have all its words."""
        folded = fold(typed.plain)
        if not folded:
            return []
        # White space at the end says that the last word is whole.
        folded += " " * typed.plain[-1].isspace()
        starting = self.titles.starting_with(folded, limit)
        having = self._having(typed, context, words) if len(starting) < limit else []
        return [
            Suggestion(post.title, "title", why, 1, post.id)
            for row in self.titles.distinct([*starting, *having], limit)
            for post in [self._reader.post(row)]
            for why in ["starts with the text" if row in starting else "has the words"]
        ]

    def _having(self, typed: Typed, context: Context, words: Sequence[Completion]) -> list[int]:
        """The rows whose title has all words, of the best for these and their completions."""
        factors = dict.fromkeys([*context.known, *(word.term for word in words)], 1.0)
        if not factors:
            return []
        prefix = typed.last.word if typed.last else ""
        text = typed._replace(text=typed.plain).completed(prefix, context.corrections)
        *finished, last = [*fold(text).split(), *[""] * (typed.last is None)]
        mistaken = any(mistake(prefix, word.form) for word in words)
        rows = [row for row, _ in self._best_rows(factors, RANKED)]
        return self.titles.having(rows, finished, last, mistaken=mistaken)


def _posts(number: int) -> str:
    """A number of posts, in words."""
    return f"{number:,} post{'s' * (number != 1)}"
