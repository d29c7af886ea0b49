"""Measure ``brain-mr``: held-out label maps in random contrasts, thin and thick, and the MNI152 template."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import SimpleITK
import torch
from numpy.typing import NDArray
from torch import nn

from medviewer.ai.brain import SHOWN, without_islands
from medviewer.ai.brain_labels import LEFT, RIGHT, STRUCTURES, joint
from medviewer.ai.brain_look import Ask, BrainAnswer, look
from medviewer.ai.brain_volumes import Amount, amounts, both, brain_tissue, half, ventricle_to_brain
from medviewer.ai.card import Metric
from medviewer.ai.runner import pick_dtype
from medviewer.imaging.volume import Geometry, Volume
from medviewer.tasks import TaskContext
from medviewer.training.brain_maps import LabelMap
from medviewer.training.brain_scan import THICK_MM, THIN_MM, Scan, scan
from medviewer.training.mask_metrics import bland_altman, dice, hd95, surface_dice
from medviewer.training.metrics import mean_interval
from medviewer.training.report import Agreement, Section, metric

log = logging.getLogger(__name__)

GREY = (
    *("cerebral_cortex", "thalamus", "caudate", "putamen", "pallidum", "hippocampus", "amygdala"),
    "cerebellar_cortex",
)
WHITE = ("cerebral_white_matter", "cerebellar_white_matter", "brain_stem", "ventral_diencephalon")
"""What the MNI template's maps of grey and white matter hold."""
_MNI = "mni_icbm152_{}_tal_nlin_sym_09a_converted.nii.gz"

UInt8 = NDArray[np.uint8]


def ask_with(network: nn.Module) -> Ask:
    """The network as :func:`~medviewer.ai.brain_look.look` asks it, on this CPU."""
    reduced = pick_dtype(torch.device("cpu")) is torch.bfloat16
    network.eval()

    def ask(picture: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=reduced):
            logits = network(torch.from_numpy(picture)[None, None])
        return np.asarray(logits[0].float().numpy())

    return ask


@dataclass(frozen=True)
class Row:
    """One scan: Dice, surface Dice (1 mm) and HD95 (mm) by name; amounts found and true (mL)."""

    patient: str
    dice: dict[str, float]
    surface: dict[str, float]
    hd95: dict[str, float]
    found: dict[str, Amount]
    true: dict[str, Amount]
    seconds: float


def shown_masks(classes: UInt8) -> dict[str, NDArray[np.bool_]]:
    """Every listed structure, each half by itself: "left hippocampus", "brain stem"."""
    out = {}
    for shown in SHOWN:
        for side, word in ((LEFT, "left "), (RIGHT, "right ")) if shown.paired else ((None, ""),):
            wanted = [
                v
                for v, (k, s, _) in enumerate(joint())
                if STRUCTURES[k].name in shown.structures and s == side
            ]
            out[word + shown.name.replace("_", " ")] = np.isin(classes, wanted)
    return out


def measure(ask: Ask, case: Scan, patient: str, *, surfaces: bool = True) -> Row:
    """One scan through the whole path of reading. A failure counts: overlap 0."""
    began = time.perf_counter()
    answer = look(ask, case.volume, TaskContext())
    classes = without_islands(answer.classes)
    seconds = time.perf_counter() - began
    geometry = case.volume.require_geometry()
    mine, true = shown_masks(classes), shown_masks(case.truth)
    overlap = {name: dice(mine[name], true[name]) for name in true}
    near, far = {}, {}
    for name in true if surfaces else ():
        a, b = _cropped_pair(mine[name], true[name])
        near[name] = surface_dice(a, b, geometry.spacing_mm)
        far[name] = hd95(a, b, geometry.spacing_mm)
    found, truth = (_amounts(c, geometry, answer) for c in (classes, case.truth))
    row = Row(patient, overlap, near, far, found, truth, seconds)
    log.info("%s: mean Dice %.4f, %.1f s", case.name, np.mean(list(overlap.values())), seconds)
    return row


def _cropped_pair(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Both masks in the box that holds them, with a margin: distances there are the same."""
    either = a | b
    if not either.any():
        return a, b
    box = []
    for axis in range(3):
        hits = np.flatnonzero(either.any(axis=tuple(k for k in range(3) if k != axis)))
        box.append(slice(max(0, int(hits[0]) - 2), int(hits[-1]) + 3))
    return a[tuple(box)], b[tuple(box)]


def _amounts(classes: UInt8, geometry: Geometry, answer: BrainAnswer) -> dict[str, Amount]:
    names = [name for _, _, name in joint()]
    counts = np.bincount(classes.ravel(), minlength=len(names))
    return amounts(
        {n: float(c) * geometry.voxel_ml for n, c in zip(names, counts, strict=True)}, answer.spread
    )


def map_rows(ask: Ask, maps: Sequence[LabelMap], seeds: Iterable[int], slice_mm: float) -> list[Row]:
    """Every map in every contrast."""
    wanted = list(seeds)
    return [
        measure(ask, scan(source, seed, slice_mm), source.name, surfaces=slice_mm == THIN_MM)
        for source in maps
        for seed in wanted
    ]


def map_section(title: str, rows: Sequence[Row], data: str) -> Section:
    """Figures with intervals by head, Bland-Altman of what is told in numbers."""
    patients = [row.patient for row in rows]
    found = [_mean("Mean Dice over the listed structures", [_mean_of(r.dice) for r in rows], patients, data)]
    found += [_mean(f"Dice, {name}", [r.dice[name] for r in rows], patients, data) for name in rows[0].dice]
    if rows[0].surface:
        values = [_mean_of(r.surface) for r in rows]
        found.append(_mean("Mean surface Dice at 1 mm", values, patients, data))
        values = [float(np.median(list(r.hd95.values()))) for r in rows]
        found.append(_mean("HD95, median over the structures", values, patients, data, "mm"))
    notes = (
        f"Intervals by bootstrap over {len(set(patients))} heads: too few to be narrow or wide honestly.",
    )
    return Section(title, tuple(found), agreements=_agreements(rows), notes=notes)


def _mean_of(values: dict[str, float]) -> float:
    return float(np.mean(list(values.values())))


def _mean(name: str, values: Sequence[float], patients: Sequence[str], data: str, unit: str = "") -> Metric:
    return metric(name, mean_interval(values, patients), data, len(values), unit=unit)


def _agreements(rows: Sequence[Row]) -> tuple[Agreement, ...]:
    """Brain tissue, ventricles, their ratio, both hippocampi: measured against true."""
    if len(rows) < 2:
        return ()
    told = {
        ("Brain tissue", "mL"): [(brain_tissue(r.found).ml, brain_tissue(r.true).ml) for r in rows],
        ("Lateral ventricles", "mL"): [
            (both(r.found, "lateral_ventricle").ml, both(r.true, "lateral_ventricle").ml) for r in rows
        ],
        ("Ventricle-to-brain ratio", "%"): [(_ratio(r.found), ventricle_to_brain(r.true).ml) for r in rows],
    }
    for side, word in ((LEFT, "left"), (RIGHT, "right")):
        pairs = [tuple(half(a, ("hippocampus",), side).ml for a in (r.found, r.true)) for r in rows]
        told[f"Hippocampus, {word}", "mL"] = [(mine, true) for mine, true in pairs]
    return tuple(
        Agreement(title, unit, **asdict(bland_altman([m for m, _ in pairs], [t for _, t in pairs])))
        for (title, unit), pairs in told.items()
    )


def _ratio(found: dict[str, Amount]) -> float:
    return ventricle_to_brain(found).ml if brain_tissue(found).ml > 0 else 0.0


def read_nifti(path: Path) -> Volume:
    """A NIfTI picture in LPS (SimpleITK converts its RAS)."""
    image = SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    direction = np.asarray(image.GetDirection()).reshape(3, 3) * np.asarray(image.GetSpacing())
    affine[:3, :3] = direction[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    return Volume(SimpleITK.GetArrayFromImage(image), Geometry(affine))


def mni_section(ask: Ask, folder: Path) -> Section:
    """Grey and white matter of the template against its own maps (each voxel to the likelier of the two)."""
    volume = read_nifti(folder / _MNI.format("t1"))
    grey, white = (np.asarray(read_nifti(folder / _MNI.format(kind)).voxels, float) for kind in ("gm", "wm"))
    top = max(grey.max(), white.max())
    answer = look(ask, volume, TaskContext())
    classes = without_islands(answer.classes)
    voxel = volume.require_geometry().voxel_ml
    data = "MNI152 2009a T1 template against its grey and white matter maps at one half"
    found = []
    for name, wanted, mine, other in (
        ("Grey matter", GREY, grey, white),
        ("White matter", WHITE, white, grey),
    ):
        said = np.isin(classes, [v for v, (k, _, _) in enumerate(joint()) if STRUCTURES[k].name in wanted])
        truth = (mine > 0.5 * top) & (mine > other)
        found.append(Metric(f"{name}: Dice", round(dice(said, truth), 4), data, None, "", 1))
        share = 100 * (said.sum() - truth.sum()) / truth.sum()
        found.append(Metric(f"{name}: volume difference", round(float(share), 2), data, None, "%", 1))
        log.info("%s: said %.0f mL, maps %.0f mL", name, said.sum() * voxel, truth.sum() * voxel)
    notes = ("The template is an average of 152 heads and smooth; its maps are averages too.",)
    return Section("MNI152 template", tuple(found), notes=notes)


CONTRASTS, THICK_CONTRASTS = 12, 6
"""Contrasts of every held-out head, thin and thick."""
FIRST_SEED = 500


def sections(network: nn.Module, maps: Sequence[LabelMap], mni: Path, *, quick: bool) -> list[Section]:
    """Everything on the card. ``quick`` measures one head in one contrast."""
    ask = ask_with(network)
    if quick:
        rows = map_rows(ask, maps[:1], [FIRST_SEED], THICK_MM)
        return [map_section("One head", rows, "one held-out head, one contrast, 5 mm")]
    kinds = (
        ("Held-out label maps, 1 mm", THIN_MM, CONTRASTS),
        ("Held-out label maps, slices of 5 mm", THICK_MM, THICK_CONTRASTS),
    )
    out = []
    for title, slice_mm, count in kinds:
        seeds = range(FIRST_SEED, FIRST_SEED + count)
        data = f"{len(maps)} held-out label maps, {count} random contrasts each, slices of {slice_mm:g} mm"
        out.append(map_section(title, map_rows(ask, maps, seeds, slice_mm), data))
    if mni.is_dir():
        out.append(mni_section(ask, mni))
    return out
