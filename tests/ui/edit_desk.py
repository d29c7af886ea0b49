"""What tests of the brush share: a session, its pictures, and a lung to be edited."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from medviewer.imaging.presented import PLAIN
from medviewer.imaging.turn import STRAIGHT, Turn
from medviewer.review.session import Session
from medviewer.ui.editing import Editing
from medviewer.ui.notice_bar import NoticeBar
from medviewer.ui.planes import PlanesView

PIXEL = (2.0, 3.0)
"""Millimetres between rows and between columns: no square, and larger than the smallest brush."""
TURNS = (STRAIGHT, Turn(1), Turn(2, True), Turn(3), Turn(0, True))
VOXEL = (2, 31, 41)
"""Beside the lung."""


@dataclass
class Desk:
    """A session, its pictures, and the brush."""

    session: Session
    planes: PlanesView
    editing: Editing
    notices: NoticeBar
    loading: set[str]
    """Keys of series that are not there yet."""

    def at(self, row: float, column: float) -> tuple[float, float]:
        """Screen position of a place on the image, whole numbers being the centres of pixels."""
        main = self.planes.main
        assert main.picture is not None
        _, y, x = main.picture.view.from_voxel(main.index, row, column)
        return main.camera.to_screen(x + 0.5, y + 0.5)

    def draft(self) -> np.ndarray:
        """The outline as it is painted."""
        edit = self.editing._edit
        assert edit is not None
        return edit.draft.finished().full()

    def size(self, millimetres: float) -> None:
        self.editing._size = millimetres
        self.editing.show_tool()


def arrange(desk: Desk, turn: Turn, how: str) -> None:
    main = desk.planes.main
    main.set_look(PLAIN, turn)
    if how == "zoomed":
        main.move_camera(main.camera.zoomed(2.7, (140.0, 170.0)))
    elif how == "panned":
        main.move_camera(main.camera.zoomed(0.6).panned(17.4, -11.8))
