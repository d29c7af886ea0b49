"""Millimetres by the reader: right figures on their own images alone, taken back whole."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from medviewer.errors import UsageError
from medviewer.imaging.reslice import PlaneView
from medviewer.review.calibrating import may_correct_now, may_remove_now
from medviewer.review.calibration import (
    alike,
    image_of,
    shown_volume,
)
from medviewer.review.state import Change
from tests.review.calibrations import BY, at_detector, draw, projection, scale_here, session_on, texts


class TestFigures:
    def test_that_all_figures_of_the_image_are_told_anew(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, at_detector())
        line = draw(session, "length", (0, 0), (15, 40))
        draw(session, "length", (5, 5), (25, 5))
        draw(session, "angle", (0, 40), (0, 0), (15, 40))
        draw(session, "ellipse", (30, 40), (30, 50), (40, 40), text="7 ± 1 HU · 1 px²")
        draw(session, "text", (3, 3), (9, 9), text="coin")
        session.calibrate(line, 8.0)
        area_mm2 = math.pi * (10 * 0.16) * (10 * 0.32)
        assert texts(session) == [
            "8.0 mm (calibrated by reader)",
            "6.4 mm (calibrated by reader)",  # 20 rows of 0.32
            f"{math.degrees(math.atan2(6, 8)):.1f}°",
            f"7 ± 1 HU · {area_mm2:.1f} mm² (calibrated by reader)",
            "coin",
        ]
        assert [m.note for m in session.state.measurements] == [*[f"{BY}8\u2009mm"] * 4, ""]

    def test_that_only_this_image_is_calibrated(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        session.scroll(1)
        draw(session, "length", (0, 0), (0, 20), text="20.0 px")
        session.scroll(0)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        assert texts(session) == ["20.0 px", "100.0 mm (calibrated by reader)"]
        view = PlaneView.of(shown_volume(session.state))
        assert [view.pixel_mm_at(k) for k in (0, 1)] == [(2.0, 2.0), None]
        assert [view.note(k) for k in (0, 1)] == [f"{BY}100\u2009mm", ""]

    def test_that_the_first_image_does_not_speak_for_the_second(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        session.scroll(1)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        view = PlaneView.of(shown_volume(session.state))
        assert [view.pixel_mm_at(k) for k in (0, 1)] == [None, (2.0, 2.0)]
        assert [view.label(k) for k in (0, 1)] == ["mm", "mm (calibrated by reader)"]

    def test_that_the_whole_series_is_calibrated_where_asked(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0, whole_series=True)
        view = PlaneView.of(shown_volume(session.state))
        assert [view.pixel_mm_at(k) for k in (0, 1)] == [(2.0, 2.0), (2.0, 2.0)]

    def test_that_images_said_otherwise_are_left_out_of_the_whole_series(self, tmp_path: Path) -> None:
        images = projection(0), projection(1, PixelAspectRatio=[2, 1])
        session = session_on(tmp_path, *images)
        series = session.state.series
        assert len(series.instances) == 2
        assert alike(series, 0) == {image_of(series.instances[0])}

    def test_that_a_new_calibration_takes_its_image_alone_from_the_old(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0, whole_series=True)
        session.calibrate(draw(session, "length", (0, 0), (0, 25)), 100.0)
        view = PlaneView.of(shown_volume(session.state))
        assert [view.pixel_mm_at(k) for k in (0, 1)] == [(4.0, 4.0), (2.0, 2.0)]
        assert texts(session) == ["200.0 mm (calibrated by reader)", "100.0 mm (calibrated by reader)"]

    def test_that_voxels_are_shared_and_what_the_file_says_stays(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, at_detector())
        session.calibrate(draw(session, "length", (0, 0), (15, 40)), 8.0)
        state = session.state
        assert np.shares_memory(shown_volume(state).voxels, state.volume.voxels)
        assert PlaneView.of(state.volume).label(0) == "mm at detector"
        assert state.series.instances[0].spacing_label == "mm at detector"


class TestMagnification:
    def test_that_the_scale_at_the_detector_is_divided(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, at_detector(EstimatedRadiographicMagnificationFactor="1.3"))
        draw(session, "length", (0, 0), (0, 65), text="13.0 mm at detector")
        assert may_correct_now(session.state)
        session.correct_magnification()
        assert texts(session) == ["10.0 mm, detector scale ÷ 1.3 (file)"]
        (kept,) = session.state.measurements
        assert kept.note == "mm, detector scale ÷ 1.3 (file), confirmed by Reader, 21 November 2026, 10:14"
        assert not may_correct_now(session.state)

    @pytest.mark.parametrize("wrong", ["0", "1", "-1.3", "0.8", "12", ""])
    def test_that_an_impossible_factor_is_none(self, tmp_path: Path, wrong: str) -> None:
        session = session_on(tmp_path, at_detector(EstimatedRadiographicMagnificationFactor=wrong or None))
        assert session.state.series.instances[0].magnification is None
        with pytest.raises(UsageError, match="magnification"):
            session.correct_magnification()

    def test_that_nothing_is_divided_but_the_scale_at_the_detector(self, tmp_path: Path) -> None:
        ds = projection(PixelSpacing=[0.4, 0.2], EstimatedRadiographicMagnificationFactor="1.3")
        session = session_on(tmp_path, ds)
        assert session.state.series.instances[0].spacing_label == "mm (calibration unknown)"
        with pytest.raises(UsageError):
            session.correct_magnification()


class TestUndo:
    def test_that_undo_and_redo_take_scale_and_figures_together(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection())
        line = draw(session, "length", (0, 0), (0, 50), text="50.0 px")
        session.calibrate(line, 100.0)
        told: list[Change] = []
        session.subscribe(lambda _, change: told.append(change))
        assert session.undo_name == "calibration"
        assert session.undo()
        assert (texts(session), scale_here(session)) == (["50.0 px"], None)
        assert session.redo()
        assert texts(session) == ["100.0 mm (calibrated by reader)"]
        assert scale_here(session).column_mm == 2.0
        assert told == [Change.SCALE | Change.MEASUREMENT] * 2

    def test_that_a_calibration_can_be_removed(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, at_detector())
        line = draw(session, "length", (0, 0), (15, 40), text="10.0 mm at detector")
        session.calibrate(line, 8.0)
        assert may_remove_now(session.state)
        session.remove_calibration()
        assert texts(session) == ["10.0 mm at detector"]
        assert session.state.measurements[0].note == ""
        session.remove_calibration()
        assert session.undo_name == "remove calibration"
