"""The bar over the picture while an outline is edited: paint, erase, size, undo a stroke, done, cancel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from medviewer.ui.floating import Floating
from medviewer.ui.widgets import button, frame, label, set_tip

_TOP = 72
"""Below the corner texts."""
_NAME_WIDTH = 140


class EditBar(Floating):
    """Floats at the top of ``host``. It tells what is edited and with what; the acts leave as signals."""

    tool_wanted = Signal(bool)
    """True to erase, False to paint."""
    size_wanted = Signal(int)
    undo_wanted = Signal()
    done_wanted = Signal()
    cancel_wanted = Signal()

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, frame("card-plain"))
        self._name = label("", "heading")
        self.paint = self._button("Paint", "Paint with the left button", checkable=True)
        self.erase = self._button("Erase", "Erase; or hold Ctrl while painting", checkable=True)
        self.smaller = self._button("−", "Smaller brush ([, or Shift and wheel)")
        self.larger = self._button("+", "Larger brush (], or Shift and wheel)")
        self._size = label("", "muted")
        self._size.setMinimumWidth(48)
        self._size.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.undo = self._button("Undo", "Take the last stroke back (Ctrl+Z)")
        self.cancel = self._button("Cancel", "Leave the finding as it was (Esc)", "quiet")
        self.done = self._button("Done", "Keep the outline as yours (Enter)", "primary")
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.setSpacing(6)
        for part in (self._name, self.paint, self.erase, self.smaller, self._size, self.larger, self.undo):
            layout.addWidget(part)
        layout.addStretch(1)
        for part in (self.cancel, self.done):
            layout.addWidget(part)
        self._connect()

    def _button(self, text: str, tip: str, role: str = "", *, checkable: bool = False) -> QPushButton:
        made = button(text, role)
        made.setCheckable(checkable)
        set_tip(made, tip)
        made.setAccessibleName(tip)
        return made

    def _connect(self) -> None:
        self.smaller.setShortcut("[")
        self.larger.setShortcut("]")
        self.paint.clicked.connect(lambda: self.tool_wanted.emit(False))
        self.erase.clicked.connect(lambda: self.tool_wanted.emit(True))
        self.smaller.clicked.connect(lambda: self.size_wanted.emit(-1))
        self.larger.clicked.connect(lambda: self.size_wanted.emit(1))
        self.undo.clicked.connect(self.undo_wanted)
        self.done.clicked.connect(self.done_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)

    @property
    def is_shown(self) -> bool:
        """Whether something is edited."""
        return not self._frame.isHidden()

    def show_edit(self, name: str) -> None:
        """An edit began."""
        shown = self._name.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, _NAME_WIDTH)
        self._name.setText(shown)
        set_tip(self._name, name)
        self._show()
        self._place()  # only now it knows how wide its buttons are

    def show_tool(self, *, painting: bool, erasing: bool, size: str) -> None:
        """Which tool is pressed, and how wide it is: "8 mm"."""
        self.paint.setChecked(painting)
        self.erase.setChecked(erasing)
        self._size.setText(size)

    def show_strokes(self, can_undo: bool) -> None:
        """Whether there is a stroke to take back."""
        self.undo.setEnabled(can_undo)

    def hide(self) -> None:
        """The edit is over."""
        self._frame.hide()

    def _place(self) -> None:
        wanted, room = self._frame.sizeHint(), self._host.width()
        self._frame.setFixedSize(min(wanted.width(), room), wanted.height())
        self._frame.move(max(0, (room - wanted.width()) // 2), _TOP)
