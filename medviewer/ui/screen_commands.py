"""What the keys and menus do to the picture: scroll, window, zoom, tools, cine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal

from medviewer.imaging.colour_map import COLOUR_MAPS, GREY
from medviewer.imaging.presets import CT_PRESETS
from medviewer.imaging.turn import FLIP_ACROSS, FLIP_DOWN, LEFT, RIGHT, Turn
from medviewer.imaging.window import Window
from medviewer.review.presenting import presented_window
from medviewer.review.screen import ANNOTATION_LEVELS, first_colours, first_window, is_inverted
from medviewer.review.session import Session
from medviewer.review.state import State
from medviewer.ui.actions import colours_action
from medviewer.ui.planes import PlanesView

Command = Callable[[], None]
_ZOOM_STEP = 1.25
_CINE_RATE = 10.0
TOOLS = ("window", "scroll", "zoom", "pan", "length", "angle", "ellipse", "note", "crosshair")


_TURNS = {
    "rotate_right": RIGHT,
    "rotate_left": LEFT,
    "flip_across": FLIP_ACROSS,
    "flip_down": FLIP_DOWN,
}


class ScreenCommands(QObject):
    """Commands by id, for the ids that concern the picture alone."""

    cine_changed = Signal(bool)
    series_wanted = Signal(str)

    def __init__(self, session: Session, planes: PlanesView) -> None:
        super().__init__(planes)
        self._session = session
        self._planes = planes
        self._cine = QTimer(self)
        self._cine.timeout.connect(self._next_frame)
        self._smooth = True

    def table(self) -> dict[str, Command]:
        """Id → command."""
        return {
            **{f"tool_{name}": self._tool(name) for name in TOOLS},
            **{f"preset_{p.name.lower().replace(' ', '_')}": self._preset(p.window) for p in CT_PRESETS},
            **{
                name: self._step(step)
                for name, step in (
                    ("next_image", 1),
                    ("previous_image", -1),
                    ("ten_on", 10),
                    ("ten_back", -10),
                )
            },
            "first_image": self._first_image,
            "last_image": self._last_image,
            "next_series": self._series_step(1),
            "previous_series": self._series_step(-1),
            "cine": self.toggle_cine,
            "window_auto": self._session.auto_window,
            "window_dicom": self._dicom_window,
            "invert": self._invert,
            **{colours_action(name): self._colours(name) for name in (GREY, *COLOUR_MAPS)},
            "lines": self._toggle_lines,
            "next_view": self._planes.next_view,
            "layout": self._toggle_layout,
            "fit": self._fit,
            "one_to_one": self._one_to_one,
            "zoom_in": self._zoom(_ZOOM_STEP),
            "zoom_out": self._zoom(1 / _ZOOM_STEP),
            "annotations": self._annotations,
            "smooth": self._toggle_smooth,
            "delete": self._delete,
            "key_image": self._session.toggle_key_image,
            "overlay": self._toggle_overlay,
            "planes": self._toggle_planes,
            **{name: self._turn(turn) for name, turn in _TURNS.items()},
        }

    # Factories, so that the table stays a table

    def _tool(self, name: str) -> Command:
        def choose() -> None:
            self._planes.set_tool(name)

        return choose

    def _preset(self, window: Window) -> Command:
        def choose() -> None:
            self._set_window(window)

        return choose

    def _colours(self, name: str) -> Command:
        def choose() -> None:
            if self._session.state.window is None:
                self._session.auto_window()
            if self._session.state.window is not None:
                self._session.set_window(replace(self._session.state.window, colours=name))

        return choose

    def _step(self, step: int) -> Command:
        def scroll() -> None:
            self._session.scroll(self._session.state.index + step)

        return scroll

    def _zoom(self, factor: float) -> Command:
        def zoom() -> None:
            self._planes.active.zoom_by(factor)

        return zoom

    def _turn(self, turn: Turn) -> Command:
        def go() -> None:
            self._session.turn(turn)

        return go

    def _series_step(self, step: int) -> Command:
        def go() -> None:
            state = self._session.state
            if state.scan is None or state.series is None:
                return
            keys = [series.key for series in state.scan.all_series()]
            at = keys.index(state.series.key) + step
            if 0 <= at < len(keys):
                self.series_wanted.emit(keys[at])

        return go

    # Window

    def _set_window(self, window: Window) -> None:
        """The reader's inversion and colours stay."""
        now = self._session.state.window
        if now is not None:
            window = replace(window, invert=now.invert, colours=now.colours)
        self._session.set_window(window)

    def _dicom_window(self) -> None:
        """The windows of the image on screen, one after the other."""
        state = self._session.state
        own = state.series.instances[state.index].windows if state.series is not None else ()
        if not own or state.series is None:
            return
        turn = is_inverted(state.series)
        colours = state.window.colours if state.window is not None else first_colours(state.series)
        shown = [replace(w, invert=w.invert or turn, colours=colours) for w in own]
        at = shown.index(state.window) + 1 if state.window in shown else 0
        self._session.set_window(shown[at % len(shown)])

    def _invert(self) -> None:
        state = self._session.state
        if state.window is None:
            self._session.auto_window()
        if self._session.state.window is not None:
            now = self._session.state.window
            self._session.set_window(replace(now, invert=not now.invert))

    # Place

    def _first_image(self) -> None:
        self._session.scroll(0)

    def _last_image(self) -> None:
        state = self._session.state
        self._session.scroll(len(state.series.instances) - 1 if state.series is not None else 0)

    def _fit(self) -> None:
        self._planes.active.fit()

    def _one_to_one(self) -> None:
        self._planes.active.one_to_one()

    def reset(self) -> None:
        """Fit, the series' own window, the cine stops; the image stays."""
        self.stop_cine()
        self._planes.active.cancel_drawing()
        for view in self._planes.viewports:
            view.fit()
        self._session.straighten()
        state = self._session.state
        own = presented_window(state) or (first_window(state.series) if state.series is not None else None)
        if own is not None:
            self._session.set_window(own)
        elif state.series is not None:
            self._session.auto_window()

    # Switches

    def _toggle_layout(self) -> None:
        self._planes.set_layout("single" if self._planes.layout_name == "mpr" else "mpr")

    def _toggle_lines(self) -> None:
        self._planes.set_lines_visible(not self._planes.lines_visible)

    def _toggle_smooth(self) -> None:
        self._smooth = not self._smooth
        self._planes.set_smooth(self._smooth)

    def _toggle_overlay(self) -> None:
        self._session.hide_overlay(not self._session.state.overlay_hidden)

    def _toggle_planes(self) -> None:
        self._session.hide_planes(not self._session.state.planes_hidden)

    def _annotations(self) -> None:
        at = ANNOTATION_LEVELS.index(self._session.state.annotations) + 1
        self._session.annotation_level(ANNOTATION_LEVELS[at % len(ANNOTATION_LEVELS)])

    def _delete(self) -> None:
        self._planes.delete_selected()

    # Cine

    def toggle_cine(self) -> None:
        """Play or stop; the rate of the file, else ten images a second."""
        if self._cine.isActive():
            self.stop_cine()
            return
        series = self._session.state.series
        if series is None or len(series.instances) < 2:
            return
        rate = series.acquisition.frame_rate or _CINE_RATE
        self._cine.start(round(1000 / min(60.0, max(0.5, rate))))
        self.cine_changed.emit(True)

    def stop_cine(self) -> None:
        """The picture rests."""
        if self._cine.isActive():
            self._cine.stop()
            self.cine_changed.emit(False)

    def _next_frame(self) -> None:
        state = self._session.state
        if state.series is None:
            self.stop_cine()
            return
        self._session.scroll((state.index + 1) % len(state.series.instances))

    def checked(self, state: State) -> dict[str, bool]:
        """Which switches are on."""
        return {
            "cine": self._cine.isActive(),
            "layout": self._planes.layout_name == "mpr",
            "lines": self._planes.lines_visible,
            "smooth": self._smooth,
            "overlay": state.overlay_hidden,
            "planes": not state.planes_hidden,
            **{
                colours_action(name): name == (state.window.colours if state.window is not None else GREY)
                for name in (GREY, *COLOUR_MAPS)
            },
            **{f"tool_{name}": self._planes.main.tool_name == name for name in TOOLS},
        }
