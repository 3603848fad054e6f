"""Non-negative matrix factorisation (NMF) of post features into topics, by scikit-learn.

Each row of features is approximated by a sum of topics with weights of 0 or more; a topic is a row
of features too. Lee and Seung, "Learning the parts of objects by non-negative matrix
factorization", Nature 1999. Callers limit it to one thread: sums by several have no fixed order.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

MAX_ITERATIONS = 100
WARM_ITERATIONS = 5  # from earlier topics: they fit as well as after many, and change little
MIN_FEATURE_POSTS = 3  # or a tenth of the posts: rarer features join no posts to a topic
START_WEIGHT = 0.01  # of the topics that a post does not begin in: NMF keeps a zero at zero


def factorise(rows: Any, n: int, start: Numbers | None = None) -> Floats:
    """Return the topics of some posts: float64, shape (n, features), rows of length 1 or 0.

    `rows` are the features of the posts: CSR, shape (posts, features). `start` has the topic, from
    0 to n - 1, in which each post begins, -1 for none; without it NMF is initialised by singular
    vectors. A topic of length 0 has no feature. Features of one or two posts are 0 in each topic.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    min_posts = min(MIN_FEATURE_POSTS, rows.shape[0] // 10)
    post_counts = np.bincount(rows.indices, minlength=rows.shape[1])
    min_posts = max(1, min(min_posts, int(post_counts.max())))  # where nothing is shared, keep all
    columns = np.flatnonzero(post_counts >= min_posts)
    shared = rows[:, columns]
    initial = {} if start is None else _initial_factors(shared, n, start)
    init = "custom" if initial else "nndsvd" if n <= min(shared.shape) else "random"
    iterations = WARM_ITERATIONS if initial else MAX_ITERATIONS
    model = NMF(n, init=init, max_iter=iterations, random_state=0)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):  # the root of an error below 0
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last rounds change no topic
        model.fit_transform(shared, **initial)
    topics = np.zeros((n, rows.shape[1]))
    topics[:, columns] = model.components_
    lengths = np.sqrt(np.einsum("ij,ij->i", topics, topics))
    return topics / np.where(lengths > 0, lengths, 1.0)[:, None]


def _initial_factors(rows: Any, n: int, start: Numbers) -> dict[str, Floats]:
    """The factors W and H for NMF: posts in one topic each, and the topics that fit them best."""
    weights = np.full((rows.shape[0], n), START_WEIGHT)
    placed = np.flatnonzero(start >= 0)
    weights[placed, start[placed]] += 1
    sums = np.asarray((rows.T @ weights).T)
    topics = np.linalg.solve(weights.T @ weights, sums)
    return {"W": weights, "H": np.ascontiguousarray(np.maximum(topics, 0) + 1e-6)}


class TopicWeights(NamedTuple):
    """The weights of topics in posts, and how well they fit; all float64.

    `weights`, shape (posts, topics), are the non-negative least squares of each post (Lawson and
    Hanson 1974). `cosines`, of the same shape, are those of a post and each topic. `fit`, shape
    (posts,), is the cosine of a post and its weighted sum of topics. All are 0 for a post that
    shares no feature with a topic.
    """

    weights: Floats
    cosines: Floats
    fit: Floats


def weigh(rows: Any, topics: Floats) -> TopicWeights:
    """Return the weights of topics in posts.

    `rows` are the features of posts: CSR, shape (posts, features). `topics` has shape (topics,
    features), rows of length 1 or 0.
    """
    from scipy.optimize import nnls

    gram = topics @ topics.T + 1e-10 * np.eye(len(topics))
    root = np.linalg.cholesky(gram)
    products = np.asarray(rows @ topics.T)
    # By Cholesky, each least-squares problem has len(topics) rows instead of one for each feature.
    goals, factor = np.linalg.solve(root, products.T).T, np.ascontiguousarray(root.T)
    weights = np.array([nnls(factor, goal)[0] for goal in goals]).reshape(products.shape)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    explained = np.sqrt(np.einsum("ij,jk,ik->i", weights, gram, weights).clip(0))
    along = np.einsum("ij,ij->i", weights, products)
    cosines = products / np.where(lengths > 0, lengths, 1.0)[:, None]
    scale = lengths * explained
    fit = np.divide(along, scale, out=np.zeros(len(scale)), where=scale > 0)
    return TopicWeights(weights, cosines, fit)
