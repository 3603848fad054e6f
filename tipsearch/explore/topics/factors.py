"""Which topics are in the posts, and how much of each in which post? NMF, by scikit-learn.

A row of features is taken as a sum of topics, each a row of features too, with no negative share:
Lee and Seung, "Learning the parts of objects by non-negative matrix factorization", Nature 1999.
All of it runs on one thread, since several add up in any order, and so never twice to the bit.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]
    Numbers = npt.NDArray[np.int64]

ROUNDS = 100
FURTHER = 5  # rounds for topics that go on: they fit as well as after many, and stay what they were
SHARED = 3  # posts, or of few a tenth, have a feature that can join them to a topic
LEAST = 0.01  # of a topic in a post that begins in another: zero would stay zero


def factorise(rows: Any, n: int, start: Numbers | None = None) -> Floats:
    """The `n` topics of some posts as rows of features, each of length 1 (float64).

    `start` has the topic, from 0 to n - 1, in which each post begins, -1 for any; without it they
    begin with the singular vectors. A topic that nothing is left for has length 0. Features of one
    or two posts join them to no other, and are 0.
    """
    from sklearn.decomposition import NMF
    from sklearn.exceptions import ConvergenceWarning

    least = min(SHARED, rows.shape[0] // 10)
    having = np.bincount(rows.indices, minlength=rows.shape[1])
    least = max(1, min(least, int(having.max())))  # where posts have nothing in common, anything
    columns = np.flatnonzero(having >= least)
    some = rows[:, columns]
    begun = {} if start is None else _begun(some, n, start)
    init = "custom" if begun else "nndsvd" if n <= min(some.shape) else "random"
    model = NMF(n, init=init, max_iter=FURTHER if begun else ROUNDS, random_state=0)
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):  # the root of an error below 0
        warnings.simplefilter("ignore", ConvergenceWarning)  # the last rounds change no topic
        model.fit_transform(some, **begun)
    topics = np.zeros((n, rows.shape[1]))
    topics[:, columns] = model.components_
    lengths = np.sqrt(np.einsum("ij,ij->i", topics, topics))
    return topics / np.where(lengths > 0, lengths, 1.0)[:, None]


def _begun(rows: Any, n: int, start: Numbers) -> dict[str, Floats]:
    """Posts that are in one topic each, and the topics that fit them best."""
    weights = np.full((rows.shape[0], n), LEAST)
    placed = np.flatnonzero(start >= 0)
    weights[placed, start[placed]] += 1
    sums = np.asarray((rows.T @ weights).T)
    topics = np.linalg.solve(weights.T @ weights, sums)
    return {"W": weights, "H": np.ascontiguousarray(np.maximum(topics, 0) + 1e-6)}


class Weighed(NamedTuple):
    """How much of each topic is in each post, and how like they are: shape (posts, topics).

    `weights` are the least squares that are not negative (Lawson and Hanson 1974), `like` the
    cosines of a post and of each topic, `fit` that of a post and its sum of topics; each is 0
    where no topic has anything of it.
    """

    weights: Floats
    like: Floats
    fit: Floats


def weigh(rows: Any, topics: Floats) -> Weighed:
    """How much of each topic is in some posts, given the rows of both."""
    from scipy.optimize import nnls

    likeness = topics @ topics.T + 1e-10 * np.eye(len(topics))
    root = np.linalg.cholesky(likeness)
    shared = np.asarray(rows @ topics.T)
    # With the root the problem is one of len(topics) numbers a post, however many features.
    goals, factor = np.linalg.solve(root, shared.T).T, np.ascontiguousarray(root.T)
    weights = np.array([nnls(factor, goal)[0] for goal in goals]).reshape(shared.shape)
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1)).ravel())
    explained = np.sqrt(np.einsum("ij,jk,ik->i", weights, likeness, weights).clip(0))
    along = np.einsum("ij,ij->i", weights, shared)
    like = shared / np.where(lengths > 0, lengths, 1.0)[:, None]
    scale = lengths * explained
    fit = np.divide(along, scale, out=np.zeros(len(scale)), where=scale > 0)
    return Weighed(weights, like, fit)
