"""A committed index of format 5: whatever is changed here, this version still reads it.

`python tests/store/test_specimen.py` makes it anew; do that only together with a new format number.
"""

import datetime
import hashlib
import json
import math
import random
import re
import shutil
import statistics
import subprocess
import zlib
from collections import Counter
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
        text="Customers wait.\n\n  • Call them\xa0back… by e-mail",
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
    assert opened.terms == "1 37 back cafe call custom e email fast fix mail part wait".split()
    assert [hit.id for hit in opened.query("calling", ranking="bm25")] == ["2014-02-04-call-back"]
    # By hand: they share two terms of idf ln(4/3) + 1; all others have ln(4/2) + 1.
    shared, other = math.log(4 / 3) + 1, math.log(2) + 1
    one = math.sqrt(2 * shared**2 + 2 * other**2)
    counts = (4, 4, 3, 3, 3, 1, 1, 1)  # back, call, fast, part, 1; e, mail, email
    two = math.sqrt(2 * shared**2 + sum(count**2 for count in counts) * other**2)
    (hit,) = opened.related("b")
    assert hit.post.id == "2014-02-04-call-back"
    assert hit.score == pytest.approx(2 * shared**2 / (one * two))
    assert opened.info()["format"] == 5
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


@pytest.fixture(scope="module", params=["specimen", "larger"])
def stored(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts and the facts of the specimen, or of an index with frequent terms and blocks."""
    folder = SPECIMEN
    if request.param == "larger":
        folder = tmp_path_factory.mktemp("larger")
        Index.build(larger_posts(), ranking="feedback").save(folder)
    return dict(parts(folder)), manifest(folder)["facts"]


def larger_posts() -> Iterator[Post]:
    """Posts of some frequent and many rare words; more than two groups of blocks of them."""
    chance = random.Random(1)
    words = [f"{chance.choice('abcé字')}{number}{'x' * (number % 40)}" for number in range(400)]
    for number in range(1_100):
        size = chance.randrange(12)
        text = [words[min(int(chance.expovariate(0.05)), 399)] for _ in range(size)]
        date = datetime.date(1960, 1, 1) + datetime.timedelta(number * 30)
        yield Post(
            f"{number:04}",
            " ".join(text[:2]),
            " ".join(text),
            date=None if number % 3 == 0 else date,
            kind="teaser" if number % 5 == 0 else "full",
        )


def table_lines(found: dict[str, Any], part: str) -> list[bytes]:
    """The lines of a table of strings, without their ends."""
    offsets = found[f"{part.partition('.')[0]}.offsets"].tolist()
    return [found[part][a : b - 1] for a, b in pairwise(offsets)]


def rows_of_counts(found: dict[str, Any]) -> list[dict[int, int]]:
    """The count of each term of each post."""
    terms, counts = found["matrix.indices"].tolist(), found["matrix.counts"].tolist()
    return [
        dict(zip(terms[a:b], counts[a:b], strict=True))
        for a, b in pairwise(found["matrix.indptr"].tolist())
    ]


def postings_of(found: dict[str, Any], weights: Any) -> list[dict[int, float]]:
    """The rows of each term, with the weights that lie beside `postings.rows`."""
    rows, values = found["postings.rows"].tolist(), list(map(float, weights))
    return [
        dict(zip(rows[a:b], values[a:b], strict=True))
        for a, b in pairwise(found["postings.indptr"].tolist())
    ]


def test_days_are_those_of_the_page(stored: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """`posts.days` has the days from 1970-01-01, also negative ones, and -2^31 for none."""
    found, _ = stored
    assert found["posts.days"].dtype == np.int32
    dates = [([*json.loads(line), None])[2] for line in table_lines(found, "posts.jsonl")]
    epoch = datetime.date(1970, 1, 1)
    days = found["posts.days"].tolist()
    assert days == [
        (datetime.date.fromisoformat(date) - epoch).days if date else -(2**31) for date in dates
    ]
    newest = sorted(range(len(days)), key=lambda row: (-days[row], row))
    assert found["posts.newest"].tolist() == newest


def test_buckets_of_forms_are_those_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Forms are sorted by CRC-32, and each is in the bucket that the page says."""
    found, facts = stored
    forms = table_lines(found, "forms.txt")
    assert forms == sorted(forms, key=lambda form: (zlib.crc32(form), form))
    assert len(forms) == facts["forms"]
    count = 2
    while count * 2 < len(forms):
        count *= 2
    buckets = found["forms.buckets"].tolist()
    assert (len(buckets), buckets[0], buckets[-1]) == (count + 1, 0, len(forms))
    for place, form in enumerate(forms):
        bucket = zlib.crc32(form) * count // 2**32
        assert buckets[bucket] <= place < buckets[bucket + 1]


def test_titles_by_hash_and_by_prefix_are_those_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Titles are in buckets by CRC-32; titles and forms are in order of their bytes."""
    found, _ = stored
    titles, rows = table_lines(found, "titles.txt"), found["titles.rows"].tolist()
    assert rows == sorted(range(len(titles)), key=lambda row: (zlib.crc32(titles[row]), row))
    buckets = found["titles.buckets"].tolist()
    for number, row in enumerate(rows):
        bucket = zlib.crc32(titles[row]) * (len(buckets) - 1) // 2**32
        assert buckets[bucket] <= number < buckets[bucket + 1]
    for part, lines in (("titles", titles), ("forms", table_lines(found, "forms.txt"))):
        order = found[f"{part}.order"].tolist()
        assert order == sorted(range(len(lines)), key=lambda place: (lines[place], place))


def test_categories_are_those_of_the_page(stored: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Each category has the rows of its posts, ascending."""
    found, facts = stored
    expected: dict[str, list[int]] = {}
    for row, line in enumerate(table_lines(found, "posts.jsonl")):
        for name in (json.loads(line)[3:4] or [[]])[0]:
            expected.setdefault(name, []).append(row)
    names = [line.decode() for line in table_lines(found, "categories.txt")]
    pointers, rows = found["categories.indptr"].tolist(), found["categories.rows"].tolist()
    of_names = [rows[a:b] for a, b in pairwise(pointers)]
    assert dict(zip(names, of_names, strict=True)) == expected
    assert names == sorted(names)
    assert len(names) == facts["categories"]


def test_streams_are_those_of_the_page(stored: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """A stream has the terms of the counts, stop words, one end of the title, and compounds."""
    found, facts = stored
    terms, stop_words = table_lines(found, "terms.txt"), facts["analyzer"]["stop_words"]
    end = len(terms) + len(stop_words)
    for (start, stop), counts in zip(
        pairwise(found["stream.offsets"].tolist()), rows_of_counts(found), strict=True
    ):
        tokens = found["stream.tokens"][start:stop].tolist()
        title = tokens[: tokens.index(end)]
        assert tokens.count(end) == 1
        counted = Counter(token for token in tokens if token < len(terms))
        weight = facts["weighting"]["title_weight"] - 1
        for token in title:
            if token < len(terms):
                counted[token] += weight
        assert counted == counts
    if len(facts["paths"]):  # the specimen
        start, stop = found["stream.offsets"][:2].tolist()
        shown = [
            terms[token].decode() if token < len(terms)
            else stop_words[token - len(terms)] if token < end
            else "|" if token == end
            else f"<{token - end + 1}>"
            for token in found["stream.tokens"][start:stop].tolist()
        ]  # fmt: skip
        assert (
            " ".join(shown)
            == "call back fast part 1 | custom wait call them back by e mail <2> email"
        )


def test_signatures_of_forms_are_those_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """Bit c of a signature: a character is of class c; bit 32 + c: two are."""
    found, _ = stored
    expected = []
    for form in table_lines(found, "forms.txt"):
        classes = Counter(ord(character) % 32 for character in form.decode()[:32])
        once, twice = (sum(1 << c for c in classes if classes[c] >= least) for least in (1, 2))
        expected.append(once + (twice << 32))
    assert found["forms.signatures"].tolist() == expected


def test_postings_are_the_counts_by_term(stored: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """`postings` hold what `matrix` does, by term; the facts have the sums of the counts."""
    found, facts = stored
    rows = rows_of_counts(found)
    by_term: list[dict[int, float]] = [{} for _ in range(facts["terms"])]
    for row, counts in enumerate(rows):
        assert list(counts) == sorted(counts)
        for term, count in counts.items():
            by_term[term][row] = count
    assert postings_of(found, found["postings.counts"]) == by_term
    teasers = [flag == 1 for flag in found["posts.flags"].tolist()]
    sums = [sum(counts.values()) for counts in rows]
    assert facts["lengths"] == [
        sum(length for length, teaser in zip(sums, teasers, strict=True) if not teaser),
        sum(teasers),
        sum(length for length, teaser in zip(sums, teasers, strict=True) if teaser),
    ]


def test_the_scale_of_the_cosine_is_that_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """`matrix.scale` is one over the length of count times idf = ln((1 + N) / (1 + df)) + 1."""
    found, facts = stored
    frequencies = np.diff(found["postings.indptr"]).tolist()
    idf = [math.log((1 + facts["posts"]) / (1 + df)) + 1 for df in frequencies]
    expected = []
    for counts in rows_of_counts(found):
        length = math.sqrt(sum((count * idf[term]) ** 2 for term, count in counts.items()))
        expected.append(1 / length if counts else 0.0)
    assert found["matrix.scale"].tolist() == pytest.approx(expected, rel=1e-12)


def test_bm25_weights_are_those_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]],
) -> None:
    """`postings.bm25` is rarity * c * (k1 + 1) / (c + k1 * (1 - b + b * l)), as float32."""
    found, facts = stored
    k1, b = facts["weighting"]["k1"], facts["weighting"]["b"]
    lengths = [sum(counts.values()) for counts in rows_of_counts(found)]
    kinds = found["posts.flags"].tolist()
    means = {
        kind: statistics.mean(n for n, k in zip(lengths, kinds, strict=True) if k == kind)
        for kind in set(kinds)
    }
    weights = postings_of(found, found["postings.bm25"])
    for of_term, counts in zip(weights, postings_of(found, found["postings.counts"]), strict=True):
        df = len(counts)
        rarity = math.log(1 + (facts["posts"] - df + 0.5) / (df + 0.5))
        expected = {
            row: rarity * c * (k1 + 1) / (c + k1 * (1 - b + b * lengths[row] / means[kinds[row]]))
            for row, c in counts.items()
        }
        assert of_term == pytest.approx(expected, rel=1e-7)


def test_block_maxima_are_those_of_the_page(
    stored: tuple[dict[str, Any], dict[str, Any]], request: pytest.FixtureRequest
) -> None:
    """Each byte is 255 w / m rounded up; `blocks.starts` counts the postings before 512 posts."""
    found, facts = stored
    posts = facts["posts"]
    blocks, groups_of_blocks = -(-posts // 32), -(-posts // 512)
    frequencies = np.diff(found["postings.indptr"]).tolist()
    frequent = [term for term, df in enumerate(frequencies) if df >= 32 and df >= posts / 256]
    assert found["frequent"].tolist() == frequent
    assert (len(frequent) > 3) == ("larger" in request.node.name)
    rows = found["postings.rows"]
    cosine = found["postings.counts"] * found["matrix.scale"][rows]
    for name, values in (("bm25", found["postings.bm25"]), ("cosine", cosine)):
        table = found[f"blocks.{name}"].reshape(len(frequent), blocks)
        weights = postings_of(found, values)
        for term, of_blocks in zip(frequent, table.tolist(), strict=True):
            greatest = [0.0] * blocks
            for row, weight in weights[term].items():
                greatest[row // 32] = max(greatest[row // 32], weight)
            for byte, weight in zip(of_blocks, greatest, strict=True):
                exact = 255 * weight / max(greatest)
                assert math.ceil(exact * (1 - 1e-6)) <= byte <= math.ceil(exact * (1 + 1e-6))
                assert byte / 255 * max(greatest) * (1 + 1e-6) >= weight
    starts = found["blocks.starts"].reshape(len(frequent), groups_of_blocks + 1).tolist()
    for term, of_groups in zip(frequent, starts, strict=True):
        of_term = rows[found["postings.indptr"][term] : found["postings.indptr"][term + 1]]
        before = [sum(of_term < 512 * group) for group in range(groups_of_blocks)]
        assert of_groups == [*before, len(of_term)]


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


def groups_by_the_page(data: bytes) -> tuple[list[int], list[int]]:
    """Where the groups of the lines of a file end, and how many lines each has."""
    ends, lines, at, count = list[int](), list[int](), 0, 0
    for line in re.findall(rb"[^\n]*\n|[^\n]+\Z", data):
        key = len(line)
        for p in (2, 4, 6, 8):
            place = max(len(line) - 4, 0) * p // 8
            key = ((key ^ (key >> 15)) * 0x85EBCA6B + line[place]) % 2**32
        at, count = at + len(line), count + 1
        if key * 0x85EBCA6B % 2**32 < 2**28 or at == len(data):
            ends.append(at)
            lines.append(count)
            count = 0
    return ends, lines


LINES = st.sampled_from([b"", b"a", b"ab", b"abc", b"abcd", b'{"id": "a", "text": "b"}'])


@given(st.lists(LINES | st.binary(max_size=60), max_size=200).map(b"\n".join))
@example(b"")
@example(b"\n")
@example(b"".join(b'{"id": "%d", "text": "post %d"}\n' % (i, i * i) for i in range(500)))
def test_groups_of_lines_end_where_the_page_says(data: bytes) -> None:
    """The groups that the page describes, in plain Python, are those that are computed."""
    ends, lines = groups_by_the_page(data)
    found = groups(data)
    assert (found.ends.tolist(), found.lines.tolist()) == (ends, lines)
    pieces = [data[a:b] for a, b in pairwise([0, *ends])]
    assert found.digests == [hashlib.sha256(piece).digest()[:16] for piece in pieces]


def test_an_index_holds_the_groups_of_its_sources(tmp_path: Path) -> None:
    """`groups` are those of each file of JSON Lines; a mark of the byte order is in none."""
    posts = [b'{"id": "%d", "text": "%d"}' % (number, number**2) for number in range(405)]
    plain, marked, returns = posts[:100], posts[100:400], posts[400:]
    lines = {"a.jsonl": b"\n".join(plain) + b"\n", "b.jsonl": b"\n".join(marked)}
    (tmp_path / "posts").mkdir()
    for name, data in (
        ("a.jsonl", lines["a.jsonl"]),
        ("b.jsonl", b"\xef\xbb\xbf" + lines["b.jsonl"]),
        ("c.jsonl", b"\r\n".join(returns)),  # has no groups
    ):
        (tmp_path / "posts" / name).write_bytes(data)
    index, _ = Index.ingest(tmp_path / "posts", ranking="feedback")
    index.save(tmp_path / "index")
    found, facts = dict(parts(tmp_path / "index")), manifest(tmp_path / "index")["facts"]
    expected = []
    for source, (path, _) in enumerate(facts["sources"]):
        data = lines.get(path.rpartition("/")[2], b"")
        ends, counts = groups_by_the_page(data)
        for (a, b), count in zip(pairwise([0, *ends]), counts, strict=True):
            expected.append((source, count, hashlib.sha256(data[a:b]).digest()[:16]))
    digests = found["groups.digest"].reshape(-1, 16)
    stored_groups = zip(
        found["groups.source"].tolist(), found["groups.lines"].tolist(),
        (digest.tobytes() for digest in digests), strict=True,
    )  # fmt: skip
    assert list(stored_groups) == expected
    assert {source for source, _, _ in expected} == {0, 1}


if __name__ == "__main__":
    Index.build(POSTS, sources=SOURCES, ranking="feedback").save(SPECIMEN)
