"""Keys and mouse, from the same tables that make the menus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QWidget

from medviewer.ui.actions import ACTIONS, MENUS, MOUSE
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import column, label


class Keys(Dialog):
    """Every act that has a key, by menu; then the mouse."""

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None) -> None:
        super().__init__("Keys and mouse", parent, width=560)
        self.resize(600, 640)
        inside = QWidget()
        layout = column(inside, margin=4, spacing=8)
        for menu in MENUS:
            rows = [(row.text.rstrip("…"), _keys(actions[row.id])) for row in ACTIONS if row.menu == menu]
            _section(layout, menu, [pair for pair in rows if pair[1]])
        _section(layout, "Mouse", [(what, how) for how, what in MOUSE])
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.body.addWidget(area, 1)
        self.add_close()


def _keys(action: QAction) -> str:
    return ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in action.shortcuts())


def _section(layout: object, title: str, rows: Iterable[tuple[str, str]]) -> None:
    grid = QGridLayout()
    grid.setColumnStretch(0, 1)
    grid.setVerticalSpacing(4)
    for k, (what, how) in enumerate(rows):
        grid.addWidget(label(what), k, 0)
        grid.addWidget(label(how, "chip"), k, 1)
    if grid.count():
        layout.addWidget(label(title.upper(), "section"))  # type: ignore[attr-defined]
        layout.addLayout(grid)  # type: ignore[attr-defined]
