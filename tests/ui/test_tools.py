"""What the mouse does: window, wheel, pan, zoom, crosshair."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint
from pytestqt.qtbot import QtBot

from medviewer.imaging.volume import Unit, Volume
from medviewer.imaging.window import VoiFunction, Window
from medviewer.ui.tools import TOOLS
from medviewer.ui.viewport import Viewport
from tests.ui.viewports import (
    CTRL,
    MIDDLE,
    RIGHT,
    SHIFT,
    drag,
    hover,
    mouse,
    numbered,
    shown,
    wheel,
)


def _window(view: Viewport) -> Window:
    window = view.shown_window
    assert window is not None
    return window


def test_dragging_right_widens_the_window(view: Viewport) -> None:
    drag(view, (100, 100), (160, 100))
    assert _window(view).width > 500
    assert _window(view).centre == 700


def test_dragging_up_is_brighter(view: Viewport) -> None:
    drag(view, (100, 160), (100, 100))
    assert _window(view).centre < 700
    assert _window(view).width == 500


def test_dragging_up_is_brighter_where_black_is_white_too(view: Viewport) -> None:
    view.set_window(Window(700, 500, invert=True))
    drag(view, (100, 160), (100, 100))
    assert _window(view).centre > 700


def test_ctrl_is_four_times_faster(view: Viewport) -> None:
    drag(view, (100, 100), (160, 100))
    slow = _window(view).width - 500
    view.set_window(Window(700, 500))
    drag(view, (100, 100), (160, 100), keys=CTRL)
    assert _window(view).width - 500 == pytest.approx(4 * slow, abs=4)


def test_the_speed_fits_the_range_of_the_image(qtbot: QtBot) -> None:
    widths = []
    for scale in (1.0, 1000.0):
        made = shown(qtbot, Volume(numbered(None).voxels * np.float32(scale), None, Unit.RAW))
        made.set_window(Window(0, 500 * scale, VoiFunction.LINEAR_EXACT))
        made.window_dragged.connect(made.set_window)
        drag(made, (100, 100), (200, 100))
        widths.append((_window(made).width - 500 * scale) / scale)
    assert widths[0] > 0
    assert widths[1] == pytest.approx(widths[0], rel=1e-3)


def test_whole_numbers_stay_whole_and_small_steps_are_not_lost(view: Viewport) -> None:
    drag(view, *((100 + k, 100) for k in range(101)))
    at_once = round(100 * view.window_step)
    assert _window(view).width == pytest.approx(500 + at_once, abs=1)
    assert _window(view).width.is_integer()


def test_a_window_never_gets_narrower_than_the_standard_allows(view: Viewport) -> None:
    drag(view, (300, 100), (0, 100), keys=CTRL)
    drag(view, (300, 100), (0, 100), keys=CTRL)
    assert _window(view).width == 1


@pytest.mark.parametrize(("turn", "steps"), [(-120, [1]), (120, [-1]), (-360, [3]), (-60, [])])
def test_the_wheel_scrolls_towards_the_reader_to_the_next_image(
    view: Viewport, turn: int, steps: list[int]
) -> None:
    told: list[int] = []
    view.scrolled.connect(told.append)
    wheel(view, turn)
    assert told == steps


def test_small_turns_of_a_touchpad_add_up(view: Viewport) -> None:
    told: list[int] = []
    view.scrolled.connect(told.append)
    for _ in range(9):
        wheel(view, -40)
    assert told == [1, 1, 1]


def test_ctrl_and_wheel_zoom(view: Viewport) -> None:
    told: list[float] = []
    view.zoom_changed.connect(told.append)
    before = view.camera.zoom
    wheel(view, 120, CTRL)
    assert told == [view.camera.zoom]
    assert view.camera.zoom > before


def test_the_middle_button_pans(view: Viewport) -> None:
    x, y = view.camera.to_screen(5, 5)
    drag(view, (x, y), (x + 20, y - 11), button=MIDDLE)
    assert view.camera.to_screen(5, 5) == pytest.approx((x + 20, y - 11))


def test_the_right_button_zooms_up_and_a_mere_click_asks_for_the_menu(view: Viewport) -> None:
    asked: list[QPoint] = []
    view.context_requested.connect(lambda place, _: asked.append(place))
    before = view.camera.zoom
    drag(view, (100, 150), (100, 100), button=RIGHT)
    assert view.camera.zoom > before
    assert asked == []
    drag(view, (100, 150), (101, 150), button=RIGHT)
    assert len(asked) == 1


def test_the_picture_is_never_lost_by_panning(view: Viewport) -> None:
    drag(view, (100, 100), (9000, 9000), button=MIDDLE)
    assert view.camera.centre == (0, 0)


def test_the_scroll_tool_goes_on_downwards(view: Viewport) -> None:
    told: list[int] = []
    view.scrolled.connect(told.append)
    view.set_tool("scroll")
    drag(view, (100, 100), (100, 130))
    assert sum(told) == 5


def test_shift_and_move_points_at_a_voxel(view: Viewport) -> None:
    told: list[tuple[float, float, float]] = []
    view.crosshair_moved.connect(told.append)
    view.set_index(4)
    hover(view, view.camera.to_screen(3.5, 6.5), SHIFT)
    assert told == [(4, 6, 3)]


def test_a_double_click_maximises_and_drags_nothing(view: Viewport) -> None:
    told: list[bool] = []
    view.maximise_toggled.connect(lambda: told.append(True))
    mouse(view, QEvent.Type.MouseButtonPress, (100, 100))
    mouse(view, QEvent.Type.MouseButtonRelease, (100, 100))
    mouse(view, QEvent.Type.MouseButtonDblClick, (100, 100))
    mouse(view, QEvent.Type.MouseMove, (160, 100))
    mouse(view, QEvent.Type.MouseButtonRelease, (160, 100))
    assert told == [True]
    assert _window(view) == Window(700, 500)


def test_each_tool_has_its_name_and_its_cursor(view: Viewport) -> None:
    for name, tool in TOOLS.items():
        view.set_tool(name)
        assert view.tool_name == name
        assert view._canvas.viewport().cursor().shape() == tool.cursor
    with pytest.raises(KeyError):
        view.set_tool("hammer")
