"""Does a series suit a model? The verdict, and what collects it."""

from __future__ import annotations

from dataclasses import dataclass, field

from medviewer.ai.findings import Notice


@dataclass(frozen=True)
class Fit:
    """The verdict. ``reasons`` say why not; ``checked`` what was found right, in few words."""

    ok: bool
    reasons: tuple[Notice, ...] = ()
    checked: tuple[str, ...] = ()
    warnings: tuple[Notice, ...] = ()


@dataclass
class Collected:
    """Collects what the checks say."""

    reasons: list[Notice] = field(default_factory=list)
    checked: list[str] = field(default_factory=list)
    warnings: list[Notice] = field(default_factory=list)

    def refuse(self, code: str, text: str) -> None:
        """One more reason why not."""
        self.reasons.append(Notice(code, text))

    def warn(self, code: str, text: str) -> None:
        """Something to be said beside the result."""
        self.warnings.append(Notice(code, text))
