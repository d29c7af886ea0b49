"""Scan: no file is fatal, each is named with its reason; what headers say is read as it is meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from medviewer.dicom.objects.ct import seeded_uid
from medviewer.dicom.scan import scan
from medviewer.dicom.study import SeriesIssue
from medviewer.errors import Cancelled, NothingReadable
from medviewer.imaging.volume import Unit
from medviewer.tasks import TaskContext
from tests.dicom.scanned import one
from tests.factories import make_ct_series, make_instance, save


def test_a_broken_file_is_listed_and_the_rest_opens(tmp_path: Path) -> None:
    paths = make_ct_series(tmp_path)
    paths[9].write_bytes(paths[9].read_bytes()[:-100])
    (tmp_path / "notes.txt").write_text("not an image")
    (tmp_path / "empty").touch()
    result = scan([tmp_path])
    (series,) = result.all_series()
    assert len(series.instances) == 9
    assert SeriesIssue.UNREADABLE_FILE in series.issues
    reasons = {u.path.name: u.reason for u in result.unreadable}
    assert set(reasons) == {"000-0009.dcm", "notes.txt", "empty"}
    assert "cut short" in reasons["000-0009.dcm"]
    assert not any("Tina" in r or "T1" in r for r in reasons.values())


def test_pixels_shorter_than_the_image_are_never_shown(tmp_path: Path) -> None:
    ds = make_instance()
    ds.PixelData = ds.PixelData[:100]
    save(ds, tmp_path / "short.dcm")
    result = scan([tmp_path])
    assert result.patients == ()
    assert "shorter" in result.unreadable[0].reason


@pytest.mark.parametrize(
    ("keyword", "value"), [("Rows", 0), ("NumberOfFrames", 2**31 - 1), ("BitsStored", 20), ("Rows", 65535)]
)
def test_impossible_dimensions_are_refused(tmp_path: Path, keyword: str, value: int) -> None:
    ds = make_instance()
    setattr(ds, keyword, value)
    save(ds, tmp_path / "a.dcm")
    result = scan([tmp_path])
    assert (result.patients, len(result.unreadable)) == ((), 1)


def test_an_object_without_pixels_says_what_it_is(tmp_path: Path) -> None:
    ds = make_instance()
    del ds.PixelData
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.88.33")
    save(ds, tmp_path / "sr.dcm")
    result = scan([tmp_path])
    assert (result.patients, result.unreadable) == ((), ())
    (found,) = result.objects
    assert (found.kind.code, found.kind.name, found.description) == ("SR", "Structured report", "Axial")


def test_a_segmentation_is_no_picture_of_the_patient(tmp_path: Path) -> None:
    ds = make_instance()
    ds.SOPClassUID = ds.file_meta.MediaStorageSOPClassUID = UID("1.2.840.10008.5.1.4.1.1.66.4")
    save(ds, tmp_path / "seg.dcm")
    result = scan([tmp_path])
    assert result.patients == ()
    assert [found.kind.code for found in result.objects] == ["SEG"]


def test_nothing_readable_is_said_only_when_asked(tmp_path: Path) -> None:
    assert scan([tmp_path]).patients == ()
    assert scan([tmp_path / "absent"]).unreadable[0].reason == "There is no such file or folder."
    with pytest.raises(NothingReadable):
        scan([tmp_path], require=True)


def test_scan_can_be_cancelled(tmp_path: Path) -> None:
    make_ct_series(tmp_path)
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        scan([tmp_path], context)


@pytest.mark.parametrize(
    ("kind", "image_type", "unit"),
    [
        ("HU", "DERIVED", Unit.HU),
        ("", "ORIGINAL", Unit.HU),
        ("", "DERIVED", Unit.RAW),
        ("US", "ORIGINAL", Unit.RAW),
    ],
)
def test_hu_is_claimed_only_where_the_header_supports_it(
    tmp_path: Path, kind: str, image_type: str, unit: Unit
) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.RescaleType, ds.ImageType = kind, [image_type, "PRIMARY", "AXIAL"]

    assert one(tmp_path, tweak).unit is unit


@pytest.mark.parametrize(
    "missing", [["RescaleSlope"], ["RescaleIntercept"], ["RescaleSlope", "RescaleIntercept"]]
)
def test_without_a_rescale_there_are_no_hu(tmp_path: Path, missing: list[str]) -> None:
    """Stored values may be off by 1024: both are required of CT (PS3.3 C.8.2.1)."""

    def tweak(ds: Dataset, k: int) -> None:
        for keyword in missing:
            del ds[keyword]

    assert one(tmp_path, tweak).unit is Unit.RAW


def test_bits_that_contradict_each_other_are_told_and_give_no_hu(tmp_path: Path) -> None:
    """Twelve bits with the highest at 15 may lie left or right in their words (PS3.5 8.1.1)."""
    series = one(tmp_path, lambda ds, k: setattr(ds, "BitsStored", 12))
    assert series.unit is Unit.RAW
    assert SeriesIssue.CONTRADICTORY_PIXELS in series.issues


@pytest.mark.parametrize(("more", "told"), [(0, False), (1, False), (2, True), (24, True)])
def test_more_pixels_than_described_are_told(tmp_path: Path, more: int, told: bool) -> None:
    ds = make_instance(rows=3, columns=3)
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 8, 8, 7
    ds.PixelData = bytes(9 + more)
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    assert (SeriesIssue.CONTRADICTORY_PIXELS in series.issues) is told


def test_a_size_of_too_many_bytes_is_not_cut_to_one_that_fits(tmp_path: Path) -> None:
    ds = make_instance()
    ds.add_new("Rows", "UL", 65_536 + 16)
    save(ds, tmp_path / "a.dcm")
    assert scan([tmp_path]).patients == ()


@pytest.mark.parametrize("slope", ["0", "NaN"])
def test_a_slope_that_is_none_gives_no_hu(tmp_path: Path, slope: str) -> None:
    ds = make_instance()
    ds.add_new("RescaleSlope", "LO", slope)
    save(ds, tmp_path / "a.dcm")
    (series,) = scan([tmp_path]).all_series()
    assert series.unit is Unit.RAW
    assert (series.instances[0].slope, series.instances[0].intercept) == (1.0, 0.0)


def test_loss_is_told_with_its_ratio(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", 12.5

    series = one(tmp_path, tweak)
    assert series.lossy == "LOSSY 12.5:1"
    assert SeriesIssue.LOSSY in series.issues


def test_the_header_speaks_its_own_script(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        ds.PatientName = "Wang^XiaoDong=王^小東"

    make_ct_series(tmp_path, tweak=tweak, slices=2)
    assert scan([tmp_path]).patients[0].name == "Wang^XiaoDong=王^小東"


def test_studies_are_newest_first_and_series_by_number(tmp_path: Path) -> None:
    def older(ds: Dataset, k: int) -> None:
        ds.StudyDate = "20200101"

    def second(ds: Dataset, k: int) -> None:
        ds.StudyInstanceUID, ds.SeriesNumber = seeded_uid("test study", 0), 2

    make_ct_series(tmp_path / "a", seed=1, tweak=older, slices=2)
    make_ct_series(tmp_path / "b", seed=2, tweak=second, slices=2)
    make_ct_series(tmp_path / "c", slices=2)
    (patient,) = scan([tmp_path]).patients
    assert [s.date for s in patient.studies] == ["20240102", "20200101"]
    assert [s.number for s in patient.studies[0].series] == [1, 2]
