"""A page of a document on screen."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QLabel, QWidget

PAGE_WIDTH = 820


def page_pixels(on: QWidget) -> int:
    """How many pixels wide a page is on the screen of a widget."""
    return round(PAGE_WIDTH * on.devicePixelRatioF())


class PagePicture(QLabel):
    """One page, a picture pixel to a screen pixel where ``ratio`` is the screen's; else as wide as a page."""

    def __init__(self, picture: NDArray[np.uint8], ratio: float = 0.0) -> None:
        super().__init__()
        rows, columns = picture.shape[:2]
        image = QImage(
            np.ascontiguousarray(picture).tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888
        )
        shown = QPixmap.fromImage(image)
        shown.setDevicePixelRatio(ratio or columns / PAGE_WIDTH)
        self.setPixmap(shown)
        self.setAlignment(Qt.AlignmentFlag.AlignHCenter)
