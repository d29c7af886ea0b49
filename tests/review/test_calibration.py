"""What a known length makes of pixels: right by Pythagoras, or refused."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from medviewer.errors import UsageError
from medviewer.review.calibration import (
    Known,
    magnification_of,
    read_length,
    scale_of,
)
from tests.review.calibrations import at_detector, projection, session_on


@pytest.mark.parametrize(
    ("written", "mm"), [("100", 100.0), (" 23.25 ", 23.25), ("100 mm", 100.0), ("0.5mm", 0.5)]
)
def test_a_length_as_readers_write_it(written: str, mm: float) -> None:
    assert read_length(written) == mm


@pytest.mark.parametrize(
    "written",
    ["", "0", "0.0", "-5", "12,5", "1,000", "1e3", "nan", "inf", "10 cm", "2001", "1_0", "\u0661", ".", "5."],
)
def test_what_is_no_plausible_length_is_refused(written: str) -> None:
    with pytest.raises(UsageError):
        read_length(written)


def test_that_a_comma_is_named_as_the_reason() -> None:
    with pytest.raises(UsageError, match="comma"):
        read_length("12,5")


class TestScale:
    """Three, four, five: the oracle is Pythagoras."""

    def test_square_pixels_where_nothing_else_is_told(self, tmp_path: Path) -> None:
        instance = session_on(tmp_path, projection()).state.series.instances[0]
        known = Known(((0, 10, 10), (0, 40, 50)), 100.0)
        assert scale_of(instance, known) == pytest.approx((2.0, 2.0))  # 30 and 40 px make 50 px

    def test_pixels_keep_the_shape_of_the_detector(self, tmp_path: Path) -> None:
        instance = session_on(tmp_path, at_detector()).state.series.instances[0]
        # 15 rows of 0.4 and 40 columns of 0.2: 6 and 8 mm make 10 mm at the detector.
        known = Known(((0, 0, 0), (0, 15, 40)), 8.0)
        assert scale_of(instance, known) == pytest.approx((0.32, 0.16))
        assert magnification_of(instance, known) == pytest.approx(1.25)

    def test_pixels_keep_the_shape_of_their_aspect_ratio(self, tmp_path: Path) -> None:
        instance = session_on(tmp_path, projection(PixelAspectRatio=[2, 1])).state.series.instances[0]
        known = Known(((0, 0, 0), (0, 15, 40)), 100.0)  # 30 and 40 widths of a pixel
        assert scale_of(instance, known) == pytest.approx((4.0, 2.0))
        assert magnification_of(instance, known) is None

    @pytest.mark.parametrize("mm", [0.0, -1.0, math.nan, math.inf, 2000.5])
    def test_an_implausible_length_is_refused_here_too(self, tmp_path: Path, mm: float) -> None:
        instance = session_on(tmp_path, projection()).state.series.instances[0]
        with pytest.raises(UsageError):
            scale_of(instance, Known(((0, 10, 10), (0, 40, 50)), mm))

    def test_a_line_too_short_is_refused(self, tmp_path: Path) -> None:
        instance = session_on(tmp_path, projection()).state.series.instances[0]
        with pytest.raises(UsageError, match="too short"):
            scale_of(instance, Known(((0, 10, 10), (0, 10, 19.9)), 5.0))

    @pytest.mark.parametrize("mm", [0.04, 1500.0])
    def test_impossible_pixels_are_refused(self, tmp_path: Path, mm: float) -> None:
        instance = session_on(tmp_path, projection()).state.series.instances[0]
        with pytest.raises(UsageError, match="implausible"):
            scale_of(instance, Known(((0, 10, 10), (0, 40, 50)), mm))
