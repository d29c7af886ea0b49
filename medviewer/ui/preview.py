"""The first image of what is being opened, on the pictures until its series takes its place.

It is shown as what it is: one image, whose it is by its own file, without a number. The session knows nothing
of it, so nothing can be measured, analyzed or reported on it.
"""

from __future__ import annotations

from dataclasses import replace

from medviewer.dicom.captions import corners
from medviewer.dicom.first_image import FirstImage
from medviewer.dicom.study import Series
from medviewer.imaging.render import auto_window
from medviewer.imaging.window import Window
from medviewer.review.screen import first_window, is_inverted
from medviewer.review.state import State
from medviewer.ui.camera import Camera
from medviewer.ui.planes import PlanesView

_VOLUMES = frozenset({"CT", "MR", "PT"})


class Preview:
    """Puts a first image on the pictures and keeps what the reader does to it there."""

    def __init__(self, planes: PlanesView) -> None:
        self._planes = planes
        self._image: FirstImage | None = None
        self._window: Window | None = None
        self._left: tuple[FirstImage, Camera] | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the pictures show a first image."""
        return self._image is not None

    def show(self, image: FirstImage, state: State) -> None:
        """Put it on screen, in its own first window."""
        self._image, self._window = image, _own_window(image)
        self._planes.set_series_key("")
        self._planes.set_volume(image.volume, None, expect_sides=_may_be_volume(image.series))
        self._planes.set_window(self._window)
        self._planes.set_message("")
        self.caption(state)

    def caption(self, state: State) -> None:
        """Whose it is."""
        if self._image is None:
            return
        image, main = self._image, self._planes.main
        self._planes.set_corners(
            corners(
                image.patient,
                image.study,
                image.series,
                image.index,
                main.shown_window,
                state.annotations,
                main.camera.zoom,
                counted=False,
            )
        )

    def set_window(self, window: Window, state: State) -> None:
        """The reader drags the window."""
        self._planes.set_window(window)
        self.caption(state)

    def leave(self) -> None:
        """Its series comes; the pictures begin anew. Zoom and place may come back by :meth:`restore`."""
        camera = self._planes.main.camera
        self._left = (self._image, camera) if self._image is not None and not camera.fitted else None
        self._image = None

    def restore(self, state: State) -> None:
        """The reader's zoom and place again, where the very same image is on screen."""
        left, self._left = self._left, None
        if left is None or state.series is None:
            return
        image, camera = left
        shown, now = state.series.instances[state.index], self._planes.main.camera
        if (shown.sop_uid, shown.frame) == (image.instance.sop_uid, image.instance.frame):
            self._planes.main.move_camera(replace(now, zoom=camera.zoom, centre=camera.centre, fitted=False))

    def clear(self) -> bool:
        """Take it off the screen; False where there is none."""
        if self._image is None:
            return False
        self._image = None
        self._planes.set_volume(None, None)
        return True


def _own_window(image: FirstImage) -> Window | None:
    """As the session would begin: the file's first window, its unit's, else one from its values."""
    own = first_window(image.series)
    if own is not None or image.volume.is_colour:
        return own
    return replace(auto_window(image.volume, 0), invert=is_inverted(image.series))


def _may_be_volume(series: Series) -> bool:
    """Whether other planes will probably be shown beside it: their place is kept, so that nothing jumps."""
    first = series.instances[0]
    placed = first.position is not None and first.orientation is not None
    return placed and series.modality in _VOLUMES and "LOCALIZER" not in first.image_type
