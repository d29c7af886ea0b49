"""The great vessels, the oesophagus and the central airways as bent tubes."""

from __future__ import annotations

import numpy as np

from medviewer.training.shapes import Tube

Knot = tuple[float, float, float, float]
"""x, y, z and radius in nominal mm."""


_TRACHEA: list[Knot] = [
    (0, 2, 135, 8.4),
    (1, 4, 90, 8.6),
    (2, 9, 45, 8.8),
    (3, 14, 12, 8.8),
    (2, 16, 0, 8.2),
]
_CARINA: Knot = (2, 16, 1, 7.4)
_AORTA: list[Knot] = [
    (4, -20, -62, 14.5),
    (-12, -30, -35, 15.5),
    (-17, -34, -2, 15),
    (-9, -28, 22, 14),
    (8, -8, 31, 13.5),
    (22, 14, 24, 13),
    (27, 34, 4, 12.5),
    (24, 43, -50, 12),
    (14, 36, -120, 11.5),
    (4, 24, -220, 11),
]
_LINES: dict[str, tuple[list[Knot], float]] = {
    "aorta": (_AORTA, 1.6),
    "svc": ([(-30, -22, 62, 8), (-29, -22, 20, 9), (-27, -18, -18, 9.5), (-24, -14, -42, 10)], 1.5),
    "brachiocephalic_vein": (
        [(50, -26, 78, 6.5), (28, -42, 55, 6.5), (-6, -46, 44, 6.5), (-28, -26, 36, 7)],
        1.5,
    ),
    "brachiocephalic_artery": (
        [(-8, -26, 32, 6), (-14, -18, 58, 6), (-24, -12, 84, 5.5), (-30, -8, 115, 4.5)],
        1.5,
    ),
    "carotid": ([(8, -12, 36, 4), (14, -6, 64, 4), (22, -2, 115, 4)], 1.2),
    "subclavian": ([(20, 8, 34, 5), (24, 10, 66, 5), (40, 4, 88, 5), (85, -8, 96, 4.5)], 1.2),
    "pulmonary_trunk": ([(18, -50, -48, 14), (20, -42, -26, 14), (22, -24, -12, 13)], 1.5),
    "right_pulmonary": (
        [(20, -24, -14, 11), (-6, -9, -16, 10.5), (-34, -2, -20, 9.5), (-48, 4, -32, 7)],
        1.5,
    ),
    "left_pulmonary": (
        [(22, -22, -11, 11), (36, -4, -7, 10), (46, 14, -16, 8.5), (48, 20, -34, 6.5)],
        1.5,
    ),
    "ivc": ([(-22, -6, -92, 12), (-22, 2, -130, 12), (-20, 14, -220, 12)], 1.5),
    "oesophagus": (
        [(4, 26, 130, 6.5), (6, 30, 40, 6.5), (4, 34, -40, 7), (10, 30, -110, 7), (26, 18, -160, 8)],
        1.5,
    ),
    "azygos": (
        [(-30, 8, 14, 4), (-16, 40, 10, 4), (-8, 45, -40, 4), (-6, 28, -200, 3.5)],
        1.0,
    ),
    "right_vein": ([(-6, -2, -46, 9), (-34, 4, -44, 7), (-52, 12, -56, 5)], 1.5),
    "left_vein": ([(14, 2, -44, 9), (40, 6, -42, 6.5), (54, 14, -54, 5)], 1.5),
    "trachea": (_TRACHEA, 0.8),
    "right_bronchus": ([_CARINA, (-12, 18, -9, 7.2), (-24, 20, -18, 6.6), (-34, 21, -26, 5.4)], 0.8),
    "left_bronchus": ([_CARINA, (15, 19, -10, 6.4), (31, 22, -21, 6.0), (43, 25, -30, 5.0)], 0.8),
}
"""Name -> knots, and how far (mm, standard deviation) each may move."""


def _jitter(rng: np.random.Generator, knots: list[Knot], by: float) -> Tube:
    moved = np.asarray(knots, dtype=np.float64)
    moved[:, :3] += rng.normal(0, by, (len(knots), 3))
    moved[:, 3] *= rng.uniform(0.88, 1.14)
    return Tube.through([(float(a), float(b), float(c), float(d)) for a, b, c, d in moved])


def central_tubes(rng: np.random.Generator) -> dict[str, Tube]:
    """Great vessels, oesophagus and central airways of one chest, a little moved by ``rng``."""
    return {name: _jitter(rng, line, by) for name, (line, by) in _LINES.items()}
