"""Real studies: what the shelves of hospitals hold opens, in order, with its true values and place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - the name everyone knows

from medviewer.dicom.load import SeriesLoader, load_series, thumbnail
from medviewer.dicom.objects.seg import read_seg
from medviewer.dicom.scan import scan
from medviewer.dicom.study import SeriesIssue
from medviewer.imaging.volume import Unit


@pytest.mark.parametrize(
    ("study", "shape", "spacing", "kernels"),
    [
        ("ct_chest_A0001", (64, 512, 512), (5.0, 0.841796875, 0.841796875), ["L", "B"]),
        ("ct_chest_A0002", (30, 512, 512), (8.0, 0.646484375, 0.646484375), ["B70f", "B40f"]),
    ],
)
def test_chest_ct_in_two_kernels(
    shared_data: Path,
    study: str,
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    kernels: list[str],
) -> None:
    result = scan([shared_data / "studies" / study])
    assert len(result.patients) == 1
    series = result.all_series()
    assert [s.acquisition.kernel for s in series] == kernels
    for one in series:
        assert (one.is_volume, one.unit, one.issues) == (True, Unit.HU, frozenset())
        assert one.geometry is not None
        assert one.geometry.spacing_mm == pytest.approx(spacing, abs=1e-6)
        assert (len(one.instances), *one.size) == shape
    assert all(u.reason == "Not a DICOM file." for u in result.unreadable)


def test_values_equal_simpleitks(shared_data: Path) -> None:
    folder = shared_data / "studies" / "ct_chest_A0001" / "series3_5mm"
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    theirs = sitk.GetArrayFromImage(reader.Execute())
    (series,) = scan([folder]).all_series()
    np.testing.assert_array_equal(load_series(series).voxels, theirs[::-1])


def test_jpeg_ls_brain_of_384_slices(shared_data: Path) -> None:
    (series,) = scan([shared_data / "studies" / "mr_brain_t1_studyforrest"]).all_series()
    assert series.is_volume
    assert len(series.instances) == 384
    loader = SeriesLoader(series)
    volume = loader.load(first=200)
    assert loader.failed == {}
    path = series.instances[200].path
    np.testing.assert_array_equal(volume.voxels[200], sitk.GetArrayFromImage(sitk.ReadImage(str(path)))[0])


def test_a_tilted_head_is_no_volume(shared_data: Path) -> None:
    (series,) = scan([shared_data / "studies" / "ct_head_GE_gantrytilt"]).all_series()
    assert {SeriesIssue.TILTED, SeriesIssue.IRREGULAR_SPACING} <= series.issues
    assert series.geometry is None
    assert load_series(series).voxels.shape == (28, 512, 512)


def test_enhanced_multi_frame(shared_data: Path) -> None:
    result = scan([shared_data / "studies" / "mr_enhanced_multiframe"])
    found = {(s.number, s.description): s for s in result.all_series()}
    t1 = found[5, "anat-T1w_acq-tfl"]
    assert t1.is_volume
    assert t1.geometry is not None
    assert t1.geometry.spacing_mm == pytest.approx((2.0, 2.0, 2.0), abs=1e-4)
    assert load_series(t1).voxels.shape == (96, 128, 128)
    colour = found[22, "DWI_dir80_AP_ColFA"]
    assert load_series(colour).is_colour
    assert colour.is_volume
    film = next(s for s in result.all_series() if s.number == 3)
    assert (len(film.instances), film.geometry) == (19, None)


def test_every_other_kind_opens_with_a_picture(shared_data: Path) -> None:
    result = scan([shared_data / "studies" / "misc"])
    series = result.all_series()
    assert len(series) == 9
    assert len(result.patients) == len({p.key for p in result.patients})
    for one in series:
        loader = SeriesLoader(one)
        loader.load()
        assert loader.failed == {}, one.description
        picture = thumbnail(one, 96)
        assert max(picture.shape[:2]) <= 96
        assert picture.std() > 1, one.description
    kinds = {other.path.name: other.kind.code for other in result.objects}
    assert kinds["test_SR.dcm"] == "SR"


def test_published_segmentations_lie_on_their_images(shared_data: Path) -> None:
    folder = shared_data / "objects" / "dcmqi" / "segmentations"
    (series,) = scan([folder / "ct-3slice"]).all_series()
    masks = read_seg(folder / "liver.dcm", series)
    assert [m.voxel_count > 0 for m in masks] == [True]
    assert masks[0].shape == (3, 512, 512)
