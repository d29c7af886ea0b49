"""Secondary Captures: the pixels that were rendered, read by others, and nothing said that is not so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813

from medviewer.dicom.decode import decode
from medviewer.dicom.evidence.capture import Capture, capture_objects
from medviewer.dicom.evidence.derived import read_origin
from medviewer.dicom.evidence.read_back import check_capture
from medviewer.dicom.evidence.references import Shown
from medviewer.errors import UsageError
from tests.dicom.evidence.written import capture, ct_origin, errors_of, multiframe_origin, new, put, shown
from tests.dicom.scanned import only
from tests.factories import make_instance, save


def test_that_every_reader_sees_the_pixels_that_were_rendered(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    one = capture(origin)
    path = put(capture_objects(origin, [one], new())[0], tmp_path / "out")
    check_capture(path, origin, one)
    np.testing.assert_array_equal(pydicom.dcmread(path).pixel_array, one.rgb)
    np.testing.assert_array_equal(np.squeeze(sitk.GetArrayFromImage(sitk.ReadImage(str(path)))), one.rgb)
    np.testing.assert_array_equal(decode(only(tmp_path / "out").instances[0]), one.rgb)


def test_that_a_capture_says_what_it_is(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    ds = pydicom.dcmread(put(capture_objects(origin, [capture(origin)], new())[0], tmp_path / "out"))
    assert (ds.BurnedInAnnotation, ds.ContentQualification, ds.Modality) == ("YES", "RESEARCH", "OT")
    assert (ds.PatientName, ds.PatientID, ds.StudyInstanceUID) == ("Test^Tina", "T1", origin.study_uid)
    assert ds.SeriesInstanceUID != origin.images[0].series_uid
    assert ds.ContributingEquipmentSequence[0].ManufacturerModelName == "Lungs on chest CT"
    assert ds.ContributingEquipmentSequence[0].SoftwareVersions == "1.0.0"
    assert list(ds.PatientOrientation) == ["L", "P"]
    assert "PixelSpacing" not in ds
    assert ds.SourceImageSequence[0].ReferencedSOPInstanceUID == origin.images[0].sop_uid


def test_that_several_captures_make_one_series(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    made = capture_objects(origin, [capture(origin, 0), capture(origin, 1)], new())
    assert len({ds.SeriesInstanceUID for ds in made}) == 1
    assert len({ds.SOPInstanceUID for ds in made}) == 2
    assert [ds.InstanceNumber for ds in made] == [1, 2]


def test_that_a_frame_is_named_as_the_source(tmp_path: Path) -> None:
    origin = multiframe_origin(tmp_path)
    one = Capture(capture(origin).rgb, "x", (shown(origin, 0, 3),))
    path = put(capture_objects(origin, [one], new())[0], tmp_path / "out")
    check_capture(path, origin, one)
    assert pydicom.dcmread(path).SourceImageSequence[0].ReferencedFrameNumber == 3


def test_that_loss_once_suffered_is_told_again(tmp_path: Path) -> None:
    ds = make_instance(0)
    ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", 12.5
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    origin = read_origin([save(ds, tmp_path / "a.dcm")])
    made = capture_objects(origin, [capture(origin)], new())[0]
    assert (made.LossyImageCompression, made.LossyImageCompressionRatio) == ("01", 12.5)


@pytest.mark.parametrize(("side", "told"), [("R", "R"), ("L", "L"), ("", None), ("X", None)])
def test_that_the_side_is_that_of_the_images_or_openly_unknown(
    tmp_path: Path, side: str, told: str | None
) -> None:
    ds = make_instance(0)
    ds.Laterality = side
    origin = read_origin([save(ds, tmp_path / "a.dcm")])
    made = capture_objects(origin, [capture(origin)], new())[0]
    assert "Laterality" in made
    assert (made.Laterality or None) == told


def test_that_nothing_refers_to_an_image_that_is_not_there(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    for wrong in (Shown("1.2.3.4"), shown(origin, 0, 2)):
        with pytest.raises(UsageError, match="not among those"):
            capture_objects(origin, [Capture(capture(origin).rgb, "x", (wrong,))], new())


@pytest.mark.parametrize(
    "rgb", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)]
)
def test_that_only_colour_pictures_of_eight_bits_are_taken(tmp_path: Path, rgb: np.ndarray) -> None:
    origin = ct_origin(tmp_path)
    with pytest.raises(UsageError, match="8-bit RGB"):
        capture_objects(origin, [Capture(rgb, "x", (shown(origin),))], new())


def test_that_no_picture_is_no_object(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        capture_objects(ct_origin(tmp_path), [], new())


def test_that_the_validator_has_nothing_against_it(tmp_path: Path) -> None:
    origin = ct_origin(tmp_path)
    assert errors_of(put(capture_objects(origin, [capture(origin)], new())[0], tmp_path / "out")) == []
