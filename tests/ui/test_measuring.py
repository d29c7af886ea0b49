"""Measurements drawn with the mouse: their figures equal their oracles, they stay where they were made."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QInputDialog
from pytestqt.qtbot import QtBot

from medviewer.imaging.inplane import InPlane, Region, Scale
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Unit, Volume
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.tools import TOOLS
from medviewer.ui.viewport import Viewport
from tests.ui.viewports import RIGHT, SHAPE, SPACING, drag, geometry, hover, mouse, numbered, shown, wheel


def _made(view: Viewport) -> list[ReaderMeasurement]:
    told: list[ReaderMeasurement] = []
    view.measurement_made.connect(told.append)
    return told


@pytest.mark.parametrize(
    ("plane", "start", "end"),
    [
        (Plane.NATIVE, (4, 1.0, 2.0), (4, 11.0, 2.0)),
        (Plane.NATIVE, (4, 3.0, 1.0), (4, 3.0, 9.0)),
        (Plane.NATIVE, (4, 2.25, 1.5), (4, 11.75, 8.25)),
        (Plane.CORONAL, (1.5, 7, 2.0), (6.5, 7, 9.0)),
        (Plane.SAGITTAL, (1.5, 2.0, 5), (6.5, 11.0, 5)),
    ],
)
@pytest.mark.parametrize("oblique", [False, True])
def test_a_length_on_pixels_that_are_not_square(
    qtbot: QtBot,
    plane: Plane,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    oblique: bool,
) -> None:
    view = shown(qtbot, numbered(geometry(oblique=oblique)), plane)
    made = _made(view)
    assert view.picture is not None
    view.set_tool("length")
    ends = [view.picture.view.from_voxel(*point) for point in (start, end)]
    view.set_index(int(ends[0][0]))
    view.move_camera(view.camera.zoomed(0.7).panned(13.3, -7.1))
    drag(view, *(view.camera.to_screen(column + 0.5, row + 0.5) for _, row, column in ends))
    oracle = math.dist(
        [v * mm for v, mm in zip(start, SPACING, strict=True)],
        [v * mm for v, mm in zip(end, SPACING, strict=True)],
    )
    (measurement,) = made
    assert measurement.text == f"{oracle:.1f}\u2009mm"
    assert (measurement.plane, measurement.index) == (plane, view.index)
    kept = [(s, r - 0.5, c - 0.5) for s, r, c in measurement.points]
    assert kept[0] == pytest.approx(start, abs=0.02)
    assert kept[1] == pytest.approx(end, abs=0.02)


def test_a_measurement_is_drawn_where_it_was_made(view: Viewport) -> None:
    made = _made(view)
    view.set_tool("length")
    ends = view.camera.to_screen(2.3, 3.1), view.camera.to_screen(8.2, 10.9)
    drag(view, *ends)
    view.set_measurements(made)
    view.zoom_by(1.4)
    (shape,) = view._front.notes.shapes
    assert shape.points[0] == pytest.approx((2.3, 3.1), abs=0.02)
    assert shape.text == f"1  {made[0].text}"
    view.set_index(3)
    assert view._front.notes.shapes == ()


def test_without_geometry_lengths_are_in_pixels(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(None))
    made = _made(view)
    view.set_tool("length")
    drag(view, view.camera.to_screen(2, 3), view.camera.to_screen(8, 11))
    assert made[0].text == "10.0\u2009px"


def test_a_click_measures_nothing(view: Viewport) -> None:
    made = _made(view)
    for tool in ("length", "ellipse"):
        view.set_tool(tool)
        drag(view, (100, 100), (102, 100))
    assert made == []


@pytest.mark.parametrize("by_clicks", [False, True])
def test_an_angle_is_taken_in_millimetres(view: Viewport, by_clicks: bool) -> None:
    made = _made(view)
    view.set_tool("angle")
    # One arm straight down, the other 4 mm right and 4 mm up of the corner: 135 degrees.
    arm, corner, other = (2.0, 12.0), (2.0, 6.0), (2.0 + 4 / 0.5, 6.0 - 4 / 0.8)
    at = [view.camera.to_screen(*point) for point in (arm, corner, other)]
    if by_clicks:
        drag(view, at[0])
        drag(view, at[1])
    else:
        drag(view, at[0], at[1])
    hover(view, at[2])
    drag(view, at[2])
    assert [m.text for m in made] == ["135.0°"]


def test_an_ellipse_tells_mean_deviation_and_area(qtbot: QtBot) -> None:
    voxels = np.full(SHAPE, 50, np.int16)
    voxels[:, :, ::2] = -50
    view = shown(qtbot, Volume(voxels, geometry(), Unit.HU))
    made = _made(view)
    view.set_tool("ellipse")
    drag(view, view.camera.to_screen(1, 3), view.camera.to_screen(9, 11))
    y, x = np.mgrid[: SHAPE[1], : SHAPE[2]] + 0.5
    inside = ((x - 5) / 4) ** 2 + ((y - 7) / 4) ** 2 <= 1
    values = voxels[0][inside]
    area = math.pi * (4 * 0.5) * (4 * 0.8)
    mean = f"{abs(values.mean()):.2f}"
    assert made[0].text.startswith(("\u2212" if values.mean() < 0 else "") + mean)
    assert f"{values.std(ddof=1):.2f}\u2009HU" in made[0].text
    assert made[0].text.endswith(f"{area:.1f}\u2009mm²")


def test_a_note_asks_for_its_words(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _made(view)
    view.set_tool("note")
    for answer in ((" <b>cyst</b>\n?", True), ("unsaid", False), ("", True)):
        monkeypatch.setattr(QInputDialog, "getText", lambda *_, answer=answer: answer)
        drag(view, (100, 100), (140, 130))
    assert [(m.kind, m.text) for m in made] == [("text", "<b>cyst</b> ?")]


def test_a_click_is_enough_for_a_note(view: Viewport, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _made(view)
    view.set_tool("note")
    monkeypatch.setattr(QInputDialog, "getText", lambda *_: ("cyst", True))
    drag(view, view.camera.to_screen(4, 6))
    ((tip, tail),) = (m.points for m in made)
    assert tip == pytest.approx((0, 6, 4))
    assert tail[1] < tip[1]
    assert tail[2] > tip[2]


def test_scrolling_drops_what_is_half_drawn(view: Viewport) -> None:
    made = _made(view)
    view.set_tool("length")
    mouse(view, QEvent.Type.MouseButtonPress, (100, 100))
    mouse(view, QEvent.Type.MouseMove, (200, 200))
    assert view._front.notes.sketch is not None
    view.set_index(2)
    assert view._front.notes.sketch is None
    mouse(view, QEvent.Type.MouseButtonRelease, (200, 200))
    assert made == []


def test_delete_asks_for_the_measurement_under_the_mouse(view: Viewport, qtbot: QtBot) -> None:
    lines = {"a": ((0, 2, 2), (0, 2, 9)), "b": ((0, 10, 2), (0, 10, 9))}
    view.set_measurements(
        [ReaderMeasurement(k, "length", "", Plane.NATIVE, 0, p, "x") for k, p in lines.items()]
    )
    told: list[str] = []
    view.measurement_deleted.connect(told.append)
    assert not view.delete_selected()
    x, y = view.camera.to_screen(5, 10)
    hover(view, (x, y + 3))
    qtbot.keyClick(view, Qt.Key.Key_Delete)
    assert told == ["b"]
    menu: list[str] = []
    view.context_requested.connect(lambda _, found: menu.append(found))
    drag(view, view.camera.to_screen(5, 2), button=RIGHT)
    drag(view, view.camera.to_screen(5, 6), button=RIGHT)
    assert menu == ["a", ""]


def test_nothing_is_measured_on_an_image_that_is_not_there(qtbot: QtBot) -> None:
    view = shown(qtbot, None)
    made = _made(view)
    for tool in TOOLS:
        view.set_tool(tool)
        drag(view, (100, 100), (150, 150))
    wheel(view, 120)
    assert made == []


def test_a_length_on_a_projection_says_what_its_millimetres_are(qtbot: QtBot) -> None:
    plain = numbered(None)
    own = InPlane(Scale(0.8, 0.5, "mm at detector"), edges=("R", "L", "H", "F"))
    view = shown(qtbot, replace(plain, in_plane=(own,) * SHAPE[0]))
    made = _made(view)
    view.set_tool("length")
    drag(view, view.camera.to_screen(2, 3), view.camera.to_screen(8, 8))
    assert made[0].text == "5.0\u2009mm at detector"
    assert view._front.notes.ruler_label == "mm at detector"
    view.set_tool("ellipse")
    drag(view, view.camera.to_screen(2, 2), view.camera.to_screen(8, 7))
    assert made[1].text.endswith(f"{math.pi * 2 * 1.5:.1f}\u2009mm² at detector")
    letters = view._front.notes.letters
    assert letters is not None
    assert letters.bottom == "F"


def test_a_length_across_ultrasound_regions_is_refused(qtbot: QtBot) -> None:
    halves = Region(0, 0, 5, 13, Scale(0.5, 0.5)), Region(6, 0, 10, 13, Scale(1.0, 1.0))
    view = shown(qtbot, replace(numbered(None), in_plane=(InPlane(regions=halves),) * SHAPE[0]))
    made = _made(view)
    view.set_tool("length")
    drag(view, view.camera.to_screen(1, 3), view.camera.to_screen(5, 6))
    drag(view, view.camera.to_screen(1, 3), view.camera.to_screen(9, 3))
    assert [m.text for m in made] == ["2.5\u2009mm", "not measured across regions"]
