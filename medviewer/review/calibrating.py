"""Commands that give images millimetres: who, when and by what is kept, and undo takes it back."""

from __future__ import annotations

from dataclasses import replace

from medviewer.dicom.study import Instance, Series
from medviewer.errors import UsageError
from medviewer.imaging.inplane import Scale
from medviewer.imaging.reslice import Plane, PlaneView
from medviewer.imaging.volume import Volume
from medviewer.review import calibration as rules
from medviewer.review.calibration import Known, calibrated, image_of
from medviewer.review.figures import rescaled
from medviewer.review.presenting import SPACING_NOTE, Presenting, spacing_is_presented
from medviewer.review.references import uid_hash
from medviewer.review.state import Calibration, Change, ReaderMeasurement, State

_PARTS = Change.SCALE | Change.MEASUREMENT


class Calibrating(Presenting):
    """Calibrates, corrects for magnification, and lets go of both."""

    def calibrate(self, measurement_id: str, length_mm: float, *, whole_series: bool = False) -> Calibration:
        """The length ``measurement_id`` on the image on screen is so many mm long, says the reader.

        It holds for that image; with ``whole_series`` for all that are :func:`~.calibration.alike`. Figures
        there are told anew. Raises :class:`UsageError` where it may not be or the figures are implausible.
        """
        _, instance, _ = self._image_to_calibrate()
        line = next((m for m in rules.lengths_here(self._state) if m.id == measurement_id), None)
        if line is None:
            raise UsageError("There is no such length on this image.", "Draw it on the image on screen.")
        known = Known((line.points[0], line.points[1]), length_mm)
        pair = rules.scale_of(instance, known)
        time = self._time()
        scale = rules.by_length(known, pair, self._state.reader, time)
        facts = {"known_mm": length_mm, "points": [list(p[1:]) for p in known.points]}
        return self._give(scale, time, whole_series, facts)

    def correct_magnification(self, *, whole_series: bool = False) -> Calibration:
        """The reader confirms the magnification that the file of the image on screen says.

        Raises :class:`UsageError` where its scale is not at the detector, or the file says none.
        """
        series, instance, _ = self._image_to_calibrate()
        if not rules.may_correct(series, self._state.index):
            raise UsageError("The file says no magnification of this image.")
        time = self._time()
        scale = rules.by_magnification(instance, self._state.reader, time)
        return self._give(scale, time, whole_series, {"magnification": instance.magnification})

    def remove_calibration(self) -> None:
        """What the file says holds again for the image on screen and all that were calibrated with it."""
        found = rules.of_image(self._state)
        if found is None:
            return
        series, instance, volume = self._image_to_calibrate()
        self._note("remove calibration", image=uid_hash(instance.sop_uid), reader=self._state.reader)
        left = tuple(c for c in self._state.calibrations if c is not found)
        self._keep("remove calibration", series, volume, left, found.images)

    def _image_to_calibrate(self) -> tuple[Series, Instance, Volume]:
        state = self._state
        if state.series is None or state.volume is None:
            raise UsageError("There is no image to calibrate.", "Open one first.")
        if not rules.may_calibrate(state.series, state.index):
            raise UsageError("This image has millimetres of its own: they are not replaced.")
        if spacing_is_presented(state):
            raise UsageError("A presentation state says the millimetres here.", "Take it off first.")
        return state.series, state.series.instances[state.index], state.volume

    def _give(self, scale: Scale, time: str, whole: bool, facts: dict[str, object]) -> Calibration:
        state = self._state
        series, instance, volume = self._image_to_calibrate()
        images = rules.alike(series, state.index) if whole else frozenset({image_of(instance)})
        made = Calibration(series.key, series.patient_key, images, scale, state.reader, time)
        self._note(
            "calibrate",
            series=uid_hash(series.uid),
            image=uid_hash(instance.sop_uid),
            images=len(images),
            pixel_mm=[scale.row_mm, scale.column_mm],
            reader=state.reader,
            **facts,
        )
        self._keep("calibration", series, volume, (*_without(state.calibrations, made), made), images)
        return made

    def _keep(
        self,
        name: str,
        series: Series,
        volume: Volume,
        calibrations: tuple[Calibration, ...],
        images: frozenset[tuple[str, int]],
    ) -> None:
        """One step of undo: the calibrations, and every figure on these images told anew."""
        after = calibrated(volume, series, calibrations)

        def told(one: ReaderMeasurement) -> ReaderMeasurement:
            touched = one.series_key == series.key and one.plane is Plane.NATIVE
            if not touched or image_of(series.instances[one.index]) not in images:
                return one
            return one if one.note == SPACING_NOTE else _told_anew(one, after)

        measurements = tuple(told(one) for one in self._state.measurements)
        self._work(name, _PARTS, calibrations=calibrations, measurements=measurements)


def _told_anew(one: ReaderMeasurement, volume: Volume) -> ReaderMeasurement:
    if one.kind == "text":
        return one
    return replace(one, text=rescaled(one, volume), note=PlaneView.of(volume).note(one.index))


def _without(calibrations: tuple[Calibration, ...], new: Calibration) -> tuple[Calibration, ...]:
    """What holds for other images still does; the new one takes its own from all others."""
    left = []
    for old in calibrations:
        same = (old.series_key, old.patient_key) == (new.series_key, new.patient_key)
        images = old.images - new.images if same else old.images
        if images:
            left.append(replace(old, images=images))
    return tuple(left)


def _is_open(state: State) -> bool:
    own = state.volume is not None and rules.may_calibrate(state.series, state.index)
    return own and not spacing_is_presented(state)


def may_calibrate_now(state: State) -> bool:
    """Whether there is a length on the image on screen to calibrate by."""
    return _is_open(state) and bool(rules.lengths_here(state))


def may_correct_now(state: State) -> bool:
    """Whether the image on screen can be corrected for magnification, and nothing better is known of it."""
    told = rules.may_correct(state.series, state.index) and rules.of_image(state) is None
    return told and _is_open(state)


def may_remove_now(state: State) -> bool:
    """Whether the image on screen is calibrated by the reader."""
    return _is_open(state) and rules.of_image(state) is not None


def magnification_told(state: State) -> str:
    """What the file says of the image on screen: "1.3", or an empty string."""
    if state.series is None or not rules.may_correct(state.series, state.index):
        return ""
    return rules.factor_text(state.series.instances[state.index])
