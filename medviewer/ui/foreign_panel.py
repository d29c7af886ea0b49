"""Overlays from files: whose they are, what each colour means, which are seen. Apart from our results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTreeWidget, QTreeWidgetItem, QWidget

from medviewer.review.overlays import NOT_REPORTED, Overlay, OverlayFile
from medviewer.review.waiting import Waiting, missing_line
from medviewer.ui import icons, theme
from medviewer.ui.annotations import swatch
from medviewer.ui.elide import plain_tip
from medviewer.ui.waiting_card import WaitingCard
from medviewer.ui.widgets import ElidedLabel, button, clear, column, frame, label, row

_ROW_PX = 24
_MOST_ROWS = 12
"""Longer lists scroll in themselves."""
_EYE_PX = 26
_LINE_PX = 190
_NEXT_PX = 16
"""Of a line below a name: how wide it is before it is broken, and how much each further line is high."""
_TOLD = Qt.ItemDataRole.UserRole + 1
_REPORT = "Structured report"
"""The kind of what can be read as text besides."""
ON_STORED = "Contours are shown on the stored images, not across them."

Letters = Mapping[tuple[str, int], str]


class _List(QTreeWidget):
    """One line an overlay: swatch, letter, name, eye. Items, not widgets: hundreds cost nothing."""

    toggled = Signal(int)
    chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setColumnCount(2)
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setItemsExpandable(False)
        self.setIndentation(20)
        self.setUniformRowHeights(True)
        self.setIconSize(QSize(16, 16))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Overlays of this file")
        self.setStyleSheet("QTreeView { border: 0; padding: 0; background: transparent; }")
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        head = self.header()
        head.setStretchLastSection(False)
        head.setMinimumSectionSize(_EYE_PX)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        head.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        head.resizeSection(1, _EYE_PX)
        self.itemClicked.connect(self._clicked)

    def fill(self, file: OverlayFile, letters: Letters) -> None:
        """Show the overlays of a file; the same ones again keep their place."""
        if self.topLevelItemCount() != len(file.overlays):
            self.clear()
            self.addTopLevelItems([QTreeWidgetItem() for _ in file.overlays])
            self.setUniformRowHeights(not any(o.figures or o.said for o in file.overlays))
            self.setFixedHeight(min(self._height(file), _ROW_PX * _MOST_ROWS) + 2)
        for k, overlay in enumerate(file.overlays):
            item, letter = self.topLevelItem(k), letters.get((file.key, overlay.number), "")
            told = (overlay.shown, overlay.name, overlay.colour, letter, overlay.figures, overlay.said)
            if item is not None and item.data(0, _TOLD) != told:
                item.setData(0, _TOLD, told)
                _fill(item, overlay, letter)
                _say(item, overlay, self.fontMetrics())

    def _height(self, file: OverlayFile) -> int:
        """Pixels of all rows, or of as many as fill the list."""
        whole, most, metrics = 0, _ROW_PX * _MOST_ROWS, self.fontMetrics()
        for overlay in file.overlays:
            whole += _ROW_PX
            for line in (*overlay.figures, *overlay.said):
                whole += _height(broken(line, metrics))
                if whole > most:
                    return most
        return whole

    def _clicked(self, item: QTreeWidgetItem, column_number: int) -> None:
        above = item.parent()
        if above is not None:  # a line that says something of it
            item, column_number = above, 0
        number = item.data(0, Qt.ItemDataRole.UserRole)
        (self.toggled if column_number == 1 else self.chosen).emit(number)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Enter goes there, H hides and shows; Space is the window's."""
        item = self.currentItem()
        if event.key() == Qt.Key.Key_Space:
            event.ignore()
        elif item is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._clicked(item, 0)
        elif item is not None and event.key() == Qt.Key.Key_H:
            self._clicked(item, 1)
        else:
            super().keyPressEvent(event)


def _fill(item: QTreeWidgetItem, overlay: Overlay, letter: str) -> None:
    seen = overlay.shown and not overlay.is_empty
    elsewhere = overlay.is_empty and not overlay.placeless
    name = f"{overlay.name}: not on these images" if elsewhere else overlay.name
    item.setData(0, Qt.ItemDataRole.UserRole, overlay.number)
    item.setText(0, f"{letter}  {name}" if letter else name)
    item.setIcon(0, _swatch_icon(overlay.colour) if letter else QIcon())
    item.setToolTip(0, plain_tip(f"{name} ({overlay.maker})"))
    item.setForeground(0, QColor(theme.colour("text" if seen else "muted")))
    item.setSizeHint(0, QSize(0, _ROW_PX))
    item.setIcon(1, _eye(overlay.shown, theme.colour("muted")) if overlay.is_drawn else QIcon())
    item.setToolTip(1, ("Hide" if overlay.shown else "Show") if overlay.is_drawn else "")


def broken(line: str, metrics: QFontMetrics) -> str:
    """A line as several, each as wide as the panel is at least: no figure and no decision is cut."""
    made: list[str] = []
    for word in line.split(" "):
        longer = f"{made[-1]} {word}" if made else word
        if made and metrics.horizontalAdvance(longer) <= _LINE_PX:
            made[-1] = longer
        else:
            made.append(word)
    return "\n".join(made)


def _height(text: str) -> int:
    """Pixels of a broken line."""
    return _ROW_PX + _NEXT_PX * text.count("\n")


def _say(item: QTreeWidgetItem, overlay: Overlay, metrics: QFontMetrics) -> None:
    """What the file says of it, a line each below its name: figures, then the rest."""
    item.takeChildren()
    for k, line in enumerate((*overlay.figures, *overlay.said)):
        text = broken(line, metrics)
        below = QTreeWidgetItem([text])
        below.setToolTip(0, plain_tip(line))
        below.setForeground(0, QColor(theme.colour("text" if k < len(overlay.figures) else "muted")))
        below.setSizeHint(0, QSize(0, _height(text)))
        item.addChild(below)
    item.setExpanded(True)


@lru_cache(maxsize=512)
def _swatch_icon(colour: str) -> QIcon:
    return QIcon(QPixmap.fromImage(swatch(colour)))


@lru_cache(maxsize=8)
def _eye(is_open: bool, colour: str) -> QIcon:
    return icons.icon("eye" if is_open else "eye-off", colour, 16)


class _Card(QWidget):
    """One file."""

    shown_wanted = Signal(str, bool, object)
    chosen = Signal(str, object)
    remove_wanted = Signal(str)
    tags_wanted = Signal(str)
    text_wanted = Signal(str)

    def __init__(self, file: OverlayFile) -> None:
        super().__init__()
        self.key, self._file = file.key, file
        self.list = _List()
        self.all_button, self.text_button = button("", "quiet"), button("Text…", "quiet")
        tags, remove = button("Tags…", "quiet"), button("Remove", "quiet")
        self.text_button.setVisible(file.kind == _REPORT)
        body = frame("card")
        inside = column(body, margin=8, spacing=4)
        inside.addWidget(ElidedLabel(file.title, "heading"))
        inside.addWidget(label(_about(file), "muted", wrap=True))
        for notice in _notices(file):
            inside.addWidget(label(notice, wrap=True))
        inside.addWidget(self.list)
        inside.addWidget(label(NOT_REPORTED, "muted"))
        inside.addLayout(row(self.all_button, self.text_button, tags, None, remove, spacing=0))
        column(self).addWidget(body)
        self.all_button.clicked.connect(self._toggle_all)
        tags.clicked.connect(self._ask_tags)
        self.text_button.clicked.connect(self._ask_text)
        remove.clicked.connect(self._ask_remove)
        self.list.toggled.connect(self._toggle)
        self.list.chosen.connect(self._choose)

    def fill(self, file: OverlayFile, letters: Letters) -> None:
        """Show what is seen now."""
        self._file = file
        self.list.fill(file, letters)
        self.all_button.setText("Hide all" if self._any_shown else "Show all")

    @property
    def _any_shown(self) -> bool:
        return any(o.shown for o in self._file.overlays if not o.is_empty)

    def _toggle(self, number: int) -> None:
        overlay = next(o for o in self._file.overlays if o.number == number)
        if not overlay.is_empty:
            self.shown_wanted.emit(self.key, not overlay.shown, number)

    def _toggle_all(self) -> None:
        self.shown_wanted.emit(self.key, not self._any_shown, None)

    def _choose(self, number: int) -> None:
        self.chosen.emit(self.key, number)

    def _ask_text(self) -> None:
        self.text_wanted.emit(str(self._file.path))

    def _ask_tags(self) -> None:
        self.tags_wanted.emit(str(self._file.path))

    def _ask_remove(self) -> None:
        self.remove_wanted.emit(self.key)


def _about(file: OverlayFile) -> str:
    """ "From file: segmentation, manual"."""
    kind = file.kind if file.kind.startswith("RT") else file.kind[:1].lower() + file.kind[1:]
    told = f"From file: {kind}, {file.maker or 'several makers'}"
    return f"{told} · {file.flags}" if file.flags else told


def _notices(file: OverlayFile) -> tuple[str, ...]:
    contours = any(overlay.lines for overlay in file.overlays)
    missing = missing_line(file)
    told = (missing, *file.notices) if missing else file.notices
    return (*told, ON_STORED) if contours else told


class ForeignPanel(QWidget):
    """A card for each file. Acts leave as signals: file's key, and number of an overlay or None for all."""

    shown_wanted = Signal(str, bool, object)
    chosen = Signal(str, object)
    remove_wanted = Signal(str)
    tags_wanted = Signal(str)
    text_wanted = Signal(str)
    unwanted = Signal(str)
    """Key of an object that shall wait no longer."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        outside = column(self, spacing=6)
        self._waiting_layout, self._layout = column(spacing=6), column(spacing=6)
        outside.addLayout(self._waiting_layout)
        outside.addLayout(self._layout)
        self.cards: list[_Card] = []
        self.waiting: list[WaitingCard] = []
        self._built: tuple[tuple[object, ...], ...] = ()
        self._waits: tuple[Waiting, ...] = ()

    def show_waiting(self, waiting: Sequence[Waiting]) -> None:
        """Show what waits for images; nothing moves where it is the same."""
        if tuple(waiting) == self._waits:
            return
        self._waits = tuple(waiting)
        clear(self._waiting_layout)
        self.waiting = [WaitingCard(one) for one in waiting]
        for card in self.waiting:
            card.unwanted.connect(self.unwanted)
            card.tags_wanted.connect(self.tags_wanted)
            self._waiting_layout.addWidget(card)

    def show_files(self, files: Sequence[OverlayFile], letters: Letters) -> None:
        """Show the files of the series on screen; nothing moves where they are the same."""
        built = tuple((f.key, f.path, _notices(f), f.flags, len(f.overlays)) for f in files)
        if built != self._built:
            self._built = built
            clear(self._layout)
            self.cards = [self._card(file) for file in files]
        for card, file in zip(self.cards, files, strict=True):
            card.fill(file, letters)
        self.setVisible(bool(files) or bool(self._waits))

    def _card(self, file: OverlayFile) -> _Card:
        card = _Card(file)
        card.shown_wanted.connect(self.shown_wanted)
        card.chosen.connect(self.chosen)
        card.remove_wanted.connect(self.remove_wanted)
        card.tags_wanted.connect(self.tags_wanted)
        card.text_wanted.connect(self.text_wanted)
        self._layout.addWidget(card)
        return card
