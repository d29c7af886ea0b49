"""What only grows takes a tenth of the window's time at most."""

from __future__ import annotations

from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from medviewer.ui.sparing import Sparing, pause_ms


def test_a_dear_painting_waits_ten_times_as_long() -> None:
    assert pause_ms(0.001) == 100
    assert pause_ms(0.06) == 600


def test_asking_often_paints_once(qtbot: QtBot) -> None:
    parent, painted = QObject(), list[int]()
    sparing = Sparing(lambda: painted.append(1), parent)
    for _ in range(5):
        sparing.soon()
    qtbot.waitUntil(lambda: bool(painted))
    assert painted == [1]
    assert sparing.interval_ms >= 100
