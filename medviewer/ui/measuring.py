"""What the reader asks of measurements: to see one, to calibrate by one, to correct for magnification."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from medviewer.errors import UsageError
from medviewer.imaging.reslice import Plane
from medviewer.review.calibration import (
    Known,
    alike,
    factor_text,
    lengths_here,
    magnification_of,
    scale_of,
)
from medviewer.review.state import ReaderMeasurement, State
from medviewer.ui.pictures import measurements_here

if TYPE_CHECKING:
    from medviewer.ui.dialogs.calibrate import Told
    from medviewer.ui.main_window import MainWindow

Command = Callable[[], None]


class Measuring(QObject):
    """Asks the reader, then the session."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._session = window.session

    def table(self) -> dict[str, Command]:
        """Id → command."""
        return {
            "calibrate": self.ask_length,
            "magnification": self.ask_magnification,
            "uncalibrate": self._remove,
        }

    def go_to(self, measurement: ReaderMeasurement) -> None:
        """Show its image, in all planes."""
        state = self._session.state
        if state.series is None or measurement.series_key != state.series.key:
            return
        self._session.scroll(main_index(measurement))
        self._window.planes.go_to(measurement.points[0])

    def ask_length(self) -> None:
        """How long the chosen line is, or the last one drawn on the image."""
        from medviewer.ui.dialogs.calibrate import Calibrate  # here and below: not needed to start the window

        state = self._session.state
        line = chosen_length(state, self._window.planes.main.chosen)
        if line is None or state.series is None:
            return
        instance = state.series.instances[state.index]

        def told(length_mm: float) -> Told:
            known = Known((line.points[0], line.points[1]), length_mm)
            return scale_of(instance, known), magnification_of(instance, known)

        number = next(k for k, m in enumerate(measurements_here(state), 1) if m.id == line.id)
        words = f"Length {number} on image {state.index + 1}, now {line.text}"
        images = len(alike(state.series, state.index))
        dialog = Calibrate(words, told, state.reader, images, self._window)
        # The dialog stops the window, yet a scan may still replace what is open: the image must be the same.
        dialog.setObjectName(line.id)
        dialog.agreed.connect(self._calibrate)
        self._window.commands.show_dialog(dialog)

    def _calibrate(self, length_mm: float, whole: bool, reader: str) -> None:
        sender = self.sender()
        if sender is not None:
            name = sender.objectName()
            self._act(lambda: self._session.calibrate(name, length_mm, whole_series=whole), reader)

    def ask_magnification(self) -> None:
        """Whether the file's magnification is to be believed."""
        from medviewer.ui.dialogs.calibrate import Magnification

        state = self._session.state
        if state.series is None:
            return
        factor = factor_text(state.series.instances[state.index])
        if not factor:
            return
        images = len(alike(state.series, state.index))
        dialog = Magnification(factor, state.reader, images, self._window)
        dialog.setObjectName(f"{state.series.key} {state.index}")
        dialog.agreed.connect(self._correct)
        self._window.commands.show_dialog(dialog)

    def _correct(self, whole: bool, reader: str) -> None:
        sender, state = self.sender(), self._session.state
        here = f"{state.series.key} {state.index}" if state.series is not None else ""
        if sender is not None and sender.objectName() == here:
            self._act(lambda: self._session.correct_magnification(whole_series=whole), reader)

    def _remove(self) -> None:
        self._act(self._session.remove_calibration, self._session.state.reader)

    def _act(self, act: Callable[[], object], reader: str) -> None:
        if reader != self._session.state.reader:
            self._window.commands.name_given(reader)
        try:
            act()
        except UsageError as error:
            self._window.notices.problem(error.sentence())


def chosen_length(state: State, chosen: str) -> ReaderMeasurement | None:
    """The chosen line where it is a length on the image on screen, else the last one drawn there."""
    lines = lengths_here(state)
    last = max(lines, key=lambda m: (m.time, state.measurements.index(m)), default=None)
    return next((m for m in lines if m.id == chosen), last)


def main_index(measurement: ReaderMeasurement) -> int:
    """The stored image that shows the first point of a measurement, whatever plane it was drawn on."""
    if measurement.plane is Plane.NATIVE:
        return measurement.index
    return round(measurement.points[0][0])
