"""Volumes and views for the tests of this folder."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Geometry, Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.ui import theme
from medviewer.ui.viewport import Viewport

SHAPE = (9, 14, 11)
SPACING = (2.5, 0.8, 0.5)
WIDE = Window(0, 4000)


def geometry(*, oblique: bool = False) -> Geometry:
    """Axial, or turned by 20 degrees about z and 10 about x; spacings all different."""
    a, b = np.radians(20), np.radians(10)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    tilt = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    axes = turn @ tilt if oblique else np.eye(3)
    affine = np.eye(4)
    for axis, (xyz, mm) in enumerate(zip((2, 1, 0), SPACING, strict=True)):
        affine[:3, axis] = axes[:, xyz] * mm
    affine[:3, 3] = (-10, 20, 30)
    return Geometry(affine)


def numbered(where: Geometry | None) -> Volume:
    """Every voxel holds its own number."""
    return Volume(np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE), where, Unit.HU)


def one_voxel(voxel: tuple[int, int, int], where: Geometry | None) -> Mask:
    """A mask of a single voxel."""
    full = np.zeros(SHAPE, bool)
    full[voxel] = True
    return Mask.from_full(1, "One", full, where)


def shown(qtbot: QtBot, volume: Volume | None, plane: Plane = Plane.NATIVE) -> Viewport:
    """A viewport on screen, 420 x 400."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app)
    view = Viewport(plane)
    qtbot.addWidget(view)
    view.resize(420, 400)
    view.set_picture(volume, None)
    view.set_window(WIDE)
    view.show()
    qtbot.waitExposed(view)
    return view


def pixels(image: QImage) -> NDArray[np.uint8]:
    """(rows, columns, 3) of a grabbed picture."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


def painted(view: Viewport, colour: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Where a viewport shows exactly this colour."""
    found = (pixels(view.grab_image()) == colour).all(axis=2)
    return np.asarray(found)


NO_KEYS = Qt.KeyboardModifier.NoModifier
CTRL = Qt.KeyboardModifier.ControlModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


def mouse(
    view: Viewport,
    kind: QEvent.Type,
    at: tuple[float, float],
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    keys: Qt.KeyboardModifier = NO_KEYS,
) -> None:
    """Send one mouse event at a screen position of the canvas."""
    moving = kind == QEvent.Type.MouseMove
    canvas = view._canvas.viewport()
    place = QPointF(*at)
    event = QMouseEvent(
        kind,
        place,
        canvas.mapToGlobal(place),
        Qt.MouseButton.NoButton if moving else button,
        Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else button,
        keys,
    )
    QApplication.sendEvent(canvas, event)


def drag(
    view: Viewport,
    *points: tuple[float, float],
    button: Qt.MouseButton = Qt.MouseButton.LeftButton,
    keys: Qt.KeyboardModifier = NO_KEYS,
) -> None:
    """Press at the first point, move along, let go at the last."""
    mouse(view, QEvent.Type.MouseButtonPress, points[0], button, keys)
    for point in points[1:]:
        mouse(view, QEvent.Type.MouseMove, point, button, keys)
    mouse(view, QEvent.Type.MouseButtonRelease, points[-1], button, keys)


def hover(view: Viewport, at: tuple[float, float], keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Move the mouse with no button down."""
    mouse(view, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton, keys)


def wheel(view: Viewport, turn: int, keys: Qt.KeyboardModifier = NO_KEYS) -> None:
    """Turn the wheel by eighths of a degree; away from the reader is positive."""
    canvas = view._canvas.viewport()
    place = QPointF(100, 120)
    event = QWheelEvent(
        place,
        canvas.mapToGlobal(place),
        QPoint(),
        QPoint(0, turn),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas, event)
