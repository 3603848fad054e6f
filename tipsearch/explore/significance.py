"""Key terms of a subset of posts: log-odds ratios with an informative Dirichlet prior."""

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

# Pseudo-counts per count in the corpus. More would hide the key terms of a small subset; with less,
# a term that only the subset has gets so large a variance that it comes last.
PRIOR = 0.1


def log_odds(inside: Floats, everywhere: Floats, prior: float = PRIOR) -> tuple[Floats, Floats]:
    """Return the log-odds ratio of each term, subset over rest, and its z-score: float64, (terms,).

    `inside` has the counts of the terms in the subset, `everywhere` those in the corpus, at least
    1 each. With y the count of a term in the subset, y' in the rest, n and n' their sums over all
    terms, and a = `prior` * (y + y'), of sum a0:

        log_odds = ln((y + a) / (n + a0 - y - a)) - ln((y' + a) / (n' + a0 - y' - a))
        z = log_odds / sqrt(1 / (y + a) + 1 / (y' + a))

    (Monroe, Colaresi and Quinn, "Fightin' Words", Political Analysis 16:4, 2008, equations 15, 16,
    20 and 22, with the corpus as the prior). The prior draws rare terms, which vary most, to 0.
    Values are rounded to 12 places, so that equal ones tie. A corpus of a single term has no odds:
    that term gets 0.
    """
    if len(everywhere) < 2:
        return np.zeros(len(everywhere)), np.zeros(len(everywhere))
    alpha = prior * everywhere
    one, other = inside + alpha, everywhere - inside + alpha
    ratio = np.log(one / (one.sum() - one)) - np.log(other / (other.sum() - other))
    z = ratio / np.sqrt(1 / one + 1 / other)
    return ratio.round(12), z.round(12)


def significant_terms(reader: Reader, vocabulary: Vocabulary, subset: Subset, limit: int) -> Table:
    """Return the `limit` terms with the highest z-scores above 0, as a table; ties by term.

    `Index.significant_terms` lists the columns. Raises SettingError for a subset of no post or of
    all posts, and for a limit below 1.
    """
    limit, rows = check_limit(limit), rows_of_subset(reader, subset)
    if len(rows) == reader.posts:
        expected = "a part of the corpus, so that there is a rest to compare it with"
        raise SettingError("subset", "all posts", expected)
    terms_of_forms, form_counts = reader.forms.terms.whole(), reader.forms.frequency.whole()
    in_range = not len(terms_of_forms) or (
        terms_of_forms.min() >= 0 and terms_of_forms.max() < len(reader.terms)
    )
    reader.forms.terms.fail_unless(bool(in_range), "a number is out of range")
    everywhere = np.bincount(terms_of_forms, form_counts, len(reader.terms)).astype(np.float64)
    inside, posts_inside = _counts([reader.post(row) for row in rows], reader, vocabulary)
    reader.forms.frequency.fail_unless(
        bool(np.all(inside <= everywhere)), "a number is out of range"
    )
    ratio, z = log_odds(inside.astype(np.float64), everywhere)
    best = np.argsort(-z, kind="stable")
    best = best[z[best] > 0][:limit]
    numbers = best.tolist()
    return Table(
        {
            "word": Column("text", vocabulary.words(numbers)),
            "term": Column("text", [vocabulary.shown(number) for number in numbers]),
            "count": Column("int", inside[best]),
            "count_all": Column("int", everywhere[best].astype(np.int64)),
            "posts": Column("int", posts_inside[best]),
            "posts_all": Column("int", reader.document_frequencies()[best].astype(np.int64)),
            "log_odds": Column("float", ratio[best]),
            "z": Column("float", z[best]),
        }
    )


def _counts(posts: Sequence[Post], reader: Reader, vocabulary: Vocabulary) -> tuple[Ints, Ints]:
    """Return the count of each term in the posts, and its document frequency among them.

    A word of the title counts once, not by the weight of titles in the index.
    """
    analyzer, total = reader.analyzer, len(reader.terms)
    texts = [text for post in posts for text in (post.title, post.text)]
    runs = counting.split(texts, analyzer)
    words = counting.tokens(runs, analyzer, analyzer.pattern().findall, lambda _: []).words
    known = np.array(vocabulary.numbers(words.forms), np.int64)
    terms = known[words.places]
    reader.forms.terms.fail_unless(bool(np.all(terms >= 0)), "it lacks a word of a post")
    owners = np.repeat(np.arange(len(texts)) // 2, words.lengths)
    pairs = np.unique(owners * total + terms)
    return np.bincount(terms, minlength=total), np.bincount(pairs % max(total, 1), minlength=total)
