"""Results and reports as JSON: "medviewer.result/1" (README, "result.json") and "medviewer.report/1"."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

from medviewer.ai.findings import (
    AnalysisResult,
    Code,
    Finding,
    Line,
    Measurement,
    Notice,
    OperatingPoint,
    ResultState,
)
from medviewer.ai.second_opinion import Comparison, Opinion
from medviewer.errors import UsageError
from medviewer.review.files import atomic_write
from medviewer.review.report_model import Figure, Report, Row
from medviewer.review.state import ReaderThreshold

RESULT_SCHEMA = "medviewer.result/1"
REPORT_SCHEMA = "medviewer.report/1"


def result_text(result: AnalysisResult) -> str:
    """The file's text. Raises :class:`UsageError` for a run that has not taken place."""
    return _text(result_dict(result))


def write_report_json(report: Report, path: Path) -> None:
    """Write the report without its pictures. Raises :class:`~medviewer.errors.WriteError`."""
    atomic_write(path, _text(report_dict(report)))


def _text(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def result_dict(result: AnalysisResult) -> dict[str, Any]:
    """The result by the schema. Slices count from 0 in display order; segments count from 1 in the order in
    which masks first appear. Raises :class:`UsageError` for a run that has not taken place."""
    if result.state is ResultState.NOT_RUN:
        raise UsageError("There is no result to write: no analysis was run.")
    run = result.provenance
    segments = _segments(result)
    return {
        "schema": RESULT_SCHEMA,
        "state": str(result.state),
        "reasons": _notices(result.reasons),
        "study_uid": run.study_uid,
        "series_uid": run.series_uid,
        "model": {
            "id": run.model_id,
            "version": run.model_version,
            "title": run.model_title,
            "weights_sha256": run.weights_sha256,
            "intended_use": run.intended_use,
        },
        "run": {
            "device": run.device,
            "dtype": run.dtype,
            "seconds": finite(run.seconds),
            "started": run.started,
            "app": run.app_version,
            "torch": run.torch_version,
            "forced": run.forced,
            "instances_sha256": run.instances_sha256,
            "complete_slices": result.complete_slices,
            "total_slices": result.total_slices,
        },
        "checked": list(result.checked),
        "findings": [_finding(f, segments) for f in result.findings],
        "warnings": _notices(result.warnings),
    }


def _segments(result: AnalysisResult) -> dict[tuple[int, str], int]:
    """Number of each mask in the segmentation: findings about one mask share its segment, and what holds no
    voxel has none there."""
    masks = [f.mask for f in result.findings if f.mask is not None and f.mask.voxel_count]
    keys = dict.fromkeys((mask.label, mask.name) for mask in masks)
    return {key: k for k, key in enumerate(keys, start=1)}


def _finding(finding: Finding, segments: dict[tuple[int, str], int]) -> dict[str, Any]:
    mask = finding.mask
    return {
        "id": finding.id,
        "label": finding.label,
        "code": _code(finding.code),
        "sentence": finding.sentence,
        "criterion": finding.criterion or None,
        "score": finite(finding.score),
        "score_meaning": finding.score_meaning or None,
        "score_kind": _kind(finding),
        "threshold": finite(finding.threshold),
        "operating_points": [_point(point) for point in finding.operating_points],
        "conformal_set": None if finding.answers is None else list(finding.answers),
        "lines": [_line(line) for line in finding.lines],
        "measurements": [_measurement(m) for m in finding.measurements],
        "segment": None if mask is None else segments.get((mask.label, mask.name)),
        "slices": None if finding.slices is None else list(finding.slices),
        "key_slice": finding.key_slice,
        "unsure_slices": [{"slice": one.index, "doubt": finite(one.doubt)} for one in finding.unsure],
        "warnings": _notices(finding.warnings),
    }


def _kind(finding: Finding) -> str | None:
    if finding.score is None:
        return None
    return "calibrated probability" if finding.is_calibrated else "operating point"


def _point(point: OperatingPoint) -> dict[str, Any]:
    """What a threshold costs; shares from 0 to 1, intervals of 95 % by patient."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(point).items()}


def _line(line: Line) -> dict[str, Any]:
    """Ends as (slice, row, column) from 0; rows and columns are edge-based."""
    return {"label": line.label, "start": list(line.start), "end": list(line.end)}


def _measurement(measurement: Measurement) -> dict[str, Any]:
    spread = measurement.range
    return {
        "name": measurement.name,
        "value": finite(measurement.value),
        "unit": measurement.unit,
        "range": None if spread is None else [finite(x) for x in spread],
        "indicative": measurement.indicative or None,
    }


def finite(value: float | None) -> float | None:
    """JSON knows no NaN: what could not be measured is null."""
    return value if value is not None and math.isfinite(value) else None


def _code(code: Code | None) -> dict[str, str] | None:
    return None if code is None else asdict(code)


def _notices(notices: tuple[Notice, ...]) -> list[dict[str, str]]:
    return [asdict(notice) for notice in notices]


def report_dict(report: Report) -> dict[str, Any]:
    """The report as plain values, with the result it stands on. Images count from 1 where a person reads
    them (``rows``, captions), from 0 in ``result`` and ``figures[].slice``."""
    return {
        "schema": REPORT_SCHEMA,
        "title": report.title,
        "subtitle": report.subtitle,
        "status": report.status,
        "progress": report.progress,
        "legal": report.legal,
        "generated": report.generated,
        "app": report.app_version,
        "study_uid": report.study_uid,
        "series_uid": report.series_uid,
        "patient": {fact.label: fact.value for fact in report.patient},
        "technique": {fact.label: fact.value for fact in report.technique},
        "impression": report.impression,
        "sentences": [asdict(sentence) for sentence in report.sentences],
        "notices": list(report.notices),
        "rows": [_row(row) for row in report.rows],
        "figures": [_figure(figure) for figure in report.figures],
        "measurements": [asdict(m) for m in report.measurements],
        "made": {fact.label: fact.value for fact in report.made},
        "reader_thresholds": [_threshold(one) for one in report.thresholds],
        "result": None if report.result is None else result_dict(report.result),
        "results": [result_dict(result) for result in report.results],
        "second_opinions": [_comparison(comparison) for comparison in report.comparisons],
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    """Voxels are counted on the stored grid; slices count from 0."""
    return {
        "structure": comparison.structure,
        "first": _opinion(comparison.first),
        "second": _opinion(comparison.second),
        "dice": comparison.dice,
        "difference_percent": comparison.difference_percent,
        "slices": [one.index for one in comparison.slices],
        "notes": list(comparison.notes),
    }


def _opinion(opinion: Opinion) -> dict[str, Any]:
    return {
        "model": opinion.model,
        "findings": list(opinion.finding_ids),
        "parts": list(opinion.parts),
        "voxels": opinion.voxels,
        "volume_ml": opinion.volume_ml,
    }


def _threshold(one: ReaderThreshold) -> dict[str, Any]:
    """Without the key of the patient, who is named above."""
    return {key: value for key, value in asdict(one).items() if key != "patient_key"}


def _row(row: Row) -> dict[str, Any]:
    return {**asdict(row), "verdict": str(row.verdict), "decision": row.decision}


def _figure(figure: Figure) -> dict[str, Any]:
    return {
        "number": figure.number,
        "caption": figure.caption,
        "slice": figure.index,
        "findings": list(figure.finding_ids),
        "legend": [asdict(line) for line in figure.legend],
    }
