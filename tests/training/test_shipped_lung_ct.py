"""The bundled ``lung-ct`` keeps what its card promises, on a patient and a chest it has not learned from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.runner import load_network, self_test
from medviewer.training.lung_evaluation import phantom_row, real_rows, real_scans
from medviewer.training.phantom import make_phantom


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
    overlap = [figure for figure in figures if figure.name.startswith("Dice")]
    assert len(overlap) == 4
    assert all(figure.range is not None and figure.range[0] >= 0.97 for figure in overlap)


def test_a_synthetic_chest_it_never_saw(net: nn.Module) -> None:
    row = phantom_row(net, make_phantom(105, slices=44, size=256, spacing_mm=(6.5, 1.4, 1.4)), "105")
    assert min(row.dice.values()) > 0.97
    assert row.consolidation is not None
    assert row.by_threshold is not None
    assert row.consolidation > 0.95
    assert row.consolidation > row.by_threshold


def test_a_patient_it_never_saw(net: nn.Module, shared_data: Path) -> None:
    scans = real_scans(shared_data / "studies" / "ct_chest_A0002")
    (row,) = real_rows(net, scans[-1:])
    assert min(row.dice.values()) > 0.97
    assert max(abs(v) for v in row.volume_percent.values()) < 3.0
