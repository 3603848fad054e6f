"""Topic models as functions of a collection, a number of topics and a seed, at their best settings.

All take the same tokens: those of the index's own analyzer, which are stems without stop words.
BERTopic takes the index's own vectors of the posts too. Settings were chosen by the mean quality
over the collections of `topics`. Peers are imported where they are used: the tests do without them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tipsearch import Index

TOP = 10  # words that stand for a topic
NONE = -1  # the topic of a post that has none

Labels = NDArray[np.int64]
Words = list[list[str]]


class Topics(NamedTuple):
    """The top words of each topic, and the main topic of each post."""

    words: Words
    main: Labels


@dataclass(frozen=True)
class Collection:
    """An index with embeddings, and of each post the tokens and a vector of length 1."""

    name: str
    index: Index
    tokens: list[list[str]]
    vectors: NDArray[np.float32]

    @classmethod
    def of(cls, name: str, index: Index) -> Self:
        """The collection of an index: the tokens are those of its posts' title and text."""
        tokens = [index.analyzer.analyze(f"{post.title}\n{post.text}") for post in index]
        hybrid: Any = index._searcher.search._hybrid
        pool = hybrid._dense.of(np.arange(len(index)))
        vectors = np.asarray(pool.codes * pool.scale[:, None], dtype=np.float32)
        return cls(name, index, tokens, vectors)

    def counts(self, min_df: int = 1, max_df: float = 1.0) -> tuple[Any, list[str]]:
        """How often each word is in each post, of the words in so many posts, and the words."""
        from sklearn.feature_extraction.text import CountVectorizer

        vectorizer = CountVectorizer(analyzer=list, min_df=min_df, max_df=max_df)
        counts = vectorizer.fit_transform(self.tokens)
        return counts, vectorizer.get_feature_names_out().tolist()


Model = Callable[[Collection, int, int], Topics]


def ours(index: Any, n: int) -> Topics:
    """The topics of the index itself."""
    found = index.topics(n)
    stems = [[index.analyzer.analyze(word)[0] for word, _ in topic.words] for topic in found]
    return Topics(stems, found.main)


def sklearn_lda(
    collection: Collection,
    n: int,
    seed: int,
    *,
    method: Literal["batch", "online"] = "batch",
    rounds: int = 20,
    min_df: int = 1,
    max_df: float = 0.5,
    **settings: Any,
) -> Topics:
    """Latent Dirichlet allocation by scikit-learn."""
    from sklearn.decomposition import LatentDirichletAllocation

    counts, words = collection.counts(min_df, max_df)
    model = LatentDirichletAllocation(
        n, learning_method=method, max_iter=rounds, random_state=seed, **settings
    )
    shares = model.fit_transform(counts)
    return Topics(_top(model.components_, words), shares.argmax(1))


def online_lda(collection: Collection, n: int, seed: int, *, min_df: int = 5) -> Topics:
    """Latent Dirichlet allocation by scikit-learn, learning from 128 posts at a time."""
    return sklearn_lda(
        collection,
        n,
        seed,
        method="online",
        min_df=min_df,
        batch_size=128,
        learning_offset=10.0,
        doc_topic_prior=0.1,
        topic_word_prior=0.01,
    )


def gensim_lda(
    collection: Collection,
    n: int,
    seed: int,
    *,
    min_df: int = 5,
    max_df: float = 0.5,
    **settings: Any,
) -> Topics:
    """Latent Dirichlet allocation by Gensim, which learns both its priors."""
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel

    dictionary = Dictionary(collection.tokens)
    dictionary.filter_extremes(no_below=min_df, no_above=max_df, keep_n=None)
    posts = [dictionary.doc2bow(tokens) for tokens in collection.tokens]
    chosen = {"passes": 10, "iterations": 200, "chunksize": 500, **settings}
    model = LdaModel(
        posts, n, dictionary, alpha="auto", eta="auto", random_state=seed, eval_every=None, **chosen
    )
    words = [dictionary[number] for number in range(len(dictionary))]
    return Topics(_top(model.get_topics(), words), model.inference(posts)[0].argmax(1))


def bertopic_hdbscan(
    collection: Collection, n: int, seed: int, *, smallest: int = 3, **settings: Any
) -> Topics:
    """BERTopic as it comes, by UMAP and HDBSCAN, with topics merged until they are n."""
    from hdbscan import HDBSCAN

    clusters = HDBSCAN(min_cluster_size=smallest, prediction_data=True)
    return _bertopic(collection, n, clusters, _umap(seed), **settings)


def bertopic_kmeans(
    collection: Collection, n: int, seed: int, *, umap: bool = False, **settings: Any
) -> Topics:
    """BERTopic with k-means for the clusters."""
    from bertopic.dimensionality import BaseDimensionalityReduction
    from sklearn.cluster import KMeans

    settings = {"min_df": 5, **settings}
    clusters = KMeans(n, n_init=10, random_state=seed)
    reduction = _umap(seed) if umap else BaseDimensionalityReduction()
    return _bertopic(collection, n, clusters, reduction, **settings)


def _umap(seed: int) -> Any:
    """UMAP as BERTopic has it, with a seed."""
    from umap import UMAP

    return UMAP(n_components=5, min_dist=0.0, metric="cosine", random_state=seed)


def _bertopic(
    collection: Collection,
    n: int,
    clusters: Any,
    reduction: Any,
    *,
    min_df: int = 2,
    frequent: bool = False,
    bm25: bool = False,
) -> Topics:
    """BERTopic over the vectors, with the words in `min_df` posts at least."""
    from bertopic import BERTopic
    from bertopic.vectorizers import ClassTfidfTransformer
    from sklearn.feature_extraction.text import CountVectorizer

    # Its vectorizer sees topics, not posts: the words in enough posts have to be given.
    words = collection.counts(min_df)[1]
    texts = [" ".join(tokens) for tokens in collection.tokens]
    model = BERTopic(
        language="multilingual",  # or else letters beyond ASCII are taken out of the tokens
        top_n_words=TOP,
        umap_model=reduction,
        hdbscan_model=clusters,
        vectorizer_model=CountVectorizer(analyzer=str.split, vocabulary=words),
        ctfidf_model=ClassTfidfTransformer(bm25_weighting=bm25, reduce_frequent_words=frequent),
    )
    main, _ = model.fit_transform(texts, collection.vectors)
    outliers = int(NONE in main)
    if len(set(main)) - outliers > n:
        model.reduce_topics(texts, nr_topics=n + outliers)
    found = sorted({*model.topics_} - {NONE})
    tops = [[word for word, _ in model.get_topic(topic) if word] for topic in found]
    return Topics(tops, np.array(model.topics_, dtype=np.int64))


def kmeans(collection: Collection, n: int, seed: int, *, min_df: int = 2) -> Topics:
    """K-means on TF-IDF; the words by BERTopic's class-based TF-IDF."""
    from sklearn.cluster import KMeans

    main = KMeans(n, n_init=10, random_state=seed).fit_predict(collection.index.matrix)
    counts, words = collection.counts(min_df)
    member = np.equal.outer(np.arange(n), main).astype(np.float64)
    return Topics(_top(class_tfidf(member @ counts), words), main.astype(np.int64))


def class_tfidf(counts: NDArray[Any]) -> NDArray[np.float64]:
    """What sets the words of each class apart (Grootendorst 2022).

    A word's share of its class times ln(1 + A / f): A words in a class in the mean, f times the
    word in all.

    >>> class_tfidf(np.array([[2, 2], [2, 0]])).round(3).tolist()
    [[0.28, 0.458], [0.56, 0.0]]
    """
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    weights = np.log1p(counts.sum() / len(counts) / np.maximum(counts.sum(0), 1))
    return np.asarray(shares * weights, dtype=np.float64)


def nmf(collection: Collection, n: int, seed: int, *, min_df: int = 5) -> Topics:
    """Non-negative factors of TF-IDF; a post without any has no topic."""
    from sklearn.decomposition import NMF

    _, words = collection.counts(min_df)
    terms = collection.index.terms
    columns = np.searchsorted(terms, words)
    model = NMF(n, init="nndsvd", max_iter=1000, random_state=seed)
    shares = model.fit_transform(collection.index.matrix[:, columns])
    main = np.where(shares.any(1), shares.argmax(1), NONE)
    return Topics(_top(model.components_, words), main)


def _top(weights: NDArray[Any], words: Sequence[str]) -> Words:
    """The words of most weight of each row, and none of no weight."""
    best = np.argsort(-weights, axis=1, kind="stable")[:, :TOP]
    return [
        [words[column] for column in row if weight[column] > 0]
        for row, weight in zip(best.tolist(), weights, strict=True)
    ]


MODELS: dict[str, Model] = {
    "scikit-learn LDA, batch": sklearn_lda,
    "scikit-learn LDA, online": online_lda,
    "Gensim LDA": gensim_lda,
    "BERTopic, HDBSCAN": bertopic_hdbscan,
    "BERTopic, k-means": bertopic_kmeans,
    "k-means on TF-IDF": kmeans,
    "NMF on TF-IDF": nmf,
    "tipsearch": lambda collection, n, seed: ours(collection.index, n),
}
