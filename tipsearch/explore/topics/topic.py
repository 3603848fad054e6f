"""What is one topic? A name, its words, and its posts."""

from dataclasses import dataclass

SHOWN = 5  # posts that stand for a topic


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic.

    `number` is its name for good, from 1 on; `label` its name for people. `words` has up to ten
    words with their class-based TF-IDF, the weightiest first. `size` is how many posts it is the
    main topic of, `share` the mean of its shares in all posts, `coherence` the mean NPMI of its
    words in the corpus, from -1 to 1. `posts` has the ids of the posts most like it.
    """

    number: int
    label: str
    words: tuple[tuple[str, float], ...]
    size: int
    share: float
    coherence: float
    posts: tuple[str, ...]
