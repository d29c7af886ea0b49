"""The bundled ``lung-ct`` keeps what its card promises, on a patient and a chest it has not learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.runner import load_network, self_test
from medviewer.dicom.load import load_series
from medviewer.training.lung_evaluation import held_out_rows, phantom_row, segment
from medviewer.training.lung_real import boxed_scans
from medviewer.training.phantom import make_phantom
from medviewer.training.silver import silver_lungs


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    folder = paths.models() / "lung-ct"
    return Bundle(folder, load_card(folder / "card.json"))


@pytest.fixture(scope="module")
def net(shipped: Bundle) -> nn.Module:
    return load_network(shipped, torch.device("cpu"))


def test_the_bundle_is_whole_and_small(shipped: Bundle) -> None:
    verify(shipped)
    assert "hash right" in self_test(shipped)
    assert shipped.weights_path.stat().st_size < 8_000_000
    assert (shipped.folder / "README.md").is_file()


def test_the_card_names_the_data_of_every_figure_and_the_figures_reach_the_goal(shipped: Bundle) -> None:
    figures = shipped.card.metrics
    assert all(figure.data and figure.cases for figure in figures)
    overlap = {f.data: f for f in figures if f.name.startswith("Dice, left")}
    plain = next(figure for data, figure in overlap.items() if data.startswith("synthetic chests, seeds"))
    real = next(figure for data, figure in overlap.items() if data.endswith("silver masks"))
    for figure in (plain, real):
        assert figure.range is not None
        assert figure.range[0] >= 0.98
    for hard in ("effusion", "slices of", "cropped", "masses", "fat beside"):
        lefts = [figure.value for data, figure in overlap.items() if hard in data]
        assert len(lefts) == 1
        assert lefts[0] >= 0.97


def test_a_synthetic_chest_it_never_saw(net: nn.Module) -> None:
    row = phantom_row(net, make_phantom(105, slices=44, size=256, spacing_mm=(6.5, 1.4, 1.4)), "105")
    assert min(row.dice.values()) > 0.97
    assert row.consolidation is not None
    assert row.by_threshold is not None
    assert row.consolidation > 0.95
    assert row.consolidation > row.by_threshold


def test_a_patient_it_was_not_trained_on(net: nn.Module, shared_data: Path) -> None:
    """Outside the tumour's boxes, where the silver masks are right."""
    whole, outside = held_out_rows(net, shared_data / "studies" / "ct_chest_A0002")
    assert min(row.dice["left_lung"] for row in whole) > 0.985
    assert min(row.dice["right_lung"] for row in outside) > 0.98
    assert max(abs(v) for row in outside for v in row.volume_percent.values()) < 2.0


def test_the_dome_of_the_diaphragm_and_food_in_the_stomach_are_no_lung(
    net: nn.Module, shared_data: Path
) -> None:
    """A0002, images 23 and 24: 1.0.0 outlined both, 21 mL more than there is on image 23."""
    series, _ = boxed_scans(shared_data / "studies" / "ct_chest_A0002")[-1]
    volume = load_series(series)
    found, truth = segment(net, volume)[0]["left_lung"], silver_lungs(volume)["left_lung"]
    voxel_ml = volume.require_geometry().voxel_ml
    for image in (23, 24):
        more = np.count_nonzero(found[image - 1] & ~truth[image - 1]) * voxel_ml
        assert more < 4.0
