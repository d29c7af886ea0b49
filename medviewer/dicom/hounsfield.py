"""Whether rescaled values are Hounsfield units."""

from __future__ import annotations

from medviewer.dicom import values as v
from medviewer.dicom.tags import TAG


def is_hu(modality: str, rescale_type: str, image_type: tuple[str, ...]) -> bool:
    """Whether CT values are HU: said so, or an original CT that says nothing (PS3.3 C.8.2.1.1.2)."""
    if modality != "CT":
        return False
    return rescale_type == "HU" or (not rescale_type and image_type[:1] == ("ORIGINAL",))


def told_hu(raw: dict[int, bytes], modality: str) -> bool:
    """:func:`is_hu` of a header's raw elements."""
    rescale_type, image_type = (raw.get(TAG[k], b"") for k in ("RescaleType", "ImageType"))
    return is_hu(modality, v.ascii_text(rescale_type), v.parts(image_type))
