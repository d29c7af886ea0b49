"""Which pixels may show a name: judged from the header alone, so everything it does not rule out is suspect.

Burned In Annotation (0028,0301) is the writer's word; it is believed only of original images
of CT, MR, PET and nuclear medicine, whose pixels no person writes on.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from medviewer.dicom.other_objects import REGIONS
from medviewer.dicom.tags import OVERLAY_GROUPS

_STORAGE = "1.2.840.10008.5.1.4.1.1."
_COMPUTED = REGIONS | {_STORAGE + "481.2"}
"""Segmentations and RT Dose: their pixels are classes and figures on a grid, drawn by no one."""
_BELIEVED = frozenset({"CT", "MR", "PT", "NM"})
_ALWAYS = {
    "US": "ultrasound pictures often show the patient's name",
    "IVUS": "ultrasound pictures often show the patient's name",
    "SC": "secondary captures often show the patient's name",
    "XA": "angiographic pictures often show the patient's name",
    "RF": "fluoroscopic pictures often show the patient's name",
    "ES": "endoscopic pictures often show the patient's name",
    "OT": "nobody says what the picture is",
    "DOC": "a scanned document shows whatever was written on it",
}
_COMMON = "words are common on pictures of its kind"
_FAMILIES = {"7": _ALWAYS["SC"], "77": _COMMON}
"""Secondary Capture with its multi-frame classes (7.1 …), visible light (77.1.1 …): PS3.4 B.5."""
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def has_pixels(dataset: Dataset) -> bool:
    """Whether there is a picture at all."""
    return any(keyword in dataset for keyword in _PIXELS)


def suspicion(dataset: Dataset) -> str:
    """Why a file's pixels must be looked at before they leave, in few words; empty where they need not be."""
    sop_class = str(dataset.get("SOPClassUID", ""))
    if not has_pixels(dataset) or sop_class in _COMPUTED:
        return ""
    modality = str(dataset.get("Modality", ""))
    family = sop_class.removeprefix(_STORAGE).partition(".")[0]
    always = _FAMILIES.get(family) or _ALWAYS.get(modality)
    if always:
        return always
    said = str(dataset.get("BurnedInAnnotation", "")).strip()
    if said != "NO":
        told = "says that" if said == "YES" else "does not say whether"
        return f"the file {told} words are burned in"
    kind = dataset.get("ImageType") or [""]
    original = (kind if isinstance(kind, str) else str(kind[0])) == "ORIGINAL"
    if modality in _BELIEVED and original:
        return ""
    return "the picture is derived" if modality in _BELIEVED else _COMMON


def has_embedded_overlays(dataset: Dataset) -> bool:
    """Whether overlay planes lie in unused bits of the pixels (PS3.3 C.9.2, retired): dropping their group
    would leave the drawing where it is."""
    return any(
        (group, 0x0010) in dataset
        and (group, 0x3000) not in dataset
        and dataset.get((group, 0x0102)) is not None
        for group in OVERLAY_GROUPS
    )
