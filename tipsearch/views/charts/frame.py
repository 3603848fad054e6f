"""The frame of a chart of points: its scales, and labels that do not overlap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tipsearch.views.charts.style import INK, rows

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT, MARGIN = 760, 540, 26  # pixels
LETTER_WIDTH, LINE_HEIGHT = 6.9, 17.0  # about those of a label, in pixels
POINT_RADIUS = 5.0  # pixels


class Frame:
    """A frame around all points, with the same scale on both axes."""

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
        """Return the encodings of the fields x and y; axes are hidden, as units mean nothing."""
        across = [self._left, self._left + self._unit * WIDTH]
        up = [self._bottom, self._bottom + self._unit * HEIGHT]
        return {
            "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=across, nice=False, zero=False)),
            "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=up, nice=False, zero=False)),
        }

    def zoom(self, alt: Any) -> Any:
        """Return the parameter for zooming by shift and wheel; the wheel alone scrolls the page."""
        return alt.selection_interval(
            name="zoom", bind="scales", zoom="wheel![event.shiftKey]", encodings=["x", "y"]
        )

    def sized(self, chart: Any) -> Any:
        """Return the chart in the size of the frame."""
        return chart.properties(width=WIDTH, height=HEIGHT)

    def labels(
        self,
        alt: Any,
        labels: Sequence[tuple[float, float, str]],
        *,
        above: float = 0.0,
        keep_all: bool = True,
    ) -> tuple[Any, Any]:
        """Return two layers of labels, given as (x, y, text): a white outline and the text.

        A label is `above` pixels over its point, or as near as it covers no other label and few
        points. Without `keep_all`, a label without room is left out.
        """
        positions = np.array([label[:2] for label in labels], np.float64).reshape(-1, 2)
        origin = np.array([self._left, self._bottom])
        widths = [LETTER_WIDTH * len(text) + 8 for _, _, text in labels]
        pixels = (positions - origin) / self._unit + np.array([0.0, above])
        placed = _place_labels(pixels, widths, self._pixels, keep_all=keep_all)
        centres = [None if place is None else place * self._unit + origin for place in placed]
        values = [
            {"x": float(centre[0]), "y": float(centre[1]), "label": text}
            for centre, (_, _, text) in zip(centres, labels, strict=True)
            if centre is not None
        ]
        chart = alt.Chart(rows(alt, values)).encode(**self.axes(alt), text="label:N")
        font = {"fontSize": 12, "fontWeight": "bold"}
        under = chart.mark_text(**font, color="white", stroke="white", strokeWidth=3, opacity=0.75)
        return under, chart.mark_text(**font, color=INK)


def _place_labels(
    preferred: Floats, widths: Sequence[float], points: Floats, *, keep_all: bool
) -> list[Floats | None]:
    """The centres of labels in pixels, placed one after the other; None where there is no room.

    Among the free places around the preferred one, the cost is the distance, plus 20 pixels for
    each of up to two points underneath.
    """
    moves = np.array([(x, y) for x in range(-120, 121, 12) for y in range(-96, 97, 8)])
    taken = np.zeros((0, 3))
    placed: list[Floats | None] = []
    for centre, width in zip(preferred, widths, strict=True):
        half = np.array([width / 2, LINE_HEIGHT / 2])
        tried = np.clip(centre + moves, half, np.maximum([WIDTH, HEIGHT] - half, half))
        overlaps_x = np.abs(tried[:, None, 0] - taken[:, 0]) < (width + taken[:, 2]) / 2
        overlaps_y = np.abs(tried[:, None, 1] - taken[:, 1]) < LINE_HEIGHT
        covers = (overlaps_x & overlaps_y).any(axis=1)
        close = points[(np.abs(points - centre) < half + 140).all(axis=1)]
        under = (np.abs(tried[:, None] - close) < half + POINT_RADIUS).all(axis=2).sum(axis=1)
        distance = np.hypot(*(centre - tried).T)
        best = tried[(distance + 20 * np.minimum(under, 2) + 10_000 * covers).argmin()]
        if keep_all or not covers.all():
            placed.append(best)
            taken = np.vstack([taken, [*best, width]])
        else:
            placed.append(None)
    return placed
