"""An evaluation as one value, written three ways (JSON, Markdown, HTML), and compared with a card.

A section is one model on one data set: its figures as the card will carry them, and what its plots need.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from medviewer.ai.card import Metric, ModelCard
from medviewer.ai.findings import OperatingPoint
from medviewer.training import charts
from medviewer.training.checkpoint import write_bytes
from medviewer.training.metrics import Interval


@dataclass(frozen=True)
class Agreement:
    """A measurement against the truth, case by case (Bland and Altman, Lancet 1986)."""

    title: str
    unit: str
    mean: tuple[float, ...]
    difference: tuple[float, ...]
    bias: float
    low: float
    high: float


@dataclass(frozen=True)
class Section:
    """One data set. What a plot needs may be left out."""

    title: str
    metrics: tuple[Metric, ...]
    roc: tuple[tuple[float, float], ...] = ()
    """(false positive rate, true positive rate), from (0, 0) to (1, 1)."""
    reliability: tuple[tuple[float, float, int], ...] = ()
    """(mean probability said, share observed, cases) of each bin."""
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    agreements: tuple[Agreement, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything measured about one version of a model."""

    model: str
    version: str
    sections: tuple[Section, ...]
    operating_points: tuple[OperatingPoint, ...] = field(default=())

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every figure, as the card lists them."""
        return tuple(metric for section in self.sections for metric in section.metrics)


def metric(name: str, found: Interval, data: str, cases: int, *, unit: str = "", decimals: int = 4) -> Metric:
    """A figure with its interval as the card carries it."""
    limits = (round(found.low, decimals), round(found.high, decimals))
    known = all(map(math.isfinite, limits))
    return Metric(name, round(found.value, decimals), data, limits if known else None, unit, cases)


def write_report(report: Report, folder: Path) -> list[Path]:
    """Write ``report.json``, ``report.md`` and ``report.html``; returns their paths."""
    written = {
        "report.json": json.dumps(asdict(report), indent=1, ensure_ascii=False) + "\n",
        "report.md": to_markdown(report),
        "report.html": to_html(report),
    }
    for name, text in written.items():
        write_bytes(folder / name, text.encode())
    return [folder / name for name in written]


_HEAD = ("| figure | value | 95 % interval | cases |", "|---|--:|---|--:|")


def to_markdown(report: Report) -> str:
    """Tables only."""
    out = [f"# {report.model} {report.version}: evaluation", ""]
    for section in report.sections:
        out += [f"## {section.title}", "", *_HEAD]
        out += ["| " + " | ".join(row) + " |" for row in map(figure_row, section.metrics)]
        out.append("")
        if section.confusion:
            out += [
                "| truth ↓ said → | " + " | ".join(section.labels) + " |",
                "|---|" + "--:|" * len(section.labels),
            ]
            for label, row in zip(section.labels, section.confusion, strict=True):
                out.append(f"| {label} | " + " | ".join(map(str, row)) + " |")
            out.append("")
        for found in section.agreements:
            told = (
                f"bias {found.bias:.4g}, limits of agreement {found.low:.4g} to {found.high:.4g} {found.unit}"
            )
            out += [f"{found.title}: {told.rstrip()}.", ""]
        out += [*section.notes, ""] if section.notes else []
    costs = threshold_metrics(report.operating_points)
    if costs:
        out += ["## What thresholds cost", "", *_HEAD]
        out += ["| " + " | ".join(row) + " |" for row in map(figure_row, costs)]
        out.append("")
    return "\n".join(out)


def to_html(report: Report) -> str:
    """One file with the plots; needs no network."""
    parts = []
    for section in report.sections:
        plots = []
        if section.roc:
            plots.append(_roc(section))
        if section.reliability:
            plots.append(_reliability(section))
        if section.confusion:
            plots.append(charts.confusion("Confusion", section.labels, section.confusion))
        for a in section.agreements:
            levels = {"bias": a.bias, "+1.96 SD": a.high, "−1.96 SD": a.low}
            plots.append(charts.bland_altman(a.title, a.mean, a.difference, levels, a.unit))
        head = ("figure", "value", "95 % interval", "cases")
        table = charts.table(head, [figure_row(m) for m in section.metrics])
        parts.append(charts.grid(section.title, [table, *plots]))
        parts.append(charts.facts({"Note": " ".join(section.notes)}) if section.notes else "")
    return charts.page(f"{report.model} {report.version}: evaluation", parts)


def figure_row(found: Metric) -> tuple[str, str, str, str]:
    """Name, value, interval and cases as text."""
    limits = f"{found.range[0]:g} to {found.range[1]:g}" if found.range else "–"
    unit = f" {found.unit}" if found.unit else ""
    return found.name, f"{found.value:g}{unit}", limits, "–" if found.cases is None else str(found.cases)


@dataclass(frozen=True)
class Verdict:
    """One figure of the card measured again."""

    card: Metric
    found: Metric | None
    ok: bool

    def line(self) -> str:
        """ "AUC 0.991 (card 0.990, 0.98 to 0.995): within"."""
        told = "not measured" if self.found is None else f"{self.found.value:g} {self.card.unit}".rstrip()
        limits = f", {self.card.range[0]:g} to {self.card.range[1]:g}" if self.card.range else ""
        ending = "within" if self.ok else "OUTSIDE"
        return f"{self.card.name}: {told} (card {self.card.value:g}{limits}): {ending} [{self.card.data}]"


def compare(card: ModelCard, report: Report) -> list[Verdict]:
    """Every figure of the card against the report's of that name and data, what thresholds cost among them.

    A figure lies within where it lies in the card's interval, or within one part in a hundred of the card's
    value where the card gives none; one that was not measured does not.
    """
    found = (*report.metrics, *threshold_metrics(report.operating_points))
    measured = {(m.name, m.data): m for m in found}
    said = (*card.metrics, *threshold_metrics(card.operating_points))
    return [_verdict(told, measured.get((told.name, told.data))) for told in said]


def threshold_metrics(points: Sequence[OperatingPoint]) -> tuple[Metric, ...]:
    """What thresholds cost, as figures: two for each threshold whose intervals are known."""
    out = []
    for p in points:
        at = f"of {p.label} at {p.threshold:g}"
        if p.sensitivity_range is not None and p.specificity_range is not None:
            out.append(
                Metric(f"sensitivity {at}", p.sensitivity, p.data, p.sensitivity_range, "", p.positives)
            )
            out.append(
                Metric(f"specificity {at}", p.specificity, p.data, p.specificity_range, "", p.negatives)
            )
    return tuple(out)


def _verdict(told: Metric, found: Metric | None) -> Verdict:
    if found is None:
        return Verdict(told, None, False)
    low, high = told.range or (told.value - abs(told.value) / 100, told.value + abs(told.value) / 100)
    slack = 1e-9 + 1e-3 * (high - low)
    return Verdict(told, found, low - slack <= found.value <= high + slack)


def _roc(section: Section) -> str:
    labels = ("1 − specificity", "sensitivity")
    return charts.lines("ROC", {"model": section.roc}, labels, square=True, diagonal=True)


def _reliability(section: Section) -> str:
    points = [(said, observed) for said, observed, _ in section.reliability]
    labels = ("probability said", "share observed")
    return charts.lines("Reliability", {"model": points}, labels, square=True, diagonal=True, marks=True)


def thin(points: Sequence[tuple[float, float]], most: int = 200) -> tuple[tuple[float, float], ...]:
    """A curve with no more than about ``most`` points, the ends among them."""
    step = max(1, math.ceil(len(points) / most))
    kept: list[Any] = [p for i, p in enumerate(points) if i % step == 0 or i == len(points) - 1]
    return tuple((round(float(x), 5), round(float(y), 5)) for x, y in kept)
