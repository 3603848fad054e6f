"""A committed index of format 4: whatever is changed here, this version still reads it.

`python tests/store/test_specimen.py` makes it anew; do that only together with a new format number.
"""

import datetime
import hashlib
import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tipsearch.build.groups import groups
from tipsearch.corpus.post import Post, Source
from tipsearch.index import Index

SPECIMEN = Path(__file__).parent / "specimen"
PAGE = Path(__file__).parents[2] / "index" / "README.md"
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
    assert [hit.id for hit in opened.query("calling", ranking="bm25")] == ["2014-02-04-call-back"]
    # By hand: they share two terms of idf ln(4/3) + 1; all others have ln(4/2) + 1.
    shared, other = math.log(4 / 3) + 1, math.log(2) + 1
    one = math.sqrt(2 * shared**2 + 2 * other**2)
    two = math.sqrt(2 * shared**2 + (4**2 + 4**2 + 3**2 + 3**2 + 3**2) * other**2)
    (hit,) = opened.related("b")
    assert hit.post.id == "2014-02-04-call-back"
    assert hit.score == pytest.approx(2 * shared**2 / (one * two))
    assert opened.info()["format"] == 4
    opened.verify()


def test_this_version_writes_what_the_specimen_holds(tmp_path: Path) -> None:
    """The same posts still give the same parts, so the format has not changed by accident.

    All to the byte but the weights, since a logarithm's last bit differs between processors.
    """
    Index.build(POSTS, sources=SOURCES, ranking="feedback").save(tmp_path)
    new, old = manifest(tmp_path), manifest(SPECIMEN)
    assert {**new, "digests": None} == {**old, "digests": None}
    assert new["digests"]["size"] == old["digests"]["size"]
    for (name, part), (_, other) in zip(parts(tmp_path), parts(SPECIMEN), strict=True):
        if isinstance(part, np.ndarray) and part.dtype.kind == "f":
            assert np.allclose(part, other, rtol=1e-6), name
        else:
            assert bytes(part) == bytes(other), name


def manifest(folder: Path) -> dict[str, Any]:
    """The manifest of the live generation, as a reader without tipsearch finds it."""
    generation = folder / (folder / "CURRENT").read_text(encoding="ascii").strip()
    found: dict[str, Any] = json.loads((generation / "manifest.json").read_bytes())
    return found


def parts(folder: Path) -> Iterator[tuple[str, Any]]:
    """All parts by name, bytes or an array, as the page says where they lie."""
    generation = folder / (folder / "CURRENT").read_text(encoding="ascii").strip()
    data, end = (generation / "data.bin").read_bytes(), 0
    for name, told in sorted(manifest(folder)["parts"].items()):
        start = -(-end // 64) * 64
        assert told["offset"] == start
        assert not any(data[end:start])
        if "dtype" in told:
            assert told.keys() == {"offset", "dtype", "shape"}
            assert len(told["shape"]) == 1
            array = np.frombuffer(data, np.dtype(told["dtype"]), told["shape"][0], start)
            end = start + array.nbytes
            yield name, array
        else:
            assert told.keys() == {"offset", "size"}
            end = start + told["size"]
            yield name, data[start:end]
    assert end == len(data) == manifest(folder)["data"]["size"]


def test_a_reader_without_tipsearch_can_read_it() -> None:
    """What the page says is enough to read the posts, with their dates and places."""
    found, facts = dict(parts(SPECIMEN)), manifest(SPECIMEN)["facts"]

    def lines(table: str, name: str) -> list[str]:
        offsets, data = found[f"{table}.offsets"].tolist(), found[name]
        assert all(data[end - 1 : end] == b"\n" for end in offsets[1:])
        return [data[a : b - 1].decode() for a, b in pairwise(offsets)]

    ids = lines("ids", "ids.txt")
    records = [json.loads(line) for line in lines("posts", "posts.jsonl")]
    assert (len(ids), len(records)) == (facts["posts"], len(POSTS))
    for row, (id, said) in enumerate(zip(ids, records, strict=True)):
        record = [*said, *[None, [], "full", None][len(said) - 2 :]]
        day = int(found["posts.days"][row])
        date = None if day == -(2**31) else datetime.date(1970, 1, 1) + datetime.timedelta(day)
        assert record[2] == (date and date.isoformat())
        assert found["posts.flags"][row] == (record[4] == "teaser")
        start, stop = found["sources.offsets"][row : row + 2].tolist()
        firsts, more = found["sources.first"].tolist(), found["sources.lines"].tolist()
        sources = tuple(
            Source(facts["paths"][found["sources.path"][place]], firsts[place],
                   firsts[place] + more[place])
            for place in range(start, stop)
        )  # fmt: skip
        title, text, _, categories, kind, url = record
        assert Post(id, title, text, date, tuple(categories), kind, url, sources) == POSTS[row]


@pytest.mark.parametrize("blocks", [1, 4])
def test_a_reader_without_tipsearch_can_verify_it(tmp_path: Path, blocks: int) -> None:
    """The checksums are those that index/README.md says, and its commands give them."""
    folder = SPECIMEN
    if blocks > 1:  # the specimen has one
        folder = tmp_path / "index"
        Index.build([Post("a", "", "word " * (blocks - 1) * 3300)], ranking="feedback").save(folder)
    name, told = (folder / "CURRENT").read_text().strip(), manifest(folder)
    table = (folder / name / "digests.bin").read_bytes()
    assert len(table) == 32 * blocks
    assert told["digests"] == {"size": len(table), "sha256": hashlib.sha256(table).hexdigest()}
    commands = PAGE.read_text(encoding="utf-8").split("```sh\n")[1].split("```")[0]
    if not all(map(shutil.which, ("bash", "sha256sum", "split", "cut"))):
        pytest.skip("these commands are not here")
    if folder.name != "index":
        commands = commands.removeprefix("cd index && ")
    said = subprocess.run(
        ["bash", "-ec", commands],
        cwd=folder.parent if folder.name == "index" else folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    assert said == [f"{told['digests']['sha256']}  digests.bin", *re.findall(".{64}", table.hex())]


def test_the_format_s_page_names_every_part_and_fact() -> None:
    """index/README.md describes each file, part and fact of the manifest that an index has."""
    page = PAGE.read_text(encoding="utf-8")
    (generation,) = (path for path in SPECIMEN.iterdir() if path.is_dir())
    for file in ("CURRENT", *(path.name for path in generation.iterdir())):
        assert f"    {file} " in page or f"\n  {file} " in page, file
    told = manifest(SPECIMEN)
    for part in told["parts"]:
        described = f"`{part}`" in page
        assert described or (part.endswith(".offsets") and "`x.offsets`" in page), part
    for key in told:
        assert f"| `{key}` |" in page or f"`{key}." in page, key
    for fact in told["facts"]:
        assert f"`facts.{fact}`" in page, fact
    for setting in told["facts"]["ranking"]:
        assert f"`{setting}`" in page, setting


LINES = st.sampled_from([b"", b"a", b"ab", b"abc", b"abcd", b'{"id": "a", "text": "b"}'])


@given(st.lists(LINES | st.binary(max_size=60), max_size=200).map(b"\n".join))
@example(b"")
@example(b"\n")
@example(b"".join(b'{"id": "%d", "text": "post %d"}\n' % (i, i * i) for i in range(500)))
def test_groups_of_lines_end_where_the_page_says(data: bytes) -> None:
    """The page's account of the groups of a file's lines, in plain Python, is what is computed."""
    ends, lines, at, count = [0], [], 0, 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", data):
        key = len(line)
        for p in (2, 4, 6, 8):
            place = max(len(line) - 4, 0) * p // 8
            key = ((key ^ key >> 15) * 0x85EBCA6B + line[place]) % 2**32
        at, count = at + len(line), count + 1
        if key * 0x85EBCA6B % 2**32 < 2**28 or at == len(data):
            ends.append(at)
            lines.append(count)
            count = 0
    found = groups(data)
    assert (found.ends.tolist(), found.lines.tolist()) == (ends[1:], lines)
    pieces = [data[a:b] for a, b in pairwise(ends)]
    assert found.digests == [hashlib.sha256(piece).digest()[:16] for piece in pieces]


if __name__ == "__main__":
    Index.build(POSTS, sources=SOURCES, ranking="feedback").save(SPECIMEN)
