"""Whose pictures the router learns from, chooses its weights by, and is measured on: never the same ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from medviewer.training import cardiac_mr as cardiac
from medviewer.training import cxr_pneumonia, folders, pngs, router_kinds, router_strange
from medviewer.training.router_heads import AXES, Head, draw_head, head, read_head
from medviewer.training.router_kinds import KINDS, OTHER, Shot, kept
from medviewer.training.router_scans import (
    brain_shots,
    chest_shots,
    phantom_shots,
    reformats,
    stored,
    template_shots,
    volumes,
)
from medviewer.training.splits import Split, split_patients

PARTS = ("train", "validation", "test")
HEAD_MAPS = {"train": range(1, 13), "validation": range(13, 14), "test": range(14, 17)}
PHANTOMS = {"train": range(3000, 3016), "validation": range(3100, 3102), "test": range(0)}
CHILDREN = {"train": 900, "validation": 90, "test": 300}
ADULT_SEED = 2
_REAL_SHARE = 0.3
"""Share of brain pictures that come from a scanner, where there are any."""
_PATTERNS, _TORN = 0.35, 0.15
"""Shares of the pictures of no kind that are drawn, and torn out of others."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Everything of one part: ``shots`` by kind, and the heads that are drawn anew every time."""

    shots: dict[str, list[Shot]]
    heads: list[Head]

    @property
    def kinds(self) -> list[str]:
        """The kinds of which something is there."""
        drawn = set(AXES) if self.heads else set()
        return [kind for kind in KINDS if self.shots.get(kind) or kind in drawn or kind == OTHER]

    def draw(self, kind: str, rng: np.random.Generator) -> Shot:
        """A picture of that kind."""
        real = self.shots.get(kind, [])
        if kind in AXES and self.heads and (not real or rng.random() > _REAL_SHARE):
            return draw_head(self.heads[int(rng.integers(len(self.heads)))], kind, rng)
        if kind == OTHER:
            return self._strange(real, rng)
        return real[int(rng.integers(len(real)))]

    def _strange(self, real: list[Shot], rng: np.random.Generator) -> Shot:
        known = [kind for kind in KINDS if kind != OTHER and self.shots.get(kind)]
        which = rng.random()
        if which < _PATTERNS or not real or not known:
            return router_strange.draw_pattern(rng)
        if which < _PATTERNS + _TORN:
            some = self.shots[known[int(rng.integers(len(known)))]]
            return router_strange.torn(some[int(rng.integers(len(some)))], rng)
        sources: dict[str, list[Shot]] = {}
        for shot in real:  # the synthetic chests are one source
            name = "phantoms" if shot.patient.startswith("phantom") else shot.patient
            sources.setdefault(name, []).append(shot)
        own = list(sources.values())[int(rng.integers(len(sources)))]
        return own[int(rng.integers(len(own)))]


def pool(part: str) -> Pool:
    """Everything of "train", "validation" or "test". Raises :class:`~medviewer.training.pngs.BadData`."""
    root = pngs.require_folder(folders.data())
    shots = [*_children(part), *_hearts(part), *_adults(root, part)]
    for seed in PHANTOMS[part]:
        shots += phantom_shots(seed)
    if part == "train":
        shots += _train_scans(root)
    elif part == "test":
        shots += _test_scans(root)
    maps = root / "training" / "brain_labelmaps"
    heads = [read_head(maps / f"training_seg_{k:02d}.nii.gz") for k in HEAD_MAPS[part]]
    return Pool(by_kind(shots), heads)


def drawn_pool(seed: int) -> Pool:
    """A pool without any data: synthetic chests, ball-shaped heads, patterns. For proving the path."""
    return Pool(by_kind(phantom_shots(seed, slices=5, size=96)), [ball(f"ball {seed}")])


def by_kind(shots: list[Shot]) -> dict[str, list[Shot]]:
    """Kind → its pictures."""
    out: dict[str, list[Shot]] = {kind: [] for kind in KINDS}
    for shot in shots:
        out[shot.kind].append(shot)
    return out


def split(parts: dict[str, Pool]) -> Split:
    """Who is where, for the file beside the weights."""
    named = {}
    for part, found in parts.items():
        names = {shot.patient for shots in found.shots.values() for shot in shots}
        named[part] = tuple(sorted(names | {head.name for head in found.heads}))
    return Split(named, ADULT_SEED, "README of the model: patients, phantoms, label maps and sources")


def ball(name: str) -> Head:
    """A head of three balls inside each other, with a nose: for tests."""
    z, y, x = np.mgrid[:64, :64, :64] - 32
    radius = np.sqrt(z**2 + y**2 + x**2)
    labels = np.zeros((64, 64, 64), np.uint8)
    for reach, label in ((30, 211), (27, 215), (24, 3), (16, 2), (6, 4)):
        labels[radius < reach] = label
    labels[(np.abs(x) < 4) & (np.abs(z) < 4) & (y < -24)] = 211
    return head(name, labels)


def _children(part: str) -> list[Shot]:
    """The same patients as in the split of ``cxr-pneumonia``."""
    table = cxr_pneumonia.rows()
    wanted = cxr_pneumonia.split(table).part(part)
    rows = [row for row in table if row["patient"] in wanted]
    rows = rows[:: max(1, len(rows) // CHILDREN[part])][: CHILDREN[part]]
    folder = folders.data() / "training" / "cxr_paediatric"
    out = []
    for row in rows:
        ratio = int(row["mask_h"] or 0) / max(1, int(row["mask_w"] or 0))
        grey = pngs.read_grey(folder / "images" / row["image"])
        tall = ratio if 0.4 < ratio < 2.5 else 0.75
        out.append(kept(grey, router_kinds.CHEST_CHILD, f"child {row['patient']}", tall=tall))
    return out


def _hearts(part: str) -> list[Shot]:
    """The publisher's training patients (some of them choose the weights) and test patients."""
    folder = pngs.require_folder(folders.data() / "training" / "cardiac_sunnybrook")
    files = sorted((folder / ("Test" if part == "test" else "Train") / "Images").rglob("*.png"))
    if part != "test":
        patients = np.array([cardiac.patient_of(path) for path in files])
        mine = cardiac.split(patients).part(part)
        files = [path for path in files if cardiac.patient_of(path) in mine]
    return [kept(pngs.read_grey(p), router_kinds.CARDIAC, cardiac.patient_of(p)) for p in files]


def _adults(root: Path, part: str) -> list[Shot]:
    """Adults with a licence to train on; to measure, those of the evaluation folder and one CR more."""
    if part == "test":
        folder = pngs.require_folder(root / "evaluation" / "cxr_adult")
        names = [row["image"] for row in pngs.read_table(folder / "index.csv", ("image",))]
        found = [(name, f"evaluation {name.removesuffix('.png')}") for name in names]
    else:
        folder = pngs.require_folder(root / "training" / "cxr_adult_ccby")
        table = pngs.read_table(folder / "index.csv", ("image", "patient"))
        parts = split_patients(
            [row["patient"] for row in table], {"train": 0.88, "validation": 0.12}, ADULT_SEED
        )
        mine = parts.part(part)
        found = [(r["image"], f"adult {r['patient']}") for r in table if r["patient"] in mine]
    return [kept(pngs.read_grey(folder / n), router_kinds.CHEST_ADULT, who) for n, who in found]


def _train_scans(root: Path) -> list[Shot]:
    studies = root / "studies"
    out: list[Shot] = []
    for volume in volumes(studies / "ct_chest_A0001", ("series2_5mm", "series3_5mm")):
        out += chest_shots(volume, "ct_chest_A0001")
        out += reformats(volume, "ct_chest_A0001", 12)
    multiframe = studies / "mr_enhanced_multiframe"
    whole = dict.fromkeys((router_kinds.BRAIN_AXIAL, router_kinds.BRAIN_CORONAL), (0.3, 0.7))
    (t1,) = volumes(multiframe, (T1_XA30,))
    out += brain_shots(t1, "dcm_qa_xa30", {**whole, router_kinds.BRAIN_SAGITTAL: (0.25, 0.75)}, 24)
    out += stored(multiframe / "MOVEKNEE.dcm", OTHER, "MOVEKNEE", 19)
    out += stored(studies / "misc" / "examples_ybr_color.dcm", OTHER, "pydicom echo", 12)
    out += stored(studies / "misc" / "GH133.dcm", OTHER, "GH133 mammogram")
    out += stored(root / "objects/dcmqi/paramaps/pm-example-slice.dcm", OTHER, "dcmqi prostate")
    out += stored(studies / "misc" / "examples_rgb_color.dcm", OTHER, "pydicom ultrasound")
    out += stored(root / "objects/rt_dicompyler/ct.0.dcm", OTHER, "dicompyler neck")
    return out


def _test_scans(root: Path) -> list[Shot]:
    studies, misc = root / "studies", root / "studies" / "misc"
    out: list[Shot] = []
    for volume in volumes(studies / "ct_chest_A0002", ("series2", "series3")):
        out += chest_shots(volume, "ct_chest_A0002")
        out += reformats(volume, "ct_chest_A0002", 4)
    out += stored(studies / "ct_head_GE_gantrytilt", router_kinds.HEAD_CT, "ct_head_GE", 100)
    for name in PYDICOM_HEADS:
        out += stored(_PYDICOM / name, router_kinds.HEAD_CT, f"pydicom {name}")
    for volume in volumes(studies, ("mr_brain_t1_studyforrest",)):
        out += brain_shots(volume, "studyforrest", STUDYFORREST_REACH, 40)
    template = root / "evaluation/mni152/mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
    out += template_shots(template, "mni152", 20)
    out += stored(misc / "RG1_J2KI.dcm", router_kinds.CHEST_ADULT, "RG1")
    out += stored(misc / "DIRW0007", OTHER, "DIRW0007 echo")
    out += stored(misc / "HasFragmentSequence.dcm", OTHER, "XA coronary")
    out += stored(misc / "GH184.dcm", OTHER, "GH184 PET")
    out += stored(misc / "examples_palette.dcm", OTHER, "palette ultrasound")
    out += stored(root / "objects/highdicom/dx_image.dcm", OTHER, "highdicom animal")
    return out


_PYDICOM = Path(pydicom.__file__).parent / "data" / "test_files"
PYDICOM_HEADS = ("693_J2KI.dcm", "J2K_pixelrep_mismatch.dcm")
"""Two more head CTs, in the test files that pydicom brings along (MIT)."""
T1_XA30 = "0001_1.3.12.2.1107.5.2.43.67093.2022071112080825794102791.dcm"
STUDYFORREST_REACH = {
    router_kinds.BRAIN_AXIAL: (0.15, 0.5),
    router_kinds.BRAIN_CORONAL: (0.25, 0.75),
    router_kinds.BRAIN_SAGITTAL: (0.3, 0.7),
}
"""Where the brain lies in that scan, by looking."""
