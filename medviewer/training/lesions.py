"""Disease in a synthetic lung: emphysema, a consolidation on the pleura, a nodule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from medviewer.training.anatomy import Section
from medviewer.training.shapes import Picture, SmoothNoise


@dataclass(frozen=True)
class Blob:
    """An ellipsoid with a rough edge; centre and half axes in nominal mm (x, y, z)."""

    centre: tuple[float, float, float]
    half: tuple[float, float, float]
    rough: float

    def distance(self, s: Section, noise: Picture) -> Picture | None:
        """Distance at a section, or None where the blob does not reach it."""
        dz = (s.z - self.centre[2]) / self.half[2]
        if abs(dz) > 1.5:
            return None
        f = np.sqrt(
            ((s.x - np.float32(self.centre[0])) / np.float32(self.half[0])) ** 2
            + ((s.y - np.float32(self.centre[1])) / np.float32(self.half[1])) ** 2
            + np.float32(dz * dz)
        )
        return np.asarray(
            (f - 1) * np.float32(min(self.half)) + noise * np.float32(self.rough), dtype=np.float32
        )


@dataclass(frozen=True)
class Lesions:
    """The lesions of one chest. Any may be absent."""

    texture: SmoothNoise
    consolidations: tuple[Blob, ...] = ()
    emphysema: tuple[Blob, ...] = ()
    nodules: tuple[Blob, ...] = ()
    consolidation_hu: float = 38.0
    emphysema_hu: float = -975.0
    nodule_hu: float = 35.0

    def paint(
        self,
        air: NDArray[np.float32],
        s: Section,
        fine: Callable[[Picture], Picture],
        inside: NDArray[np.bool_],
    ) -> dict[str, NDArray[np.bool_]]:
        """Change ``air`` (HU of the lung, full grid) in place; returns the truth masks on the full grid."""
        noise = self.texture.at(s.z, s.y[:, 0], s.x[0])
        masks: dict[str, NDArray[np.bool_]] = {}
        jobs = (
            ("emphysema", self.emphysema, self.emphysema_hu, 6.0, 1.5),
            ("consolidation", self.consolidations, self.consolidation_hu, 7.0, 2.0),
            ("nodule", self.nodules, self.nodule_hu, 1.4, 0.3),
        )
        for name, blobs, hu, soft, mottle in jobs:
            for blob in blobs:
                lattice = blob.distance(s, noise)
                if lattice is None:
                    continue
                distance = fine(lattice)
                cover = np.clip(np.float32(0.5) - distance / np.float32(soft), 0, 1)
                value = np.float32(hu) + fine(noise) * np.float32(mottle)
                air += cover * (value - air)
                core = (distance < 0) & inside
                if core.any():
                    masks[name] = masks.get(name, False) | core
        return masks
