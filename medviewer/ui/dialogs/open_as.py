"""Open a file by a guess of its encoding? The reader decides, with the consequence before their eyes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from medviewer.dicom.repair import Repair
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import ElidedLabel, label


class OpenAs(Dialog):
    """Accepted: open it so. The safe answer has the focus."""

    def __init__(self, path: str, repair: Repair, parent: QWidget | None) -> None:
        super().__init__("Open by repair?", parent, width=460)
        self.body.addWidget(ElidedLabel(Path(path).name, "muted"))
        words = (
            "The file does not say how it is encoded, or says it wrongly. "
            f"Its bytes look like {repair.name}; if they are not, the values shown are wrong. "
            "The series will be marked as opened by repair. The file itself is not changed."
        )
        self.body.addWidget(label(words, wrap=True))
        self.add_close("Cancel").setFocus()
        self.open_button = self.add_button(f"Open as {repair.name}", "primary")
        self.open_button.clicked.connect(self.accept)
