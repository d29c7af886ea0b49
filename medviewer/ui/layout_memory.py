"""Where the window and its parts were: kept in the settings, without anything of a patient."""

from __future__ import annotations

import base64
import logging
from dataclasses import replace

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow, QSplitter

from medviewer.errors import WriteError
from medviewer.review.settings import Settings, save_settings
from medviewer.review.state import State

log = logging.getLogger(__name__)


def restore(window: QMainWindow, splitter: QSplitter, settings: Settings) -> None:
    """Put the window where it was."""
    if settings.window_geometry:
        window.restoreGeometry(_bytes(settings.window_geometry))
    if settings.window_layout:
        splitter.restoreState(_bytes(settings.window_layout))


def remember(window: QMainWindow, splitter: QSplitter, settings: Settings, state: State) -> Settings:
    """Keep place, sizes and the reader's display preferences; returns what was kept."""
    kept = replace(
        settings,
        reader=state.reader,
        annotations=state.annotations,
        overlay_fill=state.style.fill,
        overlay_outline=state.style.outline,
        window_geometry=_text(window.saveGeometry()),
        window_layout=_text(splitter.saveState()),
    )
    try:
        save_settings(kept)
    except WriteError as error:
        # The window is on its way out: its layout is worth a line in the log, not a dialog.
        log.warning("the settings were not kept: %s", error.message)
    return kept


def _bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(QByteArray(text.encode("ascii", "ignore")))


def _text(data: QByteArray) -> str:
    return base64.b64encode(bytes(data.data())).decode()
