"""``cxr-pneumonia``: pneumonia yes or no on a child's frontal chest X-ray, as a calibrated probability.

The images are Kermany's (Mendeley rscbjbr9sj, CC BY 4.0), 224 x 224, dealt anew by patient: the publisher's parts
share patient numbers. The 28 x 28 variant (PneumoniaMNIST, official test part) lives in a folder of its own
beside the weights; it exists for the published table and is not on the shelf.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.steps import Step, apply_steps
from medviewer.training import folders, pngs
from medviewer.training.augment import Change
from medviewer.training.loop import Plan
from medviewer.training.picture_task import Pictures, PictureTask
from medviewer.training.splits import Split, split_patients

ID, SMALL_ID = "cxr-pneumonia", "cxr-pneumonia-28"
OUTPUTS = ("normal", "pneumonia")
NETWORK = "picture_classifier"
NETWORK_ARGS: dict[str, Any] = {
    "inputs": 1, "outputs": 2, "widths": [24, 48, 96, 160], "blocks": [1, 2, 2, 1], "halvings": 2, "dropout": 0.2,
}  # fmt: skip
SMALL_ARGS: dict[str, Any] = {
    "inputs": 1, "outputs": 2, "widths": [32, 64, 128], "blocks": [1, 1, 1], "halvings": 0, "dropout": 0.3,
}  # fmt: skip
SIZE = 224
STEPS = (
    Step("clean"),
    Step("resize_area", {"size": [SIZE, SIZE]}),
    Step("scale_percentiles", {"low": 0.5, "high": 99.5}),
)
SHARES = {"train": 0.68, "validation": 0.07, "calibration": 0.10, "test": 0.15}
SPLIT_SEED = 4
IMAGES = 5840


def rows() -> list[dict[str, str]]:
    """The table of the data set, every picture checked to be there."""
    folder = pngs.require_folder(folders.data() / "training" / "cxr_paediatric")
    found = pngs.read_table(folder / "mapping.csv", ("image", "label", "patient"))
    pngs.require_count("pictures", len(found), IMAGES)
    return found


def split(table: list[dict[str, str]]) -> Split:
    """The patients dealt to the four parts."""
    return split_patients((row["patient"] for row in table), SHARES, SPLIT_SEED, "cxr_paediatric/mapping.csv")


def pictures(part: str, table: list[dict[str, str]], most: int | None = None) -> Pictures:
    """Every prepared picture of the patients of one part (the first ``most``, spread over the table)."""
    wanted = split(table).part(part)
    own = [row for row in table if row["patient"] in wanted]
    if most is not None:
        own = own[:: max(1, len(own) // most)][:most]
    root = folders.data() / "training" / "cxr_paediatric" / "images"
    values = pngs.read_all([root / row["image"] for row in own], prepare)
    classes = np.array([row["label"] != "normal" for row in own], np.int64)
    return Pictures(values, classes, np.array([row["patient"] for row in own]))


def prepare(grey: NDArray[np.uint8]) -> NDArray[np.float16]:
    """A stored picture as the network sees it."""
    return apply_steps(grey, STEPS).astype(np.float16)


def task(quick: bool) -> PictureTask:
    """What is learned at 224 x 224."""
    table = rows()
    train, validation = (pictures(part, table, 48 if quick else None) for part in ("train", "validation"))
    how = Change(turn_degrees=6, scale=0.10, shift=0.04)
    return PictureTask(ID, NETWORK, NETWORK_ARGS, OUTPUTS, train, validation, 8 if quick else 32, how)


def plan(quick: bool) -> Plan:
    """How long."""
    if quick:
        return Plan(steps=6, warmup=2, evaluate_every=3, checkpoint_every=3)
    return Plan(
        steps=5000, rate=2e-3, warmup=200, weight_decay=2e-2, average=0.999, evaluate_every=250, checkpoint_every=50,
        minutes=55, threads=2,
    )  # fmt: skip


def small_pictures(part: str) -> Pictures:
    """A part ("train", "val", "test") of PneumoniaMNIST; it names no patients, so each picture is its own."""
    path: Path = folders.data() / "training" / "pneumoniamnist" / "pneumoniamnist.npz"
    stored = pngs.read_arrays(path, (f"{part}_images", f"{part}_labels"))
    values = np.stack([apply_steps(image, STEPS[2:]) for image in stored[f"{part}_images"]])
    classes = stored[f"{part}_labels"].reshape(-1).astype(np.int64)
    return Pictures(values.astype(np.float16), classes, np.arange(len(classes)).astype(str))
