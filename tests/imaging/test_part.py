"""Which pixels a screen needs, and how many of them one of its own covers."""

from __future__ import annotations

import pytest

from medviewer.imaging.part import Part, Span, reaches, span_on_screen


@pytest.mark.parametrize("scale", [1.0, 1.37, 8.0])
@pytest.mark.parametrize("offset", [-900.25, -3.0, 0.0, 40.5])
def test_enlarged_every_pixel_on_screen_is_a_stored_one(scale: float, offset: float) -> None:
    span = span_on_screen(scale, offset, 200, 1000, slack=10)
    assert span.exact
    assert span.step == 1
    seen = [k for k in range(1000) if offset + (k + 1) * scale > 0 and offset + k * scale < 200]
    assert all(span.first <= k < span.last for k in seen)
    assert span.count <= 220 / scale + 2


@pytest.mark.parametrize("scale", [0.99, 0.5, 0.2197, 0.01])
@pytest.mark.parametrize("offset", [-700.25, 0.0, 40.5])
def test_shrunk_the_cells_are_the_pixels_of_the_screen(scale: float, offset: float) -> None:
    span = span_on_screen(scale, offset, 200, 4096, slack=50)
    assert span.step * scale == pytest.approx(1)
    left = offset + span.start * scale
    assert left == pytest.approx(round(left), abs=1e-6)
    assert span.count <= 302
    low, high = max(0.0, offset), min(200.0, offset + 4096 * scale)
    assert left <= low + 1e-6
    assert left + span.count >= high - 1e-6


def test_a_part_serves_until_something_beyond_it_shows() -> None:
    span = span_on_screen(0.5, -500, 200, 4096, slack=50)
    assert reaches(span, 0.5, -500 + 50, 200)
    assert reaches(span, 0.5, -500 - 50, 200)
    assert not reaches(span, 0.5, -500 + 52, 200)
    assert not reaches(span, 0.5, -500 - 52, 200)
    assert not reaches(span, 0.51, -500, 200)


def test_a_picture_that_ends_on_screen_needs_no_more() -> None:
    assert reaches(span_on_screen(0.5, 10, 200, 100, slack=0), 0.5, 80, 200)


@pytest.mark.parametrize("wrong", [(0.5, 1.0, 3, 9), (0.0, 0.5, 3, 9), (0.0, 1.0, 0, 9), (7.0, 1.0, -1, 9)])
def test_what_is_no_part_of_a_picture_is_refused(wrong: tuple[float, float, int, int]) -> None:
    with pytest.raises(ValueError, match="no part"):
        Span(*wrong)


def test_the_whole_picture_is_a_part_of_it() -> None:
    whole = Part.whole((4, 7))
    assert whole.exact
    assert whole.shape == (4, 7)
    assert whole.stored == (slice(0, 4), slice(0, 7))
