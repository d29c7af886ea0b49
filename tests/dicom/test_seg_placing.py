"""Segments lie on the voxels they were drawn on: by position, orientation and spacing, never by number."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.objects.seg import Algorithm, write_seg
from medviewer.dicom.objects.seg_file import read_segmentation
from medviewer.dicom.objects.seg_placing import CUT, NEAREST, PlacedSegments, place_segments, plan
from medviewer.dicom.study import Series, SeriesIssue
from medviewer.errors import UnreadableImage
from medviewer.imaging.volume import Mask
from tests.dicom.foreign_makers import Drawn, write_seg_frames
from tests.dicom.scanned import only
from tests.factories import AXIAL, make_ct_series

ROWS, COLUMNS = 16, 12
OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)


def placed(path: Path, series: Series) -> PlacedSegments:
    seg = read_segmentation(path)
    return place_segments(seg, series, plan(seg, series))


def speckle(seed: int, shape: tuple[int, int] = (ROWS, COLUMNS)) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random(shape) > 0.6


def where(series: Series, index: int) -> tuple[float, float, float]:
    position = series.instances[index].position
    assert position is not None
    return position


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


def test_that_what_was_drawn_on_images_that_are_not_open_lies_on_no_others(tmp_path: Path) -> None:
    """Drawn on the first and last of six images, of which four are open: not on those between."""
    make_ct_series(tmp_path / "ct", slices=6)
    whole = only(tmp_path / "ct")
    drawn = [Drawn(speckle(k), where(whole, k), images=(whole.instances[k].sop_uid,)) for k in (0, 5)]
    path = write_seg_frames(tmp_path / "seg.dcm", drawn)
    for image in whole.instances[4:]:
        image.path.unlink()
    part = only(tmp_path / "ct")
    found = placed(path, part)
    ((_, mask),) = found.segments
    assert [bool(mask.slice(k).any()) for k in range(4)] == [True, False, False, False]
    assert found.notices == ("1 of 2 outlines have no image of this series at their place.",)


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


@pytest.mark.parametrize("number", [None, 3])
def test_that_a_multi_frame_image_may_be_named_with_or_without_its_frame(
    tmp_path: Path, number: int | None
) -> None:
    """Without a number all frames are meant (PS3.3 10.3), and the place tells which one it is."""
    make_ct_series(tmp_path / "ct", slices=5)
    single = only(tmp_path / "ct")
    frames = tuple(replace(i, sop_uid="1.2.3", frame=k, frames=5) for k, i in enumerate(single.instances))
    series = replace(single, instances=frames)
    path = write_seg_frames(tmp_path / "seg.dcm", [Drawn(speckle(1), where(series, 2), images=("1.2.3",))])
    if number is not None:
        ds = pydicom.dcmread(path)
        group = ds.PerFrameFunctionalGroupsSequence[0]
        group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber = number
        ds.save_as(path)
    ((_, mask),) = placed(path, series).segments
    assert mask.slice_range == (2, 2)
    np.testing.assert_array_equal(mask.slice(2), speckle(1))
