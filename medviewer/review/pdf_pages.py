"""Pages of a PDF as pictures: the preview shows the very file that will be written."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray


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
