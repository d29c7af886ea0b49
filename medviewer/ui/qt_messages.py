"""What Qt says goes the way of every log record: it may quote a file name or a text on screen."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

log = logging.getLogger(__name__)

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}

Handler = Callable[[QtMsgType, QMessageLogContext, str], None]


def logged(kind: QtMsgType, _: QMessageLogContext, message: str) -> None:
    """One message of Qt as a log record."""
    log.log(_LEVELS.get(kind, logging.WARNING), "%s", message)


@contextmanager
def to_log() -> Iterator[None]:
    """While it lasts, Qt speaks through the log."""
    before: Handler | None = qInstallMessageHandler(logged)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
