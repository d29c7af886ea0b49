"""Where a picture stands in its view: zoom and pan as one frozen value. No Qt, nothing but arithmetic.

Picture coordinates (x, y) are edge-based: pixel (row, column) covers [column, column + 1] x [row, row + 1].
Screen coordinates are device-independent pixels from the view's top left corner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

SMALLEST, LARGEST = 0.05, 40.0
"""Bounds of the zoom."""

Pair = tuple[float, float]


@dataclass(frozen=True)
class Camera:
    """``zoom`` 1.0 shows the shorter side of a pixel on one screen pixel.

    ``size``: (width, height) of the view; ``shape``: (rows, columns) of the picture; ``aspect``: (width,
    height) of a pixel, the shorter being 1; ``centre``: the picture point in the middle of the view.
    """

    size: Pair = (1.0, 1.0)
    shape: tuple[int, int] = (1, 1)
    aspect: Pair = (1.0, 1.0)
    zoom: float = 1.0
    centre: Pair = (0.5, 0.5)
    fitted: bool = True
    """Whether the picture follows the size of the view."""
    area: tuple[Pair, Pair] | None = None
    """What is fitted in place of the whole picture: its upper left and lower right corner."""

    @property
    def scale(self) -> Pair:
        """Screen pixels per picture pixel, across and down."""
        return self.zoom * self.aspect[0], self.zoom * self.aspect[1]

    @property
    def offset(self) -> Pair:
        """Screen position of the picture's top left corner."""
        sx, sy = self.scale
        return self.size[0] / 2 - self.centre[0] * sx, self.size[1] / 2 - self.centre[1] * sy

    def to_screen(self, x: float, y: float) -> Pair:
        """Screen position of a picture point."""
        (sx, sy), (ox, oy) = self.scale, self.offset
        return x * sx + ox, y * sy + oy

    def to_picture(self, px: float, py: float) -> Pair:
        """Picture point under a screen position: the inverse of :meth:`to_screen`."""
        (sx, sy), (ox, oy) = self.scale, self.offset
        return (px - ox) / sx, (py - oy) / sy

    def fit(self) -> Camera:
        """The whole picture, or its area, as large as the view allows, in its middle."""
        (x0, y0), (x1, y1) = self.area or ((0.0, 0.0), (float(self.shape[1]), float(self.shape[0])))
        zoom = min(
            self.size[0] / ((x1 - x0) * self.aspect[0]),
            self.size[1] / ((y1 - y0) * self.aspect[1]),
        )
        return replace(self, zoom=max(zoom, 1e-6), centre=((x0 + x1) / 2, (y0 + y1) / 2), fitted=True)

    def resized(self, width: float, height: float) -> Camera:
        """The same in a view of another size; a fitted picture stays fitted."""
        other = replace(self, size=(max(1.0, width), max(1.0, height)))
        return other.fit() if self.fitted else other

    def showing(self, shape: tuple[int, int], pixel_mm: Pair | None) -> Camera:
        """Fitted to another picture; ``pixel_mm`` (between rows, between columns), None for square pixels."""
        down, across = pixel_mm or (1.0, 1.0)
        shortest = min(down, across)
        return replace(self, shape=shape, aspect=(across / shortest, down / shortest), area=None).fit()

    def zoomed(self, factor: float, about: Pair | None = None) -> Camera:
        """Enlarged by ``factor``, the picture point at screen position ``about`` staying in its place."""
        px, py = about or (self.size[0] / 2, self.size[1] / 2)
        # A picture so large that fitting it goes below the bound may still be zoomed in from there.
        zoom = min(max(self.zoom * factor, min(SMALLEST, self.zoom)), max(LARGEST, self.zoom))
        x, y = self.to_picture(px, py)
        sx, sy = zoom * self.aspect[0], zoom * self.aspect[1]
        centre = x + (self.size[0] / 2 - px) / sx, y + (self.size[1] / 2 - py) / sy
        return replace(self, zoom=zoom, centre=centre, fitted=False)._bounded()

    def panned(self, dx: float, dy: float) -> Camera:
        """Moved by screen pixels."""
        sx, sy = self.scale
        centre = self.centre[0] - dx / sx, self.centre[1] - dy / sy
        return replace(self, centre=centre, fitted=False)._bounded()

    def _bounded(self) -> Camera:
        """Never lost: the middle of the view stays on the picture."""
        rows, columns = self.shape
        x = min(max(self.centre[0], 0.0), float(columns))
        y = min(max(self.centre[1], 0.0), float(rows))
        return replace(self, centre=(x, y))
