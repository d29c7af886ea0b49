"""An evaluation is one value: the same figures in JSON, Markdown, HTML and on the card."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from medviewer.ai.card import Metric, ModelCard, parse_card
from medviewer.ai.findings import OperatingPoint
from medviewer.training.metrics import Interval
from medviewer.training.report import Agreement, Report, Section, compare, metric, thin, write_report
from tests.ai.bundles import card
from tests.training.test_monitor import _Checked

AUC = Metric("AUC", 0.99, "100 patients", (0.98, 0.995), "", 120)
VOLUME = Metric("Volume difference", 1.5, "100 patients", None, "%", 100)
REPORT = Report(
    "model",
    "1.0.0",
    (
        Section(
            "Held-out <patients>",
            (AUC, VOLUME),
            roc=((0.0, 0.0), (0.1, 0.9), (1.0, 1.0)),
            reliability=((0.05, 0.04, 60), (0.9, 0.95, 60)),
            labels=("normal", "sick"),
            confusion=((50, 10), (5, 55)),
            agreements=(Agreement("Volume", "ml", (10.0, 20.0), (1.0, -1.0), 0.0, -2.77, 2.77),),
            notes=("Threshold 0.4.",),
        ),
    ),
    (OperatingPoint("sick", 0.4, 0.92, 0.83),),
)


def _card(*metrics: Metric) -> ModelCard:
    return replace(card(), metrics=metrics)


def test_that_the_three_files_tell_the_same_figures(tmp_path: Path) -> None:
    paths = write_report(REPORT, tmp_path)
    assert [path.name for path in paths] == ["report.json", "report.md", "report.html"]
    data = json.loads(paths[0].read_text(encoding="utf-8"))
    assert data["sections"][0]["metrics"][0]["value"] == 0.99
    assert data["operating_points"][0]["threshold"] == 0.4
    table = paths[1].read_text(encoding="utf-8")
    assert "| AUC | 0.99 | 0.98 to 0.995 | 120 |" in table
    assert "| Volume difference | 1.5 % | – | 100 |" in table
    assert "| sick | 5 | 55 |" in table
    page = paths[2].read_text(encoding="utf-8")
    assert "Held-out &lt;patients&gt;" in page
    assert page.count("<svg") == 3  # ROC, reliability, Bland-Altman
    assert ">55</td>" in page
    assert not _Checked(page).fetched


def test_that_a_figure_of_the_report_may_stand_on_a_card() -> None:
    made = metric("AUC", Interval(0.98765432, 0.97, float("nan")), "data", 5)
    assert made == Metric("AUC", 0.9877, "data", None, "", 5)
    assert metric("AUC", Interval(0.5, 0.4, 0.6), "data", 5).range == (0.4, 0.6)
    parse_card(json.loads(json.dumps({**_plain(), "metrics": [{"name": "a", "value": 1, "data": "b"}]})))


def _plain() -> dict[str, object]:
    from tests.ai.bundles import example

    return example()


@pytest.mark.parametrize(
    ("value", "ok"), [(0.99, True), (0.98, True), (0.995, True), (0.979, False), (1.0, False)]
)
def test_that_a_figure_measured_again_must_lie_in_the_cards_interval(value: float, ok: bool) -> None:
    report = replace(REPORT, sections=(Section("again", (replace(AUC, value=value),)),))
    (verdict,) = compare(_card(AUC), report)
    assert verdict.ok is ok
    assert verdict.line().startswith(f"AUC: {value:g} (card 0.99, 0.98 to 0.995): ")
    assert ("within" in verdict.line()) is ok


def test_that_a_figure_without_interval_may_move_by_a_hundredth_only() -> None:
    for value, ok in ((1.51, True), (1.6, False)):
        report = replace(REPORT, sections=(Section("again", (replace(VOLUME, value=value),)),))
        assert compare(_card(VOLUME), report)[0].ok is ok


def test_that_a_figure_of_the_card_that_is_not_measured_is_not_passed() -> None:
    (verdict,) = compare(_card(replace(AUC, data="other patients")), REPORT)
    assert not verdict.ok
    assert "not measured" in verdict.line()


def test_that_a_long_curve_keeps_its_ends() -> None:
    curve = [(k / 9999, math.sqrt(k / 9999)) for k in range(10_000)]
    thinned = thin(curve)
    assert len(thinned) <= 202
    assert (thinned[0], thinned[-1]) == ((0, 0), (1, 1))


def test_that_what_thresholds_cost_is_compared_and_listed_like_any_figure(tmp_path: Path) -> None:
    point = OperatingPoint("right_lung", 0.4, 0.92, 0.83, (0.9, 0.94), (0.8, 0.86), 60, 60, "100 patients")
    card_of = replace(_card(AUC), operating_points=(point,))
    same = replace(REPORT, operating_points=(point,))
    assert [v.ok for v in compare(card_of, same)] == [True, True, True]
    worse = replace(REPORT, operating_points=(replace(point, specificity=0.79),))
    assert [v.ok for v in compare(card_of, worse)] == [True, True, False]
    gone = replace(REPORT, operating_points=())
    assert [v.ok for v in compare(card_of, gone)] == [True, False, False]
    table = write_report(same, tmp_path)[1].read_text(encoding="utf-8")
    assert "| specificity of right_lung at 0.4 | 0.83 | 0.8 to 0.86 | 60 |" in table
