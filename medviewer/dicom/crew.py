"""A few threads that do one kind of work until nothing is left to take."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from types import TracebackType

Done = tuple[int, BaseException | None]


class Crew:
    """Calls ``work(take())`` on ``size`` threads until ``take()`` gives None. Iterate to hear what is done.

    A thread takes its next item when it is free, so the choice is never older than the work before it; no
    more than two items a thread are done ahead of who listens. ``take`` is called by one thread at a time.
    """

    def __init__(
        self, take: Callable[[], int | None], work: Callable[[int], None], size: int, name: str
    ) -> None:
        self._take, self._work, self._size = take, work, size
        self._done: SimpleQueue[Done | None] = SimpleQueue()
        self._room = threading.Semaphore(2 * size)
        self._lock = threading.Lock()
        self._stopped = False
        self._threads = [threading.Thread(target=self._run, name=f"{name} {k}") for k in range(size)]

    def __enter__(self) -> Crew:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Wait for what had begun."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def __iter__(self) -> Iterator[Done]:
        """(item, what it failed with or None) in the order they are done."""
        left = self._size
        while left:
            done = self._done.get()
            if done is None:
                left -= 1
                continue
            yield done
            self._room.release()

    def stop(self) -> None:
        """Take nothing more; what has begun is still done and told."""
        self._stopped = True
        self._room.release(max(1, self._size))

    def _run(self) -> None:
        while True:
            self._room.acquire()
            with self._lock:
                item = None if self._stopped else self._take()
            if item is None:
                break
            error: BaseException | None = None
            try:
                self._work(item)
            except BaseException as caught:  # noqa: BLE001 - handed to who listens
                error = caught
            self._done.put((item, error))
        self._room.release()
        self._done.put(None)
