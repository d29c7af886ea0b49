"""What the router tells apart, what it is shown, and how its numbers are read.

The network gives eleven logits in one vector: nine of which one is true (a softmax over them), then two that
stand alone (a sigmoid each).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.probabilities import sigmoid, softmax
from medviewer.ai.routing import NO_GREYS, NO_WAY_UP
from medviewer.ai.steps import Step, apply_steps, resize_area

__all__ = [
    "BRAIN_AXIAL", "BRAIN_CORONAL", "BRAIN_SAGITTAL", "CARDIAC", "CHEST_ADULT", "CHEST_CHILD", "CHEST_CT",
    "HEAD_CT", "INVERTED", "KEPT_SIDE", "KINDS", "NO_GREYS", "NO_WAY_UP", "OTHER", "OUTPUTS", "SIZE", "STEPS",
    "UPSIDE_DOWN", "Picture", "Reading", "Shot", "kept", "prepare", "read",
]  # fmt: skip

CHEST_CT, HEAD_CT = "chest_ct_axial", "head_ct_axial"
BRAIN_AXIAL, BRAIN_CORONAL, BRAIN_SAGITTAL = "brain_mr_axial", "brain_mr_coronal", "brain_mr_sagittal"
CARDIAC = "cardiac_mr_short_axis"
CHEST_ADULT, CHEST_CHILD = "chest_xray_adult", "chest_xray_child"
OTHER = "other"
KINDS = (
    CHEST_CT, HEAD_CT, BRAIN_AXIAL, BRAIN_CORONAL, BRAIN_SAGITTAL, CARDIAC, CHEST_ADULT, CHEST_CHILD, OTHER,
)  # fmt: skip
UPSIDE_DOWN, INVERTED = "upside_down", "inverted"
OUTPUTS = (*KINDS, UPSIDE_DOWN, INVERTED)
SIZE = 128
STEPS = (
    Step("present"),
    Step("clean"),
    Step("scale_percentiles", {"low": 0.5, "high": 99.5}),
    Step("pad_square", {"fill": 0.0}),
    Step("resize_area", {"size": [SIZE, SIZE]}),
)
KEPT_SIDE = 176
"""Pictures are kept no larger than this on their longer side."""

Picture = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Shot:
    """One picture (rows, columns), upright, light and dark as they should be; ``hu``: values are HU."""

    values: NDArray[np.float16]
    kind: str
    patient: str
    hu: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """Probabilities of the network: ``kinds`` (n, 9) sums to 1, the other two (n,) stand alone."""

    kinds: NDArray[np.float64]
    upside_down: NDArray[np.float64]
    inverted: NDArray[np.float64]


def prepare(picture: NDArray[Any]) -> Picture:
    """(rows, columns) as shown → (128, 128) for the network.

    Grey values of any unit and any window, square pixels, light and dark as on the screen (a MONOCHROME1
    picture is turned before). HU need no window.
    """
    return apply_steps(picture, STEPS)


def read(logits: NDArray[Any]) -> Reading:
    """Logits (n, 11) as probabilities."""
    values = np.asarray(logits, np.float64)
    alone = sigmoid(values[:, len(KINDS) :])
    return Reading(softmax(values[:, : len(KINDS)], axis=1), alone[:, 0], alone[:, 1])


def kept(values: NDArray[Any], kind: str, patient: str, hu: bool = False, tall: float = 1.0) -> Shot:
    """A picture made small; ``tall`` is the height of a pixel over its width."""
    rows, columns = values.shape[-2:]
    height = rows * tall
    scale = min(1.0, KEPT_SIDE / max(height, columns))
    size = (max(8, round(height * scale)), max(8, round(columns * scale)))
    small = resize_area(np.nan_to_num(np.asarray(values, np.float32)), size)
    if not hu:
        low, high = float(small.min()), float(small.max())
        small = (small - low) / max(high - low, 1e-6)
    return Shot(small.astype(np.float16), kind, patient, hu)
