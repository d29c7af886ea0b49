"""Segmentations of other programs, against what these programs themselves say of every voxel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray

from medviewer.dicom.study import Series
from tests.dicom.scanned import only
from tests.dicom.test_seg_placing import placed
from tests.factories import make_instance, save


def nrrd(path: Path, series: Series) -> NDArray[np.int16]:
    """Labels of a NRRD on the grid of a series whose slices it holds in the other direction."""
    image = sitk.ReadImage(str(path))
    geometry = series.geometry
    assert geometry is not None
    last = image.TransformIndexToPhysicalPoint((0, 0, image.GetSize()[2] - 1))
    np.testing.assert_allclose(geometry.position((0, 0, 0)), last, atol=1e-4)
    return np.asarray(sitk.GetArrayFromImage(image)[::-1])


@pytest.mark.parametrize(
    ("seg", "images", "labels"),
    [
        ("liver.dcm", "ct-3slice", "liver_seg.nrrd"),
        ("24x38x3/seg/label.seg", "24x38x3/image", "24x38x3/nrrd/label.nrrd"),
        ("24x38x3/seg/label.seg", "24x38x3/multiframe", "24x38x3/nrrd/label.nrrd"),
    ],
)
def test_that_a_segment_is_the_label_beside_it_voxel_for_voxel(
    shared_data: Path, seg: str, images: str, labels: str
) -> None:
    folder = shared_data / "objects" / "dcmqi" / "segmentations"
    series = only(folder / images)
    found = placed(folder / seg, series)
    ((segment, mask),) = found.segments
    np.testing.assert_array_equal(mask.full(), nrrd(folder / labels, series) == 1)
    assert (segment.label, segment.maker) == ("Liver", "semi-automatic, SlicerEditor")
    assert segment.colour is not None
    told = [int(segment.colour[k : k + 2], 16) for k in (1, 3, 5)]
    np.testing.assert_allclose(told, (221, 130, 101), atol=4)  # what 3D Slicer calls liver
    assert found.notices == ()


def test_that_overlapping_segments_stay_whole(shared_data: Path) -> None:
    folder = shared_data / "objects" / "dcmqi" / "segmentations"
    series = only(folder / "ct-3slice")
    masks = {
        segment.number: mask for segment, mask in placed(folder / "partial_overlaps.dcm", series).segments
    }
    labels = [nrrd(folder / f"partial_overlaps-{k}.nrrd", series) for k in (1, 2, 3)]
    assert sorted(masks) == [1, 2, 3, 4, 5]
    for number, mask in masks.items():
        expected = np.any([label == number for label in labels], axis=0)
        assert expected.any()
        np.testing.assert_array_equal(mask.full(), expected)
    assert (masks[1].full() & masks[2].full()).any()


@pytest.mark.parametrize("name", ["ct_binary", "ct_binary_fractional", "ct_binary_overlap", "cr_binary"])
def test_that_samples_of_highdicom_lie_on_the_images_they_name(
    shared_data: Path, tmp_path: Path, name: str
) -> None:
    """Their images are not in the collection: made here, with the identifiers and places that are named."""
    path = shared_data / "objects" / "highdicom" / f"seg_image_{name}.dcm"
    seg = pydicom.dcmread(path)
    frames = np.atleast_3d(seg.pixel_array) if name == "cr_binary" else seg.pixel_array
    frames = np.moveaxis(frames, -1, 0) if name == "cr_binary" else frames
    expected: dict[tuple[int, str], NDArray[np.bool_]] = {}
    for k, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
        uid = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
        ds = make_instance(k, rows=16, columns=16)
        if "PlanePositionSequence" in group:
            ds.ImagePositionPatient = group.PlanePositionSequence[0].ImagePositionPatient
            ds.PixelSpacing = seg.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing
            ds.FrameOfReferenceUID = seg.FrameOfReferenceUID
        else:
            del ds.ImagePositionPatient, ds.ImageOrientationPatient, ds.FrameOfReferenceUID
        ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = uid
        save(ds, tmp_path / f"{uid}.dcm")
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        expected[number, uid] = frames[k] / frames.max() >= 0.5
    series = only(tmp_path)
    for segment, mask in placed(path, series).segments:
        for index, image in enumerate(series.instances):
            np.testing.assert_array_equal(mask.slice(index), expected[segment.number, image.sop_uid])
