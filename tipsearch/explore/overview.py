"""Charts of the corpus: the number of posts by year, by category and by length."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from tipsearch.errors import CorpusError, SettingError
from tipsearch.views import charts as pictures
from tipsearch.views.tables import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tipsearch.analysis.analyzer import Analyzer
    from tipsearch.corpus.post import Post
    from tipsearch.views.charts import Picture

Overview = Literal["years", "categories", "lengths"]
MAX_CATEGORIES = 30  # bars


def picture(of: Overview, posts: Sequence[Post], analyzer: Analyzer) -> Picture:
    """Return the chart of posts by "years", "categories" or "lengths" in words.

    Raises SettingError for another name, ExtraMissing, and CorpusError where no post has a date
    or a category.
    """
    if of == "years":
        return _years(posts)
    if of == "categories":
        return _categories(posts)
    if of == "lengths":
        return _lengths(posts, analyzer)
    raise SettingError("of", of, '"years", "categories" or "lengths"')


def _years(posts: Sequence[Post]) -> Picture:
    counts = Counter(post.date.year for post in posts if post.date)
    if not counts:
        raise CorpusError("no years to show", "no post has a date", 'see "categories" or "lengths"')
    undated = len(posts) - counts.total()
    left_out = f", without {undated:,} undated" if undated else ""
    title = f"Posts per year{left_out}"
    return pictures.bars(counts.items(), title=title, x_title="Year", y_title="Posts")


def _categories(posts: Sequence[Post]) -> Picture:
    counts = Counter(name for post in posts for name in post.categories)
    without = sum(not post.categories for post in posts)
    if not counts:
        raise CorpusError("no categories to show", "no post has one", 'see "years" or "lengths"')
    listed = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    cut = len(listed) > MAX_CATEGORIES
    more = f", the {MAX_CATEGORIES} largest of {len(listed)}" if cut else ""
    left_out = f", without {without:,} that have none" if without else ""
    title = f"Posts per category{more}{left_out}"
    shown = listed[:MAX_CATEGORIES]
    return pictures.bars(shown, title=title, x_title="Posts", y_title="Category")


def _lengths(posts: Sequence[Post], analyzer: Analyzer) -> Picture:
    lengths = [words(post, analyzer) for post in posts]
    return pictures.histogram(lengths, title="Length of posts", x_title="Words of title and text")
