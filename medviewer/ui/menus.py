"""The table of actions made into menus, toolbar and keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QToolBar, QToolButton, QWidget

from medviewer.review.state import State
from medviewer.ui import icons
from medviewer.ui.actions import ACTIONS, MENUS, OF_IMAGE, TOOLBAR, ActionSpec
from medviewer.ui.widgets import quiet_focus

Command = Callable[[], None]


class ActionSet(QObject):
    """One QAction for every row of the table. ``keys`` are the reader's own shortcuts by id.

    ``commands`` must hold exactly the table's ids; raises ValueError naming what is missing or too much.
    """

    def __init__(self, commands: Mapping[str, Command], keys: Mapping[str, str], parent: QWidget) -> None:
        super().__init__(parent)
        wrong = {row.id for row in ACTIONS} ^ set(commands)
        if wrong:
            raise ValueError(f"actions and commands differ: {', '.join(sorted(wrong))}")
        self._commands = commands
        self._groups: dict[str, QActionGroup] = {}
        self.actions = {row.id: self._make(row, keys, parent) for row in ACTIONS}

    def __getitem__(self, action_id: str) -> QAction:
        return self.actions[action_id]

    def _make(self, row: ActionSpec, keys: Mapping[str, str], parent: QWidget) -> QAction:
        action = QAction(row.text, parent)
        action.setObjectName(row.id)
        shortcuts = [keys[row.id]] if row.id in keys else list(row.keys)
        action.setShortcuts([QKeySequence(key) for key in shortcuts])
        action.setIconText(row.short or row.text.rstrip("…"))
        if row.icon:
            action.setIcon(icons.icon(row.icon))
        shown = ", ".join(
            QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in shortcuts
        )
        action.setToolTip(f"{row.tip or row.text}{f'  ({shown})' if shown else ''}")
        action.setCheckable(row.checkable)
        if row.group:
            self._group(row.group).addAction(action)
        # Held keys repeat where one means "the next one", and nowhere else.
        action.setAutoRepeat(row.menu == "Image" or row.id.startswith("zoom"))
        action.triggered.connect(self._triggered)
        parent.addAction(action)
        return action

    def _group(self, name: str) -> QActionGroup:
        if name not in self._groups:
            self._groups[name] = QActionGroup(self)
        return self._groups[name]

    def _triggered(self) -> None:
        sender = self.sender()
        if sender is not None:
            self._commands[sender.objectName()]()

    def refresh(self, state: State, ids: Sequence[str] = ()) -> None:
        """Offer what the state allows; of these ids alone, where there are any."""
        for row in ACTIONS:
            if ids and row.id not in ids:
                continue
            action = self.actions[row.id]
            if row.say is not None and action.text() != row.say(state):
                action.setText(row.say(state))
            wanted = row.when(state)
            if action.isEnabled() != wanted:
                action.setEnabled(wanted)

    def fill_menu_bar(self, bar: QMenuBar) -> dict[str, QMenu]:
        """All menus, in order; returns them by name."""
        menus = {}
        for name in MENUS:
            menu = bar.addMenu(name)
            self._fill(menu, name)
            menus[name] = menu
        return menus

    def _fill(self, menu: QMenu, name: str) -> None:
        within: dict[str, QMenu] = {}
        for row in ACTIONS:
            if row.menu == name:
                if row.gap:
                    menu.addSeparator()
                if row.inside and row.inside not in within:
                    within[row.inside] = menu.addMenu(row.inside)
                within.get(row.inside, menu).addAction(self.actions[row.id])

    def context_menu(self, parent: QWidget) -> QMenu:
        """What the right button offers on a picture."""
        menu = QMenu(parent)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for name in (
            "key_image",
            "delete",
            *OF_IMAGE,
            "|",
            "window_auto",
            "window_dicom",
            "invert",
            "|",
            "fit",
            "reset",
        ):
            if name == "|":
                menu.addSeparator()
            elif self.actions[name].isEnabled():
                menu.addAction(self.actions[name])
        for title, prefix in (("Colour map", "colours_"), ("CT windows", "preset_")):
            rows = [row for row in ACTIONS if row.id.startswith(prefix) and self.actions[row.id].isEnabled()]
            inner = menu.addMenu(title) if rows else menu
            for row in rows:
                inner.addAction(self.actions[row.id])
        return menu

    def fill_toolbar(self, bar: QToolBar) -> None:
        """The buttons of the toolbar, the word beside the icon."""
        bar.setIconSize(QSize(18, 18))
        for action_id in TOOLBAR:
            if action_id == "|":
                bar.addSeparator()
                continue
            bar.addAction(self.actions[action_id])
            made = bar.widgetForAction(self.actions[action_id])
            if isinstance(made, QToolButton):
                quiet_focus(made)
