"""Values of maps are the real-world ones of highdicom, to the last bit of what a float32 voxel holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.sr.coding import Code

from medviewer.dicom.load import load_series, read_slice, thumbnail
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series, SeriesIssue
from medviewer.imaging.measure import statistics
from medviewer.imaging.volume import Unit, Volume
from tests.dicom.maps import mapping, truth, write_map
from tests.factories import make_ct_series

RNG = np.random.default_rng(5)
FLOATS = (RNG.random((4, 16, 12)) * 3000).astype(np.float32)
WHOLE = RNG.integers(0, 256, (4, 16, 12)).astype(np.uint16)


def only(folder: Path) -> Series:
    found = scan([folder])
    assert found.unreadable == ()
    (series,) = found.all_series()
    return series


def in_file_order(series: Series, volume: Volume) -> np.ndarray:
    order = np.argsort([image.frame for image in series.instances])
    return np.asarray(volume.voxels[order])


@pytest.mark.parametrize("values", [FLOATS, FLOATS.astype(np.float64), WHOLE])
@pytest.mark.parametrize("rule", [(1.0, 0.0), (1e-6, 0.0), (0.1, -7.3), (-2.5, 1e5)])
def test_that_a_linear_map_holds_the_values_of_highdicom(
    tmp_path: Path, values: np.ndarray, rule: tuple[float, float]
) -> None:
    ends = (0.0, 4000.0) if values.dtype.kind == "f" else (0, 4000)
    mappings = [mapping(ends, slope=rule[0], intercept=rule[1])]
    path = write_map(tmp_path / "a.dcm", values, mappings)
    series = only(tmp_path)
    volume = load_series(series)
    expected = truth(path, mappings).astype(volume.voxels.dtype)
    np.testing.assert_array_equal(in_file_order(series, volume), expected)
    np.testing.assert_array_equal(read_slice(series, 2).voxels[0], volume.voxels[2])
    assert (volume.unit, volume.unit_label) == (Unit.RAW, "mm²/s")
    assert volume.quantity == series.quantity == "Apparent Diffusion Coefficient"
    assert series.is_map
    assert series.is_volume


def test_that_a_table_maps_every_stored_value(tmp_path: Path) -> None:
    mappings = [mapping((0, 255), lut_data=[float(k) ** 1.7 for k in range(256)])]
    path = write_map(tmp_path / "a.dcm", WHOLE, mappings)
    series = only(tmp_path)
    expected = truth(path, mappings).astype(np.float32)
    np.testing.assert_array_equal(in_file_order(series, load_series(series)), expected)
    assert series.instances[0].windows == ()


def test_that_each_frame_has_its_own_mapping(tmp_path: Path) -> None:
    each = [mapping((0, 255), slope=float(k + 1), intercept=float(-k)) for k in range(4)]
    path = write_map(tmp_path / "a.dcm", WHOLE, each)
    ds = pydicom.dcmread(path)
    shared = ds.SharedFunctionalGroupsSequence[0]
    if "RealWorldValueMappingSequence" in shared:
        del shared.RealWorldValueMappingSequence
    for group, item in zip(ds.PerFrameFunctionalGroupsSequence, each, strict=True):
        group.RealWorldValueMappingSequence = [item]
    ds.save_as(path)
    series = only(tmp_path)
    expected = truth(path, each).astype(np.float32)
    np.testing.assert_array_equal(in_file_order(series, load_series(series)), expected)


def test_that_what_the_mapping_leaves_out_has_no_value(tmp_path: Path) -> None:
    path = write_map(tmp_path / "a.dcm", WHOLE, [mapping((100, 200), slope=1.0, intercept=0.0)])
    series, stored = only(tmp_path), pydicom.dcmread(path).pixel_array
    voxels = in_file_order(series, load_series(series))
    np.testing.assert_array_equal(np.isnan(voxels), (stored < 100) | (stored > 200))


def test_that_the_windows_go_along_with_the_values(tmp_path: Path) -> None:
    """The grey of every pixel is the one the stored window gives to the stored value."""
    from medviewer.imaging.render import apply_window
    from medviewer.imaging.window import Window

    halved = [mapping((0, 255), slope=0.5, intercept=-10.0)]
    path = write_map(tmp_path / "a.dcm", WHOLE, halved, window=(120.0, 101.0))
    series = only(tmp_path)
    greys = apply_window(in_file_order(series, load_series(series)), series.instances[0].windows[0])
    expected = apply_window(pydicom.dcmread(path).pixel_array, Window(120.0, 101.0))
    assert np.abs(greys.astype(int) - expected).max() <= 1  # rounding of a half
    assert len(np.unique(greys)) > 50


def with_mapping(folder: Path, items: list[Dataset], **facts: object) -> Series:
    def tweak(ds: Dataset, _: int) -> None:
        ds.RealWorldValueMappingSequence = Sequence(items)
        for keyword, value in facts.items():
            setattr(ds, keyword, value)

    make_ct_series(folder, slices=3, tweak=tweak)
    return only(folder)


MR = {"Modality": "MR", "RescaleType": "US", "RescaleIntercept": 0}


def test_that_an_image_with_one_mapping_is_shown_in_it(tmp_path: Path) -> None:
    series = with_mapping(tmp_path, [mapping((0, 4095), slope=1e-6, intercept=0.0)], **MR)
    voxels = load_series(series).voxels
    np.testing.assert_array_equal(voxels[:, 0, 0], (np.array([102, 101, 100]) * 1e-6).astype(np.float32))
    assert (series.unit_label, series.quantity) == ("mm²/s", "Apparent Diffusion Coefficient")
    assert not series.is_map
    assert thumbnail(series, 96).ndim == 2


def test_that_of_several_mappings_of_an_image_none_is_chosen(tmp_path: Path) -> None:
    several = [mapping((0, 4095), slope=s, intercept=0.0) for s in (1e-6, 2.0)]
    series = with_mapping(tmp_path, several, **MR)
    assert load_series(series).voxels[0, 0, 0] == 102
    assert (series.unit_label, series.quantity) == ("", "")


def test_that_hounsfield_units_stay_what_they_are(tmp_path: Path) -> None:
    series = with_mapping(tmp_path, [mapping((0, 4095), slope=5.0, intercept=0.0)])
    assert series.unit is Unit.HU
    assert load_series(series).voxels[0, 0, 0] == 102 - 1024


def test_that_a_mapping_without_unit_changes_nothing_of_an_image(tmp_path: Path) -> None:
    bare = mapping((0, 4095), unit=Code("1", "UCUM", "no units"), slope=5.0, intercept=0.0)
    assert load_series(with_mapping(tmp_path, [bare], **MR)).voxels[0, 0, 0] == 102


@pytest.mark.parametrize(
    "damage",
    [
        {"RealWorldValueSlope": 0.0},
        {"RealWorldValueSlope": float("nan")},
        {"RealWorldValueLUTData": [1.0, 2.0]},
        {"RealWorldValueIntercept": float("inf")},
    ],
)
def test_that_a_mapping_without_sense_is_left_out(tmp_path: Path, damage: dict[str, object]) -> None:
    item = mapping((0, 4095), slope=5.0, intercept=0.0)
    for keyword, value in damage.items():
        setattr(item, keyword, value)
    assert load_series(with_mapping(tmp_path, [item], **MR)).voxels[0, 0, 0] == 102


def test_that_two_quantities_at_one_place_are_two_stacks(tmp_path: Path) -> None:
    def tweak(ds: Dataset, k: int) -> None:
        t1 = k % 2 == 1
        quantity = Code("113063", "DCM", "T1") if t1 else Code("113041", "DCM", "ADC")
        unit = Code("ms", "UCUM", "ms") if t1 else Code("mm2/s", "UCUM", "mm2/s")
        found = mapping((0, 4095), unit=unit, quantity=quantity, slope=1.0, intercept=0.0)
        ds.RealWorldValueMappingSequence = Sequence([found])
        ds.Modality, ds.RescaleType, ds.RescaleIntercept = "MR", "US", 0
        ds.ImagePositionPatient = [0, 0, 2.0 * (k // 2)]

    make_ct_series(tmp_path, slices=6, tweak=tweak)
    found = scan([tmp_path]).all_series()
    assert sorted((len(s.instances), s.quantity, s.unit_label) for s in found) == [
        (3, "ADC", "mm²/s"),
        (3, "T1", "ms"),
    ]


def test_that_images_with_and_without_a_mapping_are_no_one_stack(tmp_path: Path) -> None:
    """In one window the mapped ones, a million times smaller, would be black."""

    def tweak(ds: Dataset, k: int) -> None:
        ds.Modality, ds.RescaleType, ds.RescaleIntercept = "MR", "US", 0
        if k < 2:
            ds.RealWorldValueMappingSequence = Sequence([mapping((0, 4095), slope=1e-6, intercept=0.0)])

    make_ct_series(tmp_path, slices=5, tweak=tweak)
    found = scan([tmp_path]).all_series()
    assert sorted((len(s.instances), s.unit_label) for s in found) == [(2, "mm²/s"), (3, "")]
    assert all(SeriesIssue.MIXED_UNIT in s.issues for s in found)


def test_that_the_thumbnail_of_a_map_is_coloured(tmp_path: Path) -> None:
    write_map(tmp_path / "a.dcm", WHOLE, [mapping((0, 255), slope=1.0, intercept=0.0)])
    picture = thumbnail(only(tmp_path), 96)
    assert picture.shape == (16, 12, 3)
    assert (picture[..., 0] != picture[..., 1]).any()


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_that_padding_of_float_pixels_is_no_value(tmp_path: Path, kind: type) -> None:
    values = FLOATS.astype(kind)
    values[:, :4] = -0.1
    path = write_map(tmp_path / "a.dcm", values, [mapping((-1.0, 4000.0), slope=2.0, intercept=0.0)])
    ds = pydicom.dcmread(path)
    prefix = "Float" if kind is np.float32 else "DoubleFloat"
    setattr(ds, f"{prefix}PixelPaddingValue", -0.1)
    ds.save_as(path)
    volume = load_series(only(tmp_path))
    assert volume.padding is not None
    counted = statistics(volume.voxels, volume.padding)
    assert counted.count == FLOATS[:, 4:].size
    assert counted.minimum >= 0


def test_that_values_too_large_to_hold_are_infinite_not_an_error(tmp_path: Path) -> None:
    write_map(tmp_path / "a.dcm", FLOATS, [mapping((0.0, 4000.0), slope=1e306, intercept=0.0)])
    voxels = load_series(only(tmp_path)).voxels
    assert np.isinf(voxels).any()
