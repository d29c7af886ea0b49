"""The bundled ``cxr-anatomy`` keeps what its card promises, on adults it has not learned from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.runner import load_network, self_test
from medviewer.training import pngs
from medviewer.training.cxr_anatomy import ratio
from medviewer.training.mask_metrics import dice
from medviewer.training.outline_evaluation import answer


@pytest.fixture(scope="module")
def shipped() -> Bundle:
    folder = paths.models() / "cxr-anatomy"
    return Bundle(folder, load_card(folder / "card.json"))


def test_the_bundle_is_whole_and_small(shipped: Bundle) -> None:
    verify(shipped)
    assert "hash right" in self_test(shipped)
    assert shipped.weights_path.stat().st_size < 8_000_000
    assert (shipped.folder / "README.md").is_file()


def test_the_card_names_the_data_of_every_figure_and_says_what_was_reached(shipped: Bundle) -> None:
    """The lungs' goal of 0.955 is a matter of the README; here stands what must not be lost again."""
    assert all(one.data and one.cases and one.range for one in shipped.card.metrics)
    of_all = {one.name: one.value for one in shipped.card.metrics if one.data.startswith("48 adults")}
    assert of_all["Dice, right lung"] >= 0.945
    assert of_all["Dice, left lung"] >= 0.945
    assert of_all["Dice, cardiomediastinum"] >= 0.90
    assert of_all["absolute error, cardiothoracic ratio"] <= 0.03


def test_adults_it_never_saw(shipped: Bundle, shared_data: Path) -> None:
    """Every eighth of those that the card's figures come from."""
    network = load_network(shipped, torch.device("cpu"))
    folder = shared_data / "evaluation" / "cxr_adult"
    overlaps, errors = [], []
    for row in pngs.read_table(folder / "index.csv", ("image", "mask"))[::8]:
        bits = pngs.read_labels(folder / row["mask"])
        truth = np.stack([bits & bit > 0 for bit in (1, 2, 4)])
        said = answer(network, pngs.read_grey(folder / row["image"]), shipped.card.input.steps)
        overlaps.append([dice(a, b) for a, b in zip(said, truth, strict=True)])
        errors.append(abs(ratio(said) - ratio(truth)))
    assert np.mean(overlaps, axis=0) == pytest.approx([0.95, 0.95, 0.90], abs=0.03)
    assert np.mean(errors) < 0.05
