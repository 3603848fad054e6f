"""The window through which points on a plane are seen, and labels in it that stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.views.charts.style import INK, rows

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT, MARGIN = 760, 540, 26  # pixels
LETTER, LINE = 6.9, 17.0  # about the width of a letter of a label and its height, in pixels
RADIUS = 5.0  # of a point


class Frame:
    """A window that holds all points, with as many units a pixel one way as the other."""

    def __init__(self, points: Sequence[tuple[float, float]]) -> None:
        xs, ys = ([float(point[axis]) for point in points] or [0.0] for axis in (0, 1))
        across = (max(xs) - min(xs)) / (WIDTH - 2 * MARGIN)
        up = (max(ys) - min(ys)) / (HEIGHT - 2 * MARGIN)
        self._unit = max(across, up) or 1.0 / WIDTH
        self._left = (min(xs) + max(xs) - self._unit * WIDTH) / 2
        self._bottom = (min(ys) + max(ys) - self._unit * HEIGHT) / 2
        corner = np.array([self._left, self._bottom])
        self._pixels = (np.column_stack([xs, ys]) - corner) / self._unit

    def axes(self, alt: Any) -> dict[str, Any]:
        """The encodings of the fields x and y, without axes: the units mean nothing."""
        across = [self._left, self._left + self._unit * WIDTH]
        up = [self._bottom, self._bottom + self._unit * HEIGHT]
        return {
            "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=across, nice=False, zero=False)),
            "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=up, nice=False, zero=False)),
        }

    def zoom(self, alt: Any) -> Any:
        """Zooming by the wheel, with the shift key: without it, the page scrolls."""
        return alt.selection_interval(
            name="zoom", bind="scales", zoom="wheel![event.shiftKey]", encodings=["x", "y"]
        )

    def sized(self, chart: Any) -> Any:
        """The chart in the size of the window."""
        return chart.properties(width=WIDTH, height=HEIGHT)

    def labels(
        self,
        alt: Any,
        labels: Sequence[tuple[float, float, str]],
        *,
        above: float = 0.0,
        must: bool = True,
    ) -> tuple[Any, Any]:
        """Layers of text at (x, y) or `above` it, or as near as it covers no other and few points.

        Without `must`, a label for which there is no room is left out. The white layer underneath
        keeps it readable on lines and points.
        """
        wanted = np.array([label[:2] for label in labels], np.float64).reshape(-1, 2)
        origin = np.array([self._left, self._bottom])
        widths = [LETTER * len(text) + 8 for _, _, text in labels]
        pixels = (wanted - origin) / self._unit + np.array([0.0, above])
        placed = _places(pixels, widths, self._pixels, must=must)
        ends = [None if place is None else place * self._unit + origin for place in placed]
        values = [
            {"x": float(end[0]), "y": float(end[1]), "label": text}
            for end, (_, _, text) in zip(ends, labels, strict=True)
            if end is not None
        ]
        chart = alt.Chart(rows(alt, values)).encode(**self.axes(alt), text="label:N")
        font = {"fontSize": 12, "fontWeight": "bold"}
        under = chart.mark_text(**font, color="white", stroke="white", strokeWidth=3, opacity=0.75)
        return under, chart.mark_text(**font, color=INK)


def _places(
    wanted: Floats, widths: Sequence[float], points: Floats, *, must: bool
) -> list[Floats | None]:
    """Where the middles of labels go, in pixels, one after the other; None for no room.

    Of the places around the wanted one that are free, the one with the least distance and points
    underneath, up to two of which count as twenty pixels each.
    """
    moves = np.array([(x, y) for x in range(-120, 121, 12) for y in range(-96, 97, 8)])
    taken = np.zeros((0, 3))
    placed: list[Floats | None] = []
    for middle, width in zip(wanted, widths, strict=True):
        room = np.array([width / 2, LINE / 2])
        tried = np.clip(middle + moves, room, np.maximum([WIDTH, HEIGHT] - room, room))
        beside = np.abs(tried[:, None, 0] - taken[:, 0]) < (width + taken[:, 2]) / 2
        covers = (beside & (np.abs(tried[:, None, 1] - taken[:, 1]) < LINE)).any(axis=1)
        close = points[(np.abs(points - middle) < room + 140).all(axis=1)]
        under = (np.abs(tried[:, None] - close) < room + RADIUS).all(axis=2).sum(axis=1)
        away = np.hypot(*(middle - tried).T)
        best = tried[(away + 20 * np.minimum(under, 2) + 10_000 * covers).argmin()]
        if must or not covers.all():
            placed.append(best)
            taken = np.vstack([taken, [*best, width]])
        else:
            placed.append(None)
    return placed
