"""A picture that can show where a network looked: colours over one stored image, with a bar that says so."""

from __future__ import annotations

from medviewer.ai.looking import LOOKED, Looked
from medviewer.imaging.heat import heat_bar, heat_rgba
from medviewer.imaging.part import Part
from medviewer.imaging.shrink import shrink
from medviewer.ui.picture_view import PictureView


class LookedView(PictureView):
    """Shows the map on its own image only, and hides it with the overlay. No report ever holds it."""

    _looked: Looked | None = None

    def set_looked(self, looked: Looked | None) -> None:
        """The map of a stored slice; None takes it off. It goes with the picture."""
        if looked is not self._looked:
            self._looked = looked
            self._show_levels()
            self._show_overlay()

    def _begin(self, shape: tuple[int, int]) -> None:
        self._looked = None
        super()._begin(shape)

    def _map_here(self) -> Looked | None:
        """The map, where the image on screen is the one it belongs to."""
        picture, looked = self._picture, self._looked
        if picture is None or looked is None or looked.strength is None or not self._visible:
            return None
        view = picture.view
        if view.axes[0] != 0 or looked.strength.shape != view.volume_shape[1:]:
            return None
        here = int(view.to_voxel(self._index, 0, 0)[0]) == looked.index
        return looked if here and picture.is_ready(self._index) else None

    def _show_levels(self) -> None:
        super()._show_levels()
        if self._map_here() is not None:
            self._front.notes.bar = heat_bar(LOOKED)
            self._front.update()

    def _show_overlay(self) -> None:
        super()._show_overlay()
        looked, picture = self._map_here(), self._picture
        if looked is None or looked.strength is None or picture is None:
            self._canvas.show_heat(None, None)
            return
        part = self._part or Part.whole(picture.view.shape)
        self._canvas.show_heat(heat_rgba(shrink(picture.view.placed(looked.strength), part)), part)
