"""Pages of a PDF as pictures: the preview shows the very file that will be written."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from medviewer.errors import UnreadableImage

MAX_PAGES = 30
"""So many pages of a foreign document are shown."""
_MAX_ASPECT = 4.0
"""A page longer than so many times its width is shown narrower: its size is a stranger's word."""


def page_pictures(pdf: bytes, width: int) -> Iterator[NDArray[np.uint8]]:
    """Every page as (rows, columns, 3) RGB, ``width`` pixels wide.

    PDFium is not thread-safe: call it from one thread at a time.
    """
    document = pdfium.PdfDocument(pdf)
    try:
        for page in document:
            bitmap = page.render(scale=width / page.get_width(), rev_byteorder=True)
            yield np.array(bitmap.to_numpy()[..., :3])
            bitmap.close()
            page.close()
    finally:
        document.close()


def foreign_pages(pdf: bytes, width: int, show: Callable[[NDArray[np.uint8]], None]) -> int:
    """Hand the first pages of a PDF from elsewhere to ``show``, about ``width`` pixels wide; returns how
    many pages there are. What ``show`` raises ends it. Raises :class:`UnreadableImage`."""
    try:
        document = pdfium.PdfDocument(pdf)
    except pdfium.PdfiumError as error:
        raise UnreadableImage("The PDF is damaged or locked.") from error
    try:
        for k in range(min(len(document), MAX_PAGES)):
            show(_foreign_page(document, k, width))
        return len(document)
    finally:
        document.close()


def _foreign_page(document: pdfium.PdfDocument, k: int, width: int) -> NDArray[np.uint8]:
    try:
        page = document[k]
        wide, high = page.get_size()
        scale = min(width / max(wide, 1.0), _MAX_ASPECT * width / max(high, 1.0))
        bitmap = page.render(scale=scale, rev_byteorder=True, may_draw_forms=False)
        picture = np.array(bitmap.to_numpy()[..., :3])
        bitmap.close()
        page.close()
    except (pdfium.PdfiumError, ValueError, MemoryError) as error:
        raise UnreadableImage("A page of the PDF is damaged.") from error
    return picture
