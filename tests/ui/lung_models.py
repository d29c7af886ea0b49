"""Two models that outline the same lungs, and one made for something else."""

from __future__ import annotations

import numpy as np
from pytestqt.qtbot import QtBot

from medviewer.ai.catalog import Fit
from medviewer.ai.findings import AnalysisResult, Code, Finding, Notice, ResultState
from medviewer.ai.request import Request
from medviewer.imaging.volume import Mask
from medviewer.ui.main_window import MainWindow
from tests.ui.windows import PATIENCE, Model, answer, bundle_of

OTHER = bundle_of("other", "Lungs on chest CT (Others)")
HEART = bundle_of("heart", "Left ventricle on short-axis cine MR")
LUNG = Code("SCT", "39607008", "Lung")


def lungs_of(request: Request) -> AnalysisResult:
    """Both models outline the lungs; the second is one column wider on slice 4, two on slice 8."""
    wide = request.bundle.card.id == "other"
    full = np.zeros(request.volume.shape, bool)
    full[1:9, 2:6, 2:6] = True
    if wide:
        full[4, 2:6, 6] = full[8, 2:6, 6] = full[8, 2:6, 7] = True
    mask = Mask.from_full(1, "lungs", full, request.volume.geometry)
    found = Finding(
        f"lungs-{request.bundle.card.id}-{request.series.key[-6:]}", "Lungs", "Lungs.", code=LUNG, mask=mask,
        colour="#009E73" if wide else "#56B4E9", slices=(1, 8), key_slice=2, criterion="Some words. " * 9,
    )  # fmt: skip
    return answer(request, ResultState.FINDINGS, (found,))


def two_and_a_misfit() -> Model:
    """Two models that suit the series, and one that does not."""
    misfit = Fit(False, (Notice("MODALITY", "The images are CT; this model reads MR."),))
    made = Model(lungs_of)
    made.others = [(OTHER, made.fits), (HEART, misfit)]
    return made


def analyze(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    model.gate.set()
    with qtbot.waitSignal(window.analyzing.ended, timeout=PATIENCE):
        window.analyze_button.click()


def compared(qtbot: QtBot, window: MainWindow, model: Model) -> None:
    analyze(qtbot, window, model)
    qtbot.waitUntil(lambda: len(window.results.opinions.cards) == 1, timeout=PATIENCE)


def drawn(window: MainWindow) -> list[str]:
    picture = window.planes.main.picture
    assert picture is not None
    return [name for _, _, name in picture.masks]
