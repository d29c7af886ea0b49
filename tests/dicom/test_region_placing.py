"""Regions of a report lie where their numbers say, on the image of their plane, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from medviewer.dicom.objects.region_placing import RegionPlacer, largest, lines_of
from medviewer.dicom.objects.report_regions import Region
from medviewer.dicom.objects.seg_file import ALL_FRAMES
from medviewer.dicom.study import Series
from tests.dicom.scanned import only
from tests.factories import make_ct_series, make_x_ray

TILTED = (1.0, 0.0, 0.0, 0.0, 0.8, 0.6)


def series_of(folder: Path, orientation: tuple[float, ...] = ()) -> Series:
    make_ct_series(
        folder, slices=5, spacing=(0.8, 0.5), **({"orientation": orientation} if orientation else {})
    )  # type: ignore[arg-type]
    return only(folder)


def in_space(series: Series, kind: str, voxels: list[list[float]], frame: str = "") -> Region:
    """A region by voxel indices: (slice, row, column), whole numbers being centres."""
    assert series.geometry is not None
    points: NDArray[np.float64] = series.geometry.position(voxels)
    return Region(kind, "Image Region", points, None, frame or series.frame_of_reference_uid)


@pytest.mark.parametrize("orientation", [(), TILTED])
def test_that_an_ellipse_in_the_patient_is_the_same_ellipse_on_its_image(
    tmp_path: Path, orientation: tuple[float, ...]
) -> None:
    series = series_of(tmp_path, orientation)
    ends = [[3.0, 8, 2], [3, 8, 8], [3, 5, 5], [3, 11, 5]]
    (part,) = RegionPlacer(series).place(in_space(series, "ELLIPSE", ends))
    assert (part.index, part.line.closed) == (3, True)
    x, y = (part.line.points - [5.5, 8.5]).T
    np.testing.assert_allclose((x / 3) ** 2 + (y / 3) ** 2, 1, atol=1e-3)


def test_that_points_of_a_set_lie_each_on_its_own_image(tmp_path: Path) -> None:
    series = series_of(tmp_path)
    found = RegionPlacer(series).place(in_space(series, "MULTIPOINT", [[1, 2, 3], [4, 5, 6]]))
    assert [part.index for part in found] == [1, 4]
    np.testing.assert_allclose(found[1].line.points, [[6.5, 5.5]], atol=1e-4)
    assert largest(lines_of(found)) == 1


def test_that_half_way_between_is_the_nearer_image_and_beyond_is_none(tmp_path: Path) -> None:
    series = series_of(tmp_path)
    placer = RegionPlacer(series)
    (near,) = placer.place(in_space(series, "POINT", [[2.4, 3, 3]]))
    assert near.index == 2
    assert placer.place(in_space(series, "POINT", [[5.2, 3, 3]])) == []
    assert list(placer.notices(0)) == ["1 region has no image of this series at its place: not drawn."]


def test_that_an_ellipsoid_is_told_and_not_drawn(tmp_path: Path) -> None:
    series = series_of(tmp_path)
    placer = RegionPlacer(series)
    assert placer.place(in_space(series, "ELLIPSOID", [[2, 3, k] for k in range(6)])) == []
    (told,) = placer.notices(0)
    assert "ellipsoid" in told


def test_that_another_frame_of_reference_or_image_is_not_here(tmp_path: Path) -> None:
    series = series_of(tmp_path)
    placer = RegionPlacer(series)
    assert placer.place(in_space(series, "POINT", [[2, 3, 3]], "1.2.3")) == []
    point = np.array([[3.0, 3.0]])
    uid = series.instances[2].sop_uid
    for name in (("1.2.3", ALL_FRAMES), (uid, 98)):
        assert placer.place(Region("POINT", "", point, name)) == []
    assert placer.place(Region("POINT", "", point, (uid, 0)))[0].index == 2
    assert list(placer.notices(0)) == []


def test_that_a_projection_has_points_on_it_and_none_in_the_patient(tmp_path: Path) -> None:
    make_x_ray(tmp_path / "cr.dcm", np.full((8, 8), 7, np.uint8))
    series = only(tmp_path)
    placer = RegionPlacer(series)
    name = (series.instances[0].sop_uid, ALL_FRAMES)
    (part,) = placer.place(Region("POLYLINE", "", np.array([[0.0, 0.0], [4.0, 4.0]]), name))
    np.testing.assert_array_equal(part.line.points, [[0, 0], [4, 4]])
    assert part.scale is not None
    assert part.scale.label == "mm at detector"
    deep = Region("POINT", "", np.zeros((1, 3)), None, series.frame_of_reference_uid or "1.2.3")
    assert placer.place(deep) == []
