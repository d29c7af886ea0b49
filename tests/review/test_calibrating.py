"""Millimetres by the reader: right figures, on their own images alone, told everywhere, taken back whole."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.load import load_series
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.scan import scan
from medviewer.errors import UsageError
from medviewer.imaging.inplane import Scale
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.review.audit import Audit
from medviewer.review.calibrating import may_calibrate_now, may_correct_now, may_remove_now
from medviewer.review.calibration import (
    Known,
    alike,
    calibrated,
    lengths_here,
    magnification_of,
    may_calibrate,
    read_length,
    scale_of,
    shown_volume,
)
from medviewer.review.report import build
from medviewer.review.session import Session
from medviewer.review.state import Change, ReaderMeasurement
from tests.dicom.presentations import area, make_presentation, make_projection
from tests.factories import make_ct_series, save
from tests.review.makers import NOW, clock

ROWS, COLUMNS = 60, 80
BY = "mm, calibrated by reader: Reader, 21 November 2026, 10:14, known length "


def projection(k: int = 0, **facts: object) -> Dataset:
    """A picture of 60 x 80 with no scale at all, but what ``facts`` say."""
    ds = make_projection(k, rows=ROWS, columns=COLUMNS)
    del ds.PixelSpacing, ds.ImagerPixelSpacing
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    return ds


def at_detector(k: int = 0, **facts: object) -> Dataset:
    return projection(k, ImagerPixelSpacing=[0.4, 0.2], **facts)


def session_on(folder: Path, *images: Dataset, audit: Audit | None = None) -> Session:
    for k, ds in enumerate(images):
        save(ds, folder / "images" / f"{k}.dcm")
    session = Session("Reader", audit, clock)
    session.open(scan([folder / "images"]))
    show(session, 0)
    session.scroll(0)
    return session


def show(session: Session, number: int) -> None:
    series = session.state.scan.all_series()[number]
    session.show(series.key)
    session.set_volume(series.key, load_series(series))


def draw(session: Session, kind: str, *points: tuple[float, float], text: str = "?", note: str = "") -> str:
    """Points are (row, column), edge-based, on the image on screen."""
    state = session.state
    at = tuple((float(state.index), float(r), float(c)) for r, c in points)
    made = ReaderMeasurement("", kind, state.series.key, Plane.NATIVE, state.index, at, text, note=note)
    return session.add_measurement(made)


def texts(session: Session) -> list[str]:
    return [m.text.replace("\u2009", " ") for m in session.state.measurements]


def scale_here(session: Session) -> Scale | None:
    view = PlaneView.of(shown_volume(session.state))
    return view.scale(session.state.index, [])


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
        assert alike(series, 0) == {(series.instances[0].sop_uid, 0)}

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


class TestRefused:
    def test_that_a_stack_with_geometry_keeps_its_own(self, tmp_path: Path) -> None:
        make_ct_series(tmp_path)
        session = Session("Reader", None, clock)
        session.open(scan([tmp_path]))
        show(session, 0)
        line = draw(session, "length", (0, 0), (0, 50))
        assert not may_calibrate_now(session.state)
        with pytest.raises(UsageError, match="of its own"):
            session.calibrate(line, 100.0)
        assert session.state.calibrations == ()

    @pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
    def test_that_told_spacing_of_a_cross_section_is_believed(self, tmp_path: Path, modality: str) -> None:
        session = session_on(tmp_path, projection(Modality=modality, PixelSpacing=[0.5, 0.5]))
        assert session.state.series.geometry is None
        assert not may_calibrate(session.state.series, 0)

    def test_that_calibrated_files_are_believed(self, tmp_path: Path) -> None:
        ds = projection(
            PixelSpacing=[0.3, 0.3], ImagerPixelSpacing=[0.4, 0.4], PixelSpacingCalibrationType="FIDUCIAL"
        )
        assert not may_calibrate(session_on(tmp_path, ds).state.series, 0)

    def test_that_ultrasound_regions_say_themselves_where_lengths_are(self, tmp_path: Path) -> None:
        region = Dataset()
        region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 0
        region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 79, 59
        region.RegionSpatialFormat = 3  # a spectrum: its axes are time and velocity
        session = session_on(tmp_path, projection(Modality="US", SequenceOfUltrasoundRegions=[region]))
        assert session.state.series.instances[0].regions
        assert not may_calibrate(session.state.series, 0)

    def test_that_only_a_length_on_the_image_on_screen_will_do(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        angle = draw(session, "angle", (0, 40), (0, 0), (15, 40))
        session.scroll(1)
        elsewhere = draw(session, "length", (0, 0), (0, 50))
        session.scroll(0)
        assert lengths_here(session.state) == ()
        for wrong in (angle, elsewhere, "none"):
            with pytest.raises(UsageError, match="no such length"):
                session.calibrate(wrong, 100.0)

    def test_that_a_refused_calibration_changes_nothing(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection())
        line = draw(session, "length", (0, 0), (0, 50))
        before = session.state
        with pytest.raises(UsageError):
            session.calibrate(line, math.nan)
        assert session.state is before
        assert session.undo_name == "add length"

    def test_that_the_spacing_of_a_presentation_goes_before(self, tmp_path: Path) -> None:
        ds = projection()
        session = session_on(tmp_path, ds)
        line = draw(session, "length", (0, 0), (0, 50))
        facts = {
            "DisplayedAreaSelectionSequence": [
                area([1, 1], [COLUMNS, ROWS], PresentationPixelSpacing=[0.1, 0.1])
            ]
        }
        path = save(make_presentation([ds], facts), tmp_path / "state" / "state.dcm")
        (found,) = scan([path]).objects
        session.present(read_presentation(path, found.patient.key))
        assert not may_calibrate_now(session.state)
        with pytest.raises(UsageError, match="presentation state"):
            session.calibrate(line, 100.0)
        note = "mm, by the presentation state that was applied"
        draw(session, "length", (0, 0), (0, 50), text="5.0 mm (presentation state)", note=note)
        session.remove_presentation()
        session.calibrate(line, 100.0)
        assert texts(session) == ["100.0 mm (calibrated by reader)", "5.0 mm (presentation state)"]


class TestIdentity:
    def two_patients(self, folder: Path) -> Session:
        """The same UIDs throughout: only the patient differs."""
        other = projection()
        other.PatientID, other.PatientName = "ANOTHER", "Another^Patient"
        for name, ds in (("a", projection()), ("b", other)):
            save(ds, folder / name / "image.dcm")
        session = Session("Reader", None, clock)
        session.open(scan([folder / "a", folder / "b"]))
        assert len({i.sop_uid for s in session.state.scan.all_series() for i in s.instances}) == 1
        show(session, 0)
        return session

    def test_that_another_patients_image_is_never_calibrated_by_it(self, tmp_path: Path) -> None:
        session = self.two_patients(tmp_path)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        assert scale_here(session) is not None
        show(session, 1)
        assert scale_here(session) is None
        assert not may_remove_now(session.state)
        assert shown_volume(session.state) is session.state.volume

    def test_that_undo_beside_another_patient_leaves_it_alone(self, tmp_path: Path) -> None:
        session = self.two_patients(tmp_path)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        kept = session.state.calibrations
        show(session, 1)
        assert not session.undo()
        assert session.state.calibrations == kept

    def test_that_closing_forgets_it(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection())
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        session.close()
        assert session.state.calibrations == ()
        session.open(scan([tmp_path / "images"]))
        show(session, 0)
        assert scale_here(session) is None

    def test_that_a_volume_of_another_length_is_left_alone(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        made = session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        one = load_series(session_on(tmp_path / "one", projection()).state.series)
        assert calibrated(one, session.state.series, (made,)) is one


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


class TestTold:
    def test_that_the_audit_says_who_when_and_by_what_and_no_patient(self, tmp_path: Path) -> None:
        audit = Audit(tmp_path / "audit.jsonl", clock)
        session = session_on(tmp_path, projection(), audit=audit)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        session.undo()
        text = (tmp_path / "audit.jsonl").read_text()
        calibrate, undo = (json.loads(line) for line in text.splitlines()[-2:])
        assert calibrate["action"] == "calibrate"
        facts = calibrate["reader"], calibrate["known_mm"], calibrate["pixel_mm"]
        assert facts == ("Reader", 100.0, [2, 2])
        assert (undo["action"], undo["calibrations"]) == ("undo", 0)
        state = session.state
        for secret in (f'"{state.patient.id}"', state.patient.name, state.series.uid):
            assert secret not in text

    def test_that_the_report_says_the_method_and_marks_the_figures(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        report = build(session.state, now=NOW, app_version="0")
        (row,) = report.measurements
        assert row.value == "100.0\u2009mm (calibrated by reader)"
        assert row.note == f"{BY}100\u2009mm"
        (method,) = (fact.value for fact in report.made if fact.label == "Scale")
        assert method.endswith(f"image 1: {BY}100\u2009mm")
        assert any("in pixels, but where the reader calibrated." in n for n in report.notices)

    def test_that_a_report_without_calibration_says_nothing_of_it(self, tmp_path: Path) -> None:
        report = build(session_on(tmp_path, projection()).state, now=NOW, app_version="0")
        assert not any(fact.label == "Scale" for fact in report.made)
        assert any(n.endswith("distances are in pixels.") for n in report.notices)

    def test_that_only_key_images_that_are_calibrated_have_a_ruler(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        for index in (0, 1):
            session.scroll(index)
            session.add_key_image()
        before = build(session.state, now=NOW, app_version="0").figures
        session.scroll(0)
        session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        after = build(session.state, now=NOW, app_version="0").figures
        changed = [bool((a.rgb != b.rgb).any()) for a, b in zip(before, after, strict=True)]
        assert changed == [True, False]
