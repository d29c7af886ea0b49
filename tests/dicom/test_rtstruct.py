"""Contours lie where their points are: as polygons, on the image whose plane holds them, or nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from medviewer.dicom.objects.contour_placing import PlacedStructures, area_px, place_structures
from medviewer.dicom.objects.rtstruct import read_structures
from medviewer.dicom.study import Series
from medviewer.errors import UnreadableImage
from tests.dicom.foreign_makers import contour, write_structures
from tests.dicom.scanned import only
from tests.factories import AXIAL, make_ct_series

OBLIQUE = (0.8, 0.6, 0.0, -0.48, 0.64, 0.6)
ANISOTROPIC = (0.8, 0.5)


def ring(
    series: Series, index: int, shift_mm: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(points in LPS mm, the same as x, y in edge coordinates) of seven corners on image ``index``."""
    image = series.instances[index]
    assert image.position is not None
    assert image.orientation is not None
    assert image.pixel_spacing is not None
    turns = np.arange(7) * 2 * np.pi / 7
    xy = np.stack([6.25 + 3 * np.cos(turns), 8.5 + 4 * np.sin(turns)], axis=1)
    along, down = np.array(image.orientation[:3]), np.array(image.orientation[3:])
    row_mm, column_mm = image.pixel_spacing
    points = (
        np.array(image.position) + (xy[:, :1] - 0.5) * column_mm * along + (xy[:, 1:] - 0.5) * row_mm * down
    )
    return points + shift_mm * np.cross(along, down), xy


def placed(path: Path, series: Series) -> PlacedStructures:
    return place_structures(read_structures(path), series)


def skewed(ds: Dataset, k: int) -> None:
    """A tilted gantry: every image is shifted against the one before."""
    ds.ImagePositionPatient = [-10.0, -20.0 + 0.7 * k, -30.0 + 2.0 * k]


@pytest.mark.parametrize(("orientation", "tweak"), [(AXIAL, None), (OBLIQUE, None), (AXIAL, skewed)])
def test_that_points_come_to_their_fractional_pixel(
    tmp_path: Path, orientation: tuple[float, ...], tweak: object
) -> None:
    make_ct_series(
        tmp_path / "ct",
        slices=5,
        orientation=orientation,
        spacing=ANISOTROPIC,
        step=2.0,
        tweak=tweak,  # type: ignore[arg-type]
    )
    series = only(tmp_path / "ct")
    rings = {k: ring(series, k, shift_mm=0.4 * (k - 2)) for k in (0, 2, 3)}
    contours = [contour(points) for points, _ in rings.values()]
    found = placed(write_structures(tmp_path / "rt.dcm", [("GTV-1", contours)], series), series)
    (roi,) = found.rois
    assert (roi.roi.name, roi.roi.maker, roi.roi.colour) == ("GTV-1", "manual", "#FF8000")
    assert sorted(roi.lines) == [0, 2, 3]
    for index, (line,) in roi.lines.items():
        np.testing.assert_allclose(line.points, rings[index][1], atol=1e-4)
        assert line.closed
    assert found.notices == ()


def test_that_the_image_of_the_largest_area_is_known(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=4, spacing=ANISOTROPIC)
    series = only(tmp_path / "ct")
    small, large = ring(series, 0)[0], ring(series, 2)[0]
    small = small.mean(axis=0) + 0.5 * (small - small.mean(axis=0))
    path = write_structures(tmp_path / "rt.dcm", [("A", [contour(small), contour(large)])], series)
    (roi,) = placed(path, series).rois
    assert roi.largest_slice == 2
    # A regular heptagon drawn out to half axes 3 and 4.
    assert area_px(roi.lines[2][0]) == pytest.approx(7 / 2 * np.sin(2 * np.pi / 7) * 12, rel=1e-4)
    assert area_px(roi.lines[0][0]) == pytest.approx(area_px(roi.lines[2][0]) / 4, rel=1e-4)


def test_that_every_kind_of_line_keeps_its_nature(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3, spacing=ANISOTROPIC)
    series = only(tmp_path / "ct")
    points, xy = ring(series, 1)
    contours = [
        contour(points, "CLOSEDPLANAR_XOR"),
        contour(points[:4], "OPEN_PLANAR"),
        contour(points[:1], "POINT"),
    ]
    (roi,) = placed(write_structures(tmp_path / "rt.dcm", [("A", contours)], series), series).rois
    closed, opened, point = roi.lines[1]
    assert (closed.closed, opened.closed, point.closed) == (True, False, False)
    np.testing.assert_allclose(point.points, xy[:1], atol=1e-4)
    assert area_px(opened) == area_px(point) == 0


def test_that_half_a_slice_is_the_limit(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3, step=2.0)
    series = only(tmp_path / "ct")
    last = ring(series, 0, shift_mm=0.9)[0], ring(series, 0, shift_mm=1.2)[0]
    path = write_structures(tmp_path / "rt.dcm", [("A", [contour(p) for p in last])], series)
    found = placed(path, series)
    assert {k: len(lines) for k, lines in found.rois[0].lines.items()} == {0: 1}
    assert found.notices == ("1 contour has no image of this series at its place: not drawn.",)


def test_that_a_contour_away_from_the_image_it_names_is_not_drawn(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=4)
    series = only(tmp_path / "ct")
    points = ring(series, 1)[0]
    right, wrong = (contour(points, images=[series.instances[k].sop_uid]) for k in (1, 3))
    found = placed(write_structures(tmp_path / "rt.dcm", [("A", [right, wrong])], series), series)
    assert {k: len(lines) for k, lines in found.rois[0].lines.items()} == {1: 1}
    assert found.notices == ("1 contour lies elsewhere than the images it names: not drawn.",)


def test_that_contours_across_the_images_are_not_drawn(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=5)
    series = only(tmp_path / "ct")
    flat = ring(series, 2)[0]
    steep = flat[:, [2, 1, 0]] - flat[:, [2, 1, 0]].mean(axis=0) + flat.mean(axis=0)
    found = placed(
        write_structures(
            tmp_path / "rt.dcm", [("A", [contour(flat), contour(steep), contour(steep)])], series
        ),
        series,
    )
    assert found.notices == ("2 contours are not parallel to the images: not drawn.",)


def test_that_another_frame_of_reference_is_not_drawn(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    path = write_structures(tmp_path / "rt.dcm", [("A", [contour(ring(series, 1)[0])])], series)
    ds = pydicom.dcmread(path)
    ds.StructureSetROISequence[0].ReferencedFrameOfReferenceUID = "1.2.3"
    ds.save_as(path)
    with pytest.raises(UnreadableImage, match="No contour"):
        placed(path, series)


@pytest.mark.parametrize(
    "data",
    [
        ["1", "2"],
        ["1", "2", "nan", "1", "2", "3", "4", "5", "6"],
        ["1", "2", "1e300", "1", "2", "3", "4", "5", "6"],
        ["1_0", "2", "3", "1", "2", "3", "4", "5", "6"],
        ["1", "2", "3"],
        [],
    ],
)
def test_that_numbers_that_make_no_contour_are_counted(tmp_path: Path, data: list[str]) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    bad = contour(np.zeros((1, 3)))
    bad.ContourGeometricType = "CLOSED_PLANAR"
    bad.ContourData = None
    path = write_structures(tmp_path / "rt.dcm", [("A", [contour(ring(series, 1)[0]), bad])], series)
    ds = pydicom.dcmread(path)
    item = ds.ROIContourSequence[0].ContourSequence[1]
    item.add_new(0x30060050, "UN", "\\".join(data).encode())
    ds.save_as(path)
    found = placed(path, series)
    assert found.placed == 1
    assert found.notices == ("1 contour is damaged (its numbers make no contour): not drawn.",)


def test_that_an_unknown_kind_of_contour_is_counted(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    points = ring(series, 1)[0]
    path = write_structures(
        tmp_path / "rt.dcm", [("A", [contour(points), contour(points, "CLOSED_NONPLANAR")])], series
    )
    assert read_structures(path).unusable == 1


def test_that_no_region_and_a_doubled_number_are_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    path = write_structures(tmp_path / "rt.dcm", [], series)
    with pytest.raises(UnreadableImage, match="no region"):
        read_structures(path)
    path = write_structures(tmp_path / "rt.dcm", [("A", []), ("B", [])], series)
    ds = pydicom.dcmread(path)
    ds.StructureSetROISequence[1].ROINumber = 1
    ds.save_as(path)
    with pytest.raises(UnreadableImage, match="one number"):
        read_structures(path)


def test_that_a_cut_file_is_refused(tmp_path: Path) -> None:
    make_ct_series(tmp_path / "ct", slices=3)
    series = only(tmp_path / "ct")
    path = write_structures(tmp_path / "rt.dcm", [("A", [contour(ring(series, 1)[0])])], series)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UnreadableImage):
        read_structures(path)


def test_that_a_real_structure_set_fits_its_image(shared_data: Path) -> None:
    """The contour of the body of a real plan: what is inside it is flesh, what is around it is air."""
    folder = shared_data / "objects" / "rt_dicompyler"
    series = only(folder / "ct.0.dcm")
    structures = read_structures(folder / "rtss.dcm")
    assert [roi.name for roi in structures.rois][:4] == ["BODY", "Areola", "Borders", "Breast"]
    assert sum(len(roi.contours) for roi in structures.rois) == 441
    found = place_structures(structures, series)
    assert {p.roi.name: len(p.lines.get(0, ())) for p in found.rois if p.lines} == {"BODY": 4}
    assert found.notices == ("437 contours have no image of this series at their place: not drawn.",)
    ds = pydicom.dcmread(folder / "ct.0.dcm")
    hu = ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
    body = next(p for p in found.rois if p.roi.name == "BODY")
    largest = max(body.lines[0], key=area_px).points.astype(float)
    middle = largest.mean(axis=0)
    inner, outer = (np.floor(middle + factor * (largest - middle)).astype(int) for factor in (0.97, 1.05))
    flesh, air = (np.median(hu[p[:, 1], p[:, 0]]) for p in (inner, outer))
    assert flesh > -200
    assert air < -800
