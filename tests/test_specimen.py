"""A committed index of format 3: whatever is changed here, this version still reads it.

`python tests/test_specimen.py` makes it anew; do that only together with a new format number.
"""

import datetime
import hashlib
import json
import math
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from tipsearch.index import Index
from tipsearch.model import Post, Source
from tipsearch.ranking import Ranking

SPECIMEN = Path(__file__).parent / "specimen"
SOURCES = {"dump.txt": "0" * 64}
POSTS = [
    Post(
        id="2014-02-04-call-back",
        title="Call “Back” Fast – Part 1",
        text="Customers wait.\n\n  • Call them\xa0back…",
        date=datetime.date(2014, 2, 4),
        categories=("Tips", "Calls"),
        sources=(Source("dump.txt", 3, 9), Source("other.txt", 1, 4)),
    ),
    Post(id="b", title="", text="The café’s customers: 37 of them, waiting.", kind="teaser"),
    Post(id="é", title="Fix it", text="", url="https://example.org/fix"),
]


def test_the_specimen_opens_with_every_post_whole() -> None:
    """Posts, terms and answers of the committed index are those that were put into it."""
    opened = Index.open(SPECIMEN)
    assert list(opened) == POSTS
    assert opened.terms == "1 37 back café call custom fast fix part wait".split()
    plain = Ranking(feedback=0)
    assert [hit.id for hit in opened.query("calling", ranking=plain)] == ["2014-02-04-call-back"]
    # By hand: they share two terms of idf ln(4/3) + 1; all others have ln(4/2) + 1.
    shared, other = math.log(4 / 3) + 1, math.log(2) + 1
    one = math.sqrt(2 * shared**2 + 2 * other**2)
    two = math.sqrt(2 * shared**2 + (4**2 + 4**2 + 3**2 + 3**2 + 3**2) * other**2)
    (hit,) = opened.related("b")
    assert hit.post.id == "2014-02-04-call-back"
    assert hit.score == pytest.approx(2 * shared**2 / (one * two))
    assert opened.info()["format"] == 3
    opened.verify()


def test_this_version_writes_what_the_specimen_holds(tmp_path: Path) -> None:
    """The same posts still give the same files, so the format has not changed by accident.

    All to the byte but the weights, since a logarithm's last bit differs between processors.
    """
    new = tmp_path / Index.build(POSTS, sources=SOURCES).save(tmp_path)
    (old,) = (path for path in SPECIMEN.iterdir() if path.is_dir())
    manifests = [json.loads((path / "manifest.json").read_bytes()) for path in (new, old)]
    assert manifests[0]["facts"] == manifests[1]["facts"]
    assert manifests[0]["files"] == manifests[1]["files"]
    assert manifests[0]["digests"]["size"] == manifests[1]["digests"]["size"]
    for file, facts in manifests[1]["files"].items():
        if facts.get("dtype", "").startswith("<f"):
            assert np.allclose(np.load(new / file), np.load(old / file), rtol=1e-6), file
        else:
            assert (new / file).read_bytes() == (old / file).read_bytes(), file


def test_a_reader_without_tipsearch_can_verify_it() -> None:
    """The checksums are those that index/README.md says, and its commands give them."""
    name = (SPECIMEN / "CURRENT").read_text().strip()
    manifest = json.loads((SPECIMEN / name / "manifest.json").read_bytes())
    table = (SPECIMEN / name / "digests.bin").read_bytes()
    assert manifest["digests"] == {"size": len(table), "sha256": hashlib.sha256(table).hexdigest()}
    page = (Path(__file__).parents[1] / "index" / "README.md").read_text(encoding="utf-8")
    commands = page.split("```sh\n")[1].split("```")[0].removeprefix("cd index && ")
    if not all(map(shutil.which, ("bash", "sha256sum", "split"))):
        pytest.skip("these commands are not here")
    said = subprocess.run(
        ["bash", "-ec", commands], cwd=SPECIMEN, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert said == [
        f"{manifest['digests']['sha256']}  digests.bin",
        *re.findall(".{64}", table.hex()),
    ]


def test_the_format_s_page_names_every_file_and_fact() -> None:
    """index/README.md describes each file and each fact of the manifest that an index has."""
    page = (Path(__file__).parents[1] / "index" / "README.md").read_text(encoding="utf-8")
    (generation,) = (path for path in SPECIMEN.iterdir() if path.is_dir())
    for file in (path.name.removesuffix(".npy") for path in generation.iterdir()):
        described = f"`{file}`" in page or f"## {file}" in page or f"    {file} " in page
        assert described or (file.endswith(".offsets") and "`x.offsets`" in page), file
    for fact in Index.open(SPECIMEN).info():
        assert re.search(rf"`facts\.{fact}`|`{fact}`", page) or fact in ("generation", "bytes"), (
            fact
        )


if __name__ == "__main__":
    Index.build(POSTS, sources=SOURCES, ranking="bm25").save(SPECIMEN)
