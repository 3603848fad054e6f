"""Terms that tell some posts from the rest: log-odds with an informative Dirichlet prior."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tipsearch.build import counting
from tipsearch.errors import SettingError, check_limit
from tipsearch.query.subset import rows_of_subset
from tipsearch.views.tables import Column, Table

if TYPE_CHECKING:
    import numpy.typing as npt

    from tipsearch.corpus.post import Post
    from tipsearch.query.subset import Subset
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.store.reader import Reader

    Floats = npt.NDArray[np.float64]
    Ints = npt.NDArray[np.int64]

# Of the corpus. A heavier prior hides what a small subset says; with a lighter one, the variance of
# a word that only the subset has is so large that it comes last.
PRIOR = 0.1


def log_odds(inside: Floats, everywhere: Floats, prior: float = PRIOR) -> tuple[Floats, Floats]:
    """The log-odds ratio of each term, inside over the rest, and its z-score; both float64.

    With y the count of a term inside, y' in the rest, n and n' their sums over all terms, and
    a = `prior` (y + y'), of sum a0:

        log_odds = ln((y + a) / (n + a0 - y - a)) - ln((y' + a) / (n' + a0 - y' - a))
        z = log_odds / sqrt(1 / (y + a) + 1 / (y' + a))

    (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16:4, 2008, equations 15, 16,
    20 and 22, the prior being the corpus itself). It draws rare terms, which vary most, to 0.
    `everywhere` is y + y', at least 1 each. Rounded to 12 places, so that equal ones tie. Of a
    single term there are no odds: it is given 0.
    """
    if len(everywhere) < 2:
        return np.zeros(len(everywhere)), np.zeros(len(everywhere))
    alpha = prior * everywhere
    one, other = inside + alpha, everywhere - inside + alpha
    ratio = np.log(one / (one.sum() - one)) - np.log(other / (other.sum() - other))
    z = ratio / np.sqrt(1 / one + 1 / other)
    return ratio.round(12), z.round(12)


def significant_terms(reader: Reader, vocabulary: Vocabulary, subset: Subset, limit: int) -> Table:
    """The `limit` terms of the highest z above 0 in some posts of an index; ties by term.

    Raises SettingError for a subset of no post or of all.
    """
    limit, rows = check_limit(limit), rows_of_subset(reader, subset)
    if len(rows) == reader.posts:
        expected = "a part of the corpus, so that there is a rest to compare it with"
        raise SettingError("subset", "all posts", expected)
    of_forms, often = reader.forms.terms.whole(), reader.forms.frequency.whole()
    fits = not len(of_forms) or (of_forms.min() >= 0 and of_forms.max() < len(reader.terms))
    reader.forms.terms.fail_unless(bool(fits), "a number is out of range")
    everywhere = np.bincount(of_forms, often, len(reader.terms)).astype(np.float64)
    inside, having = _counts([reader.post(row) for row in rows], reader, vocabulary)
    fits = bool(np.all(inside <= everywhere))
    reader.forms.frequency.fail_unless(fits, "a number is out of range")
    ratio, z = log_odds(inside.astype(np.float64), everywhere)
    best = np.argsort(-z, kind="stable")
    best = best[z[best] > 0][:limit]
    numbers = best.tolist()
    return Table(
        {
            "word": Column("text", vocabulary.words(numbers)),
            "term": Column("text", [vocabulary.shown(number) for number in numbers]),
            "count": Column("whole", inside[best]),
            "count_all": Column("whole", everywhere[best].astype(np.int64)),
            "posts": Column("whole", having[best]),
            "posts_all": Column("whole", reader.document_frequencies()[best].astype(np.int64)),
            "log_odds": Column("real", ratio[best]),
            "z": Column("real", z[best]),
        }
    )


def _counts(posts: Sequence[Post], reader: Reader, vocabulary: Vocabulary) -> tuple[Ints, Ints]:
    """How often each term is in these posts, and in how many of them; a title word counts once."""
    analyzer, total = reader.analyzer, len(reader.terms)
    texts = [text for post in posts for text in (post.title, post.text)]
    runs = counting.split(texts, analyzer)
    words, _ = counting.tokens(runs, analyzer, analyzer.pattern().findall, lambda forms: [])
    known = np.array(vocabulary.numbers(words.forms), np.int64)
    terms = known[words.places]
    reader.forms.terms.fail_unless(bool(np.all(terms >= 0)), "it lacks a word of a post")
    owners = np.repeat(np.arange(len(texts)) // 2, words.lengths)
    pairs = np.unique(owners * total + terms)
    return np.bincount(terms, minlength=total), np.bincount(pairs % max(total, 1), minlength=total)
