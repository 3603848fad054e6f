"""Places on a plane: the same each time, near for what is alike, and for any corpus."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array, save_npz
from sklearn.manifold import trustworthiness

from tipsearch.explore import projection
from tipsearch.explore.projection import project
from tipsearch.index import Index

ELSEWHERE = """
import hashlib, sys
from scipy.sparse import load_npz
from tipsearch.explore.projection import project
print(hashlib.sha256(project(load_npz(sys.argv[1])).tobytes()).hexdigest())
"""


def clusters(posts: int, topics: int = 4) -> csr_matrix:
    """Posts of a few words each, of which all are those of their topic; row i has topic i % n."""
    rng = np.random.default_rng(1)
    words = rng.integers(0, 20, (posts, 12)) + 20 * (np.arange(posts) % topics)[:, None]
    rows = np.repeat(np.arange(posts), 12)
    return csr_matrix((np.ones(len(rows)), (rows, words.ravel())), shape=(posts, 20 * topics))


def test_same_in_another_process(index: Index, tmp_path: Path) -> None:
    """Two processes place the seeds alike, to the bit."""
    here = sha256(project(index.matrix).tobytes()).hexdigest()
    save_npz(tmp_path / "features.npz", index.matrix)
    command = [sys.executable, "-c", ELSEWHERE, str(tmp_path / "features.npz")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == here


def test_neighbours_stay_neighbours(index: Index) -> None:
    """On the seeds, the places keep neighbours far better than chance, 0.5."""
    places = project(index.matrix)
    assert trustworthiness(index.matrix.toarray(), places, n_neighbors=10) > 0.65
    assert np.ptp(places[:, 0]) >= 0.8 * np.ptp(places[:, 1])


@pytest.mark.parametrize("landmarks", [False, True])
def test_topics_are_apart(landmarks: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A post's nearest ones are of its topic, with landmarks too."""
    if landmarks:
        monkeypatch.setattr(projection, "MAX_TSNE_POSTS", 100)
        monkeypatch.setattr(projection, "LANDMARKS", 60)
    places = project(clusters(240))
    distances = np.linalg.norm(places[:, None] - places[None], axis=2)
    nearest = distances.argsort(axis=1)[:, 1:6]
    assert (nearest % 4 == np.arange(240)[:, None] % 4).mean() > 0.97


@pytest.mark.parametrize("posts", [0, 1, 2, 3, 4, 5, 7])
def test_few_posts(posts: int) -> None:
    """Any number of posts has finite places, around 0."""
    places = project(random_array((posts, 9), density=0.5, format="csr", rng=5))
    assert places.shape == (posts, 2)
    assert places.dtype == np.float64
    assert np.isfinite(places).all()


@pytest.mark.parametrize("posts", [2, 5, 60])
def test_posts_all_alike_are_one_point(posts: int) -> None:
    """Posts that are all alike share one place."""
    assert not project(csr_matrix(np.tile([1.0, 2.0, 0.0], (posts, 1)))).any()


def test_posts_without_words_are_below() -> None:
    """Posts without a word share a place below all others; alone, they are at 0."""
    told = clusters(20).toarray()
    stored = csr_matrix(([1.0, 0.0], ([0, 1], [0, 0])), shape=(2, 1))  # a zero that is kept
    assert project(stored)[1, 1] == -1.0
    places = project(csr_matrix(np.vstack([told, np.zeros((2, 80))])))
    assert (places[20] == places[21]).all()
    assert places[20, 1] < places[:20, 1].min()
    assert not project(csr_matrix((3, 4))).any()
    assert project(csr_matrix((2, 0))).shape == (2, 2)
