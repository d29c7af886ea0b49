"""``cxr-pneumonia``: pneumonia yes or no on a child's frontal chest X-ray, as a calibrated probability.

The images are Kermany's (Mendeley rscbjbr9sj, CC BY 4.0), 224 x 224, dealt anew by patient: the publisher's
parts share patient numbers. The 28 x 28 variant for the published table is
:mod:`medviewer.training.cxr_pneumonia_28`; its figures stand on this card too.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from medviewer.ai.card import ModelCard, load_card
from medviewer.ai.catalog import Bundle
from medviewer.ai.runner import load_network
from medviewer.ai.steps import Step
from medviewer.training import bundle as bundles
from medviewer.training import cxr_pneumonia_card as texts
from medviewer.training import folders, pngs
from medviewer.training.augment import Change
from medviewer.training.loop import Plan
from medviewer.training.picture_evaluation import calibrate, scores, section
from medviewer.training.picture_task import Pictures, PictureTask
from medviewer.training.report import Report, Section
from medviewer.training.splits import FILE, Split, read_split, split_patients, write_split

ID = "cxr-pneumonia"
OUTPUTS = ("normal", "pneumonia")
NETWORK = "picture_classifier"
NETWORK_ARGS: dict[str, Any] = {
    "inputs": 1,
    "outputs": 2,
    "widths": [24, 48, 96, 160],
    "blocks": [1, 2, 2, 1],
    "halvings": 2,
    "dropout": 0.2,
}
SIZE = 224
SMALL_FOLDER = "mnist28"
"""Where the 28 x 28 variant lies, inside this model's folder."""
STEPS = (
    Step("present"),
    Step("clean"),
    Step("resize_area", {"size": [SIZE, SIZE]}),
    Step("scale_percentiles", {"low": 0.5, "high": 99.5}),
)
SHARES = {"train": 0.68, "validation": 0.07, "calibration": 0.10, "test": 0.15}
SPLIT_SEED = 4
IMAGES = 5840
SAME_PATIENT = {"NORMAL2-IM-0096": "NORMAL2-IM-0095"}
"""Two numbers whose pictures are equal to the last bit: one patient (a test looks for more)."""
_QUICK = 48
"""Pictures of a part in a quick run."""

Rows = list[dict[str, str]]


def rows() -> Rows:
    """The table of the data set. Raises :class:`~medviewer.training.pngs.BadData` where it is not whole."""
    found = pngs.read_table(_folder() / "mapping.csv", ("image", "label", "patient"))
    pngs.require_count("pictures", len(found), IMAGES)
    return [{**row, "patient": SAME_PATIENT.get(row["patient"], row["patient"])} for row in found]


def split(table: Rows) -> Split:
    """The patients dealt to the four parts."""
    patients = (row["patient"] for row in table)
    return split_patients(patients, SHARES, SPLIT_SEED, "cxr_paediatric/mapping.csv, column patient")


def pictures(table: Rows, wanted: frozenset[str], most: int | None = None) -> Pictures:
    """Every prepared picture of the patients wanted (about ``most`` of them, spread over the table)."""
    own = [row for row in table if row["patient"] in wanted]
    if most is not None:
        own = own[:: max(1, len(own) // most)][:most]
    files = [_folder() / "images" / row["image"] for row in own]
    values = pngs.read_all(files, partial(pngs.prepared, steps=STEPS))
    classes = np.array([row["label"] != "normal" for row in own], np.int64)
    return Pictures(values, classes, np.array([row["patient"] for row in own]))


def task(quick: bool) -> PictureTask:
    """What is learned at 224 x 224."""
    table = rows()
    parts, most = split(table), _QUICK if quick else None
    train, validation = (pictures(table, parts.part(name), most) for name in ("train", "validation"))
    how = Change(turn_degrees=6, scale=0.10, shift=0.04)
    size = 8 if quick else 32
    return PictureTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, train, validation, batch_size=size, how=how)


def plan(quick: bool) -> Plan:
    """How long: about a quarter of an hour on two idle cores."""
    if quick:
        return Plan(steps=6, warmup=2, evaluate_every=3, checkpoint_every=3)
    return Plan(
        steps=1500,
        rate=2e-3,
        warmup=200,
        weight_decay=2e-2,
        average=0.999,
        evaluate_every=250,
        checkpoint_every=50,
        threads=2,
    )


def write_card(folder: Path, network: nn.Module, quick: bool) -> ModelCard:
    """Weights, split and card, calibrated on the calibration patients; without figures."""
    table = rows()
    parts, most = split(table), _QUICK if quick else None
    found = scores(network, pictures(table, parts.part("calibration"), most))
    data = f"{len(parts.part('calibration'))} patients of cxr_paediatric, neither trained nor reported on"
    seconds = bundles.seconds_per_run(network, 1, 1, SIZE, SIZE, exact=True, quick=quick)
    said = texts.card(
        calibrate(found, data), NETWORK, NETWORK_ARGS, OUTPUTS, SIZE, STEPS, len(parts.part("train")), seconds
    )
    folder.mkdir(parents=True, exist_ok=True)
    write_split(folder / FILE, parts)
    return bundles.write_bundle(folder, network, said)


def evaluate(bundle: Bundle, quick: bool) -> Report:
    """The test patients of the split beside the card, and the 28 x 28 variant where it lies beside it."""
    network = load_network(bundle, torch.device("cpu"))
    table, parts = rows(), read_split(bundle.folder / FILE)
    tested = pictures(table, parts.part("test"), _QUICK if quick else None)
    data = f"{len(set(tested.patients))} held-out patients of cxr_paediatric"
    rounds = 20 if quick else 1000
    made, points = section(bundle.card, scores(network, tested), "Held-out patients, 224 x 224", data, rounds)
    small = bundle.folder / SMALL_FOLDER
    beside = _small_sections(small, quick) if (small / bundles.CARD).is_file() else ()
    return Report(bundle.card.id, bundle.card.version, (made, *beside), points)


def _small_sections(folder: Path, quick: bool) -> tuple[Section, ...]:
    from medviewer.training import cxr_pneumonia_28

    return cxr_pneumonia_28.evaluate(Bundle(folder, load_card(folder / bundles.CARD)), quick).sections


def _folder() -> Path:
    return pngs.require_folder(folders.data() / "training" / "cxr_paediatric")
