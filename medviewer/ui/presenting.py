"""Overlay planes and presentation states brought before the reader: files are read beside the window.

Their readers are imported in the job that uses them: the window starts without.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from medviewer.dicom.elements import Broken
from medviewer.dicom.study import DicomObject, Instance
from medviewer.errors import MedviewerError, UnreadableImage, UsageError
from medviewer.review.presenting import instance_of, look_of, series_of, turn_of
from medviewer.review.session import Session
from medviewer.review.state import Change, State
from medviewer.tasks import TaskContext
from medviewer.ui.jobs import JobRunner
from medviewer.ui.opening import Opening
from medviewer.ui.planes import PlanesView
from medviewer.ui.presentation_chip import PresentationChip

if TYPE_CHECKING:
    from medviewer.dicom.overlay_planes import OverlayPlane
    from medviewer.dicom.presentation_state import Presentation

_KEPT = 8
"""Images whose bitmaps stay at hand, so that going back is instant."""
_PARTS = Change.SERIES | Change.VOLUME | Change.SLICE | Change.PRESENT | Change.SCALE
_Key = tuple[str, int, str]


@dataclass(frozen=True, eq=False)
class _Bits:
    """Bitmaps on one image: planes to see, pixels to cover."""

    planes: NDArray[np.bool_] | None = None
    cover: NDArray[np.bool_] | None = None


class PresentingDesk(QObject):
    """Puts on the main view what the state says of planes and presentation."""

    problem = Signal(str)

    def __init__(self, session: Session, runner: JobRunner, opening: Opening, planes: PlanesView) -> None:
        super().__init__(planes)
        self._session, self._runner, self._opening = session, runner, opening
        self._view = planes.main
        self._bits: OrderedDict[_Key, _Bits] = OrderedDict()
        self._asked: _Key | None = None
        self.chip = PresentationChip(planes)
        self.chip.removed.connect(session.remove_presentation)

    def open(self, found: DicomObject) -> None:
        """Read a presentation state and show its first image with it."""
        key = found.patient.key
        job = self._runner.submit("inspect", lambda context: _read(found, key, context))
        job.succeeded.connect(self._apply_read)
        job.failed.connect(self._failed)

    def _failed(self, error: MedviewerError) -> None:
        self.problem.emit(error.sentence())

    def _apply_read(self, presentation: Presentation) -> None:
        scan = self._session.state.scan
        series = series_of(scan, presentation) if scan is not None else None
        if series is None:
            words = UsageError(
                "The images of this presentation state are not open.", "Open their folder too."
            )
            self.problem.emit(words.sentence())
            return
        self._opening.show(series.key)
        self._session.present(presentation)

    def apply(self, state: State, change: Change) -> None:
        """Show what changed."""
        if not change & _PARTS:
            return
        if state.series is None:
            self._bits.clear()
        self._view.set_look(look_of(state), turn_of(state))
        self._show_bits(state)
        self.chip.show_presentation(state.presentation, instance_of(state))

    def _show_bits(self, state: State) -> None:
        instance = instance_of(state)
        wanted = None if instance is None or state.volume is None else _wanted(instance, state.presentation)
        key = wanted[0] if wanted is not None else None
        bits = self._bits.get(key, _Bits()) if key is not None else _Bits()
        self._view.set_planes(bits.planes, bits.cover, not state.planes_hidden)
        if wanted is not None and instance is not None and key not in self._bits and key != self._asked:
            self._ask(wanted[0], instance, wanted[1], state.presentation)

    def _ask(self, key: _Key, instance: Instance, own: bool, presentation: Presentation | None) -> None:
        self._asked = key
        job = self._runner.submit("planes", lambda _: (key, _bits_of(instance, own, presentation)))
        job.succeeded.connect(self._came)
        job.failed.connect(self._missed)

    def _came(self, answer: tuple[_Key, _Bits]) -> None:
        key, bits = answer
        self._asked = None
        self._bits[key] = bits
        while len(self._bits) > _KEPT:
            self._bits.popitem(last=False)
        self._show_bits(self._session.state)

    def _missed(self, error: MedviewerError) -> None:
        self._asked = None
        self.problem.emit(error.sentence())


def _wanted(instance: Instance, presentation: Presentation | None) -> tuple[_Key, bool] | None:
    """What bitmaps of an image are called, and whether its own are among them; None where it has none."""
    shown = presentation if presentation is not None and presentation.shows(instance) else None
    own = instance.overlays and (shown is None or bool(shown.active) or shown.shutter_group is not None)
    if not own and (shown is None or not shown.planes):
        return None
    return (str(instance.path), instance.frame, shown.sop_uid if shown is not None else ""), own


def _bits_of(instance: Instance, own: bool, presentation: Presentation | None) -> _Bits:
    """Without a presentation state all planes are seen; with one, those it activates (PS3.3 C.11.7)."""
    from medviewer.dicom.overlay_planes import planes_of, union_on

    try:
        planes = planes_of(instance.path, instance.stamp).planes if own else ()
    except (Broken, OSError) as error:
        raise UnreadableImage("The overlay planes of this image could not be read.") from error
    if presentation is None or not presentation.shows(instance):
        return _Bits(union_on(planes, instance))
    brought = {
        plane.group: plane for plane in (*planes, *presentation.planes)
    }  # its own go before the image's
    active = tuple(
        p for g, p in brought.items() if g in presentation.active and g != presentation.shutter_group
    )
    cover: tuple[OverlayPlane, ...] = ()
    if presentation.shutter_group in brought:
        cover = (brought[presentation.shutter_group],)
    return _Bits(union_on(active, instance), union_on(cover, instance))


def _read(found: DicomObject, patient_key: str, _: TaskContext) -> Presentation:
    from medviewer.dicom.objects.presentation import read_presentation
    from medviewer.review.overlay_reading import same_object

    same_object(found)
    try:
        return read_presentation(found.path, patient_key)
    except (Broken, OSError) as error:
        raise UnreadableImage(
            str(error) if isinstance(error, Broken) else "The file could not be read."
        ) from error
