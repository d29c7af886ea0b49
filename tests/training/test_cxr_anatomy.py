"""The recipe of lungs and hearts in little: patients stay on one side, the ratio is that of boxes."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.training import chest_pictures, cxr_anatomy, pngs
from medviewer.training.__main__ import main
from medviewer.training.pngs import BadData
from medviewer.training.splits import read_split, split_patients
from tests.conftest import ExpectLog
from tests.training.chest_sets import HEART, write_adults, write_children, write_test_adults
from tests.training.steps import two_steps_change_every_weight

PATIENTS = [f"a{k // 2}" for k in range(8)]
"""Two pictures of each of four adults."""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data sets of the real ones' form; a heart was drawn on every picture of an adult but the last."""
    root = tmp_path / "data"
    write_adults(root, PATIENTS)
    write_children(root, [(1000, 1000, 1)] * 3)
    write_test_adults(root, 5)
    hearts = {f"{k}.png": HEART for k in range(len(PATIENTS) - 1)}
    monkeypatch.setattr(chest_pictures, "contours", lambda: hearts)
    monkeypatch.setenv("MEDVIEWER_DATA", str(root))
    return root


def test_no_adult_is_both_learned_from_and_validated_on_and_children_are_only_learned_from(
    data: Path,
) -> None:
    """The model is for adults; children only help it to learn what a lung is."""
    task = cxr_anatomy.task(False)
    learned, validated = set(task.train.patients), set(task.validation.patients)
    assert not learned & validated
    assert (learned | validated) - {"child c0", "child c1", "child c2"} == set(PATIENTS)
    assert not [patient for patient in validated if patient.startswith("child")]
    assert len(task.train) + len(task.validation) == len(PATIENTS) + 3
    assert len(task.validation) == 2  # both pictures of one adult


def test_a_batch_is_that_of_its_seed_and_step(data: Path) -> None:
    first, again = (cxr_anatomy.task(True).batch(1, np.random.default_rng([1, 1])) for _ in range(2))
    assert first[0].shape == (2, 1, 256, 256)
    assert first[1].shape == first[2].shape == (2, 3, 256, 256)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_two_steps_of_the_quick_task_change_every_weight(data: Path, tmp_path: Path) -> None:
    two_steps_change_every_weight(cxr_anatomy, tmp_path / "work")


def test_quick_training_makes_a_bundle_with_figures_and_its_split(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    work = ["--work", str(tmp_path / "work"), "--steps", "1"]
    assert main(["cxr-anatomy", "--quick", "--out", str(out), *work]) == 0
    card = load_card(out / "card.json")
    verify(Bundle(out, card))
    assert {"Dice, right lung", "Dice, left lung", "Dice, cardiomediastinum"} <= {
        m.name for m in card.metrics
    }
    everyone = "4 adults of evaluation/cxr_adult"
    others = "2 adults of evaluation/cxr_adult whose outlines gave no definition"
    assert {m.data for m in card.metrics} == {everyone, others}
    split = read_split(out / "split.json")
    assert set().union(*split.parts.values()) == set(PATIENTS)
    assert "agreements" in json.loads((out / "report.json").read_text(encoding="utf-8"))["sections"][0]


def test_a_single_adult_is_measured_too(data: Path, tmp_path: Path) -> None:
    write_test_adults(data, 1)
    out = tmp_path / "bundle"
    cxr_anatomy.write_card(out, cxr_anatomy.task(True).network(), quick=True)
    report = cxr_anatomy.evaluate(Bundle(out, load_card(out / "card.json")), quick=True)
    assert [section.title for section in report.sections] == ["Held-out adults"]
    assert report.sections[0].agreements == ()


def test_the_ratio_is_that_of_the_widths() -> None:
    right, left, heart = (np.zeros((40, 60), bool) for _ in range(3))
    right[5:30, 4:20], left[8:25, 36:54], heart[20:32, 22:42] = True, True, True
    assert cxr_anatomy.ratio(np.stack([right, left, heart])) == pytest.approx(20 / 50)
    nothing = np.zeros_like(heart)
    for lacking in ((nothing, left, heart), (right, nothing, heart), (right, left, nothing)):
        assert math.isnan(cxr_anatomy.ratio(np.stack(lacking)))


def test_a_missing_picture_stops_before_the_first_is_learned_from(data: Path) -> None:
    (data / "training" / "cxr_adult_ccby" / "5.png").unlink()
    with pytest.raises(BadData, match=r"1 of 16 pictures .* missing, '5\.png' first") as caught:
        cxr_anatomy.task(True)
    assert caught.value.hint


def test_that_the_command_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: ExpectLog
) -> None:
    expected_log("The data set 'cxr_adult_ccby' is not there")
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path))
    assert main(["cxr-anatomy", "--quick"]) == 3


def test_the_shipped_split_is_that_of_the_recipe(shared_data: Path) -> None:
    """All patients of the table are in one of its parts."""
    table = pngs.read_table(shared_data / "training" / "cxr_adult_ccby" / "index.csv", ("patient",))
    patients = [row["patient"] for row in table]
    made = split_patients(patients, cxr_anatomy.SHARES, cxr_anatomy.SPLIT_SEED)
    assert read_split(paths.models() / "cxr-anatomy" / "split.json").parts == made.parts


def test_no_picture_that_is_measured_on_was_learned_from(shared_data: Path) -> None:
    """By their grey values: names and compression may differ."""

    def digests(folder: Path) -> set[str]:
        table = pngs.read_table(folder / "index.csv", ("image",))
        return {hashlib.sha256(pngs.read_grey(folder / row["image"]).tobytes()).hexdigest() for row in table}

    learned = digests(shared_data / "training" / "cxr_adult_ccby")
    measured = digests(shared_data / "evaluation" / "cxr_adult")
    assert len(measured) == 48
    assert not learned & measured
