"""Where a voxel lies: equal to highdicom's transformer; and masks that keep their place when cropped."""

from __future__ import annotations

import numpy as np
import pytest
from highdicom.spatial import ImageToReferenceTransformer, PixelToReferenceTransformer
from hypothesis import given
from hypothesis import strategies as st

from medviewer.errors import NoGeometry
from medviewer.imaging.volume import Geometry, Mask, Volume

spacings = st.tuples(*(st.floats(0.1, 10) for _ in range(3)))


def plane(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random position and random right-angled direction cosines."""
    rng = np.random.default_rng(seed)
    frame, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return rng.uniform(-500, 500, 3), frame[:, :2].T.ravel()


class TestGeometry:
    @given(st.integers(0, 10_000), spacings)
    def test_that_positions_equal_highdicoms_on_any_orientation(self, seed, spacing):
        position, cosines = plane(seed)
        normal = np.cross(cosines[:3], cosines[3:])
        geometry = Geometry.from_planes(position, cosines, spacing[1:], normal * spacing[0])
        pixels = np.random.default_rng(seed).integers(0, 512, (20, 2))
        rows, columns = pixels[:, 1], pixels[:, 0]
        ours = geometry.position(np.stack([np.zeros(20), rows, columns], axis=1))
        whole = PixelToReferenceTransformer(position, cosines, spacing[1:])
        edges = ImageToReferenceTransformer(position, cosines, spacing[1:])
        assert np.abs(ours - whole(pixels)).max() < 1e-6
        assert np.abs(ours - edges(pixels + 0.5)).max() < 1e-6

    @given(st.integers(0, 10_000), spacings)
    def test_that_position_and_index_are_inverses(self, seed, spacing):
        position, cosines = plane(seed)
        normal = np.cross(cosines[:3], cosines[3:])
        geometry = Geometry.from_planes(position, cosines, spacing[1:], normal * spacing[0])
        index = np.random.default_rng(seed).uniform(-20, 600, (20, 3))
        assert np.abs(geometry.index(geometry.position(index)) - index).max() < 1e-6

    @pytest.mark.parametrize(
        "affine",
        [
            np.eye(3),
            np.full((4, 4), np.nan),
            np.diag([0.0, 1, 1, 1]),
            np.array([[1, 0.2, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]),
        ],
    )
    def test_that_a_broken_or_tilted_geometry_is_refused(self, affine):
        with pytest.raises(NoGeometry):
            Geometry(affine)

    def test_that_spacing_volume_and_grid_follow_the_affine(self):
        geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (0.8, 0.5), (0, 0, -2))
        assert geometry.spacing_mm == (2.0, 0.8, 0.5)
        assert geometry.voxel_ml == pytest.approx(0.0008)
        moved = Geometry.from_planes((0, 0, 0.01), (1, 0, 0, 0, 1, 0), (0.8, 0.5), (0, 0, -2))
        assert geometry.same_grid(geometry)
        assert not geometry.same_grid(moved)
        with pytest.raises(ValueError, match="read-only"):
            geometry.affine[0, 0] = 5


class TestVolume:
    def test_that_voxels_cannot_be_changed_through_it(self):
        volume = Volume(np.zeros((2, 3, 4), np.int16), None)
        with pytest.raises(ValueError, match="read-only"):
            volume.voxels[0, 0, 0] = 1

    def test_that_shape_leaves_out_the_colour(self):
        volume = Volume(np.zeros((2, 3, 4, 3), np.uint8), None)
        assert volume.shape == (2, 3, 4)
        assert volume.is_colour
        with pytest.raises(ValueError, match="axes"):
            Volume(np.zeros((3, 4)), None)

    def test_that_missing_geometry_is_said(self):
        with pytest.raises(NoGeometry, match="millimetres"):
            Volume(np.zeros((2, 3, 4)), None).require_geometry()


class TestMask:
    @given(st.integers(0, 10_000), st.floats(0, 0.3))
    def test_that_cropping_loses_nothing(self, seed, part):
        inside = np.random.default_rng(seed).random((5, 6, 7)) < part
        mask = Mask.from_full(1, "m", inside, None)
        assert (mask.full() == inside).all()
        assert mask.voxel_count == inside.sum()
        for index in range(5):
            assert (mask.slice(index) == inside[index]).all()

    def test_that_its_slices_are_known(self):
        inside = np.zeros((6, 4, 4), bool)
        inside[2, 0, 0] = inside[3, :2, :2] = inside[4, 1, 1] = True
        mask = Mask.from_full(1, "m", inside, None)
        assert mask.slice_range == (2, 4)
        assert mask.largest_slice == 3

    def test_that_an_empty_mask_has_no_slices(self):
        mask = Mask.from_full(1, "m", np.zeros((3, 3, 3)), None)
        assert mask.slice_range is None
        assert mask.largest_slice is None

    def test_that_a_box_outside_its_grid_is_refused(self):
        with pytest.raises(ValueError, match="grid"):
            Mask(1, "m", np.ones((2, 2, 2), bool), (2, 0, 0), (3, 3, 3), None)
