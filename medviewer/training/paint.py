"""From distances to grey values: one slice of a synthetic chest in HU, before noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.training import organs
from medviewer.training.anatomy import Section
from medviewer.training.bones import bones
from medviewer.training.bowel import paint_gut
from medviewer.training.canvas import Canvas, lattice
from medviewer.training.heart_fat import paint_heart_fat
from medviewer.training.pleura import Effusion, compress
from medviewer.training.scene import Scene
from medviewer.training.shapes import Picture
from medviewer.training.vessels import splat

Place = tuple[float, NDArray[np.float32], NDArray[np.float32]]
"""Height, row and column coordinates of a slice in patient mm."""


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
    canvas = Canvas((len(y_mm), len(x_mm)), factor, pixel * 1.5)
    organs.couch(canvas, scene, rows, columns)
    noise = scene.coarse.at(s.z, rows, columns)
    fine = scene.fine.at(s.z, rows, columns)
    organs.soft_parts(canvas, scene, s, noise, fine)
    organs.belly(canvas, scene, s, noise, fine)
    paint_gut(canvas, scene.gut, s, fine)
    paint_heart_fat(canvas, scene.anatomy.heart_fat, s, fine)
    organs.middle(canvas, scene, s, noise)
    bones(canvas, scene, s, noise)
    return _lungs(canvas, scene, s, (z_mm, y_mm, x_mm), (noise, fine))


def _lungs(
    canvas: Canvas, scene: Scene, s: Section, place: Place, texture: tuple[Picture, Picture]
) -> PaintedSlice:
    """Parenchyma, disease, fissures, vessels, airways; and all truth masks."""
    steep = scene.thickness_mm * 0.22 * (s.z < -60)
    lung, layers = _fluid(canvas, scene, s, steep)
    cover = canvas.cover(lung, steep)
    base = scene.tissue.lung + s.y * 0.32 + texture[0] * 2.2 + texture[1] * 3.0
    air = canvas.fine(base.astype(np.float32)).copy()
    inside = canvas.fine(lung) < 0
    masks = scene.lesions.paint(air, s, canvas.fine, inside)
    _fissures(air, canvas, scene, s)
    _branches(air, scene, place)
    if layers:
        masks["compressed"] = compress(air, lung, layers, canvas.fine) & inside
        masks["effusion"] = (canvas.fine(s.lung) < 0) & ~inside
    canvas.picture += cover * (air - canvas.picture)
    airway = _airway(canvas, s)
    if airway.any():
        masks["trachea"] = airway
    right = canvas.fine(np.broadcast_to(s.x, s.lung.shape).astype(np.float32)) < 0
    masks["right_lung"] = inside & right & ~airway
    masks["left_lung"] = inside & ~right & ~airway
    return PaintedSlice(canvas.picture, masks)


def _fluid(
    canvas: Canvas, scene: Scene, s: Section, steep: float
) -> tuple[Picture, list[tuple[Effusion, Picture]]]:
    """Fill the pleural cavities that hold fluid; returns what is left to the lungs, and the layers."""
    if scene.pleura is None:
        return s.lung, []
    lung, layers = scene.pleura.squeezed(s)
    for effusion, layer in layers:
        if layer.any():
            side = np.maximum(s.lung, -s.x * np.float32(effusion.side)).astype(np.float32)
            canvas.paint(side, effusion.hu, steep)
    return lung, layers


def _fissures(air: NDArray[np.float32], canvas: Canvas, scene: Scene, s: Section) -> None:
    for side, offset, along_y, along_x in scene.fissures:
        plane = np.abs(s.z - (offset + along_y * s.y + along_x * np.abs(s.x))) / np.hypot(1, along_y) - 0.25
        plane = np.where(s.x * side > 0, plane, 9).astype(np.float32)
        line = canvas.cover(plane, 1.0) * np.float32(0.5)
        air += line * np.maximum(np.float32(-620) - air, 0)


def _branches(air: NDArray[np.float32], scene: Scene, place: Place) -> None:
    """Vessels, and airways with their walls."""
    z_mm, y_mm, x_mm = place
    flow = splat(scene.trees.vessels, z_mm, scene.thickness_mm, y_mm, x_mm)
    air += flow * np.maximum(np.float32(scene.tissue.pulmonary * 0.9) - air, 0)
    lumen = splat(scene.trees.airways, z_mm, scene.thickness_mm, y_mm, x_mm)
    wall = np.clip(4 * lumen * (1 - lumen), 0, 1) * np.float32(0.5)
    air += wall * np.maximum(np.float32(-250) - air, 0)
    air += np.clip(lumen * 1.6 - 0.6, 0, 1) * (np.float32(-960) - air)


def _airway(canvas: Canvas, s: Section) -> NDArray[np.bool_]:
    """Hollow out trachea and main bronchi; returns their lumen."""
    airway = np.zeros(canvas.picture.shape, bool)
    for name in ("trachea", "right_bronchus", "left_bronchus"):
        if name in s.tubes:
            canvas.paint(s.tubes[name], -985.0)
            airway |= canvas.fine(s.tubes[name]) < 0
    return airway
