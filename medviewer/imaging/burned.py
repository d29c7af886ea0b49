"""Words under a picture that cannot be taken off again: what it is, and who made what is drawn on it.

They stand below the picture, never on it: no pixel of the anatomy is covered.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from medviewer.imaging.draw import line_of_text

_FIRST_PX, _OTHER_PX = 22.0, 15.0


def burned(rgb: NDArray[np.uint8], lines: Sequence[str]) -> NDArray[np.uint8]:
    """The picture (rows, columns, 3) with lines of text beneath, the first larger; (more rows, columns, 3).

    Columns grow, black at the right, where a line is longer than the picture is wide: no word is ever cut.
    Empty lines are left out.
    """
    strips = [line_of_text(line, _FIRST_PX if k == 0 else _OTHER_PX) for k, line in enumerate(lines) if line]
    if not strips:
        return rgb.copy()
    columns = max(part.shape[1] for part in (rgb, *strips))
    return np.concatenate([_widened(part, columns) for part in (rgb, *strips)])


def _widened(part: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    return np.pad(part, ((0, 0), (0, columns - part.shape[1]), (0, 0)))
