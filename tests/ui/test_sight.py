"""What a large picture shows on screen, shrunk, enlarged and panned."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.overlay import rgb_of
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.volume import Mask, Unit, Volume
from medviewer.imaging.window import Window
from medviewer.ui.viewport import Viewport
from tests.ui.viewports import painted, pixels, shown

SIDE = 1500
SOLID = OverlayStyle(fill=1.0, outline=0.0, hatch=False)


def _large(qtbot: QtBot, values: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> Viewport:
    view = shown(qtbot, Volume(values, None, Unit.HU))
    view.set_window(Window(500, 1001))
    return view


def test_enlarged_every_pixel_is_the_stored_one_in_its_place_wherever_it_is_panned(qtbot: QtBot) -> None:
    values = np.zeros((1, SIDE, SIDE), np.int16)
    values[0, 700:710:2, 640] = 2000
    view = _large(qtbot, values)
    view.set_smooth(False)
    view.one_to_one()
    view.zoom_by(3.0)
    for step in (0, 40, -300, 130):
        view.move_camera(view.camera.panned(step, -step / 2))
        bright = painted(view, (255, 255, 255))
        wanted = np.zeros_like(bright)
        for row in range(700, 710, 2):
            (x, y), (u, v) = view.camera.to_screen(640, row), view.camera.to_screen(641, row + 1)
            edges = [max(0, int(np.ceil(edge - 0.5))) for edge in (x, u, y, v)]
            wanted[edges[2] : edges[3], edges[0] : edges[1]] = True
        assert np.array_equal(bright, wanted)


def test_shrunk_the_screen_shows_means_of_stored_values(qtbot: QtBot) -> None:
    values = np.zeros((1, SIDE, SIDE), np.int16)
    values[0, ::2] = 1000
    view = _large(qtbot, values)
    rows, columns = view.camera.to_screen(300, 300), view.camera.to_screen(1200, 1200)
    inner = pixels(view.grab_image())[int(rows[1]) : int(columns[1]), int(rows[0]) : int(columns[0])]
    # Lines of black and white so fine are one grey; taken one in four they would be stripes.
    assert np.abs(np.median(inner) - 127) <= 2
    assert inner.std() < 26


@pytest.mark.parametrize("place", [(3, 4), (701, 802), (750, 751), (1499, 1499)])
def test_a_mask_of_one_pixel_is_on_screen_when_the_picture_is_fitted(
    qtbot: QtBot, place: tuple[int, int]
) -> None:
    view = _large(qtbot, np.zeros((1, SIDE, SIDE), np.int16))
    full = np.zeros((1, SIDE, SIDE), bool)
    full[0, *place] = True
    view.set_style(SOLID)
    view.set_masks([(Mask.from_full(1, "One", full, None), "#56B4E9", "")])
    rows, columns = np.nonzero(painted(view, rgb_of("#56B4E9")))
    x, y = view.camera.to_screen(place[1] + 0.5, place[0] + 0.5)
    assert rows.size >= 1
    assert abs(columns.mean() + 0.5 - x) <= 1
    assert abs(rows.mean() + 0.5 - y) <= 1


def test_a_window_drag_uses_the_means_again(qtbot: QtBot) -> None:
    view = _large(qtbot, np.zeros((2, SIDE, SIDE), np.int16))
    assert view.picture is not None
    kept = len(view.picture.kept)
    for width in range(100, 200, 10):
        view.set_window(Window(40, width))
    assert len(view.picture.kept) == kept > 0
    view.set_index(1)
    assert len(view.picture.kept) > kept


def test_another_picture_of_the_same_size_shows_nothing_of_the_last(qtbot: QtBot) -> None:
    view = _large(qtbot, np.full((1, SIDE, SIDE), 2000, np.int16))
    assert painted(view, (255, 255, 255)).sum() > 100 * 100
    view.set_picture(Volume(np.zeros((1, SIDE, SIDE), np.int16), None, Unit.HU), None)
    view.set_window(Window(500, 1001))
    assert painted(view, (255, 255, 255)).sum() < 100 * 100
