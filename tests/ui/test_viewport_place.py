"""Image, overlay and value under the mouse agree on where a voxel is, to the pixel, in every plane."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.reslice import Plane
from medviewer.imaging.volume import Unit, Volume
from medviewer.ui.viewport import Viewport
from tests.ui.viewports import (
    SHAPE,
    geometry,
    hover,
    numbered,
    one_voxel,
    painted,
    shown,
)

VOXEL = (6, 3, 8)
BLUE = (0x56, 0xB4, 0xE9)
SOLID = OverlayStyle(fill=1.0, outline=0.0, hatch=False)
VIEWS = ("fitted", "zoomed", "panned", "one to one")


def _arrange(view: Viewport, how: str) -> None:
    if how == "zoomed":
        view.move_camera(view.camera.zoomed(1.73, (140.0, 170.0)))
    elif how == "panned":
        view.move_camera(view.camera.zoomed(0.61).panned(37.4, -21.8))
    elif how == "one to one":
        view.one_to_one()
        view.zoom_by(5.0)


def _place(view: Viewport) -> tuple[float, float]:
    """Screen position of the centre of VOXEL, having scrolled to its picture."""
    assert view.picture is not None
    index, row, column = view.picture.view.from_voxel(*VOXEL)
    view.set_index(int(index))
    return view.camera.to_screen(column + 0.5, row + 0.5)


@pytest.mark.parametrize("how", VIEWS)
@pytest.mark.parametrize("plane", list(Plane))
@pytest.mark.parametrize("oblique", [False, True])
def test_a_mask_of_one_voxel_lies_on_its_voxel(qtbot: QtBot, plane: Plane, how: str, oblique: bool) -> None:
    where = geometry(oblique=oblique)
    voxels = np.full(SHAPE, -2000, np.int16)
    voxels[VOXEL] = 2000
    view = shown(qtbot, Volume(voxels, where, Unit.HU), plane)
    view.set_smooth(False)
    x, y = _place(view)
    _arrange(view, how)
    x, y = _place(view)
    bright = painted(view, (255, 255, 255))
    view.set_style(SOLID)
    view.set_masks([(one_voxel(VOXEL, where), "#56B4E9", "")])
    blue = painted(view, BLUE)
    rows, columns = np.nonzero(blue)
    assert rows.size > 4
    assert columns.mean() + 0.5 == pytest.approx(x, abs=1.0)
    assert rows.mean() + 0.5 == pytest.approx(y, abs=1.0)
    # What was white is the voxel itself; all of it is blue now, and nothing else.
    assert np.array_equal(bright, blue)


@pytest.mark.parametrize("plane", list(Plane))
def test_the_value_is_that_of_the_voxel_under_the_mouse(qtbot: QtBot, plane: Plane) -> None:
    volume = numbered(geometry(oblique=True))
    view = shown(qtbot, volume, plane)
    hover(view, _place(view))
    assert view._front.notes.value.startswith(f"HU {volume.voxels[VOXEL]} @ (")


def test_coronal_pictures_have_the_head_up_and_the_patients_right_on_the_left(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()), Plane.CORONAL)
    view.set_index(VOXEL[1])
    x, y = view.camera.to_screen(VOXEL[2] + 0.5, SHAPE[0] - 1 - VOXEL[0] + 0.5)
    hover(view, (x, y))
    expected = np.ravel_multi_index(VOXEL, SHAPE)
    assert view._front.notes.value == f"HU {expected} @ ({VOXEL[2]}, {SHAPE[0] - 1 - VOXEL[0]})"


def test_the_value_changes_exactly_at_the_edge_of_a_pixel(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    edge, y = view.camera.to_screen(5.0, 7.5)
    told = []
    for x in (edge - 0.01, edge + 0.01):
        hover(view, (x, y))
        told.append(view._front.notes.value)
    assert [text[text.index("@") :] for text in told] == ["@ (4, 7)", "@ (5, 7)"]


def test_the_value_follows_the_slice_and_leaves_with_the_mouse(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    told: list[str] = []
    view.cursor_moved.connect(told.append)
    hover(view, view.camera.to_screen(0.5, 0.5))
    view.set_index(1)
    view._gestures.leave()
    assert told == ["HU 0 @ (0, 0)", "HU 154 @ (0, 0)", ""]


def test_negative_values_have_a_true_minus(qtbot: QtBot) -> None:
    view = shown(qtbot, Volume(np.full(SHAPE, -1024, np.int16), geometry(), Unit.HU))
    hover(view, view.camera.to_screen(2.5, 3.5))
    assert view._front.notes.value == "HU −1024 @ (2, 3)"


def test_pixels_keep_their_proportions(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    across, down = view.camera.scale
    assert down / across == pytest.approx(0.8 / 0.5)
