"""One quiet line over the picture: which presentation state lies on it, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from medviewer.dicom.captions import display_date
from medviewer.ui.elide import ElidedLabel, plain_tip
from medviewer.ui.floating import Floating
from medviewer.ui.widgets import button, frame

if TYPE_CHECKING:
    from medviewer.dicom.presentation_state import Presentation
    from medviewer.dicom.study import Instance

_WIDEST, _HEIGHT, _TOP = 720, 34, 44


class PresentationChip(Floating):
    """Floats at the top of ``host`` while a presentation state is applied."""

    removed = Signal()
    """The reader wants the images as they were."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host, frame("card"))
        self._text = ElidedLabel("", "", self._frame)
        self._remove = button("Remove", "quiet")
        self._remove.setToolTip("Show the images without the presentation state")
        self._remove.clicked.connect(self.removed)
        layout = QHBoxLayout(self._frame)
        layout.setContentsMargins(12, 2, 4, 2)
        layout.setSpacing(8)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._remove)

    @property
    def text(self) -> str:
        """What is said, empty when nothing is."""
        return self._text.whole if not self._frame.isHidden() else ""

    def show_presentation(self, presentation: Presentation | None, instance: Instance | None) -> None:
        """Say which one is applied, and where the image on screen is none of its own."""
        if presentation is None or instance is None:
            self._frame.hide()
            return
        words = told(presentation)
        if not presentation.shows(instance):
            words += " (says nothing of this image)"
        elif presentation.inverse is not None and presentation.window_of(instance) is None:
            words += " (its window does not fit this image)"
        self._text.set_whole(words)
        about = [presentation.description, *presentation.left_out]
        self._frame.setToolTip("<br>".join(plain_tip(line) for line in (words, *about) if line))
        self._show()

    def _place(self) -> None:
        wanted = self._text.sizeHint().width() + self._remove.sizeHint().width() + 32
        width = min(wanted, _WIDEST, max(200, self._host.width() - 24))
        self._frame.setFixedSize(width, _HEIGHT)
        self._frame.move((self._host.width() - width) // 2, _TOP)


def told(presentation: Presentation) -> str:
    """ "Presentation state: COLLIMATED by Doe, Jane, 2024-01-02 · not all of it is shown"."""
    words = f"Presentation state: {presentation.label or 'no label'}"
    words += f" by {presentation.creator}" if presentation.creator else ""
    words += f", {display_date(presentation.date)}" if presentation.date else ""
    return words + (" · not all of it is shown" if presentation.left_out else "")
