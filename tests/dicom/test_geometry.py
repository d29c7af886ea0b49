"""Positions equal highdicom's, whatever the orientation."""

from __future__ import annotations

from pathlib import Path

import highdicom as hd
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from medviewer.dicom.scan import scan
from medviewer.dicom.stack import normal, stack
from tests.factories import make_ct_series

angles = st.floats(-np.pi, np.pi)
lengths = st.floats(0.2, 5.0)
places = st.tuples(*[st.floats(-500, 500)] * 3)


def rotation(a: float, b: float, c: float) -> NDArray[np.float64]:
    x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return np.asarray(x @ y @ z)


@settings(max_examples=25, deadline=None)
@given(angles, angles, angles, lengths, lengths, lengths, places)
def test_positions_equal_highdicoms_transformer(  # noqa: PLR0917 - one argument for each strategy
    tmp_path_factory: object,
    a: float,
    b: float,
    c: float,
    row: float,
    column: float,
    step: float,
    first: tuple[float, float, float],
) -> None:
    turn = rotation(a, b, c)
    folder = Path(tmp_path_factory.mktemp("series"))  # type: ignore[attr-defined]
    make_ct_series(
        folder,
        slices=4,
        spacing=(round(row, 6), round(column, 6)),
        step=step,
        first=first,
        orientation=(*turn[:, 0], *turn[:, 1]),
    )
    (series,) = scan([folder]).all_series()
    assert series.geometry is not None
    points = np.array([[0.0, 0.0], [15.0, 11.0], [3.5, 7.25]])
    for k, instance in enumerate(series.instances):
        transformer = hd.spatial.ImageToReferenceTransformer(
            image_position=instance.position,
            image_orientation=instance.orientation,
            pixel_spacing=instance.pixel_spacing,
        )
        # highdicom's image coordinates are (column, row) with (0.5, 0.5) the centre of the first pixel.
        theirs = transformer(points[:, ::-1] + 0.5)
        ours = series.geometry.position(np.column_stack([np.full(3, k), points]))
        # The header holds positions to 1e-6 mm; the volume spreads that rounding evenly over its slices.
        assert np.abs(ours - theirs).max() < 2e-6
        np.testing.assert_allclose(series.geometry.index(ours)[:, 1:], points, atol=1e-6)


@given(angles, angles, angles)
def test_the_display_normal_is_a_unit_vector_across_the_plane(a: float, b: float, c: float) -> None:
    from dataclasses import replace

    from medviewer.dicom.study import Instance, PixelFormat

    turn = rotation(a, b, c)
    flat = tuple(float(x) for x in (*turn[:, 0], *turn[:, 1]))
    image = Instance(Path("a"), "1", "2", 4, 4, PixelFormat("1.2", 16, 16, True), orientation=flat)  # type: ignore[arg-type]
    along = normal(image)
    assert along is not None
    np.testing.assert_allclose(np.abs(along @ turn), [0, 0, 1], atol=1e-9)
    images = [replace(image, position=tuple(along * k), pixel_spacing=(1.0, 1.0)) for k in (2, 0, 1)]
    assert [i.position for i in stack(images, "", None).instances] == [tuple(along * k) for k in (0, 1, 2)]
