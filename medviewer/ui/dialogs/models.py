"""The shelf: each model's purpose, size, licence, time and verdict on the series on screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QPushButton, QScrollArea, QVBoxLayout, QWidget

from medviewer.ai.card import ModelCard
from medviewer.ai.findings import Notice
from medviewer.imaging.numbers import number
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.theme import set_role
from medviewer.ui.widgets import ElidedLabel, button, clear, column, frame, label, row

_SEPARATOR = "  \u00b7  "


@dataclass(frozen=True)
class ShelfRow:
    """One model as the list shows it. ``card`` is None for a broken one, whose ``fault`` says why."""

    id: str
    card: ModelCard | None
    facts: tuple[str, ...]
    """ "2.6 MB", "Apache-2.0", "about 5 s for this series", "came with MedViewer"."""
    removable: bool
    fits: bool | None = None
    """The verdict on the series on screen; None without one."""
    reasons: tuple[Notice, ...] = ()
    fault: str = ""


class ModelsDialog(Dialog):
    """A list of cards. What the reader asks for comes out as signals; :class:`Shelving` does it."""

    card_wanted = Signal(str)
    test_wanted = Signal(str)
    remove_wanted = Signal(str)
    install_wanted = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__("Models", parent, width=720)
        self.resize(760, 640)
        self._inside = QWidget()
        set_role(self._inside, "scrolled")
        self._list = column(self._inside, spacing=8)
        area = QScrollArea()
        area.setWidget(self._inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        self.body.addWidget(area, 1)
        self.said = label("", "muted", wrap=True)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().height())
        self.body.addWidget(self.said)
        self.install_button = self.add_button("Install from file…")
        self.install_button.clicked.connect(self.install_wanted)
        self.add_close()
        self._buttons_of: dict[str, dict[str, QPushButton]] = {}

    def show_rows(self, rows: Sequence[ShelfRow]) -> None:
        """Show the shelf anew."""
        clear(self._list)
        self._buttons_of = {}
        for shelf_row in rows:
            self._list.addWidget(self._card(shelf_row))
        if not rows:
            self._list.addWidget(label("No model is installed. Install one from a file.", "muted"))
        self._list.addStretch(1)

    def say(self, text: str, role: str = "muted") -> None:
        """One sentence below the list: what is being done, what became of it."""
        set_role(self.said, role)
        self.said.setText(text)

    def set_busy(self, busy: bool) -> None:
        """Offer nothing while something is being done to the shelf."""
        self.install_button.setEnabled(not busy)
        for buttons in self._buttons_of.values():
            for name in ("test", "remove"):
                if name in buttons:
                    buttons[name].setEnabled(not busy)

    def button_of(self, model_id: str, name: str) -> QPushButton:
        """The button "card", "test" or "remove" of a model. Raises KeyError where it has none."""
        return self._buttons_of[model_id][name]

    def _card(self, shelf_row: ShelfRow) -> QFrame:
        made = frame("study")
        layout = column(made, margin=12, spacing=4)
        card = shelf_row.card
        title = shelf_row.id if card is None else card.title
        version = "" if card is None else f"{card.id} {card.version}"
        layout.addLayout(row(label(title, "heading"), label(version, "muted"), None))
        if card is not None:
            layout.addWidget(label(card.intended_use, wrap=True))
        layout.addWidget(ElidedLabel(_SEPARATOR.join(shelf_row.facts), "muted"))
        _verdict(layout, shelf_row)
        layout.addLayout(self._acts(shelf_row))
        return made

    def _acts(self, shelf_row: ShelfRow) -> QVBoxLayout:
        buttons: dict[str, QPushButton] = {}
        if shelf_row.card is not None:
            buttons["card"] = button("Card…", "quiet", "file-text")
            buttons["test"] = button("Self-test", "quiet", "check")
        if shelf_row.removable:
            buttons["remove"] = button("Remove…", "quiet", "trash-2")
        signals = {"card": self.card_wanted, "test": self.test_wanted, "remove": self.remove_wanted}
        for name, made in buttons.items():
            made.setProperty("model", shelf_row.id)
            made.clicked.connect(lambda _=False, s=signals[name], i=shelf_row.id: s.emit(i))
        self._buttons_of[shelf_row.id] = buttons
        holder = column()
        holder.addLayout(row(*buttons.values(), None))
        return holder


def _verdict(layout: QVBoxLayout, shelf_row: ShelfRow) -> None:
    if shelf_row.fault:
        layout.addWidget(label(f"Damaged: {shelf_row.fault}", "bad", wrap=True))
    elif shelf_row.fits:
        layout.addWidget(label("\u2713 Suits the series on screen", "good"))
    elif shelf_row.fits is False:
        why = " ".join(reason.text for reason in shelf_row.reasons)
        layout.addWidget(label(f"Does not suit the series on screen: {why}", "attention", wrap=True))


class InstallDialog(Dialog):
    """What was found in a file, its licence, and the question whether to accept it."""

    def __init__(
        self, title: str, lines: Sequence[tuple[str, str]], licence: str, parent: QWidget | None
    ) -> None:
        super().__init__(title, parent, width=620)
        self.resize(660, 620)
        for name, text in lines:
            self.body.addWidget(label(name.upper(), "section"))
            self.body.addWidget(label(text, wrap=True))
        self.body.addWidget(label("LICENCE", "section"))
        self.body.addWidget(_licence_text(licence), 1)
        self.add_close("Cancel")
        self.accept_button = self.add_button("Accept the licence and install")
        self.accept_button.clicked.connect(self.accept)


def _licence_text(text: str) -> QWidget:
    made = QPlainTextEdit()
    made.setPlainText(text)
    made.setReadOnly(True)
    made.setMinimumHeight(160)
    return made


def facts_of(size: int, licence: str, seconds: float | None, series: bool, origin: str) -> tuple[str, ...]:
    """The muted line of a model: size, licence, expected time, origin."""
    time = "time not known"
    if seconds is not None:
        told = number(seconds / 60, "min") if seconds >= 90 else number(max(1.0, seconds), "s")
        time = f"about {told}"
    if seconds is not None and series:
        time += " for this series"
    elif seconds is not None:
        time += " for 120 slices"
    size_told = number(size / 1e6, "MB", 1) if size >= 100_000 else number(size / 1e3, "kB")
    return (size_told, licence, time, origin)
