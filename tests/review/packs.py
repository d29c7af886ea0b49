"""Parts that need no image, and what a pack of them is about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from medviewer.review.pack_manifest import About, ModelFacts

MODEL = ModelFacts("lung-ct", "1.0.0", "Lung density", "ab" * 32)
ABOUT = About("0.0", "2026-11-21T10:00:00+01:00", "1.2.3", "1.2.3.4", (MODEL,), ("No birth date is told.",))


def nothing_wrong(_: Path) -> Sequence[str]:
    return ()


def no_more() -> None:
    return None


@dataclass
class Words:
    """A file of text."""

    file_name: str
    text: str = "words"
    kind: str = "TXT"
    what: str = "Some words"
    facts: dict[str, str] = field(default_factory=dict)
    judge: Callable[[Path], Sequence[str]] = nothing_wrong
    before: Callable[[], None] = no_more
    seen: frozenset[str] | None = None

    def write(self, done: frozenset[str]) -> bytes:
        self.seen = done
        self.before()
        return self.text.encode()

    def check(self, path: Path) -> Sequence[str]:
        return self.judge(path)
