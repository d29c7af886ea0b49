"""What was made once and is likely wanted again, the longest unused given up first. No Qt.

Two threads may ask: what one is making the other waits for, so that nothing is made twice.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from numpy.typing import NDArray

_MOST_BYTES = 64 << 20
"""A view holds no more: forty pictures of the size of a screen in 16 bits."""

Made = TypeVar("Made")


def _own_bytes(array: NDArray[Any]) -> int | None:
    """The size of an array; None for a view of something else, which would keep that alive."""
    return int(array.nbytes) if array.base is None else None


class Kept:
    """A bounded memory by key."""

    def __init__(self, most: int = _MOST_BYTES) -> None:
        self._held: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._most, self._bytes = most, 0
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Event] = {}

    def __len__(self) -> int:
        return len(self._held)

    def __contains__(self, key: Hashable) -> bool:
        with self._lock:
            return key in self._held

    @property
    def nbytes(self) -> int:
        """What is held."""
        return self._bytes

    def ask(
        self, key: Hashable, make: Callable[[], Made], weigh: Callable[[Any], int | None] = _own_bytes
    ) -> Made:
        """What is kept under a key, made where there is nothing; what is kept is never changed.

        ``weigh``: bytes of what was made, None where it must not be kept (the default: of an array that is
        its own). What is larger than all that may be kept is not. ``make`` may ask for other keys.
        """
        while True:
            with self._lock:
                if key in self._held:
                    self._held.move_to_end(key)
                    found: Made = self._held[key][0]
                    return found
                busy = self._making.get(key)
                if busy is None:
                    done = self._making[key] = threading.Event()
                    break
            busy.wait()
        try:
            made = make()
            self._keep(key, made, weigh(made))
            return made
        finally:
            with self._lock:
                del self._making[key]
            done.set()

    def _keep(self, key: Hashable, made: object, size: int | None) -> None:
        if size is None or size > self._most:
            return
        with self._lock:
            self._held[key] = made, size
            self._bytes += size
            while self._bytes > self._most:
                _, (_, gone) = self._held.popitem(last=False)
                self._bytes -= gone
