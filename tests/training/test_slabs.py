"""Thick slices are means over slabs that lie where they should."""

from __future__ import annotations

import numpy as np
import pytest

from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.training.slabs import slab_weights, thicken

GEOMETRY = Geometry.from_planes((-10, -20, 100), (1, 0, 0, 0, 1, 0), (1.5, 1.5), (0, 0, -2.0))


@pytest.mark.parametrize(
    ("thick", "offset", "slabs"), [(4.0, 0.0, 5), (5.0, 0.0, 4), (4.0, 1.0, 4), (3.0, 0.0, 6)]
)
def test_weights_sum_to_one_and_their_middle_is_the_slab_s(thick: float, offset: float, slabs: int) -> None:
    weights = slab_weights(10, 2.0, thick, offset)
    assert weights.shape == (slabs, 10)
    assert np.allclose(weights.sum(axis=1), 1, atol=1e-6)
    middles = weights @ (2.0 * np.arange(10) + 1.0)
    # Exact where a slab's edges fall on slices' edges; else a part of a slice counts with its middle.
    assert np.allclose(middles, offset + thick * (np.arange(slabs) + 0.5), atol=0.5)


def test_the_mean_and_the_majority_at_the_right_height() -> None:
    values = np.zeros((6, 2, 3), np.int16)
    values[:3] = -800
    mask = values == -800
    thick, made = thicken(Volume(values, GEOMETRY, Unit.HU), {"lung": mask}, 4.0)
    assert thick.voxels[:, 0, 0].tolist() == [-800, -400, 0]
    assert made["lung"][:, 0, 0].tolist() == [True, False, False]
    geometry = thick.require_geometry()
    assert geometry.spacing_mm == pytest.approx((4.0, 1.5, 1.5))
    assert geometry.position((0, 0, 0)) == pytest.approx((-10, -20, 99))
    assert geometry.position((2, 1, 2)) == pytest.approx((-7, -18.5, 91))


def test_a_volume_thinner_than_a_slab_is_refused() -> None:
    with pytest.raises(ValueError, match="thinner"):
        thicken(Volume(np.zeros((2, 2, 2), np.int16), GEOMETRY, Unit.HU), {}, 5.0)
