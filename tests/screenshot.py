"""The picture in the README: ``python -m tests.screenshot``. The demo study, read in part."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PIL import Image
from PySide6.QtTest import QTest

from medviewer.review.settings import Settings
from medviewer.training.demo import write_demo
from medviewer.ui import app
from medviewer.ui.main_window import MainWindow

PICTURE = Path(__file__).resolve().parent.parent / "resources" / "screenshot.png"
_WORDS = "Consolidation in the right lower lobe."


def _read(window: MainWindow) -> None:
    """What a reader would do after Analyze, so that every part of the window has something to show."""
    session = window.session
    findings = session.state.findings
    # The planes go to the last finding, which is in one place; the list goes back to the first.
    session.select_finding(findings[-1].id)
    QTest.qWait(300)
    session.select_finding(findings[0].id)
    for finding in findings[:2]:
        session.accept(finding.id)
    session.set_impression(_WORDS)
    QTest.qWait(600)


def take(picture: Path) -> None:
    """Write the picture, 1600 x 960, without a loss."""
    with tempfile.TemporaryDirectory() as place:
        os.environ["MEDVIEWER_HOME"] = place
        demo = write_demo(Path(place) / "demo", 0)
        app.make_application()
        window = app.make_window(Settings(reader="Reader"))
        try:
            app._Photographer(window).take([demo.series_folder], Path(place) / "first.png", True)
            _read(window)
            window.grab().save(str(Path(place) / "second.png"))
        finally:
            window.dispose()
        with Image.open(Path(place) / "second.png") as grabbed:
            grabbed.convert("RGB").save(picture, optimize=True)


if __name__ == "__main__":
    take(PICTURE)
