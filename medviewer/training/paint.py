"""From distances to grey values: one slice of a synthetic chest in HU, before noise."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medviewer.training.anatomy import Anatomy, Section
from medviewer.training.lesions import Lesions
from medviewer.training.shapes import Picture, SmoothNoise, Tube, ellipse, smooth_max, smooth_min
from medviewer.training.vessels import Beads, splat


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
    labels: tuple[str, ...] = field(
        default=("right_lung", "left_lung", "trachea", "emphysema", "consolidation", "nodule")
    )


class _Canvas:
    """Paints soft-edged shapes given on a coarser lattice onto the full picture."""

    def __init__(self, shape: tuple[int, int], factor: int, edge_mm: float) -> None:
        self.picture = np.full(shape, -1000.0, np.float32)
        self._factor = factor
        self._edge = edge_mm

    def fine(self, field_: Picture) -> Picture:
        """A lattice picture on the full grid (linear between lattice points)."""
        return upsample(field_, self._factor, self.picture.shape)

    def cover(self, distance: Picture, blur: float = 0.0) -> NDArray[np.float32]:
        """Coverage 0..1 on the full grid; ``blur`` widens the edge (mm)."""
        width = np.float32(self._edge + blur)
        return np.clip(np.float32(0.5) - self.fine(distance) / width, 0, 1)

    def paint(self, distance: Picture | None, hu: float | Picture, blur: float = 0.0) -> None:
        """Blend ``hu`` in where ``distance`` is negative. ``hu`` is a number or a lattice picture."""
        if distance is None:
            return
        box = self._box(distance, self._edge + blur)
        if box is None:
            return
        (r0, r1), (c0, c1) = box
        f = self._factor
        part = self.picture[r0 * f : (r1 - 1) * f + 1, c0 * f : (c1 - 1) * f + 1]
        fine = upsample(distance[r0:r1, c0:c1], f, part.shape)
        cover = np.clip(np.float32(0.5) - fine / np.float32(self._edge + blur), 0, 1)
        value = hu if isinstance(hu, float | int) else upsample(hu[r0:r1, c0:c1], f, part.shape)
        part += cover * (value - part)

    def _box(self, distance: Picture, margin: float) -> tuple[tuple[int, int], tuple[int, int]] | None:
        near = distance < margin
        rows, columns = np.flatnonzero(near.any(axis=1)), np.flatnonzero(near.any(axis=0))
        if rows.size == 0:
            return None
        high_r, high_c = distance.shape
        return (
            (max(0, int(rows[0]) - 1), min(high_r, int(rows[-1]) + 2)),
            (max(0, int(columns[0]) - 1), min(high_c, int(columns[-1]) + 2)),
        )


def upsample(field_: Picture, factor: int, shape: tuple[int, ...]) -> Picture:
    """Lattice points every ``factor`` (1 or 2) pixels to all pixels, cut to ``shape``."""
    if factor == 1:
        return field_[: shape[0], : shape[1]]
    wide = np.empty((field_.shape[0], field_.shape[1] * 2 - 1), np.float32)
    wide[:, ::2] = field_
    np.add(field_[:, 1:], field_[:, :-1], out=wide[:, 1::2])
    wide[:, 1::2] *= 0.5
    tall = np.empty((field_.shape[0] * 2 - 1, wide.shape[1]), np.float32)
    tall[::2] = wide
    np.add(wide[1:], wide[:-1], out=tall[1::2])
    tall[1::2] *= 0.5
    return tall[: shape[0], : shape[1]]


@dataclass
class PaintedSlice:
    """HU (float32) and the truth masks by name (only those present)."""

    hu: NDArray[np.float32]
    masks: dict[str, NDArray[np.bool_]]


def paint_slice(
    scene: Scene, z_mm: float, y_mm: NDArray[np.float32], x_mm: NDArray[np.float32], factor: int
) -> PaintedSlice:
    """Paint the slice at height ``z_mm``. ``factor`` 2 computes the anatomy on every other pixel."""
    pixel = float(x_mm[1] - x_mm[0])
    rows, columns = lattice(y_mm, factor), lattice(x_mm, factor)
    s = scene.anatomy.section(z_mm, rows, columns)
    canvas = _Canvas((len(y_mm), len(x_mm)), factor, pixel * 1.5)
    _couch(canvas, scene, rows, columns)
    noise = scene.coarse.at(s.z, rows, columns)
    fine = scene.fine.at(s.z, rows, columns)
    _soft_parts(canvas, scene, s, noise, fine)
    _belly(canvas, scene, s, noise, fine)
    _middle(canvas, scene, s, noise)
    _bones(canvas, scene, s, noise)
    return _lungs(canvas, scene, s, (z_mm, y_mm, x_mm), noise, fine)


def lattice(values: NDArray[np.float32], factor: int) -> NDArray[np.float32]:
    """Every ``factor``-th coordinate, enough of them to cover all."""
    if factor == 1:
        return values
    step = values[1] - values[0]
    return (values[0] + step * factor * np.arange(len(values) // factor + 1)).astype(np.float32)


def _couch(canvas: _Canvas, scene: Scene, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> None:
    if scene.table_y is None:
        return
    x, y = columns[None, :], rows[:, None]
    bend = np.minimum((np.abs(x) / 215) ** 2.6, 1.5) * 26
    surface = (y - np.float32(scene.table_y) + bend).astype(np.float32)
    inside = np.abs(x) - 238
    below = np.abs(x) * 0.16
    top = np.maximum(np.abs(surface) - 1.6, inside)
    canvas.paint(np.maximum(np.maximum(-surface, surface - (38 - below)), inside).astype(np.float32), -955.0)
    canvas.paint(top.astype(np.float32), -250.0)
    canvas.paint(np.maximum(np.abs(surface - (40 - below)) - 1.2, inside).astype(np.float32), -420.0)


def _soft_parts(canvas: _Canvas, scene: Scene, s: Section, noise: Picture, fine: Picture) -> None:
    """Skin, fat, the muscles of the wall, the shoulders."""
    t, body = scene.tissue, scene.anatomy.body
    canvas.paint(s.body, 15.0)
    canvas.paint(s.body + 2.2, t.fat + fine * 0.5)
    front = np.exp(-(((s.theta - 2.25) / 0.42) ** 2)) * float(np.clip((s.z + 70) / 60, 0.15, 1))
    side = np.exp(-(((s.theta - 1.15) / 0.45) ** 2)) * float(np.clip((s.z + 175) / 120, 0.3, 1))
    thick = 9 + (5 + 10 * front + 13 * side) * np.float32(body.muscle) + noise * 0.12
    wall = s.thorax - thick
    spine = scene.anatomy.spine_y(s.z)
    back = ellipse(np.abs(s.x), s.y, (25, spine + 33), (25, 17))
    trapezius = ellipse(s.x, s.y, (0, spine + 42), (48 + max(0.0, s.z) * 0.5, 9))
    flesh = smooth_min(smooth_min(wall, back, 6), trapezius, 6)
    if s.z > 25:
        grown = float(np.clip((s.z - 18) / 62, 0, 1))
        lobe = ellipse(np.abs(s.x), s.y, (96 + 22 * grown, 32.0), (30 + 48 * grown, 22 + 12 * grown))
        flesh = smooth_min(flesh, lobe, 14)
    flesh = smooth_max(flesh, s.body + 2.2 + np.float32(0.55 * body.fat_mm), 6)
    canvas.paint(flesh, t.muscle + fine * 0.5)
    streaks = np.abs(noise + 0.6 * fine) - 1.6
    planes = np.maximum(np.abs(s.thorax - 0.62 * thick) - 0.5, streaks * 0.25)
    canvas.paint(smooth_max(np.maximum(streaks * 0.35, wall - 40), flesh + 2, 2), t.fat * 0.75)
    canvas.paint(smooth_max(planes, flesh + 3, 1), t.fat * 0.8)
    if body.female and -95 < s.z < 0:
        gland = np.maximum(ellipse(np.abs(s.x), s.y, (66, -122 * body.depth), (26, 14)), -(noise + 2) * 0.8)
        canvas.paint(np.maximum(gland, s.body + 6), 25.0)


def _belly(canvas: _Canvas, scene: Scene, s: Section, noise: Picture, fine: Picture) -> None:
    """Inside the rib cage: fat, and under the domes liver, spleen, stomach."""
    t = scene.tissue
    canvas.paint(s.thorax, t.fat + fine * 0.4)
    if s.z > -60:
        return
    below = np.maximum(-s.diaphragm, s.thorax + 1)
    blur = scene.thickness_mm * 0.5
    canvas.paint(below, 45.0, blur)
    inside = np.maximum(-s.diaphragm + 3.5, s.thorax + 4)
    canvas.paint(inside, t.fat + fine * 0.4)
    deep = -s.z
    right = s.x - np.float32(8 + 22 * np.clip((deep - 80) / 60, 0, 1)) + s.y * 0.25 + noise * 0.6
    liver = smooth_max(smooth_max(inside + 1.0, right, 14), -ellipse(s.x, s.y, (0, 62), (34, 34)), 8)
    canvas.paint(liver, t.liver + noise * 0.25, blur)
    spleen = smooth_max(inside + 1.5, ellipse(s.x, s.y, (96, 40), (34, 44)) + noise * 0.4, 6)
    canvas.paint(spleen, t.spleen + noise * 0.2, blur)
    stomach = smooth_max(inside + 2, ellipse(s.x, s.y, (62, -22), (44, 48)) + noise * 0.6, 6)
    canvas.paint(stomach, 45.0)
    canvas.paint(stomach + 3.5, 18.0 + fine)
    if scene.anatomy.body.bowel_gas:
        level = s.y + np.float32(38)
        canvas.paint(smooth_max(stomach + 4, level, 2), -960.0)
    canvas.paint(ellipse(s.x, s.y, (0, 60), (27, 26)), t.muscle)


def _middle(canvas: _Canvas, scene: Scene, s: Section, noise: Picture) -> None:
    """Heart, great vessels, oesophagus, nodes, the walls of the central airways."""
    t = scene.tissue
    canvas.paint(s.heart + 1.0, 25.0)
    canvas.paint(s.heart + 2.4, t.fat)
    muscle = s.heart + 5.5 + noise * 0.25
    groove = np.abs(s.x * 0.8 + s.y * 0.35 - 4 + noise * 0.3) - 1.5
    canvas.paint(np.maximum(muscle, -(groove + np.maximum(-s.heart - 20, 0) * 0.3)), t.myocardium)
    canvas.paint(np.maximum(muscle + 7, -(np.abs(groove) - 3)), t.blood)
    for name, hu in (
        ("left_vein", t.blood), ("right_vein", t.blood), ("ivc", t.blood * 0.95), ("azygos", t.blood),
        ("brachiocephalic_vein", t.pulmonary), ("svc", t.pulmonary), ("pulmonary_trunk", t.pulmonary),
        ("right_pulmonary", t.pulmonary), ("left_pulmonary", t.pulmonary), ("brachiocephalic_artery", t.aorta),
        ("carotid", t.aorta), ("subclavian", t.aorta), ("oesophagus", 34.0), ("aorta", t.aorta),
    ):  # fmt: skip
        distance = s.tubes.get(name)
        if distance is not None:
            canvas.paint(distance - 1.2, 38.0)
            canvas.paint(distance, hu)
    nodes = np.maximum(np.abs(noise - 3.6) - 1.2, ellipse(s.x, s.y, (0, -12), (24, 38)))
    if -60 < s.z < 60:
        canvas.paint(np.maximum(nodes, -s.heart - 1), 35.0)
    for name in ("trachea", "right_bronchus", "left_bronchus"):
        if name in s.tubes:
            canvas.paint(s.tubes[name] - 1.8, 35.0)


def _bones(canvas: _Canvas, scene: Scene, s: Section, noise: Picture) -> None:
    """Spine, ribs, sternum, shoulder blades, collar bones."""
    t, body = scene.tissue, scene.anatomy.body
    _spine(canvas, scene, s, noise)
    if s.z < 96:
        half = scene.anatomy.thorax_half(s.z)
        fall = np.clip(s.theta / np.float32(0.8 * np.pi), 0, 1)
        height = np.float32(s.z + body.rib_phase) + np.float32(body.rib_drop) * fall * fall * (3 - 2 * fall)
        pitch = np.float32(body.rib_pitch)
        dz = np.mod(height + pitch / 2, pitch) - pitch / 2
        rib = (np.sqrt(((s.thorax - 5.2) / 3.9) ** 2 + (dz / 6.4) ** 2) - 1) * 4
        rib = np.maximum(rib, 17 - np.abs(s.x)) if half[0] > 30 else rib + 40
        canvas.paint(np.maximum(rib, s.theta - 2.55), t.cortex)
        canvas.paint(np.maximum(rib + 1.5, s.theta - 2.5), t.marrow + 40)
        canvas.paint(np.maximum(np.maximum(rib, 2.5 - s.theta), 12 - np.abs(s.x)), 105.0)
    if -105 < s.z < 62:
        a = 26.0 if s.z > 20 else 17.0
        centre = -scene.anatomy.thorax_half(s.z)[1] + _centre_y(scene, s) - 8
        breastbone = ellipse(s.x, s.y, (0, centre), (a, 6.5))
        canvas.paint(breastbone, t.cortex * 0.8)
        canvas.paint(breastbone + 1.6, t.marrow * 0.8)
    if s.z > -55:
        _shoulder_blade(canvas, scene, s)
    collar = scene.clavicle.distance(np.abs(s.x), s.y, s.z)
    if collar is not None:
        canvas.paint(collar, t.cortex)
        canvas.paint(collar + 2.2, t.marrow + 60)


def _centre_y(scene: Scene, s: Section) -> float:
    return float(np.interp(s.z, (-40, 0, 30, 55), (0, 1, 7, 14))) * scene.anatomy.body.depth


def _spine(canvas: _Canvas, scene: Scene, s: Section, noise: Picture) -> None:
    t = scene.tissue
    y0 = scene.anatomy.spine_y(s.z)
    phase = (s.z + scene.anatomy.body.rib_phase) % 24.0
    x = np.abs(s.x)
    round_ = superbody = ellipse(s.x, s.y, (0, y0), (18.5, 15.5))
    canal = ellipse(s.x, s.y, (0, y0 + 22), (9.5, 8.5))
    if phase < 5:
        canvas.paint(superbody, 95.0)
    else:
        canvas.paint(round_, t.cortex * 0.9)
        canvas.paint(round_ + 1.5, t.marrow + noise * 4)
    arch = np.maximum(ellipse(s.x, s.y, (0, y0 + 22), (14.5, 13.5)), -canal)
    spinous = ellipse(s.x, s.y, (0, y0 + 44), (3.8, 15))
    canvas.paint(arch, t.cortex * (0.85 if phase > 6 else 0.55))
    canvas.paint(spinous, t.cortex * 0.8)
    canvas.paint(spinous + 1.7, t.marrow)
    if phase > 11:
        wing = Tube(np.array([[10, y0 + 24, s.z], [34, y0 + 34, s.z]], float), np.array([5.0, 4.5]))
        transverse = wing.distance(x, s.y, s.z)
        if transverse is not None:
            canvas.paint(transverse, t.cortex * 0.85)
            canvas.paint(transverse + 1.6, t.marrow)
    canvas.paint(canal, 28.0)
    canvas.paint(ellipse(s.x, s.y, (0, y0 + 22), (5.5, 4.5)), 40.0)


def _shoulder_blade(canvas: _Canvas, scene: Scene, s: Section) -> None:
    t = scene.tissue
    x = np.abs(s.x)
    up = float(np.clip((s.z + 50) / 110, 0, 1))
    a, b = scene.anatomy.thorax_half(min(s.z, 60.0))
    cy = _centre_y(scene, s)
    inner = (0.62 * a - 6 * up, cy + b * 0.86 + 15)
    outer = (0.98 * a + 22 + 18 * up, cy + 0.45 * b + 6 - 14 * up)
    points = np.array(
        [[*inner, s.z], [(inner[0] + outer[0]) / 2, (inner[1] + outer[1]) / 2 + 3, s.z], [*outer, s.z]]
    )
    blade = Tube(points, np.array([2.2, 2.4, 4.5 + 5 * up])).distance(x, s.y, s.z)
    if blade is not None:
        blade = np.maximum(blade, s.body + 8)
        canvas.paint(blade, t.cortex * 0.9)
        canvas.paint(blade + 1.6, t.marrow)
    if s.z > 42:
        middle = (points[0] + points[2]) / 2
        spur = np.array([[*middle[:2], s.z], [middle[0] + 22, middle[1] + 20, s.z]])
        spine = Tube(spur, np.array([3.0, 4.0])).distance(x, s.y, s.z)
        if spine is not None:
            canvas.paint(np.maximum(spine, s.body + 8), t.cortex * 0.9)
        ball = ellipse(x, s.y, (outer[0] + 26, outer[1] - 4), (21, 21))
        canvas.paint(np.maximum(ball, s.body + 8), t.cortex)
        canvas.paint(np.maximum(ball + 2.4, s.body + 10), t.marrow)


def _lungs(
    canvas: _Canvas,
    scene: Scene,
    s: Section,
    place: tuple[float, NDArray[np.float32], NDArray[np.float32]],
    noise: Picture,
    fine: Picture,
) -> PaintedSlice:
    """Parenchyma, disease, fissures, vessels, airways; and all truth masks."""
    z_mm, y_mm, x_mm = place
    t, picture = scene.tissue, canvas.picture
    lung = canvas.fine(s.lung)
    steep = 1.0 + scene.thickness_mm * 0.22 * (s.z < -60)
    cover = canvas.cover(s.lung, steep - 1.0)
    base = t.lung + s.y * 0.32 + noise * 2.2 + fine * 3.0
    air = canvas.fine(base.astype(np.float32))
    inside = lung < 0
    state = scene.lesions.paint(air, s, canvas.fine, inside)
    for side, offset, along_y, along_x in scene.fissures:
        plane = np.abs(s.z - (offset + along_y * s.y + along_x * np.abs(s.x))) / np.hypot(1, along_y) - 0.25
        plane = np.where(s.x * side > 0, plane, 9).astype(np.float32)
        line = canvas.cover(plane, 1.0) * np.float32(0.5)
        air += line * np.maximum(np.float32(-620) - air, 0)
    size = scene.anatomy.body.size
    flow = splat(scene.trees.vessels, z_mm, scene.thickness_mm, y_mm, x_mm)
    air += flow * np.maximum(np.float32(t.pulmonary * 0.9) - air, 0)
    lumen = splat(scene.trees.airways, z_mm, scene.thickness_mm, y_mm, x_mm)
    wall = np.clip(4 * lumen * (1 - lumen), 0, 1) * 0.5
    air += wall * np.maximum(np.float32(-250) - air, 0)
    air += np.clip(lumen * 1.6 - 0.6, 0, 1) * (np.float32(-960) - air)
    picture += cover * (air - picture)
    masks: dict[str, NDArray[np.bool_]] = dict(state)
    x_fine = canvas.fine(np.broadcast_to(s.x, s.lung.shape).astype(np.float32))
    airway = np.zeros_like(inside)
    for name in ("trachea", "right_bronchus", "left_bronchus"):
        if name in s.tubes:
            canvas.paint(s.tubes[name], -985.0)
            airway |= canvas.fine(s.tubes[name]) < 0
    if airway.any():
        masks["trachea"] = airway
    del size
    masks["right_lung"] = inside & (x_fine < 0) & ~airway
    masks["left_lung"] = inside & (x_fine >= 0) & ~airway
    return PaintedSlice(picture, masks)
