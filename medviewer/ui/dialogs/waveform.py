"""An ECG or another waveform, on millimetre paper, with what the file says about it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from medviewer.dicom.objects.waveform import Group, Waveform
from medviewer.imaging.numbers import number
from medviewer.imaging.traces import GAINS, SPEED, usual_gain
from medviewer.ui.dialogs.reading import ObjectReading
from medviewer.ui.waveform_plot import WaveformPlot
from medviewer.ui.widgets import label

_MOST_LINES = 2000
_HINT = "Wheel zooms, drag moves, two clicks measure."


class WaveformReader(ObjectReading):
    """Shows the curves when they come; says why where there are none."""

    def __init__(self, title: str, patient: str, path: str, parent: QWidget | None) -> None:
        super().__init__(title, patient, path, parent, width=720, wrap=False)
        self.resize(1360, 900)
        self._waveform: Waveform | None = None
        self.measured = label(_HINT, "muted")
        self.groups, self.gains = QComboBox(), QComboBox()
        self.groups.setAccessibleName("Part of the recording")
        self.gains.setAccessibleName("Millimetres a millivolt")
        self.plot = WaveformPlot()
        self.notes = QListWidget()
        self.notes.setAccessibleName("What the file says")
        self.notes.setFixedWidth(240)
        self.notes.setWordWrap(True)
        self._lay_out()
        self.plot.measured.connect(self._tell)
        self.groups.currentIndexChanged.connect(self._group_chosen)
        self.gains.currentIndexChanged.connect(self._draw)
        self.notes.itemClicked.connect(self._go_to)
        self.add_buttons()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.patient)
        head.addWidget(self.said)
        head.addStretch(1)
        for choice in (self.groups, self.gains):
            choice.hide()
            head.addWidget(choice)
        self.body.addLayout(head)
        middle = QHBoxLayout()
        middle.addWidget(self.plot, 1)
        middle.addWidget(self.notes)
        self.notes.hide()
        self.body.addLayout(middle, 1)
        self.body.addWidget(self.measured)

    def show_waveform(self, waveform: Waveform) -> None:
        """It was read: the first group is shown."""
        self._waveform = waveform
        self.groups.blockSignals(True)
        for k, group in enumerate(waveform.groups):
            self.groups.addItem(_group_title(group, k))
        self.groups.blockSignals(False)
        self.groups.setVisible(len(waveform.groups) > 1)
        self._group_chosen()

    @property
    def group(self) -> Group | None:
        """The group on screen."""
        if self._waveform is None:
            return None
        return self._waveform.groups[max(0, self.groups.currentIndex())]

    def _group_chosen(self) -> None:
        group = self.group
        if group is None:
            return
        units = [channel.unit for channel in group.channels]
        usual = usual_gain(units, [channel.values for channel in group.channels])
        self.gains.blockSignals(True)
        self.gains.clear()
        for gain in GAINS:
            self.gains.addItem(f"{gain:g}\u2009mm/mV", gain)
        self.gains.setCurrentIndex(GAINS.index(usual))
        self.gains.blockSignals(False)
        self._list_notes()
        self._draw()
        self.gains.setVisible(any(row.calibrated for row in self.plot.rows))

    def _draw(self) -> None:
        group = self.group
        if group is None or self._waveform is None:
            return
        gain = float(self.gains.currentData())
        self.plot.show_group(group, gain)
        parts = [number(group.seconds, "s", 1), f"{number(group.rate)}\u2009Hz", f"{SPEED:g}\u2009mm/s"]
        if any(row.calibrated for row in self.plot.rows):
            parts.append(f"{gain:g}\u2009mm/mV")
        self.said.setText(" · ".join([*parts, *([self._waveform.stopped] if self._waveform.stopped else [])]))

    def _notes(self) -> list[tuple[str, float | None]]:
        """What is said of the group on screen or of none, in the file's order."""
        if self._waveform is None:
            return []
        here = max(0, self.groups.currentIndex())
        return [(a.text, a.seconds) for a in self._waveform.annotations if a.group in (None, here)]

    def _list_notes(self) -> None:
        notes = self._notes()[:_MOST_LINES]
        self.notes.clear()
        for text, seconds in notes:
            item = QListWidgetItem(text if seconds is None else f"{number(seconds, 's', 3)}  {text}")
            item.setData(Qt.ItemDataRole.UserRole, seconds)
            self.notes.addItem(item)
        self.notes.setVisible(bool(notes))

    def _go_to(self, item: QListWidgetItem) -> None:
        seconds = item.data(Qt.ItemDataRole.UserRole)
        if seconds is not None:
            self.plot.go_to(float(seconds))

    def _tell(self, said: str) -> None:
        self.measured.setText(said or _HINT)


def _group_title(group: Group, at: int) -> str:
    return group.label.capitalize() or f"Part {at + 1}"
