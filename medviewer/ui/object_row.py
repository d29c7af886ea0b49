"""What lies in a study beside its images: one row an object, with a word for what it is."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QVBoxLayout, QWidget

from medviewer.dicom.study import DicomObject, Patient, ScanResult, Study
from medviewer.dicom.values import plain
from medviewer.ui import theme
from medviewer.ui.elide import ElidedLabel, TwoLines, label
from medviewer.ui.series_row import THUMBNAIL_PX


def object_title(found: DicomObject) -> str:
    """ "900 · Lungs": number and description, or what there is of them."""
    name = plain(found.description) or found.kind.name
    return name if found.number is None else f"{found.number} · {name}"


def with_objects(scan: ScanResult) -> tuple[Patient, ...]:
    """The patients of a scan, with studies (without series) for objects whose images are not open."""
    patients = {patient.key: patient for patient in scan.patients}
    for found in scan.objects:
        patient = patients.get(found.patient.key, found.patient)
        if all(study.uid != found.study.uid for study in patient.studies):
            patient = replace(patient, studies=(*patient.studies, found.study))
        patients[patient.key] = patient
    return tuple(patients.values())


def objects_of(scan: ScanResult, patient: Patient, study: Study) -> list[DicomObject]:
    """The objects of one study of one patient."""
    return [o for o in scan.objects if o.patient.key == patient.key and o.study.uid == study.uid]


class ObjectRow(QFrame):
    """A row to click, or to reach by Tab and choose with Enter."""

    chosen = Signal(str)
    """Path of the object."""
    tags_wanted = Signal(str)
    """Path of the object whose tags are asked for, by the row's menu."""
    text_wanted = Signal(str)
    """Path of the report whose text is asked for, by the row's menu."""

    def __init__(self, found: DicomObject, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.path = str(found.path)
        self._has_text = found.kind.code == "SR"
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        theme.set_role(self, "card")
        code = label(found.kind.code, "section", self)
        code.setFixedWidth(THUMBNAIL_PX + 22)
        code.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = TwoLines(object_title(found), "", self)
        kind = ElidedLabel(found.kind.name, "muted", self)
        kind.setVisible(bool(plain(found.description)))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(title)
        words.addWidget(kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 8, 4)
        row.setSpacing(4)
        row.addWidget(code)
        row.addLayout(words, 1)
        self.setAccessibleName(f"{found.kind.name} {title.whole}")

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        """A click chooses."""
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.chosen.emit(self.path)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """The row's menu."""
        self.menu().popup(event.globalPos())

    def menu(self) -> QMenu:
        """What else can be done with the object; gone when it is closed."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if self._has_text:
            menu.addAction("Text…").triggered.connect(self._ask_text)
        menu.addAction("Tags…").triggered.connect(self._ask_tags)
        return menu

    def _ask_text(self) -> None:
        self.text_wanted.emit(self.path)

    def _ask_tags(self) -> None:
        self.tags_wanted.emit(self.path)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Enter chooses."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Select):
            self.chosen.emit(self.path)
        else:
            event.ignore()
