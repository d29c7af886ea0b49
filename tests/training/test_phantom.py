"""The synthetic chest is a chest: right numbers in the right places, the same for the same seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from medviewer.errors import Cancelled
from medviewer.tasks import TaskContext
from medviewer.training.phantom import LABELS, Phantom, Variation, make_phantom

SMALL = {"slices": 44, "size": 224, "spacing_mm": (6.5, 1.7, 1.7)}


@pytest.fixture(scope="module")
def chest() -> Phantom:
    return make_phantom(7, **SMALL)


def test_same_seed_same_voxels_whatever_the_threads() -> None:
    few = {"slices": 3, "size": 96, "spacing_mm": (40.0, 4.0, 4.0)}
    one, two, other = (
        make_phantom(3, workers=1, **few),
        make_phantom(3, workers=3, **few),
        make_phantom(4, **few),
    )
    assert np.array_equal(one.volume.voxels, two.volume.voxels)
    assert one.truth == two.truth
    assert not np.array_equal(one.volume.voxels, other.volume.voxels)


def test_every_region_is_there_and_the_truth_file_tells_its_volume(chest: Phantom) -> None:
    voxel_ml = 6.5 * 1.7 * 1.7 / 1000
    for name in LABELS:
        count = int(chest.masks[name].sum())
        assert count > 0, name
        assert chest.truth["regions"][name]["voxels"] == count
        assert chest.truth["regions"][name]["volume_ml"] == pytest.approx(count * voxel_ml, abs=1e-3)
    json.dumps(chest.truth)


def test_lungs_have_the_size_of_lungs_and_right_is_right(chest: Phantom) -> None:
    regions = chest.truth["regions"]
    assert 1000 < regions["right_lung"]["volume_ml"] < 4500
    assert 1000 < regions["left_lung"]["volume_ml"] < 4500
    assert regions["right_lung"]["centre_mm"][0] < -30 < 30 < regions["left_lung"]["centre_mm"][0]
    assert chest.truth["regions"]["trachea"]["centre_mm"][2] > regions["right_lung"]["centre_mm"][2]


def test_lungs_and_airway_do_not_overlap_and_disease_lies_inside_the_lungs(chest: Phantom) -> None:
    right, left, airway = (chest.masks[n] for n in ("right_lung", "left_lung", "trachea"))
    assert not (right & left).any()
    assert not ((right | left) & airway).any()
    for disease in ("emphysema", "consolidation", "nodule"):
        assert not (chest.masks[disease] & ~(right | left)).any(), disease


def test_grey_values_are_those_of_the_tissues(chest: Phantom) -> None:
    hu = chest.volume.voxels
    lung = chest.masks["right_lung"] | chest.masks["left_lung"]
    sick = chest.masks["consolidation"] | chest.masks["emphysema"] | chest.masks["nodule"]
    assert -920 < np.median(hu[lung & ~sick]) < -760
    assert np.median(hu[chest.masks["emphysema"]]) < -950
    assert -20 < np.median(hu[chest.masks["consolidation"]]) < 80
    assert np.median(hu[chest.masks["trachea"]]) < -940
    assert hu[:, :4].max() < -850  # air before the chest
    body = (hu > -150) & (hu < 120)
    assert 0.15 < np.mean(hu[body] < -60) < 0.75  # fat
    assert (hu > 300).sum() > 5000  # bone


def test_vessels_are_inside_the_lungs(chest: Phantom) -> None:
    lung = (chest.masks["right_lung"] | chest.masks["left_lung"]) & ~chest.masks["consolidation"]
    bright = np.mean(chest.volume.voxels[lung] > -500)
    assert 0.005 < bright < 0.15


def test_consolidation_touches_the_pleura(chest: Phantom) -> None:
    lung = chest.masks["right_lung"] | chest.masks["left_lung"]
    dense = chest.masks["consolidation"]
    beyond = np.zeros_like(dense)
    for axis in (1, 2):
        beyond |= np.roll(dense, 1, axis) | np.roll(dense, -1, axis)
    assert (beyond & ~lung).sum() > 20


def test_variation_fixes_contrast_and_disease() -> None:
    few = {"slices": 12, "size": 128, "spacing_mm": (20.0, 3.0, 3.0)}
    plain = make_phantom(5, variation=Variation(contrast=False, lesions=False, couch=False), **few)
    bright = make_phantom(5, variation=Variation(contrast=True, lesions=False), **few)
    assert not plain.masks["consolidation"].any()
    assert (bright.volume.voxels > 120).sum() > (plain.volume.voxels > 120).sum()
    assert bright.truth["contrast"] is True


def test_cancel_stops_the_drawing() -> None:
    context = TaskContext()
    context.cancel()
    with pytest.raises(Cancelled):
        make_phantom(1, context=context, **SMALL)


@pytest.mark.parametrize("wrong", [{"slices": 0}, {"size": 8}, {"spacing_mm": (5.0, 1.0, 2.0)}])
def test_a_grid_that_makes_no_picture_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="phantom"):
        make_phantom(1, **wrong)


def test_demo_study_reads_back_as_one_volume_with_its_truth(tmp_path: Path) -> None:
    from medviewer.dicom.load import load_series
    from medviewer.dicom.objects.seg import read_seg
    from medviewer.dicom.scan import scan
    from medviewer.training.demo import write_demo

    small = {"slices": 10, "size": 96, "spacing_mm": (28.0, 4.0, 4.0)}
    study = write_demo(tmp_path, seed=2, **small)
    truth = make_phantom(2, **small)
    series = scan([study.series_folder]).all_series()
    assert len(series) == 1
    assert series[0].is_volume
    assert not series[0].issues
    volume = load_series(series[0])
    drawn, geometry = truth.volume.require_geometry(), volume.require_geometry()
    downwards = -1 if geometry.position((1, 0, 0))[2] < geometry.position((0, 0, 0))[2] else 1
    assert np.array_equal(volume.voxels[::downwards], truth.volume.voxels)
    for corner in ((0, 0, 0), (9, 95, 95)):
        shown = corner if downwards == 1 else (9 - corner[0], *corner[1:])
        assert np.allclose(geometry.position(shown), drawn.position(corner), atol=1e-4)
    masks = {mask.name: mask for mask in read_seg(study.truth_seg, series[0])}
    for name in ("right_lung", "left_lung"):
        assert np.array_equal(masks[name].full()[::downwards], truth.masks[name])
    assert json.loads(study.truth_json.read_text(encoding="utf-8")) == truth.truth
