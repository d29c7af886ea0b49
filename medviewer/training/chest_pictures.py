"""Frontal chest X-rays with their outlines: adults with lungs and hearts, children with lungs.

The lungs are V7's: each includes the part behind the heart. Their files hold both sides in one mask; the
side follows from the place (frontal pictures are stored as they are read: the patient's right on the left).
The hearts were drawn by this project on the CC BY pictures (``models/cxr-anatomy/heart_contours.json``).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 - the name its own documentation uses
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from medviewer import paths
from medviewer.ai.steps import pad_square, resize_area
from medviewer.training import folders, pngs
from medviewer.training.chest_steps import SIZE, STEPS
from medviewer.training.mask_task import IGNORE, Outlined

RIGHT, LEFT, HEART = 1, 2, 4
_CURVE = 12
"""Points of the curve between two drawn points."""
_SMALL = 0.1
"""A piece of a lung mask smaller than this share of the largest is a stray stroke."""


def adults(root: Path | None = None) -> Outlined:
    """The CC BY adults: lungs of all, hearts where drawn, 512 px scaled to the network's grid."""
    folder = pngs.require_folder((root or folders.data()) / "training" / "cxr_adult_ccby")
    table = pngs.read_table(folder / "index.csv", ("image", "lungs", "patient", "view", "licence"))
    pngs.require_files([folder / row[name] for row in table for name in ("image", "lungs")], "pictures")
    hearts = contours()
    parts = []
    for row in table:
        grey, lungs = pngs.read_grey(folder / row["image"]), pngs.read_labels(folder / row["lungs"]) > 127
        right, left = sides(lungs)
        masks = [right, left, filled(hearts.get(row["image"], ()), grey.shape)]
        parts.append((pngs.prepared(grey, STEPS), _masks(masks), row["image"] in hearts, row["patient"]))
    if not parts:
        raise pngs.BadData(_NONE)
    values, masks_, drawn, patients = zip(*parts, strict=True)
    known = np.array([[True, True, heart] for heart in drawn])
    weight = np.where(known[:, 2], 1.0, 0.3)
    return Outlined(np.stack(values), np.stack(masks_), known, np.array(patients), weight)


def children(most: int, root: Path | None = None) -> Outlined:
    """``most`` of the children with trustworthy lung masks, at their true aspect ratio; no hearts."""
    folder = pngs.require_folder((root or folders.data()) / "training" / "cxr_paediatric")
    columns = ("image", "patient", "v7_mask", "mask_w", "mask_h", "use_for_segmentation")
    table = [r for r in pngs.read_table(folder / "mapping.csv", columns) if r["use_for_segmentation"] == "1"]
    table = table[:: max(1, len(table) // most)][:most]
    parts = []
    for row in table:
        grey = pngs.read_grey(folder / "images" / row["image"])
        mask = pngs.read_labels(folder / "masks" / Path(row["image"]).with_suffix(".png"))
        ratio = int(row["mask_w"]) / int(row["mask_h"])
        size = (SIZE, round(SIZE * ratio)) if ratio < 1 else (round(SIZE / ratio), SIZE)
        right, left = sides(mask == 255)
        scaled = [resize_area(m.astype(np.float32), size) >= 0.5 for m in (right, left, mask == 127)]
        bits = _masks([scaled[0], scaled[1], np.zeros(size, bool)], ignored=scaled[2])
        parts.append((pngs.prepared(resize_area(grey.astype(np.float32), size), STEPS), bits, row["patient"]))
    if not parts:
        raise pngs.BadData(_NONE)
    values, masks, patients = zip(*parts, strict=True)
    known = np.tile(np.array([True, True, False]), (len(parts), 1))
    weight = np.full(len(parts), 45 / len(parts))
    named = np.array([f"child {patient}" for patient in patients])
    return Outlined(np.stack(values), np.stack(masks), known, named, weight)


_NONE = "The lists of chest pictures name none that may be used."


def contours() -> dict[str, list[tuple[float, float]]]:
    """Picture → drawn points (x, y) of the heart's outline."""
    path = paths.models() / "cxr-anatomy" / "heart_contours.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))["contours"]
        return {name: [(float(x), float(y)) for x, y in points] for name, points in data.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise pngs.BadData(
            "The drawn outlines of the hearts cannot be read.", "Get the project anew."
        ) from error


def filled(points: Sequence[tuple[float, float]], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The inside of the closed Catmull-Rom curve through ``points`` (x, y), on a (rows, columns) picture."""
    if len(points) < 3:
        return np.zeros(shape, bool)
    p = np.asarray(points, float)
    before, after, next_but_one = np.roll(p, 1, 0), np.roll(p, -1, 0), np.roll(p, -2, 0)
    t = np.linspace(0, 1, _CURVE, endpoint=False)[None, :, None]
    a = -before + 3 * p - 3 * after + next_but_one
    b = 2 * before - 5 * p + 4 * after - next_but_one
    c = after - before
    curve = 0.5 * (a[:, None] * t**3 + b[:, None] * t**2 + c[:, None] * t + 2 * p[:, None])
    image = Image.new("1", (shape[1], shape[0]))
    ImageDraw.Draw(image).polygon([(float(x), float(y)) for x, y in curve.reshape(-1, 2)], fill=1)
    return np.array(image, bool)


def sides(lungs: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """(right, left) lung of a mask of both: pieces left of the middle of the lungs are the right one.

    A single piece over the middle is cut at its narrowest column near there.
    """
    pieces = sitk.GetArrayFromImage(sitk.ConnectedComponent(sitk.GetImageFromArray(lungs.astype(np.uint8))))
    sizes = np.bincount(pieces.ravel(), minlength=2)[1:]
    kept = [k + 1 for k, size in enumerate(sizes) if size >= _SMALL * max(1, sizes.max(initial=0))]
    columns = np.flatnonzero(lungs.any(axis=0))
    if not len(columns):
        return lungs, lungs
    middle = (columns[0] + columns[-1]) / 2
    if len(kept) == 1:
        low, high = (int(middle + share * len(columns)) for share in (-0.15, 0.15))
        cut = low + int(np.argmin(lungs[:, low:high].sum(axis=0)))
        across = np.arange(lungs.shape[1])[None, :] < cut
        return lungs & across, lungs & ~across
    right = [k for k in kept if np.nonzero(pieces == k)[1].mean() < middle]
    rights = np.isin(pieces, right)
    return rights, np.isin(pieces, kept) & ~rights


def _masks(masks: Sequence[NDArray[np.bool_]], ignored: NDArray[np.bool_] | None = None) -> NDArray[np.uint8]:
    """Bits of masks on the picture's own grid → bits on the network's."""
    out = np.zeros((SIZE, SIZE), np.uint8)
    for k, mask in enumerate(masks):
        out[_to_grid(mask)] |= 1 << k
    if ignored is not None:
        out[_to_grid(ignored)] |= IGNORE
    return out


def _to_grid(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return resize_area(pad_square(mask.astype(np.float32)), (SIZE, SIZE)) >= 0.5
