"""Measure ``lung-ct`` on what it has not seen: a held-out patient, and synthetic chests at full size."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai import attenuation, lung_density
from medviewer.ai.card import Metric
from medviewer.ai.catalog import Bundle
from medviewer.ai.lung_input import prepare
from medviewer.ai.mask_cleanup import clean
from medviewer.ai.runner import load_network, pick_dtype
from medviewer.dicom.load import load_series
from medviewer.errors import NotSuitable
from medviewer.imaging.volume import Mask, Volume
from medviewer.tasks import TaskContext
from medviewer.training.lung_kinds import KINDS, Kind
from medviewer.training.lung_real import boxed_scans, ct_volumes, untold
from medviewer.training.mask_metrics import bland_altman, dice
from medviewer.training.phantom import Phantom, make_phantom
from medviewer.training.report import Agreement, Report, Section
from medviewer.training.silver import silver_lungs

log = logging.getLogger(__name__)

SIDES = ((1, "right_lung"), (2, "left_lung"))

Bool = NDArray[np.bool_]


@dataclass(frozen=True)
class Row:
    """One scan: Dice and volume difference (percent) by side, and what became of disease in it."""

    name: str
    dice: dict[str, float]
    volume_percent: dict[str, float]
    seconds: float
    slices: int
    consolidation: float | None = None
    """Share inside the outline."""
    by_threshold: float | None = None
    """The same by thresholding."""
    compressed: float | None = None
    """Share of the lung beside an effusion inside the outline."""
    fluid: float | None = None
    """Share of an effusion outside the outline, where it belongs."""
    same_reading: bool | None = None
    """Whether the three-way reading is that of the true lungs."""
    volumes_ml: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By side: found and true."""

    def line(self) -> str:
        """One line of the table."""
        told = "  ".join(
            f"{side.split('_')[0]:5s} Dice {self.dice[side]:.4f} volume {self.volume_percent[side]:+.2f} %"
            for _, side in SIDES
        )
        for word, share in (
            ("consolidation inside", self.consolidation),
            ("by thresholding", self.by_threshold),
            ("compressed inside", self.compressed),
            ("fluid outside", self.fluid),
        ):
            told += "" if share is None else f"  {word} {share:.3f}"
        return f"{self.name:24s} {told}  {self.seconds:.1f} s for {self.slices} slices"


def evaluate(bundle: Bundle, held_out: Path, quick: bool) -> Report:
    """Everything on the card: the held-out patient (where the study is there) and the synthetic chests.

    ``quick`` measures one small chest only.
    """
    net = load_network(bundle, torch.device("cpu"))
    sections = []
    if quick:
        small = make_phantom(100, slices=20, size=128, spacing_mm=(12.0, 3.0, 3.0))
        rows = [phantom_row(net, small, "one small chest")]
        sections.append(_section("One small synthetic chest", rows, "one small synthetic chest"))
    else:
        if held_out.is_dir():
            data = f"patient in {held_out.name}, never trained on, against silver masks"
            whole, outside = held_out_rows(net, held_out)
            sections.append(_section("Patient never trained on", whole, data))
            data = f"{data}, tumour's boxes left out"
            sections.append(_section("Patient never trained on, tumour's boxes left out", outside, data))
        for kind in KINDS:
            sections.append(_section(kind.title, kind_rows(net, kind), kind.told))
    return Report(bundle.card.id, bundle.card.version, tuple(sections))


def _section(title: str, rows: Sequence[Row], data: str) -> Section:
    found = []
    for _, side in SIDES if len(rows) > 1 else ():
        pairs = [row.volumes_ml[side] for row in rows]
        agreement = bland_altman([mine for mine, _ in pairs], [true for _, true in pairs])
        name = side.replace("_", " ")
        found.append(Agreement(f"Volume, {name}", "ml", **asdict(agreement)))
    notes = ("Intervals are the least and the greatest of the scans.",)
    return Section(title, tuple(metrics(rows, data)), agreements=tuple(found), notes=notes)


def segment(net: nn.Module, volume: Volume) -> tuple[dict[str, Bool], float]:
    """The network's lungs after the usual cleaning, and the seconds the slices took."""
    lung = prepare(volume)
    classes = np.zeros(volume.shape, np.uint8)
    reduced = pick_dtype(torch.device("cpu")) is torch.bfloat16
    net.eval()
    began = time.perf_counter()
    for k in range(lung.count):
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
            logits = net(torch.from_numpy(lung.batch([k])))
        probabilities = torch.softmax(logits.float(), dim=1)[0].numpy()
        picture = lung.view.extract(classes, k)
        for label, mask in lung.restore(k, probabilities).items():
            picture[mask] = label
    seconds = time.perf_counter() - began
    cleaned = clean(classes, SIDES, volume.geometry, TaskContext())
    return {name: item.mask.full() for name, item in cleaned.items()}, seconds


def compare(
    name: str, found: dict[str, Bool], truth: dict[str, Bool], seconds: float, voxel_ml: float
) -> Row:
    """Found against truth, by side."""
    overlap = {side: dice(found[side], truth[side]) for _, side in SIDES}
    counts = {side: (int(found[side].sum()), int(truth[side].sum())) for _, side in SIDES}
    percent = {side: 100.0 * (mine / max(1, true) - 1) for side, (mine, true) in counts.items()}
    volumes = {side: (mine * voxel_ml, true * voxel_ml) for side, (mine, true) in counts.items()}
    return Row(name, overlap, percent, seconds, int(found["right_lung"].shape[0]), volumes_ml=volumes)


def thresholded(volume: Volume) -> Bool:
    """Both lungs by thresholding with all the care of ``silver``; none where that fails."""
    try:
        masks = silver_lungs(volume)
    except NotSuitable:
        return np.zeros(volume.shape, bool)
    return masks["right_lung"] | masks["left_lung"]


def phantom_row(net: nn.Module, phantom: Phantom, name: str, *, peer: bool = True) -> Row:
    """One synthetic chest against its truth; its consolidation by thresholding too where ``peer``."""
    found, seconds = segment(net, phantom.volume)
    masks = phantom.masks
    row = compare(name, found, masks, seconds, phantom.volume.require_geometry().voxel_ml)
    both = found["right_lung"] | found["left_lung"]
    same = reading(phantom.volume, both) == reading(phantom.volume, masks["right_lung"] | masks["left_lung"])
    row = replace(row, same_reading=same)
    if masks["consolidation"].any():
        dense = masks["consolidation"]
        row = replace(row, consolidation=float(both[dense].mean()))
        if peer:
            row = replace(row, by_threshold=float(thresholded(phantom.volume)[dense].mean()))
    if "compressed" in masks and masks["compressed"].any():
        row = replace(row, compressed=float(both[masks["compressed"]].mean()))
    if "effusion" in masks and masks["effusion"].any():
        row = replace(row, fluid=float(1 - both[masks["effusion"]].mean()))
    return row


def reading(volume: Volume, lungs: Bool) -> str:
    """The three-way reading of these lungs by the program's criteria, as if the acquisition allowed it."""
    mask = Mask.from_full(0, "lungs", lungs, volume.geometry)
    if not mask.voxel_count:
        return ""
    dense = attenuation.dense_region(volume, mask)
    share = 100.0 * np.count_nonzero(dense) / mask.voxel_count
    largest_ml = attenuation.largest_piece(dense) * volume.require_geometry().voxel_ml
    high = bool(share > lung_density.HIGH_LIMIT or largest_ml >= lung_density.HIGH_REGION_ML)
    return lung_density.read(attenuation.laa_percent(attenuation.lung_values(volume, mask)), high, "")[0]


def kind_rows(net: nn.Module, kind: Kind) -> list[Row]:
    """Every chest of a kind."""
    rows = []
    for seed in kind.seeds:
        rows.append(phantom_row(net, kind.draw(seed), f"phantom seed {seed}", peer=kind.peer))
        log.info("%s", rows[-1].line())
    return rows


def held_out_rows(net: nn.Module, study: Path) -> tuple[list[Row], list[Row]]:
    """The study's scans against their silver masks; and the same without the slices' boxed tumours, which the
    silver masks leave outside the lung where they touch the mediastinum."""
    whole, outside = [], []
    for series, boxes in boxed_scans(study):
        volume = load_series(series)
        (found, seconds), truth = segment(net, volume), silver_lungs(volume)
        voxel_ml, name = volume.require_geometry().voxel_ml, f"{study.name} series {series.number}"
        whole.append(compare(name, found, truth, seconds, voxel_ml))
        told = ~untold(series, volume.shape, boxes)
        ours, theirs = ({side: mask[side] & told for _, side in SIDES} for mask in (found, truth))
        outside.append(compare(f"{name}, outside boxes", ours, theirs, seconds, voxel_ml))
        for row in (whole[-1], outside[-1]):
            log.info("%s", row.line())
    return whole, outside


def metrics(rows: Sequence[Row], data: str) -> list[Metric]:
    """The card's figures for one group of scans: mean and range."""
    if not rows:
        return []
    out = []
    for _, side in SIDES:
        title = side.replace("_", " ")
        out.append(_metric(f"Dice, {title}", [r.dice[side] for r in rows], "", data, 4))
        out.append(
            _metric(f"Volume difference, {title}", [r.volume_percent[side] for r in rows], "%", data, 2)
        )
    for name, told in _OF_DISEASE:
        values = [float(value) for row in rows if (value := getattr(row, told)) is not None]
        if values:
            out.append(_metric(name, values, "", data, 4))
    return out


_OF_DISEASE = (
    ("Consolidation inside the lung mask", "consolidation"),
    ("Consolidation inside, by thresholding", "by_threshold"),
    ("Compressed lung inside the lung mask", "compressed"),
    ("Effusion outside the lung mask", "fluid"),
    ("Reading as of the true lungs", "same_reading"),
)


def real_scans(folder: Path) -> list[tuple[str, Callable[[], Volume]]]:
    """Every CT volume under ``folder``: a name without patient data, and how to load it."""
    return [(f"{folder.name} series {s.number}", partial(load_series, s)) for s in ct_volumes(folder)]


def _metric(name: str, values: Sequence[float], unit: str, data: str, decimals: int) -> Metric:
    low, high = round(min(values), decimals), round(max(values), decimals)
    return Metric(name, round(float(np.mean(values)), decimals), data, (low, high), unit, len(values))
