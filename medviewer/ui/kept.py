"""Arrays made once and likely wanted again, the ones longest unused given up first. No Qt."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
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

    def ask(self, key: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """What is kept under a key, made where there is nothing.

        What is larger than all that may be kept, or a view of something else, is not kept.
        """
        found = self._arrays.get(key)
        if found is not None:
            self._arrays.move_to_end(key)
            return found
        made = make()
        if made.nbytes <= self._most and made.base is None:
            self._arrays[key] = made
            self._bytes += made.nbytes
        while self._bytes > self._most:
            _, gone = self._arrays.popitem(last=False)
            self._bytes -= gone.nbytes
        return made
