"""The look: colours by name from ``resources/theme.json``, and the style sheet made from them.

Widgets say what they are by the dynamic property ``role``, and the style sheet does the rest:
labels ``section``, ``title``, ``heading``, ``muted``, ``chip``, ``good``, ``attention``, ``bad``;
buttons ``primary``, ``quiet``, ``link``; frames ``card``, ``card-current``, ``card-good``,
``card-attention``, ``card-bad``, ``separator``; a widget ``panel``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache

from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from medviewer.paths import resources

THEMES = ("dark", "light")
_PROPERTY = "medviewer_theme"
_FONTS = ("Inter-Regular.ttf", "Inter-SemiBold.ttf", "DroidSansFallbackFull.ttf")

_SHEET = """
* {{ outline: 0; }}
QWidget {{ color: {text}; }}
QMainWindow, QDialog, QMessageBox {{ background: {ground}; }}
QWidget[role="panel"] {{ background: {panel}; }}
QDockWidget {{ background: {panel}; titlebar-close-icon: none; titlebar-normal-icon: none; }}
QDockWidget > QWidget {{ background: {panel}; }}
QMainWindow::separator {{ background: {line}; width: 1px; height: 1px; }}
QSplitter::handle {{ background: {line}; }}

QToolBar {{ background: {bar}; border: 0; border-bottom: 1px solid {line}; padding: 4px 8px; spacing: 4px; }}
QToolBar::separator {{ background: {line}; width: 1px; margin: 4px 8px; }}
QToolBar QToolButton {{ background: transparent; border: 0; border-radius: 6px; padding: 4px 2px 4px 8px; }}
QToolBar QToolButton:hover {{ background: {hover}; }}
QToolBar QToolButton:checked, QToolBar QToolButton:pressed {{ background: {accent_quiet}; }}
QToolBar QToolButton:disabled {{ color: {muted}; }}
QStatusBar {{ background: {bar}; border-top: 1px solid {line}; color: {muted}; }}
QStatusBar QLabel {{ color: {muted}; padding: 0 8px; }}
QStatusBar::item {{ border: 0; }}
QMenuBar {{ background: {bar}; border-bottom: 1px solid {line}; }}
QMenuBar::item {{ padding: 4px 8px; background: transparent; }}
QMenuBar::item:selected {{ background: {hover}; border-radius: 4px; }}
QMenu {{ background: {raised}; border: 1px solid {line}; padding: 4px; }}
QMenu::item {{ padding: 4px 24px 4px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {accent_quiet}; }}
QMenu::item:disabled {{ color: {muted}; }}
QMenu::separator {{ background: {line}; height: 1px; margin: 4px 8px; }}
QToolTip {{ background: {raised}; color: {text}; border: 1px solid {line}; padding: 4px; }}

QPushButton, QToolButton {{
    background: {raised}; border: 1px solid {line}; border-radius: 6px; padding: 4px 12px;
}}
QPushButton:hover, QToolButton:hover {{ background: {hover}; }}
QPushButton:pressed, QPushButton:checked, QToolButton:checked {{ background: {accent_quiet}; }}
QPushButton:focus, QToolButton:focus {{ border-color: {accent}; }}
QPushButton:disabled {{ color: {muted}; background: {panel}; }}
QPushButton[role="primary"], QToolButton[role="primary"] {{
    background: {accent}; color: {accent_text}; border: 1px solid {accent}; font-weight: 600;
}}
QPushButton[role="primary"]:disabled, QToolButton[role="primary"]:disabled {{
    background: {accent_quiet}; color: {muted}; border-color: {accent_quiet};
}}
QToolButton[role="primary"] {{ padding: 4px 38px 4px 14px; border-radius: 6px; }}
QToolButton[role="primary"]:hover, QToolButton[role="primary"]:pressed {{ background: {accent}; }}
QToolButton[role="primary"]::menu-button {{
    width: 24px; border: 0; border-left: 1px solid {accent_quiet};
    border-top-right-radius: 6px; border-bottom-right-radius: 6px;
}}
QToolButton[role="primary"]::menu-button:disabled {{ border-left-color: {line}; }}
QToolButton[role="primary"]::menu-arrow {{ image: none; }}
QPushButton[role="quiet"], QToolButton[role="quiet"] {{ background: transparent; border-color: transparent; }}
QPushButton[role="quiet"]:hover, QToolButton[role="quiet"]:hover {{ background: {hover}; }}
QPushButton[role="link"] {{
    background: transparent; border: 0; padding: 0; color: {muted}; text-align: left;
}}
QPushButton[role="link"]:hover, QPushButton[role="link"]:focus {{
    color: {text}; text-decoration: underline;
}}

QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: 14px; font-weight: 600; }}
QLabel[role="heading"] {{ font-weight: 600; }}
QLabel[role="section"] {{ color: {muted}; font-size: 11px; font-weight: 600; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="good"] {{ color: {good}; font-weight: 600; }}
QLabel[role="attention"] {{ color: {attention}; font-weight: 600; }}
QLabel[role="bad"] {{ color: {bad}; font-weight: 600; }}
QLabel[role="chip"] {{
    background: {hover}; border-radius: 8px; padding: 1px 8px; color: {text}; font-size: 11px;
}}
QCheckBox::indicator:unchecked {{
    border: 1px solid {muted}; border-radius: 3px; background: {raised}; width: 12px; height: 12px;
}}
QFrame[role="card"] {{ background: {raised}; border: 1px solid transparent; border-radius: 6px; }}
QFrame[role="card"]:hover {{ background: {hover}; }}
QFrame[role="card-plain"] {{ background: {raised}; border: 1px solid {line}; border-radius: 6px; }}
QPushButton[role="chip"] {{
    background: {hover}; border: 1px solid transparent; border-radius: 8px; padding: 1px 8px; font-size: 11px;
}}
QPushButton[role="chip"]:hover, QPushButton[role="chip"]:focus {{ border-color: {accent}; }}
QFrame[role="card-current"] {{ background: {accent_quiet}; border: 1px solid {accent}; border-radius: 6px; }}
QFrame[role="card-good"] {{ background: {good_quiet}; border: 1px solid {good}; border-radius: 6px; }}
QFrame[role="card-attention"] {{
    background: {attention_quiet}; border: 1px solid {attention}; border-radius: 6px;
}}
QFrame[role="card-bad"] {{ background: {bad_quiet}; border: 1px solid {bad}; border-radius: 6px; }}
QFrame[role="study"] {{ background: {raised}; border-radius: 6px; }}
QLabel[role="thumbnail"] {{ background: {image_ground}; border-radius: 4px; }}
QFrame[role="separator"] {{ background: {line}; border: 0; max-height: 1px; min-height: 1px; }}

QLineEdit, QPlainTextEdit, QTextEdit, QTextBrowser, QListView, QTreeView, QTableView, QSpinBox,
QDoubleSpinBox, QComboBox {{
    background: {raised}; border: 1px solid {line}; border-radius: 6px; padding: 4px;
    selection-background-color: {accent}; selection-color: {accent_text};
}}
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus, QSpinBox:focus,
QDoubleSpinBox:focus {{ border-color: {accent}; }}
QHeaderView::section {{ background: {panel}; color: {muted}; border: 0; padding: 4px; }}
QComboBox::drop-down {{ border: 0; width: 16px; }}
QComboBox QAbstractItemView {{ background: {raised}; border: 1px solid {line}; }}
QGroupBox {{ border: 1px solid {line}; border-radius: 6px; margin-top: 12px; padding: 8px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; color: {muted}; }}
QTabWidget::pane {{ border: 1px solid {line}; border-radius: 6px; }}
QTabBar::tab {{ background: transparent; padding: 4px 12px; color: {muted}; }}
QTabBar::tab:selected {{ color: {text}; border-bottom: 2px solid {accent}; }}

QProgressBar {{ background: {line}; border: 0; border-radius: 2px; max-height: 4px; min-height: 4px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 2px; }}
QSlider::groove:horizontal {{ background: {line}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {muted}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {text}; width: 12px; margin: -4px 0; border-radius: 6px; }}
QSlider::handle:horizontal:hover {{ background: {accent}; }}

QScrollArea, QScrollArea > QWidget > QWidget[role="scrolled"] {{ background: transparent; border: 0; }}
QScrollBar:vertical {{ background: transparent; width: 8px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 8px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; min-height: 24px; min-width: 24px; }}
QScrollBar::handle:hover {{ background: {muted}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
"""


@lru_cache(maxsize=1)
def _themes() -> dict[str, dict[str, str]]:
    loaded: dict[str, dict[str, str]] = json.loads((resources() / "theme.json").read_text("utf-8"))
    return loaded


def tokens(name: str = "dark") -> Mapping[str, str]:
    """Colour by name, "#rrggbb", of "dark" or "light". Raises ValueError for another theme."""
    if name not in THEMES:
        raise ValueError(f"the themes are {', '.join(THEMES)}, not {name!r}")
    return {**_themes()["image"], **_themes()["paper"], **_themes()[name]}


def current() -> str:
    """The theme that was applied to the application, "dark" before any was."""
    app = QApplication.instance()
    return str(app.property(_PROPERTY) or "dark") if app is not None else "dark"


def colour(name: str) -> str:
    """A colour of the current theme. Raises KeyError for a name that is no token."""
    return tokens(current())[name]


def qcolour(name: str, alpha: float = 1.0) -> QColor:
    """The same as a QColor with an opacity from 0 to 1."""
    result = QColor(colour(name))
    result.setAlphaF(alpha)
    return result


def stylesheet(colours: Mapping[str, str]) -> str:
    """The style sheet of the whole application."""
    return _SHEET.format(**colours)


def _palette(colours: Mapping[str, str]) -> QPalette:
    """For what style sheets do not reach: native parts, placeholders, disabled text."""
    role = QPalette.ColorRole
    palette = QPalette()
    pairs = {
        role.Window: "ground", role.Base: "raised", role.AlternateBase: "panel", role.Button: "raised",
        role.ToolTipBase: "raised", role.WindowText: "text", role.Text: "text", role.ButtonText: "text",
        role.ToolTipText: "text", role.PlaceholderText: "muted", role.Highlight: "accent",
        role.HighlightedText: "accent_text", role.Link: "accent",
    }  # fmt: skip
    for which, name in pairs.items():
        palette.setColor(which, QColor(colours[name]))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(colours["muted"]))
    return palette


@lru_cache(maxsize=1)
def _load_fonts() -> tuple[str, ...]:
    families: list[str] = []
    for name in _FONTS:
        number = QFontDatabase.addApplicationFont(str(resources() / "fonts" / name))
        families += QFontDatabase.applicationFontFamilies(number)
    return tuple(dict.fromkeys(families))


@lru_cache(maxsize=32)
def font(pixels: float = 12.5, *, bold: bool = False) -> QFont:
    """Inter with tabular figures, a fallback for Chinese, Japanese and Korean behind it.

    Shared between callers: copy before changing it.
    """
    result = QFont(["Inter", *(f for f in _load_fonts() if not f.startswith("Inter"))])
    # Pixel sizes are whole numbers in Qt, point sizes are not.
    screen = QGuiApplication.primaryScreen()
    result.setPointSizeF(pixels * 72 / (screen.logicalDotsPerInchY() if screen is not None else 96))
    result.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if hasattr(QFont, "setFeature"):
        result.setFeature(QFont.Tag("tnum"), 1)
    return result


def apply(app: QApplication, name: str = "dark") -> None:
    """Give the application the look ``name``: font, palette, style sheet. Raises ValueError."""
    colours = tokens(name)
    app.setProperty(_PROPERTY, name)
    app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(colours))
    app.setStyleSheet(stylesheet(colours))


def set_role(widget: QWidget, role: str) -> None:
    """Tell the style sheet what a widget is; may be called again when that changes."""
    if widget.property("role") == role:
        return
    widget.setProperty("role", role)
    widget.style().unpolish(widget)
    widget.style().polish(widget)
