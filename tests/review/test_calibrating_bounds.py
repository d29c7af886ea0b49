"""Where millimetres by the reader may not be, whom they never reach, and where they are told."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from medviewer.dicom.load import load_series
from medviewer.dicom.objects.presentation import read_presentation
from medviewer.dicom.scan import scan
from medviewer.errors import UsageError
from medviewer.imaging.reslice import PlaneView
from medviewer.review.audit import Audit
from medviewer.review.calibrating import may_calibrate_now, may_remove_now
from medviewer.review.calibration import (
    calibrated,
    image_of,
    lengths_here,
    may_calibrate,
    shown_volume,
)
from medviewer.review.report import build
from medviewer.review.session import Session
from tests.dicom.presentations import area, make_presentation
from tests.factories import make_ct_series, save
from tests.review.calibrations import BY, COLUMNS, ROWS, draw, projection, scale_here, session_on, show, texts
from tests.review.makers import NOW, clock


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

    def test_that_images_that_share_a_damaged_uid_are_told_apart(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        series = session.state.series
        same = tuple(replace(instance, sop_uid="") for instance in series.instances)
        made = session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        twins = replace(series, instances=same)
        made = replace(made, images=frozenset({image_of(same[0])}))
        view = PlaneView.of(calibrated(session.state.volume, twins, (made,)))
        assert [view.pixel_mm_at(k) for k in (0, 1)] == [(2.0, 2.0), None]

    def test_that_a_volume_of_another_length_is_left_alone(self, tmp_path: Path) -> None:
        session = session_on(tmp_path, projection(0), projection(1))
        made = session.calibrate(draw(session, "length", (0, 0), (0, 50)), 100.0)
        one = load_series(session_on(tmp_path / "one", projection()).state.series)
        assert calibrated(one, session.state.series, (made,)) is one


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
