"""Arrays made once and likely wanted again, the ones longest unused given up first. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Any

from numpy.typing import NDArray

_MOST_BYTES = 64 << 20
"""A view holds no more: forty pictures of the size of a screen in 16 bits."""


class Kept:
    """A bounded memory of arrays by key."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._arrays: OrderedDict[Hashable, NDArray[Any]] = OrderedDict()
        self._most, self._bytes = most, 0

    def __len__(self) -> int:
        return len(self._arrays)

    @property
    def nbytes(self) -> int:
        """What is held."""
        return self._bytes

    def get(self, key: Hashable) -> NDArray[Any] | None:
        """What was put there, or None."""
        found = self._arrays.get(key)
        if found is not None:
            self._arrays.move_to_end(key)
        return found

    def put(self, key: Hashable, array: NDArray[Any]) -> None:
        """Keep an array, unless it is larger than all that may be kept."""
        if array.nbytes > self._most:
            return
        old = self._arrays.pop(key, None)
        self._bytes += array.nbytes - (old.nbytes if old is not None else 0)
        self._arrays[key] = array
        while self._bytes > self._most:
            _, gone = self._arrays.popitem(last=False)
            self._bytes -= gone.nbytes
