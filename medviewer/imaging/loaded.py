"""Pictures of a volume that is still being loaded."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.reslice import PlaneView


def loaded_values(
    view: PlaneView, voxels: NDArray[Any], index: int, ready: NDArray[np.bool_] | None
) -> NDArray[Any]:
    """Picture ``index`` with zeros where stored slices are not ``ready`` (None: all are); those are not
    touched, because voxels kept on the disk would be read from there, page by page."""
    values = view.extract(voxels, index)
    if ready is None or view.axes[0] == 0 or ready.all():
        return values
    display = view.axes.index(0)
    # A copy in whole numbers: what loads goes on, and numpy writes past the end where a mask grows under it.
    here = np.flatnonzero(ready[::-1].copy() if view.flips[display] else ready.copy())
    out = np.zeros(values.shape, values.dtype)
    out.swapaxes(0, display - 1)[here] = values.swapaxes(0, display - 1)[here]
    return out
