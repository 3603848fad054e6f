"""A topic: its number, label, words, measures and typical posts."""

from dataclasses import dataclass

TYPICAL_POSTS = 5


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic of a corpus.

    `number`, from 1 on, stays the same in later runs that are given the topics. `label` is made of
    its phrases or words. `words` has up to ten words with their class-based TF-IDF, by descending
    weight. `size` is the number of posts whose main topic it is, `share` the mean of its shares in
    all posts, and `coherence` the mean NPMI of its words in the corpus, from -1 to 1. `posts` are
    the ids of up to five typical posts, by descending cosine with the topic.
    """

    number: int
    label: str
    words: tuple[tuple[str, float], ...]
    size: int
    share: float
    coherence: float
    posts: tuple[str, ...]
