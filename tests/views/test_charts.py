"""Pictures, by what they hold: marks, axes, tooltips, and texts of users that do no harm."""

import json
import re
import struct
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from datetime import date as Date
from pathlib import Path
from typing import Any

import altair
import pytest
import vl_convert

from tipsearch.errors import ExtraMissing, SettingError
from tipsearch.views import charts as pictures
from tipsearch.views.charts import Cell, GraphNode, MapPoint, Picture, TopicWords
from tipsearch.views.charts.frame import Frame
from tipsearch.views.charts.periods import fill_periods
from tipsearch.views.charts.picture import MIME, SCHEMA
from tipsearch.views.charts.style import short

HARMFUL = "</script><script>alert('x')</script>\"|\\ 😀"
TEXTS = (
    HARMFUL,
    "",
    "x" * 500,
    "two\nlines\tand a tab",
    "half \ud800 of a pair",
    "{{a}} %s datum.x",
)
POINTS = [
    MapPoint(i % 7, i % 5, text, Date(2014, 2, 4) if i else None, i % 3, f"label {i % 3}", 0.5)
    for i, text in enumerate(TEXTS)
]
CELLS = [
    Cell(2014, 1, "phone", 3, 0.5),
    Cell(2014, 2, "mail", 3, 0.5),
    Cell(2017, 1, "phone", 1, 1),
]
TOPICS = [TopicWords(n, text, n, [(text, 1 / (n + 1)), ("b", 2.0)]) for n, text in enumerate(TEXTS)]
NODES = [
    GraphNode(0, 0, HARMFUL, 5, "hub"),
    GraphNode(1, 0, "", 2, "post"),
    GraphNode(0, 1, "c", 0, "orphan"),
]
ALL = {
    "corpus_map": lambda: pictures.corpus_map(POINTS),
    "over_time": lambda: pictures.over_time(CELLS),
    "term_bars": lambda: pictures.term_bars(TOPICS),
    "related_graph": lambda: pictures.related_graph(NODES, [(1, 0), (2, 0), (2, 1)]),
    "bars": lambda: pictures.bars(
        [(text, 1) for text in TEXTS], title=HARMFUL, x_title=HARMFUL, y_title=HARMFUL
    ),
    "years": lambda: pictures.bars([(2014, 3), (2017, 1)], title="a", x_title="b", y_title="c"),
    "histogram": lambda: pictures.histogram([1, 2, 2, 9], title="a", x_title="Words"),
}  # fmt: skip


def parts(value: Any, key: str) -> Iterator[Any]:
    """All values of a key, at any depth of a specification."""
    if isinstance(value, dict):
        if key in value:
            yield value[key]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from parts(item, key)


def data(picture: Picture) -> list[list[dict[str, Any]]]:
    """The rows of the layers or small charts, in order; layers that share them count once."""
    spec = picture.chart.to_dict()
    names = dict.fromkeys(found["name"] for found in parts(spec, "data"))
    return [spec["datasets"][name] for name in names]


def titles(picture: Picture) -> set[str]:
    """The titles of axes, legends and tooltips."""
    return {title for title in parts(picture.chart.to_dict(), "title") if isinstance(title, str)}


@pytest.mark.parametrize("name", ALL)
def test_notebooks_get_chart_and_image(name: str) -> None:
    """A notebook gets Vega-Lite 5 that compiles as such, and a PNG with its size."""
    bundle, metadata = ALL[name]()._repr_mimebundle_()
    assert bundle[MIME]["$schema"] == SCHEMA
    json.dumps(bundle)
    compiled = vl_convert.vegalite_to_vega(bundle[MIME], vl_version="5.20")
    assert compiled["marks"]
    image = b64decode(bundle["image/png"])
    assert image.startswith(b"\x89PNG\r\n\x1a\n")
    assert len(image) > 3_000
    width, height = struct.unpack(">II", image[16:24])
    assert metadata["image/png"] == {"width": width // 2, "height": height // 2}
    assert width > 600
    assert bundle["text/plain"].startswith("<Picture: ")


def test_page_works_offline_and_text_stays_text(tmp_path: Path) -> None:
    """The page loads nothing, and no title can end its script; SVG and JSON hold it as text."""
    for suffix in ("html", "svg", "json"):
        pictures.corpus_map(POINTS, title=HARMFUL).save(tmp_path / f"map.{suffix}")
    page = (tmp_path / "map.html").read_text(encoding="utf-8")
    assert page.count("<script") == page.count("</script>") == 2
    assert not re.search(r"<(script|link|iframe)[^>]*(src|href)", page)
    assert "\\u003c/script>\\u003cscript>alert" in page
    assert "<script" not in (tmp_path / "map.svg").read_text(encoding="utf-8")
    spec = json.loads((tmp_path / "map.json").read_text(encoding="utf-8"))
    assert spec["title"]["text"] == HARMFUL


def test_only_these_files_are_written(tmp_path: Path) -> None:
    """Another suffix is refused, with those that are not; case does not matter."""
    picture = ALL["years"]()
    picture.save(tmp_path / "years.PNG")
    assert (tmp_path / "years.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SettingError, match=r"\.html, \.svg, \.png or \.json"):
        picture.save(tmp_path / "years.pdf")


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Altair, or without what makes images, the error names the extra to install."""
    picture = ALL["years"]()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(ExtraMissing, match=r"tipsearch\[notebooks\]"):
        picture._repr_mimebundle_()
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ExtraMissing, match="altair"):
        ALL["years"]()


def test_import_is_light_and_leaves_altair_alone() -> None:
    """To import the pictures loads neither library; to draw changes no setting of Altair."""
    code = (
        "import sys, tipsearch.views.charts\n"
        "print({'altair', 'vl_convert', 'pandas'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    before = altair.theme.active, altair.renderers.active, altair.data_transformers.active
    ALL["corpus_map"]()
    assert before == (
        altair.theme.active, altair.renderers.active, altair.data_transformers.active,
    )  # fmt: skip


def test_map_has_all_posts_and_says_what_they_are() -> None:
    """A point for each post, however many; hovering tells title, date, topic and share."""
    picture = pictures.corpus_map(POINTS)
    spec = picture.chart.to_dict()
    points, labels = data(picture)
    assert [row["title"] for row in points] == [short(text, 110) for text in TEXTS]
    assert points[0]["date"] == "undated"
    assert {row["label"] for row in labels} == {"0  label 0", "1  label 1", "2  label 2"}
    tips = [tip["field"] for tip in spec["layer"][0]["encoding"]["tooltip"]]
    assert tips == ["title", "date", "topic", "share"]
    assert spec["layer"][0]["encoding"]["x"]["axis"] is None
    assert "alike" in spec["title"]["subtitle"][0]
    assert {"topic", "zoom"} == {param["name"] for param in spec["params"]}
    assert len(data(pictures.corpus_map(POINTS * 850))[0]) == 5_100
    assert pictures.corpus_map([])._png()


def test_fifty_topics_are_told_apart() -> None:
    """Up to fifty topics, and posts in none, each have a colour and shape of their own."""
    points = [MapPoint(n, n, "t", None, n or None, f"label {n}", 1) for n in range(51)]
    encoding = pictures.corpus_map(points).chart.to_dict()["layer"][0]["encoding"]
    colours, shapes = encoding["color"]["scale"], encoding["shape"]["scale"]
    assert colours["domain"] == shapes["domain"]
    assert colours["domain"][-1] == "no topic"
    assert len({*zip(colours["range"], shapes["range"], strict=True)}) == 51


def test_labels_do_not_cover_each_other() -> None:
    """Labels wanted at one place end up side by side, or are left out where they need not be."""
    frame = Frame([(0, 0), (100, 100)])
    wanted = [(50.0, 50.0, f"label {n}") for n in range(8)]
    rows = data(Picture(frame.labels(altair, wanted)[0]))[0]
    places = [(row["x"] / frame._unit, row["y"] / frame._unit) for row in rows]
    for n, (x, y) in enumerate(places):
        assert all(abs(x - u) > 50 or abs(y - v) >= 16.9 for u, v in places[:n])
    crowd = data(Picture(frame.labels(altair, wanted * 40, keep_all=False)[0]))[0]
    assert 8 < len(crowd) < 320


def test_years_without_posts_are_zero() -> None:
    """In every chart of a topic each year has its bar, of height zero where nothing was."""
    picture = pictures.over_time(CELLS)
    phone, mail = data(picture)
    assert [(row["period"], row["posts"]) for row in phone] == [
        ("2014", 3), ("2015", 0), ("2016", 0), ("2017", 1),
    ]  # fmt: skip
    assert [row["posts"] for row in mail] == [3, 0, 0, 0]
    assert {"Year", "Posts", "Mean share"} <= titles(picture)
    axes = [*parts(pictures.over_time(CELLS, measure="share").chart.to_dict(), "y")]
    assert axes[0]["field"] == "share"
    assert axes[0]["axis"]["format"] == ".0%"
    with pytest.raises(SettingError, match="'posts' or 'share'"):
        pictures.over_time(CELLS, measure="likes")  # type: ignore[arg-type]


def test_periods_are_filled() -> None:
    """Years, quarters and months are counted on; what is none of them, or a mixture, is refused."""
    assert fill_periods([2016, 2014]) == ["2014", "2015", "2016"]
    assert fill_periods(["2014-Q3", "2015-Q1"]) == ["2014-Q3", "2014-Q4", "2015-Q1"]
    assert fill_periods(["2014-11", "2015-02"]) == ["2014-11", "2014-12", "2015-01", "2015-02"]
    assert fill_periods([]) == []
    with pytest.raises(SettingError, match="less than 2,000 apart: look for a wrong date"):
        fill_periods(["0001-01", "9999-12"])
    for wrong in (["2014", "2014-03"], ["May"], ["2014-13"]):
        with pytest.raises(SettingError, match="a year, quarter or month"):
            fill_periods(wrong)


def test_words_are_in_order_of_weight() -> None:
    """The weightiest word comes first, ten at most, and each chart has its own scale."""
    words = [(f"w{n}", n / 10) for n in range(14)]
    picture = pictures.term_bars([TopicWords(1, "a", 14, words), TopicWords(2, "b", 1, [])])
    first, second = data(picture)
    assert [row["word"] for row in first] == [f"w{n}" for n in range(13, 3, -1)]
    assert second == []
    scales = [x["scale"]["domain"] for x in parts(picture.chart.to_dict(), "x")]
    assert scales == [[0, 1.3], [0, 1.0]]
    assert {"Weight", "Word"} <= titles(picture)
    assert "14 posts" in parts(picture.chart.to_dict(), "subtitle")


def test_words_cannot_be_code() -> None:
    """The expression that names the words of an axis is an array of JSON strings, and its index."""
    for axis in parts(pictures.term_bars(TOPICS).chart.to_dict(), "labelExpr"):
        names, index = axis[: -len("[datum.value]")], axis[-len("[datum.value]") :]
        assert index == "[datum.value]"
        assert all(isinstance(name, str) for name in json.loads(names))


def test_graph_shows_hubs_and_orphans() -> None:
    """A line for each edge, a point for each post, hubs on top and labelled, orphans apart."""
    picture = ALL["related_graph"]()
    lines, points, labels = data(picture)
    assert len(lines) == 3
    assert [row["in_degree"] for row in points] == [2, 0, 5]
    assert [row["label"] for row in labels] == [short(HARMFUL, 32)]
    encoding = picture.chart.to_dict()["layer"][1]["encoding"]
    assert [tip["field"] for tip in encoding["tooltip"]] == ["title", "in_degree", "kind"]
    assert len({*encoding["color"]["scale"]["range"]}) == 3
    assert encoding["shape"]["scale"]["range"][-1] == "diamond"


def test_bars_by_name_and_by_number() -> None:
    """Years stand in order with the missing ones as zero; names stay in the order given."""
    years = data(ALL["years"]())[0]
    assert [row["number"] for row in years] == [3, 0, 0, 1]
    assert {"b", "c"} <= titles(ALL["years"]())
    assert [row["name"] for row in data(ALL["bars"]())[0]] == [
        short(text, 40, "(none)") for text in TEXTS
    ]
    with pytest.raises(SettingError, match="less than 2000 apart"):
        pictures.bars([(1, 1), (9_999, 1)], title="a", x_title="b", y_title="c")
    assert data(pictures.bars([], title="a", x_title="b", y_title="c"))[0] == []


def test_histogram_counts_every_number() -> None:
    """The intervals have one round width, hold all numbers, and each number once."""
    lengths = [0, 1, 20, 99.5, 100]
    bins = data(pictures.histogram(lengths, title="a", x_title="b", bins=10))[0]
    assert sum(row["number"] for row in bins) == 5
    assert {row["to"] - row["from"] for row in bins} == {10}
    assert [row["number"] for row in bins if row["from"] == 100] == [1]
    assert pictures.histogram([], title="a", x_title="b")._png()
    assert data(pictures.histogram([7, 7], title="a", x_title="b"))[0][0]["number"] == 2
    with pytest.raises(SettingError, match="finite"):
        pictures.histogram([float("nan")], title="a", x_title="b")


def test_texts_are_cut_short() -> None:
    """A text is one printable line with an ellipsis where it was cut, and never empty."""
    assert short("x" * 50, 10) == "x" * 9 + "…"
    assert short("a\n\tb\x00c \ud800d", 20) == "a b c d"
    assert short(" \n") == "(no title)"
    assert short("👩\u200d👧", 9) == "👩\u200d👧"
