"""Where training finds its data and keeps what can be made again."""

from __future__ import annotations

import os
from pathlib import Path

from medviewer import paths

_BESIDE = Path(__file__).resolve().parents[3] / "shared" / "data"


def data() -> Path:
    """The public data sets: ``MEDVIEWER_DATA``, or ``../shared/data`` beside the checkout."""
    return Path(os.environ.get("MEDVIEWER_DATA") or _BESIDE)


def work(model_id: str, quick: bool = False) -> Path:
    """Checkpoints, pages and caches of one model's training."""
    return paths.cache_dir() / "training" / (f"{model_id}-quick" if quick else model_id)
