"""How long will it take? What earlier runs took on this device, else what the card measured."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from medviewer import paths
from medviewer.ai.card import ModelCard

PICTURES_SHARE = 0.9
"""Share of the progress bar that the pictures take; the rest is cleaning and measuring."""


def _file() -> Path:
    return paths.cache_dir() / "seconds_per_slice.json"


def _read() -> dict[str, float]:
    try:
        data = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # a cache that is missing or torn only costs the estimate
    if not isinstance(data, dict):
        return {}
    return {k: float(v) for k, v in data.items() if isinstance(v, (int, float)) and v > 0}


def _key(card: ModelCard, device: str) -> str:
    return f"{card.id} {card.version} {device}"


def remember(card: ModelCard, device: str, slices: int, seconds: float) -> None:
    """Keep what one complete run took. Never fails: an estimate is not worth an error."""
    if slices < 1 or seconds <= 0:
        return
    known = _read() | {_key(card, device): seconds / slices}
    path = _file()
    part = path.with_suffix(".part")
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(known, indent=1), encoding="utf-8")
        part.replace(path)


def seconds_for(card: ModelCard, device: str, slices: int) -> float | None:
    """Expected seconds of a run over ``slices`` slices; None where nothing is known."""
    per_slice = _read().get(_key(card, device), card.seconds_per_slice)
    return None if per_slice is None else per_slice * slices


def left_text(seconds: float | None) -> str:
    """ "about 6 s left", rounded as an estimate deserves; empty where nothing is known."""
    if seconds is None:
        return ""
    if seconds >= 90:
        return f"about {round(seconds / 60)}\u2009min left"
    rounded = max(1, round(seconds)) if seconds < 20 else 5 * round(seconds / 5)
    return f"about {rounded}\u2009s left"


def progress_text(card: ModelCard, device: str, done: int, total: int, spent: float) -> str:
    """ "Slice 24 of 120, about 6 s left" after ``done`` slices in ``spent`` seconds.

    The first few slices tell little: until then earlier runs, or the card, are believed.
    """
    if done >= total:
        return "Measuring"
    left = spent / done * (total - done) if done else None
    if done < 3:
        left = seconds_for(card, device, total - done) or left
    return f"Slice {done} of {total}, {left_text(left)}".rstrip(", ")
