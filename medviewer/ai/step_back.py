"""The way back: an answer on the network's picture, put on the stored pixels it was made of.

Every step that changes the size of a picture is undone in reverse order: what was cropped is outside the
answer (0), what was padded is cut off, what was resampled is interpolated between pixel centres in the same
frame. So nothing shifts, whatever the sizes are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.ai.steps import Step, resize_area

Float32 = NDArray[np.float32]
Size = tuple[int, int]


def sizes(shape: Size, steps: Sequence[Step]) -> list[Size]:
    """(rows, columns) before the first step and after each one."""
    found = [shape]
    for step in steps:
        rows, columns = found[-1]
        if step.name == "pad_square":
            found.append((max(rows, columns),) * 2)
        elif step.name == "resize_area":
            found.append((int(step.args["size"][0]), int(step.args["size"][1])))
        elif step.name == "crop_centre":
            size = step.args["size"]
            found.append((min(rows, int(size[0])), min(columns, int(size[1]))))
        else:
            found.append((rows, columns))
    return found


def undo(answer: NDArray[np.float32], shape: Size, steps: Sequence[Step]) -> Float32:
    """An answer (..., rows, columns) on the prepared picture, on the stored picture of ``shape``.

    Raises ValueError where the answer's size is not what the steps make of ``shape``.
    """
    path = sizes(shape, steps)
    if answer.shape[-2:] != path[-1]:
        raise ValueError("the answer is not of the size that the steps make")
    out = np.asarray(answer, np.float32)
    for step, before in zip(reversed(steps), reversed(path[:-1]), strict=True):
        if step.name == "resize_area":
            out = resize_area(out, before)
        elif step.name == "pad_square":
            out = _middle(out, before)
        elif step.name == "crop_centre":
            out = _placed(out, before)
    return np.ascontiguousarray(out)


def _middle(picture: Float32, size: Size) -> Float32:
    """The inverse of ``pad_square``."""
    top, left = ((n - k) // 2 for n, k in zip(picture.shape[-2:], size, strict=True))
    return picture[..., top : top + size[0], left : left + size[1]]


def _placed(picture: Float32, size: Size) -> Float32:
    """The inverse of ``crop_centre``: 0 around it."""
    out = np.zeros((*picture.shape[:-2], *size), np.float32)
    rows, columns = picture.shape[-2:]
    top, left = (size[0] - rows) // 2, (size[1] - columns) // 2
    out[..., top : top + rows, left : left + columns] = picture
    return out
