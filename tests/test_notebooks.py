"""The notebooks run as they stand, show what a run gives, and leave all logic to tipsearch."""

import ast
import json
import re
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from nbclient.exceptions import CellExecutionError

from tests import notebooks

NAMES = [path.name for path in notebooks.PATHS]
SHOWN = {"text/plain", "text/html"}
NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
ABSOLUTE = re.compile(r"(?<![\w.:/<])/(?:home|root|tmp|usr|opt|work|Users|var|mnt)/|[A-Z]:\\\\")
LARGEST = 1_000_000  # bytes of all
LOGIC = (
    ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.For, ast.AsyncFor, ast.While, ast.If,
    ast.Try, ast.With, ast.Match,
)  # fmt: skip
Cells = list[dict[str, Any]]


class _Text(HTMLParser):
    """What a reader sees of some HTML: its words, whatever the tags and the style."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self.styles = 0
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.styles += tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.styles -= tag == "style"

    def handle_data(self, data: str) -> None:
        self.said += data.split() if not self.styles else []


def _code(notebook: Any) -> Cells:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def _joined(text: Any) -> str:
    return "".join(text)


def _texts(cell: dict[str, Any]) -> list[str]:
    """What a cell says: HTML where it has some, plain text where it does not."""
    said = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        if "text/html" in data:
            said.append(" ".join(_Text(_joined(data["text/html"])).said))
        else:
            said.append(" ".join(_joined(output.get("text", data.get("text/plain"))).split()))
    return said


def _numbers(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in NUMBER.findall(text)]


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    """The notebooks as they are in the repository, by name."""
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in notebooks.PATHS}


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The notebooks after a run from top to bottom, in which a warning is an error."""
    folder = tmp_path_factory.mktemp("run")
    return dict(zip(NAMES, notebooks.execute(notebooks.PATHS, folder), strict=True))


def test_there_are_four() -> None:
    """One on the corpus, one on search, one on related posts, one on topics; together small."""
    assert [name[0] for name in NAMES] == ["1", "2", "3", "4"]
    assert sum(path.stat().st_size for path in notebooks.PATHS) < LARGEST


@pytest.mark.semantic
@pytest.mark.parametrize("name", NAMES)
def test_outputs_are_those_of_a_run(
    committed: dict[str, Any], executed: dict[str, Any], name: str
) -> None:
    """Words are the same, and so are numbers, but for the last digits, which hang on the machine.

    `python -m tests.notebooks` writes them anew; then read what stands between them again.
    """
    for old, new in zip(_code(committed[name]), _code(executed[name]), strict=True):
        assert _joined(old["source"]) == new["source"]
        kinds = [[sorted(output.get("data", {})) for output in of["outputs"]] for of in (old, new)]
        assert kinds[0] == kinds[1], new["source"]
        for said, says in zip(_texts(old), _texts(new), strict=True):
            assert NUMBER.sub("0", said) == NUMBER.sub("0", says), new["source"]
            assert _numbers(said) == pytest.approx(_numbers(says), rel=0.01, abs=0.011)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_whole_and_of_no_machine(committed: dict[str, Any], name: str) -> None:
    """Cells are numbered from 1 and show something; no error, path, or time is in them."""
    cells = _code(committed[name])
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert committed[name]["metadata"] == notebooks.METADATA
    assert all(cell["metadata"] == {} for cell in committed[name]["cells"])
    for cell in cells:
        assert cell["outputs"], _joined(cell["source"])
        for output in cell["outputs"]:
            assert output["output_type"] in {"execute_result", "stream"}
            assert output.get("name", "stdout") == "stdout"
    said = chain.from_iterable(map(_texts, cells))
    assert not ABSOLUTE.search(" ".join(said))


@pytest.mark.parametrize("name", NAMES)
def test_pictures_show_everywhere(committed: dict[str, Any], name: str) -> None:
    """A picture is there as a chart and as a PNG with its size; where none is, there is text."""
    for cell in _code(committed[name]):
        for output in cell["outputs"]:
            data = output.get("data", {})
            if "image/png" in data:
                assert "application/vnd.vegalite.v5+json" in data
                assert {*output["metadata"]["image/png"]} == {"width", "height"}
            else:
                assert {*data} <= SHOWN


@pytest.mark.parametrize("name", NAMES)
def test_no_logic(committed: dict[str, Any], name: str) -> None:
    """A cell calls and shows: no function, class, loop or condition; and prose is around it."""
    for cell in _code(committed[name]):
        tree = ast.parse(_joined(cell["source"]))
        found = [type(node).__name__ for node in ast.walk(tree) if isinstance(node, LOGIC)]
        assert not found, _joined(cell["source"])
    prose = [cell for cell in committed[name]["cells"] if cell["cell_type"] == "markdown"]
    assert len(prose) * 2 >= len(_code(committed[name]))
    assert _joined(prose[0]["source"]).startswith("# ")


def test_absolute_paths_are_seen() -> None:
    """The check for paths finds those of a machine, and no others."""
    seen = ["/home/user/x", "at /tmp/run/x", "C:\\\\Users\\\\user"]
    assert all(map(ABSOLUTE.search, seen))
    assert not any(
        map(ABSOLUTE.search, ["seeds/000.txt", "https://a.example/home/x", "1/2", "and/or"])
    )


@pytest.mark.semantic
def test_a_run_stops_at_a_warning(tmp_path: Path) -> None:
    """What warns fails, so that no committed output can hold a warning."""
    source = json.loads(notebooks.PATHS[0].read_text(encoding="utf-8"))
    source["cells"] = source["cells"][1:2]
    source["cells"][0] |= {"source": "import warnings\nwarnings.warn('careful')", "outputs": []}
    path = tmp_path / "warns.ipynb"
    path.write_text(json.dumps(source))
    with pytest.raises(CellExecutionError, match="careful"):
        notebooks.execute([path], tmp_path / "run")
