"""Small data sets of the real ones' form: chests of boxes, dark lungs in a bright body.

Every edge lies on an even pixel, so that nothing is lost where pictures of 512 become the network's 256.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bool2 = NDArray[np.bool_]

HEART = [(180.0, 260.0), (260.0, 260.0), (260.0, 360.0), (180.0, 360.0)]
"""Four points (x, y) between the lungs of an adult."""


def two_lungs(rows: int = 512, columns: int = 400) -> tuple[Bool2, Bool2]:
    """(right, left): the patient's right lies on the picture's left, and is the larger."""
    right, left = np.zeros((rows, columns), bool), np.zeros((rows, columns), bool)
    right[rows // 8 * 2 : rows // 8 * 6, columns // 20 * 2 : columns // 20 * 8] = True
    left[rows // 8 * 2 : rows // 8 * 5, columns // 20 * 12 : columns // 20 * 17] = True
    return right, left


def grey_of(lungs: Bool2) -> NDArray[np.uint8]:
    """The picture of such lungs: 40 inside, 200 outside."""
    return np.where(lungs, 40, 200).astype(np.uint8)


def save(path: Path, picture: NDArray[np.uint8]) -> Path:
    """Write a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(path)
    return path


def write_table(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    """Write a CSV file whose columns are those of the first row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def write_adults(root: Path, patients: Sequence[str]) -> Path:
    """A picture of two lungs for each patient named; returns the folder. Picture k is ``k.png``."""
    folder = root / "training" / "cxr_adult_ccby"
    both = np.logical_or(*two_lungs())
    rows = []
    for k, patient in enumerate(patients):
        save(folder / f"{k}.png", grey_of(both))
        save(folder / f"{k}_lungs.png", both.astype(np.uint8) * 255)
        names = {"image": f"{k}.png", "lungs": f"{k}_lungs.png", "patient": patient}
        rows.append(names | {"view": "PA", "licence": "CC BY 4.0"})
    write_table(folder / "index.csv", rows)
    return folder


def write_children(root: Path, shapes: Sequence[tuple[int, int, int]]) -> Path:
    """A picture of 224 x 224 for each (true width, true height, use for segmentation); returns the folder.

    One strip beside the left lung is marked to be ignored (127). Child k has the patient "c<k>".
    """
    folder = root / "training" / "cxr_paediatric"
    right, left = two_lungs(224, 224)
    mask = np.where(right | left, 255, 0).astype(np.uint8)
    mask[200:216, 120:200] = 127
    rows = []
    for k, (width, height, use) in enumerate(shapes):
        save(folder / "images" / "train" / f"{k}.png", grey_of(right | left))
        save(folder / "masks" / "train" / f"{k}.png", mask)
        names = {"image": f"train/{k}.png", "patient": f"c{k}", "v7_mask": f"{k}.png"}
        rows.append(names | {"mask_w": width, "mask_h": height, "use_for_segmentation": use})
    write_table(folder / "mapping.csv", rows)
    return folder


def write_test_adults(root: Path, count: int) -> Path:
    """The evaluation's form: masks as bits 1 right lung, 2 left lung, 4 heart; returns the folder."""
    folder = root / "evaluation" / "cxr_adult"
    right, left = two_lungs()
    heart = np.zeros(right.shape, bool)
    heart[260:360, 180:260] = True
    bits = right * np.uint8(1) | left * np.uint8(2) | heart * np.uint8(4)
    rows = []
    for k in range(count):
        save(folder / f"e{k}.png", grey_of(right | left))
        save(folder / f"e{k}_mask.png", bits.astype(np.uint8))
        rows.append({"image": f"e{k}.png", "mask": f"e{k}_mask.png"})
    write_table(folder / "index.csv", rows)
    return folder
