"""The bundled ``brain-mr`` keeps what its card promises, on a real head and one it has not learned from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from medviewer import paths
from medviewer.ai.brain_labels import joint_names
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.findings import ResultState
from medviewer.ai.request import Request
from medviewer.ai.runner import analyze, load_network, self_test
from medviewer.dicom.load import load_series
from medviewer.dicom.scan import scan
from medviewer.tasks import TaskContext
from medviewer.training import brain_evaluation, brain_mr
from medviewer.training.brain_maps import read_maps
from medviewer.training.brain_scan import THIN_MM
from medviewer.training.brain_split import TEST, TRAINING
from medviewer.training.splits import read_split


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    folder = paths.models() / brain_mr.ID
    if not (folder / "card.json").is_file():
        pytest.skip("models/brain-mr is not on the shelf yet: its training has not ended")
    return Bundle(folder, load_card(folder / "card.json"))


def test_the_bundle_is_whole_and_small(shipped: Bundle) -> None:
    verify(shipped)
    assert "hash right" in self_test(shipped)
    assert shipped.weights_path.stat().st_size < 8_000_000
    assert shipped.card.network.classes == joint_names()
    assert (shipped.folder / "README.md").is_file()
    split = read_split(shipped.folder / "split.json")
    assert not set(split.parts[TEST]) & set(split.parts[TRAINING])


def test_the_card_names_the_data_of_every_figure(shipped: Bundle) -> None:
    figures = shipped.card.metrics
    assert all(figure.data and figure.cases for figure in figures)
    by_name = {figure.name: figure for figure in figures}
    mean = by_name["Mean Dice over the listed structures"]
    assert mean.range is not None
    assert mean.range[0] <= mean.value <= mean.range[1]


def test_a_head_it_never_saw(shipped: Bundle, shared_data: Path) -> None:
    """One contrast of one held-out head comes near to the mean of all that the card tells."""
    name = sorted(read_split(shipped.folder / "split.json").parts[TEST])[0]
    maps = read_maps(shared_data / "training" / "brain_labelmaps", [name])
    ask = brain_evaluation.ask_with(load_network(shipped, torch.device("cpu")))
    (row,) = brain_evaluation.map_rows(ask, maps, [brain_evaluation.FIRST_SEED], THIN_MM)
    mean = next(m for m in shipped.card.metrics if m.name == "Mean Dice over the listed structures")
    assert sum(row.dice.values()) / len(row.dice) > mean.value - 0.15
    assert min(row.dice.values()) > 0.3


def test_a_real_head_gets_a_plausible_brain_with_its_sides(shipped: Bundle, shared_data: Path) -> None:
    series = scan([shared_data / "studies" / "mr_brain_t1_studyforrest"], TaskContext()).all_series()[0]
    volume = load_series(series, TaskContext())
    result = analyze(Request(shipped, series, "1", volume, device="cpu", patient_age="047Y"), TaskContext())
    assert result.state is ResultState.FINDINGS
    told = {f.label: {m.name: m.value for m in f.measurements} for f in result.findings}
    assert 900 < told["Ventricle-to-brain ratio"]["Brain tissue"] < 1700
    assert 0.3 < told["Ventricle-to-brain ratio"]["Ventricle-to-brain ratio"] < 8
    for name in ("Cerebral cortex", "Cerebral white matter", "Thalamus", "Cerebellum"):
        assert abs(told[name]["Asymmetry (left − right) ÷ mean"]) < 20
