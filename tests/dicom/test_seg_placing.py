"""Segments lie on the voxels they were drawn on: by position, orientation and spacing, never by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless

from medviewer.dicom.objects.seg import Algorithm, write_seg
from medviewer.dicom.objects.seg_file import read_segmentation
from medviewer.dicom.objects.seg_placing import CUT, NEAREST, PlacedSegments, place_segments, plan
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series, SeriesIssue
from medviewer.errors import UnreadableImage
from medviewer.imaging.volume import Mask
from medviewer.tasks import TaskContext
from tests.dicom.foreign_makers import Drawn, item, write_seg_frames
from tests.factories import AXIAL, make_ct_series, make_instance, save

ROWS, COLUMNS = 16, 12
OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)


def placed(path: Path, series: Series) -> PlacedSegments:
    seg = read_segmentation(path)
    return place_segments(seg, series, plan(seg, series))


def only(folder: Path) -> Series:
    (series,) = scan([folder]).all_series()
    return series


def speckle(seed: int, shape: tuple[int, int] = (ROWS, COLUMNS)) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) > 0.6


def where(series: Series, index: int) -> tuple[float, float, float]:
    position = series.instances[index].position
    assert position is not None
    return position


# ---- another library as a peer --------------------------------------------------------------------------


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


# ---- by place -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE])
def test_that_frames_find_their_images_in_any_order_and_with_gaps(
    tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    make_ct_series(tmp_path / "ct", slices=9, orientation=orientation, spacing=(0.8, 0.5), step=2.5)
    series = only(tmp_path / "ct")
    drawn = {7: speckle(1), 0: speckle(2), 4: speckle(3)}
    frames = [Drawn(values, where(series, k)) for k, values in drawn.items()]
    path = write_seg_frames(tmp_path / "seg.dcm", frames, orientation=orientation)
    found = placed(path, series)
    ((_, mask),) = found.segments
    for k in range(9):
        np.testing.assert_array_equal(mask.slice(k), drawn.get(k, np.zeros((ROWS, COLUMNS), bool)))
    assert found.notices == ()
    assert mask.geometry is series.geometry


def test_that_what_we_write_we_lay_on_the_same_voxels(tmp_path: Path) -> None:
    """Odd rows and columns, so that bits cross bytes and frames."""
    paths = make_ct_series(tmp_path / "ct", slices=5, rows=11, columns=13, orientation=OBLIQUE)
    series = only(tmp_path / "ct")
    full = np.random.default_rng(3).random((5, 11, 13)) > 0.5
    full[[0, 3]] = False
    mask = Mask.from_full(1, "nodule", full, series.geometry)
    path = write_seg([mask], paths, tmp_path / "seg.dcm", Algorithm("lung-ct", "1"))
    ((segment, read),) = placed(path, series).segments
    np.testing.assert_array_equal(read.full(), full)
    assert segment.maker == "automatic, lung-ct"


@pytest.mark.parametrize(
    ("turn", "orientation", "corner"),
    [
        (lambda a: a[:, ::-1], (-1, 0, 0, 0, 1, 0), (0, COLUMNS - 1)),
        (lambda a: a[::-1], (1, 0, 0, 0, -1, 0), (ROWS - 1, 0)),
        (lambda a: a.T, (0, 1, 0, 1, 0, 0), (0, 0)),
        (lambda a: a.T[::-1], (0, 1, 0, -1, 0, 0), (0, COLUMNS - 1)),
    ],
)
def test_that_a_plane_turned_by_quarters_is_turned_back(tmp_path, turn, orientation, corner) -> None:  # type: ignore[no-untyped-def]
    make_ct_series(tmp_path / "ct", slices=3, spacing=(0.8, 0.5))
    series = only(tmp_path / "ct")
    assert series.geometry is not None
    values = speckle(5)
    position = series.geometry.position((1, *corner))
    spacing = (0.5, 0.8) if turn(values).shape[0] == COLUMNS else (0.8, 0.5)
    path = write_seg_frames(
        tmp_path / "seg.dcm", [Drawn(turn(values), position)], orientation=orientation, spacing=spacing
    )
    ((_, mask),) = placed(path, series).segments
    np.testing.assert_array_equal(mask.slice(1), values)


def test_that_a_smaller_frame_lies_where_it_was_cut_out(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    assert series.geometry is not None
    values = speckle(6, (5, 4))
    path = write_seg_frames(tmp_path / "seg.dcm", [Drawn(values, series.geometry.position((2, 7, 3)))])
    ((_, mask),) = placed(path, series).segments
    expected = np.zeros((ROWS, COLUMNS), bool)
    expected[7:12, 3:7] = values
    np.testing.assert_array_equal(mask.slice(2), expected)


def test_that_parts_beyond_the_edge_are_told(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    assert series.geometry is not None
    path = write_seg_frames(
        tmp_path / "seg.dcm",
        [Drawn(np.ones((5, 4), bool), series.geometry.position((2, 14, 0)))],
    )
    found = placed(path, series)
    assert found.notices == (CUT,)
    assert found.segments[0][1].voxel_count == 2 * 4


def test_that_every_image_of_a_tilted_stack_is_asked_for_its_own_place(tmp_path: Path) -> None:
    def tilt(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [-10.0, -20.0 + 0.8 * k, -30.0 + 2.0 * k]

    make_ct_series(tmp_path / "ct", slices=4, tweak=tilt)
    series = only(tmp_path / "ct")
    assert series.geometry is None
    assert SeriesIssue.TILTED in series.issues
    drawn = [speckle(k) for k in range(4)]
    frames = [Drawn(drawn[k], where(series, k)) for k in (3, 1)]
    ((_, mask),) = placed(write_seg_frames(tmp_path / "seg.dcm", frames), series).segments
    for k in (1, 3):
        np.testing.assert_array_equal(mask.slice(k), drawn[k])
    assert mask.slice_range == (1, 3)
    assert not mask.slice(2).any()


def test_that_of_images_at_one_place_the_named_one_is_drawn_on(tmp_path: Path) -> None:
    def film(ds: Dataset, k: int) -> None:
        ds.ImagePositionPatient = [-10.0, -20.0, -30.0]

    make_ct_series(tmp_path / "ct", slices=3, tweak=film)
    series = only(tmp_path / "ct")
    frame = Drawn(speckle(1), where(series, 0), images=(series.instances[2].sop_uid,))
    ((_, mask),) = placed(write_seg_frames(tmp_path / "seg.dcm", [frame]), series).segments
    assert mask.slice_range == (2, 2)


# ---- another grid ---------------------------------------------------------------------------------------


def test_that_a_coarser_grid_is_shown_by_its_nearest_voxels_and_told(tmp_path: Path) -> None:
    """Twice the pixels, three times the slices: an oracle by the positions of both grids."""
    make_ct_series(tmp_path / "ct", slices=9, step=1.0)
    series = only(tmp_path / "ct")
    geometry = series.geometry
    assert geometry is not None
    coarse = {k: speckle(k, (8, 6)) for k in (1, 4)}  # the plane at 7 is empty, and left out
    first = {k: geometry.position((k, 0.5, 0.5)) for k in coarse}
    frames = [Drawn(values, first[k]) for k, values in coarse.items()]
    path = write_seg_frames(tmp_path / "seg.dcm", frames, spacing=(1.6, 1.0), step=3.0)
    found = placed(path, series)
    full = found.segments[0][1].full()
    for s, r, c in np.ndindex(full.shape):
        centre = 1 + 3 * round((s - 1) / 3)
        expected = centre in coarse and coarse[centre][r // 2, c // 2]
        assert full[s, r, c] == expected, (s, r, c)
    assert found.notices == (NEAREST,)


def test_that_planes_without_an_image_are_counted(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=6)
    whole = only(tmp_path / "ct")
    frames = [Drawn(speckle(k), where(whole, k)) for k in range(6)]
    path = write_seg_frames(tmp_path / "seg.dcm", frames)
    for left in sorted((tmp_path / "ct").iterdir())[:2]:
        left.unlink()
    assert placed(path, only(tmp_path / "ct")).notices == (
        "2 of 6 outlines have no image of this series at their place.",
    )


def test_that_other_planes_are_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    series = only(tmp_path / "ct")
    for orientation in ((1, 0, 0, 0, 0, -1), OBLIQUE, (0.995, 0.0998, 0, -0.0998, 0.995, 0)):
        path = write_seg_frames(
            tmp_path / "seg.dcm", [Drawn(speckle(1), where(series, 1))], orientation=orientation
        )
        with pytest.raises(UnreadableImage, match="other planes"):
            placed(path, series)


def test_that_places_far_from_the_images_are_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    series = only(tmp_path / "ct")
    path = write_seg_frames(tmp_path / "seg.dcm", [Drawn(speckle(1), (-10, -20, 500))])
    with pytest.raises(UnreadableImage, match="nowhere"):
        placed(path, series)


def test_that_a_segmentation_shifted_against_the_images_it_names_is_refused(tmp_path: Path) -> None:
    """Nobody can know which of the two is right."""
    make_ct_series(tmp_path / "ct", slices=6)
    series = only(tmp_path / "ct")
    frames = [
        Drawn(speckle(k), where(series, k + 1), images=(series.instances[k].sop_uid,)) for k in range(4)
    ]
    with pytest.raises(UnreadableImage, match="contradicts itself"):
        placed(write_seg_frames(tmp_path / "seg.dcm", frames), series)


def test_that_another_frame_of_reference_is_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    series = only(tmp_path / "ct")
    path = write_seg_frames(tmp_path / "seg.dcm", [Drawn(speckle(1), where(series, 1))])
    with pytest.raises(UnreadableImage, match="frame of reference"):
        placed(path, replace(series, frame_of_reference_uid="1.2.3"))


def test_that_frames_without_place_need_an_image_of_their_size(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    named = (series.instances[1].sop_uid,)
    path = write_seg_frames(tmp_path / "a.dcm", [Drawn(speckle(1), None, images=named)])
    ((_, mask),) = placed(path, series).segments
    np.testing.assert_array_equal(mask.slice(1), speckle(1))
    path = write_seg_frames(tmp_path / "b.dcm", [Drawn(speckle(1, (4, 4)), None, images=named)])
    with pytest.raises(UnreadableImage, match="another size"):
        placed(path, series)


# ---- what is stored -------------------------------------------------------------------------------------


def test_that_a_fraction_counts_from_a_half_up_and_its_kind_is_told(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    values = np.arange(ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(values, where(series, 0))], kind="FRACTIONAL")
    found = placed(path, series)
    np.testing.assert_array_equal(found.segments[0][1].slice(0), values >= 100)
    assert found.notices == ("Fractional: outlined where the occupancy is at least 0.5.",)


def test_that_a_label_map_holds_its_segments(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    values = np.random.default_rng(1).integers(0, 3, (ROWS, COLUMNS))
    path = write_seg_frames(
        tmp_path / "s.dcm", [Drawn(values, where(series, 1))], kind="LABELMAP", labels=("A", "B")
    )
    for segment, mask in placed(path, series).segments:
        np.testing.assert_array_equal(mask.slice(1), values == segment.number)


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, RLELossless])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_that_the_transfer_syntax_makes_no_difference(tmp_path: Path, syntax: str, kind: str) -> None:
    if (kind, syntax) == ("BINARY", RLELossless):
        pytest.skip("single bits have no run lengths")
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    frames = [Drawn(speckle(k) * (1 if kind == "BINARY" else 200), where(series, k)) for k in range(3)]
    ds = pydicom.dcmread(write_seg_frames(tmp_path / "s.dcm", frames, kind=kind))
    if syntax == RLELossless:
        ds.compress(RLELossless, encoding_plugin="pydicom")
        ds.save_as(tmp_path / "s.dcm")
    else:
        ds.file_meta.TransferSyntaxUID = syntax
        little = syntax != ExplicitVRBigEndian
        pydicom.dcmwrite(tmp_path / "s.dcm", ds, little_endian=little, implicit_vr=False, force_encoding=True)
    ((_, mask),) = placed(tmp_path / "s.dcm", series).segments
    for k in range(3):
        np.testing.assert_array_equal(mask.slice(k), speckle(k))


def test_that_an_empty_segment_is_kept_and_empty(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    path = write_seg_frames(
        tmp_path / "s.dcm", [Drawn(speckle(1), where(series, 0))], labels=("Liver", "<b>Cyst</b>")
    )
    names = [(s.label, m.voxel_count) for s, m in placed(path, series).segments]
    assert names == [("Liver", int(speckle(1).sum())), ("<b>Cyst</b>", 0)]


# ---- hostile --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"NumberOfFrames": 40}, "shorter"),
        ({"NumberOfFrames": 2_000_000_000}, "shorter"),
        ({"BitsAllocated": 16, "BitsStored": 16}, "shorter"),
        ({"SegmentationType": "FRACTIONAL", "MaximumFractionalValue": 1}, "contradict"),
        ({"SegmentationType": "OTHER"}, "readable"),
        ({"SegmentSequence": []}, "no segment"),
        ({"SegmentSequence": [item(SegmentNumber=1), item(SegmentNumber=1)]}, "one number"),
        ({"SegmentSequence": [item(SegmentNumber=2)]}, "does not name"),
        ({"PerFrameFunctionalGroupsSequence": []}, "incomplete"),
        ({"Rows": 60000, "Columns": 60000}, "believable"),
    ],
)
def test_that_contradictions_are_one_sentence(tmp_path: Path, facts: dict[str, object], words: str) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    series = only(tmp_path / "ct")
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(speckle(1), where(series, 0))], **facts)
    with pytest.raises(UnreadableImage, match=words):
        placed(path, series)


def test_that_a_fraction_of_nothing_is_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    frame = Drawn(speckle(1), where(only(tmp_path / "ct"), 0))
    path = write_seg_frames(tmp_path / "s.dcm", [frame], kind="FRACTIONAL", MaximumFractionalValue=0)
    with pytest.raises(UnreadableImage, match="means a whole"):
        read_segmentation(path)


def test_that_reading_can_be_cancelled(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=2)
    path = write_seg_frames(tmp_path / "s.dcm", [Drawn(speckle(1), where(only(tmp_path / "ct"), 0))])
    context = TaskContext()
    context.cancel()
    with pytest.raises(Exception, match="Cancelled"):
        read_segmentation(path, context)
