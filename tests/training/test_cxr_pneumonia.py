"""The classifier's recipe from end to end in little, on drawn pictures; on the real data where they are."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from medviewer.ai.card import load_card
from medviewer.ai.catalog import Bundle, verify
from medviewer.ai.runner import load_network
from medviewer.ai.steps import apply_steps
from medviewer.training import cxr_pneumonia, cxr_pneumonia_28, pngs
from medviewer.training.__main__ import main
from medviewer.training.pngs import BadData
from medviewer.training.splits import read_split
from tests.conftest import ExpectLog

COUNT = 240


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data set of the real one's form: 240 pictures of 120 patients, "pneumonia" is a bright patch."""
    folder = tmp_path / "data" / "training" / "cxr_paediatric"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(0)
    rows = [("image", "label", "patient")]
    for k in range(COUNT):
        sick = k % 4 > 0
        picture = rng.normal(90, 12, (40, 52))
        if sick:
            picture[10:25, 8:22] += 60
        rows.append((f"{k}.png", ("viral" if k % 2 else "bacterial") if sick else "normal", f"p{k // 2}"))
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / "images" / f"{k}.png")
    with (folder / "mapping.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows(rows)
    small = tmp_path / "data" / "training" / "pneumoniamnist"
    small.mkdir()
    arrays = {}
    for part, count in (("train", 40), ("val", 30), ("test", 30)):
        labels = (np.arange(count) % 4 > 0).astype(np.uint8)[:, None]
        arrays[f"{part}_images"] = (rng.random((count, 28, 28)) * 100 + 100 * labels[:, :, None]).astype(
            np.uint8
        )
        arrays[f"{part}_labels"] = labels
    np.savez(small / "pneumoniamnist.npz", **arrays)
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(cxr_pneumonia, "IMAGES", COUNT)
    monkeypatch.setattr(cxr_pneumonia_28, "COUNTS", {"train": 40, "val": 30, "test": 30})
    return folder


def test_that_quick_training_makes_a_calibrated_bundle(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    work = ["--work", str(tmp_path / "work")]
    assert main(["cxr-pneumonia", "--quick", "--out", str(out), *work]) == 0
    card = load_card(out / "card.json")
    verify(Bundle(out, card))
    assert card.calibration is not None
    assert card.conformal is not None
    assert card.label("pneumonia").threshold is not None
    assert {"AUC", "ECE", "recall", "specificity"} <= {metric.name for metric in card.metrics}
    assert any(p.threshold == card.labels[0].threshold for p in card.operating_points)
    assert json.loads((out / "report.json").read_text(encoding="utf-8"))["sections"][0]["roc"]
    split = read_split(out / "split.json")
    assert set(split.parts) == {"train", "validation", "calibration", "test"}
    small = ["cxr-pneumonia-28", "--quick", "--out", str(out / "mnist28"), "--work", str(tmp_path / "work28")]
    assert main(small) == 0
    assert main(["evaluate", "cxr-pneumonia", "--quick", "--bundle", str(out), "--write"]) == 0
    figures = load_card(out / "card.json").metrics
    assert {metric.data for metric in figures if "PneumoniaMNIST" in metric.data} == {cxr_pneumonia_28.DATA}


def test_that_training_and_reading_prepare_a_picture_alike(data: Path) -> None:
    grey = pngs.read_grey(data / "images" / "3.png")
    prepared = pngs.prepared(grey, cxr_pneumonia.STEPS)
    assert prepared.shape == (224, 224)
    # The same picture as a 12-bit detector would store it.
    stored = apply_steps(grey.astype(np.uint16) * 16, cxr_pneumonia.STEPS)
    assert np.allclose(prepared, stored, atol=2e-3)


def test_that_no_patient_is_on_two_sides(data: Path) -> None:
    table = cxr_pneumonia.rows()
    split = cxr_pneumonia.split(table)
    seen = [set(cxr_pneumonia.pictures(table, split.part(name)).patients) for name in split.parts]
    assert sum(len(part) for part in seen) == COUNT // 2
    assert len(set().union(*seen)) == COUNT // 2


def test_that_no_picture_of_the_real_data_is_under_two_patients(shared_data: Path) -> None:
    folder = shared_data / "training" / "cxr_paediatric" / "images"
    owners: dict[str, set[str]] = {}
    for row in cxr_pneumonia.rows():
        digest = hashlib.sha256((folder / row["image"]).read_bytes()).hexdigest()
        owners.setdefault(digest, set()).add(row["patient"])
    assert len(owners) < cxr_pneumonia.IMAGES  # there are copies, but within patients
    assert not [patients for patients in owners.values() if len(patients) > 1]


def test_that_missing_pictures_stop_the_training_with_a_sentence(data: Path, tmp_path: Path) -> None:
    for k in range(0, COUNT, 3):
        (data / "images" / f"{k}.png").unlink()
    with pytest.raises(BadData, match="pictures of the data set are missing"):
        cxr_pneumonia.task(False)
    table = (data / "mapping.csv").read_text(encoding="utf-8").splitlines()
    (data / "mapping.csv").write_text("\n".join(table[:100]), encoding="utf-8")
    with pytest.raises(BadData, match="holds 99 pictures; 240 were expected"):
        cxr_pneumonia.task(False)


def test_that_the_command_line_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, expected_log: ExpectLog
) -> None:
    expected_log("The data set 'cxr_paediatric' is not there")
    monkeypatch.setenv("MEDVIEWER_DATA", str(tmp_path))
    assert main(["cxr-pneumonia", "--quick"]) == 3


def test_that_a_batch_holds_both_classes_equally_and_is_that_of_its_step(data: Path) -> None:
    task = cxr_pneumonia.task(True)
    values, classes = task.batch(0, np.random.default_rng([1, 0]))
    assert values.shape == (8, 1, 224, 224)
    again = task.batch(0, np.random.default_rng([1, 0]))
    assert torch.equal(values, again[0])
    many = np.concatenate([task.batch(k, np.random.default_rng([1, k]))[1].numpy() for k in range(40)])
    assert 0.4 < many.mean() < 0.6
    assert classes.dtype == torch.int64


def test_the_shipped_model_on_real_children_it_never_saw(shared_data: Path) -> None:
    from medviewer import paths
    from medviewer.training.metrics import auc
    from medviewer.training.picture_evaluation import scores

    folder = paths.models() / "cxr-pneumonia"
    if not (folder / "card.json").is_file():
        pytest.skip("cxr-pneumonia is not on the shelf")
    bundle = Bundle(folder, load_card(folder / "card.json"))
    table = cxr_pneumonia.rows()
    test = read_split(folder / "split.json").part("test")
    some = cxr_pneumonia.pictures(table, test, most=120)
    assert not set(some.patients) & read_split(folder / "split.json").part("train")
    found = scores(load_network(bundle, torch.device("cpu")), some)
    assert auc(found.margin, found.truth) > 0.97
