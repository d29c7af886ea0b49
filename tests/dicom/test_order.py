"""Order: patients apart, series whole, images by their place, every issue named."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.scan import scan
from medviewer.dicom.study import SeriesIssue
from medviewer.imaging.volume import Unit
from tests.dicom.scanned import depths, one, series_of, shift
from tests.factories import AXIAL, CORONAL, SAGITTAL, make_ct_series, make_instance, save


def test_a_regular_series_is_one_volume_head_first(tmp_path: Path) -> None:
    series = one(tmp_path)
    assert series.is_volume
    assert series.issues == frozenset()
    assert depths(series) == sorted(depths(series), reverse=True)
    assert series.geometry is not None
    assert series.geometry.spacing_mm == pytest.approx((2.0, 0.8, 0.5))
    assert series.unit is Unit.HU
    for k, instance in enumerate(series.instances):
        np.testing.assert_allclose(series.geometry.position((k, 0, 0)), instance.position, atol=1e-6)


@pytest.mark.parametrize(
    ("orientation", "axis", "ascending"), [(AXIAL, 2, False), (CORONAL, 1, True), (SAGITTAL, 0, True)]
)
def test_display_order_follows_the_body(
    tmp_path: Path, orientation: tuple[float, ...], axis: int, ascending: bool
) -> None:
    found = depths(one(tmp_path, orientation=orientation), axis)
    assert found == sorted(found, reverse=not ascending)


def test_instance_numbers_and_names_do_not_order(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.InstanceNumber = (k * 7) % 10

    assert depths(one(tmp_path, tweak)) == [-12.0 - 2 * k for k in range(10)]


def test_missing_slices_are_told_and_give_no_volume(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path)
    paths[4].unlink()
    series = scan([tmp_path]).all_series()[0]
    assert SeriesIssue.MISSING_SLICES in series.issues
    assert series.geometry is None
    assert len(series.instances) == 9


def test_changing_gaps_are_irregular(tmp_path: Path) -> None:
    series = one(tmp_path, lambda ds, k: shift(ds, 2, max(0, k - 5) * 1.0))
    assert SeriesIssue.IRREGULAR_SPACING in series.issues
    assert series.geometry is None


def test_jitter_below_one_percent_is_uniform(tmp_path: Path) -> None:
    series = one(tmp_path, lambda ds, k: shift(ds, 2, 0.004 * (-1) ** k))
    assert series.is_volume


def test_a_tilted_gantry_is_no_volume(tmp_path: Path) -> None:
    series = one(tmp_path, lambda ds, k: shift(ds, 1, 2.0 * k * np.tan(np.radians(15))))
    assert series.issues == {SeriesIssue.TILTED}
    assert series.geometry is None


def test_an_extra_image_at_one_place_goes_to_its_own_stack(tmp_path: Path) -> None:
    make_ct_series(tmp_path)
    extra = make_instance(4)
    extra.SOPInstanceUID = extra.file_meta.MediaStorageSOPInstanceUID = UID("1.2.3.4")
    save(extra, tmp_path / "extra.dcm")
    whole, rest = scan([tmp_path]).all_series()
    assert (len(whole.instances), len(rest.instances)) == (10, 1)
    assert whole.is_volume
    assert SeriesIssue.DUPLICATE_POSITION in whole.issues & rest.issues
    assert whole.key != rest.key


def test_time_points_are_set_apart_by_the_header(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.TemporalPositionIdentifier = k // 5
        shift(ds, 2, -10.0 * (k // 5))

    parts = series_of(tmp_path, tweak)
    assert [len(p.instances) for p in parts] == [5, 5]
    assert all(p.is_volume for p in parts)
    stored = [{i.path.name for i in p.instances} for p in parts]
    assert {"000-0000.dcm", "000-0004.dcm"} <= stored[0]


def test_a_time_that_differs_from_image_to_image_tears_no_stack_apart(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.AcquisitionTime = f"1000{k:02d}"
        shift(ds, 2, -10.0 * (k // 5))

    parts = series_of(tmp_path, tweak)
    assert [len(p.instances) for p in parts] == [5, 5]
    assert {i.number for i in parts[0].instances} == {1, 2, 3, 4, 5}


def test_acquisitions_that_overlap_stay_whole(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.AcquisitionNumber = k // 4
        shift(ds, 2, -2.0 * (k // 4))

    assert [len(p.instances) for p in series_of(tmp_path, tweak, slices=12)] == [4, 4, 4]


def test_a_copy_of_a_file_is_shown_once(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path)
    shutil.copy(paths[3], tmp_path / "copy.dcm")
    result = scan([tmp_path])
    series = result.all_series()[0]
    assert len(series.instances) == 10
    assert SeriesIssue.DUPLICATE_INSTANCE in series.issues
    assert result.unreadable == ()


def test_one_identifier_with_two_contents_is_reported(tmp_path: Path) -> None:
    make_ct_series(tmp_path)
    other = make_instance(3, pixels=np.zeros((16, 12), np.int16))
    save(other, tmp_path / "zz.dcm")
    result = scan([tmp_path])
    assert len(result.all_series()[0].instances) == 10
    assert ["other content" in u.reason for u in result.unreadable] == [True]


@pytest.mark.parametrize(
    ("change", "issue"),
    [
        (lambda ds: setattr(ds, "ImageOrientationPatient", list(SAGITTAL)), SeriesIssue.MIXED_ORIENTATION),
        (lambda ds: setattr(ds, "PixelSpacing", [0.9, 0.9]), SeriesIssue.MIXED_SPACING),
        (lambda ds: setattr(ds, "FrameOfReferenceUID", "1.2.9"), SeriesIssue.MIXED_FRAME_OF_REFERENCE),
        (
            lambda ds: setattr(ds, "ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"]),
            SeriesIssue.MIXED_ORIENTATION,
        ),
    ],
)
def test_what_must_not_be_one_volume_is_split(tmp_path: Path, change: object, issue: SeriesIssue) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        if k >= 7:
            change(ds)  # type: ignore[operator]

    parts = series_of(tmp_path, tweak)
    assert [len(p.instances) for p in parts] == [7, 3]
    assert all(issue in p.issues for p in parts)
    assert parts[0].is_volume


def test_mixed_sizes_are_split(tmp_path: Path) -> None:
    make_ct_series(tmp_path, slices=6)
    for k in range(6, 8):
        save(make_instance(k, rows=8), tmp_path / f"b{k}.dcm")
    parts = scan([tmp_path]).all_series()
    assert [p.size for p in parts] == [(16, 12), (8, 12)]


def test_two_patients_in_one_series_never_meet(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        if k % 2:
            ds.PatientID, ds.PatientName = "T2", "Other^Olga"

    make_ct_series(tmp_path, tweak=tweak)
    result = scan([tmp_path])
    assert len(result.patients) == 2
    for patient in result.patients:
        (series,) = patient.studies[0].series
        assert SeriesIssue.MIXED_PATIENT in series.issues
        assert series.patient_key == patient.key
        assert result.owner(series)[0] is patient
    names = [{i.path for i in s.instances} for s in result.all_series()]
    assert not names[0] & names[1]


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("PatientID", "T2"), ("PatientName", "Else^Eva"), ("StudyInstanceUID", UID("1.2.3"))],
)
def test_one_series_uid_of_two_owners_has_two_keys(tmp_path: Path, keyword: str, value: str) -> None:
    """What is kept under a series key (pixels, masks, windows) must never reach the other owner."""
    series = series_of(tmp_path, lambda ds, k: setattr(ds, keyword, value) if k % 2 else None)
    assert len(series) == 2
    assert series[0].key != series[1].key


@pytest.mark.parametrize("keyword", ["PatientName", "PatientBirthDate"])
def test_same_id_but_another_person_is_another_patient(tmp_path: Path, keyword: str) -> None:
    make_ct_series(tmp_path / "a")
    changed = {"PatientName": "Else^Eva", "PatientBirthDate": "19800101"}[keyword]
    make_ct_series(tmp_path / "b", seed=1, tweak=lambda ds, k: setattr(ds, keyword, changed))
    assert len(scan([tmp_path]).patients) == 2


def test_without_an_id_studies_are_not_joined(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.PatientID = ds.PatientName = ds.PatientBirthDate = ""

    make_ct_series(tmp_path / "a", tweak=tweak)
    make_ct_series(tmp_path / "b", seed=1, tweak=tweak)
    result = scan([tmp_path])
    assert len(result.patients) == 2
    assert all(SeriesIssue.NO_PATIENT_ID in s.issues for s in result.all_series())


def test_missing_geometry_still_opens_as_a_stack(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        del ds.ImagePositionPatient

    series = one(tmp_path, tweak)
    assert SeriesIssue.NO_POSITION in series.issues
    assert series.geometry is None
    assert [i.number for i in series.instances] == list(range(1, 11))


@pytest.mark.parametrize("spacing", [None, [0, 0.5], [-1, 1]])
def test_a_spacing_that_cannot_be_is_not_believed(tmp_path: Path, spacing: list[float] | None) -> None:
    series = one(tmp_path, lambda ds, k: setattr(ds, "PixelSpacing", spacing))
    assert SeriesIssue.NO_SPACING in series.issues
    assert series.geometry is None
    assert series.instances[0].spacing_label == "px"


def test_one_slice_has_its_plane_but_is_no_volume(tmp_path: Path) -> None:
    series = one(tmp_path, slices=1)
    assert not series.is_volume
    assert series.geometry is not None
    assert series.issues == frozenset()
