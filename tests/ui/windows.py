"""A whole window for tests, with an engine that answers as the test says."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
from pydicom.dataset import Dataset
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from medviewer.ai import card as card_module
from medviewer.ai.card import ModelCard, parse_card
from medviewer.ai.catalog import Bundle, Fit
from medviewer.ai.findings import AnalysisResult, Finding, Measurement, Notice, ResultState
from medviewer.ai.provenance import make_provenance
from medviewer.ai.request import Request
from medviewer.dicom.study import Series
from medviewer.imaging.volume import Mask
from medviewer.review.session import Session
from medviewer.review.settings import Settings
from medviewer.review.state import State
from medviewer.tasks import TaskContext
from medviewer.ui.dialogs.document import DocumentReader
from medviewer.ui.dialogs.waveform import WaveformReader
from medviewer.ui.engine import Engine
from medviewer.ui.main_window import MainWindow
from medviewer.ui.object_row import ObjectRow
from tests.factories import make_ct_series
from tests.review.makers import NOW, clock


def _card() -> ModelCard:
    """The example that the card module's own docstring shows; no torch needed for it."""
    text = card_module.__doc__ or ""
    start, end = text.index("    {\n"), text.index("\n    }\n")
    data = json.loads(text[start : end + 6])
    data["weights"]["sha256"] = "0" * 64
    return parse_card(data)


BUNDLE = Bundle(Path("none"), _card())


def bundle_of(model_id: str, title: str, version: str = "2.0.0") -> Bundle:
    """Another model, by the same card."""
    return Bundle(Path("none"), replace(BUNDLE.card, id=model_id, title=title, version=version))


PATIENCE = 10_000

Dialog = TypeVar("Dialog", DocumentReader, WaveformReader)
Analyze = Callable[[Request, TaskContext], AnalysisResult]


def findings_of(request: Request) -> AnalysisResult:
    """Two findings with masks on the request's own grid."""
    shape = request.volume.shape
    findings = []
    for k, (name, colour) in enumerate((("Right lung", "#56B4E9"), ("Left lung", "#E69F00"))):
        full = np.zeros(shape, bool)
        full[k + 1, 2:6, 2:6] = True
        mask = Mask.from_full(k + 1, name, full, request.volume.geometry)
        measured = Measurement("Volume", 100.0 + k, "mL", (99.0 + k, 101.0 + k), decimals=0)
        findings.append(
            Finding(
                f"{request.series.key[-6:]}-{k}", name, f"{name} {100 + k} mL.", mask=mask, colour=colour,
                measurements=(measured,), slices=(k + 1, k + 1), key_slice=k + 1,
            )
        )  # fmt: skip
    return answer(request, ResultState.FINDINGS, tuple(findings))


def answer(
    request: Request,
    state: ResultState,
    findings: tuple[Finding, ...] = (),
    reasons: tuple[Notice, ...] = (),
) -> AnalysisResult:
    """A result of the request's own series."""
    made = make_provenance(
        request.bundle.card,
        request.series,
        request.study_uid,
        started=NOW,
        seconds=1.0,
        torch_version="2.13.0",
        device="CPU",
        forced=request.force,
    )
    count = len(request.series.instances)
    return AnalysisResult(
        state,
        request.series.key,
        request.series.patient_key,
        made,
        findings,
        reasons,
        checked=("CT",),
        complete_slices=count,
        total_slices=count,
    )


@dataclass
class Model:
    """Stands for the models. ``gate`` holds a run until the test opens it; ``requests`` is what was asked.
    ``others`` are models beside :data:`BUNDLE`, with their verdicts."""

    outcome: Callable[[Request], AnalysisResult] = findings_of
    fits: Fit = field(default_factory=lambda: Fit(True, (), ("CT", "chest")))
    gate: threading.Event = field(default_factory=threading.Event)
    at_gate: threading.Event = field(default_factory=threading.Event)
    requests: list[Request] = field(default_factory=list)
    stream: bool = False
    others: list[tuple[Bundle, Fit]] = field(default_factory=list)

    def engine(self) -> Engine:
        """The engine that asks this."""
        return Engine(self._suitable, self._analyze, lambda *_: 6.0, lambda _: "GPU: none, CPU, 2 threads")

    def _suitable(self, series: Series, age: str) -> list[tuple[Bundle, Fit]]:
        return sorted([(BUNDLE, self.fits), *self.others], key=lambda pair: not pair[1].ok)

    def _analyze(self, request: Request, context: TaskContext) -> AnalysisResult:
        self.requests.append(request)
        context.report(0.1, "Slice 1 of 10, about 6 s left")
        if self.stream and request.on_slice is not None:
            shape = request.volume.shape[1:]
            for index in range(request.volume.shape[0]):
                request.on_slice(index, {1: np.ones(shape, bool), 2: np.zeros(shape, bool)})
        self.at_gate.set()
        while not self.gate.wait(0.005):
            context.check()
        context.check()
        return self.outcome(request)


def make_window(model: Model | None = None, settings: Settings | None = None) -> MainWindow:
    """A window, not shown yet; close it at the end."""
    settings = settings or Settings(reader="Dr Test")
    session = Session(settings.reader, clock=clock)
    model = model or Model()
    return MainWindow(session, settings, model.engine())


def write_series(folder: Path, seeds: Sequence[int] = (0,), **facts: object) -> Path:
    """One CT series for each seed, each its own study; all of one patient."""
    for seed in seeds:
        make_ct_series(folder, seed=seed, **facts)  # type: ignore[arg-type]
    return folder


def write_patient(folder: Path, number: int, slices: int = 4, value: int = 0) -> Path:
    """A series of patient ``number``; every voxel of it holds ``1000 * number + value`` HU."""

    def tweak(ds: Dataset, k: int) -> None:
        ds.PatientName, ds.PatientID = f"Patient^{number}", f"P{number}"
        ds.RescaleIntercept = 0
        ds.PixelData = np.full((16, 12), 1000 * number + value, "<i2").tobytes()

    make_ct_series(folder, seed=number, slices=slices, tweak=tweak)
    return folder


@contextmanager
def loaded_window(qtbot: QtBot, model: Model, folder: Path) -> Iterator[MainWindow]:
    """A window on a series that is loaded; taken apart at the end, whatever the model is doing."""
    made = make_window(model)
    made.show()
    qtbot.waitExposed(made)
    with qtbot.waitSignal(made.opening.series_loaded, timeout=PATIENCE):
        made.opening.open_paths([write_series(folder)])
    yield made
    model.gate.set()
    made.dispose()


def headline(window: MainWindow) -> str:
    """The first words of the newest result's heading, or of the card in its place."""
    heads = window.results.findings.heads
    return (
        heads[-1].headline.text()
        if heads and window.session.state.run is None
        else window.results.state_panel.headline
    )


def open_and_wait(qtbot: QtBot, window: MainWindow, *paths: Path) -> State:
    """Open until a series is loaded; the state then."""
    with qtbot.waitSignal(window.opening.series_loaded, timeout=PATIENCE):
        window.opening.open_paths(list(paths))
    return window.session.state


def analyzed_window(qtbot: QtBot, folder: Path, model: Model) -> MainWindow:
    """A window on screen with a series that ``model`` has read; dispose of it at the end."""
    model.gate.set()
    window = make_window(model)
    window.show()
    qtbot.waitExposed(window)
    window.activateWindow()
    open_and_wait(qtbot, window, write_series(folder))
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()
    return window


def rows(window: MainWindow) -> list[ObjectRow]:
    """What the browser lists that is no image."""
    return window.browser._area.widget().findChildren(ObjectRow)


def open_and_click(qtbot: QtBot, window: MainWindow, kind: type[Dialog], folder: Path) -> Dialog:
    """The dialog after a click on the only object of a folder, once it has said something."""
    with qtbot.waitSignal(window.opening.message, timeout=PATIENCE):
        window.opening.open_paths([folder])
    qtbot.mouseClick(rows(window)[0], Qt.MouseButton.LeftButton)
    dialog = window.findChild(kind)
    assert dialog is not None
    qtbot.waitUntil(lambda: dialog.said.text() != "Reading …", timeout=PATIENCE)
    return dialog
