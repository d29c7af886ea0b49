"""The reader's settings: one frozen record, kept as JSON. An unknown key names the nearest known one."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medviewer import paths
from medviewer.errors import UsageError
from medviewer.review.files import atomic_write, make_folder
from medviewer.review.stop_rule import StopRule

_CHOICES = {"device": ("auto", "cpu", "cuda"), "annotations": ("full", "minimal", "off"), "theme": ("dark",)}
_HINT = "Correct the file or delete it; deleting brings the defaults back."


@dataclass(frozen=True)
class Settings:
    """Everything the reader may set. ``keys`` maps an action's id to its shortcut, where it differs from the
    default; ``memory_mb``: larger series are kept on the disk, 0 for half of the memory available;
    ``autosave``: the reader's work is kept, encrypted;
    ``stop_``: the site's rule for models whose findings are not accepted
    (:class:`~medviewer.review.stop_rule.StopRule`); ``window_layout`` is the window's own bookkeeping
    (base64). Holds no patient data: no recent
    files."""

    reader: str = ""
    device: str = "auto"
    theme: str = "dark"
    annotations: str = "full"
    overlay_fill: float = 0.28
    overlay_outline: float = 1.0
    overlay_hatch: bool = True
    memory_mb: int = 0
    autosave: bool = True
    stop_rule: bool = True
    stop_percent: int = 50
    stop_window: int = 20
    window_layout: str = ""
    window_geometry: str = ""
    keys: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            value = getattr(self, name)
            if value not in choices:
                raise UsageError(f"The setting {name} is {value!r}, not one of {', '.join(choices)}.", _HINT)
        try:
            StopRule(self.stop_rule, self.stop_percent, self.stop_window)
        except UsageError as error:
            raise UsageError(error.message, _HINT) from error
        if self.memory_mb < 0:
            raise UsageError("The setting memory_mb must not be below 0.", _HINT)
        for name in ("overlay_fill", "overlay_outline"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise UsageError(f"The setting {name} must lie between 0 and 1.", _HINT)


def from_json(data: Any) -> Settings:
    """Check decoded JSON. Raises :class:`UsageError` naming the key, and the nearest known one."""
    if not isinstance(data, dict):
        raise UsageError("The settings are not a JSON object.", _HINT)
    defaults = to_json(Settings())
    for key, value in data.items():
        if key not in defaults:
            near = difflib.get_close_matches(key, defaults, 1, 0.0)[0]
            raise UsageError(f"There is no setting {key!r}; the nearest is {near!r}.", _HINT)
        if not _same_kind(value, defaults[key]):
            kind = type(defaults[key]).__name__
            raise UsageError(f"The setting {key} must be of type {kind}.", _HINT)
    given = dict(data)
    if "keys" in given:
        given["keys"] = MappingProxyType(dict(given["keys"]))
    return Settings(**given)


def _same_kind(value: Any, default: Any) -> bool:
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, float):
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if isinstance(default, dict):
        return isinstance(value, dict) and all(isinstance(x, str) for x in value.values())
    return isinstance(value, type(default))


def to_json(settings: Settings) -> dict[str, Any]:
    """The settings as plain JSON values."""
    values = {f.name: getattr(settings, f.name) for f in fields(settings)}
    return {**values, "keys": dict(settings.keys)}


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings; defaults where there is no file. Raises :class:`UsageError` for a broken one."""
    path = path or paths.settings_file()
    if not path.exists():
        return Settings()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("The settings file cannot be read.", _HINT) from error
    return from_json(data)


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings, all or nothing. Raises :class:`~medviewer.errors.WriteError`."""
    path = path or paths.settings_file()
    make_folder(path.parent)
    atomic_write(path, json.dumps(to_json(settings), indent=2, ensure_ascii=False) + "\n")
