"""Paint the bones of one slice: spine, ribs, sternum, shoulder blades, collar bones."""

from __future__ import annotations

import numpy as np

from medviewer.training.anatomy import Section
from medviewer.training.canvas import Canvas
from medviewer.training.scene import Scene
from medviewer.training.shapes import Picture, Tube, ellipse


def bones(canvas: Canvas, scene: Scene, s: Section, noise: Picture) -> None:
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
        _shoulder_blade(canvas, scene, s, noise)
    collar = scene.clavicle.distance(np.abs(s.x), s.y, s.z)
    if collar is not None:
        collar = np.maximum(collar, s.body + 6)
        canvas.paint(collar, t.cortex)
        canvas.paint(collar + 2.2, t.marrow + 60)


def _centre_y(scene: Scene, s: Section) -> float:
    return float(np.interp(s.z, (-40, 0, 30, 55), (0, 1, 7, 14))) * scene.anatomy.body.depth


def _spine(canvas: Canvas, scene: Scene, s: Section, noise: Picture) -> None:
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


def _shoulder_blade(canvas: Canvas, scene: Scene, s: Section, noise: Picture) -> None:
    t = scene.tissue
    x = np.abs(s.x)
    up = float(np.clip((s.z + 50) / 110, 0, 1))
    a, b = scene.anatomy.thorax_half(min(s.z, 60.0))
    cy = _centre_y(scene, s)
    inner = (0.62 * a - 6 * up, cy + b * 0.86 + 15)
    reach = 0.25 + 0.75 * min(1.0, up * 1.6)
    tip = (0.98 * a + 20 + 18 * up, cy + 0.45 * b + 10 - 18 * up)
    outer = (inner[0] + reach * (tip[0] - inner[0]), inner[1] + reach * (tip[1] - inner[1]))
    points = np.array(
        [
            [*inner, s.z],
            [(inner[0] + outer[0]) / 2, (inner[1] + outer[1]) / 2 + 4 * reach, s.z],
            [*outer, s.z],
        ]
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
        canvas.paint(np.maximum(ball, s.body + 8), t.cortex * 0.8)
        canvas.paint(np.maximum(ball + 2.4, s.body + 10), t.marrow * 0.9 + noise * 12)
