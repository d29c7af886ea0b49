"""Where resources, models, settings and logs live: in a checkout, in a wheel, in a frozen app."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import platformdirs

APP = "MedViewer"


def _bundled(name: str) -> Path:
    """A folder shipped with the program: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).resolve().parent
    frozen = getattr(sys, "_MEIPASS", None)
    candidates = [Path(frozen) / name] if frozen else []
    candidates += [package.parent / name, package / "_data" / name]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the program's own folder {name!r} is missing; reinstall MedViewer")


def resources() -> Path:
    """Icons, fonts, window presets, theme tokens."""
    return _bundled("resources")


def models() -> Path:
    """The bundled model shelf."""
    return _bundled("models")


def _home(kind: str, fallback: str) -> Path:
    """``MEDVIEWER_HOME`` redirects everything the program writes for itself (tests, portable use)."""
    root = os.environ.get("MEDVIEWER_HOME")
    return Path(root) / kind if root else Path(fallback)


def settings_file() -> Path:
    """The reader's settings (JSON)."""
    return _home("config", platformdirs.user_config_dir(APP, False)) / "settings.json"


def cache_dir() -> Path:
    """Things that can be made again."""
    return _home("cache", platformdirs.user_cache_dir(APP, False))


def state_dir() -> Path:
    """Audit and log files."""
    return _home("state", platformdirs.user_state_dir(APP, False))


def user_models() -> Path:
    """Models the reader installed."""
    return _home("data", platformdirs.user_data_dir(APP, False)) / "models"
