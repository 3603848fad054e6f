"""What the tests share: the seeds, their posts, and an index of them, each made once."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

import tipsearch
from tipsearch.analysis.embedding import model
from tipsearch.corpus.post import Post
from tipsearch.corpus.report import IngestReport
from tipsearch.index import Index

# A busy machine is no failure.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

ROOT = Path(__file__).parents[1]
PATIENCE = (
    900  # seconds for one step: far more than it takes on a busy machine, far less than never
)


def ends(code: str, *arguments: object) -> str:
    """What some Python prints in a process of its own; it fails, or a hang is ended, with a word.

    So a step whose time would grow with the square of its input, and be hours, is found, and how
    busy the machine is plays no part.
    """
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(autouse=True)
def _without_semantic(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tests are of ranking by words, as without the extra, if they are not marked `semantic`."""
    if request.node.get_closest_marker("semantic") is None:
        monkeypatch.setattr(model, "installed", lambda: None)
        monkeypatch.setenv("TIPSEARCH_RANKING", "feedback")


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
    return Index.build(posts, ranking="feedback")
