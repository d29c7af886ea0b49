"""The brush on the picture: it paints the voxels under it, however that lies, and shows what it painted."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from medviewer.imaging.turn import Turn
from medviewer.ui.editing import ELSEWHERE
from medviewer.ui.pictures import originals
from tests.review.edited import LUNG
from tests.ui.edit_desk import PIXEL, TURNS, VOXEL, Desk, arrange
from tests.ui.viewports import CTRL, SHIFT, drag, hover, painted, wheel


@pytest.mark.parametrize("how", ["fitted", "zoomed", "panned"])
@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_a_brush_of_one_voxel_paints_the_voxel_under_it(desk: Desk, turn: Turn, how: str) -> None:
    arrange(desk, turn, how)
    desk.editing.begin("right")
    desk.size(1.0)
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    assert [tuple(v) for v in np.argwhere(desk.draft() & ~LUNG.full())] == [VOXEL]
    assert not (LUNG.full() & ~desk.draft()).any()


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_a_disc_is_one_in_millimetres(desk: Desk, turn: Turn) -> None:
    arrange(desk, turn, "zoomed")
    desk.editing.begin("right")
    desk.size(15.0)
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    rows, columns = np.mgrid[: LUNG.shape[1], : LUNG.shape[2]]
    away = np.hypot((rows - VOXEL[1]) * PIXEL[0], (columns - VOXEL[2]) * PIXEL[1])
    found = desk.draft()[VOXEL[0]]
    assert np.array_equal(found, LUNG.slice(VOXEL[0]) | (away <= 7.5 + 1e-9))
    others = np.delete(desk.draft(), VOXEL[0], axis=0)
    assert np.array_equal(others, np.delete(LUNG.full(), VOXEL[0], axis=0))


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_that_what_is_shown_is_what_was_painted(qtbot: QtBot, desk: Desk, turn: Turn) -> None:
    """Only the box that was touched is drawn anew: the picture must be that of the whole slice."""
    arrange(desk, turn, "fitted")
    desk.editing.begin("right")
    desk.size(15.0)
    main = desk.planes.main
    drag(main, desk.at(*VOXEL[1:]), desk.at(20, 30), desk.at(35, 5))
    drag(main, desk.at(15, 12), desk.at(22, 18), keys=CTRL)
    item = main._layer.item  # type: ignore[union-attr]
    shown = item._pixels.copy()
    main.set_draft(desk.editing._edit.draft, "#56B4E9")  # type: ignore[union-attr]
    assert np.array_equal(shown, item._pixels)
    assert main.picture is not None
    assert np.array_equal(shown > 0, main.picture.view.placed(desk.draft()[VOXEL[0]]))
    hover(main, (1, 1))
    assert main.grab_image().width() > 0


def test_that_a_quick_stroke_has_no_gaps_and_ctrl_or_shift_erases(desk: Desk) -> None:
    desk.editing.begin("right")
    desk.size(4.0)
    drag(desk.planes.main, desk.at(31, 2), desk.at(31, 45))
    assert desk.draft()[2, 31, 2:46].all()
    drag(desk.planes.main, desk.at(31, 2), desk.at(31, 30), keys=CTRL)
    drag(desk.planes.main, desk.at(31, 30), desk.at(31, 45), keys=SHIFT)
    assert np.array_equal(desk.draft(), LUNG.full())


def test_that_another_plane_refuses_in_a_sentence(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.sides[0], (60, 60), (90, 90))
    assert desk.notices.text == ELSEWHERE
    assert np.array_equal(desk.draft(), LUNG.full())


def test_that_the_other_planes_follow_each_stroke(desk: Desk) -> None:
    desk.editing.begin("right")
    drag(desk.planes.main, desk.at(*VOXEL[1:]))
    ((mask, _, _),) = desk.planes.sides[0].picture.masks  # type: ignore[union-attr]
    assert np.array_equal(mask.full(), desk.draft())


def test_that_the_models_outline_is_dashed_beside_and_afterwards_on_request(desk: Desk) -> None:
    main = desk.planes.main
    desk.editing.begin("right")
    assert main.dashed_count == 1
    drag(main, desk.at(*VOXEL[1:]))
    desk.editing.done()
    assert main.dashed_count == 0
    desk.editing.toggle_originals()
    assert main.dashed_count == 1
    assert [mask for mask, _ in originals(desk.session.state)] == [LUNG]
    desk.session.reset("right")
    assert main.dashed_count == 0


def test_that_the_size_is_in_millimetres_and_follows_keys_and_wheel(qtbot: QtBot, desk: Desk) -> None:
    desk.editing.begin("right")
    bar, main = desk.editing.bar, desk.planes.main
    assert bar._size.text() == "8\u2009mm"
    bar.larger.click()
    assert bar._size.text() == "10\u2009mm"
    wheel(main, -240, SHIFT)
    assert bar._size.text() == "6\u2009mm"
    assert desk.session.state.index == 2
    hover(main, desk.at(*VOXEL[1:]))
    circle = main._front.notes.brush
    assert circle is not None
    assert circle.radius == pytest.approx((3.0 / PIXEL[1], 3.0 / PIXEL[0]))
    on_screen = [r * s for r, s in zip(circle.radius, main.camera.scale, strict=True)]
    assert on_screen[0] == pytest.approx(on_screen[1])


def test_that_space_hides_the_draft_too(desk: Desk) -> None:
    desk.editing.begin("right")
    main = desk.planes.main
    item = main._layer.item  # type: ignore[union-attr]
    assert item.isVisible()
    desk.planes.set_overlay_visible(False)
    assert not item.isVisible()
    assert main.dashed_count == 0
    assert not painted(main, (0x56, 0xB4, 0xE9)).any()
    desk.planes.set_overlay_visible(True)
    assert item.isVisible()
