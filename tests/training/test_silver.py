"""Silver masks find the lungs of a synthetic chest, and agree between two kernels of one real scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from medviewer.errors import NoGeometry, NotSuitable
from medviewer.imaging.volume import Geometry, Unit, Volume
from medviewer.training.mask_metrics import dice
from medviewer.training.phantom import Phantom, Variation, make_phantom
from medviewer.training.silver import silver_lungs


@pytest.fixture(scope="module")
def healthy() -> Phantom:
    return make_phantom(
        12,
        slices=56,
        size=208,
        spacing_mm=(5.0, 1.8, 1.8),
        variation=Variation(lesions=False, contrast=False),
    )


def test_lungs_and_airway_of_a_synthetic_chest(healthy: Phantom) -> None:
    found = silver_lungs(healthy.volume)
    for side in ("right_lung", "left_lung"):
        assert dice(found[side], healthy.masks[side]) > 0.95, side
    assert not (found["right_lung"] & found["left_lung"]).any()
    airway = healthy.masks["trachea"]
    lungs = found["right_lung"] | found["left_lung"]
    assert (lungs & airway).sum() < 0.15 * airway.sum()
    assert dice(found["trachea"], airway) > 0.6


def test_stored_feet_last_or_turned_the_masks_stay_on_their_voxels(healthy: Phantom) -> None:
    straight = silver_lungs(healthy.volume)
    geometry = healthy.volume.require_geometry()
    flip = np.diag([-1.0, 1.0, -1.0, 1.0])
    flip[0, 3], flip[2, 3] = healthy.volume.shape[0] - 1, healthy.volume.shape[2] - 1
    turned = Volume(healthy.volume.voxels[::-1, :, ::-1], Geometry(geometry.affine @ flip), Unit.HU)
    found = silver_lungs(turned)
    for side in ("right_lung", "left_lung"):
        assert dice(found[side][::-1, :, ::-1], straight[side]) > 0.999, side


def test_a_block_without_lungs_is_refused() -> None:
    geometry = Geometry.from_planes((0, 0, 0), (1, 0, 0, 0, 1, 0), (2.0, 2.0), (0, 0, 5.0))
    solid = np.full((12, 64, 64), -1000, np.int16)
    solid[:, 8:-8, 8:-8] = 40
    with pytest.raises(NotSuitable):
        silver_lungs(Volume(solid, geometry, Unit.HU))
    with pytest.raises(NoGeometry):
        silver_lungs(Volume(solid, None, Unit.HU))


def test_two_kernels_of_one_patient_give_one_volume(shared_data: Path) -> None:
    from medviewer.training.lung_evaluation import real_scans

    volumes = []
    for _, load in real_scans(shared_data / "studies" / "ct_chest_A0002"):
        volume = load()
        masks = silver_lungs(volume)
        ml = volume.require_geometry().voxel_ml
        volumes.append([masks[side].sum() * ml for side in ("right_lung", "left_lung")])
    assert len(volumes) == 2
    assert np.allclose(volumes[0], volumes[1], rtol=0.01)
    assert 1000 < volumes[0][0] < volumes[0][1] < 1800
