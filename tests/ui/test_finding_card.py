"""A closed card must not look as if there were nothing to know."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from medviewer.ai.findings import Finding, Measurement, Notice
from medviewer.review.state import Decision, Verdict
from medviewer.ui.finding_card import FindingCard

DOUBT = Notice("VOLUME_RANGE", "Right hippocampus: 12.2 mL is outside the plausible range.")


@pytest.mark.parametrize("warnings", [(), (DOUBT,)])
def test_that_a_warning_is_seen_before_the_card_is_opened(qtbot: QtBot, warnings: tuple[Notice, ...]) -> None:
    figures = (Measurement("Volume", 24.0, "mL"), Measurement("Right volume", 12.2, "mL"))
    card = FindingCard(Finding("1", "Hippocampus", "", warnings=warnings, measurements=figures))
    qtbot.addWidget(card)
    card.show_decision(Decision("1", Verdict.PENDING), is_open=False)
    marks = [part for part in card.findChildren(QLabel) if part.accessibleName() == "Warning"]
    assert len(marks) == len(warnings)
    assert [DOUBT.text in mark.toolTip() for mark in marks] == [True] * len(warnings)
    told = [part.text() for part in card.findChildren(QLabel)]
    assert "24.0\u2009mL" in told
    assert "12.2\u2009mL right volume" in told
