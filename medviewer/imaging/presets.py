"""Named windows for CT and the keys that call them, from ``resources/window_presets.json``."""

from __future__ import annotations

import difflib
import json
from dataclasses import dataclass
from pathlib import Path

from medviewer.imaging.window import Window
from medviewer.paths import resources

SCHEMA = "medviewer.presets/1"


@dataclass(frozen=True)
class Preset:
    """A window with its name and its key ("" where only the menu has it)."""

    name: str
    window: Window
    key: str


def load_presets(path: Path) -> tuple[Preset, ...]:
    """Read a preset file. Raises ValueError naming the file where it isn't one."""
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        if table["schema"] != SCHEMA:
            raise ValueError(f"schema {table['schema']!r}")
        return tuple(
            Preset(row["name"], Window(row["centre"], row["width"], name=row["name"]), row["key"])
            for row in table["CT"]
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name} is not a table of window presets: {error}") from error


CT_PRESETS: tuple[Preset, ...] = load_presets(resources() / "window_presets.json")
"""In the order of their keys, then those of the menu."""


def preset(name: str) -> Window:
    """The CT window of that name, in any case and with "-" or "_" for a space.

    Raises ValueError naming the nearest known one.
    """
    by_name = {p.name.lower(): p.window for p in CT_PRESETS}
    wanted = " ".join(name.lower().replace("-", " ").replace("_", " ").split())
    if wanted in by_name:
        return by_name[wanted]
    near = difflib.get_close_matches(wanted, by_name, n=1, cutoff=0.4)
    remedy = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(by_name)}"
    raise ValueError(f"there is no window preset {name!r}; {remedy}")
