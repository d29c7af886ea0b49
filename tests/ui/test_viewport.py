"""What a viewport shows: words are plain, slices come as they load, no series leaves anything behind."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from pytestqt.qtbot import QtBot

from medviewer.errors import NoGeometry
from medviewer.imaging.draw import Corners
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.reslice import Letters, Plane
from medviewer.imaging.volume import Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from tests.ui.viewports import (
    SHAPE,
    geometry,
    hover,
    mouse,
    numbered,
    one_voxel,
    painted,
    pixels,
    shown,
    wheel,
)

VOXEL = (6, 3, 8)
BLUE = (0x56, 0xB4, 0xE9)
SOLID = OverlayStyle(fill=1.0, outline=0.0, hatch=False)


def test_a_fitted_picture_stays_fitted_when_the_window_grows(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    before = view.camera.zoom
    view.resize(840, 800)
    qtbot.waitUntil(lambda: view.camera.zoom > 1.9 * before)
    assert view.camera == view.camera.fit()


def test_a_zoomed_picture_keeps_the_point_under_the_mouse(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    before = view.camera.to_picture(100, 120)
    wheel(view, 240, Qt.KeyboardModifier.ControlModifier)
    assert view.camera.to_picture(100, 120) == pytest.approx(before)
    assert not view.camera.fitted


@pytest.mark.parametrize(
    ("plane", "expected"),
    [
        (Plane.NATIVE, Letters("R", "L", "A", "P")),
        (Plane.CORONAL, Letters("R", "L", "H", "F")),
        (Plane.SAGITTAL, Letters("A", "P", "H", "F")),
    ],
)
def test_letters(qtbot: QtBot, plane: Plane, expected: Letters) -> None:
    assert shown(qtbot, numbered(geometry()), plane)._front.notes.letters == expected


def test_without_geometry_there_are_no_letters_and_no_ruler(qtbot: QtBot) -> None:
    notes = shown(qtbot, numbered(None))._front.notes
    assert notes.letters is None
    assert notes.column_mm is None


def test_a_plane_that_is_not_there_is_refused_and_changes_nothing(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()), Plane.CORONAL)
    before = view.picture
    with pytest.raises(NoGeometry):
        view.set_picture(numbered(None), None)
    assert view.picture is before


def test_markup_in_corner_texts_is_shown_as_it_is(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    bare = pixels(view.grab_image())
    inked = []
    for text in ("<img src=x>", "<b>Doe</b>"):
        view.set_corners(Corners(top_left=(text,)))
        corner = (pixels(view.grab_image()) != bare)[:30, :160].any(axis=2)
        inked.append(int(np.flatnonzero(corner.any(axis=0))[-1]))
    assert inked[0] > 70
    assert inked[1] > 60


def test_a_long_line_stays_on_its_side(qtbot: QtBot) -> None:
    view = shown(qtbot, None)
    view.set_corners(Corners(top_left=("A very long name of a very long hospital department " * 4,)))
    ink = pixels(view.grab_image()).any(axis=2)
    assert np.flatnonzero(ink.any(axis=0))[-1] < view.camera.size[0] / 2


def test_an_empty_view_says_what_to_do(qtbot: QtBot) -> None:
    view = shown(qtbot, None)
    assert not pixels(view.grab_image()).any()
    view.set_message("Drop a study here, or Ctrl+O")
    assert pixels(view.grab_image()).any()


def test_a_slice_appears_when_it_is_ready(qtbot: QtBot) -> None:
    volume = Volume(np.full(SHAPE, 2000, np.int16), geometry(), Unit.HU)
    ready = np.zeros(SHAPE[0], bool)
    view = shown(qtbot, None)
    seen: list[int] = []
    view.slice_painted.connect(seen.append)
    view.set_picture(volume, ready)
    assert not painted(view, (255, 255, 255)).any()
    ready[:2] = True
    view.refresh_slice(1)
    assert not painted(view, (255, 255, 255)).any()
    view.refresh_slice(0)
    assert painted(view, (255, 255, 255)).any()
    qtbot.waitUntil(lambda: seen == [0])


def test_a_slice_that_is_not_there_says_why(qtbot: QtBot) -> None:
    ready = np.zeros(SHAPE[0], bool)
    view = shown(qtbot, None)
    view.set_picture(numbered(geometry()), ready)
    assert view._front.notes.missing == "Loading …"
    failures: dict[int, str] = {}
    view.set_failures(failures)
    failures[4] = "The pixel data is cut short."
    view.set_index(4)
    assert view._front.notes.missing == "Image 5 could not be shown.\nThe pixel data is cut short."
    ready[4] = True
    view.refresh_slice(4)
    assert view._front.notes.missing == ""


def test_slices_that_are_not_loaded_are_black_in_other_planes(qtbot: QtBot) -> None:
    volume = Volume(np.full(SHAPE, 2000, np.int16), geometry(), Unit.HU)
    ready = np.zeros(SHAPE[0], bool)
    ready[2] = True
    view = shown(qtbot, None, Plane.CORONAL)
    view.set_picture(volume, ready)
    assert view.picture is not None
    levels = view.picture.levels(0, Window(0, 4000))
    assert np.flatnonzero(levels.all(axis=1)).tolist() == [SHAPE[0] - 1 - 2]


def test_a_ready_flag_repaints_the_other_planes_soon(qtbot: QtBot) -> None:
    volume = Volume(np.full(SHAPE, 2000, np.int16), geometry(), Unit.HU)
    ready = np.zeros(SHAPE[0], bool)
    view = shown(qtbot, None, Plane.CORONAL)
    view.set_picture(volume, ready)
    view.set_window(Window(0, 4000))
    ready[:] = True
    view.refresh_slice(0)
    qtbot.waitUntil(lambda: bool(painted(view, (255, 255, 255)).any()))


def test_streamed_masks_show_at_once_and_whole_ones_take_their_place(qtbot: QtBot) -> None:
    view = shown(qtbot, Volume(np.full(SHAPE, -2000, np.int16), geometry(), Unit.HU))
    view.set_style(SOLID)
    layer = np.zeros(SHAPE[1:], bool)
    layer[4:9, 3:8] = True
    view.set_slice_masks(0, [(layer, "#56B4E9")])
    assert painted(view, BLUE).any()
    view.set_masks([])
    assert painted(view, BLUE).any(), "no result yet: what streamed in stays"
    view.set_masks([(one_voxel((3, 2, 2), geometry()), "#56B4E9", "")])
    assert not painted(view, BLUE).any()


def test_a_cancelled_run_leaves_nothing(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    view.set_slice_masks(0, [(np.ones(SHAPE[1:], bool), "#56B4E9")])
    assert view._front.notes.overlay
    view.clear_slice_masks()
    assert not view._front.notes.overlay


def test_a_hidden_overlay_is_gone_and_says_so(qtbot: QtBot) -> None:
    view = shown(qtbot, Volume(np.full(SHAPE, -2000, np.int16), geometry(), Unit.HU))
    view.set_style(SOLID)
    view.set_masks([(Mask.from_full(1, "All", np.ones(SHAPE), geometry()), "#56B4E9", "All")])
    said = [line.text for line in view._front._bottom_right()]
    assert said[:2] == ["Not for diagnostic use", "AI overlay · hold Space to hide"]
    view.set_overlay_visible(False)
    assert not painted(view, BLUE)[60:-60].any()
    assert [line.text for line in view._front._bottom_right()][1] == "AI overlay hidden"


def test_another_series_comes_without_anything_of_the_last(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    view.set_masks([(Mask.from_full(1, "All", np.ones(SHAPE), geometry()), "#56B4E9", "All")])
    measured = ReaderMeasurement("m", "length", "", Plane.NATIVE, 0, ((0, 1, 1), (0, 5, 5)), "3 mm")
    view.set_measurements((measured,))
    view.zoom_by(3)
    view.set_picture(numbered(geometry()), None)
    notes = view._front.notes
    assert (notes.overlay, notes.legend, notes.shapes) == (False, (), ())
    assert view.camera == view.camera.fit()


@pytest.mark.parametrize(("tool", "points"), [("angle", [(120, 120), (200, 200)]), ("length", [(120, 120)])])
def test_a_figure_half_drawn_is_not_finished_on_another_series(
    qtbot: QtBot, tool: str, points: list[tuple[float, float]]
) -> None:
    """Two patients' single images, both number 0: an angle has no corner on each."""
    view = shown(qtbot, numbered(geometry()))
    view.set_tool(tool)
    for point in points:
        mouse(view, QEvent.Type.MouseButtonPress, point)
        if tool == "angle":
            mouse(view, QEvent.Type.MouseButtonRelease, point)
    view.set_picture(None, None)
    view.set_picture(numbered(geometry()), None)
    with qtbot.assertNotEmitted(view.measurement_made):
        mouse(view, QEvent.Type.MouseMove, (250, 130))
        assert not view.is_drawing
        if tool == "angle":
            mouse(view, QEvent.Type.MouseButtonPress, (250, 130))
        mouse(view, QEvent.Type.MouseButtonRelease, (250, 130))


def test_the_same_voxels_again_keep_zoom_and_masks(qtbot: QtBot) -> None:
    volume = numbered(geometry())
    view = shown(qtbot, volume)
    view.set_masks([(one_voxel(VOXEL, geometry()), "#56B4E9", "One")])
    view.zoom_by(3)
    before = view.camera
    view.set_picture(Volume(volume.voxels, volume.geometry, Unit.HU), None)
    assert view.camera == before
    assert view._front.notes.overlay


def test_colour_pictures_need_no_window(qtbot: QtBot) -> None:
    voxels = np.zeros((*SHAPE, 3), np.uint8)
    voxels[..., 0] = 250
    view = shown(qtbot, Volume(voxels, None, Unit.RGB))
    assert view.shown_window is None
    assert painted(view, (250, 0, 0)).any()
    hover(view, view.camera.to_screen(0.5, 0.5))
    assert view._front.notes.value == "RGB 250/0/0 @ (0, 0)"


def test_reference_lines_go_through_the_middle_of_the_voxel_in_their_planes_colour(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    view.set_crosshair(VOXEL)
    across, upright = view._front.notes.lines
    assert (across.colour, across.y, across.x) == ("#66bb6a", VOXEL[1] + 0.5, None)
    assert (upright.colour, upright.x, upright.y) == ("#42a5f5", VOXEL[2] + 0.5, None)


def test_a_view_gone_from_screen_sees_nothing(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    seen: list[int] = []
    view.slice_painted.connect(seen.append)
    qtbot.waitUntil(lambda: seen == [0])
    view.hide()
    view.set_index(4)
    qtbot.wait(1)
    assert seen == [0]
    view.show()
    qtbot.waitUntil(lambda: seen == [0, 4])


def test_an_image_passed_through_within_one_event_was_not_seen(qtbot: QtBot) -> None:
    view = shown(qtbot, None)
    seen: list[int] = []
    view.slice_painted.connect(seen.append)
    view.set_picture(numbered(geometry()), None)
    for index in (2, 5, 3):
        view.set_index(index)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == [3]
    assert np.flatnonzero(view._seen).tolist() == [3]


def test_a_press_makes_the_view_active(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    with qtbot.waitSignal(view.activated, timeout=1000):
        mouse(view, QEvent.Type.MouseButtonPress, (50, 50))
    mouse(view, QEvent.Type.MouseButtonRelease, (50, 50))


def test_the_slice_bar_goes_to_an_image(qtbot: QtBot) -> None:
    view = shown(qtbot, numbered(geometry()))
    asked: list[int] = []
    view.index_requested.connect(asked.append)
    qtbot.mouseClick(view._bar, Qt.MouseButton.LeftButton, pos=view._bar.rect().center())
    assert asked == [SHAPE[0] // 2]
