"""Several viewports told the same things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtWidgets import QWidget

from medviewer.ai.findings import Line
from medviewer.imaging.render import OverlayStyle
from medviewer.imaging.volume import Mask
from medviewer.imaging.window import Window
from medviewer.review.state import ReaderMeasurement
from medviewer.ui.foreign import Foreign
from medviewer.ui.viewport import Viewport


class ViewGroup(QWidget):
    """Setters that concern all views."""

    viewports: tuple[Viewport, ...] = ()

    def set_failures(self, failures: Mapping[int, str]) -> None:
        """Why stored slices could not be shown; after the volume was set."""
        for view in self.viewports:
            view.set_failures(failures)

    def set_series_key(self, key: str) -> None:
        """The series that new measurements belong to."""
        for view in self.viewports:
            view.set_series_key(key)

    def set_window(self, window: Window | None) -> None:
        """Centre and width."""
        for view in self.viewports:
            view.set_window(window)

    def set_masks(self, masks: Sequence[tuple[Mask, str, str]], lines: Sequence[Line] = ()) -> None:
        """Masks with colour and name, and the lines of findings."""
        for view in self.viewports:
            view.set_masks(masks, lines)

    def set_foreign(self, foreign: Foreign) -> None:
        """Overlays from files."""
        for view in self.viewports:
            view.set_foreign(foreign)

    def set_style(self, style: OverlayStyle) -> None:
        """Opacity of the overlay."""
        for view in self.viewports:
            view.set_style(style)

    def set_overlay_visible(self, visible: bool) -> None:
        """Hide or show the overlay."""
        for view in self.viewports:
            view.set_overlay_visible(visible)

    def set_measurements(self, measurements: Sequence[ReaderMeasurement]) -> None:
        """What the reader drew on this series."""
        for view in self.viewports:
            view.set_measurements(measurements)

    def set_tool(self, name: str) -> None:
        """The left button's tool in all views."""
        for view in self.viewports:
            view.set_tool(name)

    def set_smooth(self, smooth: bool) -> None:
        """Interpolate between pixels, or show them as squares."""
        for view in self.viewports:
            view.set_smooth(smooth)

    def refresh_slice(self, index: int) -> None:
        """A stored slice became ready."""
        for view in self.viewports:
            view.refresh_slice(index)
