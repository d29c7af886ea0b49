"""From stored to real-world values (PS3.3 C.7.6.16.2.11): a line or a table, over a range of stored ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class ValueMap:
    """``first`` to ``last``: the stored values that mean something (inclusive); others have no value.

    ``entries``: little-endian float64, one for each whole number of the range; slope and intercept are for
    where there are none.
    """

    first: float
    last: float
    slope: float = 1.0
    intercept: float = 0.0
    entries: bytes = b""

    def apply(self, stored: NDArray[Any]) -> NDArray[np.float64]:
        """Real-world values of stored ones, in float64; NaN outside the range."""
        known = (stored >= self.first) & (stored <= self.last)
        if self.entries:
            table = np.frombuffer(self.entries, "<f8")
            index = np.where(known, stored, self.first).astype(np.int64) - int(self.first)
            out = table[index]
        else:
            with np.errstate(over="ignore", invalid="ignore"):
                out = stored.astype(np.float64) * self.slope + self.intercept
        return np.where(known, out, np.nan)
