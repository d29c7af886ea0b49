"""How many slices are computed at once on the CPU: the one place for it."""

from __future__ import annotations

import os

_MOST = 8


def worker_count() -> int:
    """Every core up to eight; one fewer from four on, for the window. OMP_NUM_THREADS wins where set."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdigit() and int(told) > 0:
        return int(told)
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return min(_MOST, cores if cores < 4 else cores - 1)
