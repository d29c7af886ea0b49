"""A segmentation gives the mask back voxel for voxel, whatever the stack is like; and says what it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK
from pydicom.dataset import Dataset

from medviewer.dicom.evidence.derived import read_origin, write_object
from medviewer.dicom.evidence.facts import Evidence
from medviewer.dicom.evidence.seg_check import segmentation_faults
from medviewer.dicom.evidence.seg_writer import notices, segmentation, written
from medviewer.dicom.objects.seg import read_seg
from medviewer.dicom.objects.seg_file import read_segmentation
from medviewer.dicom.objects.seg_placing import place_segments, plan
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series
from medviewer.errors import UnreadableImage, UsageError
from medviewer.imaging.cielab import colour_of_lab
from medviewer.imaging.volume import Mask
from tests.dicom.evidence.makers import evidence_of, new_seg, origin_of
from tests.dicom.evidence.validators import entity_errors, iod_errors
from tests.dicom.scanned import only
from tests.factories import AXIAL, CORONAL, SAGITTAL, make_ct_series, make_x_ray

Maker = Callable[[Path], object]
OBLIQUE = (0.8, 0.6, 0.0, 0.0, 0.0, -1.0)


def _tilt(ds: Dataset, k: int) -> None:
    x, y, z = (float(v) for v in ds.ImagePositionPatient)
    ds.ImagePositionPatient = [x, round(y + 0.4 * k, 6), z]


def _uneven(ds: Dataset, k: int) -> None:
    x, y, z = (float(v) for v in ds.ImagePositionPatient)
    ds.ImagePositionPatient = [x, y, round(z + 0.3 * k * k, 6)]


def _at_one_place(ds: Dataset, k: int) -> None:
    ds.ImagePositionPatient = [-10, -20, -30 + 2 * (k // 3)]
    ds.AcquisitionTime, ds.TemporalPositionIdentifier = f"1015{k:02d}", k % 3 + 1


STACKS: dict[str, Maker] = {
    "axial": lambda f: make_ct_series(f, columns=16),
    "odd width": lambda f: make_ct_series(f, rows=13, columns=11, slices=7),
    "coronal": lambda f: make_ct_series(f, orientation=CORONAL, columns=13),
    "sagittal": lambda f: make_ct_series(f, orientation=SAGITTAL),
    "oblique": lambda f: make_ct_series(f, orientation=OBLIQUE, columns=9),
    "flipped": lambda f: make_ct_series(f, orientation=(-1, 0, 0, 0, -1, 0), step=-1.5),
    "tilted": lambda f: make_ct_series(f, tweak=_tilt, columns=15),
    "uneven": lambda f: make_ct_series(f, tweak=_uneven),
    "one slice": lambda f: make_ct_series(f, slices=1, columns=17),
    "X-ray": lambda f: make_x_ray(f / "x.dcm", np.zeros((31, 23), np.uint16)),
}


def _written(series: Series, path: Path) -> tuple[Path, Evidence]:
    evidence = evidence_of(series)
    return write_object(segmentation(origin_of(series), series, evidence, new_seg()), path), evidence


@pytest.mark.parametrize("stack", STACKS)
def test_that_a_mask_comes_back_voxel_for_voxel(stack: str, tmp_path: Path) -> None:
    STACKS[stack](tmp_path / "in")
    series = only(tmp_path / "in")
    path, evidence = _written(series, tmp_path / "seg.dcm")
    seg = read_segmentation(path)
    placed = place_segments(seg, series, plan(seg, series))
    assert placed.notices == ()
    for (_, mask), region in zip(placed.segments, evidence.regions, strict=True):
        assert np.array_equal(mask.full(), region.mask.full())
    assert segmentation_faults(path, series, evidence) == ()


@pytest.mark.parametrize("stack", STACKS)
def test_that_highdicom_reads_every_frame_as_it_was_drawn(stack: str, tmp_path: Path) -> None:
    STACKS[stack](tmp_path / "in")
    series = only(tmp_path / "in")
    path, evidence = _written(series, tmp_path / "seg.dcm")
    seg = hd.seg.segread(path)
    numbers = [1, 2]
    back = seg.get_pixels_by_source_instance(
        source_sop_instance_uids=[i.sop_uid for i in series.instances],
        segment_numbers=numbers,
        assert_missing_frames_are_empty=True,
    )
    for n, region in zip(numbers, evidence.regions, strict=True):
        assert np.array_equal(back[..., n - 1] > 0, region.mask.full())


@pytest.mark.parametrize("stack", [name for name in STACKS if name != "one slice"])
def test_that_simpleitk_reads_the_same_bits(stack: str, tmp_path: Path) -> None:
    STACKS[stack](tmp_path / "in")
    series = only(tmp_path / "in")
    path, evidence = _written(series, tmp_path / "seg.dcm")  # of two frames at one place ITK makes nothing
    back = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))).reshape(-1, *series.size) > 0
    drawn = [
        region.mask.slice(k)
        for region in evidence.regions
        for k in range(len(series.instances))
        if region.mask.slice(k).any()
    ]
    bits = np.stack(drawn).ravel()
    # GDCM leaves a last byte that is not full unread: what stands there in ITK's picture is chance.
    whole = len(bits) // 8 * 8
    assert np.array_equal(back.ravel()[:whole], bits[:whole])


@pytest.mark.parametrize("stack", ["axial", "odd width", "coronal", "oblique", "flipped"])
def test_that_simpleitk_and_highdicom_put_a_volume_where_we_do(stack: str, tmp_path: Path) -> None:
    """The corner of each drawn frame in LPS mm, by another library's affine and by our geometry."""
    STACKS[stack](tmp_path / "in")
    series = only(tmp_path / "in")
    path, evidence = _written(series, tmp_path / "seg.dcm")
    part = hd.seg.segread(path).get_volume(segment_numbers=[1], combine_segments=False)
    inside = np.argwhere(part.array[..., 0] > 0)
    theirs = inside @ part.affine[:3, :3].T + part.affine[:3, 3]
    mask = evidence.regions[0].mask
    assert mask.geometry is not None
    ours = mask.geometry.position(np.argwhere(mask.full()))
    np.testing.assert_allclose(
        theirs[np.lexsort(np.round(theirs, 3).T)], ours[np.lexsort(np.round(ours, 3).T)], atol=1e-4
    )


@pytest.mark.parametrize("stack", STACKS)
def test_that_validators_find_no_error(stack: str, tmp_path: Path) -> None:
    STACKS[stack](tmp_path / "in")
    series = only(tmp_path / "in")
    path, _ = _written(series, tmp_path / "seg.dcm")
    assert iod_errors(path) == []
    assert entity_errors([series.instances[0].path, path]) == []


def test_that_reading_by_the_volume_gives_the_same_mask(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    path, evidence = _written(stack, tmp_path / "seg.dcm")
    for mask, region in zip(read_seg(path, stack), evidence.regions, strict=True):
        assert np.array_equal(mask.full(), region.mask.full())


def test_that_a_segment_says_what_it_is_and_who_made_it(series: Path, tmp_path: Path) -> None:
    path, evidence = _written(only(series), tmp_path / "seg.dcm")
    ds = pydicom.dcmread(path)
    lung, heart = ds.SegmentSequence
    kind = lung.SegmentedPropertyTypeCodeSequence[0]
    assert (kind.CodeValue, kind.CodingSchemeDesignator) == ("39607008", "SCT")
    assert kind.SegmentedPropertyTypeModifierCodeSequence[0].CodeMeaning == "Left"
    assert lung.SegmentedPropertyCategoryCodeSequence[0].CodeValue == "91723000"
    assert colour_of_lab(lung.RecommendedDisplayCIELabValue) == "#56B4E9"
    assert (lung.SegmentAlgorithmType, heart.SegmentAlgorithmType) == ("AUTOMATIC", "SEMIAUTOMATIC")
    maker = lung.SegmentationAlgorithmIdentificationSequence[0]
    assert maker.AlgorithmFamilyCodeSequence[0].CodeValue == "123110"
    assert (maker.AlgorithmName, maker.AlgorithmVersion) == ("Lungs on chest CT", "1.0.0")
    assert maker.AlgorithmParameters == "weights_sha256=" + evidence.algorithm.weights_sha256
    assert (lung.TrackingID, lung.TrackingUID) == ("left lung", evidence.regions[0].tracking.uid)
    assert ds.ContentQualification == "RESEARCH"
    assert ds.ContributingEquipmentSequence[0].ManufacturerModelName == "Lungs on chest CT"
    assert ds.SegmentsOverlap == "YES"


def test_that_an_object_lies_in_the_same_study_in_a_series_of_its_own(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    path, _ = _written(stack, tmp_path / "seg.dcm")
    ds, image = pydicom.dcmread(path), pydicom.dcmread(stack.instances[0].path)
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID", "StudyID"):
        assert ds[keyword].value == image[keyword].value
    assert ds.FrameOfReferenceUID == image.FrameOfReferenceUID
    assert ds.SeriesInstanceUID != image.SeriesInstanceUID
    (entry,) = ds.ReferencedSeriesSequence
    assert entry.SeriesInstanceUID == image.SeriesInstanceUID
    named = [x.ReferencedSOPInstanceUID for x in entry.ReferencedInstanceSequence]
    assert named == [i.sop_uid for i in stack.instances]


def test_that_empty_frames_and_empty_regions_are_left_out(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    evidence = evidence_of(stack)
    empty = Mask.from_full(3, "none", np.zeros((10, 16, 12), bool), stack.geometry)
    more = replace(evidence, regions=(replace(evidence.regions[1], mask=empty), evidence.regions[0]))
    ds = segmentation(origin_of(stack), stack, more, new_seg())
    assert [region.title for region in written(more)] == ["Left lung"]
    assert ds.NumberOfFrames == 9
    assert [s.SegmentNumber for s in ds.SegmentSequence] == [1]


def test_that_nothing_outlined_is_refused(series: Path) -> None:
    stack = only(series)
    with pytest.raises(UsageError, match="Nothing is outlined"):
        segmentation(origin_of(stack), stack, replace(evidence_of(stack), regions=()), new_seg())


def test_that_a_mask_of_another_grid_is_refused(series: Path, tmp_path: Path) -> None:
    stack = only(series)
    make_ct_series(tmp_path / "other", slices=4, seed=2)
    foreign = evidence_of(only(tmp_path / "other"))
    with pytest.raises(UsageError, match="another grid"):
        segmentation(origin_of(stack), stack, foreign, new_seg())


def test_that_images_which_are_not_there_are_refused(series: Path) -> None:
    stack = only(series)
    some = read_origin(i.path for i in stack.instances[:4])
    with pytest.raises(UnreadableImage, match="not among the files"):
        segmentation(some, stack, evidence_of(stack), new_seg())


def test_that_images_without_a_frame_of_reference_get_no_place_and_that_is_told(tmp_path: Path) -> None:
    def nowhere(ds: Dataset, _: int) -> None:
        del ds.FrameOfReferenceUID

    make_ct_series(tmp_path / "in", tweak=nowhere, orientation=AXIAL)
    series = only(tmp_path / "in")
    path, evidence = _written(series, tmp_path / "seg.dcm")
    assert "FrameOfReferenceUID" not in pydicom.dcmread(path)
    assert any("do not tell where they lie" in text for text in notices(origin_of(series), series))
    assert segmentation_faults(path, series, evidence) == ()


def test_that_several_images_at_one_place_keep_their_own_outlines(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "in", slices=9, tweak=_at_one_place)
    parts = scan([tmp_path / "in"]).all_series()
    images = sorted((i for part in parts for i in part.instances), key=lambda i: i.number or 0)
    series = replace(parts[0], instances=tuple(images), geometry=None)
    path, evidence = _written(series, tmp_path / "seg.dcm")
    assert segmentation_faults(path, series, evidence) == ()
    assert iod_errors(path) == []
    groups = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence
    indices = [tuple(g.FrameContentSequence[0].DimensionIndexValues) for g in groups]
    assert len(set(indices)) == len(indices)


def test_that_losses_of_the_images_are_inherited(tmp_path: Path) -> None:
    def lossy(ds: Dataset, _: int) -> None:
        ds.LossyImageCompression, ds.LossyImageCompressionRatio = "01", 12.5
        ds.LossyImageCompressionMethod = "ISO_10918_1"

    make_ct_series(tmp_path / "in", tweak=lossy)
    path, _ = _written(only(tmp_path / "in"), tmp_path / "seg.dcm")
    ds = pydicom.dcmread(path)
    assert (ds.LossyImageCompression, ds.LossyImageCompressionRatio) == ("01", 12.5)
    assert iod_errors(path) == []
