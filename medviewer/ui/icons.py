"""Icons: Lucide outlines from ``resources/icons``, tinted with the theme's colours, sharp on every screen."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from medviewer.paths import resources
from medviewer.ui import theme


def _folder() -> Path:
    return resources() / "icons"


def names() -> list[str]:
    """The icons there are."""
    return sorted(path.stem for path in _folder().glob("*.svg"))


@lru_cache(maxsize=256)
def _source(name: str) -> str:
    path = _folder() / f"{name}.svg"
    if not path.is_file():
        raise KeyError(f"there is no icon {name!r}")
    return path.read_text("utf-8")


def pixmap(name: str, colour: str | None = None, size: int = 18, ratio: float | None = None) -> QPixmap:
    """The icon as a picture of ``size`` device-independent pixels. Raises KeyError for an unknown name."""
    screen = QGuiApplication.primaryScreen()
    ratio = ratio or (screen.devicePixelRatio() if screen is not None else 1.0)
    tinted = _source(name).replace("currentColor", colour or theme.colour("text"))
    picture = QPixmap(QSize(round(size * ratio), round(size * ratio)))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    QSvgRenderer(QByteArray(tinted.encode())).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def icon(name: str, colour: str | None = None, size: int = 18) -> QIcon:
    """The icon for a button or an action; greyed when disabled. Raises KeyError for an unknown name."""
    result = QIcon()
    for ratio in (1.0, 2.0):
        result.addPixmap(pixmap(name, colour, size, ratio))
        result.addPixmap(pixmap(name, theme.colour("muted"), size, ratio), QIcon.Mode.Disabled)
    return result
