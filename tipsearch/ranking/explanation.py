"""Explanation: the score of one post for a query or another post, as the sum of its parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tipsearch.corpus.post import Post

if TYPE_CHECKING:
    from tipsearch.query.analyzed import AnalyzedQuery
    from tipsearch.query.vocabulary import Vocabulary
    from tipsearch.ranking.terms import ScoreParts

WORDS_SHOWN = 4  # in `why`, of two posts and of feedback
TELLING = 0.1  # of the largest part: a word that adds less to the likeness of two posts is left out
ALIKE = 0.5  # the cosine of embeddings from which on `why` calls two texts alike in meaning


@dataclass(frozen=True, slots=True)
class Part:
    """The part of one `term` in a score: `score` is `factor` times `weight`.

    By "hybrid" it is also times L / M: see `ranking.hybrid`. `factor` is the weight of the term in
    the query, or in the post that others are related to, `weight` that in the post. `in_query` is
    False for a term that feedback or a synonym added; `synonym_of` are the words of the query that
    it is a synonym of, or empty. `word` is the term as the posts write it most often.
    """

    term: str
    factor: float
    document_frequency: int
    weight: float
    score: float
    in_query: bool = True
    word: str = ""
    synonym_of: str = ""

    @property
    def kind(self) -> str:
        """Where the term comes from: "word" for the query itself, "synonym", or "feedback"."""
        return "word" if self.in_query else "synonym" if self.synonym_of else "feedback"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The `score` of `post` for a query: the sum of its `parts`, of `semantic` and of `title`.

    The `parts` are in order, largest first. `cosine` is that of the embeddings, and `semantic` the
    part by it. Both are 0 for a ranking without embeddings. `title` is the part of a post whose
    title the query is, else 0. `related_to` is the post that it is related to, None for a query.
    """

    post: Post
    score: float
    parts: tuple[Part, ...]
    cosine: float = 0.0
    semantic: float = 0.0
    title: float = 0.0
    related_to: Post | None = None

    @property
    def why(self) -> str:
        """The reasons in plain words, such as "both speak of patience, waiting; alike in meaning".

        All words of the query that the post has are named. Of the words that two posts have, and of
        those by feedback, at most WORDS_SHOWN are, those of the largest parts. Meaning is left out
        where the cosine is below ALIKE, unless the post has no word of the query or of the other
        post.
        """
        own = [part for part in self.parts if part.in_query]
        if self.related_to is not None:
            telling = [part for part in own if part.score >= TELLING * own[0].score]
            said = _listed(telling[:WORDS_SHOWN])
            reasons = [f"both speak of {said}" if said else "no word in common"]
        else:
            reasons = ["the query is its title"] if self.title else []
            reasons.append(f"has {_listed(own)}" if own else "none of the words")
            if alike := [part for part in self.parts if part.kind == "synonym"]:
                reasons.append(f"synonyms: {_listed(alike)}")
        if self.cosine >= ALIKE:
            reasons.append("alike in meaning")
        elif self.semantic and not own:
            reasons.append("somewhat alike in meaning")
        if added := [part for part in self.parts if part.kind == "feedback"]:
            reasons.append(f"from the best posts: {_listed(added[:WORDS_SHOWN])}")
        return "; ".join(reasons)

    def to_json(self) -> dict[str, Any]:
        """`why`, and `parts` as JSON types, largest first; their scores sum to that of the post.

        A part has the columns of `to_frame` as keys.
        """
        keys = ("part", "word", "term", "posts", "score")
        return {"why": self.why, "parts": [dict(zip(keys, row, strict=True)) for row in self._rows]}

    @property
    def _rows(self) -> list[tuple[str, str | None, str | None, int | None, float]]:
        """The parts as rows, largest first: see `to_frame`."""
        rows: list[tuple[str, str | None, str | None, int | None, float]] = [
            (part.kind, part.word or part.term, part.term, part.document_frequency, part.score)
            for part in self.parts
        ]
        if self.semantic:
            rows.append(("meaning", None, None, None, self.semantic))
        if self.title:
            rows.append(("title", None, None, None, self.title))
        return sorted(rows, key=lambda row: -row[-1])

    def to_frame(self, *, arrow: bool = False) -> Any:
        """A row for each part, largest first, as a pandas DataFrame or a pyarrow Table.

        `part` is "word" for a term of the query or of the other post, "synonym" or "feedback" for
        an added one, "meaning" for the part by embeddings and "title" for that of a title, whose
        rows are there unless they are 0; `word` and `term`, empty for the last two; `posts`, the
        number of posts that have the term; `score`. The scores sum to that of the post. Raises
        ExtraMissing.
        """
        from tipsearch.views.tables import Column, Table

        rows = self._rows
        kinds, words, terms, posts, scores = zip(*rows, strict=True) if rows else ((),) * 5
        return Table(
            {
                "part": Column("text", kinds),
                "word": Column("text", words),
                "term": Column("text", terms),
                "posts": Column("int or none", posts),
                "score": Column("float", scores),
            }
        ).export(arrow)


def explanation(
    vocabulary: Vocabulary,
    post: Post,
    parts: ScoreParts,
    query: AnalyzedQuery | None = None,
    related_to: Post | None = None,
) -> Explanation:
    """The explanation of the parts of a score for a query or a related post, largest first.

    Words are shown as the posts themselves write them.
    """
    asked = query.own_factors if query else {term.term: 1.0 for term in parts.terms}
    synonyms: Mapping[int, str] = query.synonym_terms if query else {}
    posts = [post, related_to] if related_to is not None else [post]
    words = vocabulary.words_in(text for one in posts for text in (one.title, one.text))
    of_terms = [
        Part(vocabulary.shown(term), factor, posts_with_term, weight,
             factor * weight * parts.share, term in asked,
             words.get(term) or vocabulary.shown(term), synonyms.get(term, ""))
        for term, factor, posts_with_term, weight in parts.terms
    ]  # fmt: skip
    of_terms.sort(key=lambda part: -part.score)
    return Explanation(
        post, parts.score, tuple(of_terms), parts.cosine, parts.semantic, parts.title, related_to
    )


def _listed(parts: Iterable[Part]) -> str:
    """The words of some parts, each once, with commas between; "co-worker" without its parts."""
    words = dict.fromkeys(part.word or part.term for part in parts)
    inside = {piece for word in words if "-" in word for piece in word.split("-")}
    return ", ".join(word for word in words if word not in inside)
