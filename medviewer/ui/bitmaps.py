"""Bitmaps over a picture: a pixel of theirs covers a pixel of the image, exactly.

Where the image is made small lines would fall between screen pixels, so each block of pixels shows whether
any of them is set.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from medviewer.ui import theme
from medviewer.ui.camera import Camera

_AROUND = ((-1.0, 0.0), (1.0, 0.0), (0.0, -1.0), (0.0, 1.0))


@dataclass(frozen=True, eq=False)
class Bitmap:
    """(rows, columns) of the picture, painted in one colour."""

    bits: NDArray[np.bool_]
    colour: str


@dataclass(frozen=True)
class _Part:
    """What is in view: rows and columns of the bitmap, and how many of them make one block."""

    top: int
    bottom: int
    left: int
    right: int
    step: int

    @classmethod
    def of(cls, shape: tuple[int, int], camera: Camera) -> _Part:
        step = math.ceil(1 / max(min(1.0, *camera.scale), 1e-3))  # no block is smaller than a screen pixel
        (x0, y0), (x1, y1) = camera.to_picture(0, 0), camera.to_picture(*camera.size)
        return cls(*_steps(y0, y1, shape[0], step), *_steps(x0, x1, shape[1], step), step)


class BitmapPainter:
    """Paints one bitmap after the other; the same part of the same one is worked out once."""

    def __init__(self) -> None:
        self._made: tuple[Bitmap, _Part, tuple[QImage, ...], tuple[int, int]] | None = None

    def paint(self, painter: QPainter, bitmap: Bitmap, camera: Camera, *, shaded: bool = False) -> None:
        """The part that is in view; ``shaded``: with dark around it, to be seen on white too."""
        part = _Part.of((bitmap.bits.shape[0], bitmap.bits.shape[1]), camera)
        if self._made is None or self._made[0] is not bitmap or self._made[1] != part:
            small = any_of(bitmap.bits[part.top : part.bottom, part.left : part.right], part.step)
            colours = (QColor(bitmap.colour), *((theme.qcolour("halo", 0.5),) if shaded else ()))
            images = tuple(_image(small, colour) for colour in colours) if small.any() else ()
            self._made = bitmap, part, images, (small.shape[0], small.shape[1])
        _, _, images, (rows, columns) = self._made
        if not images:
            return
        first = camera.to_screen(part.left, part.top)
        last = camera.to_screen(part.left + columns * part.step, part.top + rows * part.step)
        target = QRectF(QPointF(*first), QPointF(*last))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
        for shade in images[1:]:
            for away in _AROUND:
                painter.drawImage(target.translated(*away), shade)
        painter.drawImage(target, images[0])


def _steps(first: float, last: float, count: int, step: int) -> tuple[int, int]:
    """The pixels from ``first`` to ``last`` that exist, from a whole block on."""
    start = min(count, max(0, math.floor(first) // step * step))
    return start, min(count, max(start, math.ceil(last) + 1))


def any_of(bits: NDArray[np.bool_], step: int) -> NDArray[np.bool_]:
    """Whether any pixel of each ``step`` x ``step`` block is set; what is missing at the edges is not."""
    if step == 1:
        return bits
    rows, columns = (-(-n // step) * step for n in bits.shape)
    padded = np.zeros((rows, columns), bool)
    padded[: bits.shape[0], : bits.shape[1]] = bits
    return np.asarray(padded.reshape(rows // step, step, columns // step, step).any(axis=(1, 3)))


def _image(bits: NDArray[np.bool_], colour: QColor) -> QImage:
    pixels = np.where(bits, np.uint32(colour.rgba()), np.uint32(0))
    rows, columns = bits.shape
    return QImage(pixels.tobytes(), columns, rows, 4 * columns, QImage.Format.Format_ARGB32).copy()
