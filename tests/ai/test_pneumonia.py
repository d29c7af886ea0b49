"""A classifier's words: the calibrated probability by its formula, the conformal set, no number without."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from medviewer.ai.findings import AnalysisResult, ResultState
from medviewer.ai.pneumonia import NEITHER
from medviewer.ai.runner import analyze
from medviewer.errors import BundleError
from medviewer.tasks import TaskContext
from tests.ai.pictures import asked, picture, register, score_bundle, stack, x_ray


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch)


def said(folder: Path, logits: tuple[float, float], **card: object) -> AnalysisResult:
    bundle = score_bundle(folder / "cxr-pneumonia", logits, **card)
    request = asked(bundle, x_ray(), stack(picture()), patient_age="003Y")
    return analyze(request, TaskContext())


def test_the_score_is_the_calibrated_probability(tmp_path: Path) -> None:
    result = said(tmp_path, (0.5, 3.5))
    (finding,) = result.findings
    assert result.state is ResultState.FINDINGS
    assert finding.score == pytest.approx(1 / (1 + math.exp(-(3.0 / 2.0 + 1.0))), abs=1e-6)
    assert finding.score_meaning == "calibrated probability"
    assert finding.threshold == 0.8
    assert result.provenance.dtype == "float32"


@pytest.mark.parametrize(
    ("chance", "thresholds", "words"),
    [
        (0.95, [0.4, 0.9], "pneumonia"),
        (0.10, [0.4, 0.9], "normal"),
        (0.50, [0.4, 0.4], "either"),
        (0.70, [0.4, 0.9], NEITHER),
    ],
)
def test_the_conformal_set_in_words(
    tmp_path: Path, chance: float, thresholds: list[float], words: str
) -> None:
    margin = 2.0 * (math.log(chance / (1 - chance)) - 1.0)
    conformal = {"coverage": 0.9, "thresholds": thresholds, "data": "children"}
    (finding,) = said(tmp_path, (0.0, margin), conformal=conformal).findings
    assert f"conformal set: {words}." in finding.sentence
    sets = {"either": ("normal", "pneumonia"), NEITHER: ()}
    assert finding.answers == sets.get(words, (words,))
    assert bool(finding.warnings) == (words in sets)


def test_no_number_without_a_calibration(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no calibration"):
        said(tmp_path, (0.0, 1.0), calibration=None)


def test_the_finding_carries_what_thresholds_of_its_own_label_cost(tmp_path: Path) -> None:
    points = [
        {"label": "pneumonia", "threshold": t, "sensitivity": 0.9, "specificity": t} for t in (0.5, 0.8)
    ]
    (finding,) = said(tmp_path, (0.0, 1.0), operating_points=points).findings
    assert finding.is_calibrated
    assert [p.threshold for p in finding.operating_points] == [0.5, 0.8]
