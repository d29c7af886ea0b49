"""What the window asks of the models, as values that a test can replace. Torch is imported on first use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from medviewer.ai import estimate
from medviewer.ai.catalog import Bundle, Fit, suitable
from medviewer.ai.findings import AnalysisResult
from medviewer.ai.looking import Looked
from medviewer.ai.request import Request
from medviewer.dicom.study import Series
from medviewer.tasks import TaskContext
from medviewer.ui.preload import torch_ready


def _analyze(request: Request, context: TaskContext) -> AnalysisResult:
    with torch_ready():
        from medviewer.ai import runner
    return runner.analyze(request, context)


def _look(request: Request, index: int, context: TaskContext) -> Looked:
    with torch_ready():
        from medviewer.ai import runner
    return runner.where_it_looked(request, index, context)


def _device_line(wanted: str) -> str:
    with torch_ready():
        from medviewer.ai import runner
    return runner.device_line(runner.pick_device(wanted))


def _seconds(bundle: Bundle, slices: int, device: str) -> float | None:
    return estimate.seconds_for(bundle.card, device, slices)


@dataclass(frozen=True)
class Engine:
    """``suitable(series, age)``: every model with its verdict; ``analyze``: the run, on a worker's thread;
    ``seconds(bundle, slices, device)``: how long it should take; ``device_line(wanted)``: what it runs on;
    ``look(request, index, context)``: where a classifier looked on a stored slice."""

    suitable: Callable[[Series, str], list[tuple[Bundle, Fit]]] = suitable
    analyze: Callable[[Request, TaskContext], AnalysisResult] = _analyze
    seconds: Callable[[Bundle, int, str], float | None] = _seconds
    device_line: Callable[[str], str] = _device_line
    look: Callable[[Request, int, TaskContext], Looked] = _look
