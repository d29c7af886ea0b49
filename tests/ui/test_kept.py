"""What is kept is bounded, and the longest unused goes first."""

from __future__ import annotations

import numpy as np

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
