"""Timing: contenders take turns, so that a busy machine is unfair to all of them alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the result. ``aim``: the largest ratio wanted, or the largest value without a baseline."""

    name: str
    value: float
    unit: str
    against: str = ""
    baseline: float | None = None
    aim: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """Ours over theirs, or None where there is no baseline."""
        return None if not self.baseline else self.value / self.baseline

    @property
    def met(self) -> bool | None:
        """Whether the aim was reached; None where there is none."""
        if self.aim is None:
            return None
        return (self.value if self.ratio is None else self.ratio) <= self.aim

    def as_json(self) -> dict[str, Any]:
        """All facts, the ratio included."""
        return {**asdict(self), "ratio": self.ratio, "met": self.met}


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call, garbage collected before it."""
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(
    contenders: Mapping[str, Callable[[], object]], repeats: int, *, warm: bool = True
) -> dict[str, float]:
    """Median seconds of each; with ``warm`` an unmeasured round goes first, for caches and imports."""
    for work in contenders.values() if warm else ():
        work()
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(repeats):
        for name, work in contenders.items():
            taken[name].append(seconds(work))
    return {name: statistics.median(times) for name, times in taken.items()}


def percentile(values: list[float], part: float) -> float:
    """The nearest-rank percentile, ``part`` from 0 to 1."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def markdown(rows: list[Row]) -> str:
    """The rows as a table."""
    lines = [
        "| what | measured | against | there | ratio | aim | met |",
        "|---|---:|---|---:|---:|---:|---|",
    ]
    for row in rows:
        there = "" if row.baseline is None else _figure(row.baseline, row.unit)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        aim = "" if row.aim is None else f"≤ {row.aim:g}" + ("" if row.baseline else f" {row.unit}")
        met = {True: "yes", False: "NO", None: ""}[row.met]
        name = row.name + (f" ({row.note})" if row.note else "")
        figure = _figure(row.value, row.unit)
        lines.append(f"| {name} | {figure} | {row.against} | {there} | {ratio} | {aim} | {met} |")
    return "\n".join(lines)


def _figure(value: float, unit: str) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f} {unit}"
