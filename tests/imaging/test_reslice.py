"""Planes are permutations: every pixel is one voxel, at its place in the patient, with the right letters."""

from __future__ import annotations

import numpy as np
import pytest
from highdicom.spatial import get_closest_patient_orientation
from hypothesis import given
from hypothesis import strategies as st

from medviewer.errors import NoGeometry
from medviewer.imaging.reslice import Letters, Plane, PlaneView, canonical_axial, letters
from medviewer.imaging.volume import Geometry, Mask

SHAPE = (5, 7, 9)
ANATOMIC = [Plane.AXIAL, Plane.CORONAL, Plane.SAGITTAL]


def rotation(seed: int) -> np.ndarray:
    """A random right-handed or left-handed orthonormal frame."""
    frame, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    return frame


def geometry(frame: np.ndarray, spacing=(3.0, 0.8, 0.5), origin=(11.0, -7.0, 30.0)) -> Geometry:
    affine = np.eye(4)
    affine[:3, :3] = frame * spacing
    affine[:3, 3] = origin
    return Geometry(affine)


HEAD_FIRST = geometry(np.array([[0, 0, 1.0], [0, 1, 0], [-1, 0, 0]]))
"""Axial slices from head to feet, rows to posterior, columns to left."""

views = st.builds(
    lambda seed, plane: PlaneView(SHAPE, geometry(rotation(seed)), plane),
    st.integers(0, 10_000),
    st.sampled_from(list(Plane)),
)


class TestLetters:
    @pytest.mark.parametrize(
        ("vector", "expected"),
        [
            ((1, 0, 0), "L"),
            ((-1, 0, 0), "R"),
            ((0, 1, 0), "P"),
            ((0, -1, 0), "A"),
            ((0, 0, 1), "H"),
            ((0, 0, -1), "F"),
            ((0.9, -0.4, 0.00001), "LA"),
            ((-0.3, 0.2, 0.93), "HRP"),
        ],
    )
    def test_that_the_strongest_direction_comes_first(self, vector, expected):
        assert letters(vector) == expected

    def test_that_head_first_axial_reads_as_every_radiologist_expects(self):
        assert PlaneView(SHAPE, HEAD_FIRST, Plane.NATIVE).letters() == Letters("R", "L", "A", "P")

    @pytest.mark.parametrize("frame", [np.eye(3)[list(p)] * s for p in [(2, 1, 0), (0, 2, 1), (1, 0, 2)]
                                       for s in [(1, 1, 1), (-1, 1, -1), (1, -1, 1)]])  # fmt: skip
    @pytest.mark.parametrize(
        ("plane", "expected"),
        [
            (Plane.AXIAL, Letters("R", "L", "A", "P")),
            (Plane.CORONAL, Letters("R", "L", "H", "F")),
            (Plane.SAGITTAL, Letters("A", "P", "H", "F")),
        ],
    )
    def test_that_a_plane_shows_the_same_edges_however_the_images_are_stored(self, frame, plane, expected):
        assert PlaneView(SHAPE, geometry(frame), plane).letters() == expected

    @given(st.integers(0, 10_000))
    def test_that_highdicom_names_the_same_directions(self, seed):
        known = geometry(rotation(seed))
        theirs = [axis.value for axis in get_closest_patient_orientation(known.affine)]
        best = [np.abs(known.directions[:, axis]).argmax() for axis in range(3)]
        ours = [letters(known.directions[:, axis])[0] for axis in range(3)]
        if sorted(best) == [0, 1, 2]:
            assert ours == theirs

    def test_that_without_geometry_no_letter_is_guessed(self):
        assert PlaneView(SHAPE, None).letters() is None


class TestPlaneView:
    @given(views, st.tuples(st.floats(-3, 12), st.floats(-3, 12), st.floats(-3, 12)))
    def test_that_voxel_and_display_coordinates_are_inverses(self, view, point):
        assert view.from_voxel(*view.to_voxel(*point)) == pytest.approx(point, abs=1e-12)
        assert view.to_voxel(*view.from_voxel(*point)) == pytest.approx(point, abs=1e-12)

    @given(views, st.data())
    def test_that_the_pixel_shown_is_the_voxel_named(self, view, data):
        voxels = np.arange(np.prod(SHAPE), dtype=np.int32).reshape(SHAPE)
        index = data.draw(st.integers(0, view.count - 1))
        row = data.draw(st.integers(0, view.shape[0] - 1))
        col = data.draw(st.integers(0, view.shape[1] - 1))
        voxel = tuple(int(x) for x in view.to_voxel(index, row, col))
        assert view.extract(voxels, index)[row, col] == voxels[voxel]

    @given(views, st.data())
    def test_that_every_pixel_of_a_picture_lies_where_it_is_stored(self, view, data):
        places = np.broadcast_to(
            np.arange(SHAPE[view.axes[0]]).reshape([-1 if k == view.axes[0] else 1 for k in range(3)]), SHAPE
        )
        index = data.draw(st.integers(0, view.count - 1))
        assert set(view.extract(places, index).ravel()) == {view.stored_index(index)}

    @given(views)
    def test_that_a_plane_is_a_view_not_a_copy(self, view):
        voxels = np.zeros(SHAPE, np.int16)
        assert np.shares_memory(view.extract(voxels, 0), voxels)

    @given(views, st.integers(0, 1000))
    def test_that_a_mask_lies_exactly_where_its_voxels_lie(self, view, seed):
        inside = np.random.default_rng(seed).random(SHAPE) < 0.02
        mask = Mask.from_full(1, "m", inside, view.geometry)
        for index in range(view.count):
            assert (view.extract_mask(mask, index) == view.extract(inside, index)).all()

    @given(views)
    def test_that_storing_undoes_orienting(self, view):
        voxels = np.arange(np.prod(SHAPE)).reshape(SHAPE)
        assert (view.stored(view.oriented(voxels)) == voxels).all()

    @given(views)
    def test_that_directions_and_spacing_agree_with_the_affine(self, view):
        step = view.directions() * [view.step_mm, *view.pixel_mm]
        start = view.geometry.position(view.to_voxel(0, 0, 0))
        for axis in range(3):
            along = view.geometry.position(view.to_voxel(*np.eye(3)[axis]))
            assert along - start == pytest.approx(step[:, axis], abs=1e-9)

    @given(st.integers(0, 10_000), st.sampled_from(ANATOMIC))
    def test_that_every_plane_of_an_oblique_volume_uses_each_axis_once(self, seed, plane):
        assert sorted(PlaneView(SHAPE, geometry(rotation(seed)), plane).axes) == [0, 1, 2]

    @pytest.mark.parametrize(
        ("plane", "lps"), [("axial", (0, 0, -1)), ("coronal", (0, 1, 0)), ("sagittal", (1, 0, 0))]
    )
    def test_that_pictures_are_counted_downwards_backwards_and_to_the_left(self, plane, lps):
        for flip in (1, -1):
            view = PlaneView(SHAPE, geometry(HEAD_FIRST.directions * [flip, 1, flip]), Plane(plane))
            assert view.directions()[:, 0] == pytest.approx(lps)

    def test_that_native_keeps_the_stored_order_whatever_the_geometry(self):
        view = PlaneView(SHAPE, geometry(rotation(4)), Plane.NATIVE)
        assert view.to_voxel(1, 2, 3) == (1, 2, 3)
        assert view.count == 5
        assert view.shape == (7, 9)

    def test_that_colour_keeps_its_channels(self):
        picture = PlaneView(SHAPE, HEAD_FIRST, Plane.CORONAL).extract(np.zeros((*SHAPE, 3), np.uint8), 0)
        assert picture.shape == (5, 9, 3)

    def test_that_planes_need_geometry(self):
        with pytest.raises(NoGeometry, match="coronal"):
            PlaneView(SHAPE, None, Plane.CORONAL)

    @pytest.mark.parametrize("index", [-1, 5])
    def test_that_a_picture_beyond_the_ends_is_refused(self, index):
        with pytest.raises(IndexError):
            PlaneView(SHAPE, None).extract(np.zeros(SHAPE), index)

    def test_that_another_grid_is_refused(self):
        view = PlaneView(SHAPE, None)
        with pytest.raises(ValueError, match="grid"):
            view.extract_mask(Mask.from_full(1, "m", np.ones((2, 2, 2)), None), 0)
        with pytest.raises(ValueError, match="volume"):
            view.extract(np.zeros((2, 2, 2)), 0)

    def test_that_models_see_every_scan_head_first(self):
        feet_first = geometry(HEAD_FIRST.directions * [-1, 1, -1])
        assert canonical_axial(SHAPE, feet_first).letters() == Letters("R", "L", "A", "P")
