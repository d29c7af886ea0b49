"""One synthetic chest: its proportions drawn from a seed, its organs as signed distances at any height.

Nominal frame, in mm: origin at the carina's level in the midline, x left, y posterior, z up (LPS). A chest
of another size is the same anatomy scaled. Nothing here knows grids, grey values or files.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from medviewer.training.central import central_tubes
from medviewer.training.heart_fat import HeartFat
from medviewer.training.shapes import (
    FAR,
    Picture,
    SmoothNoise,
    ellipse,
    ellipsoid_half,
    smooth_max,
    smooth_min,
    superellipse,
    table,
)

TOP_MM, BOTTOM_MM = 118.0, -200.0
"""From the root of the neck to the middle of the liver."""

_THORAX_HALF_WIDTH = (
    (-220, 124), (-160, 130), (-100, 132), (-40, 130), (0, 122), (30, 110), (55, 94), (75, 76), (90, 56),
    (99, 30), (104, 8),
)  # fmt: skip
_THORAX_HALF_DEPTH = (
    (-220, 92), (-100, 94), (-40, 92), (0, 87), (30, 76), (55, 62), (75, 50), (90, 37), (99, 20), (104, 6),
)  # fmt: skip
_THORAX_Y = ((-220, -2), (-40, 0), (0, 1), (30, 7), (55, 14), (75, 20), (90, 25), (104, 28))
_SPINE_Y = ((-220, 46), (-120, 58), (-60, 65), (0, 66), (50, 62), (75, 58), (104, 50), (130, 42))
_COLUMN_HALF_WIDTH = ((-220, 20), (-80, 20), (-30, 27), (0, 29), (30, 31), (60, 29), (100, 30))

_ATRIA = (((-24.0, -26.0, -64.0), (27.0, 33.0, 46.0)), ((4.0, 8.0, -42.0), (35.0, 19.0, 27.0)))
"""(centre, half axes) of the right and the left atrium."""


@dataclass(frozen=True)
class Proportions:
    """What differs from one chest to the next; every field is drawn from the seed."""

    female: bool
    size: float
    width: float
    depth: float
    fat_mm: float
    muscle: float
    heart: float
    right_dome: float
    left_dome: float
    sulcus: float
    roundness: float
    rib_phase: float
    rib_pitch: float
    rib_drop: float
    kyphosis: float
    bowel_gas: bool

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Proportions:
        """A plausible adult."""
        female = bool(rng.random() < 0.5)
        return cls(
            female=female,
            size=float(rng.uniform(0.86, 0.98) if female else rng.uniform(0.94, 1.08)),
            width=float(rng.uniform(0.93, 1.07)),
            depth=float(rng.uniform(0.88, 1.16)),
            fat_mm=float(rng.uniform(9, 30) if female else rng.uniform(5, 24)),
            muscle=float(rng.uniform(0.6, 1.0) if female else rng.uniform(0.75, 1.3)),
            heart=float(rng.uniform(0.88, 1.16)),
            right_dome=float(rng.uniform(-112, -72)),
            left_dome=float(rng.uniform(-122, -84)),
            sulcus=float(rng.uniform(48, 88)),
            roundness=float(rng.uniform(2.15, 2.6)),
            rib_phase=float(rng.uniform(0, 24)),
            rib_pitch=float(rng.uniform(22, 26)),
            rib_drop=float(rng.uniform(55, 95)),
            kyphosis=float(rng.uniform(-6, 5)),
            bowel_gas=bool(rng.random() < 0.6),
        )


@dataclass
class Section:
    """Signed distances at one height on one grid (mm, negative inside)."""

    z: float
    x: Picture
    y: Picture
    thorax: Picture
    theta: Picture
    """Angle about the thorax: 0 at the back, pi in front."""
    body: Picture
    lung: Picture
    diaphragm: Picture
    """Negative above the diaphragm."""
    heart: Picture
    tubes: dict[str, Picture] = field(default_factory=dict)


class Anatomy:
    """The organs of one chest. Deterministic by the generator it is built from."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.body = Proportions.draw(rng)
        self._warp_x = SmoothNoise(rng, 55.0, 2.6)
        self._warp_y = SmoothNoise(rng, 55.0, 2.6)
        self.tubes = central_tubes(rng)
        self._heart_shift = rng.uniform(-6, 6, 3)
        self.heart_fat: HeartFat | None = None

    def section(self, z_mm: float, y_mm: NDArray[np.float32], x_mm: NDArray[np.float32]) -> Section:
        """Everything at height ``z_mm`` on rows ``y_mm`` and columns ``x_mm`` (patient mm)."""
        size = np.float32(self.body.size)
        z, rows, columns = float(z_mm / size), y_mm / size, x_mm / size
        x = columns[None, :] + self._warp_x.at(z, rows, columns)
        y = rows[:, None] + self._warp_y.at(z, rows, columns)
        thorax, centre_y = self._thorax(z, x, y)
        theta = np.arctan2(np.abs(x), y - np.float32(centre_y)).astype(np.float32)
        tubes = {name: d for name, tube in self.tubes.items() if (d := tube.distance(x, y, z)) is not None}
        heart = self.heart(z, x, y)
        if self.heart_fat is not None:
            heart = self.heart_fat.heart(z, x, y, heart)
        diaphragm = self._diaphragm(z, x, y)
        section = Section(z, x, y, thorax, theta, self._outline(z, x, y), thorax, diaphragm, heart, tubes)
        section.lung = self._lung(section)
        if self.heart_fat is not None:
            section.lung = self.heart_fat.lung(z, x, y, section.lung)
        return section

    def spine_y(self, z: float) -> float:
        """Centre of the vertebral bodies."""
        return float(table(z, _SPINE_Y) * self.body.depth**0.7 + self.body.kyphosis * (1 - (z / 110) ** 2))

    def thorax_half(self, z: float) -> tuple[float, float]:
        """Half width and half depth of the rib cage's inside."""
        narrow = 0.95 if self.body.female else 1.0
        return (
            table(z, _THORAX_HALF_WIDTH) * self.body.width * narrow,
            table(z, _THORAX_HALF_DEPTH) * self.body.depth,
        )

    def heart(self, z: float, x: Picture, y: Picture) -> Picture:
        """The heart with its pericardium: an ellipsoid whose axis points left, forward and down."""
        scale = self.body.heart
        dx, dy, dz = self._heart_shift
        top = ellipsoid_half(z, -62 + dz, 56 * scale)
        if top <= 0.05:
            return np.full(x.shape, FAR, np.float32)
        lean = (-62 + dz - z) * 0.22
        turn = np.float32(np.deg2rad(38))
        cx, cy = 16 + dx * 0.6 + lean, -24 * self.body.depth + dy - lean * 0.45
        u = (x - np.float32(cx)) * np.cos(turn) - (y - np.float32(cy)) * np.sin(turn)
        v = (x - np.float32(cx)) * np.sin(turn) + (y - np.float32(cy)) * np.cos(turn)
        out = ellipse(u, v, (0, 0), (60 * scale * top, 43 * scale * top))
        for centre, half in _ATRIA:
            left = ellipsoid_half(z, centre[2] + dz, half[2] * scale)
            if left > 0.15:
                middle = (centre[0] + dx, centre[1] * self.body.depth + dy)
                out = smooth_min(
                    out, ellipse(x, y, middle, (half[0] * scale * left, half[1] * scale * left)), 9
                )
        return out

    def _thorax(self, z: float, x: Picture, y: Picture) -> tuple[Picture, float]:
        half = self.thorax_half(z)
        centre_y = table(z, _THORAX_Y) * self.body.depth
        return superellipse(x, y, (0.0, centre_y), half, self.body.roundness), centre_y

    def _outline(self, z: float, x: Picture, y: Picture) -> Picture:
        """The skin's outer surface: trunk, shoulders with raised arms, neck, breasts."""
        a, b = self.thorax_half(min(z, 62.0))
        fat = self.body.fat_mm
        muscle = 15 * self.body.muscle
        shoulder = np.clip((z - 18) / 62, 0, 1)
        centre_y = table(min(z, 62.0), _THORAX_Y) * self.body.depth + 5 + 4 * shoulder
        neck = 1 - 0.34 * float(np.clip((z - 66) / 50, 0, 1))
        half = ((a + 14 + muscle + fat) * neck, (b + 15 + 0.55 * muscle + 0.6 * fat) * neck)
        centre_y += (1 - neck) * 34
        trunk = superellipse(x, y, (0.0, centre_y), half, self.body.roundness)
        if shoulder > 0:
            lobe = ellipse(
                np.abs(x),
                y,
                (92 + 22 * shoulder, centre_y + 14),
                (38 + 52 * shoulder + 0.5 * fat, 40 + 8 * shoulder),
            )
            trunk = smooth_min(trunk, lobe, 30)
        groove = ellipse(x, y, (0, centre_y + b + 26 + 0.55 * muscle + 0.75 * fat), (11, 9))
        trunk = smooth_max(trunk, -groove, 16)
        if self.body.female:
            swell = ellipsoid_half(z, -48, 55)
            if swell > 0.05:
                size = 40 + 0.8 * fat
                breast = ellipse(
                    np.abs(x),
                    y,
                    (66, centre_y - b - 6 - 0.6 * fat),
                    (size * swell * 1.15, size * swell * 0.85),
                )
                trunk = smooth_min(trunk, breast, 18)
        return trunk

    def _diaphragm(self, z: float, x: Picture, y: Picture) -> Picture:
        """Distance below the domes: negative above (in the chest), positive in the belly."""
        b = self.body
        right = ((x + 62) / np.float32(88 * b.width)) ** 2 + ((y - 2 + 8) / np.float32(98 * b.depth)) ** 2
        left = ((x - 66) / np.float32(84 * b.width)) ** 2 + ((y - 6 + 8) / np.float32(96 * b.depth)) ** 2
        posterior = np.float32(0.20) * np.maximum(y, 0)
        high_right = np.float32(b.right_dome) - np.float32(b.sulcus) * right ** np.float32(1.25) - posterior
        high_left = np.float32(b.left_dome) - np.float32(b.sulcus) * left ** np.float32(1.25) - posterior
        surface = np.where(x < 0, high_right, high_left).astype(np.float32)
        blend = np.clip((x + 22) / 44, 0, 1)
        surface = np.where(np.abs(x) < 22, high_right * (1 - blend) + high_left * blend, surface)
        steep_x = np.gradient(surface, axis=1) / np.maximum(np.gradient(x, axis=1), 0.05)
        steep_y = np.gradient(surface, axis=0) / np.maximum(np.gradient(y, axis=0), 0.05)
        norm = np.sqrt(1 + np.minimum(steep_x**2 + steep_y**2, 25))
        return np.asarray((surface - np.float32(z)) / norm, dtype=np.float32)

    def _mediastinum(self, s: Section) -> Picture:
        """What lies between the lungs, spine included."""
        x, y, z = s.x, s.y, s.z
        spine = self.spine_y(z)
        deep = self.body.depth
        column = ellipse(x, y, (1.0, -4.0), (table(z, _COLUMN_HALF_WIDTH), 50 * deep))
        front = ellipse(x, y, (3.0, -70.0 * deep), (9 + max(0.0, -z - 40) * 0.12, 42 * deep))
        spine_body = ellipse(x, y, (0, spine + 3), (23, 22))
        back = ellipse(x, y, (0, spine + 32), (33, 24))
        out = smooth_min(smooth_min(column, front, 10), smooth_min(spine_body, back, 8), 10)
        out = smooth_min(out, s.heart - 4, 8)
        for name in (
            "aorta",
            "svc",
            "pulmonary_trunk",
            "right_pulmonary",
            "left_pulmonary",
            "ivc",
            "subclavian",
        ):
            if name in s.tubes:
                out = smooth_min(out, s.tubes[name] - 2.5, 6)
        for name in ("trachea", "right_bronchus", "left_bronchus"):
            if name in s.tubes:
                out = smooth_min(out, s.tubes[name] - 2.2, 4)
        return out

    def _lung(self, s: Section) -> Picture:
        """Both lungs, vessels inside: rib cage minus mediastinum, above the diaphragm."""
        chest = smooth_max(s.thorax + 1.5, s.diaphragm + 2.5, 7)
        return smooth_max(chest, -self._mediastinum(s), 5)
