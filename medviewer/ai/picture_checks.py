"""Is the outline on one picture plausible? Said with the finding; never a silent repair."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.findings import Notice
from medviewer.ai.pictures import PictureAnswer
from medviewer.imaging.numbers import number

BORDER_SHARE = 0.04
"""Contact with the picture's edge, in proportion to its shorter side, that counts as cut off."""
STRAY_SHARE = 0.03
"""Share of what the model marked that lay in islands, worth a word."""

Bool2 = NDArray[np.bool_]
Limits = Mapping[str, tuple[float, float]]
"""Output → plausible part of the picture's area."""


def check_picture(answer: PictureAnswer, name: str, title: str, limits: Limits) -> list[Notice]:
    """Notices on one output of one picture: empty, cut by the border, islands, size out of range."""
    mask = np.asarray(answer.masks[name])
    where = f"{title}, image {answer.index + 1}"
    if not mask.any():
        return [Notice("EMPTY_MASK", f"{where}: not found. The model may have missed it.")]
    notices = []
    if border_contact(mask) >= BORDER_SHARE:
        text = f"{where}: cut off by the border of the picture; its size is a lower bound."
        notices.append(Notice("CUT_BY_BORDER", text))
    if answer.dropped[name] >= STRAY_SHARE:
        share = number(100 * answer.dropped[name], "%")
        text = f"{where}: {share} of what the model marked lay in islands and was left out."
        notices.append(Notice("ISLANDS_DROPPED", text))
    if answer.filled[name] >= STRAY_SHARE:
        share = number(100 * answer.filled[name], "%")
        notices.append(Notice("HOLES", f"{where}: holes of {share} of its size were filled."))
    part = float(mask.mean())
    least, most = limits.get(name, (0.0, 1.0))
    if not least <= part <= most:
        share = number(100 * part, "%", 1)
        text = f"{where}: it takes {share} of the picture, outside the plausible range."
        notices.append(Notice("AREA_RANGE", text))
    return notices


def border_contact(mask: Bool2) -> float:
    """The longest contact of the mask with one edge of its picture, in proportion to the shorter side."""
    edges = (mask[0], mask[-1], mask[:, 0], mask[:, -1])
    return float(max(np.count_nonzero(edge) for edge in edges) / min(mask.shape))


def sides_swapped(right: Bool2, left: Bool2) -> bool:
    """Whether the patient's right organ lies to the right on a picture stored the usual way."""
    if not (right.any() and left.any()):
        return False
    return centre_column(right) >= centre_column(left)


def centre_column(mask: Bool2) -> float:
    """Mean column of the pixels inside."""
    counts = np.count_nonzero(mask, axis=0)
    return float((counts * np.arange(counts.size)).sum() / counts.sum())
