"""Spacing by the table of PS3.3 10.7, ultrasound regions, letters of projections: told, or left out."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from medviewer.dicom.inplane import edge_letters, in_plane
from medviewer.dicom.load import load_series, read_slice
from medviewer.dicom.scan import scan
from medviewer.dicom.study import Series, SeriesIssue
from medviewer.errors import NoGeometry
from medviewer.imaging.inplane import InPlane
from medviewer.imaging.reslice import Letters, PlaneView
from tests.factories import make_ct_series, make_instance, save


def projection(folder: Path, modality: str = "DX", **facts: Any) -> Series:
    """A picture without a place in the patient."""
    ds = make_instance()
    ds.Modality = modality
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(ds, keyword)
    for keyword, value in facts.items():
        setattr(ds, keyword, value)
    (series,) = scan([save(ds, folder / "one.dcm")]).all_series()
    return series


def told(series: Series) -> tuple[tuple[float, float] | None, str]:
    """Pixel size and label as the view of the loaded picture tells them."""
    view = PlaneView.of(load_series(series))
    return view.pixel_mm, view.label(0)


@pytest.mark.parametrize(
    ("facts", "pair", "label"),
    [
        ({"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "mm at detector"),
        ({"PixelSpacing": [0.2, 0.1], "ImagerPixelSpacing": [0.3, 0.2]}, (0.2, 0.1), "mm (calibrated)"),
        ({"ImagerPixelSpacing": [0.3, 0.2]}, (0.3, 0.2), "mm at detector"),
        ({"PixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "mm (calibration unknown)"),
        ({"NominalScannedPixelSpacing": [0.2, 0.1]}, (0.2, 0.1), "mm (nominal)"),
        ({}, None, "mm"),
    ],
)
def test_spacing_and_its_label(
    tmp_path: Path, facts: dict[str, Any], pair: tuple[float, float] | None, label: str
) -> None:
    assert told(projection(tmp_path, **facts)) == (pair, label)


@pytest.mark.parametrize("kind", ["GEOMETRY", "FIDUCIAL"])
def test_the_kind_of_a_calibration_is_told(tmp_path: Path, kind: str) -> None:
    same = projection(
        tmp_path, PixelSpacing=[0.2, 0.1], ImagerPixelSpacing=[0.2, 0.1], PixelSpacingCalibrationType=kind
    )
    assert told(same) == ((0.2, 0.1), f"mm (calibrated: {kind})")


@pytest.mark.parametrize("wrong", [[0, 0.1], [-0.1, 0.1], [0.1]])
def test_an_invalid_spacing_is_no_spacing(tmp_path: Path, wrong: list[float]) -> None:
    series = projection(tmp_path, PixelSpacing=wrong, ImagerPixelSpacing=[0.2, 0.2])
    assert told(series)[0] is None
    assert PlaneView.of(load_series(series)).scale(0, [(0, 0, 0), (0, 1, 1)]) is None


def test_one_slice_alone_is_measured_as_in_its_series(tmp_path: Path) -> None:
    series = projection(tmp_path, ImagerPixelSpacing=[0.3, 0.2])
    assert PlaneView.of(read_slice(series, 0)).pixel_mm == (0.3, 0.2)


@pytest.mark.parametrize(
    ("edges", "letters"),
    [
        (("L", "F"), ("R", "L", "H", "F")),
        (("P", "FL"), ("A", "P", "HR", "FL")),
        (("A", "F"), ("P", "A", "H", "F")),
        (("", "F"), ()),
        (("L", "R"), ()),
        (("L", "L"), ()),
        (("LR", "F"), ()),
        (("X", "F"), ()),
        (("L",), ()),
        ((), ()),
    ],
)
def test_letters_by_patient_orientation(edges: tuple[str, ...], letters: tuple[str, ...]) -> None:
    assert edge_letters(edges) == letters


@pytest.mark.parametrize(
    ("edges", "letters"),
    [
        (("LE", "V"), ("RT", "LE", "D", "V")),
        (("CR", "V"), ("CD", "CR", "D", "V")),
        (("CDV", "LE"), ("CRD", "CDV", "RT", "LE")),
        (("DI", "PA"), ("PR", "DI", "D", "PA")),
        (("A", "F"), ()),
    ],
)
def test_letters_of_animals_are_their_own(edges: tuple[str, ...], letters: tuple[str, ...]) -> None:
    assert edge_letters(edges, quadruped=True) == letters


def test_letters_stand_at_the_edges_of_a_projection(tmp_path: Path) -> None:
    view = PlaneView.of(load_series(projection(tmp_path, PatientOrientation=["L", "F"])))
    assert view.letters() == Letters(left="R", right="L", top="H", bottom="F")


def test_a_projection_that_says_nothing_has_no_letters(tmp_path: Path) -> None:
    assert PlaneView.of(load_series(projection(tmp_path))).letters() is None


def test_letters_of_people_are_not_put_on_an_animal(tmp_path: Path) -> None:
    ds = make_instance()
    ds.AnatomicalOrientationType = "QUADRUPED"
    (series,) = scan([save(ds, tmp_path / "dog.dcm")]).all_series()
    assert PlaneView.of(load_series(series)).letters() is None


def region(box: tuple[int, int, int, int], units: int = 3, delta: float = 0.05, form: int = 1) -> Dataset:
    """A region of an ultrasound picture, 0.5 mm a pixel across and 1 mm down."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = form, 1, 0
    item.RegionLocationMinX0, item.RegionLocationMinY0 = box[:2]
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = box[2:]
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta, 2 * delta
    return item


def ultrasound(folder: Path, *regions: Dataset) -> InPlane:
    """What a picture with these regions tells of its plane."""
    sequence = Sequence(regions)
    series = projection(folder, "US", SequenceOfUltrasoundRegions=sequence, PixelSpacing=[9.0, 9.0])
    (own,) = in_plane(series)
    return own


def test_an_ultrasound_region_has_its_own_scale(tmp_path: Path) -> None:
    own = ultrasound(tmp_path, region((0, 0, 5, 7)), region((6, 0, 11, 7), delta=0.1))
    left, right = own.scale_at([(0, 0), (7, 5)]), own.scale_at([(0, 6), (7, 11)])
    assert left is not None
    assert right is not None
    assert (left.row_mm, left.column_mm) == pytest.approx((1.0, 0.5))
    assert (right.row_mm, right.column_mm) == pytest.approx((2.0, 1.0))


def test_nothing_is_measured_across_regions_or_out_of_them(tmp_path: Path) -> None:
    own = ultrasound(tmp_path, region((0, 0, 5, 7)), region((6, 0, 11, 7)))
    with pytest.raises(NoGeometry):
        own.scale_at([(0, 0), (0, 11)])
    with pytest.raises(NoGeometry):
        own.scale_at([(0, 0), (12, 0)])
    assert own.scale_at([(12, 0), (13, 5)]) is None


@pytest.mark.parametrize(("units", "delta", "form"), [(4, 0.05, 1), (3, 0.0, 1), (3, 0.05, 2)])
def test_time_and_velocity_are_no_lengths(tmp_path: Path, units: int, delta: float, form: int) -> None:
    own = ultrasound(tmp_path, region((0, 0, 11, 15), units, delta, form))
    assert own.scale_at([(0, 0), (7, 5)]) is None


def test_a_calibrated_region_is_not_told_as_missing_spacing(tmp_path: Path) -> None:
    known = projection(tmp_path / "1", "US", SequenceOfUltrasoundRegions=Sequence([region((0, 0, 5, 7))]))
    lost = projection(tmp_path / "2", "US", SequenceOfUltrasoundRegions=Sequence([region((0, 0, 5, 7), 4)]))
    assert SeriesIssue.NO_SPACING not in known.issues
    assert SeriesIssue.NO_SPACING in lost.issues


def test_letters_of_a_stack_that_is_no_volume_are_each_images_own(tmp_path: Path) -> None:
    """Tilted and uneven stacks have no geometry; the oracle is PS3.3 C.7.6.1.1.1 by hand."""
    c, s = math.cos(math.radians(15)), math.sin(math.radians(15))

    def tilted(ds: Dataset, k: int) -> None:
        ds.ImageOrientationPatient = [1, 0, 0, 0, round(c, 10), round(s, 10)]
        ds.ImagePositionPatient = [-10, -20, -30 + 2 * k]

    make_ct_series(tmp_path / "tilted", tweak=tilted)
    make_ct_series(tmp_path / "uneven")[4].unlink()
    for name, wanted in (("tilted", Letters("R", "L", "AF", "PH")), ("uneven", Letters("R", "L", "A", "P"))):
        (series,) = scan([tmp_path / name]).all_series()
        assert series.geometry is None
        view = PlaneView.of(load_series(series))
        assert {view.letters(k) for k in range(view.count)} == {wanted}


def test_the_place_of_an_image_goes_before_its_patient_orientation(tmp_path: Path) -> None:
    def tweak(ds: Dataset, _: int) -> None:
        ds.PatientOrientation = ["R", "A"]

    make_ct_series(tmp_path, tweak=tweak)[4].unlink()
    (series,) = scan([tmp_path]).all_series()
    assert PlaneView.of(load_series(series)).letters() == Letters("R", "L", "A", "P")


def test_the_gantry_tilt_of_a_real_scanner_has_letters(shared_data: Path) -> None:
    for series in scan([shared_data / "studies" / "ct_head_GE_gantrytilt"]).all_series():
        if SeriesIssue.TILTED in series.issues:
            assert all(plane.edges[:2] == ("R", "L") for plane in in_plane(series))
            return
    pytest.fail("no tilted series")
