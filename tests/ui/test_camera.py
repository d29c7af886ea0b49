"""Where a picture stands in its view: there and back is the same point, zoom stays at the mouse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from medviewer.ui.camera import LARGEST, SMALLEST, Camera

number = st.floats(-2000, 2000)
length = st.floats(20, 4000)
count = st.integers(1, 3000)
spacing = st.tuples(st.floats(0.05, 8), st.floats(0.05, 8))


@st.composite
def cameras(draw: st.DrawFn) -> Camera:
    """Any picture in any view, enlarged and moved by any amount."""
    made = Camera(size=(draw(length), draw(length))).showing((draw(count), draw(count)), draw(spacing))
    made = made.zoomed(draw(st.floats(0.05, 20)))
    return made.panned(draw(number), draw(number))


@settings(deadline=None)
@given(cameras(), number, number)
def test_to_the_screen_and_back_is_the_same_point(camera: Camera, x: float, y: float) -> None:
    assert camera.to_picture(*camera.to_screen(x, y)) == pytest.approx((x, y), abs=1e-5)


@settings(deadline=None)
@given(length, length, count, count, spacing)
def test_a_fitted_picture_is_whole_in_the_middle_and_as_large_as_can_be(
    width: float, height: float, rows: int, columns: int, mm: tuple[float, float]
) -> None:
    camera = Camera(size=(width, height)).showing((rows, columns), mm)
    (left, top), (right, bottom) = camera.to_screen(0, 0), camera.to_screen(columns, rows)
    close = 1e-6 * max(width, height)
    assert left >= -close
    assert top >= -close
    assert (left + right, top + bottom) == pytest.approx((width, height), abs=close)
    assert min(left, top) == pytest.approx(0, abs=close)


@settings(deadline=None)
@given(cameras(), spacing)
def test_a_millimetre_is_as_long_across_as_down(camera: Camera, mm: tuple[float, float]) -> None:
    """Pixels need not be square: ``mm`` between rows, and between columns."""
    shown = camera.showing((300, 200), mm)
    across, down = shown.scale
    assert across / mm[1] == pytest.approx(down / mm[0])
    assert min(across, down) == pytest.approx(shown.zoom)


@settings(deadline=None)
@given(cameras(), st.floats(1, 10), st.floats(0, 1), st.floats(0, 1))
def test_what_is_pointed_at_stays_when_enlarged(
    camera: Camera, factor: float, right: float, down: float
) -> None:
    x, y = right * camera.shape[1], down * camera.shape[0]
    at = camera.to_screen(x, y)
    assert camera.zoomed(factor, at).to_screen(x, y) == pytest.approx(at, abs=1e-5 * max(1, *map(abs, at)))


@settings(deadline=None)
@given(cameras(), st.floats(-50, 50), st.floats(-50, 50))
def test_a_drag_moves_every_point_by_as_much(camera: Camera, dx: float, dy: float) -> None:
    moved = camera.panned(dx, dy)
    middle = camera.to_picture(camera.size[0] / 2 - dx, camera.size[1] / 2 - dy)
    assume(0 <= middle[0] <= camera.shape[1] and 0 <= middle[1] <= camera.shape[0])
    before, after = camera.to_screen(3, 5), moved.to_screen(3, 5)
    assert after == pytest.approx((before[0] + dx, before[1] + dy), abs=1e-5 * max(1, *map(abs, before)))


@settings(deadline=None)
@given(cameras(), st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0.01, 100))
def test_a_picture_is_never_lost(camera: Camera, dx: float, dy: float, factor: float) -> None:
    """The middle of the view stays on the picture, however far it is dragged or zoomed."""
    for moved in (camera.panned(dx, dy), camera.zoomed(factor, (dx, dy))):
        x, y = moved.to_picture(moved.size[0] / 2, moved.size[1] / 2)
        close = 1e-6 * max(moved.shape)
        assert -close <= x <= moved.shape[1] + close
        assert -close <= y <= moved.shape[0] + close


def test_zoom_has_its_bounds() -> None:
    camera = Camera(size=(400, 400)).showing((100, 100), None)
    assert camera.zoomed(1e9).zoom == LARGEST
    assert camera.zoomed(1e-9).zoom == SMALLEST


def test_a_picture_fitted_beyond_the_bounds_can_be_zoomed_from_there() -> None:
    huge = Camera(size=(400, 400)).showing((40_000, 40_000), None)
    assert huge.zoom == pytest.approx(0.01)
    assert huge.zoomed(2).zoom == pytest.approx(0.02)
    assert huge.zoomed(0.5).zoom == huge.zoom
    tiny = Camera(size=(400, 400)).showing((2, 2), None)
    assert tiny.zoom == pytest.approx(200)
    assert tiny.zoomed(0.5).zoom == pytest.approx(100)
    assert tiny.zoomed(2).zoom == tiny.zoom


def test_a_fitted_picture_follows_its_view_and_a_placed_one_stays() -> None:
    fitted = Camera(size=(400, 400)).showing((100, 200), None)
    assert fitted.resized(800, 800).zoom == pytest.approx(4)
    placed = fitted.zoomed(3, (10, 10))
    larger = placed.resized(800, 900)
    assert (larger.zoom, larger.centre) == (placed.zoom, placed.centre)
    assert not larger.fitted
    assert placed.fit().fitted
    assert fitted.resized(0, 0).size == (1, 1)  # a view that is not there yet


def test_an_area_is_what_is_fitted_until_another_picture_comes() -> None:
    camera = replace(Camera(size=(400, 300)).showing((100, 200), None), area=((50.0, 20.0), (90.0, 50.0)))
    fitted = camera.fit()
    assert fitted.zoom == 10
    assert fitted.to_screen(50, 20) == pytest.approx((0, 0))
    assert fitted.to_screen(90, 50) == pytest.approx((400, 300))
    assert fitted.showing((100, 200), None).area is None
