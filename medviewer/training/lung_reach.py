"""How far a lung reaches behind the mediastinum: V7's outlines brought to the definition that is measured.

V7 ends a lung about at the spine's edge; the adults of ``evaluation/cxr_adult`` are drawn on, over the
vertebral bodies. On half the height of the lungs the gap between them is 0.150 of the thorax width with V7
(39 PA adults of ``cxr_adult_ccby``) and 0.119 there (every second row of its index, 24 pictures).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from medviewer.training.chest_pictures import LEFT, RIGHT
from medviewer.training.mask_task import Outlined

Bool2 = NDArray[np.bool_]

SHARE = 0.0155
"""Of the thorax width, for each lung: half of 0.150 - 0.119."""
_BORDER = 0.12
"""Rows whose inmost pixel lies further from the lung's inmost one than this share of the width end at the
diaphragm, not at the mediastinum."""
_LEFT_BETWEEN = 0.03
"""Of the width, between the two lungs at least."""


def reached(pictures: Outlined, share: float = SHARE) -> Outlined:
    """The same pictures, both lungs of each further in; hearts and what is ignored stay."""
    masks = pictures.masks.copy()
    for mask in masks:
        right, left = reaching(mask & RIGHT > 0, mask & LEFT > 0, share)
        mask[right] |= RIGHT
        mask[left] |= LEFT
    return replace(pictures, masks=masks)


def reaching(right: Bool2, left: Bool2, share: float = SHARE) -> tuple[Bool2, Bool2]:
    """Both lungs (rows, columns), each with its mediastinal border ``share`` of the width further in.

    Right and left are the patient's: the right lung lies on the picture's left. Nothing else of the outlines
    changes: not the apex's height, the ribs' side or the diaphragm.
    """
    columns = np.flatnonzero((right | left).any(axis=0))
    if not len(columns) or not share:
        return right, left
    width = int(columns[-1] - columns[0] + 1)
    step = round(share * width)
    ends = _inmost(right, width), _inmost(left[:, ::-1], width)
    apart = max(1, round(_LEFT_BETWEEN * width))
    other_left = np.where(ends[1] >= 0, left.shape[1] - 1 - ends[1], left.shape[1] + apart)
    room = other_left - np.maximum(ends[0], 0) - 1 - apart
    # Each lung takes its step, or half of the room that is left between the two.
    steps = np.clip(np.minimum(step, room // 2), 0, step)
    return _widened(right, ends[0], steps), _widened(left[:, ::-1], ends[1], steps)[:, ::-1]


def _inmost(lung: Bool2, width: int) -> NDArray[np.int_]:
    """The last column of the lung in each row that ends at the mediastinum, else -1."""
    last = lung.shape[1] - 1 - np.argmax(lung[:, ::-1], axis=1)
    last = np.where(lung.any(axis=1), last, -1)
    return np.where(last >= last.max() - _BORDER * width, last, -1)


def _widened(lung: Bool2, ends: NDArray[np.int_], steps: NDArray[np.int_]) -> Bool2:
    column = np.arange(lung.shape[1])[None, :]
    more = (column > ends[:, None]) & (column <= (ends + steps)[:, None]) & (ends >= 0)[:, None]
    return np.asarray(lung | more, bool)
