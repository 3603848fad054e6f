"""What the tests share: the seeds, their posts, and an index of them, each made once."""

from pathlib import Path

import pytest
from hypothesis import settings

import tipsearch
from tipsearch.index import Index
from tipsearch.ingest.report import IngestReport
from tipsearch.model import Post
from tipsearch.semantic import model

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def _without_semantic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests are of ranking by words, as without the extra, if they are not marked `semantic`."""
    if request.node.get_closest_marker("semantic") is None:
        monkeypatch.setattr(model, "installed", lambda: None)
        monkeypatch.setenv("TIPSEARCH_RANKING", "bm25")


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of the user's own dumps."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def reading(seeds: Path) -> tuple[list[Post], IngestReport]:
    """The posts of the seeds and the account of them."""
    return tipsearch.read(seeds)


@pytest.fixture(scope="session")
def posts(reading: tuple[list[Post], IngestReport]) -> list[Post]:
    """The posts of the seeds."""
    return reading[0]


@pytest.fixture(scope="session")
def index(posts: list[Post]) -> Index:
    """An index of the seeds, in memory."""
    return Index.build(posts, ranking="bm25")
