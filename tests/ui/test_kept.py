"""What is kept is bounded, and the longest unused goes first."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from medviewer.ui.kept import Kept


def test_the_longest_unused_goes_first() -> None:
    kept, made = Kept(most=30), list[str]()

    def ask(key: str) -> None:
        def make() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
            made.append(key)
            return np.zeros(10, np.uint8)

        kept.ask(key, make)

    for key in "abcadab":
        ask(key)
    assert made == ["a", "b", "c", "d", "b"]
    assert kept.nbytes == 30
    assert len(kept) == 3


def test_what_is_too_large_or_not_its_own_is_not_kept() -> None:
    kept, whole = Kept(most=30), np.zeros(20, np.uint8)
    kept.ask("large", lambda: np.zeros(31, np.uint8))
    kept.ask("view", lambda: whole[:5])
    assert len(kept) == 0
    assert kept.nbytes == 0


def test_what_one_thread_makes_another_waits_for() -> None:
    kept, begun, go, made = Kept(), threading.Event(), threading.Event(), list[int]()

    def make() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        begun.set()
        go.wait()
        made.append(1)
        return np.ones(4, np.uint8)

    def ask(found: list[object]) -> None:
        found.append(kept.ask("key", make))

    answers: list[object] = []
    threads = [threading.Thread(target=ask, args=(answers,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    begun.wait()
    go.set()
    for thread in threads:
        thread.join()
    assert made == [1]
    assert all(answer is answers[0] for answer in answers)


def test_what_failed_is_made_again() -> None:
    kept = Kept()

    def fail() -> np.ndarray[tuple[int], np.dtype[np.uint8]]:
        raise MemoryError

    with pytest.raises(MemoryError):
        kept.ask("key", fail)
    assert kept.ask("key", lambda: np.ones(1, np.uint8)).sum() == 1
