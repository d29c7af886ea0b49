"""What one synthetic chest is made of, drawn from a seed: tissues, vessel trees, disease, couch."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from medviewer.training.anatomy import Anatomy
from medviewer.training.bowel import Gut, draw_gut
from medviewer.training.disease import LungPoints, draw_lesions, draw_masses
from medviewer.training.heart_fat import draw_heart_fat
from medviewer.training.lesions import Lesions
from medviewer.training.noise import SHARP, SOFT, Kernel
from medviewer.training.pleura import Pleura
from medviewer.training.shapes import SmoothNoise, Tube
from medviewer.training.vessels import Beads, grow


@dataclass(frozen=True)
class Tissue:
    """Grey values of one chest in HU: without contrast, or in an arterial or venous phase."""

    blood: float
    aorta: float
    pulmonary: float
    myocardium: float
    liver: float
    spleen: float
    muscle: float
    fat: float
    lung: float
    marrow: float
    cortex: float

    @classmethod
    def draw(cls, rng: np.random.Generator, contrast: bool) -> Tissue:
        """Values of a plausible adult."""
        aorta = float(rng.uniform(140, 330)) if contrast else float(rng.uniform(36, 48))
        return cls(
            blood=aorta * 0.9 if contrast else aorta,
            aorta=aorta,
            pulmonary=float(rng.uniform(130, 380)) if contrast else aorta,
            myocardium=float(rng.uniform(80, 115)) if contrast else float(rng.uniform(40, 50)),
            liver=float(rng.uniform(70, 120)) if contrast else float(rng.uniform(45, 66)),
            spleen=float(rng.uniform(90, 140)) if contrast else float(rng.uniform(44, 54)),
            muscle=float(rng.uniform(48, 62)),
            fat=float(rng.uniform(-112, -95)),
            lung=float(rng.uniform(-890, -790)),
            marrow=float(rng.uniform(110, 230)),
            cortex=float(rng.uniform(520, 800)),
        )


@dataclass(frozen=True)
class Trees:
    """What branches in the lungs: vessels, and airways with their walls."""

    vessels: Beads
    airways: Beads


@dataclass
class Scene:
    """Everything needed to paint a slice, made once per chest."""

    anatomy: Anatomy
    tissue: Tissue
    lesions: Lesions
    trees: Trees
    fissures: tuple[tuple[float, float, float, float], ...]
    """Planes (side, offset, slope in y, slope in x) of the lungs' fissures."""
    clavicle: Tube
    coarse: SmoothNoise
    fine: SmoothNoise
    table_y: float | None
    """Height of the couch's surface in patient mm, None without a couch."""
    thickness_mm: float = 2.5
    pleura: Pleura | None = None
    gut: tuple[Gut, ...] = ()


@dataclass(frozen=True)
class Variation:
    """What the caller may fix; None leaves it to the seed."""

    contrast: bool | None = False
    kernel: Kernel | None = SOFT
    couch: bool = True
    lesions: bool | None = True
    """None: any number of each lesion, several consolidations too."""
    noise: float = 1.0
    """Factor on the kernel's noise."""
    top_mm: float | None = None
    """Height of the highest slice above the carina; None centres the stack on the lungs."""
    centre_mm: tuple[float, float] = (0.0, 0.0)
    """(x, y) of the picture's centre in the patient."""
    thickness_mm: float | None = None
    """What one slice averages over; None is the distance between slices."""
    effusion: bool = False
    """Fluid in one or both pleural cavities; adds the truth masks "effusion" and "compressed"."""
    gut: bool = False
    """Stomach and colon with gas close below the domes."""
    masses: bool = False
    """Masses beside the mediastinum and large consolidations, none to two each; the truth calls both
    "consolidation"."""
    heart_fat: bool = False
    """Fat in front of the heart and in its angles with the diaphragm, and a right heart that may reach the
    front wall."""


def draw_scene(
    rng: np.random.Generator, variation: Variation, spacing_mm: tuple[float, float, float]
) -> tuple[Scene, bool, Kernel]:
    """The scene, whether contrast was given, and the kernel. ``spacing_mm``: (thickness, rows, columns)."""
    anatomy = Anatomy(rng)
    contrast = bool(rng.random() < 0.5) if variation.contrast is None else variation.contrast
    kernel = variation.kernel or (SHARP if rng.random() < 0.4 else SOFT)
    tissue = Tissue.draw(rng, contrast)
    inside = LungPoints(anatomy)
    trees = _trees(rng, anatomy, inside, spacing_mm)
    lesions = draw_lesions(rng, inside, variation.lesions)
    half_w, _ = anatomy.thorax_half(50)
    collar = Tube.through(
        [(16, -62, 50, 7), (60, -64, 62, 5.5), (105, -30, 84, 5.5), (half_w + 45, 2, 92, 6)]
    )
    back = _back_of_body(anatomy)
    scene = Scene(
        anatomy,
        tissue,
        lesions,
        trees,
        _fissures(rng),
        collar,
        SmoothNoise(rng, 26.0, 4.0),
        SmoothNoise(rng, 7.0, 4.5),
        back + float(rng.uniform(2, 7)) if variation.couch else None,
        spacing_mm[0],
    )
    return scene, contrast, kernel


def add_extras(scene: Scene, variation: Variation, contrast: bool, seed: int) -> None:
    """Effusion, bowel, fat and masses, where wanted. They have generators of their own: the rest stays."""
    rng = np.random.default_rng([seed, 20241])
    if variation.effusion:
        scene.pleura = Pleura.draw(rng, contrast)
    if variation.gut:
        body = scene.anatomy.body
        scene.gut = draw_gut(rng, (body.right_dome, body.left_dome))
    if variation.heart_fat:
        body = scene.anatomy.body
        own = np.random.default_rng([seed, 20242])
        scene.anatomy.heart_fat = draw_heart_fat(own, body.depth, (body.right_dome, body.left_dome))
    if variation.masses:
        more = draw_masses(rng, LungPoints(scene.anatomy))
        solid = scene.lesions.consolidations + more
        scene.lesions = replace(scene.lesions, consolidations=solid)


def _back_of_body(anatomy: Anatomy) -> float:
    """Patient y (mm) where the back touches the couch."""
    y = np.arange(60.0, 190.0, 2.0, dtype=np.float32)
    x = np.arange(-120.0, 121.0, 8.0, dtype=np.float32)
    lowest = 0.0
    for z in (-120.0, -60.0, 0.0, 40.0):
        touched = (anatomy.section(z, y, x).body < 0).any(axis=1)
        lowest = max(lowest, float(y[touched].max()) if touched.any() else 0.0)
    return lowest


def _trees(
    rng: np.random.Generator, anatomy: Anatomy, inside: LungPoints, spacing_mm: tuple[float, float, float]
) -> Trees:
    size = anatomy.body.size
    fine = spacing_mm[1] < 1.0
    counts = (1500, 700, 110) if fine else (500, 250, 60)
    vessels: list[Beads] = []
    airways: list[Beads] = []
    for sign, artery, vein, bronchus in (
        (-1, "right_pulmonary", "right_vein", "right_bronchus"),
        (1, "left_pulmonary", "left_vein", "left_bronchus"),
    ):
        points = inside.side(sign, 2.5, 1e3)
        if len(points) == 0:
            continue
        for name, count, into in (
            (artery, counts[0], vessels),
            (vein, counts[1], vessels),
            (bronchus, counts[2], airways),
        ):
            pick = points[rng.integers(0, len(points), count)] + rng.uniform(-2.5, 2.5, (count, 3))
            root = anatomy.tubes[name].points[-1]
            leaf = 0.95 if into is airways else 0.46
            tree = grow(rng, root, pick, leaf, 0.9 if fine else 1.8)
            into.append(Beads(tree.points * np.float32(size), tree.radii * np.float32(size), tree.tilt))
    return Trees(Beads.joined(vessels), Beads.joined(airways))


def _fissures(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], ...]:
    return (
        (-1.0, float(rng.uniform(-45, -20)), float(rng.uniform(0.9, 1.4)), float(rng.uniform(-0.2, 0.2))),
        (1.0, float(rng.uniform(-40, -15)), float(rng.uniform(0.9, 1.4)), float(rng.uniform(-0.2, 0.2))),
    )
