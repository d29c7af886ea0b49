"""What this program is, and what it is not."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from medviewer import __version__
from medviewer.ui.dialogs.base import Dialog
from medviewer.ui.widgets import label

_WORDS = (
    "A viewer for DICOM images with models that run on this computer alone: nothing leaves it.",
    "Research use. Not for primary diagnosis: no result of a model has been checked for clinical use.",
    "Apache License 2.0. Icons: Lucide (ISC). Type: Inter (OFL), Droid Sans Fallback (Apache-2.0).",
)


class About(Dialog):
    """Version, purpose, limits, licences."""

    def __init__(self, device: str, parent: QWidget | None) -> None:
        super().__init__(f"MedViewer {__version__}", parent, width=420)
        for words in (*_WORDS, device):
            self.body.addWidget(label(words, wrap=True))
        self.add_close()
