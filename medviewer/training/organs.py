"""Paint the couch, the body wall, the belly and the mediastinum of one slice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from medviewer.training.anatomy import Section
from medviewer.training.canvas import Canvas
from medviewer.training.scene import Scene
from medviewer.training.shapes import Picture, ellipse, smooth_max, smooth_min


def couch(canvas: Canvas, scene: Scene, rows: NDArray[np.float32], columns: NDArray[np.float32]) -> None:
    """The couch: a curved shell of carbon fibre around foam."""
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


def soft_parts(canvas: Canvas, scene: Scene, s: Section, noise: Picture, fine: Picture) -> None:
    """Skin, fat, the muscles of the wall, the shoulders."""
    t, body = scene.tissue, scene.anatomy.body
    canvas.paint(s.body, 15.0)
    canvas.paint(s.body + 2.2, t.fat + fine * 0.5)
    front = np.exp(-(((s.theta - 2.25) / 0.42) ** 2)) * float(np.clip((s.z + 70) / 60, 0.15, 1))
    side = np.exp(-(((s.theta - 1.15) / 0.45) ** 2)) * float(np.clip((s.z + 175) / 120, 0.3, 1))
    thick = 9 + (5 + 10 * front + 13 * side) * np.float32(body.muscle) + noise * 0.12
    wall = s.thorax - thick
    spine = scene.anatomy.spine_y(s.z)
    back = ellipse(np.abs(s.x), s.y, (30, spine + 35), (36, 21))
    trapezius = ellipse(s.x, s.y, (0, spine + 46), (84 + max(0.0, s.z) * 0.5, 10))
    flesh = smooth_min(smooth_min(wall, back, 6), trapezius, 6)
    if s.z > 25:
        grown = float(np.clip((s.z - 18) / 62, 0, 1))
        lobe = ellipse(np.abs(s.x), s.y, (96 + 22 * grown, 32.0), (30 + 48 * grown, 22 + 12 * grown))
        flesh = smooth_min(flesh, lobe, 14)
    flesh = smooth_max(flesh, s.body + 2.2 + np.float32(0.4 * body.fat_mm), 6)
    canvas.paint(flesh, t.muscle + fine * 0.5)
    streaks = np.abs(noise + 0.8 * fine) - 0.9
    planes = np.maximum(np.abs(s.thorax - 0.62 * thick) - 0.5, streaks * 0.25)
    canvas.paint(smooth_max(np.maximum(streaks * 0.35, wall - 40), flesh + 2, 2), t.fat * 0.75)
    canvas.paint(smooth_max(planes, flesh + 3, 1), t.fat * 0.8)
    if body.female and -95 < s.z < 0:
        gland = np.maximum(ellipse(np.abs(s.x), s.y, (66, -122 * body.depth), (26, 14)), -(noise + 2) * 0.8)
        canvas.paint(np.maximum(gland, s.body + 6), 25.0)


def belly(canvas: Canvas, scene: Scene, s: Section, noise: Picture, fine: Picture) -> None:
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


def middle(canvas: Canvas, scene: Scene, s: Section, noise: Picture) -> None:
    """Heart, great vessels, oesophagus, nodes, the walls of the central airways."""
    t = scene.tissue
    canvas.paint(s.heart + 0.6, -20.0)
    canvas.paint(s.heart + 1.8, t.fat)
    muscle = s.heart + 2.2 + np.maximum(noise * 0.9, 0)
    groove = np.abs(s.x * 0.8 + s.y * 0.35 - 4 + noise * 1.2) - 1.0
    canvas.paint(np.maximum(muscle, -(groove + np.maximum(-s.heart - 20, 0) * 0.3)), t.myocardium)
    canvas.paint(np.maximum(muscle + 7, -(np.abs(groove) - 3)), t.blood)
    for name, hu in (
        ("left_vein", t.blood), ("right_vein", t.blood), ("ivc", t.blood * 0.95), ("azygos", t.blood),
        ("brachiocephalic_vein", t.pulmonary), ("svc", t.pulmonary), ("pulmonary_trunk", t.pulmonary),
        ("right_pulmonary", t.pulmonary), ("left_pulmonary", t.pulmonary),
        ("brachiocephalic_artery", t.aorta),
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
