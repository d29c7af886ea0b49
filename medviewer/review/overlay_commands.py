"""Commands for overlays from files. Undo leaves them alone: they are a way to look, and no decision."""

from __future__ import annotations

from dataclasses import replace

from medviewer.dicom.study import Series
from medviewer.errors import UsageError
from medviewer.review.overlays import Overlay, OverlayFile
from medviewer.review.references import uid_hash
from medviewer.review.screen import Screen
from medviewer.review.state import Change
from medviewer.review.waiting import Waiting


class OverlayCommands(Screen):
    """Adds, shows, hides and removes them."""

    def add_overlays(self, file: OverlayFile) -> bool:
        """Lay the overlays of an object over its series; the same object again takes its own place.

        False, and nothing happens, when the series is no longer open, has grown, or is another patient's.
        """
        try:
            series = self._series(file.series_key)
        except UsageError:
            return False
        if series.patient_key != file.patient_key or not all(_fits(o, series) for o in file.overlays):
            return False
        self._note("overlay", object=uid_hash(file.sop_uid), series=uid_hash(series.uid))
        others = tuple(f for f in self._state.overlay_files if f.key != file.key)
        left = tuple(w for w in self._state.waiting if w.key != file.object_key)
        self._set(replace(self._state, overlay_files=(*others, file), waiting=left), Change.FOREIGN)
        return True

    def wait_for_images(self, waiting: Waiting) -> None:
        """Keep an object that the reader opened before its images; the same again takes its own place."""
        others = tuple(w for w in self._state.waiting if w.key != waiting.key)
        self._set(replace(self._state, waiting=(*others, waiting)), Change.FOREIGN)

    def stop_waiting(self, key: str) -> None:
        """The reader does not want an object any more, or it was refused; unknown keys are ignored."""
        left = tuple(w for w in self._state.waiting if w.key != key)
        if len(left) != len(self._state.waiting):
            self._set(replace(self._state, waiting=left), Change.FOREIGN)

    def show_overlay(self, key: str, shown: bool, number: int | None = None) -> None:
        """Show or hide one overlay of a file, all of them without ``number``."""

        def told(overlay: Overlay) -> Overlay:
            return replace(overlay, shown=shown) if number in (None, overlay.number) else overlay

        files = tuple(
            replace(f, overlays=tuple(told(o) for o in f.overlays)) if f.key == key else f
            for f in self._state.overlay_files
        )
        self._set(replace(self._state, overlay_files=files), Change.FOREIGN)

    def remove_overlays(self, key: str) -> None:
        """Take the overlays of a file away, from every series; unknown keys are ignored."""
        objects = {f.object_key for f in self._state.overlay_files if f.key == key}
        left = tuple(f for f in self._state.overlay_files if f.object_key not in objects)
        if len(left) != len(self._state.overlay_files):
            self._set(replace(self._state, overlay_files=left), Change.FOREIGN)

    def go_to_overlay(self, key: str, number: int | None = None) -> None:
        """Scroll to the largest area of one overlay, or to the first of the file, of the series on screen."""
        for file in self._state.overlay_files_here:
            if file.key != key:
                continue
            index = file.key_slice
            if number is not None:
                index = next((o.key_slice for o in file.overlays if o.number == number), None)
            if index is not None:
                self.scroll(index)


def _fits(overlay: Overlay, series: Series) -> bool:
    """Whether an overlay was made for the series as it is now."""
    count = len(series.instances)
    if overlay.mask is not None and overlay.mask.shape != (count, *series.size):
        return False
    return all(0 <= index < count for index in overlay.lines)
