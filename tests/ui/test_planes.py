"""Three views of one volume: they point at the same place, and only where the stack is one volume."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from pytestqt.qtbot import QtBot

from medviewer.imaging.draw import Corners
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Unit, Volume
from medviewer.ui.planes import PlanesView
from tests.ui.viewports import SHAPE, geometry, hover, mouse, numbered, wheel


@pytest.fixture
def planes(qtbot: QtBot) -> PlanesView:
    """Three planes of the numbered volume on screen."""
    made = PlanesView()
    qtbot.addWidget(made)
    made.resize(900, 700)
    made.set_layout("mpr")
    made.set_volume(numbered(geometry()), None)
    made.show()
    qtbot.waitExposed(made)
    return made


def test_an_axial_series_has_coronal_and_sagittal_beside_it(planes: PlanesView) -> None:
    assert [v.plane for v in planes.viewports] == [Plane.NATIVE, Plane.CORONAL, Plane.SAGITTAL]
    assert all(v.isVisible() for v in planes.viewports)


def test_a_coronal_series_has_axial_and_sagittal_beside_it(planes: PlanesView) -> None:
    where = np.array(geometry().affine)
    where[:3, :3] = where[:3, [1, 0, 2]] * [1, -1, 1]
    volume = Volume(np.zeros(SHAPE, np.int16), type(geometry())(where), Unit.HU)
    planes.set_volume(volume, None)
    assert [v.plane for v in planes.sides] == [Plane.AXIAL, Plane.SAGITTAL]


@pytest.mark.parametrize("volume", [numbered(None), Volume(np.zeros((1, 8, 8), np.int16), geometry())])
def test_what_is_no_volume_shows_one_view_and_the_layout_comes_back(
    planes: PlanesView, volume: Volume
) -> None:
    planes.set_volume(volume, None)
    assert [v.isVisible() for v in planes.viewports] == [True, False, False]
    assert planes.layout_name == "mpr"
    planes.set_volume(numbered(geometry()), None)
    assert all(v.isVisible() for v in planes.viewports)


def test_single_shows_the_main_view(planes: PlanesView) -> None:
    planes.set_layout("single")
    assert [v.isVisible() for v in planes.viewports] == [True, False, False]
    with pytest.raises(ValueError, match="mosaic"):
        planes.set_layout("mosaic")


def test_a_double_click_makes_a_view_large_and_small_again(planes: PlanesView) -> None:
    coronal = planes.sides[0]
    mouse(coronal, QEvent.Type.MouseButtonDblClick, (50, 50))
    assert [v.isVisible() for v in planes.viewports] == [False, True, False]
    mouse(coronal, QEvent.Type.MouseButtonDblClick, (50, 50))
    assert all(v.isVisible() for v in planes.viewports)


def test_the_crosshair_takes_all_views_to_one_voxel(planes: PlanesView) -> None:
    asked: list[int] = []
    planes.index_requested.connect(asked.append)
    coronal, sagittal = planes.sides
    coronal.set_index(5)
    x, y = coronal.camera.to_screen(3.5, SHAPE[0] - 1 - 6 + 0.5)
    hover(coronal, (x, y), Qt.KeyboardModifier.ShiftModifier)
    assert asked == [6]
    planes.set_index(6)
    assert sagittal.index == 3
    lines = [v._front.notes.lines for v in planes.viewports]
    assert [(a.y, b.x) for a, b in lines] == [(5.5, 3.5), (2.5, 3.5), (2.5, 5.5)]


def test_scrolling_a_side_view_moves_its_line_in_the_others(planes: PlanesView) -> None:
    told: list[int] = []
    planes.scrolled.connect(told.append)
    coronal = planes.sides[0]
    before = coronal.index
    wheel(coronal, -120)
    assert coronal.index == before + 1
    assert planes.main._front.notes.lines[0].y == before + 1.5
    assert told == [], "the session's image is the main view's alone"


def test_lines_can_be_hidden(planes: PlanesView) -> None:
    planes.set_lines_visible(False)
    assert all(v._front.notes.lines == () for v in planes.viewports)


def test_side_views_say_which_plane_and_whose(planes: PlanesView) -> None:
    planes.set_corners(Corners(top_left=("Doe, Jane", "F 54 y")))
    assert planes.sides[0]._front.notes.corners.top_left == ("Coronal", "Doe, Jane")


def test_tab_walks_through_the_views(planes: PlanesView) -> None:
    walked = []
    for _ in range(3):
        planes.next_view()
        walked.append(planes.active)
    assert walked == [planes.sides[0], planes.sides[1], planes.main]
