"""The recipe of the left ventricle in little: the publisher's patients, the middle of each picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from medviewer import paths
from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.training import cardiac_mr
from medviewer.training.__main__ import main
from medviewer.training.cardiac_mr import FIELD, SIZE
from medviewer.training.pngs import BadData, read_labels
from medviewer.training.splits import read_split
from tests.conftest import ExpectLog
from tests.training.chest_sets import save
from tests.training.steps import two_steps_change_every_weight

PATIENTS = {"Train": 7, "Test": 11}
EACH = 4
"""Pictures of a patient; the quick evaluation takes every fortieth of those to measure on."""
EDGE = (FIELD - SIZE) // 2


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of the real one's form: the cavity is a bright box on dark ground."""
    folder = tmp_path / "data" / "training" / "cardiac_sunnybrook"
    first = 1
    for part, count in PATIENTS.items():
        for patient in range(first, first + count):
            for k in range(EACH):
                mask = np.zeros((FIELD, FIELD), bool)
                mask[100 + patient : 150, 110 : 140 + 4 * k] = True
                name = f"Part{patient % 2}/SC-N-{patient}-IM-0001-{k:04d}.dcm.png"
                save(folder / part / "Images" / name, np.where(mask, 210, 30).astype(np.uint8))
                save(folder / part / "Labels" / name, mask.astype(np.uint8) * 255)
        first += count
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(cardiac_mr, "PICTURES", {part: count * EACH for part, count in PATIENTS.items()})
    return folder


@pytest.mark.parametrize(
    ("name", "patient"),
    [
        ("SC-HF-I-10-IM-0001-0128.dcm.png", "SC-HF-I-10"),
        ("SC-HF-NI-03-IM-1.png", "SC-HF-NI-03"),
        ("SC-N-5-IM-0001-0020.dcm.png", "SC-N-5"),
    ],
)
def test_the_patient_is_named_by_the_file(name: str, patient: str) -> None:
    assert cardiac_mr.patient_of(Path("Images") / name) == patient


@pytest.mark.parametrize("name", ["heart.png", "IM-0001-0128.dcm.png", "XSC-N-5-IM-1.png", "SC-N-5.png"])
def test_a_file_that_names_no_patient_is_refused(name: str) -> None:
    with pytest.raises(BadData, match="names no patient") as caught:
        cardiac_mr.patient_of(Path(name))
    assert caught.value.hint


def test_a_picture_lies_under_its_mask_to_the_pixel(data: Path) -> None:
    found = cardiac_mr.pictures("Train")
    assert found.values.shape == found.masks.shape == (PATIENTS["Train"] * EACH, SIZE, SIZE)
    assert np.array_equal(found.values > 0.5, found.masks > 0)
    assert set(np.unique(found.masks)) == {0, 1}
    assert found.known.all()
    # And it is the middle of the field, whose first pixel is the field's 56th.
    one = found.where(found.patients == "SC-N-1")
    rows, columns = np.nonzero(one.masks[0])
    assert (rows.min(), rows.max()) == (101 - EDGE, 149 - EDGE)
    assert (columns.min(), columns.max()) == (110 - EDGE, 139 - EDGE)


def test_no_patient_is_on_two_sides(data: Path) -> None:
    task = cardiac_mr.task(False)
    learned, validated = set(task.train.patients), set(task.validation.patients)
    tested = set(cardiac_mr.pictures("Test").patients)
    assert not learned & validated
    assert not (learned | validated) & tested
    assert len(learned | validated) == PATIENTS["Train"]
    assert len(validated) == 1  # 0.15 of seven
    assert len(task.train) == (PATIENTS["Train"] - 1) * EACH


def test_a_batch_is_that_of_its_seed_and_step(data: Path) -> None:
    first, again = (cardiac_mr.task(True).batch(1, np.random.default_rng([1, 1])) for _ in range(2))
    assert [part.shape for part in first] == [(2, 1, SIZE, SIZE)] * 3
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))


def test_two_steps_of_the_quick_task_change_every_weight(data: Path, tmp_path: Path) -> None:
    two_steps_change_every_weight(cardiac_mr, tmp_path / "work")


def test_quick_training_makes_a_bundle_with_figures_and_its_split(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    work = ["--work", str(tmp_path / "work"), "--steps", "1"]
    assert main(["cardiac-mr", "--quick", "--out", str(out), *work]) == 0
    card = load_card(out / "card.json")
    verify(Bundle(out, card))
    assert "Dice, left ventricle cavity" in {metric.name for metric in card.metrics}
    assert {metric.data for metric in card.metrics} == {"2 test patients of cardiac_sunnybrook"}
    assert set(cardiac_mr.task(False).validation.patients) == read_split(out / "split.json").part(
        "validation"
    )


def test_a_single_picture_is_measured_too(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "bundle"
    cardiac_mr.write_card(out, cardiac_mr.task(True).network(), quick=True)
    first = cardiac_mr.files("Test")[:1]
    monkeypatch.setattr(cardiac_mr, "files", lambda part: first)
    (section,) = cardiac_mr.evaluate(Bundle(out, load_card(out / "card.json")), quick=True).sections
    assert {m.data for m in section.metrics} == {"1 test patients of cardiac_sunnybrook"}
    assert section.agreements == ()


def test_the_area_is_the_pixels_of_the_cavity() -> None:
    mask = np.zeros((1, 9, 9), bool)
    assert cardiac_mr.area(mask) == 0
    mask[0, 2:5, 3:7] = True
    assert cardiac_mr.area(mask) == 12


def test_a_set_that_is_not_whole_is_one_sentence(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outline = sorted((data / "Train" / "Labels").rglob("*.png"))[0]
    outline.unlink()
    with pytest.raises(BadData, match=rf"1 of 28 outlines .* missing, '{outline.name}' first") as caught:
        cardiac_mr.task(True)
    assert caught.value.hint
    sorted((data / "Train" / "Images").rglob("*.png"))[5].unlink()
    with pytest.raises(BadData, match="holds 27 pictures; 28 were expected") as caught:
        cardiac_mr.task(True)
    assert caught.value.hint
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path / "elsewhere"))
    with pytest.raises(BadData, match="'Train' is not there") as caught:
        cardiac_mr.files("Train")
    assert "MEDVIEWER_DATA" in caught.value.hint


def test_that_the_command_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: ExpectLog
) -> None:
    expected_log("'Train' is not there")
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path))
    assert main(["cardiac-mr", "--quick"]) == 3


def test_the_real_patients_are_the_publisher_s_and_the_shipped_split_theirs(shared_data: Path) -> None:
    """30 to learn from, 15 to measure on, none of them both (the README of the data set)."""
    learned, tested = (
        {cardiac_mr.patient_of(path) for path, _ in cardiac_mr.files(part)} for part in ("Train", "Test")
    )
    assert (len(learned), len(tested)) == (30, 15)
    assert not learned & tested
    shipped = read_split(paths.models() / "cardiac-mr" / "split.json")
    assert shipped.parts == cardiac_mr.split(np.array(sorted(learned))).parts


def test_the_real_cavity_lies_within_the_middle_that_is_kept(shared_data: Path) -> None:
    """What the crop leaves out could never be found. Every fifth outline."""
    for _, outline in cardiac_mr.files("Train")[::5] + cardiac_mr.files("Test")[::5]:
        mask = read_labels(outline) > 0
        assert mask.shape == (FIELD, FIELD)
        inside = mask[EDGE:-EDGE, EDGE:-EDGE]
        assert inside.sum() == mask.sum()
