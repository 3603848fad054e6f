"""Picture: an Altair chart that notebooks show and that is saved as PNG, SVG, HTML or JSON."""

from __future__ import annotations

import json
from base64 import b64encode
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

from tipsearch.errors import ExtraMissing, SettingError

SCALE = 2  # pixels of a PNG for each pixel of the chart, as screens and print need
# Older notebooks know this version too; the charts use nothing newer.
MIME = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.20.1.json"

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>tipsearch</title>
<style>body {{ background: white; margin: 2em; font-family: sans-serif }}</style>
</head>
<body>
<div id="picture"></div>
<script>{program}</script>
<script>vegaEmbed("#picture", {spec}, {options});</script>
</body>
</html>
"""
OPTIONS = {"actions": {"export": True, "source": False, "compiled": False, "editor": False}}


def altair() -> Any:
    """Return the module altair. Raises ExtraMissing."""
    return _module("altair")


def _module(name: str) -> Any:
    try:
        return import_module(name)  # untyped: a caller's type checker need not read all of it
    except ImportError:
        raise ExtraMissing("notebooks", name) from None


class Picture:
    """A chart, which a notebook shows as the value of a cell.

    `chart` is the Altair chart, which may be changed further. Notebooks that know Vega-Lite draw
    it without a network; others, and pages such as GitHub's, show a PNG.
    """

    __slots__ = ("chart",)

    def __init__(self, chart: Any) -> None:
        self.chart = chart

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """The chart as Vega-Lite, PNG and text for notebooks, with the size of the PNG."""
        image = self._png()
        width, height = (int.from_bytes(image[start : start + 4], "big") for start in (16, 20))
        size = {"width": width // SCALE, "height": height // SCALE}
        spec = {**self.chart.to_dict(), "$schema": SCHEMA}
        data = {
            MIME: spec,
            "image/png": b64encode(image).decode("ascii"),
            "text/plain": repr(self),
        }
        return data, {"image/png": size}

    def __repr__(self) -> str:
        title = self.chart.to_dict().get("title", "")
        return f"<Picture: {title.get('text', '') if isinstance(title, dict) else title}>"

    def save(self, path: str | PathLike[str]) -> None:
        """Write a file: .png (at twice the size), .svg, .html or .json (Vega-Lite), by its suffix.

        The .html is interactive and needs no network. Raises SettingError for another suffix,
        ExtraMissing, and OSError where the file cannot be written.
        """
        write = {".html": self._html, ".svg": self._svg, ".png": self._png, ".json": self._json}
        suffix = Path(path).suffix.lower()
        if suffix not in write:
            raise SettingError("path", str(path), "a file that ends in .html, .svg, .png or .json")
        Path(path).write_bytes(write[suffix]())

    def _png(self) -> bytes:
        converter = _module("vl_convert")
        return bytes(converter.vegalite_to_png(self.chart.to_dict(), scale=SCALE))

    def _svg(self) -> bytes:
        return str(_module("vl_convert").vegalite_to_svg(self.chart.to_dict())).encode()

    def _json(self) -> bytes:
        return (json.dumps(self.chart.to_dict(), ensure_ascii=False, indent=1) + "\n").encode()

    def _html(self) -> bytes:
        # Altair's own page would let a title that holds </script> end the script.
        spec = json.dumps(self.chart.to_dict()).replace("<", "\\u003c")
        program = _module("vl_convert").javascript_bundle()
        return PAGE.format(program=program, spec=spec, options=json.dumps(OPTIONS)).encode()
